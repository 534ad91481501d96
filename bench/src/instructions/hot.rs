//! The pure functions that a night spends its time in, each over a text of the project's own examples.

use std::{
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use commune_knowledge::{
    document,
    embedding::{StaticModel, Vectors},
    placement, secrets, similarity, statement,
};

/// Notes and pages, one after the other.
const TEXT: &str = include_str!("text.md");
/// Vectors among which the nearest are looked for.
const VECTORS: usize = 2_000;
/// How many of them.
const NEAREST: usize = 20;

/// A function under its name.
pub(crate) type Hot = (&'static str, fn());

/// What is counted.
pub(crate) const HOT: [Hot; 7] = [
    ("similarity", similarity),
    ("secret scan", secret_scan),
    ("Markdown", markdown),
    ("statements", statements),
    ("placement", placement),
    ("embedding", embedding),
    ("nearest vectors", nearest),
];

/// Signatures of two texts, and how alike they are.
fn similarity() {
    let (left, right) = halves();
    let (left, right) = (similarity::shingles(left), similarity::shingles(right));
    black_box((similarity::signature(&left), similarity::signature(&right), similarity::jaccard(&left, &right)));
}

fn secret_scan() {
    black_box(secrets::scan(black_box(TEXT)));
}

fn markdown() {
    black_box((document::sections(black_box(TEXT)), document::links(black_box(TEXT))));
}

/// Texts that were not cut before: what was cut last is kept.
fn statements() {
    static CALLS: AtomicUsize = AtomicUsize::new(100);
    let call = CALLS.fetch_add(1, Relaxed);
    let (left, right) = halves();
    let [whole, left, right] = [TEXT, left, right].map(|text| format!("{text}\n\nCall {call}.\n"));
    black_box((statement::statements(black_box(&whole)), statement::missing(&left, &right)));
}

fn placement() {
    let (left, right) = halves();
    let profiles = (placement::profile("Left", left), placement::profile("Right", right));
    black_box(placement::score(&profiles.0, &profiles.1));
}

fn embedding() {
    black_box(StaticModel::shipped().embed(black_box(TEXT)));
}

fn nearest() {
    let model = StaticModel::shipped();
    let words: Vec<_> = TEXT.split_whitespace().collect();
    let mut vectors = Vectors::default();
    for place in 0..VECTORS {
        vectors.put(place, model.embed(words[place % words.len()]).as_ref());
    }
    if let Some(question) = model.embed("how do I restart the web server") {
        black_box(vectors.nearest(&question, NEAREST, |_| true));
    }
}

/// The text in two parts of about the same length.
fn halves() -> (&'static str, &'static str) {
    let middle = TEXT.len() / 2;
    let cut = (middle..).find(|at| TEXT.is_char_boundary(*at)).unwrap_or(middle);
    black_box(TEXT).split_at(cut)
}
