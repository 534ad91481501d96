//! Signs of life that say the same at different times: the oldest stays, with the span of all.

use std::collections::BTreeMap;

use commune_knowledge::log::{self, Beat, Moment};
use jiff::tz::TimeZone;

use super::{Work, daily_log::is_log, same_standing};
use crate::memory::Note;

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: BTreeMap<String, Vec<(usize, Beat)>> = BTreeMap::new();
    for place in work.fresh_movable() {
        groups.extend(beat(work.note(place)).map(|beat| (beat.identity, Vec::new())));
    }
    if groups.is_empty() {
        return;
    }
    for place in work.movable() {
        if let Some(beat) = beat(work.note(place))
            && let Some(group) = groups.get_mut(&beat.identity)
        {
            group.push((place, beat));
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
fn fold(work: &mut Work<'_>, mut group: Vec<(usize, Beat)>) {
    while !group.is_empty() {
        let (oldest, first) = group.remove(0);
        let same = |(place, _): &mut (usize, Beat)| same_standing(work.note(oldest), work.note(*place));
        let others: Vec<(usize, Beat)> = group.extract_if(.., same).collect();
        let Some((from, to)) = log::span(others.iter().map(|(_, beat)| beat).chain([&first])) else { continue };
        let text = log::folded(&work.note(oldest).text, from, to);
        for (place, _) in &others {
            work.merge(*place, oldest, text.clone());
        }
    }
}
