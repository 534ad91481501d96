//! Notes that say the same, word for word after normalisation: the oldest stays, the others are merged into it.

use std::collections::BTreeMap;

use commune_knowledge::{normalize, statement};

use super::{Work, same_standing};
use crate::memory::Note;

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: BTreeMap<String, Vec<&Note>> =
        work.fresh_movable().into_iter().map(|note| (normalize::identity(&note.text), Vec::new())).collect();
    if groups.is_empty() {
        return;
    }
    for note in work.movable() {
        if let Some(group) = groups.get_mut(&normalize::identity(&note.text)) {
            group.push(note);
        }
    }
    let mut merges = Vec::new();
    for group in groups.values() {
        // the oldest of each standing stays
        let mut kept: Vec<&Note> = Vec::new();
        for note in group {
            match kept
                .iter()
                .find(|older| replaces(older, note) && (work.is_fresh(&older.id) || work.is_fresh(&note.id)))
            {
                Some(older) => merges.push((note.id.clone(), older.id.clone(), older.text.clone())),
                None => kept.push(note),
            }
        }
    }
    for (id, into, text) in merges {
        work.merge(&id, &into, text);
    }
}

fn replaces(older: &Note, newer: &Note) -> bool {
    same_standing(older, newer)
        && (older.text == newer.text
            || (!older.is_whole()
                && statement::missing(&older.text, &newer.text).is_empty()
                && statement::difference(&statement::claims(&older.text), &statement::claims(&newer.text)).is_none()))
}
