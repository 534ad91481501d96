//! Document pairs with hard negatives: how well a likeness tells a newer revision from another page.

use std::{collections::BTreeMap, path::Path};

use commune_knowledge::{
    duplicate::{self, Collection},
    embedding::StaticModel,
    normalize,
    similarity::{self, Rarity},
};
use serde_json::Value;

use crate::{fit::Rule, labelled::data};

/// What is measured of a pair, in this order.
const FEATURES: [&str; 6] = [
    "shingles of three words",
    "fingerprint of a note",
    "TF-IDF of words",
    "static vectors",
    "neighbouring words by rarity (`Likeness::words`)",
    "static vectors by rarity (`Likeness::meaning`)",
];
/// Rules over them, fitted on one half and measured on the other.
const RULES: [(&str, &[usize]); 6] = [
    ("neighbours by rarity (`Likeness::chance` without a meaning)", &[4]),
    ("shingles + TF-IDF + static vectors", &[0, 2, 3]),
    ("fingerprint + static vectors", &[1, 3]),
    ("neighbours by rarity + static vectors", &[4, 3]),
    ("neighbours by rarity + static vectors by rarity (`Likeness::chance`)", &[4, 5]),
    ("neighbours by rarity + both static vectors", &[4, 5, 3]),
];

struct Case {
    note: String,
    features: Vec<f64>,
    same: bool,
}

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
    let named: Vec<(&str, &str, bool)> = pairs
        .iter()
        .map(|pair| (pair["note"].as_str().unwrap(), pair["page"].as_str().unwrap(), pair["label"] == 1))
        .collect();
    let measured = Measured::over(pages.values());
    let cases: Vec<Case> = named
        .iter()
        .map(|(note, page, same)| Case {
            note: (*note).to_owned(),
            features: measured.features(&notes[*note], &pages[*page]),
            same: *same,
        })
        .collect();
    println!("{} pairs, {} of them duplicates\n", cases.len(), cases.iter().filter(|case| case.same).count());
    println!("| likeness | average precision | recall at precision .95 |");
    println!("|---|---|---|");
    for (index, name) in FEATURES.iter().enumerate() {
        let (precision, recall) = judged(cases.iter().map(|case| (case.features[index], case.same)).collect());
        println!("| {name} | {precision:.3} | {recall:.3} |");
    }
    let (precision, recall) = judged(z_sum(&cases, &[0, 2, 3]));
    println!("| z-sum of shingles, TF-IDF and static vectors | {precision:.3} | {recall:.3} |");
    println!(
        "\nRules fitted on one half of the notes and measured on the other, the mean of both ways and of 10 halvings:\n"
    );
    println!("| rule | average precision | recall at precision .95 | weights over all, the last the constant |");
    println!("|---|---|---|---|");
    for (name, columns) in RULES {
        let (precision, recall) = halved(&cases, columns);
        let weights = Rule::fitted(&chosen(cases.iter(), columns), 1e-3).0;
        println!("| {name} | {precision:.3} | {recall:.3} | {weights:.3?} |");
    }
    let merged: Vec<bool> = named
        .iter()
        .filter(|(note, page, _)| duplicate::compare(&notes[*note], &pages[*page]).is_duplicate())
        .map(|case| case.2)
        .collect();
    let right = merged.iter().filter(|same| **same).count();
    println!("\nThe verdict itself merges {} pairs, {} of them wrongly.", merged.len(), merged.len() - right);
}

/// What the likenesses have to know of the pages.
struct Measured {
    collection: Collection,
    words: Rarity,
}

impl Measured {
    fn over<'a>(pages: impl Iterator<Item = &'a String>) -> Self {
        let mut measured = Self { collection: Collection::default(), words: Rarity::default() };
        for page in pages {
            measured.collection.add(page);
            measured.words.add(counted(page).into_keys());
        }
        measured
    }

    fn features(&self, left: &str, right: &str) -> Vec<f64> {
        let embed = |text| StaticModel::shipped().embed(text);
        let profile = |text| self.collection.profile(text);
        let likeness = self.collection.likeness(&profile(left), &profile(right));
        vec![
            similarity::jaccard(&similarity::shingles(left), &similarity::shingles(right)),
            similarity::jaccard(&duplicate::fingerprint(left), &duplicate::fingerprint(right)),
            self.tf_idf(&counted(left), &counted(right)),
            embed(left).zip(embed(right)).map_or(0.0, |(left, right)| left.cosine(&right)),
            likeness.words,
            likeness.meaning.unwrap_or_default(),
        ]
    }

    fn tf_idf(&self, left: &BTreeMap<u64, f64>, right: &BTreeMap<u64, f64>) -> f64 {
        let dot = |one: &BTreeMap<u64, f64>, other: &BTreeMap<u64, f64>| -> f64 {
            let weight = |word: u64| self.words.weight(word).powi(2);
            one.iter().map(|(word, count)| count * other.get(word).unwrap_or(&0.0) * weight(*word)).sum()
        };
        dot(left, right) / (dot(left, left) * dot(right, right)).sqrt().max(f64::MIN_POSITIVE)
    }
}

/// How often each word stands in a text.
fn counted(text: &str) -> BTreeMap<u64, f64> {
    let mut counts = BTreeMap::new();
    for word in normalize::words(text) {
        *counts.entry(hash(&word, 0)).or_default() += 1.0;
    }
    counts
}

fn hash(text: &str, seed: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (seed, text).hash(&mut hasher);
    hasher.finish()
}

fn chosen<'a>(cases: impl Iterator<Item = &'a Case>, columns: &[usize]) -> Vec<(Vec<f64>, bool)> {
    cases.map(|case| (columns.iter().map(|column| case.features[*column]).collect(), case.same)).collect()
}

/// The sum of the features, each shifted and scaled to mean 0 and deviation 1.
fn z_sum(cases: &[Case], columns: &[usize]) -> Vec<(f64, bool)> {
    let mut scores: Vec<(f64, bool)> = cases.iter().map(|case| (0.0, case.same)).collect();
    for column in columns {
        let values = || cases.iter().map(|case| case.features[*column]);
        let mean = values().sum::<f64>() / cases.len() as f64;
        let deviation = (values().map(|value| (value - mean).powi(2)).sum::<f64>() / cases.len() as f64).sqrt();
        scores.iter_mut().zip(values()).for_each(|(score, value)| score.0 += (value - mean) / deviation);
    }
    scores
}

/// What a rule comes to on the half that it was not fitted on; a note and its negatives stay on one side.
fn halved(cases: &[Case], columns: &[usize]) -> (f64, f64) {
    let mut sums = (0.0, 0.0);
    for (seed, side) in (0..10).flat_map(|seed| [(seed, 0), (seed, 1)]) {
        let (own, other): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| hash(&case.note, seed) % 2 == side);
        let rule = Rule::fitted(&chosen(own.into_iter(), columns), 1e-3);
        let scored =
            chosen(other.into_iter(), columns).into_iter().map(|(features, same)| (rule.score(&features), same));
        let (precision, recall) = judged(scored.collect());
        sums = (sums.0 + precision / 20.0, sums.1 + recall / 20.0);
    }
    sums
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
