//! How the notes of a memory stand to each other: which contradict, and which one replaced another. Pure.
//!
//! **A contradiction moves nothing.** When it is not certain which of two notes holds, both stay and are shown with their
//! dates; only a note that says itself that something changed takes another's place (the rule `outdated`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::statement::Assertion;
use rustc_hash::FxHashSet;

use crate::{
    memory::{Note, State},
    tidy::{OUTDATED, Sketches, Text},
    value::Class,
};

/// A subject of which more different values are known than this is a list of things and no contradiction.
const VALUES_LIMIT: usize = 3;

/// How notes stand to each other.
#[derive(Debug, Default)]
pub struct Relations<'a> {
    contradicted_by: BTreeMap<&'a str, &'a str>,
    contradicting: BTreeSet<&'a str>,
    replaced: BTreeMap<&'a str, Vec<&'a str>>,
}

/// True for a note whose sentences say how things are, and not what happened.
pub fn says_how_things_are(note: &Note) -> bool {
    !note.is_whole() && matches!(Class::of(&note.kind), Class::Decision | Class::Lesson | Class::Pattern)
}

impl<'a> Relations<'a> {
    /// The relations of notes of every state.
    pub fn of(notes: impl Iterator<Item = &'a Note>, known: &Sketches) -> Self {
        let mut relations = Self::default();
        let mut asserting: Vec<(&Note, Arc<Text>)> = Vec::new();
        for note in notes {
            if note.state == State::Superseded && note.rule == OUTDATED {
                relations.replaced.entry(&note.into).or_default().push(&note.id);
            } else if note.is_active() && says_how_things_are(note) {
                asserting.push((note, known.of(&note.text)));
            }
        }
        // most subjects are spoken of once
        let (mut seen, mut again) = (FxHashSet::default(), FxHashSet::default());
        for assertion in asserting.iter().flat_map(|(note, text)| text.assertions(&note.text)) {
            if !seen.insert(assertion.subject) {
                again.insert(assertion.subject);
            }
        }
        let mut subjects: BTreeMap<u64, Vec<(&Note, &Assertion)>> = BTreeMap::new();
        for (note, text) in &asserting {
            let said = text.assertions(&note.text).iter();
            for assertion in said.filter(|assertion| again.contains(&assertion.subject)) {
                subjects.entry(assertion.subject).or_default().push((note, assertion));
            }
        }
        for mut said in subjects.into_values() {
            let values: BTreeSet<(&[u64], bool)> =
                said.iter().map(|(_, said)| (said.values.as_slice(), said.negated)).collect();
            if values.len() < 2 || values.len() > VALUES_LIMIT {
                continue;
            }
            said.sort_by(|left, right| left.0.order().cmp(&right.0.order()));
            let Some(((newest, holds), older)) = said.split_last() else { continue };
            let contradicted = older.iter().filter(|(note, said)| note.id != newest.id && said.contradicts(holds));
            relations.contradicted_by.extend(contradicted.map(|(note, _)| (note.id.as_str(), newest.id.as_str())));
        }
        relations.contradicting = relations.contradicted_by.values().copied().collect();
        relations.replaced.values_mut().for_each(|replaced| replaced.sort_unstable());
        relations
    }

    /// The newest note of the working set that contradicts this one.
    pub fn contradicted_by(&self, note: &Note) -> Option<&'a str> {
        self.contradicted_by.get(note.id.as_str()).copied()
    }

    /// True for a note that neither contradicts another nor is contradicted.
    pub fn is_alone(&self, note: &Note) -> bool {
        let id = note.id.as_str();
        !self.contradicted_by.contains_key(id) && !self.contradicting.contains(id)
    }

    /// The note that contradicts this one and that none contradicts; the note itself where none does. By id.
    pub fn newest_of<'b>(&self, id: &'b str) -> &'b str
    where
        'a: 'b,
    {
        let mut newest = id;
        // a newer note is never contradicted by an older one, so this ends
        while let Some(newer) = self.contradicted_by.get(newest) {
            newest = newer;
        }
        newest
    }

    /// The notes that this one replaced because it says that something changed, by id.
    pub fn replaced_by(&self, note: &Note) -> &[&'a str] {
        self.replaced.get(note.id.as_str()).map_or(&[], Vec::as_slice)
    }

    /// How many notes of the working set a newer one contradicts.
    pub fn contradicted(&self) -> usize {
        self.contradicted_by.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::tests::note;

    fn contradicted(notes: &[Note]) -> Vec<(String, String)> {
        let relations = Relations::of(notes.iter(), &Sketches::default());
        let pair = |note: &Note| Some((note.id.clone(), relations.contradicted_by(note)?.to_owned()));
        notes.iter().filter_map(pair).collect()
    }

    #[test]
    fn the_newest_contradicts_the_older_ones() {
        let ports = [note("a", "The gateway listens on port 80."), note("b", "The gateway listens on port 81.")];
        assert_eq!(contradicted(&ports), [("a".to_owned(), "b".to_owned())]);
        let logs = ports.clone().map(|note| Note { kind: "log".to_owned(), ..note });
        assert_eq!(contradicted(&logs), [], "a log tells what happened");
        let one = note("c", "The gateway listens on port 80. The gateway listens on port 81.");
        assert_eq!(contradicted(&[one]), []);
    }

    #[test]
    fn a_list_of_things_contradicts_nothing() {
        let notes: Vec<Note> =
            (0..5).map(|n| note(&format!("n{n}"), &format!("The gateway listens on port {}.", 80 + n))).collect();
        assert_eq!(contradicted(&notes), []);
    }
}
