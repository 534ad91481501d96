//! A section as it is read to be compared, and how alike a piece and a section are, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{addition::paragraphs, content_words, reading};
use crate::{
    embedding::{StaticModel, Vector},
    similarity, statement,
};

/// Numbers of a section and a piece alone.
pub(super) const ALONE: usize = 17;
/// Of these, by which the section may be ahead of the page's others.
pub(super) const AHEAD: [usize; 10] = [0, 1, 2, 4, 5, 6, 10, 11, 13, 14];

/// BM25's usual constants, and the mentions of a term beyond which more say nothing.
const SATURATION: f64 = 1.2;
const LENGTH_SHARE: f64 = 0.75;
const MENTIONS: f64 = 3.0;
/// Statements of a section that are looked at for those nearest to one of the piece's.
const NEAREST: usize = 3;

/// A section, or a piece, as it was read.
#[derive(Debug)]
pub(super) struct Read {
    /// Its place among the article's sections.
    pub(super) place: usize,
    /// The headings above what stands in it, its own last; without the title.
    pub(super) headings: Vec<String>,
    level: u8,
    heading: BTreeSet<u32>,
    above: BTreeSet<u32>,
    /// Its terms with how often they stand in it.
    pub(super) terms: BTreeMap<u32, f64>,
    pairs: BTreeSet<u64>,
    figures: BTreeSet<u32>,
    code: BTreeSet<u64>,
    pub(super) pieces: Vec<u32>,
    blocks: Vec<Vector>,
    shape: [f64; 3],
    paragraphs: usize,
    /// What it means without regard to what is rare, and what the headings above it mean.
    plain: Option<Vector>,
    path: Option<Vector>,
    /// Filled once the rarity of every piece of a word is known.
    pub(super) vector: Option<Vector>,
}

/// Where a section stands in its article.
pub(super) struct Place<'a> {
    pub(super) place: usize,
    pub(super) level: u8,
    /// The headings above it, the title and its own among them.
    pub(super) path: &'a [(u8, String)],
}

/// How rare the terms of an article are among its sections.
pub(super) struct Rarity<'a> {
    pub(super) having: &'a BTreeMap<u32, f64>,
    pub(super) sections: usize,
    /// The terms of a section, on average.
    pub(super) average: f64,
}

impl Rarity<'_> {
    /// How little a term is of all sections: hardly anything of one that each has.
    pub(super) fn of(&self, term: u32) -> f64 {
        let having = self.having.get(&term).copied().unwrap_or(0.5);
        ((self.sections as f64 + 1.0) / (having + 0.5)).ln().max(0.05)
    }

    fn sum<'a>(&self, terms: impl Iterator<Item = &'a u32>) -> f64 {
        terms.map(|term| self.of(*term)).sum()
    }

    fn norm(&self, terms: &BTreeMap<u32, f64>) -> f64 {
        terms.iter().map(|(term, times)| (damped(*times) * self.of(*term)).powi(2)).sum::<f64>().sqrt()
    }
}

impl Read {
    /// A piece.
    pub(super) fn piece(text: &str) -> Self {
        Self::of(&Place { place: 0, level: 0, path: &[] }, text)
    }

    pub(super) fn of(place: &Place<'_>, text: &str) -> Self {
        let model = StaticModel::shipped();
        let heading = place.path.last().filter(|_| place.level > 0).map_or("", |(_, heading)| heading.as_str());
        let below_title = |(level, _): &&(u8, String)| *level > 1;
        let headings: Vec<String> = place.path.iter().filter(below_title).map(|(_, heading)| heading.clone()).collect();
        let above = headings.len().saturating_sub(usize::from(place.level > 1));
        let sequence = reading::term_hashes(text);
        let mut terms: BTreeMap<u32, f64> = BTreeMap::new();
        for term in sequence.iter().chain(&reading::term_hashes(heading)) {
            *terms.entry(*term).or_default() += 1.0;
        }
        let (mut shape, mut blocks) = ([0.0; 3], Vec::new());
        for statement in statement::said(text) {
            let is_item = statement.text.starts_with(['-', '*', '+', '|'])
                || statement.text.starts_with(|c: char| c.is_ascii_digit());
            shape[if statement.code {
                0
            } else if is_item {
                1
            } else {
                2
            }] += 1.0;
            blocks.extend(model.embed(&statement.text));
        }
        let all: f64 = shape.iter().sum();
        if all > 0.0 {
            shape = shape.map(|count| count / all);
        }
        let figures = content_words(text).into_iter().filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
        let spans = text.split('`').skip(1).step_by(2).filter(|span| !span.is_empty() && !span.contains('\n'));
        let path: Vec<&str> = place.path.iter().map(|(_, heading)| heading.as_str()).collect();
        Self {
            place: place.place,
            level: place.level,
            heading: content_terms(heading),
            above: content_terms(&headings[..above].join(" ")),
            headings,
            pairs: sequence.windows(2).map(|two| u64::from(two[0]) << 32 | u64::from(two[1])).collect(),
            terms,
            figures: figures.flat_map(|word| reading::term_hashes(&word)).collect(),
            code: spans.map(similarity::hash_word).collect(),
            pieces: model.pieces(&format!("{heading}\n{text}")),
            blocks,
            shape,
            paragraphs: paragraphs(text).len(),
            plain: model.embed(text),
            path: model.embed(&path.join(" ")),
            vector: None,
        }
    }

    /// How alike a piece, whose vector is given, and this section are.
    pub(super) fn compared(&self, piece: &Self, vector: Option<&Vector>, rarity: &Rarity<'_>) -> [f64; ALONE] {
        let length: f64 = self.terms.values().sum();
        let long = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length / rarity.average.max(1.0));
        let (mut product, mut covered, mut all, mut words) = (0.0, 0.0, 0.0, 0.0);
        for (term, times) in &piece.terms {
            let rare = rarity.of(*term);
            all += rare;
            if let Some(there) = self.terms.get(term) {
                product += damped(*times) * damped(*there) * rare * rare;
                covered += rare;
                words += rare * times.min(MENTIONS) * there * (1.0 + SATURATION) / (there + long);
            }
        }
        let said = |of: &BTreeSet<u32>| {
            let there = rarity.sum(of.iter().filter(|term| piece.terms.contains_key(term)));
            ratio(there, rarity.sum(of.iter()))
        };
        let (mut nearest, mut near) = (0.0, 0.0);
        for block in &piece.blocks {
            let mut cosines: Vec<f64> = self.blocks.iter().map(|other| block.cosine(other)).collect();
            cosines.sort_by(|one, other| other.total_cmp(one));
            cosines.truncate(NEAREST);
            nearest += cosines.first().copied().unwrap_or(0.0).max(0.0);
            near += ratio(cosines.iter().sum(), cosines.len() as f64);
        }
        let blocks = piece.blocks.len() as f64;
        [
            ratio(product, rarity.norm(&piece.terms) * rarity.norm(&self.terms)),
            ratio(covered, all),
            // a title is of every section
            if self.headings.is_empty() { 0.0 } else { said(&self.heading) },
            said(&self.above),
            cosine(vector, self.vector.as_ref()),
            ratio(nearest, blocks),
            ratio(piece.pairs.intersection(&self.pairs).count() as f64, piece.pairs.len() as f64),
            length.ln_1p(),
            piece.shape.iter().zip(self.shape).map(|(one, other)| one * other).sum(),
            f64::from(u8::from(self.headings.is_empty())),
            cosine(piece.plain.as_ref(), self.path.as_ref()),
            ratio(near, blocks),
            (self.paragraphs as f64).ln_1p(),
            ratio(piece.code.intersection(&self.code).count() as f64, piece.code.len() as f64),
            words,
            ratio(piece.figures.intersection(&self.figures).count() as f64, piece.figures.len() as f64),
            f64::from(self.level),
        ]
    }
}

fn damped(times: f64) -> f64 {
    1.0 + times.ln()
}

/// A share; none of nothing.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn cosine(one: Option<&Vector>, other: Option<&Vector>) -> f64 {
    one.zip(other).map_or(0.0, |(one, other)| one.cosine(other))
}

fn content_terms(text: &str) -> BTreeSet<u32> {
    reading::term_hashes(&content_words(text).join(" ")).into_iter().collect()
}
