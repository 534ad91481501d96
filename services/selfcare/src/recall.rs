//! Recalling: an agent asks its own memory. Pure.
//!
//! Looked at are the working set and what waits for the next night. A note's value is not asked: **what has faded is found as
//! well as what is new**.

use std::{collections::BTreeMap, sync::Arc};

use commune_knowledge::recall::{Entry, Found, find};

use crate::{
    memory::{Memory, Note},
    tidy::Sketches,
};

/// Notes that a question may speak for.
pub const ANSWERING: usize = 3;
/// Questions of one agent that are counted in one day.
pub const QUESTIONS_A_DAY: u32 = 1_000;

/// From this share of its words on, by rarity, a note answers a question. Of 200 questions to 1,000 notes 199 have such an answer; with the
/// notes taken away that answer them, 16 (`bench/RESULTS.md`).
const FOUND_FLOOR: f64 = 0.7;
/// From this share on a note may be what was asked for: all 200, and 82.
const LOW_FLOOR: f64 = 0.4;
/// Or from this cosine on, in other words.
const NEAR_FLOOR: f64 = 0.5;

/// How certain a recollection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// One of the first notes says most of what was asked for.
    Found,
    /// Something is near it.
    Low,
    /// Nothing is.
    NotKnown,
}

/// What was found.
#[derive(Debug)]
pub struct Recollection<'a> {
    /// How certain it is.
    pub certainty: Certainty,
    /// The notes, best first; empty when nothing is known.
    pub notes: Vec<(&'a Note, f64)>,
    /// Notes that answer the question, best first.
    pub answering: Vec<&'a Note>,
}

/// What a memory and the notes that wait hold on a question, at most so many notes.
pub fn recall<'a>(
    memory: &'a Memory,
    waiting: &'a [Note],
    known: &Sketches,
    question: &str,
    most: usize,
) -> Recollection<'a> {
    // by id, so that equal notes come in the same order everywhere
    let notes: BTreeMap<&str, &Note> =
        waiting.iter().chain(memory.active()).map(|note| (note.id.as_str(), note)).collect();
    let notes: Vec<&Note> = notes.into_values().collect();
    let entries: Vec<Arc<Entry>> = notes.iter().map(|note| known.entry(&note.title, &note.text)).collect();
    let found = find(&entries.iter().map(AsRef::as_ref).collect::<Vec<_>>(), question, most.max(ANSWERING));
    let answers = |found: &&Found| found.coverage >= FOUND_FLOOR;
    let near = |found: &Found| found.coverage >= LOW_FLOOR || found.meaning >= NEAR_FLOOR;
    let answering: Vec<&Note> = found.iter().take(ANSWERING).filter(answers).map(|found| notes[found.index]).collect();
    let certainty = if !answering.is_empty() {
        Certainty::Found
    } else if found.iter().take(ANSWERING).any(near) {
        Certainty::Low
    } else {
        return Recollection { certainty: Certainty::NotKnown, notes: Vec::new(), answering };
    };
    let notes = found.iter().take(most).map(|found| (notes[found.index], found.score)).collect();
    Recollection { certainty, notes, answering }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{memory::State, tidy::tests::note};

    #[test]
    fn found_doubtful_and_not_known_are_three_answers() {
        let mut memory = Memory::default();
        let gone = Note { state: State::Superseded, ..note("c", "The lamp of the hall is on port 79.") };
        memory.put([note("a", "The lamp of the hall is on port 80."), note("b", "Cats sleep."), gone]);
        let waiting = [note("d", "The kettle is in the pantry.")];
        let ask = |question: &str| {
            let recalled = recall(&memory, &waiting, &Sketches::default(), question, 2);
            let ids = |notes: &[&Note]| notes.iter().map(|note| note.id.clone()).collect::<Vec<_>>();
            let notes: Vec<&Note> = recalled.notes.iter().map(|(note, _)| *note).collect();
            (recalled.certainty, ids(&notes), ids(&recalled.answering))
        };
        let (certainty, notes, answering) = ask("which port has the lamp in the hall?");
        assert_eq!((certainty, notes[0].as_str(), answering), (Certainty::Found, "a", vec!["a".to_owned()]));
        assert_eq!(ask("the kettle").2, ["d"], "what was noted today is recalled today");
        let (certainty, notes, answering) = ask("bulbs for the hall lamp");
        assert_eq!((certainty, notes[0].as_str(), answering), (Certainty::Low, "a", vec![]));
        assert_eq!(ask("salaries of the board"), (Certainty::NotKnown, vec![], vec![]));
    }
}
