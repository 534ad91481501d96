//! How good the answers are: what the librarian finds over gRPC, beside its index in process and raw BM25 over the same texts.

use std::{collections::BTreeMap, sync::Arc};

use commune_proto::{ArticlePath, librarian::v1::SearchStatus};
use librarian::index::{Confidence, Index, Page, Snapshot};

use crate::{
    house::{House, path, place},
    raw::{Fields, Raw},
    score::Score,
    sets::{NAMES, Question, Set},
};

/// nDCG@10 of "mix 0.2" as measured elsewhere by other code (`facts/retrieval.md`, 3.3, T0): over all official questions, and over the half
/// that is kept aside. What stands between is this half.
struct Elsewhere {
    set: &'static str,
    all: f64,
    all_questions: usize,
    aside: f64,
    aside_questions: usize,
}

const ELSEWHERE: [Elsewhere; 6] = [
    Elsewhere { set: "locomo", all: 0.4416, all_questions: 1_982, aside: 0.4523, aside_questions: 989 },
    Elsewhere { set: "scifact", all: 0.6914, all_questions: 300, aside: 0.6929, aside_questions: 154 },
    Elsewhere { set: "cranfield", all: 0.4438, all_questions: 225, aside: 0.4501, aside_questions: 117 },
    Elsewhere { set: "cacm", all: 0.4905, all_questions: 52, aside: 0.5258, aside_questions: 25 },
    Elsewhere { set: "npl", all: 0.4355, all_questions: 93, aside: 0.4621, aside_questions: 43 },
    Elsewhere { set: "sametopic", all: 0.8894, all_questions: 322, aside: 0.8961, aside_questions: 154 },
];
/// Of this far from its figure there, raw BM25 is not the same as there.
const APART: f64 = 0.005;

/// A way to rank, in the order of the table.
const WAYS: [&str; 7] = [
    "raw BM25, title three times",
    "raw BM25, mix 0.2",
    "the index, whole questions",
    "the index, questions cut",
    "the index, 64 best terms",
    "**over gRPC**",
    "over gRPC, nothing where it is not known",
];

/// Prints a table for each set, or for one of them; the mean of the sets is the last. The librarian embeds as `library.embeddings` is set to.
pub(crate) async fn print(only: Option<&str>, embeddings: &str) {
    println!("## Quality, embeddings: {embeddings}");
    let mut means = [0.0; WAYS.len()];
    let mut sets = 0;
    for name in NAMES.into_iter().filter(|name| only.is_none_or(|only| only == *name)) {
        let Some(set) = Set::read(name) else {
            println!("skipped: {name} is not there");
            continue;
        };
        let scores = measure(&set, embeddings).await;
        println!("\n{name}: {} pages, {} questions\n", set.docs.len(), set.questions.len());
        println!("| | nDCG@10 | R@5 | R@10 | not known | doubtful |\n|---|---|---|---|---|---|");
        let official = &scores[&true];
        for (way, score) in WAYS.iter().zip(official) {
            println!("| {way} | {} |", score.columns());
        }
        if let Some(more) = scores.get(&false) {
            for (way, score) in WAYS.iter().zip(more).filter(|(_, score)| score.ndcg() > 0.0) {
                println!("| {way}, questions that are not of the official set | {} |", score.columns());
            }
        }
        compare(name, official[1].ndcg());
        for (mean, score) in means.iter_mut().zip(official) {
            *mean += score.ndcg();
        }
        sets += 1;
    }
    println!("\nMean nDCG@10 of {sets} sets, official questions:\n\n| | nDCG@10 |\n|---|---|");
    for (way, sum) in WAYS.iter().zip(means) {
        println!("| {way} | {:.4} |", sum / f64::from(sets.max(1)));
    }
}

/// The scores of each way, of the official questions (true) and of others.
async fn measure(set: &Set, embeddings: &str) -> BTreeMap<bool, [Score; WAYS.len()]> {
    let mut scores: BTreeMap<bool, [Score; WAYS.len()]> = BTreeMap::new();
    for (pages, questions) in set.groups() {
        let docs: Vec<_> = pages.iter().map(|at| (*at, &set.docs[*at])).collect();
        let mut raw = Raw::of(docs.iter().map(|(at, doc)| (*at, doc.title.as_str(), doc.body.as_str())));
        let index = index(set, &pages);
        let mut house = House::embedding(&docs, embeddings).await;
        for question in questions {
            let rankings = [
                raw.search(&question.text, Fields::One, 10),
                raw.search(&question.text, Fields::Mixed, 10),
                found(&index, &question.text).0,
                found(&index, question.cut()).0,
                index.related("", &question.text, 10).unwrap().iter().map(|hit| number(&hit.path)).collect(),
            ];
            let answer = house.ask(question.cut(), 10).await;
            // where the library does not know, it names what comes nearest
            let results = if answer.results.is_empty() { &answer.nearest } else { &answer.results };
            let nearest: Vec<usize> = results.iter().map(|result| place(&result.name)).collect();
            let asked: Vec<usize> = answer.results.iter().map(|result| place(&result.name)).collect();
            let scores = scores.entry(is_official(question)).or_default();
            for (score, ranking) in scores.iter_mut().zip(rankings.iter().chain([&nearest, &asked])) {
                score.take(ranking, &question.grades);
            }
            for (score, text) in [(2, question.text.as_str()), (3, question.cut())] {
                let confidence = found(&index, text).1;
                scores[score].not_known += usize::from(confidence == Confidence::NotKnown);
                scores[score].doubtful += usize::from(confidence == Confidence::Low);
            }
            for score in &mut scores[5..] {
                score.not_known += usize::from(answer.status() == SearchStatus::NotKnown);
                score.doubtful += usize::from(answer.status() == SearchStatus::LowConfidence);
            }
        }
        house.close().await;
    }
    scores
}

/// The librarian's index of some pages of a set.
pub(crate) fn index(set: &Set, pages: &[usize]) -> Arc<Snapshot> {
    let paths: Vec<ArticlePath> = pages.iter().map(|at| path(*at)).collect();
    let mut index = Index::new().unwrap();
    let page = |(at, path): (&usize, _)| {
        let doc = &set.docs[*at];
        Page::plain(path, &doc.title, &doc.body)
    };
    index.put(pages.iter().zip(&paths).map(page)).unwrap();
    index.snapshot()
}

/// The ten best pages whatever their confidence, and what the service would say of it.
fn found(index: &Snapshot, question: &str) -> (Vec<usize>, Confidence) {
    let answer = index.search(question, 10).unwrap();
    (answer.hits.iter().map(|hit| number(&hit.path)).collect(), answer.confidence())
}

pub(crate) fn number(path: &ArticlePath) -> usize {
    path.as_str().trim_start_matches('d').parse().unwrap()
}

/// The claims of SciFact that were made for training stand in the development half only.
pub(crate) fn is_official(question: &Question) -> bool {
    !question.id.starts_with("train-")
}

fn compare(name: &str, measured: f64) {
    let Some(elsewhere) = ELSEWHERE.iter().find(|elsewhere| elsewhere.set == name) else { return };
    let questions = elsewhere.all_questions - elsewhere.aside_questions;
    let sum = elsewhere.all * elsewhere.all_questions as f64 - elsewhere.aside * elsewhere.aside_questions as f64;
    let here = sum / questions as f64;
    let same = if (measured - here).abs() <= APART { "the same" } else { "**not the same**" };
    println!(
        "\nRaw BM25, mix 0.2: measured elsewhere over these {questions} questions {here:.4}, here {measured:.4}: {same}."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A little less than what `bench/RESULTS.md` says.
    const AT_LEAST: f64 = 0.575;

    #[test]
    fn the_index_finds_what_it_was_measured_to_find() {
        let (mut sum, mut sets) = (0.0, 0.0);
        for set in NAMES.into_iter().filter_map(Set::read) {
            let mut score = Score::default();
            for (pages, questions) in set.groups() {
                let index = index(&set, &pages);
                for question in questions.into_iter().filter(|question| is_official(question)) {
                    score.take(&found(&index, question.cut()).0, &question.grades);
                }
            }
            sum += score.ndcg();
            sets += 1.0;
        }
        if sets == 0.0 {
            return println!("skipped: the sets are not there");
        }
        assert!(sum / sets >= AT_LEAST, "nDCG@10 is {:.4}", sum / sets);
    }
}
