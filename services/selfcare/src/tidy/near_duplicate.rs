//! Notes that are alike: the oldest takes in the statements it does not have yet.
//!
//! **Notes whose claims differ in a number, a version, a name, a path or a negation are never merged.** Candidates come
//! from locality-sensitive hashing, so the work grows with the notes and not with their pairs.

use std::collections::BTreeMap;

use commune_knowledge::{
    normalize,
    similarity::{self, Signature},
    statement::{self, Claims},
};

use super::{Work, order_of, same_standing};
use crate::{intake::MESSAGE_LIMIT, memory::Note};

/// A note as this rule compares it.
struct Seen {
    shingles: Vec<u64>,
    claims: Claims,
}

pub(super) fn apply(work: &mut Work<'_>) {
    if !work.fresh_movable().into_iter().any(eligible) {
        return;
    }
    let notes: Vec<Note> = work.movable().into_iter().filter(|note| eligible(note)).cloned().collect();
    let shingles: Vec<Vec<u64>> = notes.iter().map(|note| similarity::shingles(&note.text)).collect();
    let signatures: Vec<Signature> = shingles.iter().map(|set| similarity::signature(set)).collect();
    let mut pairs: Vec<(usize, usize)> = similarity::candidate_pairs(&signatures)
        .into_iter()
        .filter(|&(left, right)| work.is_fresh(&notes[left].id) || work.is_fresh(&notes[right].id))
        .collect();
    // notes are oldest first, so of a pair the first is the older one
    pairs.sort_by_key(|&(left, right)| (order_of(&notes[right]), order_of(&notes[left])));
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    for (left, right) in pairs {
        let (older, newer) = (&notes[left].id, &notes[right].id);
        for id in [older, newer] {
            if let Some(note) = work.notes.get(id).filter(|_| !seen.contains_key(id)) {
                seen.insert(id.clone(), Seen::of(&note.text));
            }
        }
        if let Some(text) = merged(work, &seen, older, newer) {
            seen.insert(older.clone(), Seen::of(&text));
            let (older, newer) = (older.clone(), newer.clone());
            work.merge(&newer, &older, text);
        }
    }
}

/// Whole things are left alone; so is what has a key, since its statements would go when the key is superseded.
fn eligible(note: &Note) -> bool {
    !note.is_whole() && note.key.is_empty()
}

impl Seen {
    fn of(text: &str) -> Self {
        Self { shingles: similarity::shingles(text), claims: statement::claims(text) }
    }
}

/// The text of the older note with the newer one merged in; none when they are not to be merged.
fn merged(work: &Work<'_>, seen: &BTreeMap<String, Seen>, older: &str, newer: &str) -> Option<String> {
    let (left, right) = (work.notes.get(older)?, work.notes.get(newer)?);
    let (left_seen, right_seen) = (seen.get(older)?, seen.get(newer)?);
    let alike = left.is_movable()
        && right.is_movable()
        && same_standing(left, right)
        && similarity::jaccard(&left_seen.shingles, &right_seen.shingles) >= work.limits.near_duplicate
        && statement::difference(&left_seen.claims, &right_seen.claims).is_none()
        && !exchanged(&left.text, &right.text);
    if !alike {
        return None;
    }
    let text = statement::merge(&left.text, &right.text);
    (text.len() <= MESSAGE_LIMIT && statement::missing(&text, &right.text).is_empty()).then_some(text)
}

/// True when two statements use the same words in another order (`a before b`, `b before a`): the claims of the
/// notes are the same set, and yet they may say the opposite.
fn exchanged(left: &str, right: &str) -> bool {
    let words = |text: &str| {
        let mut words = normalize::words(text);
        words.sort();
        words
    };
    let only_left: Vec<_> = statement::missing(right, left).iter().map(|s| words(&s.text)).collect();
    statement::missing(left, right).iter().any(|s| only_left.contains(&words(&s.text)))
}
