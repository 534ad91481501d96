//! Which section of an article a statement belongs to.
//!
//! Every section is compared with what is to be placed, in words and meaning, each word weighed by how few of the article's sections
//! have it, and with how the others compare; the chance of each follows from all of them together.

mod read;
mod weights;

use std::collections::{BTreeMap, BTreeSet};

use crate::{document, embedding::StaticModel, embedding::Vector, statement};
use read::{AHEAD, ALONE, Place, Rarity, Read};

/// From this chance on a section is named; below, the piece goes where its own title says. Of those that are named 73 % are right, out of
/// sample (`bench/RESULTS.md`, "Where a statement goes").
pub const SECTION_NAMED: f64 = 0.5;
/// From this chance on a section is taken where the piece has no other place than below the article's title; of many sections, from
/// `EVEN_SHARES` of what each would have of an even chance. Of those of less than this 28 % are right, and below the title 7 % would be.
pub const SECTION_TAKEN: f64 = 0.25;
const EVEN_SHARES: f64 = 1.5;
/// Fewest of the piece's words, by weight, that a section has that is named, and one that is taken.
const COVERED: f64 = 0.12;
const COVERED_TAKEN: f64 = 0.02;
/// A section that shares no word is taken where it means as near as this.
const NEAR_TAKEN: f64 = 0.2;
/// Sections that are looked at; a longer page is one of lists.
const MOST: usize = 200;

/// What the chance of a section follows from.
pub const SECTION_FEATURES: usize = ALONE + AHEAD.len();

/// An article's sections, read to be compared with what may belong to them.
#[derive(Debug)]
pub struct Sections {
    sections: Vec<Read>,
    /// Sections that have a term.
    having: BTreeMap<u32, f64>,
    /// Sections that have a piece of a word.
    having_pieces: BTreeMap<u32, f64>,
    /// The terms of a section, on average.
    average: f64,
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
        let all = document::sections(article);
        for (place, section) in all.iter().enumerate().take(MOST) {
            let own = &article[section.own.clone()];
            if section.level == 0 && own.trim().is_empty() && all.len() > 1 {
                continue;
            }
            if section.level > 0 {
                path.retain(|(level, _)| *level < section.level);
                path.push((section.level, section.heading.clone()));
            }
            let below = if section.level > 0 { own.split_once('\n').map_or("", |(_, below)| below) } else { own };
            sections.push(Read::of(&Place { place, level: section.level, path: &path }, below));
        }
        let mut having: BTreeMap<u32, f64> = BTreeMap::new();
        let mut having_pieces: BTreeMap<u32, f64> = BTreeMap::new();
        let mut terms = 0.0;
        for section in &sections {
            for (term, times) in &section.terms {
                terms += times;
                *having.entry(*term).or_default() += 1.0;
            }
            for piece in section.pieces.iter().collect::<BTreeSet<_>>() {
                *having_pieces.entry(*piece).or_default() += 1.0;
            }
        }
        let average = terms / sections.len().max(1) as f64;
        let mut read = Self { sections, having, having_pieces, average };
        for at in 0..read.sections.len() {
            read.sections[at].vector = read.vector(&read.sections[at].pieces);
        }
        read
    }

    /// The sections, the likeliest first. A title on its own, and what stands before it, are the article as a whole.
    pub fn ranked(&self, text: &str) -> Vec<Ranked> {
        let numbers = self.numbers(text);
        let scores: Vec<f64> = numbers.iter().map(weights::score).collect();
        let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
        let all: f64 = scores.iter().map(|score| (score - greatest).exp()).sum();
        let ranked = self.sections.iter().zip(numbers).zip(&scores).map(|((section, numbers), score)| Ranked {
            place: section.place,
            headings: section.headings.clone(),
            chance: (score - greatest).exp() / all,
            numbers,
        });
        let mut ranked: Vec<Ranked> = ranked.collect();
        ranked.sort_by(|left, right| right.chance.total_cmp(&left.chance).then(left.place.cmp(&right.place)));
        ranked
    }

    /// The headings of the section that a text belongs to with this chance at least, outermost first, without the title; none where no section
    /// stands out so far.
    pub fn belonging(&self, text: &str, least: f64) -> Option<Vec<String>> {
        let best = self.ranked(text).into_iter().next()?;
        let [_, covered, _, _, near, ..] = best.numbers;
        if least >= SECTION_NAMED {
            return (best.chance >= least && covered >= COVERED).then_some(best.headings);
        }
        let least = least.min(EVEN_SHARES / self.sections.len() as f64);
        (best.chance >= least && (covered >= COVERED_TAKEN || near >= NEAR_TAKEN)).then_some(best.headings)
    }

    /// The numbers of each section: how alike it and the text are, and how far it is ahead of the others in that.
    fn numbers(&self, text: &str) -> Vec<[f64; SECTION_FEATURES]> {
        let piece = Read::piece(text);
        let vector = self.vector(&piece.pieces);
        let rarity = Rarity { having: &self.having, sections: self.sections.len(), average: self.average };
        let alone: Vec<[f64; ALONE]> =
            self.sections.iter().map(|section| section.compared(&piece, vector.as_ref(), &rarity)).collect();
        let ahead: Vec<(f64, f64)> = AHEAD.iter().map(|at| two_greatest(alone.iter().map(|one| one[*at]))).collect();
        let with_ahead = alone.iter().map(|one| {
            let mut numbers = [0.0; SECTION_FEATURES];
            numbers[..ALONE].copy_from_slice(one);
            for ((at, (first, second)), number) in AHEAD.iter().zip(&ahead).zip(&mut numbers[ALONE..]) {
                *number = if one[*at] >= *first { first - second } else { one[*at] - first };
            }
            numbers
        });
        with_ahead.collect()
    }

    fn vector(&self, pieces: &[u32]) -> Option<Vector> {
        let rarity = Rarity { having: &self.having_pieces, sections: self.sections.len(), average: self.average };
        StaticModel::shipped().embed_pieces(pieces, |piece| rarity.of(piece) as f32)
    }
}

/// The greatest of some numbers and the one after it; of one alone nothing.
fn two_greatest(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut first, mut second) = (f64::MIN, f64::MIN);
    for number in numbers {
        if number > first {
            (first, second) = (number, first);
        } else if number > second {
            second = number;
        }
    }
    (first, if second == f64::MIN { 0.0 } else { second })
}

/// The headings under which a piece goes as a whole, outermost first; none where no section stands out, where the piece brings headings
/// of its own, or where the article has no sections. The heading of level 1 is the title, and is left out.
pub fn section(article: &str, piece: &str) -> Vec<String> {
    if statement::said(piece).iter().any(|statement| !statement.headings.is_empty()) {
        return Vec::new();
    }
    Sections::of(article).belonging(piece, SECTION_NAMED).unwrap_or_default()
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
        assert_eq!(ranked.len(), 4, "the title, with what stands below it, is one of them");
        assert!((ranked.iter().map(|ranked| ranked.chance).sum::<f64>() - 1.0).abs() < 1e-9, "{ranked:?}");
    }
}
