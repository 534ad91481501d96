//! The detector over credentials that do not work: the share that is held, and the false alarms. Every text is
//! generated for the test and stays in memory: a host would refuse a repository that holds such shapes.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

#[path = "secrets/samples.rs"]
mod samples;

use commune_knowledge::secrets;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The least share that is held of each class with a secret.
const FLOORS: &[(&str, f64)] = &[
    ("provider", 1.0),
    ("private-key", 1.0),
    ("connection-string", 1.0),
    ("generic-assignment", 0.98),
    ("obfuscated", 0.95),
    ("prose-password", 0.85),
];
/// The most that is held of texts that only look like it, and of ordinary pages.
const ALARMS: f64 = 0.02;
const PAGES: f64 = 0.005;

fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(path)
}

/// Held of all, by class; prints what came out otherwise than it should.
fn measure(notes: impl Iterator<Item = (String, String, bool)>) -> BTreeMap<(String, bool), (usize, usize)> {
    let mut counts: BTreeMap<(String, bool), (usize, usize)> = BTreeMap::new();
    for (class, text, secret) in notes {
        let found = secrets::scan(&text);
        let count = counts.entry((class.clone(), secret)).or_default();
        count.0 += usize::from(!found.is_empty());
        count.1 += 1;
        if found.is_empty() == secret {
            let rules: Vec<&str> = found.iter().map(|finding| finding.rule).collect();
            println!("{class}, held by {rules:?}: {}", text.chars().take(160).collect::<String>());
        }
    }
    counts
}

#[track_caller]
fn check(counts: &BTreeMap<(String, bool), (usize, usize)>) {
    println!("held of all {counts:?}");
    for (class, floor) in FLOORS {
        let (held, all) = counts[&((*class).to_owned(), true)];
        assert!(held as f64 >= floor * all as f64, "{class}: {held} of {all}");
    }
    let (held, all) = counts[&("hard-negative".to_owned(), false)];
    assert!(held as f64 <= ALARMS * all as f64, "false alarms: {held} of {all}");
}

fn generated(seed: &str) -> Option<Vec<(String, String, bool)>> {
    let generator = shared("secrets/generate.py");
    let output =
        Command::new("python3").arg(&generator).arg(seed).output().ok().filter(|output| output.status.success());
    let Some(output) = output else {
        println!("skipped: {} cannot be run", generator.display());
        return None;
    };
    let line = |line: &str| {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
        (field("class"), field("text"), note["label"] == 1)
    };
    Some(String::from_utf8(output.stdout).unwrap().lines().map(line).collect())
}

#[test]
fn generated_credentials_are_held() {
    let seeds = ["20261123", "7", "1", "2", "3", "4", "5", "6", "8", "9"];
    let notes: Vec<_> = seeds.iter().filter_map(|seed| generated(seed)).flatten().collect();
    if !notes.is_empty() {
        check(&measure(notes.into_iter()));
    }
}

#[test]
fn samples_of_a_second_hand_are_held() {
    let notes = (1..=20).flat_map(samples::samples).map(|sample| (sample.class.to_owned(), sample.text, sample.secret));
    check(&measure(notes));
    assert_eq!(samples::samples(1).iter().filter(|sample| sample.secret).count(), 50);
}

#[test]
fn ordinary_pages_are_free() {
    let Ok(pages) = std::fs::read_to_string(shared("retrieval/wikirev/corpus.jsonl")) else {
        println!("skipped: the pages are not there");
        return;
    };
    let (mut held, mut all) = (0, 0);
    for line in pages.lines() {
        let page: serde_json::Value = serde_json::from_str(line).unwrap();
        let found = secrets::scan(page["text"].as_str().unwrap());
        all += 1;
        if let Some(first) = found.first() {
            held += 1;
            println!("{} line {}: {}", page["_id"], first.line, first.rule);
        }
    }
    println!("{held} of {all} pages are held");
    assert!(f64::from(held) <= PAGES * f64::from(all), "{held} of {all} ordinary pages");
}
