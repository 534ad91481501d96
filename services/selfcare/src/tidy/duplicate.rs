//! Notes that say the same, word for word after normalisation: the oldest stays, the others are merged into it.

use commune_knowledge::{normalize, statement};
use rustc_hash::FxHashMap;

use super::{Work, same_standing};
use crate::memory::Note;

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for place in work.fresh_movable() {
        groups.extend(identity(work, place).map(|identity| (identity, Vec::new())));
    }
    if groups.is_empty() {
        return;
    }
    for place in work.movable() {
        let group = identity(work, place).and_then(|identity| groups.get_mut(&identity));
        group.into_iter().for_each(|group| group.push(place));
    }
    let mut merges = Vec::new();
    for group in groups.values().filter(|group| group.len() > 1) {
        // the oldest of each standing stays
        let mut kept: Vec<usize> = Vec::new();
        for place in group {
            let replaces = |older: &&usize| {
                (work.is_fresh(**older) || work.is_fresh(*place)) && replaces(work.note(**older), work.note(*place))
            };
            match kept.iter().find(replaces) {
                Some(older) => merges.push((*place, *older)),
                None => kept.push(*place),
            }
        }
    }
    merges.sort_unstable();
    for (place, into) in merges {
        let text = work.note(into).text.clone();
        work.merge(place, into, text);
    }
}

fn identity(work: &mut Work<'_>, place: usize) -> Option<u64> {
    work.sketched(place).sketch().map(|sketch| sketch.identity)
}

fn replaces(older: &Note, newer: &Note) -> bool {
    same_standing(older, newer)
        && (older.text == newer.text
            || (!older.is_whole()
                && normalize::identity(&older.text) == normalize::identity(&newer.text)
                && statement::missing(&older.text, &newer.text).is_empty()
                && statement::difference(&statement::claims(&older.text), &statement::claims(&newer.text)).is_none()))
}
