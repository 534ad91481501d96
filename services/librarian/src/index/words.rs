//! What the words of a question say of each page: BM25 over the fields of the index, with constants of our own.
//!
//! Every posting of every term is read, and what it adds is summed by the page's place: so the scores of all pages are known, whatever
//! else they are ranked by. **The terms are added in one order**, so a score does not depend on how the index came about.

use commune_proto::ArticlePath;
use tantivy::{
    DocSet, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::Postings,
    query::Bm25StatisticsProvider,
    schema::{Field, IndexRecordOption},
};

use super::{Fields, IndexError, NOWHERE, Snapshot, analysis::Asked, whole::Whole};

/// How soon a repeated term adds little more (Robertson and Walker 1994; the value of most engines).
const K1: f32 = 1.2;
/// How much the length of a text counts. Joined with meaning, 0.4 was better on six sets than the usual 0.75 (`bench/RESULTS.md`).
const B_WORDS: f32 = 0.4;
/// The same in the fields of titles and of exact tokens.
const B_OTHERS: f32 = 0.75;
/// The weight of the title's own field beside the field of words, where the title already counts three times.
const TITLE_WEIGHT: f32 = 0.2;
/// The weight of a code token or pair that matched whole.
const EXACT_WEIGHT: f32 = 0.5;

/// One term that is looked for, and what it is worth.
pub(super) struct Wanted {
    pub(super) field: Field,
    pub(super) text: String,
    weight: f32,
    b: f32,
    average: f32,
    /// How many pages have it.
    pub(super) pages: u64,
}

impl Wanted {
    /// What a page's `times` of the term in a field of `length` add.
    pub(super) fn adds(&self, times: u32, length: u32) -> f32 {
        let times = times as f32;
        self.weight * times / (times + self.slowness(length))
    }

    fn slowness(&self, length: u32) -> f32 {
        K1 * (1.0 - self.b + self.b * length as f32 / self.average)
    }

    pub(super) fn term(&self) -> Term {
        Term::from_field_text(self.field, &self.text)
    }
}

/// The terms of a question that some page has, in the order in which they are added.
///
/// # Errors
/// [`IndexError`] when tantivy fails.
pub(super) fn wanted(whole: &Whole<'_>, fields: &Fields, asked: &Asked) -> Result<Vec<Wanted>, IndexError> {
    let mut wanted = Vec::new();
    // a page has a word in one language: what pages of each have is one term, as rare as all of it together
    let mut want = |field: Field, texts: Vec<&str>, weight: f32, b: f32| -> Result<(), IndexError> {
        let pages = whole.pages_with(field, texts.iter().copied())?;
        for text in texts.into_iter().filter(|_| pages > 0) {
            let rarity = (1.0 + (whole.docs as f64 - pages as f64 + 0.5) / (pages as f64 + 0.5)).ln() as f32;
            let average = whole.total_num_tokens(field)? as f32 / whole.docs.max(1) as f32;
            let weight = weight * rarity * (K1 + 1.0);
            wanted.push(Wanted { field, text: text.to_owned(), weight, b, average: average.max(1.0), pages });
        }
        Ok(())
    };
    for (term, times) in &asked.terms {
        want(fields.all, asked.forms(term).collect(), *times as f32, B_WORDS)?;
        want(fields.title, asked.forms(term).collect(), TITLE_WEIGHT * *times as f32, B_OTHERS)?;
    }
    for token in asked.exact.keys() {
        want(fields.exact, vec![token], EXACT_WEIGHT, B_OTHERS)?;
    }
    Ok(wanted)
}

/// The score of every place of a snapshot; 0 where no term is.
///
/// # Errors
/// [`IndexError`] when tantivy fails.
pub(super) fn scores(snapshot: &Snapshot, wanted: &[Wanted]) -> Result<Vec<f32>, IndexError> {
    let mut scores = vec![0.0; snapshot.entries.len()];
    let mut slowness = [0.0; 256];
    for wanted in wanted {
        for (norm, slowness) in slowness.iter_mut().enumerate() {
            *slowness = wanted.slowness(FieldNormReader::id_to_fieldnorm(norm as u8));
        }
        let term = wanted.term();
        for (segment, places) in snapshot.searcher.segment_readers().iter().zip(&snapshot.places) {
            let index = segment.inverted_index(wanted.field)?;
            let read = index.read_postings(&term, IndexRecordOption::WithFreqs);
            let Some(mut postings) = read.map_err(tantivy::TantivyError::from)? else { continue };
            let norms = segment.get_fieldnorms_reader(wanted.field)?;
            let mut doc = postings.doc();
            while doc != TERMINATED {
                let place = places[doc as usize];
                if place != NOWHERE {
                    let times = postings.term_freq() as f32;
                    scores[place as usize] +=
                        wanted.weight * times / (times + slowness[usize::from(norms.fieldnorm_id(doc))]);
                }
                doc = postings.advance();
            }
        }
    }
    Ok(scores)
}

/// A page with a score, of one of the parts that are searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scored<'a> {
    pub(super) score: f64,
    pub(super) part: usize,
    pub(super) place: usize,
    pub(super) path: &'a ArticlePath,
}

impl Scored<'_> {
    /// The better first, and of equal ones the one whose path comes first.
    pub(super) fn order(&self, other: &Self) -> std::cmp::Ordering {
        other.score.total_cmp(&self.score).then_with(|| self.path.cmp(other.path))
    }
}

/// The best of what was met, in a room that stays bounded.
pub(super) struct Best<'a> {
    limit: usize,
    floor: f64,
    met: Vec<Scored<'a>>,
}

impl<'a> Best<'a> {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, floor: f64::NEG_INFINITY, met: Vec::new() }
    }

    /// What a score has to reach to be among the best of those met so far.
    pub(super) fn floor(&self) -> f64 {
        self.floor
    }

    pub(super) fn meet(&mut self, scored: Scored<'a>) {
        if scored.score < self.floor || self.limit == 0 {
            return;
        }
        self.met.push(scored);
        if self.met.len() >= 4 * self.limit {
            self.keep_best();
        }
    }

    pub(super) fn in_order(mut self) -> Vec<Scored<'a>> {
        self.keep_best();
        self.met.sort_by(Scored::order);
        self.met
    }

    fn keep_best(&mut self) {
        if self.met.len() > self.limit {
            let (_, worst, _) = self.met.select_nth_unstable_by(self.limit - 1, Scored::order);
            self.floor = worst.score;
            self.met.truncate(self.limit);
        }
    }
}
