//! The barrier (stream NIGHTS): which agents a night has, and which of them are done with sharing.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry::Context;

/// The last word of the stages before ours on one agent's night.
#[derive(Debug, Clone)]
pub struct Done {
    /// The context of the message that said so.
    pub context: Context,
    /// The trace of the agent's night.
    pub trace_id: String,
    /// The last sequence that mutualaid wrote to AID; 0 when it wrote none.
    pub aid_sequence: u64,
}

/// What is known of one night.
#[derive(Debug, Clone, Default)]
struct Night {
    agents: BTreeSet<String>,
    done: BTreeMap<String, Done>,
    curated: BTreeSet<String>,
}

/// All nights.
#[derive(Debug, Clone, Default)]
pub struct Nights(BTreeMap<String, Night>);

impl Nights {
    /// Agents take part in a night.
    pub fn take_part(&mut self, night: &str, agents: impl IntoIterator<Item = String>) {
        self.0.entry(night.to_owned()).or_default().agents.extend(agents);
    }

    /// An agent will share nothing more in a night. What mutualaid says replaces what selfcare said.
    pub fn done(&mut self, night: &str, agent: &str, done: Done) {
        self.0.entry(night.to_owned()).or_default().done.insert(agent.to_owned(), done);
    }

    /// The librarian's trail of an agent's night is written.
    pub fn curated(&mut self, night: &str, agent: &str) {
        self.0.entry(night.to_owned()).or_default().curated.insert(agent.to_owned());
    }

    /// **A night is curated as a whole**: who took part, with their last words, once all are done; none before.
    pub fn complete(&self, night: &str) -> Option<BTreeMap<String, Done>> {
        let night = self.0.get(night)?;
        night.agents.iter().all(|agent| night.done.contains_key(agent)).then(|| night.done.clone())
    }

    /// True when the librarian's trail of every one of these agents is written.
    pub fn all_curated<'a>(&self, night: &str, mut agents: impl Iterator<Item = &'a String>) -> bool {
        agents.all(|agent| self.is_curated(night, agent))
    }

    /// True when the librarian's trail of this agent's night is written.
    pub fn is_curated(&self, night: &str, agent: &str) -> bool {
        self.0.get(night).is_some_and(|n| n.curated.contains(agent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_is_complete_when_every_agent_is_done() {
        let mut nights = Nights::default();
        let done = Done { context: Context::new(), trace_id: String::new(), aid_sequence: 1 };
        assert!(nights.complete("n").is_none());
        nights.take_part("n", ["ada".to_owned(), "bob".to_owned()]);
        nights.done("n", "ada", done.clone());
        assert!(nights.complete("n").is_none(), "bob is still at it");
        nights.done("n", "bob", done.clone());
        assert_eq!(nights.complete("n").map(|d| d.len()), Some(2));
        nights.take_part("n", ["eve".to_owned()]);
        assert!(nights.complete("n").is_none(), "eve joined");
        nights.curated("n", "ada");
        assert!(nights.is_curated("n", "ada") && !nights.is_curated("n", "bob"));
    }
}
