//! The cascade over notes with planted duplicates and traps: how many duplicates it finds, and that it never merges
//! two notes that say different things.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::duplicate::{self, Reading};
use commune_knowledge::statement;
use std::collections::BTreeMap;
use std::path::Path;

struct Note {
    cluster: u64,
    kind: String,
    text: String,
}

fn notes(name: &str) -> Option<Vec<Note>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/tidy").join(name);
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    let read = |line: &str| {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        Note {
            cluster: note["cluster"].as_u64().unwrap(),
            kind: note["kind"].as_str().unwrap().to_owned(),
            text: note["text"].as_str().unwrap().to_owned(),
        }
    };
    Some(lines.lines().map(read).collect())
}

#[track_caller]
fn check(name: &str, floors: &[(&str, f64)]) {
    let Some(notes) = notes(name) else { return };
    let readings: Vec<Reading> = notes.iter().map(|note| Reading::of(&note.text)).collect();
    let sketches: Vec<_> = readings.iter().map(Reading::sketch).collect();
    let (mut found, mut wrong, mut reasons) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
    let pairs = duplicate::candidates(&sketches, |_| true);
    for (i, j) in &pairs {
        let (left, right) = (&notes[*i], &notes[*j]);
        let verdict = readings[*i].compare(&readings[*j]);
        let true_pair = left.cluster == right.cluster;
        if verdict.is_duplicate() && !true_pair {
            wrong.push((&left.text, &right.text));
        }
        for (index, note) in [(i, left), (j, right)] {
            if true_pair && verdict.is_duplicate() {
                found.insert(*index, note.kind.clone());
            } else if true_pair && note.kind.starts_with("dup") {
                reasons.entry(*index).or_insert(format!("{}: {verdict:?}", note.kind));
            }
        }
    }
    if std::env::args().any(|argument| argument == "--nocapture") {
        reasons
            .iter()
            .filter(|(index, _)| !found.contains_key(index))
            .take(60)
            .for_each(|(_, reason)| println!("{reason}"));
    }
    println!("{name}: {} notes, {} candidate pairs, {} false merges", notes.len(), pairs.len(), wrong.len());
    for (kind, floor) in floors {
        let total = notes.iter().filter(|note| note.kind == *kind).count();
        let count = found.values().filter(|found| found == kind).count();
        println!("  {kind}: {count} of {total}");
        assert!(count as f64 >= floor * total as f64, "{kind}: {count} of {total}");
    }
    assert!(wrong.is_empty(), "false merges: {wrong:?}");
}

/// The claims alone, without the sentences: what keeps a trap pair apart whoever merges.
#[test]
fn no_trap_pair_claims_the_same() {
    let Some(notes) = notes("notes-10k.jsonl") else { return };
    let traps: Vec<&Note> = notes.iter().filter(|note| note.kind == "trap").collect();
    for (index, left) in traps.iter().enumerate() {
        for right in &traps[index + 1..] {
            let found = statement::difference(&statement::claims(&left.text), &statement::claims(&right.text));
            assert!(found.is_some(), "{}\n{}", left.text, right.text);
        }
    }
    let mut agreed: BTreeMap<&str, usize> = BTreeMap::new();
    let bases: BTreeMap<u64, &Note> =
        notes.iter().filter(|note| note.kind == "base").map(|note| (note.cluster, note)).collect();
    for note in notes.iter().filter(|note| note.kind.starts_with("dup")) {
        let base = statement::claims(&bases[&note.cluster].text);
        let agrees = statement::difference(&base, &statement::claims(&note.text)).is_none();
        *agreed.entry(&note.kind).or_default() += usize::from(agrees);
    }
    println!("{} traps kept apart; duplicates without a difference of claims, of 500 each: {agreed:?}", traps.len());
}

#[test]
fn planted_duplicates_are_found_and_traps_are_not() {
    check("notes-1k.jsonl", &[("dup-format", 1.0), ("dup-meta", 1.0), ("dup-edit", 0.95), ("dup-reword", 0.9)]);
}

#[test]
fn planted_duplicates_among_ten_thousand() {
    check("notes-10k.jsonl", &[("dup-format", 0.99), ("dup-meta", 1.0), ("dup-edit", 0.95), ("dup-reword", 0.95)]);
}
