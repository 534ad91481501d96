//! How alike a piece and an article are, in the numbers that the rule weighs.

use super::{
    reading::{Piece, Reading},
    shelf::Shelf,
};

/// Terms of a piece that are compared: the best by how often they are said and how rare they are.
const BEST_TERMS: usize = 64;
/// Terms that say what a text is about.
const FOCUS: usize = 5;
/// More mentions of a term or a title than this say nothing more.
const MENTIONS: u16 = 3;
/// BM25's usual constants (Robertson and Zaragoza 2009).
const SATURATION: f64 = 1.2;
const LENGTH_SHARE: f64 = 0.75;
/// More rarity than this in a title says nothing more.
const TITLE_RARITY: f64 = 20.0;

/// What a piece says, by the rarity of its terms in a library.
pub(super) struct Asked<'a> {
    pub(super) piece: &'a Piece,
    /// The best terms: hash, mentions, weight.
    best: Vec<(u32, f64, f64)>,
    /// What an article that says all of it once would score.
    full: f64,
    /// The share of its weight that the library does not know, 0 to 1.
    pub(super) unknown: f64,
    /// The same of the terms that say most what it is about.
    pub(super) unknown_focus: f64,
}

/// How alike a piece and one article are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Likeness {
    /// The cosine of their vectors.
    pub(super) meaning: f64,
    /// BM25, not scaled.
    pub(super) words: f64,
    /// BM25 as a share of what an article that says all of the piece would score.
    pub(super) covered: f64,
    /// The share of the piece's neighbouring terms that the article has.
    pub(super) pairs: f64,
    /// The share of the article's weight that the piece has: near 1 for a newer whole of it.
    pub(super) taken_up: f64,
    /// The share of what the article is about that the piece speaks of.
    pub(super) focus: f64,
    /// The share of the article's title that the piece speaks of.
    pub(super) title_said: f64,
    /// How often the piece says the article's title as it stands, by the rarity of the title.
    pub(super) title_named: f64,
    /// How far the titles agree, by rarity; 0 without a title.
    pub(super) title_agrees: f64,
    /// 1 when the titles are the same, else 0.
    pub(super) title_same: f64,
    /// The logarithm of the article's terms.
    pub(super) length: f64,
}

impl<'a> Asked<'a> {
    pub(super) fn of(piece: &'a Piece, shelf: &Shelf) -> Self {
        let mut best: Vec<(u32, f64, f64)> = piece
            .reading
            .counted()
            .map(|(term, times)| (term, f64::from(times.min(MENTIONS)), shelf.weight(term)))
            .collect();
        best.sort_by(|l, r| (r.1 * r.2).total_cmp(&(l.1 * l.2)).then(l.0.cmp(&r.0)));
        let share = |terms: &[(f64, u32)]| {
            let weight = |terms: &mut dyn Iterator<Item = &(f64, u32)>| terms.map(|term| term.0).sum::<f64>();
            let unknown = weight(&mut terms.iter().filter(|term| !shelf.knows(term.1)));
            unknown / weight(&mut terms.iter()).max(f64::EPSILON) * shelf.breadth()
        };
        let unknown = share(&best.iter().map(|(term, times, weight)| (times * weight, *term)).collect::<Vec<_>>());
        let unknown_focus = share(&focus(&piece.reading, shelf));
        best.truncate(BEST_TERMS);
        let once = (1.0 + SATURATION) / (1.0 + SATURATION / 2.0);
        let full = best.iter().map(|(_, times, weight)| times * weight * once).sum::<f64>().max(f64::EPSILON);
        Self { piece, best, full, unknown, unknown_focus }
    }

    /// Compares with the article at a place; none when there is none.
    pub(super) fn likeness(&self, place: usize, shelf: &Shelf) -> Option<Likeness> {
        let (piece, article) = (&self.piece.reading, shelf.at(place)?);
        let long = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * f64::from(article.length) / shelf.average());
        let words = self.best.iter().map(|(term, times, weight)| {
            let there = f64::from(article.times(*term));
            times * weight * there * (1.0 + SATURATION) / (there + long)
        });
        let words = words.sum::<f64>();
        let said = |term: u32| piece.times(term) > 0;
        let (mut all, mut both) = (0.0, 0.0);
        for (term, times) in article.counted() {
            let weight = shelf.weight(term) * f64::from(times.min(MENTIONS));
            all += weight;
            both += if said(term) { weight } else { 0.0 };
        }
        let about = focus(article, shelf);
        let title: f64 = article.title.iter().map(|term| shelf.weight(*term)).sum();
        let meaning = piece.vector.as_ref().zip(shelf.vector(place)).map_or(0.0, |(one, other)| one.cosine(&other));
        Some(Likeness {
            meaning,
            words,
            covered: words / self.full,
            pairs: common(&piece.pairs, &article.pairs) as f64 / piece.pairs.len().max(1) as f64,
            taken_up: both / all.max(f64::EPSILON),
            focus: share(about.iter().map(|(weight, term)| (*weight, said(*term)))),
            title_said: share(article.title.iter().map(|term| (shelf.weight(*term), said(*term)))),
            title_named: f64::from(1 + self.mentions(&article.title)).ln() * title.min(TITLE_RARITY) / 10.0,
            title_agrees: agreement(&piece.title, &article.title, shelf),
            title_same: f64::from(u8::from(!piece.title.is_empty() && piece.title == article.title)),
            length: f64::from(article.length + 1).ln(),
        })
    }

    /// How often the piece says a title as it stands, at most [`MENTIONS`].
    fn mentions(&self, title: &[u32]) -> u16 {
        if title.is_empty() {
            return 0;
        }
        let found = self.piece.sequence.windows(title.len()).filter(|part| *part == title).take(usize::from(MENTIONS));
        found.count() as u16
    }
}

/// The terms that say most what a text is about: often said in it, and rare elsewhere.
fn focus(reading: &Reading, shelf: &Shelf) -> Vec<(f64, u32)> {
    let mut terms: Vec<(f64, u32)> =
        reading.counted().map(|(term, times)| (shelf.weight(term) * (1.0 + f64::from(times).ln()), term)).collect();
    let best_first = |left: &(f64, u32), right: &(f64, u32)| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1));
    if terms.len() > FOCUS {
        terms.select_nth_unstable_by(FOCUS - 1, best_first);
        terms.truncate(FOCUS);
    }
    terms
}

/// Twice the weight of the terms that two titles share, of the weight of both.
fn agreement(one: &[u32], other: &[u32], shelf: &Shelf) -> f64 {
    let weight = |terms: &[u32]| terms.iter().map(|term| shelf.weight(*term)).sum::<f64>();
    let shared = one.iter().filter(|term| other.contains(term)).map(|term| shelf.weight(*term)).sum::<f64>();
    (2.0 * shared / (weight(one) + weight(other)).max(f64::EPSILON)).min(1.0)
}

/// The weight of what holds, of all weight; 0 of nothing.
fn share(parts: impl Iterator<Item = (f64, bool)>) -> f64 {
    let (mut all, mut holding) = (0.0, 0.0);
    for (weight, holds) in parts {
        all += weight;
        holding += if holds { weight } else { 0.0 };
    }
    if all > 0.0 { holding / all } else { 0.0 }
}

/// Members of two sorted sets that are in both.
fn common(left: &[u32], right: &[u32]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        i += usize::from(a <= b);
        j += usize::from(b <= a);
        count += usize::from(a == b);
    }
    count
}
