//! What was shared, withdrawn and asked (stream AID): contributions by night, where they are, and needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::asked::Asked;

/// Where a contribution is; its text is fetched when it is curated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The contribution.
    pub id: String,
    /// Who shared it.
    pub agent: String,
    /// Its sequence in AID.
    pub sequence: u64,
    /// The notes that it was drawn from.
    pub notes: Vec<String>,
}

/// Contributions and needs, as the stream says.
#[derive(Debug, Clone, Default)]
pub struct Commons {
    nights: BTreeMap<String, BTreeMap<String, Shared>>,
    positions: BTreeMap<String, usize>,
    /// By contribution, its sequence.
    sequences: BTreeMap<String, u64>,
    /// By agent, the notes that it withdrew.
    withdrawn: BTreeMap<String, BTreeSet<String>>,
    /// Contributions that were drawn from those.
    gone: BTreeSet<String>,
    asked: Asked,
}

impl Commons {
    /// A contribution was shared in a night. The first message of a contribution counts.
    pub fn shared(&mut self, night: &str, shared: Shared) {
        if self.names_withdrawn(&shared) {
            self.gone.insert(shared.id.clone());
        }
        self.sequences.entry(shared.id.clone()).or_insert(shared.sequence);
        self.nights.entry(night.to_owned()).or_default().entry(shared.id.clone()).or_insert(shared);
    }

    /// An agent withdrew notes. **What was drawn from them counts no more, whenever it was or will be shared.**
    pub fn withdrawn(&mut self, agent: String, notes: impl IntoIterator<Item = String>) {
        self.withdrawn.entry(agent).or_default().extend(notes);
        let shared = self.nights.values().flat_map(BTreeMap::values);
        let gone: Vec<String> = shared.filter(|s| self.names_withdrawn(s)).map(|s| s.id.clone()).collect();
        self.gone.extend(gone);
    }

    fn names_withdrawn(&self, shared: &Shared) -> bool {
        self.withdrawn.get(&shared.agent).is_some_and(|notes| shared.notes.iter().any(|note| notes.contains(note)))
    }

    /// Whether a contribution was drawn from a withdrawn note.
    pub fn is_withdrawn(&self, contribution: &str) -> bool {
        self.gone.contains(contribution)
    }

    /// Contributions that were drawn from withdrawn notes, by id.
    pub fn all_withdrawn(&self) -> impl Iterator<Item = &String> {
        self.gone.iter()
    }

    /// Where a contribution is in AID.
    pub fn sequence_of(&self, contribution: &str) -> Option<u64> {
        self.sequences.get(contribution).copied()
    }

    /// A session named its contributions in order.
    pub fn session(&mut self, contributions: impl IntoIterator<Item = String>) {
        self.positions.extend(contributions.into_iter().enumerate().map(|(at, id)| (id, at)));
    }

    /// What was asked.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// What was asked, to be added to.
    pub fn asked_mut(&mut self) -> &mut Asked {
        &mut self.asked
    }

    /// The contributions of a night by (agent, position in the session): an order that does not depend on arrival.
    pub fn of_night(&self, night: &str) -> Vec<Shared> {
        let mut shared: Vec<Shared> = self.nights.get(night).into_iter().flat_map(|n| n.values()).cloned().collect();
        let position = |s: &Shared| self.positions.get(&s.id).copied().unwrap_or(usize::MAX);
        shared.sort_by(|l, r| l.agent.cmp(&r.agent).then(position(l).cmp(&position(r))).then(l.id.cmp(&r.id)));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_by_agent_and_session() {
        let mut commons = Commons::default();
        for (id, agent) in [("3", "bob"), ("1", "ada"), ("2", "ada")] {
            commons.shared("n", Shared { id: id.into(), agent: agent.into(), sequence: 1, notes: vec![] });
        }
        commons.session(["2".to_owned(), "1".to_owned()]);
        let ids: Vec<String> = commons.of_night("n").into_iter().map(|s| s.id).collect();
        assert_eq!(ids, ["2", "1", "3"]);
        assert!(commons.of_night("m").is_empty());
    }

    #[test]
    fn what_was_drawn_from_a_withdrawn_note_counts_no_more_whenever_it_came() {
        let mut commons = Commons::default();
        let share = |commons: &mut Commons, id: &str, agent: &str, notes: &[&str]| {
            let notes = notes.iter().map(|note| (*note).to_owned()).collect();
            commons.shared("n", Shared { id: id.into(), agent: agent.into(), sequence: 7, notes });
        };
        share(&mut commons, "1", "ada", &["y", "x"]);
        share(&mut commons, "2", "bob", &["x"]);
        commons.withdrawn("ada".into(), ["x".to_owned()]);
        share(&mut commons, "3", "ada", &["x"]);
        share(&mut commons, "4", "ada", &["y"]);
        assert_eq!(commons.all_withdrawn().collect::<Vec<_>>(), ["1", "3"]);
        assert!(commons.is_withdrawn("3") && !commons.is_withdrawn("2"), "another agent's note has the same id");
        assert_eq!((commons.sequence_of("4"), commons.sequence_of("5")), (Some(7), None));
    }
}
