//! Notes that say the same, word for word after normalisation: the oldest stays, the others are merged into it.

use std::collections::BTreeMap;

use commune_knowledge::{normalize, statement};

use super::{Work, order_of, same_standing};
use crate::memory::Note;

pub(super) fn apply(work: &mut Work<'_>) {
    let fresh: Vec<String> = work.fresh_movable().into_iter().map(|note| note.id.clone()).collect();
    let mut groups: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for id in &fresh {
        groups.extend(work.sketch(id).map(|sketch| (sketch.identity, Vec::new())));
    }
    if groups.is_empty() {
        return;
    }
    for (_, id) in work.movable().into_iter().map(order_of).collect::<Vec<_>>() {
        let group = work.sketch(&id).and_then(|sketch| groups.get_mut(&sketch.identity));
        group.into_iter().for_each(|group| group.push(id.clone()));
    }
    let mut merges = Vec::new();
    for group in groups.values().filter(|group| group.len() > 1) {
        // the oldest of each standing stays
        let mut kept: Vec<&Note> = Vec::new();
        for note in group.iter().filter_map(|id| work.notes.get(id)) {
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
                && normalize::identity(&older.text) == normalize::identity(&newer.text)
                && statement::missing(&older.text, &newer.text).is_empty()
                && statement::difference(&statement::claims(&older.text), &statement::claims(&newer.text)).is_none()))
}
