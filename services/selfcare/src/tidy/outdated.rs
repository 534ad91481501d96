//! Notes that a newer one says are no longer so: "the port is now 9090" takes the place of "the port is 8080".
//!
//! **Only what says nothing else is superseded**: where the older note has one more statement, or where the newer one does
//! not say that something changed, both stay and the brief shows them as contradicting.

use std::{collections::BTreeMap, sync::Arc};

use commune_knowledge::statement::{self, Assertion};

use super::{OUTDATED, Work, sketches::Text};
use crate::{
    memory::{Note, State},
    relations::says_how_things_are,
};

/// A subject of which more sentences speak than this is a list, and its sentences are not compared with each other.
const SAID_LIMIT: usize = 200;

pub(super) fn apply(work: &mut Work<'_>) {
    debug_assert_eq!(work.rule, OUTDATED);
    if !work.fresh_movable().into_iter().any(|place| may_be(work.note(place))) {
        return;
    }
    let places: Vec<usize> = work.movable().into_iter().filter(|place| may_be(work.note(*place))).collect();
    let texts: Vec<Arc<Text>> = places.iter().map(|place| work.text(*place)).collect();
    let said = |index: usize| texts[index].assertions(&work.note(places[index]).text);
    // what no new note speaks of was settled before
    let mut subjects: BTreeMap<u64, Vec<(usize, &Assertion)>> = BTreeMap::new();
    for index in (0..places.len()).filter(|index| work.is_fresh(places[*index])) {
        subjects.extend(said(index).iter().map(|assertion| (assertion.subject, Vec::new())));
    }
    for (index, place) in places.iter().enumerate() {
        for assertion in said(index) {
            if let Some(subject) = subjects.get_mut(&assertion.subject) {
                subject.push((*place, assertion));
            }
        }
    }
    let mut replaced: BTreeMap<usize, usize> = BTreeMap::new();
    let may_replace = |said: &&Vec<(usize, &Assertion)>| {
        said.len() <= SAID_LIMIT && said.iter().any(|(_, assertion)| assertion.changes)
    };
    for said in subjects.values().filter(may_replace) {
        for (position, (older, was)) in said.iter().enumerate() {
            // notes are oldest first; the next that says so takes its place
            let newer = said[position + 1..].iter().find(|(_, is)| is.changes && is.contradicts(was));
            if let Some((newer, _)) = newer.filter(|(newer, _)| newer != older && replaces(work, *newer, *older, was)) {
                replaced.entry(*older).or_insert(*newer);
            }
        }
    }
    for (older, newer) in replaced {
        work.remove(older, State::Superseded, Some(newer));
    }
}

fn may_be(note: &Note) -> bool {
    note.key.is_empty() && says_how_things_are(note)
}

fn replaces(work: &Work<'_>, newer: usize, older: usize, was: &Assertion) -> bool {
    let is_fresh = work.is_fresh(newer) || work.is_fresh(older);
    let (newer, older) = (work.note(newer), work.note(older));
    is_fresh && newer.visibility == older.visibility && says_only(was, newer, older)
}

/// True when all that the older note says and the newer one does not is this one assertion.
fn says_only(was: &Assertion, newer: &Note, older: &Note) -> bool {
    match statement::missing(&newer.text, &older.text).as_slice() {
        [] => true,
        [one] => {
            let headings =
                one.headings.iter().zip(1..).map(|(heading, level)| format!("{} {heading}\n\n", "#".repeat(level)));
            let said = statement::assertions(&(headings.collect::<String>() + &one.text));
            said.len() == 1 && said.iter().all(|(said, _)| said.values == was.values && said.negated == was.negated)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::{note, tidied};

    #[track_caller]
    fn check(texts: &[&str], expected: &[(State, &str)]) {
        let ids = ["a", "b", "c", "d"];
        let notes: Vec<Note> = ids.iter().zip(texts).map(|(id, text)| note(id, text)).collect();
        let memory = tidied(&notes);
        let states: Vec<(State, &str)> =
            notes.iter().map(|note| &memory.notes[&note.id]).map(|note| (note.state, note.into.as_str())).collect();
        assert_eq!(states, expected, "{texts:?}");
    }

    const ACTIVE: (State, &str) = (State::Active, "");

    #[test]
    fn what_is_no_longer_so_gives_way_to_what_says_that_it_changed() {
        let gone = |into| (State::Superseded, into);
        check(&["The gateway listens on port 8080.", "The gateway now listens on port 9090."], &[gone("b"), ACTIVE]);
        check(&["Backups of the board are kept.", "Backups of the board are no longer kept."], &[gone("b"), ACTIVE]);
        check(
            &["The port of the board is 80.", "The port of the board is now 81.", "The port of the board is now 82."],
            &[gone("b"), gone("c"), ACTIVE],
        );
    }

    #[test]
    fn in_doubt_both_stay() {
        check(&["The gateway listens on port 8080.", "The gateway listens on port 9090."], &[ACTIVE, ACTIVE]);
        check(&["The gateway now listens on port 8080.", "The gateway listens on port 9090."], &[ACTIVE, ACTIVE]);
        check(
            &["The gateway listens on port 8080. Ask heron first.", "The gateway now listens on port 9090."],
            &[ACTIVE, ACTIVE],
        );
        check(&["# Proxy\n\nThe port is 80.", "# Gateway\n\nThe port is now 81."], &[ACTIVE, ACTIVE]);
    }
}
