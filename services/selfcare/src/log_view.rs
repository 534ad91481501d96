//! What agents said and no memory has taken in yet: the view over AGENTS and the one over DROPS.
//!
//! **Bounded**: once a memory-tidied event says how far an agent's memory reaches, what waited up to there is dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commune_bus::{Project, Stored, StreamName};
use commune_proto::AgentId;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    intake::{self, Said},
    memory::{Cutoffs, Note},
    translate,
};

/// Most notes that one night of one agent takes in, and most bytes of them; the rest waits for the next night.
const NIGHT_NOTES: usize = 20_000;
const NIGHT_BYTES: usize = 64 * 1024 * 1024;

/// What waits, and who is a member. Shared by the two views that fill it and the one that empties it.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    members: BTreeSet<AgentId>,
    waiting: BTreeMap<String, Waiting>,
    taken: BTreeMap<String, Cutoffs>,
}

#[derive(Debug, Default)]
struct Waiting {
    agents: BTreeMap<u64, Item>,
    drops: BTreeMap<u64, Item>,
}

#[derive(Debug, Clone)]
enum Item {
    Note(Box<Note>),
    Rest(Timestamp, Option<Date>),
    Invalid,
}

/// What one night takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// New notes, AGENTS before DROPS, in stream order.
    pub notes: Vec<Note>,
    /// The last day of rest after what was said; as it was when nothing was.
    pub resting_until: Option<Date>,
    /// Messages that were refused.
    pub invalid: u64,
    /// How far the night reaches.
    pub through: Cutoffs,
}

impl Log {
    /// Every agent that published a valid message, in order.
    pub fn members(&self) -> Vec<AgentId> {
        self.lock().members.iter().cloned().collect()
    }

    /// Whether a note that waits names the artifact of this hash.
    pub fn names_artifact(&self, agent: &AgentId, sha256: &str) -> bool {
        let inner = self.lock();
        let Some(waiting) = inner.waiting.get(agent.as_str()) else { return false };
        let mut items = waiting.agents.values().chain(waiting.drops.values());
        items.any(|item| matches!(item, Item::Note(note) if note.is_artifact(sha256)))
    }

    /// What an agent said after `from` up to `to`, within the bounds of one night.
    pub fn take(&self, agent: &AgentId, from: Cutoffs, to: Cutoffs, resting_until: Option<Date>) -> Intake {
        let inner = self.lock();
        let mut intake = Intake { notes: Vec::new(), resting_until, invalid: 0, through: from.max(to) };
        let Some(waiting) = inner.waiting.get(agent.as_str()) else { return intake };
        let (mut rests, mut bytes) = (Vec::new(), 0);
        for (items, from, to, through) in [
            (&waiting.agents, from.agents, to.agents, &mut intake.through.agents),
            (&waiting.drops, from.drops, to.drops, &mut intake.through.drops),
        ] {
            if from >= to {
                continue;
            }
            for (sequence, item) in items.range(from + 1..=to) {
                match item {
                    Item::Note(note) => {
                        bytes += note.text.len();
                        if intake.notes.len() >= NIGHT_NOTES || bytes > NIGHT_BYTES {
                            *through = sequence - 1;
                            break;
                        }
                        intake.notes.push(note.as_ref().clone());
                    }
                    Item::Rest(at, until) => rests.push((*at, *until)),
                    Item::Invalid => intake.invalid += 1,
                }
            }
        }
        if let Some((_, until)) = rests.into_iter().max_by_key(|(at, _)| *at) {
            intake.resting_until = until;
        }
        intake
    }

    /// Drops what waited up to here: the agent's memory has it.
    pub fn forget(&self, agent: &str, through: Cutoffs) {
        let mut inner = self.lock();
        let taken = inner.taken.entry(agent.to_owned()).or_default();
        *taken = taken.max(through);
        let taken = *taken;
        if let Some(waiting) = inner.waiting.get_mut(agent) {
            waiting.agents = waiting.agents.split_off(&(taken.agents + 1));
            waiting.drops = waiting.drops.split_off(&(taken.drops + 1));
        }
    }

    fn put(&self, stream: StreamName, agent: &AgentId, sequence: u64, valid: bool, item: Option<Item>) {
        let mut inner = self.lock();
        if valid {
            inner.members.insert(agent.clone());
        }
        let taken = inner.taken.get(agent.as_str()).copied().unwrap_or_default();
        let Some(item) = item else { return };
        let drops = stream == StreamName::Drops;
        if sequence > if drops { taken.drops } else { taken.agents } {
            let waiting = inner.waiting.entry(agent.to_string()).or_default();
            if drops { &mut waiting.drops } else { &mut waiting.agents }.insert(sequence, item);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fills a [`Log`] from one of the two streams.
#[derive(Debug)]
pub struct LogView {
    log: Log,
    zone: TimeZone,
}

impl LogView {
    /// A projection into this log; local days are told in this zone.
    pub fn new(log: Log, zone: TimeZone) -> Self {
        Self { log, zone }
    }
}

impl Project for LogView {
    fn apply(&mut self, message: &Stored) {
        let Some(said) = translate::message(message) else { return };
        let Ok(agent) = said.agent.parse::<AgentId>() else { return };
        let (valid, item) = match intake::read(&said, &self.zone, translate::decode) {
            Ok(Said::Note(note) | Said::Artifact(note)) => (true, Some(Item::Note(note))),
            Ok(Said::Rest(until)) => (true, Some(Item::Rest(message.stored_at, until))),
            Ok(Said::Need(_) | Said::Other) => (true, None),
            // refused aloud by the intake consumer; here it is only counted
            Err(_) => (false, Some(Item::Invalid)),
        };
        self.log.put(message.stream, &agent, message.sequence, valid, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(stream: StreamName, subject: &str, sequence: u64, body: &str) -> Stored {
        Stored {
            stream,
            subject: subject.to_owned(),
            sequence,
            stored_at: Timestamp::UNIX_EPOCH + jiff::Span::new().seconds(i64::try_from(sequence).expect("small")),
            headers: Vec::new(),
            payload: body.as_bytes().to_vec().into(),
        }
    }

    fn filled() -> (Log, AgentId) {
        let log = Log::default();
        let mut view = LogView::new(log.clone(), TimeZone::UTC);
        for (sequence, body) in [(1, "one"), (2, "\0"), (3, "two"), (4, "three")] {
            view.apply(&stored(StreamName::Agents, &format!("commune.log.0.ada.note.n{sequence}"), sequence, body));
        }
        view.apply(&stored(StreamName::Drops, "commune.agent.ada.note", 1, "four"));
        view.apply(&stored(StreamName::Drops, "commune.agent.ada.rest", 2, "2026-12-01"));
        view.apply(&stored(StreamName::Drops, "commune.agent.bob.need", 3, "why?"));
        view.apply(&stored(StreamName::Drops, "commune.agent.Eve.note", 4, "x"));
        view.apply(&stored(StreamName::Drops, "commune.agent.mallory.note", 5, "\0"));
        (log, "ada".parse().expect("an id"))
    }

    fn texts(intake: &Intake) -> Vec<&str> {
        intake.notes.iter().map(|note| note.text.as_str()).collect()
    }

    #[test]
    fn a_night_takes_what_lies_between_its_cutoffs() {
        let (log, ada) = filled();
        assert_eq!(log.members().iter().map(AgentId::as_str).collect::<Vec<_>>(), ["ada", "bob"]);
        let intake = log.take(&ada, Cutoffs::default(), Cutoffs { agents: 3, drops: 2 }, None);
        assert_eq!(texts(&intake), ["one", "two", "four"]);
        assert_eq!((intake.invalid, intake.resting_until.map(|d| d.to_string()).as_deref()), (1, Some("2026-12-01")));
        let next = log.take(&ada, intake.through, Cutoffs { agents: 4, drops: 2 }, intake.resting_until);
        assert_eq!((texts(&next), next.resting_until.is_some()), (vec!["three"], true));
    }

    #[test]
    fn what_a_memory_has_is_dropped_and_stays_dropped() {
        let (log, ada) = filled();
        log.forget("ada", Cutoffs { agents: 3, drops: 1 });
        let all = Cutoffs { agents: 9, drops: 9 };
        assert_eq!(texts(&log.take(&ada, Cutoffs::default(), all, None)), ["three"]);
        let mut view = LogView::new(log.clone(), TimeZone::UTC);
        view.apply(&stored(StreamName::Agents, "commune.log.0.ada.note.n1", 1, "one"));
        assert_eq!(texts(&log.take(&ada, Cutoffs::default(), all, None)), ["three"]);
    }
}
