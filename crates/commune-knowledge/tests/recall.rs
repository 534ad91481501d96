//! Recall on labelled notes, where they lie beside the checkout: 200 questions, each with the notes that answer it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

use std::path::PathBuf;

use commune_knowledge::recall::{Entry, find};
use serde_json::Value;

fn jsonl(file: &str) -> Option<Vec<Value>> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/tidy")).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn what_was_noted_is_recalled() {
    let Some((notes, queries)) = jsonl("notes-1k.jsonl").zip(jsonl("queries.jsonl")) else { return };
    let text = |of: &Value, key: &str| of[key].as_str().unwrap().to_owned();
    let entries: Vec<Entry> = notes.iter().map(|note| Entry::of(&text(note, "title"), &text(note, "text"))).collect();
    let cluster: Vec<u64> = notes.iter().map(|note| note["cluster"].as_u64().unwrap()).collect();
    let (mut first, mut five) = (0, 0);
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for query in &queries {
        let (question, wanted) = (text(query, "q"), query["cluster"].as_u64().unwrap());
        let all: Vec<&Entry> = entries.iter().collect();
        let found = find(&all, &question, 5);
        first += usize::from(found.first().is_some_and(|found| cluster[found.index] == wanted));
        five += usize::from(found.iter().any(|found| cluster[found.index] == wanted));
        known.push(found[0].coverage);
        // the same question to a memory that never had the answer
        let others: Vec<&Entry> =
            entries.iter().zip(&cluster).filter(|(_, of)| **of != wanted).map(|(entry, _)| entry).collect();
        let found = find(&others, &question, 5);
        unknown.push(found[0].coverage);
    }
    let share = |of: &[f64], floor: f64| of.iter().filter(|coverage| **coverage >= floor).count();
    println!("{} questions to {} notes: the answer first {first}, among five {five}", queries.len(), notes.len());
    for floor in [0.4, 0.7] {
        println!(
            "coverage {floor} or more: {} with the answer, {} without it",
            share(&known, floor),
            share(&unknown, floor)
        );
    }
    assert!(first >= 195 && five >= 198, "{first} and {five} of {}", queries.len());
    assert!(share(&known, 0.7) >= 195 && share(&unknown, 0.7) <= 20, "what is not known is told apart");
}
