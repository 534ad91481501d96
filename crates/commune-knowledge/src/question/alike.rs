//! When two wordings are one need.

use std::collections::BTreeSet;

use super::{
    Question,
    intent::{Intent, compatible},
    words::{Word, folded},
};
use crate::statement::{self, Claims};

/// From this cosine on, one word that only one of two questions has does not narrow it.
const SAME_MEANING: f64 = 0.92;
/// So many words must be in common before one more is let pass.
const IN_COMMON: usize = 3;

/// True when two questions ask for the same: they want the same kind of answer, claim nothing different (figures,
/// names, flags, versions, negation, environments), and are about the same words, whatever their endings and order. One word
/// more on one side is let pass where three are in common and the meaning of the whole stays where it was.
/// Symmetric; what is asked twice word for word is the same.
pub fn same(left: &Question, right: &Question) -> bool {
    if left.is_empty() || right.is_empty() {
        return left.all == right.all;
    }
    compatible(left.intent, right.intent)
        && claims_agree(left, right)
        && about_the_same(left, right)
        && !turned_round(left, right)
}

fn claims_agree(left: &Question, right: &Question) -> bool {
    statement::difference(&left.claims, &right.claims).is_none()
        && covered(&left.claims, right)
        && covered(&right.claims, left)
}

fn covered(claims: &Claims, other: &Question) -> bool {
    covered_by(claims, &other.claims.tokens, &other.all)
}

/// Every figure, name and flag is claimed by the other text too, or stands in it as words at least.
pub(super) fn covered_by(claims: &Claims, tokens: &BTreeSet<String>, words: &BTreeSet<String>) -> bool {
    claims.tokens.iter().all(|token| is_contrary(token) || tokens.contains(token) || has_words(words, token))
}

/// A word of a group of contraries contradicts only another of the group, which the difference sees.
fn is_contrary(token: &str) -> bool {
    token.starts_with('≠') || token == "on"
}

fn has_words(all: &BTreeSet<String>, token: &str) -> bool {
    let words = folded(token);
    !token.starts_with(|c: char| c.is_ascii_digit())
        && !token.starts_with("environment ")
        && !words.is_empty()
        && words.iter().all(|word| all.contains(word))
}

fn about_the_same(left: &Question, right: &Question) -> bool {
    let lacking = |one: &[Word], other: &[Word]| one.iter().filter(|word| !other.iter().any(|o| o.is(word))).count();
    let (more, less) = (lacking(&left.words, &right.words), lacking(&right.words, &left.words));
    match (more, less) {
        (0, 0) => true,
        (1, 0) | (0, 1) => {
            let common = left.words.len().min(right.words.len());
            let near = left.vector.as_ref().zip(right.vector.as_ref()).map_or(0.0, |(l, r)| l.cosine(r));
            common >= IN_COMMON && near >= SAME_MEANING
        }
        _ => false,
    }
}

/// `from staging to production` is not `from production to staging`, and who blocks whom matters.
fn turned_round(left: &Question, right: &Question) -> bool {
    let after = |question: &Question, direction: &str| -> Vec<Word> {
        let words = question.directions.iter().filter(|(d, _)| *d == direction);
        words.map(|(_, word)| word.clone()).collect()
    };
    let stands_elsewhere = |(direction, word): &(&str, Word)| {
        let (here, there) = (after(left, direction), after(right, direction));
        // one that agrees is enough: `get rid of` says `of` as well
        !here.iter().any(|word| there.iter().any(|other| other.is(word)))
            && right.words.iter().any(|other| other.is(word))
            && there.iter().any(|other| left.words.iter().any(|word| word.is(other)))
    };
    left.directions.iter().any(stands_elsewhere) || exchanged(&left.words, &right.words, left.intent)
}

/// True when the words are the same in the same places, but for two that stand in each other's. A yes or no, and a reason,
/// depend on which comes first.
fn exchanged(left: &[Word], right: &[Word], intent: Intent) -> bool {
    if left.len() != right.len() || !matches!(intent, Intent::Whether | Intent::Why) {
        return false;
    }
    let moved: Vec<usize> = (0..left.len()).filter(|at| !left[*at].is(&right[*at])).collect();
    matches!(moved.as_slice(), [a, b] if left[*a].is(&right[*b]) && left[*b].is(&right[*a]))
}
