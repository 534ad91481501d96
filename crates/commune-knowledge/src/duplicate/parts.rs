//! Two texts statement by statement: which answer each other, and whether one of these pairs differs.

use super::{Reason, contradiction, words_of};
use crate::similarity;
use crate::statement::{Difference, headings_and_unidentified};
use std::collections::{BTreeMap, BTreeSet};

/// Pairs of statements that are looked at before a comparison gives up.
const PAIR_LIMIT: usize = 40_000;
/// Words that frame a heading and name no topic.
const FRAME: &[&str] = &["how", "to", "use", "on", "in", "for", "with", "about", "note", "notes", "guide", "howto"];
/// Two texts that both say more than this share of their words without an answer in the other are not the same…
const ALONE_LIMIT: f64 = 0.25;
/// …and than this one, when they have the same title.
const TITLED_ALONE_LIMIT: f64 = 0.4;
/// From this share of common words on two statements answer each other.
const ANSWER_FLOOR: f64 = 0.4;

/// The statements and headings of a text by identity, without provenance.
#[derive(Debug)]
pub(super) struct Parts(BTreeMap<String, Part>);

/// A statement or heading.
#[derive(Debug)]
struct Part {
    heading: bool,
    words: Vec<String>,
    /// The hashes of its words, sorted.
    set: Vec<u64>,
}

impl Parts {
    /// Reads a text that has no provenance any more.
    pub(super) fn of(stripped: &str) -> Self {
        let mut parts = BTreeMap::new();
        let mut add = |heading: bool, words: Vec<String>| {
            if !words.is_empty() {
                let mut set: Vec<u64> = words.iter().map(|word| similarity::hash_word(word)).collect();
                set.sort_unstable();
                set.dedup();
                parts.insert(format!("{heading} {}", words.join(" ")), Part { heading, words, set });
            }
        };
        let (headings, pieces) = headings_and_unidentified(stripped);
        for heading in headings {
            add(true, topic(&heading));
        }
        for piece in pieces {
            add(false, words_of(&piece.statement.text));
        }
        Self(parts)
    }

    fn words(&self) -> usize {
        self.0.values().map(|part| part.words.len()).sum()
    }

    /// What the other does not have word for word.
    fn own<'a>(&'a self, other: &Self) -> Vec<&'a Part> {
        self.0.iter().filter(|(identity, _)| !other.0.contains_key(*identity)).map(|(_, part)| part).collect()
    }
}

/// The words of a heading that name what it is about.
pub(super) fn topic(heading: &str) -> Vec<String> {
    let mut words = words_of(heading);
    words.retain(|word| !FRAME.contains(&word.as_str()));
    words
}

/// Why two texts are not to be merged, by the statements that answer each other; none when they may be. Texts that do
/// not `agree` in what they negate as wholes may be merged only when one of them has an answer to all that the other
/// says: then the negation stands in a statement that the other merely lacks. `titled` when they have the same title.
pub(super) fn first_contradiction(
    left: &Parts,
    right: &Parts,
    likeness: f64,
    agree: bool,
    titled: bool,
) -> Option<Reason> {
    let totals = (left.words(), right.words());
    let (left, right) = (left.own(right), right.own(left));
    if left.len() * right.len() > PAIR_LIMIT {
        return Some(Reason::TooLong);
    }
    let mut pairs = Vec::new();
    for (i, one) in left.iter().enumerate() {
        for (j, other) in right.iter().enumerate() {
            let likeness = if one.heading == other.heading { answer(one, other) } else { 0.0 };
            if likeness >= ANSWER_FLOOR {
                pairs.push((likeness, i, j));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let (mut taken_left, mut taken_right) = (BTreeSet::new(), BTreeSet::new());
    for (_, i, j) in pairs {
        if taken_left.contains(&i) || taken_right.contains(&j) {
            continue;
        }
        taken_left.insert(i);
        taken_right.insert(j);
        if let Some(found) = contradiction(&left[i].words, &right[j].words) {
            return Some(Reason::Words(found));
        }
    }
    let (left, right) = (Alone::of(&left, &taken_left, totals.0), Alone::of(&right, &taken_right, totals.1));
    if !left.headings.is_empty() && !right.headings.is_empty() {
        return Some(Reason::Words(Difference { left: left.headings, right: right.headings }));
    }
    let share = left.share.min(right.share);
    let limit = if titled { TITLED_ALONE_LIMIT } else { ALONE_LIMIT };
    (share > limit || (!agree && share > 0.0)).then_some(Reason::Unlike { likeness })
}

/// What one text says and the other does not answer.
struct Alone {
    headings: BTreeSet<String>,
    /// The share of the text's words.
    share: f64,
}

impl Alone {
    fn of(parts: &[&Part], taken: &BTreeSet<usize>, total: usize) -> Self {
        let alone = || parts.iter().enumerate().filter(|(index, _)| !taken.contains(index)).map(|(_, part)| part);
        let words: usize = alone().map(|part| part.words.len()).sum();
        Self {
            headings: alone().filter(|part| part.heading).flat_map(|part| part.words.iter().cloned()).collect(),
            share: words as f64 / total.max(1) as f64,
        }
    }
}

/// Twice the common words over all words, 0 to 1 (Dice).
fn answer(left: &Part, right: &Part) -> f64 {
    let all = left.set.len() + right.set.len();
    if all == 0 { 0.0 } else { (2 * similarity::common(&left.set, &right.set)) as f64 / all as f64 }
}
