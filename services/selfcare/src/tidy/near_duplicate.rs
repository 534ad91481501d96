//! Notes that are alike: the oldest takes in the statements it does not have yet.
//!
//! **Notes whose claims differ in a number, a version, a name, a path or a negation are never merged.** Candidates come
//! from locality-sensitive hashing, so the work grows with the notes and not with their pairs.

use std::collections::BTreeMap;

use commune_knowledge::{
    duplicate::{self, NEAR_FLOOR},
    similarity::{self, Signature},
    statement,
};

use super::{Work, order_of, same_standing};
use crate::{intake::MESSAGE_LIMIT, memory::Note};

pub(super) fn apply(work: &mut Work<'_>) {
    if !work.fresh_movable().into_iter().any(eligible) {
        return;
    }
    let notes: Vec<Note> = work.movable().into_iter().filter(|note| eligible(note)).cloned().collect();
    let prints: Vec<Vec<u64>> = notes.iter().map(|note| duplicate::fingerprint(&note.text)).collect();
    let signatures: Vec<Signature> = prints.iter().map(|print| similarity::signature(print)).collect();
    let mut pairs: Vec<(usize, usize)> = similarity::candidate_pairs(&signatures)
        .into_iter()
        .filter(|&(left, right)| work.is_fresh(&notes[left].id) || work.is_fresh(&notes[right].id))
        .collect();
    // notes are oldest first, so of a pair the first is the older one
    pairs.sort_by_key(|&(left, right)| (order_of(&notes[right]), order_of(&notes[left])));
    // fingerprints of notes that took others in; the others' stay as they were
    let mut grown: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (left, right) in pairs {
        let (older, newer) = (notes[left].id.clone(), notes[right].id.clone());
        let likeness = similarity::jaccard(
            grown.get(&older).unwrap_or(&prints[left]),
            grown.get(&newer).unwrap_or(&prints[right]),
        );
        if likeness < NEAR_FLOOR {
            continue;
        }
        if let Some(text) = merged(work, &older, &newer) {
            grown.insert(older.clone(), duplicate::fingerprint(&text));
            work.merge(&newer, &older, text);
        }
    }
}

/// Whole things are left alone; so is what has a key, since its statements would go when the key is superseded.
fn eligible(note: &Note) -> bool {
    !note.is_whole() && note.key.is_empty()
}

/// The text of the older note with the newer one merged in; none when they are not to be merged.
fn merged(work: &Work<'_>, older: &str, newer: &str) -> Option<String> {
    let (left, right) = (work.notes.get(older)?, work.notes.get(newer)?);
    let alike = left.is_movable()
        && right.is_movable()
        && same_standing(left, right)
        && duplicate::compare(&left.text, &right.text).is_duplicate();
    if !alike {
        return None;
    }
    let text = statement::merge(&left.text, &right.text);
    (text.len() <= MESSAGE_LIMIT && statement::missing(&text, &right.text).is_empty()).then_some(text)
}
