//! Notes that are alike: the oldest takes in the statements it does not have yet.
//!
//! **Notes whose claims differ in a number, a version, a name, a path or a negation are never merged.** Candidates come
//! from locality-sensitive hashing and from titles, so the work grows with the new notes and not with all pairs.

use std::sync::Arc;

use commune_knowledge::{
    duplicate::{self, Sketch},
    statement,
};

use super::{Work, same_standing, sketches::Text};
use crate::{intake::MESSAGE_LIMIT, memory::Note};

pub(super) fn apply(work: &mut Work<'_>) {
    if !work.fresh_movable().into_iter().any(|place| eligible(work.note(place))) {
        return;
    }
    let places: Vec<usize> = work.movable().into_iter().filter(|place| eligible(work.note(*place))).collect();
    let texts: Vec<Arc<Text>> = places.iter().map(|place| work.sketched(*place)).collect();
    let sketches: Vec<&Sketch> = texts.iter().filter_map(|text| text.sketch()).collect();
    let mut pairs = duplicate::candidates(&sketches, |index| work.is_fresh(places[index]));
    // notes are oldest first, so of a pair the first is the older one
    pairs.sort_by_key(|&(left, right)| (right, left));
    // the sketch of a note that took another in is that of its old text
    let mut grown = vec![false; places.len()];
    for (left, right) in pairs {
        if !grown[left] && !grown[right] && !sketches[left].may_match(sketches[right]) {
            continue;
        }
        let (older, newer) = (places[left], places[right]);
        if let Some(text) = merged(work, older, newer) {
            work.merge(newer, older, text);
            grown[left] = true;
        }
    }
}

/// Whole things are left alone; so is what has a key, since its statements would go when the key is superseded.
pub(super) fn eligible(note: &Note) -> bool {
    !note.is_whole() && note.key.is_empty()
}

/// The text of the older note with the newer one merged in; none when they are not to be merged.
fn merged(work: &mut Work<'_>, older: usize, newer: usize) -> Option<String> {
    let (left, right) = (work.note(older), work.note(newer));
    if !left.is_movable() || !right.is_movable() || !same_standing(left, right) || !work.alike(older, newer) {
        return None;
    }
    together(work.note(older), work.note(newer)).ok()
}

/// The text of the older note with the statements of the newer one that it lacks; why there can be none.
pub(super) fn together(older: &Note, newer: &Note) -> Result<String, &'static str> {
    let (text, whole) = statement::merge_and_check(&older.text, &newer.text);
    if text.len() > MESSAGE_LIMIT {
        return Err("together they would be longer than a note may be");
    }
    if !whole {
        return Err("merged, a statement of the newer one would be lost");
    }
    Ok(text)
}
