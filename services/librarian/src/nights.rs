//! The barrier (stream NIGHTS): which agents a night has, and which of them are done with sharing; and which nights are late.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::night_watch::{self, Day, Days, Standing};
use jiff::{SignedDuration, Timestamp};
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
    /// When it was first opened, or begun for somebody.
    begun_at: Option<Timestamp>,
    /// When something was last written of it.
    moved_at: Option<Timestamp>,
    done: BTreeMap<String, Done>,
    curated: BTreeSet<String>,
}

/// All nights, and what the days of agents came to.
#[derive(Debug, Clone, Default)]
pub struct Nights(BTreeMap<String, Night>, Days);

/// Nights of agents that are not through all stages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// All of them.
    pub all: usize,
    /// Of those, the ones that should have been through.
    pub late: usize,
    /// Of those, the ones of which nothing moves.
    pub stuck: usize,
}

impl Nights {
    /// Agents take part in a night, as was said at this time.
    pub fn take_part(&mut self, night: &str, agents: impl IntoIterator<Item = String>, at: Timestamp) {
        let night = self.0.entry(night.to_owned()).or_default();
        night.begun_at = Some(night.begun_at.map_or(at, |known| known.min(at)));
        night.agents.extend(agents);
        night.moved_at = night.moved_at.max(Some(at));
    }

    /// Something was written of a night.
    pub fn moved(&mut self, night: &str, at: Timestamp) {
        let night = self.0.entry(night.to_owned()).or_default();
        night.moved_at = night.moved_at.max(Some(at));
    }

    /// Something is told of what an agent's day came to.
    pub fn day(&mut self, agent: &str, date: &str, day: Day) {
        self.1.told(agent, date, day);
    }

    /// How many agents that used to write are silent.
    pub fn silent(&self) -> usize {
        self.1.silent().count()
    }

    /// Nights of agents that are not through all stages, which may take this long.
    pub fn unfinished(&self, now: Timestamp, allowed: SignedDuration) -> Unfinished {
        let mut unfinished = Unfinished::default();
        // what is ahead of us began just now
        let age = |at: Option<Timestamp>| at.and_then(|at| now.duration_since(at).try_into().ok()).unwrap_or_default();
        let allowed = allowed.try_into().unwrap_or_default();
        for night in self.0.values() {
            let left = night.agents.len().saturating_sub(night.curated.intersection(&night.agents).count());
            let standing = night_watch::standing(age(night.begun_at), age(night.moved_at), allowed);
            unfinished.all += left;
            unfinished.late += if standing >= Standing::Late { left } else { 0 };
            unfinished.stuck += if standing == Standing::Stuck { left } else { 0 };
        }
        unfinished
    }

    /// When the newest night was begun; none before the first.
    pub fn last_begun(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|night| night.begun_at).max()
    }

    /// The members: whoever took part in a night that the stream still tells of.
    pub fn members(&self) -> BTreeSet<String> {
        self.0.values().flat_map(|night| night.agents.iter().cloned()).collect()
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
        nights.take_part("n", ["ada".to_owned(), "bob".to_owned()], Timestamp::UNIX_EPOCH);
        nights.done("n", "ada", done.clone());
        assert!(nights.complete("n").is_none(), "bob is still at it");
        nights.done("n", "bob", done.clone());
        assert_eq!(nights.complete("n").map(|d| d.len()), Some(2));
        nights.take_part("n", ["eve".to_owned()], Timestamp::UNIX_EPOCH);
        assert!(nights.complete("n").is_none(), "eve joined");
        nights.curated("n", "ada");
        assert!(nights.is_curated("n", "ada") && !nights.is_curated("n", "bob"));
    }
    #[test]
    fn a_night_is_late_for_those_who_are_not_through_it_in_time() {
        let at = |minutes: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let late = SignedDuration::from_mins(60);
        let mut nights = Nights::default();
        let told = |all, late, stuck| Unfinished { all, late, stuck };
        assert_eq!((nights.unfinished(at(0), late), nights.last_begun()), (told(0, 0, 0), None));
        nights.take_part("n", ["ada".to_owned(), "bob".to_owned()], at(10));
        nights.take_part("n", ["ada".to_owned()], at(11));
        nights.curated("n", "ada");
        assert_eq!(nights.unfinished(at(70), late), told(1, 0, 0));
        nights.moved("n", at(60));
        assert_eq!(nights.unfinished(at(71), late), told(1, 1, 0));
        assert_eq!(nights.unfinished(at(91), late), told(1, 1, 1));
        nights.curated("n", "bob");
        nights.take_part("o", ["ada".to_owned()], at(80));
        assert_eq!((nights.unfinished(at(90), late), nights.last_begun()), (told(1, 0, 0), Some(at(80))));
    }
}
