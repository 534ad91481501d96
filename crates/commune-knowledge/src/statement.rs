//! Statements: the smallest pieces of a text that claim something, and what they claim.

mod asserted;
mod assertion;
mod bounds;
mod claims;
#[rustfmt::skip]
mod lexicon;
mod lines;
mod lookup;
mod merge;
mod provenance;
mod remove;
mod split;

use std::collections::BTreeSet;

use crate::similarity;

pub use asserted::{Asserted, asserted, replaced};
pub use assertion::{Assertion, assertions};
pub(crate) use claims::{
    CONTRARY_MARK, ENVIRONMENT_MARK, claims_of_stripped, content_words, content_words_of, with_ascii_digits,
};
pub use lines::{Line, lines};
pub(crate) use lookup::{group_of, known};
pub(crate) use provenance::without_provenance;
pub(crate) use split::{headings_and_unidentified, pieces, unidentified};

/// The smallest piece of a text that stands for itself: a sentence of a paragraph, a list item with its own
/// continuation, a table row, a whole code block, a quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The Markdown of it, byte for byte as in the text (without the blank line after it).
    pub text: String,
    /// The headings above it, outermost first.
    pub headings: Vec<String>,
    /// The key under which it is the same statement as another ([`crate::normalize::identity`]).
    pub identity: String,
    /// True for a code block.
    pub code: bool,
}

impl Statement {
    /// A short name of what it says: the same statement has the same one in every text, and for ever.
    pub fn id(&self) -> u64 {
        id(&self.identity)
    }
}

/// The id of what has this identity: the first 64 bits that XXH3 makes of it.
pub fn id(identity: &str) -> u64 {
    similarity::hash_word(identity)
}

/// The statements of a Markdown body, in order. Headings are not statements. Code blocks are kept whole.
pub fn statements(body: &str) -> Vec<Statement> {
    pieces(body).into_iter().map(|piece| piece.statement).collect()
}

/// The same [`statements`], read sooner: each has an empty `identity`.
pub fn said(body: &str) -> Vec<Statement> {
    unidentified(body).into_iter().map(|piece| piece.statement).collect()
}

/// What a text claims that must agree before it may be merged with another: numbers with their units, versions,
/// dates, paths, URLs, hosts, identifiers (`snake_case`, `--flags`, `E0308`, code spans), names, environments
/// (prod, staging, …), and polarity (not, never, no longer, disabled, kein, ne … pas, 不, …).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Numbers, versions, dates, paths, identifiers, names: each as a normalised token.
    pub tokens: BTreeSet<String>,
    /// Negations and switch words, normalised (`not`, `off`, …).
    pub polarity: BTreeSet<String>,
}

/// What a text claims. Who noted it and when (`noted by heron on 2026-11-22`, a date in brackets before a line)
/// is where the text comes from, not what it claims.
pub fn claims(text: &str) -> Claims {
    claims::claims(text)
}

/// A claim in which two texts differ; the reason why they are not merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Only in the first.
    pub left: BTreeSet<String>,
    /// Only in the second.
    pub right: BTreeSet<String>,
}

/// Compares what two texts claim. `None` when neither says anything that the other's claims contradict: their
/// claim tokens are equal, or one's are a subset of the other's **and** the polarity is equal. Two texts that
/// both have a token of their own differ; a contrary (`before`, `minimum`) counts
/// only against another of its group (`after`, `maximum`).
pub fn difference(left: &Claims, right: &Claims) -> Option<Difference> {
    let own =
        |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<BTreeSet<_>>();
    let tokens = (own(&left.tokens, &right.tokens), own(&right.tokens, &left.tokens));
    let polarity = (own(&left.polarity, &right.polarity), own(&right.polarity, &left.polarity));
    let contradict = contradict(&tokens.0, &tokens.1);
    if !contradict && polarity.0.is_empty() && polarity.1.is_empty() {
        return None;
    }
    let mut difference = Difference { left: polarity.0, right: polarity.1 };
    if contradict {
        difference.left.extend(tokens.0);
        difference.right.extend(tokens.1);
    }
    Some(difference)
}

/// True when both sides have a token of their own; one of a group of contraries counts only against its group.
fn contradict(left: &BTreeSet<String>, right: &BTreeSet<String>) -> bool {
    let groups = |tokens: &BTreeSet<String>| -> BTreeSet<String> {
        let group = |token: &String| match token.starts_with(CONTRARY_MARK) {
            true => token.split(' ').next().unwrap_or_default().to_owned(),
            false => String::new(),
        };
        tokens.iter().map(group).collect()
    };
    !groups(left).is_disjoint(&groups(right))
}

/// The statements of `addition` that `text` does not have (by identity), in order. A statement whose lines stand
/// in `text` one below the other, whatever they are part of there, is not missing.
pub fn missing(text: &str, addition: &str) -> Vec<Statement> {
    merge::missing(text, addition).into_iter().map(|piece| piece.statement).collect()
}

/// `text` with the statements added that it lacks, each under its own deepest heading where `text` has that
/// heading (compared by identity), else in a new section of that name at the end (or directly at the end when
/// it stands under no heading). Everything that was in `text` stays byte for byte. Idempotent.
pub fn merge(text: &str, addition: &str) -> String {
    merge::merge(text, addition).0
}

/// [`merge`], and whether every statement of `addition` stands in what came of it: nothing is [`missing`] from it.
pub fn merge_and_check(text: &str, addition: &str) -> (String, bool) {
    merge::merge(text, addition)
}

/// `text` without the statements of these identities. A heading goes with the last statement that stood under it, a table with
/// its last row; the title stays, and so does every other statement. What does not hold any of them is given back byte for byte.
pub fn without(text: &str, gone: &BTreeSet<String>) -> String {
    remove::without(text, gone)
}

#[cfg(test)]
mod tests;
