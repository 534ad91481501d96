//! Whose words a note may hold: the notes that were merged into it, and the log that it was cut out of. Ids only.
//!
//! **What is withdrawn takes along all that was drawn from it**: a note that others were merged into speaks for them, and an entry
//! of a log is a part of the log.

use std::collections::{BTreeMap, BTreeSet};

/// Most notes that a contribution names. A note with more sources is withdrawn whole with any one of them.
pub const SOURCES: usize = 1000;

/// The notes of one agent that others were merged into, or that were cut out of another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    merged: BTreeMap<String, Vec<String>>,
    part_of: BTreeMap<String, String>,
}

impl Lineage {
    /// Takes in a note as it is now.
    pub fn take(&mut self, note: &str, merged: &[String], part_of: &str) {
        self.forget(note);
        if !merged.is_empty() {
            self.merged.insert(note.to_owned(), merged.to_vec());
        }
        if !part_of.is_empty() {
            self.part_of.insert(note.to_owned(), part_of.to_owned());
        }
    }

    /// A note is not in the memory any more.
    pub fn forget(&mut self, note: &str) {
        self.merged.remove(note);
        self.part_of.remove(note);
    }

    /// The note and every note whose words it may hold; without what was merged into itself when only what it says `alone` is meant.
    pub fn sources(&self, note: &str, alone: bool) -> BTreeSet<String> {
        let first: Vec<&str> =
            if alone { self.part_of.get(note).map(String::as_str).into_iter().collect() } else { self.above(note) };
        let mut found = BTreeSet::from([note.to_owned()]);
        close(&mut found, first, |note| self.above(note));
        found
    }

    /// What a contribution of the note names: the note first, then its sources, as many as it may name.
    pub fn named(&self, note: &str, alone: bool) -> Vec<String> {
        let sources = self.sources(note, alone);
        std::iter::once(note.to_owned()).chain(sources.into_iter().filter(|id| id != note)).take(SOURCES).collect()
    }

    /// What is withdrawn with a note: the note, what was merged into it, and what was cut out of any of these.
    pub fn withdrawn_with(&self, note: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([note.to_owned()]);
        close(&mut found, self.below(note), |note| self.below(note));
        // what has more sources than it names
        let large = self.merged.keys().filter(|holder| self.sources(holder, false).len() > SOURCES);
        found.extend(large.filter(|holder| self.sources(holder, false).contains(note)).cloned());
        found
    }

    fn above(&self, note: &str) -> Vec<&str> {
        let merged = self.merged.get(note).into_iter().flatten();
        merged.chain(self.part_of.get(note)).map(String::as_str).collect()
    }

    fn below(&self, note: &str) -> Vec<&str> {
        let merged = self.merged.get(note).into_iter().flatten();
        let parts = self.part_of.iter().filter(|(_, log)| *log == note).map(|(part, _)| part);
        merged.chain(parts).map(String::as_str).collect()
    }
}

/// Adds what `next` leads to, from `first` on, each once.
fn close<'a>(found: &mut BTreeSet<String>, first: Vec<&'a str>, next: impl Fn(&str) -> Vec<&'a str>) {
    let mut open = first;
    while let Some(note) = open.pop() {
        if found.insert(note.to_owned()) {
            open.extend(next(note));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<String> {
        ids.map(str::to_owned).into()
    }

    fn lineage() -> Lineage {
        let mut lineage = Lineage::default();
        lineage.take("e1", &[], "log");
        lineage.take("e2", &[], "log");
        lineage.take("y", &["e1".into(), "x".into()], "");
        lineage.take("z", &["y".into()], "");
        lineage
    }

    #[test]
    fn a_note_speaks_for_what_was_merged_into_it_and_is_a_part_of_its_log() {
        let lineage = lineage();
        assert_eq!(lineage.sources("z", false), ids(["e1", "log", "x", "y", "z"]));
        assert_eq!(lineage.sources("z", true), ids(["z"]));
        assert_eq!(lineage.sources("e2", true), ids(["e2", "log"]), "a part of a log is never without it");
        assert_eq!(lineage.named("z", false)[0], "z");
        assert_eq!(lineage.withdrawn_with("log"), ids(["e1", "e2", "log"]));
        assert_eq!(lineage.withdrawn_with("y"), ids(["e1", "x", "y"]));
        assert_eq!(lineage.withdrawn_with("e1"), ids(["e1"]), "the other entry of the log stays");
    }

    #[test]
    fn what_has_more_sources_than_it_names_goes_with_any_of_them() {
        let many: Vec<String> = (0..SOURCES).map(|n| format!("n{n}")).collect();
        let mut lineage = Lineage::default();
        lineage.take("y", &many[1..], "");
        assert_eq!(lineage.named("y", false).len(), SOURCES);
        assert_eq!(lineage.withdrawn_with("n1"), ids(["n1"]), "all of them are named");
        lineage.take("y", &many, "");
        assert_eq!(lineage.named("y", false).len(), SOURCES, "one is left out");
        assert_eq!(lineage.withdrawn_with("n1"), ids(["n1", "y"]));
    }

    proptest! {
        /// Whatever refers to whatever, even in circles, a contribution of a note that holds words of a withdrawn one is met.
        #[test]
        fn what_holds_words_of_a_withdrawn_note_names_one_that_is_withdrawn(
            links in prop::collection::vec((0..8_u8, 0..8_u8, any::<bool>()), 0..16), withdrawn in 0..8_u8,
        ) {
            let mut merged: BTreeMap<String, Vec<String>> = BTreeMap::new();
            let mut part_of: BTreeMap<String, String> = BTreeMap::new();
            for (from, to, part) in links {
                if part {
                    part_of.insert(from.to_string(), to.to_string());
                } else {
                    merged.entry(from.to_string()).or_default().push(to.to_string());
                }
            }
            let lineage = Lineage { merged, part_of };
            let gone = lineage.withdrawn_with(&withdrawn.to_string());
            for note in 0..8_u8 {
                let sources = lineage.sources(&note.to_string(), false);
                prop_assert!(sources.contains(&note.to_string()));
                if sources.contains(&withdrawn.to_string()) {
                    let named = lineage.named(&note.to_string(), false);
                    prop_assert!(named.iter().any(|id| gone.contains(id)), "{named:?} and {gone:?}");
                }
            }
        }
    }
}
