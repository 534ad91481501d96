//! Document pairs with hard negatives: how well a likeness tells a newer revision from another page.

use std::{collections::BTreeMap, path::Path};

use commune_knowledge::{duplicate, similarity};
use serde_json::Value;

use crate::labelled::data;

fn jsonl(path: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Prints a table of likenesses.
pub(crate) fn print() {
    let sets = data().join("retrieval");
    let (Some(pairs), Some(notes), Some(corpus)) = (
        jsonl(&sets.join("wikidup/dev/pairs.jsonl")),
        jsonl(&sets.join("wikirev/dev/notes.jsonl")),
        jsonl(&sets.join("wikirev/corpus.jsonl")),
    ) else {
        println!("skipped: the set is not there");
        return;
    };
    let texts = |values: &[Value], key: &str| -> BTreeMap<String, String> {
        let pair = |value: &Value| (value["_id"].as_str().unwrap().to_owned(), value[key].as_str().unwrap().to_owned());
        values.iter().map(pair).collect()
    };
    let (notes, pages) = (texts(&notes, "full"), texts(&corpus, "text"));
    let cases: Vec<(&str, &str, bool)> = pairs
        .iter()
        .map(|pair| {
            let of = |key: &str| pair[key].as_str().unwrap();
            (notes[of("note")].as_str(), pages[of("page")].as_str(), pair["label"] == 1)
        })
        .collect();
    println!("{} pairs, {} of them duplicates\n", cases.len(), cases.iter().filter(|case| case.2).count());
    println!("| likeness | average precision | recall at precision .95 |");
    println!("|---|---|---|");
    type Likeness = fn(&str, &str) -> f64;
    let likenesses: [(&str, Likeness); 2] = [
        ("shingles of three words", |left, right| {
            similarity::jaccard(&similarity::shingles(left), &similarity::shingles(right))
        }),
        ("fingerprint of a note", |left, right| {
            similarity::jaccard(&duplicate::fingerprint(left), &duplicate::fingerprint(right))
        }),
    ];
    for (name, likeness) in likenesses {
        let scored = cases.iter().map(|(left, right, same)| (likeness(left, right), *same)).collect();
        let (precision, recall) = judged(scored);
        println!("| {name} | {precision:.3} | {recall:.3} |");
    }
    let merged: Vec<bool> =
        cases.iter().filter(|(l, r, _)| duplicate::compare(l, r).is_duplicate()).map(|case| case.2).collect();
    let right = merged.iter().filter(|same| **same).count();
    println!("\nThe verdict itself merges {} pairs, {} of them wrongly.", merged.len(), merged.len() - right);
}

/// Average precision, and the recall at the last threshold whose precision is at least .95.
fn judged(mut scored: Vec<(f64, bool)>) -> (f64, f64) {
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    let all = scored.iter().filter(|(_, same)| *same).count() as f64;
    let (mut hits, mut sum, mut recall) = (0.0, 0.0, 0.0);
    for (index, (_, same)) in scored.iter().enumerate() {
        if *same {
            hits += 1.0;
            sum += hits / (index + 1) as f64;
        }
        if hits / (index + 1) as f64 >= 0.95 {
            recall = hits / all;
        }
    }
    (sum / all, recall)
}
