//! A body as the services read it: its outline, its links, its statements and what they assert, its entries as a log, and
//! what it is compared by.
#![no_main]

use commune_fuzz::within_the_limit;
use commune_knowledge::{document, duplicate, log, statement};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    within_the_limit(|| {
        let sections = document::sections(body);
        assert_eq!(sections.iter().map(|section| &body[section.own.clone()]).collect::<String>(), body);
        let _ = (document::title(body), document::wikilinks(body), document::plain_text(body));
        let _ = (document::is_empty(body), statement::statements(body), statement::assertions(body));
        let _ = (log::entries(body, true, "2026-02-14"), duplicate::Reading::of(body).sketch());
    });
});
