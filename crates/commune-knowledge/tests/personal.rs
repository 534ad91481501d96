//! Personal data over what is none of it: hard negatives, and ordinary pages.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::personal::{self, Names};
use std::path::Path;

/// The most that is held of texts that only look like personal data, and of ordinary pages.
const ALARMS: f64 = 0.02;
const PAGES: f64 = 0.02;

/// Held of all texts of a file with one JSON object a line; none when the file is not there.
fn held(path: &str) -> Option<(usize, usize)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path);
    let Ok(lines) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not there", file.display());
        return None;
    };
    let names = Names::new(&["Ada Lovelace", "Grace Hopper"]);
    let mut held = 0;
    for line in lines.lines() {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = note["text"].as_str().unwrap();
        if let Some(first) = personal::scan(text, &names).first() {
            held += 1;
            let line: String = text.lines().nth(first.line - 1).unwrap_or_default().chars().take(150).collect();
            println!("{}: {line}", first.rule);
        }
    }
    println!("{path}: {held} of {}", lines.lines().count());
    Some((held, lines.lines().count()))
}

#[test]
fn what_only_looks_like_personal_data_is_free() {
    if let Some((held, all)) = held("secrets/pii_hard_negatives.jsonl") {
        assert!(held as f64 <= ALARMS * all as f64, "{held} of {all}");
    }
}

#[test]
fn ordinary_pages_name_few_people() {
    if let Some((held, all)) = held("retrieval/wikirev/corpus.jsonl") {
        assert!(held as f64 <= PAGES * all as f64, "{held} of {all}");
    }
}
