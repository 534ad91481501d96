//! A text with a front matter: read, and given back byte for byte.
#![no_main]

use commune_fuzz::within_the_limit;
use commune_knowledge::document::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|yaml: &str| {
    for text in [yaml.to_owned(), format!("---\n{yaml}\n---\nbody\n")] {
        within_the_limit(|| {
            if let Ok(document) = Document::parse(&text) {
                assert_eq!(document.to_markdown(), text);
            }
        });
    }
});
