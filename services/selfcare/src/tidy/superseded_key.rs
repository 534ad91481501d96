//! Notes with the same key: the newest stays, the older ones were superseded by it, on the agent's own word.

use std::collections::BTreeMap;

use super::Work;
use crate::memory::{Note, State};

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: BTreeMap<&str, Vec<&Note>> = work
        .fresh_movable()
        .into_iter()
        .filter(|note| !note.key.is_empty())
        .map(|note| (note.key.as_str(), Vec::new()))
        .collect();
    for note in work.movable() {
        if let Some(group) = groups.get_mut(note.key.as_str()) {
            group.push(note);
        }
    }
    let mut superseded = Vec::new();
    for group in groups.values() {
        if let Some((newest, older)) = group.split_last() {
            superseded.extend(older.iter().map(|note| (note.id.clone(), newest.id.clone())));
        }
    }
    for (id, into) in superseded {
        work.remove(&id, State::Superseded, &into);
    }
}
