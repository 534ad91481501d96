//! The sets: notes with the page that they belong to, compared with a library.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use commune_knowledge::placement::{self, CREATE_ALONE, Compared, EVEN};
use commune_proto::ArticlePath;
use librarian::index::{Index, Page, Snapshot};
use serde_json::Value;

use super::compare;

/// How much of a note is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Lines that were added, without a title.
    Fragment,
    /// The whole page, without a title.
    Whole,
    /// Lines that were added, under the page's title.
    TitledFragment,
    /// The whole page.
    TitledWhole,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Fragment, Self::Whole, Self::TitledFragment, Self::TitledWhole];

    pub(crate) fn titled(self) -> bool {
        matches!(self, Self::TitledFragment | Self::TitledWhole)
    }

    fn part(self) -> &'static str {
        if matches!(self, Self::Fragment | Self::TitledFragment) { "delta" } else { "full" }
    }
}

/// A note in one form, beside its candidates.
pub(crate) struct Case {
    note: String,
    pub(crate) form: Form,
    /// True for an update.
    pub(crate) update: bool,
    /// The place of the right page.
    pub(crate) target: Option<usize>,
    pub(crate) compared: Compared,
    /// In doubt, how the two texts of the piece and the best candidate score by themselves.
    pub(crate) alike: Option<f64>,
}

impl Case {
    /// Which half of a halving its note is in.
    pub(crate) fn half(&self, halving: u64) -> bool {
        let mut hasher = DefaultHasher::new();
        (halving, &self.note).hash(&mut hasher);
        hasher.finish().is_multiple_of(2)
    }
}

/// A set as it was compared, and what that took.
pub(crate) struct Measured {
    pub(crate) cases: Vec<Case>,
    snapshot: Arc<Snapshot>,
    indexing: Duration,
    comparing: Vec<Duration>,
}

impl Measured {
    /// Every `step`-th note of the histories of wikis; none where the set is not there.
    pub(crate) fn read(step: usize) -> Option<Self> {
        let (corpus, notes) = (jsonl("wikirev/corpus.jsonl")?, jsonl("wikirev/dev/notes.jsonl")?);
        let began = Instant::now();
        let (ids, snapshot) = library(&corpus);
        let indexing = began.elapsed();
        let (mut cases, mut comparing) = (Vec::new(), Vec::new());
        let rows = by_id(&corpus);
        let at: BTreeMap<usize, usize> = (0..rows.len()).filter_map(|at| Some((place(&snapshot, at)?, at))).collect();
        for note in notes.iter().step_by(step) {
            let target = ids.binary_search(&text(note, "target")).ok().and_then(|at| place(&snapshot, at));
            for form in Form::ALL {
                let title = if form.titled() { text(note, "title") } else { String::new() };
                let began = Instant::now();
                let compared = compare(&snapshot, &title, &text(note, form.part()));
                comparing.push(began.elapsed());
                let doubted =
                    compared.weigh().into_iter().next().filter(|best| (CREATE_ALONE..EVEN).contains(&best.chance));
                let alike = doubted.and_then(|best| rows.get(*at.get(&best.place)?)).map(|(_, of, body)| {
                    placement::score(
                        &placement::profile(&title, &text(note, form.part())),
                        &placement::profile(of, body),
                    )
                });
                cases.push(Case {
                    alike,
                    note: text(note, "_id"),
                    form,
                    update: text(note, "label") == "update",
                    target,
                    compared,
                });
            }
        }
        comparing.sort();
        Some(Self { cases, snapshot, indexing, comparing })
    }

    /// What it took, for a reader.
    pub(crate) fn cost(&self) -> String {
        let at = |share: usize| self.comparing[(self.comparing.len() - 1) * share / 100].as_secs_f64() * 1e3;
        format!(
            "{} pages indexed in {:.1} s; a note placed in {:.2} ms (median), {:.2} ms (99 of 100); {:.1} MB kept for it",
            self.snapshot.pages(),
            self.indexing.as_secs_f64(),
            at(50),
            at(99),
            self.snapshot.shelf().bytes() as f64 / 1e6
        )
    }
}

/// Independent pages about what the library has a page of, of that name; the first of several counts.
pub(crate) fn same_topic() -> Option<Vec<Case>> {
    let (corpus, queries) = (jsonl("sametopic/corpus.jsonl")?, jsonl("sametopic/dev/queries.jsonl")?);
    let (ids, snapshot) = library(&corpus);
    let forms = [(Form::Fragment, "masked", false), (Form::Whole, "text", false), (Form::TitledWhole, "text", true)];
    let mut cases = Vec::new();
    for query in &queries {
        for (form, part, titled) in forms {
            let title = if titled { text(query, "name") } else { String::new() };
            let compared = compare(&snapshot, &title, &text(query, part));
            let named = |id: &String| id.rsplit('/').next() == Some(text(query, "name").as_str());
            let targets: Vec<usize> = ids.iter().enumerate().filter(|(_, id)| named(id)).map(|(at, _)| at).collect();
            let best = compared.weigh().into_iter().next().map(|best| best.place);
            // a command may have a page for each system: any of them is right
            let right = targets.iter().filter_map(|at| place(&snapshot, *at)).find(|target| Some(*target) == best);
            let target = right.or_else(|| targets.first().and_then(|at| place(&snapshot, *at)));
            cases.push(Case {
                note: text(query, "_id"),
                form,
                update: text(query, "label") == "update",
                target,
                compared,
                alike: None,
            });
        }
    }
    Some(cases)
}

fn path(at: usize) -> ArticlePath {
    format!("d{at:06}").parse().unwrap()
}

fn place(snapshot: &Snapshot, at: usize) -> Option<usize> {
    snapshot.place_of(&path(at))
}

/// The ids of a corpus, sorted, and its index, in the same order.
fn library(corpus: &[Value]) -> (Vec<String>, Arc<Snapshot>) {
    let rows = by_id(corpus);
    let paths: Vec<ArticlePath> = (0..rows.len()).map(path).collect();
    let mut index = Index::new().unwrap();
    let pages = rows.iter().zip(&paths).map(|((_, title, body), path)| Page::plain(path, title, body));
    index.put(pages).unwrap();
    (rows.into_iter().map(|row| row.0).collect(), index.snapshot())
}

/// Id, title and body of each page, by their ids.
fn by_id(corpus: &[Value]) -> Vec<(String, String, String)> {
    let mut rows: Vec<(String, String, String)> =
        corpus.iter().map(|row| (text(row, "_id"), text(row, "title"), text(row, "text"))).collect();
    rows.sort();
    rows
}

fn jsonl(file: &str) -> Option<Vec<Value>> {
    let sets = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/retrieval"));
    let text = std::fs::read_to_string(sets.join(file)).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
