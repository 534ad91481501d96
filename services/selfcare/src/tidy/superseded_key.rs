//! Notes with the same key: the newest stays, the older ones were superseded by it, on the agent's own word.

use std::collections::BTreeMap;

use super::Work;
use crate::memory::State;

pub(super) fn apply(work: &mut Work<'_>) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for place in work.fresh_movable() {
        groups.insert(work.note(place).key.clone(), Vec::new());
    }
    groups.remove("");
    if groups.is_empty() {
        return;
    }
    for place in work.movable() {
        if let Some(group) = groups.get_mut(&work.note(place).key) {
            group.push(place);
        }
    }
    for group in groups.values() {
        if let Some((newest, older)) = group.split_last() {
            older.iter().for_each(|place| work.remove(*place, State::Superseded, Some(*newest)));
        }
    }
}
