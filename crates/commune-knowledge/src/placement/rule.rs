//! The rule: which article a piece belongs to, and the chance that it does.
//!
//! Two steps, each linear: candidates are ordered by how alike they are, then the chance of each is a logistic rule over
//! its likeness, its lead over the next best, and what the piece says that the library does not know. A piece with a title
//! has weights of its own.

use super::{
    likeness::{Asked, Likeness},
    reading::Piece,
    shelf::Shelf,
};

/// Candidates that are looked at in words, and as many by meaning at most.
pub const BY_WORDS: usize = 16;
/// Candidates that are taken for their meaning.
pub const BY_MEANING: usize = 8;

/// From this chance on an update is decided without a second look: 95.5 % of such decisions about notes with titles were
/// right in decision and page, out of sample (`bench/RESULTS.md`, "Placement").
pub const UPDATE_ALONE: f64 = 0.8;
/// Below this chance of the best candidate a creation is decided without a second look: 96.3 % were right.
pub const CREATE_ALONE: f64 = 0.2;
/// Between the two the likelier is done, and looked at once more when the night is folded.
pub const EVEN: f64 = 0.5;

/// What candidates are ordered by.
pub const RANKED_BY: usize = 9;
/// What the chance follows from.
pub const WEIGHED: usize = 19;

/// Names of the numbers that the chance follows from, in their order.
pub const NAMES: [&str; WEIGHED] = [
    "meaning",
    "covered",
    "pairs",
    "title-said",
    "taken-up",
    "focus",
    "title-named",
    "title-agrees",
    "title-same",
    "meaning-lead",
    "words-lead",
    "length",
    "unknown",
    "unknown-focus",
    "lead",
    "meaning-by-length",
    "covered-by-length",
    "pairs-by-length",
    "article-length",
];

// Fitted by `make bench-share` on the development half of wikirev (826 notes, each as a fragment and whole; ridge 1 for the
// order, 0.3 for the chance), with titles and with titles withheld.
const RANK_UNTITLED: [f64; RANKED_BY] = [5.643, 6.025, 1.949, 2.086, 0.640, 1.370, 0.038, 0.0, 0.0];
const RANK_TITLED: [f64; RANKED_BY] = [0.811, 2.079, 5.092, 2.343, 2.077, 1.208, -1.616, 1.509, 5.169];
/// The last is the constant.
const CHANCE_UNTITLED: [f64; WEIGHED + 1] = [
    2.107, -0.253, 2.893, 0.689, 1.864, 0.017, 1.262, 0.0, 0.0, -0.582, 2.510, -0.634, 0.717, -0.093, 0.291, 0.313,
    1.494, -1.571, 0.732, -6.995,
];
const CHANCE_TITLED: [f64; WEIGHED + 1] = [
    2.576, -0.908, 0.322, 0.939, 1.631, 0.882, -0.402, -0.219, 4.415, 0.217, 1.490, -1.355, -0.757, 0.178, 0.593,
    1.240, -0.172, -0.025, 0.493, -4.198,
];

/// A candidate with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed {
    /// Its place on the shelf.
    pub place: usize,
    /// The chance that the piece belongs to it, 0 to 1.
    pub chance: f64,
    /// The numbers that it follows from, named by [`NAMES`].
    pub numbers: [f64; WEIGHED],
}

/// A piece beside the articles that it may belong to.
#[derive(Debug)]
pub struct Compared {
    titled: bool,
    /// The logarithm of the piece's terms.
    length: f64,
    unknown: f64,
    unknown_focus: f64,
    alike: Vec<(usize, Likeness)>,
    /// The most that any of them scores in words.
    most: f64,
}

impl Compared {
    /// Compares a piece with the articles at these places.
    pub fn with(piece: &Piece, shelf: &Shelf, places: &[usize]) -> Self {
        let asked = Asked::of(piece, shelf);
        let alike: Vec<(usize, Likeness)> =
            places.iter().filter_map(|place| Some((*place, asked.likeness(*place, shelf)?))).collect();
        Self {
            titled: piece.is_titled(),
            length: f64::from(piece.reading.length + 1).ln(),
            unknown: asked.unknown,
            unknown_focus: asked.unknown_focus,
            most: alike.iter().map(|(_, likeness)| likeness.words).fold(f64::EPSILON, f64::max),
            alike,
        }
    }

    /// The articles with their chances, best first.
    pub fn weigh(&self) -> Vec<Weighed> {
        let weights = if self.titled { &RANK_TITLED } else { &RANK_UNTITLED };
        let ordered = self.ordered(weights).into_iter();
        ordered.map(|(place, numbers)| Weighed { place, chance: chance(self.titled, &numbers), numbers }).collect()
    }

    /// What the articles are ordered by, for fitting.
    pub fn ranked_by(&self) -> impl Iterator<Item = (usize, [f64; RANKED_BY])> {
        self.alike.iter().map(|(place, l)| {
            let words = l.words / self.most;
            let titles = [l.title_said, l.taken_up, l.focus, l.title_named, l.title_agrees, l.title_same];
            let [said, taken_up, focus, named, agrees, same] = titles;
            (*place, [l.meaning, words, l.pairs, said, taken_up, focus, named, agrees, same])
        })
    }

    /// The articles in the order of some weights, with the numbers that the chance follows from.
    pub fn ordered(&self, weights: &[f64; RANKED_BY]) -> Vec<(usize, [f64; WEIGHED])> {
        let mut scored: Vec<(f64, usize, &Likeness)> = self
            .ranked_by()
            .zip(&self.alike)
            .map(|((place, ranked), (_, likeness))| {
                (weights.iter().zip(ranked).map(|(weight, number)| weight * number).sum(), place, likeness)
            })
            .collect();
        scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let none = (0.0, 0, &Likeness::default());
        let numbers = scored.iter().enumerate().map(|(at, (score, place, likeness))| {
            let next = scored.get(usize::from(at == 0)).unwrap_or(&none);
            (*place, self.numbers(likeness, score - next.0, next.2))
        });
        numbers.collect()
    }

    fn numbers(&self, l: &Likeness, lead: f64, next: &Likeness) -> [f64; WEIGHED] {
        // from a line to a page: the same likeness says more of a long piece
        let long = (self.length - 4.5).clamp(-1.0, 2.0);
        [
            l.meaning,
            l.covered,
            l.pairs,
            l.title_said,
            l.taken_up,
            l.focus,
            l.title_named,
            l.title_agrees,
            l.title_same,
            l.meaning - next.meaning,
            (l.words - next.words) / self.most,
            self.length,
            self.unknown,
            self.unknown_focus,
            lead.min(4.0),
            long * l.meaning,
            long * l.covered,
            long * l.pairs,
            l.length,
        ]
    }
}

/// The chance that follows from the numbers.
fn chance(titled: bool, numbers: &[f64; WEIGHED]) -> f64 {
    let weights = if titled { &CHANCE_TITLED } else { &CHANCE_UNTITLED };
    let odds: f64 = weights.iter().zip(numbers.iter().chain([&1.0])).map(|(weight, number)| weight * number).sum();
    1.0 / (1.0 + (-odds).exp())
}
