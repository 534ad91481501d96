//! Signs of life that say the same at different times: the oldest stays, with the span of all.

use std::collections::BTreeMap;

use commune_knowledge::log::{self, Beat, Moment};
use jiff::tz::TimeZone;

use super::{Work, daily_log::is_log, same_standing};
use crate::memory::Note;

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: BTreeMap<String, Vec<(String, Beat)>> =
        work.fresh_movable().into_iter().filter_map(beat).map(|beat| (beat.identity, Vec::new())).collect();
    if groups.is_empty() {
        return;
    }
    for note in work.movable() {
        if let Some(beat) = beat(note)
            && let Some(group) = groups.get_mut(&beat.identity)
        {
            group.push((note.id.clone(), beat));
        }
    }
    for group in groups.into_values() {
        fold(work, group);
    }
}

/// A note as a sign of life; none for every other.
pub(super) fn beat(note: &Note) -> Option<Beat> {
    if !is_log(note) {
        return None;
    }
    let at = TimeZone::UTC.to_datetime(note.logged_at);
    let logged = Moment { day: note.logged_on.to_string(), time: at.strftime("%H:%M").to_string() };
    log::beat(&note.text, &logged)
}

/// Folds the signs of life of each standing into the oldest; notes come oldest first.
fn fold(work: &mut Work<'_>, mut group: Vec<(String, Beat)>) {
    while !group.is_empty() {
        let (oldest, first) = group.remove(0);
        let same = |(id, _): &mut (String, Beat)| {
            work.notes.get(&oldest).zip(work.notes.get(id)).is_some_and(|(one, other)| same_standing(one, other))
        };
        let others: Vec<(String, Beat)> = group.extract_if(.., same).collect();
        let span = log::span(others.iter().map(|(_, beat)| beat).chain([&first]));
        let Some((note, (from, to))) = work.notes.get(&oldest).zip(span) else { continue };
        let text = log::folded(&note.text, from, to);
        for (id, _) in &others {
            work.merge(id, &oldest, text.clone());
        }
    }
}
