//! Notes in which nothing is written: a heading without a word under it, an empty template. They are archived.

use commune_knowledge::document;

use super::Work;
use crate::memory::{Note, State};

pub(super) fn apply(work: &mut Work<'_>) {
    let is_stub = |note: &Note| !note.is_whole() && document::is_empty(&note.text);
    for place in work.fresh_movable() {
        if is_stub(work.note(place)) {
            work.remove(place, State::Archived, None);
        }
    }
}
