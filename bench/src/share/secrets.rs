//! Recall and false alarms of the detectors, by class.

use std::{collections::BTreeMap, process::Command};

use commune_knowledge::{
    personal::{self, Names},
    secrets,
};

use crate::{labelled::data, samples::samples};

/// Seeds of the generator, and of the samples of a second hand.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;

/// Held of all, by set, class and whether there is something to hold.
type Counts = BTreeMap<(&'static str, String), (usize, usize)>;

/// Prints the table.
pub(crate) fn print() {
    let mut counts = Counts::new();
    for seed in SEEDS {
        for (class, text) in generated(seed) {
            count(&mut counts, "generator", class, !secrets::scan(&text).is_empty());
        }
        for sample in samples(seed) {
            count(&mut counts, "second hand", sample.class.to_owned(), !secrets::scan(&sample.text).is_empty());
        }
    }
    let names = Names::default();
    for text in texts("retrieval/wikirev/corpus.jsonl") {
        count(&mut counts, "ordinary pages", "secrets".into(), !secrets::scan(&text).is_empty());
        count(&mut counts, "ordinary pages", "personal data".into(), !personal::scan(&text, &names).is_empty());
    }
    for text in texts("secrets/pii_hard_negatives.jsonl") {
        count(&mut counts, "hard negatives", "personal data".into(), !personal::scan(&text, &names).is_empty());
    }
    println!("| set | class | held | of all | share |\n|---|---|---|---|---|");
    for ((set, class), (held, all)) in counts {
        println!("| {set} | {class} | {held} | {all} | {:.2} % |", 100.0 * held as f64 / all as f64);
    }
}

fn count(counts: &mut Counts, set: &'static str, class: String, held: bool) {
    let count = counts.entry((set, class)).or_default();
    count.0 += usize::from(held);
    count.1 += 1;
}

fn generated(seed: u64) -> Vec<(String, String)> {
    let output = Command::new("python3").arg(data().join("secrets/generate.py")).arg(seed.to_string()).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else { return Vec::new() };
    let line = |line: &str| {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        (note["class"].as_str().unwrap().to_owned(), note["text"].as_str().unwrap().to_owned())
    };
    String::from_utf8(output.stdout).unwrap().lines().map(line).collect()
}

fn texts(path: &str) -> Vec<String> {
    let lines = std::fs::read_to_string(data().join(path)).unwrap_or_default();
    let text =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().unwrap().to_owned();
    lines.lines().map(text).collect()
}
