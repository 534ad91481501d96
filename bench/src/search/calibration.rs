//! How well "not known here" is told: of questions that a library answers few may be called unknown, of others most.
//!
//! A library that cannot answer is made in two ways: the pages that answer are taken out, and what is related to them stays; or the
//! questions are asked of another set's library.

use std::{collections::BTreeSet, sync::Arc};

use commune_proto::ArticlePath;
use librarian::index::{Answer, Index, KNOWN_FLOOR, Page, Snapshot};

use crate::{
    quality::index,
    sets::{Set, jsonl, text},
};

/// Sets whose questions have an answer that can be taken out.
const ANSWERED: [&str; 5] = ["locomo", "scifact", "cranfield", "cacm", "npl"];
/// Questions of one set, asked of another's library.
const FOREIGN: [(&str, &str); 6] = [
    ("npl", "sametopic"),
    ("cranfield", "sametopic"),
    ("locomo", "sametopic"),
    ("scifact", "cranfield"),
    ("cranfield", "scifact"),
    ("cacm", "scifact"),
];
/// At most this share of what is known may be called unknown, and at least this share of what is not must be.
const LOST: f64 = 0.03;
const CAUGHT: f64 = 0.90;
/// The curve goes from the one to the other, in so many steps.
const LOWEST: f64 = -4.0;
const HIGHEST: f64 = 4.0;
const STEPS: usize = 32;

/// The scores of questions to one library.
struct Asked {
    what: String,
    scores: Vec<f64>,
}

impl Asked {
    /// The share that a floor calls unknown.
    fn below(&self, floor: f64) -> f64 {
        self.scores.iter().filter(|score| **score < floor).count() as f64 / self.scores.len().max(1) as f64
    }
}

/// The number that the service compares with its floors.
fn score(answer: &Answer) -> f64 {
    answer.certainty()
}

/// The certainties of questions that a library answers, of those whose answers were taken out of it, and of those to another's.
#[derive(Default)]
struct Certainties {
    known: Vec<Asked>,
    gone: Vec<Asked>,
    foreign: Vec<Asked>,
}

/// Prints what the shipped floor does to each set, and the curve over all, where each set counts the same.
pub(crate) fn print() {
    println!("## \"Not known here\"\n");
    let Certainties { known, gone, foreign } = measure();
    println!("At the shipped floor, {KNOWN_FLOOR}:\n\n| questions | | called unknown |\n|---|---|---|");
    for asked in known.iter().chain(&gone).chain(&foreign) {
        println!("| {} | {} | {:.1} % |", asked.what, asked.scores.len(), 100.0 * asked.below(KNOWN_FLOOR));
    }
    println!("\n| floor | known: called unknown | answers taken out | another's library | known, set by set |");
    println!("|---|---|---|---|---|");
    for step in 1..=STEPS {
        let floor = LOWEST + (HIGHEST - LOWEST) * step as f64 / STEPS as f64;
        let each: Vec<String> = known.iter().map(|asked| format!("{:.1}", 100.0 * asked.below(floor))).collect();
        println!(
            "| {floor:.2} | {} | {} | {} | {} |",
            mean(&known, floor),
            mean(&gone, floor),
            mean(&foreign, floor),
            each.join(" ")
        );
    }
    judge(&known, &gone, "answers taken out");
    judge(&known, &foreign, "another's library");
}

fn measure() -> Certainties {
    let Certainties { mut known, mut gone, mut foreign } = Certainties::default();
    for name in ANSWERED {
        let Some(set) = Set::read(name) else {
            println!("skipped: {name} is not there");
            continue;
        };
        let (mut whole, mut without) = (Vec::new(), Vec::new());
        for (pages, questions) in set.groups() {
            let answering: BTreeSet<usize> =
                questions.iter().flat_map(|question| question.grades.keys().copied()).collect();
            let rest: Vec<usize> = pages.iter().copied().filter(|at| !answering.contains(at)).collect();
            let (with, less) = (index(&set, &pages), index(&set, &rest));
            whole.extend(questions.iter().map(|question| ask(&with, question.cut())));
            without.extend(questions.iter().map(|question| ask(&less, question.cut())));
        }
        known.push(Asked { what: name.to_owned(), scores: whole });
        gone.push(Asked { what: format!("{name}, answers taken out"), scores: without });
    }
    if let Some((held, added)) = tools() {
        known.push(Asked { what: "names of tools that the library has".to_owned(), scores: held });
        gone.push(Asked { what: "names of tools that came later".to_owned(), scores: added });
    }
    for (questions, library) in FOREIGN {
        let (Some(asking), Some(asked)) = (Set::read(questions), Set::read(library)) else { continue };
        let index = index(&asked, &(0..asked.docs.len()).collect::<Vec<_>>());
        let scores = asking.questions.iter().map(|question| ask(&index, question.cut())).collect();
        foreign.push(Asked { what: format!("{questions} asked of {library}"), scores });
    }
    Certainties { known, gone, foreign }
}

/// The share over all sets, each set counting the same, for a table.
fn mean(asked: &[Asked], floor: f64) -> String {
    format!("{:.1} %", 100.0 * share(asked, floor))
}

fn share(asked: &[Asked], floor: f64) -> f64 {
    asked.iter().map(|asked| asked.below(floor)).sum::<f64>() / asked.len().max(1) as f64
}

/// Says what the best floor comes to that loses little enough.
fn judge(known: &[Asked], unknown: &[Asked], what: &str) {
    let mut floors: Vec<f64> = known.iter().chain(unknown).flat_map(|asked| asked.scores.iter().copied()).collect();
    floors.sort_by(f64::total_cmp);
    floors.dedup();
    let best = floors.into_iter().take_while(|floor| share(known, *floor) <= LOST).last().unwrap_or(0.0);
    let caught = share(unknown, best);
    println!(
        "\n{what}: the highest floor that loses at most {:.0} % of what is known is {best:.3}; it tells {:.1} % of the others ({}).",
        100.0 * LOST,
        100.0 * caught,
        if caught >= CAUGHT { "enough" } else { "90 % are wanted" }
    );
}

fn ask(index: &Snapshot, question: &str) -> f64 {
    score(&index.search(question, 10).unwrap())
}

/// Pages about tools: titles that the library holds, and titles of pages that were added later.
fn tools() -> Option<(Vec<f64>, Vec<f64>)> {
    let (corpus, notes) = (jsonl("wikirev/corpus.jsonl")?, jsonl("wikirev/dev/notes.jsonl")?);
    let pages: Vec<(ArticlePath, String, String)> = corpus
        .iter()
        .enumerate()
        .map(|(at, row)| (crate::house::path(at), text(row, "title"), text(row, "text")))
        .collect();
    let mut index = Index::new().unwrap();
    index.put(pages.iter().map(|(path, title, body)| Page::plain(path, title, body))).unwrap();
    let index: Arc<Snapshot> = index.snapshot();
    let asked = |label: &str| {
        let notes = notes.iter().filter(|note| text(note, "label") == label);
        notes.map(|note| ask(&index, &format!("how do I use {}?", text(note, "title")))).collect()
    };
    Some((asked("update"), asked("new")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_that_are_known_are_called_unknown_and_most_that_are_not_are() {
        let Certainties { known, foreign, .. } = measure();
        if known.is_empty() || foreign.is_empty() {
            return println!("skipped: the sets are not there");
        }
        let (lost, caught) = (share(&known, KNOWN_FLOOR), share(&foreign, KNOWN_FLOOR));
        assert!(lost <= LOST && caught >= CAUGHT - 0.02, "{lost:.3} are lost, {caught:.3} told");
    }
}
