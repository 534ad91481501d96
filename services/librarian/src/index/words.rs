//! What the words of a question say of each page: BM25 over the fields of the index, with constants of our own.
//!
//! Every posting of every term is read, and what it adds is summed by the page's place: so the scores of all pages are known, whatever
//! else they are ranked by. **The terms are added in one order**, so a score does not depend on how the index came about.

use commune_proto::ArticlePath;
use tantivy::{
    TantivyError,
    fieldnorm::FieldNormReader,
    schema::{Field, IndexRecordOption},
};

use super::{Fields, IndexError, Snapshot, analysis::Asked, held::Held, whole::Whole};

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
pub(super) struct Wanted<'q> {
    pub(super) field: Field,
    /// The term, token or pair of the question that it is a form of.
    pub(super) of: &'q str,
    pub(super) text: &'q str,
    /// Where it stands.
    pub(super) held: Held,
    weight: f32,
    b: f32,
    average: f32,
    /// How many pages have it, in one of its forms.
    pub(super) pages: u64,
}

impl Wanted<'_> {
    /// What a page's `times` of the term in a field of `length` add.
    pub(super) fn adds(&self, times: u32, length: u32) -> f32 {
        let times = times as f32;
        self.weight * times / (times + self.slowness(length))
    }

    fn slowness(&self, length: u32) -> f32 {
        K1 * (1.0 - self.b + self.b * length as f32 / self.average)
    }
}

/// The terms of a question that some page has, in the order in which they are added. Each is looked up once.
///
/// # Errors
/// [`IndexError`] when tantivy fails.
pub(super) fn wanted<'q>(whole: &Whole<'_>, fields: &Fields, asked: &'q Asked) -> Result<Vec<Wanted<'q>>, IndexError> {
    let mut wanted: Vec<Wanted<'q>> = Vec::new();
    // a page has a word in one language: what pages of each have is one term, as rare as all of it together
    let mut want = |field: Field, of: &'q str, texts: Vec<&'q str>, weight: f32, b: f32| {
        let mut held = Vec::new();
        for text in texts {
            held.extend(whole.held(field, text)?.map(|held| (text, held)));
        }
        let pages = whole.docs.min(held.iter().map(|(_, held)| held.pages).sum());
        let rarity = (1.0 + (whole.docs as f64 - pages as f64 + 0.5) / (pages as f64 + 0.5)).ln() as f32;
        let average = (whole.tokens_of(field) as f32 / whole.docs.max(1) as f32).max(1.0);
        let weight = weight * rarity * (K1 + 1.0);
        let texts: Vec<&'q str> = held.iter().map(|(text, _)| *text).collect();
        let all = held.into_iter().map(|(text, held)| Wanted { field, of, text, held, weight, b, average, pages });
        wanted.extend(all);
        Ok::<_, IndexError>(texts)
    };
    for (term, times) in &asked.terms {
        let there = want(fields.all, term, asked.forms(term).collect(), *times as f32, B_WORDS)?;
        // what a title has, the field of words has, too
        want(fields.title, term, there, TITLE_WEIGHT * *times as f32, B_OTHERS)?;
    }
    for token in asked.exact.keys() {
        want(fields.exact, token, vec![token], EXACT_WEIGHT, B_OTHERS)?;
    }
    Ok(wanted)
}

/// The score of every place of one of the parts; 0 where no term is.
///
/// # Errors
/// [`IndexError`] when tantivy fails.
pub(super) fn scores(part: usize, snapshot: &Snapshot, wanted: &[Wanted<'_>]) -> Result<Vec<f32>, IndexError> {
    let mut scores = vec![0.0; snapshot.entries.len()];
    let mut slow: Vec<(Field, [f32; 256])> = Vec::new();
    for wanted in wanted {
        let known = slow.iter().position(|(field, _)| *field == wanted.field).unwrap_or_else(|| {
            let of = |norm| wanted.slowness(FieldNormReader::id_to_fieldnorm(norm as u8));
            slow.push((wanted.field, std::array::from_fn(of)));
            slow.len() - 1
        });
        let slowness = &slow[known].1;
        for (at, segment) in snapshot.opened.iter().enumerate() {
            let Some(info) = wanted.held.at(part, at) else { continue };
            let (Some(terms), Some(norms)) = (segment.terms(wanted.field), segment.norms(wanted.field)) else {
                continue;
            };
            let mut block = terms
                .read_block_postings_from_terminfo(info, IndexRecordOption::WithFreqs)
                .map_err(TantivyError::from)?;
            while !block.docs().is_empty() {
                for (doc, times) in block.docs().iter().zip(block.freqs()) {
                    // what was taken out is beyond every place
                    let place = segment.places[*doc as usize] as usize;
                    if let Some(score) = scores.get_mut(place) {
                        let times = *times as f32;
                        *score += wanted.weight * times / (times + slowness[usize::from(norms.fieldnorm_id(*doc))]);
                    }
                }
                block.advance();
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
    /// Where it stands: the part, and the place in it.
    pub(super) fn at(&self) -> (usize, usize) {
        (self.part, self.place)
    }

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

    /// Looks at the scores of all places of a part; where it is 0 no page matches.
    pub(super) fn meet_all(&mut self, part: usize, snapshot: &'a Snapshot, scores: &[f32]) {
        const TOGETHER: usize = 64;
        for (at, some) in scores.chunks(TOGETHER).enumerate() {
            // of 0 the least that is more
            let floor = (self.floor as f32).max(f32::MIN_POSITIVE);
            if !some.iter().fold(false, |any, score| any | (*score >= floor)) {
                continue;
            }
            for (row, score) in some.iter().enumerate().filter(|(_, score)| **score >= floor) {
                let place = at * TOGETHER + row;
                if let Some(entry) = &snapshot.entries[place] {
                    self.meet(Scored { score: f64::from(*score), part, place, path: &entry.path });
                }
            }
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
