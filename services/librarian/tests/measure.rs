//! Measurements on real sets; printed, not asserted. Run with
//! `cargo test -p librarian --test measure -- --ignored --nocapture`; skipped where the sets are absent.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use commune_proto::ArticlePath;
use librarian::index::{Index, Page, Snapshot};
use serde_json::Value;

struct Doc {
    path: ArticlePath,
    title: String,
    body: String,
}

fn sets() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/retrieval"))
}

fn jsonl(file: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(sets().join(file)).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// Ids of a set as paths, in their order.
fn docs(corpus: &[Value]) -> (Vec<Doc>, BTreeMap<String, ArticlePath>) {
    let mut paths = BTreeMap::new();
    let docs = corpus
        .iter()
        .enumerate()
        .map(|(at, value)| {
            let path: ArticlePath = format!("d{at:06}").parse().unwrap();
            paths.insert(text(value, "_id"), path.clone());
            Doc { path, title: text(value, "title"), body: text(value, "text") }
        })
        .collect();
    (docs, paths)
}

fn index<'a>(docs: impl IntoIterator<Item = &'a Doc>) -> std::sync::Arc<Snapshot> {
    let mut index = Index::new().unwrap();
    let page = |d: &'a Doc| Page { path: &d.path, title: &d.title, aliases: &[], body: &d.body };
    index.put(docs.into_iter().map(page)).unwrap();
    index.snapshot()
}

/// The chance that a positive scores above a negative.
fn auc(positive: &[f64], negative: &[f64]) -> f64 {
    let wins: f64 = positive
        .iter()
        .flat_map(|p| {
            negative.iter().map(move |n| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
        })
        .sum();
    wins / (positive.len() * negative.len()).max(1) as f64
}

fn share(of: usize, all: usize) -> f64 {
    (1000.0 * of as f64 / all.max(1) as f64).round() / 10.0
}

/// What share of a question's meaning is covered when the library holds the answer, and when it does not.
#[test]
#[ignore = "measures"]
fn coverage_of_known_and_unknown_questions() {
    for set in ["scifact", "cranfield", "cacm", "npl"] {
        let (Some(corpus), Some(queries)) =
            (jsonl(&format!("{set}/corpus.jsonl")), jsonl(&format!("{set}/dev/queries.jsonl")))
        else {
            println!("{set} is absent");
            continue;
        };
        let (docs, paths) = docs(&corpus);
        let qrels = std::fs::read_to_string(sets().join(format!("{set}/dev/qrels.tsv"))).unwrap();
        let mut relevant: BTreeMap<&str, BTreeSet<&ArticlePath>> = BTreeMap::new();
        for line in qrels.lines() {
            let mut columns = line.split('\t');
            let (Some(query), Some(doc)) = (columns.next(), columns.next()) else { continue };
            relevant.entry(query).or_default().extend(paths.get(doc));
        }
        let whole = index(&docs);
        let hidden: BTreeSet<&ArticlePath> = relevant.values().flatten().copied().collect();
        let without = index(docs.iter().filter(|d| !hidden.contains(&d.path)));
        let (mut known, mut unknown, mut ndcg, mut judged) = (Vec::new(), Vec::new(), 0.0, 0);
        for query in &queries {
            let Some(right) = relevant.get(query["_id"].as_str().unwrap()) else { continue };
            let question = text(query, "text");
            let answer = whole.search(&question, 10).unwrap();
            let gain = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
            let got: f64 =
                answer.hits.iter().enumerate().filter(|(_, h)| right.contains(&h.path)).map(|(r, _)| gain(r)).sum();
            ndcg += got / (0..right.len().min(10)).map(gain).sum::<f64>();
            judged += 1;
            known.push(answer.scaled());
            unknown.push(without.search(&question, 10).unwrap().scaled());
        }
        println!("{set}: nDCG@10 {:.4} over {judged}", ndcg / f64::from(judged));
        table(&known, &unknown);
    }
}

/// The same on pages about tools: titles that the library holds, and titles of pages that were added later.
#[test]
#[ignore = "measures"]
fn coverage_of_tools() {
    let (Some(corpus), Some(notes)) = (jsonl("wikirev/corpus.jsonl"), jsonl("wikirev/dev/notes.jsonl")) else {
        return println!("the sets are absent");
    };
    let (docs, _) = docs(&corpus);
    let index = index(&docs);
    let ask = |label: &str| -> Vec<f64> {
        let notes = notes.iter().filter(|n| text(n, "label") == label);
        notes.map(|n| index.search(&format!("how do I use {}?", text(n, "title")), 10).unwrap().scaled()).collect()
    };
    table(&ask("update"), &ask("new"));
}

fn table(known: &[f64], unknown: &[f64]) {
    println!("  coverage AUC {:.3}", auc(known, unknown));
    for floor in [0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9, 1.0] {
        let below = |all: &[f64]| share(all.iter().filter(|c| **c < floor).count(), all.len());
        println!("  floor {floor:.2}: below it {} % of known, {} % of unknown", below(known), below(unknown));
    }
}
