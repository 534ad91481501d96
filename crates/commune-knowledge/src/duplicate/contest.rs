//! What two texts claim as wholes.
//!
//! A claim counts only against one of its kind: a sentence that one text has in addition may name an environment,
//! another of the other text a command. Whether sentences that answer each other agree is looked at apart.

use crate::similarity::hash_word;
use crate::statement::{CONTRARY_MARK, Claims, ENVIRONMENT_MARK};
use std::sync::Arc;

/// Bits of a token that say its kind.
const KIND: u64 = 63;

/// The claims of a text, made to be compared with those of many others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contest {
    /// Each claim by its hash, whose last bits say its kind; sorted.
    tokens: Arc<[u64]>,
}

impl Contest {
    pub(super) fn of(claims: &Claims) -> Self {
        let mut tokens: Vec<u64> = claims.tokens.iter().map(|token| hash_word(token) & !KIND | kind(token)).collect();
        tokens.sort_unstable();
        Self { tokens: tokens.into() }
    }

    /// True when each of the two claims something of a kind that the other does not claim.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.tokens.iter().peekable(), other.tokens.iter().peekable());
        let mut own = (0, 0);
        loop {
            let ordering = match (left.peek(), right.peek()) {
                (Some(one), Some(two)) => one.cmp(two),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return false,
            };
            if ordering.is_le() {
                let kind = left.next().map_or(0, |token| 1_u64 << (token & KIND));
                own.0 |= if ordering.is_lt() { kind } else { 0 };
            }
            if ordering.is_ge() {
                let kind = right.next().map_or(0, |token| 1_u64 << (token & KIND));
                own.1 |= if ordering.is_gt() { kind } else { 0 };
            }
            if own.0 & own.1 != 0 {
                return true;
            }
        }
    }
}

/// The kind of a claim, up to 63. Of the groups of contraries each has its own; two that share one (there are more
/// groups than bits only if the lexicon grows) would be held against each other, which keeps texts apart.
fn kind(token: &str) -> u64 {
    if token.starts_with(CONTRARY_MARK) {
        let group = token.split(' ').next().unwrap_or_default();
        4 + crate::statement::group_of(group.trim_start_matches(CONTRARY_MARK)).min(59) as u64
    } else if token.starts_with(ENVIRONMENT_MARK) {
        0
    } else if token.starts_with(|char: char| char.is_ascii_digit()) {
        1
    } else if token.chars().all(char::is_alphabetic) {
        2
    } else {
        3
    }
}
