//! Which section of an article a statement belongs to.
//!
//! Every section is compared with what is to be placed, in words and meaning, each word weighed by how few of the article's sections
//! have it; the chance of each follows from all of them together.

use super::{content_words, reading};
use crate::{document, embedding::StaticModel, embedding::Vector, statement};
use std::collections::{BTreeMap, BTreeSet};

/// From this chance on a section is named; below, the piece goes where its own title says. Of those that are named 73 % are right, out of sample
/// (`bench/RESULTS.md`, "Where a statement goes").
pub const SECTION_NAMED: f64 = 0.5;
/// Fewest of the piece's words, by weight, that a section has that is named.
const COVERED: f64 = 0.12;
/// Sections that are looked at; a longer page is one of lists.
const MOST: usize = 200;

/// What the chance of a section follows from.
pub const SECTION_FEATURES: usize = 10;

// Fitted on one half of the pages of wikirev (1,080 paragraphs); see `bench/RESULTS.md`, "Where a statement goes".
const WEIGHTS: [f64; SECTION_FEATURES] = [3.114, 3.530, 1.910, 0.857, 3.384, -0.145, -0.063, -4.092, 0.598, -0.448];

/// An article's sections, read to be compared with what may belong to them.
#[derive(Debug)]
pub struct Sections {
    sections: Vec<Read>,
    /// Sections that have a term.
    having: BTreeMap<u32, f64>,
    /// Sections that have a piece of a word.
    having_pieces: BTreeMap<u32, f64>,
}

/// A section as it was read.
#[derive(Debug)]
struct Read {
    headings: Vec<String>,
    heading: BTreeSet<u32>,
    above: BTreeSet<u32>,
    terms: BTreeMap<u32, f64>,
    pairs: BTreeSet<u64>,
    pieces: Vec<u32>,
    blocks: Vec<Vector>,
    shape: [f64; 3],
    /// Filled once the rarity of every piece is known.
    vector: Option<Vector>,
}

/// A section with what speaks for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its place among [`document::sections`].
    pub place: usize,
    /// The headings above what stands in it, its own last; without the title.
    pub headings: Vec<String>,
    /// The chance that the text belongs there, if it belongs to any.
    pub chance: f64,
    /// The numbers that the chance follows from.
    pub numbers: [f64; SECTION_FEATURES],
}

impl Sections {
    /// Reads an article.
    pub fn of(article: &str) -> Self {
        let mut path: Vec<(u8, String)> = Vec::new();
        let mut sections: Vec<Read> = Vec::new();
        for section in document::sections(article).into_iter().take(MOST) {
            if section.level > 0 {
                path.retain(|(level, _)| *level < section.level);
                path.push((section.level, section.heading.clone()));
            }
            let own = &article[section.own.clone()];
            let below = if section.level > 0 { own.split_once('\n').map_or("", |(_, below)| below) } else { own };
            let (last, above) = path.split_last().map_or((String::new(), Vec::new()), |((_, last), above)| {
                (
                    last.clone(),
                    above.iter().filter(|(level, _)| *level > 1).map(|(_, heading)| heading.clone()).collect(),
                )
            });
            let titled = path.last().is_some_and(|(level, _)| *level == 1);
            let mut headings: Vec<String> = above.clone();
            headings.extend((!titled && section.level > 0).then(|| last.clone()));
            sections.push(Read::of(headings, &last, &above.join(" "), below));
        }
        let mut having: BTreeMap<u32, f64> = BTreeMap::new();
        let mut having_pieces: BTreeMap<u32, f64> = BTreeMap::new();
        for section in &sections {
            for term in section.terms.keys() {
                *having.entry(*term).or_default() += 1.0;
            }
            for piece in section.pieces.iter().collect::<BTreeSet<_>>() {
                *having_pieces.entry(*piece).or_default() += 1.0;
            }
        }
        let mut read = Self { sections, having, having_pieces };
        for at in 0..read.sections.len() {
            read.sections[at].vector = read.vector(&read.sections[at].pieces);
        }
        read
    }

    /// The sections, the likeliest first. A title on its own, and what stands before it, are the article as a whole.
    pub fn ranked(&self, text: &str) -> Vec<Ranked> {
        let piece = Read::of(Vec::new(), "", "", text);
        let vector = self.vector(&piece.pieces);
        let mut ranked: Vec<Ranked> = Vec::new();
        let numbers: Vec<[f64; SECTION_FEATURES]> =
            self.sections.iter().map(|section| self.compared(&piece, vector.as_ref(), section)).collect();
        let scores: Vec<f64> = numbers
            .iter()
            .map(|numbers| numbers.iter().zip(WEIGHTS).map(|(number, weight)| number * weight).sum())
            .collect();
        let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
        let all: f64 = scores.iter().map(|score| (score - greatest).exp()).sum();
        for (place, (section, score)) in self.sections.iter().zip(&scores).enumerate() {
            let chance = (score - greatest).exp() / all;
            ranked.push(Ranked { place, headings: section.headings.clone(), chance, numbers: numbers[place] });
        }
        ranked.sort_by(|left, right| right.chance.total_cmp(&left.chance).then(left.place.cmp(&right.place)));
        ranked
    }

    /// The headings of the section that a text belongs to, outermost first, without the title; none where no section stands out.
    pub fn belonging(&self, text: &str) -> Option<Vec<String>> {
        let best = self.ranked(text).into_iter().next()?;
        let [_, covered, ..] = best.numbers;
        (best.chance >= SECTION_NAMED && covered >= COVERED).then_some(best.headings)
    }

    fn rarity(&self, term: u32) -> f64 {
        rarity(&self.having, self.sections.len(), term)
    }

    fn vector(&self, pieces: &[u32]) -> Option<Vector> {
        let weight = |piece: u32| rarity(&self.having_pieces, self.sections.len(), piece) as f32;
        StaticModel::shipped().embed_pieces(pieces, weight)
    }

    fn compared(&self, piece: &Read, vector: Option<&Vector>, section: &Read) -> [f64; SECTION_FEATURES] {
        let weigh = |terms: &BTreeMap<u32, f64>| {
            terms.iter().map(|(term, times)| (times * self.rarity(*term)).powi(2)).sum::<f64>().sqrt()
        };
        let (mut product, mut covered, mut all) = (0.0, 0.0, 0.0);
        for (term, times) in &piece.terms {
            let rarity = self.rarity(*term);
            all += rarity;
            if let Some(other) = section.terms.get(term) {
                product += times * other * rarity * rarity;
                covered += rarity;
            }
        }
        let share = |of: &BTreeSet<u32>| {
            let whole: f64 = of.iter().map(|term| self.rarity(*term)).sum();
            let said: f64 =
                of.iter().filter(|term| piece.terms.contains_key(term)).map(|term| self.rarity(*term)).sum();
            if whole > 0.0 { said / whole } else { 0.0 }
        };
        let norms = weigh(&piece.terms) * weigh(&section.terms);
        let meaning = vector.zip(section.vector.as_ref()).map_or(0.0, |(one, other)| one.cosine(other));
        let nearest =
            piece.blocks.iter().map(|block| section.blocks.iter().map(|other| block.cosine(other)).fold(0.0, f64::max));
        let nearest = nearest.sum::<f64>() / (piece.blocks.len().max(1) as f64);
        let pairs = piece.pairs.intersection(&section.pairs).count() as f64 / (piece.pairs.len().max(1) as f64);
        let shape: f64 = piece.shape.iter().zip(section.shape).map(|(one, other)| one * other).sum();
        let length: f64 = section.terms.values().sum();
        [
            if norms > 0.0 { product / norms } else { 0.0 },
            if all > 0.0 { covered / all } else { 0.0 },
            share(&section.heading),
            share(&section.above),
            meaning,
            nearest,
            length.ln_1p(),
            pairs,
            shape,
            f64::from(u8::from(section.headings.is_empty())),
        ]
    }
}

/// How little a term is of all sections: none of a term that each has.
fn rarity(having: &BTreeMap<u32, f64>, sections: usize, term: u32) -> f64 {
    let having = having.get(&term).copied().unwrap_or(0.5);
    ((sections as f64 + 1.0) / (having + 0.5)).ln().max(0.05)
}

impl Read {
    fn of(headings: Vec<String>, heading: &str, above: &str, text: &str) -> Self {
        let model = StaticModel::shipped();
        let sequence = reading::term_hashes(text);
        let mut terms: BTreeMap<u32, f64> = BTreeMap::new();
        for term in sequence.iter().chain(&reading::term_hashes(heading)) {
            *terms.entry(*term).or_default() += 1.0;
        }
        terms.values_mut().for_each(|times| *times = 1.0 + times.ln());
        let pairs = sequence.windows(2).map(|two| u64::from(two[0]) << 32 | u64::from(two[1])).collect();
        let mut shape = [0.0; 3];
        let mut blocks = Vec::new();
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
        Self {
            headings,
            heading: content_terms(heading),
            above: content_terms(above),
            terms,
            pairs,
            pieces: model.pieces(&format!("{heading}\n{text}")),
            blocks,
            shape,
            vector: None,
        }
    }
}

fn content_terms(text: &str) -> BTreeSet<u32> {
    reading::term_hashes(&content_words(text).join(" ")).into_iter().collect()
}

/// The headings under which a piece goes as a whole, outermost first; none where no section stands out, where the piece brings headings
/// of its own, or where the article has no sections. The heading of level 1 is the title, and is left out.
pub fn section(article: &str, piece: &str) -> Vec<String> {
    if statement::said(piece).iter().any(|statement| !statement.headings.is_empty()) {
        return Vec::new();
    }
    Sections::of(article).belonging(piece).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "# The pool\n\nIt serves bookings.\n\n## Restart\n\nDrain the connections of the pool, then restart it \
        with systemctl.\n\n## Backups\n\nThe dump of the database is copied each night to the second host.\n\n### Restore\n\n\
        Restore the dump with pg_restore.\n";

    #[track_caller]
    fn check(piece: &str, expected: &[&str]) {
        assert_eq!(section(ARTICLE, piece), expected, "{piece}");
    }

    #[test]
    fn a_piece_goes_where_its_subject_is() {
        check("Before a restart with systemctl, drain the connections of the pool for a minute.", &["Restart"]);
        check("Restore the dump with pg_restore on four cores: pg_restore -j 4.", &["Backups", "Restore"]);
    }

    #[test]
    fn in_doubt_no_section_is_named() {
        check("Roses need light.", &[]);
        check("## Restart\n\nDrain the connections of the pool, then restart it.", &[]);
        assert!(section("No sections here.", "Drain the connections.").is_empty());
    }

    #[test]
    fn chances_are_of_all_sections_together() {
        let ranked = Sections::of(ARTICLE).ranked("Drain the pool.");
        assert_eq!(ranked.len(), 5, "what stands before the title is one of them");
        assert!((ranked.iter().map(|ranked| ranked.chance).sum::<f64>() - 1.0).abs() < 1e-9, "{ranked:?}");
    }
}
