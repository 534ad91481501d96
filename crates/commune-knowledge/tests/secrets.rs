//! The detector over generated, non-working credentials: the share that is held, and the false alarms. The notes are
//! generated for the test and stay in memory: a host would refuse a repository that holds such shapes.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::secrets;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

#[track_caller]
fn check(seed: &str, floors: &[(&str, f64)], alarms: usize) {
    let generator = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/secrets/generate.py");
    let Some(output) =
        Command::new("python3").arg(&generator).arg(seed).output().ok().filter(|output| output.status.success())
    else {
        println!("skipped: {} cannot be run", generator.display());
        return;
    };
    let mut counts: BTreeMap<(String, bool), (usize, usize)> = BTreeMap::new();
    let mut missed: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| note[name].as_str().unwrap_or_default().to_owned();
        let secret = note["label"] == 1;
        let found = secrets::scan(note["text"].as_str().unwrap());
        let count = counts.entry((field("class"), secret)).or_default();
        count.0 += usize::from(!found.is_empty());
        count.1 += 1;
        if found.is_empty() == secret {
            let rule = found.first().map_or("", |finding| finding.rule);
            *missed.entry((field("class"), format!("{} {rule}", field("kind")))).or_default() += 1;
        }
    }
    println!("seed {seed}: held of all {counts:?}\nwrong: {missed:?}");
    for (class, floor) in floors {
        let (held, all) = counts[&((*class).to_owned(), true)];
        assert!(held as f64 >= floor * all as f64, "{class}: {held} of {all}");
    }
    assert!(counts[&("hard-negative".to_owned(), false)].0 <= alarms, "false alarms");
}

#[test]
fn generated_credentials_are_held() {
    let floors = [
        ("provider", 0.97),
        ("private-key", 1.0),
        ("connection-string", 0.95),
        ("generic-assignment", 0.95),
        ("prose-password", 0.9),
        ("obfuscated", 0.9),
    ];
    check("20261123", &floors, 8);
    check("7", &floors, 8);
}
