//! Notes in which nothing is written: a heading without a word under it, an empty template. They are archived.

use commune_knowledge::document;

use super::Work;
use crate::memory::State;

pub(super) fn apply(work: &mut Work<'_>) {
    let stubs: Vec<String> = work
        .fresh_movable()
        .into_iter()
        .filter(|note| !note.is_whole() && document::is_empty(&note.text))
        .map(|note| note.id.clone())
        .collect();
    for id in stubs {
        work.remove(&id, State::Archived, "");
    }
}
