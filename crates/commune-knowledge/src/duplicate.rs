//! Duplicates: whether two texts say the same, and if not, why.
//!
//! **In doubt two texts differ.** A duplicate that is kept costs a line; a false merge costs a fact. Two texts are
//! near duplicates only when they share most of their words, their claims agree as a whole, and each pair of
//! sentences that answer each other differs in nothing but words known to mean the same.

mod contest;
mod likeness;
mod parts;
mod reading;
mod sketch;

use crate::normalize;
use crate::similarity;
use crate::statement::{
    Difference, claims, content_words, content_words_of, difference, known, with_ascii_digits, without_provenance,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use likeness::{Collection, Likeness, Profile};
pub use reading::Reading;
pub use sketch::{Sketch, candidates};

/// From this Jaccard index of their [`fingerprint`]s on two texts are compared claim by claim.
pub const NEAR_FLOOR: f64 = 0.4;

/// From this Jaccard index on, when they have the same title.
pub const TITLED_FLOOR: f64 = 0.25;

/// What a comparison of two texts says.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The same text but for its form ([`normalize::identity`]).
    Same,
    /// The same claims in nearly the same words.
    Near {
        /// The Jaccard index of the fingerprints.
        likeness: f64,
    },
    /// Not to be merged.
    Different(Reason),
}

impl Verdict {
    /// True when the two texts may be merged.
    pub fn is_duplicate(&self) -> bool {
        !matches!(self, Self::Different(_))
    }
}

/// Why two texts are not merged.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// They share too few words.
    Unlike {
        /// The Jaccard index of the fingerprints.
        likeness: f64,
    },
    /// What they claim differs as a whole.
    Claims(Difference),
    /// Two sentences that answer each other differ in a word, or in the order of their words.
    Words(Difference),
    /// They are too long to be compared statement by statement.
    TooLong,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |tokens: &BTreeSet<String>| tokens.iter().cloned().collect::<Vec<_>>().join(", ");
        match self {
            Self::Unlike { likeness } => write!(formatter, "too few words in common (likeness {likeness:.2})"),
            Self::Claims(found) => {
                write!(formatter, "claims differ: [{}] and [{}]", list(&found.left), list(&found.right))
            }
            Self::Words(found) => {
                write!(formatter, "a sentence differs: [{}] and [{}]", list(&found.left), list(&found.right))
            }
            Self::TooLong => formatter.write_str("too long to be compared statement by statement"),
        }
    }
}

/// Compares two Markdown bodies. Symmetric. Who compares many makes a [`Reading`] of each, once.
pub fn compare(left: &str, right: &str) -> Verdict {
    Reading::of(left).compare(&Reading::of(right))
}

/// True when two texts claim the same, whatever their likeness as a whole: for single statements.
pub fn same_claim(left: &str, right: &str) -> bool {
    normalize::identity(left) == normalize::identity(right)
        || (difference(&claims(left), &claims(right)).is_none()
            && contradiction(&words_of(left), &words_of(right)).is_none()
            && words_of(left).is_empty() == words_of(right).is_empty())
}

/// True when a statement says everything that another says, in whatever words: the same claims, and no word of the other's own.
pub(crate) fn says_all_of(statement: &str, other: &str) -> bool {
    let other_claims = claims(other);
    same_claim(statement, other)
        && other_claims.tokens.is_subset(&claims(statement).tokens)
        && own(&words_of(other), &words_of(statement)).is_empty()
}

/// The set of hashed words and neighbouring words of a text, sorted, by which duplicates are looked for: provenance
/// left out and words for the same read as one word, so that rewording and another order change little of it.
pub fn fingerprint(text: &str) -> Vec<u64> {
    print_of(&without_provenance(text))
}

fn print_of(stripped: &str) -> Vec<u64> {
    let text = with_ascii_digits(stripped);
    let words = content_words_of(&text);
    let mut hashes: Vec<u64> = words.iter().map(|word| similarity::hash_word(word)).collect();
    hashes.extend(words.windows(2).map(similarity::hash));
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The content words of a sentence with its code as written.
fn words_of(part: &str) -> Vec<String> {
    content_words(&without_provenance(part))
}

/// What keeps two sentences apart: each has a word of its own, or one has a negation or a qualifier that the other
/// has not, or their common words stand in another order.
fn contradiction(left: &[String], right: &[String]) -> Option<Difference> {
    let (own_left, own_right) = (own(left, right), own(right, left));
    let weighty = |words: &BTreeSet<String>| words.iter().any(|word| word == "not" || known(word).qualifier);
    let substituted = !own_left.is_empty() && !own_right.is_empty();
    let moved = !substituted && !is_subsequence(left, right) && !is_subsequence(right, left);
    if substituted || moved || weighty(&own_left) || weighty(&own_right) {
        return Some(Difference { left: own_left, right: own_right });
    }
    None
}

/// The words that `one` has more often than `other`.
fn own(one: &[String], other: &[String]) -> BTreeSet<String> {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for word in other {
        *left.entry(word).or_default() += 1;
    }
    one.iter()
        .filter(|word| match left.get_mut(word.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
        .cloned()
        .collect()
}

fn is_subsequence(part: &[String], whole: &[String]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|word| rest.any(|other| other == word))
}

#[cfg(test)]
mod tests;
