//! Searching: one question against the index, or against the index as a draft would leave it.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::ArticlePath;
use tantivy::{
    DocAddress, DocSet, Searcher, TERMINATED, Term,
    collector::{Count, TopDocs},
    query::{Bm25StatisticsProvider, BooleanQuery, BoostQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};

use super::{
    Fields, IndexError, Snapshot,
    analysis::{Asked, Unit},
};

/// The weight of the title's own field beside the field of words, where the title already counts three times.
const TITLE_WEIGHT: f32 = 0.2;
/// The weight of a code token or pair that matched whole.
const EXACT_WEIGHT: f32 = 0.5;
/// How many of the best are looked at to tell whether the question is covered.
const LOOKED_AT: usize = 3;
/// Ties may reach beyond the page that was asked for; so many more are read to order them by path.
const SLACK: usize = 32;
/// Pages that a unit of meaning is assumed to be rare in, beside the library: keeps a small library from judging
/// by its own few words.
const BACKGROUND: f64 = 100.0;
/// From this share of its meaning on, a short question is answered.
pub const FOUND_FLOOR: f64 = 0.7;
/// Below this share of its meaning, the library does not know.
pub const KNOWN_FLOOR: f64 = 0.5;
/// Up to so many units of meaning a question is short. A longer one says things twice and in passing, and its
/// answer covers a smaller share: the floors sink with the square root of its length.
const SHORT: f64 = 4.0;

/// How certain an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// The best answers cover what was asked.
    Found,
    /// They cover a part of it.
    Low,
    /// The library holds nothing on this.
    NotKnown,
}

/// A page that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The page.
    pub path: ArticlePath,
    /// Its score, comparable within one answer.
    pub score: f64,
}

/// What a search found, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The pages.
    pub hits: Vec<Hit>,
    /// How many matched in all.
    pub total: usize,
    /// Share of the question's meaning that one of the best pages covers, 0 to 1.
    pub coverage: f64,
    /// Units of meaning that the question has.
    pub units: usize,
}

impl Answer {
    /// How certain it is.
    pub fn confidence(&self) -> Confidence {
        match self.scaled() {
            c if c >= FOUND_FLOOR => Confidence::Found,
            c if c >= KNOWN_FLOOR => Confidence::Low,
            _ => Confidence::NotKnown,
        }
    }

    /// The coverage as the floors for a short question compare it.
    pub fn scaled(&self) -> f64 {
        self.coverage * (self.units as f64 / SHORT).sqrt().max(1.0)
    }

    /// The place of a page, from 1; 0 when it is not there.
    pub fn rank(&self, path: &ArticlePath) -> u32 {
        self.hits.iter().position(|h| h.path == *path).map_or(0, |at| at as u32 + 1)
    }
}

/// One or two snapshots searched as if they were one: pages of the first that the second replaces are hidden, and
/// the statistics are those of the whole.
pub(super) struct Whole<'a> {
    pub(super) parts: Vec<&'a Snapshot>,
    pub(super) hidden: BTreeSet<ArticlePath>,
    pub(super) hidden_terms: BTreeMap<(Field, String), u64>,
    pub(super) docs: u64,
    pub(super) tokens: BTreeMap<Field, u64>,
}

impl<'a> Whole<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            parts: vec![snapshot],
            hidden: BTreeSet::new(),
            hidden_terms: BTreeMap::new(),
            docs: snapshot.docs,
            tokens: snapshot.tokens.clone(),
        }
    }

    pub(super) fn search(&self, fields: &Fields, asked: &Asked, limit: usize) -> Result<Answer, IndexError> {
        let none = Answer { hits: Vec::new(), total: 0, coverage: 0.0, units: asked.units.len() };
        if self.docs == 0 || limit == 0 || asked.terms.is_empty() && asked.exact.is_empty() {
            return Ok(none);
        }
        let query = query(fields, asked);
        let mut found: Vec<(f64, &ArticlePath, usize, DocAddress)> = Vec::new();
        let mut total = 0;
        for (part, snapshot) in self.parts.iter().enumerate() {
            let most = limit.saturating_add(SLACK + self.hidden.len()).min(snapshot.docs.max(1) as usize);
            let (top, count) = snapshot.searcher.search_with_statistics_provider(
                &*query,
                &(TopDocs::with_limit(most).order_by_score(), Count),
                self,
            )?;
            total += count;
            for (score, address) in top {
                let path = snapshot.path(address)?;
                if part == 0 && self.hidden.contains(path) {
                    total -= 1;
                    continue;
                }
                found.push((rounded(score), path, part, address));
            }
        }
        found.sort_by(|l, r| r.0.total_cmp(&l.0).then_with(|| l.1.cmp(r.1)));
        found.truncate(limit);
        let coverage = self.coverage(fields, asked, &found)?;
        let hits = found.into_iter().map(|(score, path, _, _)| Hit { path: path.clone(), score }).collect();
        Ok(Answer { hits, total, coverage, units: asked.units.len() })
    }

    /// The greatest share of the question's meaning that one of the best pages holds. A unit weighs the more the
    /// rarer it is in the library.
    fn coverage(
        &self,
        fields: &Fields,
        asked: &Asked,
        found: &[(f64, &ArticlePath, usize, DocAddress)],
    ) -> Result<f64, IndexError> {
        let mut all = 0.0;
        let mut held = vec![0.0; found.len().min(LOOKED_AT)];
        for unit in &asked.units {
            let term = match unit {
                Unit::Word(word) => Term::from_field_text(fields.all, word),
                Unit::Pair(pair) => Term::from_field_text(fields.exact, pair),
            };
            let holding = self.doc_freq(&term)?;
            let weight = ((self.docs as f64 + BACKGROUND) / (holding as f64 + 1.0)).ln().max(0.01);
            all += weight;
            for (held, (_, _, part, address)) in held.iter_mut().zip(found) {
                if holds(&self.parts[*part].searcher, *address, &term)? {
                    *held += weight;
                }
            }
        }
        if all == 0.0 {
            return Ok(0.0);
        }
        Ok(held.into_iter().fold(0.0, f64::max) / all)
    }
}

/// **The statistics count live pages only**, so that scores do not depend on how the index came about.
impl Bm25StatisticsProvider for Whole<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        Ok(self.tokens.get(&field).copied().unwrap_or(0))
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let mut pages = 0;
        for snapshot in &self.parts {
            pages += live_doc_freq(&snapshot.searcher, term)?;
        }
        if !self.hidden_terms.is_empty() {
            let text = term.value().as_str().unwrap_or_default().to_owned();
            pages = pages.saturating_sub(self.hidden_terms.get(&(term.field(), text)).copied().unwrap_or(0));
        }
        Ok(pages)
    }
}

fn live_doc_freq(searcher: &Searcher, term: &Term) -> tantivy::Result<u64> {
    let mut pages = 0;
    for segment in searcher.segment_readers() {
        let postings = segment.inverted_index(term.field())?;
        match segment.alive_bitset() {
            None => pages += u64::from(postings.doc_freq(term)?),
            Some(alive) => {
                if let Some(mut docs) = postings.read_postings(term, IndexRecordOption::Basic)? {
                    pages += u64::from(docs.count(alive));
                }
            }
        }
    }
    Ok(pages)
}

fn holds(searcher: &Searcher, address: DocAddress, term: &Term) -> tantivy::Result<bool> {
    let index = searcher.segment_reader(address.segment_ord).inverted_index(term.field())?;
    Ok(match index.read_postings(term, IndexRecordOption::Basic)? {
        None => false,
        Some(mut docs) => {
            docs.doc() != TERMINATED
                && (docs.doc() == address.doc_id
                    || docs.doc() < address.doc_id && docs.seek(address.doc_id) == address.doc_id)
        }
    })
}

fn query(fields: &Fields, asked: &Asked) -> Box<dyn Query> {
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut want = |field: Field, text: &str, weight: f32| {
        let term = TermQuery::new(Term::from_field_text(field, text), IndexRecordOption::WithFreqs);
        clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(term), weight))));
    };
    for (term, times) in &asked.terms {
        want(fields.all, term, *times as f32);
        want(fields.title, term, TITLE_WEIGHT * *times as f32);
    }
    for token in asked.exact.keys() {
        want(fields.exact, token, EXACT_WEIGHT);
    }
    Box::new(BooleanQuery::new(clauses))
}

/// Scores are sums in single precision, whose last digits depend on the order of adding.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 10_000.0).round() / 10_000.0
}
