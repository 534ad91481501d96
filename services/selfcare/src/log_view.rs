//! What agents said and no memory has taken in yet: the view over AGENTS and the one over DROPS.
//!
//! **Bounded**: once a memory-tidied event says how far an agent's memory reaches, what waited up to there is dropped.
//! A night that is undone makes it wait again: the log then says what it lacks ([`Gap`]), and whoever runs the next
//! night fills that from the streams, which never lose it. And one day takes so many notes of an agent and no more: what
//! is beyond is refused aloud by the intake consumer and skipped here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commune_bus::{Project, Stored, StreamName};
use commune_proto::AgentId;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use opentelemetry::trace::SpanContext;

use crate::{
    intake::Said,
    memory::{Cutoffs, Note},
    translate,
};

/// Most notes that one night of one agent takes in, and most bytes of them; the rest waits for the next night.
const NIGHT_NOTES: usize = 20_000;
const NIGHT_BYTES: usize = 64 * 1024 * 1024;
/// Most spans of an agent's own traces that its night links to.
const TRACES: usize = 64;

/// What waits, and who is a member. Shared by the two views that fill it and the one that empties it.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    members: BTreeSet<AgentId>,
    waiting: BTreeMap<String, Waiting>,
    taken: BTreeMap<String, Cutoffs>,
    full: BTreeMap<(StreamName, AgentId), BTreeMap<Date, Full>>,
    /// How far the two views are.
    seen: Cutoffs,
    gaps: BTreeMap<String, Gap>,
}

/// A day that took as much as it takes.
#[derive(Debug, Clone, Copy)]
struct Full {
    /// The sequence of the last note of it.
    last: u64,
    /// The bound.
    most: usize,
}

/// What waits again and was dropped before: after `from`, up to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last that a memory has.
    pub from: Cutoffs,
    /// The last that was dropped.
    pub to: Cutoffs,
}

impl Gap {
    /// What it lacks of one of the two streams: after the first sequence, up to the second.
    pub fn of(&self, stream: StreamName) -> (u64, u64) {
        match stream {
            StreamName::Drops => (self.from.drops, self.to.drops),
            _ => (self.from.agents, self.to.agents),
        }
    }

    fn is_empty(&self) -> bool {
        self.from.agents >= self.to.agents && self.from.drops >= self.to.drops
    }
}

#[derive(Debug, Default)]
struct Waiting {
    agents: BTreeMap<u64, Item>,
    drops: BTreeMap<u64, Item>,
}

#[derive(Debug, Clone)]
enum Item {
    /// A note, and the span that its message named, of the agent's own trace.
    Note(Box<Note>, Option<Box<SpanContext>>),
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
    /// Spans of the agent's own traces that notes came in with, the first 64.
    pub traces: Vec<SpanContext>,
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
        items.any(|item| matches!(item, Item::Note(note, _) if note.is_artifact(sha256)))
    }

    /// Whether a message of an agent waits here as a note: then it was read, it is valid, and its day had room for it.
    pub fn waits_as_note(&self, stream: StreamName, agent: &str, sequence: u64) -> bool {
        let inner = self.lock();
        let Some(waiting) = inner.waiting.get(agent) else { return false };
        let items = if stream == StreamName::Drops { &waiting.drops } else { &waiting.agents };
        matches!(items.get(&sequence), Some(Item::Note(..)))
    }

    /// What an agent said after `from` up to `to`, within the bounds of one night.
    pub fn take(&self, agent: &AgentId, from: Cutoffs, to: Cutoffs, resting_until: Option<Date>) -> Intake {
        let inner = self.lock();
        let (notes, traces) = (Vec::new(), Vec::new());
        let mut intake = Intake { notes, resting_until, invalid: 0, through: from.max(to), traces };
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
                    Item::Note(note, trace) => {
                        bytes += note.text.len();
                        if intake.notes.len() >= NIGHT_NOTES || bytes > NIGHT_BYTES {
                            *through = sequence - 1;
                            break;
                        }
                        intake.notes.push(note.as_ref().clone());
                        let trace = trace.as_deref().filter(|_| intake.traces.len() < TRACES);
                        intake.traces.extend(trace.cloned());
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
        if let Some(gap) = inner.gaps.get_mut(agent) {
            gap.from = gap.from.max(taken);
            if gap.is_empty() {
                inner.gaps.remove(agent);
            }
        }
    }

    /// Lets what came after this wait again: the night that took it in was undone.
    pub fn reopen(&self, agent: &str, through: Cutoffs) {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let taken = inner.taken.entry(agent.to_owned()).or_default();
        // what the views have not come to yet will not be dropped
        let mut gap = Gap { from: taken.min(through), to: taken.min(inner.seen) };
        *taken = gap.from;
        if let Some(earlier) = inner.gaps.get(agent) {
            gap.to = gap.to.max(earlier.to);
        }
        if !gap.is_empty() {
            inner.gaps.insert(agent.to_owned(), gap);
        }
    }

    /// What this log lacks of an agent's messages that no memory has; none nearly always.
    pub fn gap(&self, agent: &AgentId) -> Option<Gap> {
        self.lock().gaps.get(agent.as_str()).copied()
    }

    /// The gap was filled; one that has changed meanwhile stays.
    pub fn filled(&self, agent: &AgentId, gap: Gap) {
        let mut inner = self.lock();
        if inner.gaps.get(agent.as_str()) == Some(&gap) {
            inner.gaps.remove(agent.as_str());
        }
    }

    /// Puts one message of a gap back.
    pub fn refill(&self, message: &Stored, zone: &TimeZone) {
        if let Some(read) = Read::of(message, zone) {
            let day = zone.to_datetime(message.stored_at).date();
            let mut inner = self.lock();
            let beyond = inner.day_full(message.stream, &read.agent, day, message.sequence).is_some();
            let read = if beyond { read.beyond_its_day() } else { read };
            inner.put(message.stream, message.sequence, read);
        }
    }

    /// The bound of the day, when it was reached before this message.
    pub fn day_full(&self, stream: StreamName, agent: &AgentId, day: Date, sequence: u64) -> Option<usize> {
        self.lock().day_full(stream, agent, day, sequence)
    }

    fn fill(&self, stream: StreamName, agent: &AgentId, day: Date, full: Full) {
        self.lock().full.entry((stream, agent.clone())).or_default().insert(day, full);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn day_full(&self, stream: StreamName, agent: &AgentId, day: Date, sequence: u64) -> Option<usize> {
        let full = self.full.get(&(stream, agent.clone()))?.get(&day)?;
        (sequence > full.last).then_some(full.most)
    }

    fn put(&mut self, stream: StreamName, sequence: u64, read: Read) {
        let Read { agent, valid, item } = read;
        if valid {
            self.members.insert(agent.clone());
        }
        let taken = self.taken.get(agent.as_str()).copied().unwrap_or_default();
        let Some(item) = item else { return };
        let drops = stream == StreamName::Drops;
        if sequence > if drops { taken.drops } else { taken.agents } {
            let waiting = self.waiting.entry(agent.to_string()).or_default();
            if drops { &mut waiting.drops } else { &mut waiting.agents }.insert(sequence, item);
        }
    }
}

/// What a message says, and whose it is.
struct Read {
    agent: AgentId,
    valid: bool,
    item: Option<Item>,
}

impl Read {
    /// None when its subject names no agent.
    fn of(message: &Stored, zone: &TimeZone) -> Option<Self> {
        let (agent, said) = translate::said(message, zone)?;
        let agent = agent.parse::<AgentId>().ok()?;
        let (valid, item) = match said {
            Ok(Said::Note(note) | Said::Artifact(note)) => {
                (true, Some(Item::Note(note, message.span_context().map(Box::new))))
            }
            Ok(Said::Rest(until)) => (true, Some(Item::Rest(message.stored_at, until))),
            Ok(Said::Need(_) | Said::Other) => (true, None),
            // refused aloud by the intake consumer; here it is only counted
            Err(_) => (false, Some(Item::Invalid)),
        };
        Some(Self { agent, valid, item })
    }

    fn is_note(&self) -> bool {
        matches!(self.item, Some(Item::Note(..)))
    }

    /// Refused aloud by the intake consumer; here it is only counted.
    fn beyond_its_day(self) -> Self {
        Self { valid: false, item: Some(Item::Invalid), ..self }
    }
}

/// Fills a [`Log`] from one of the two streams.
#[derive(Debug)]
pub struct LogView {
    log: Log,
    zone: TimeZone,
    per_day: usize,
    /// The day of each agent's last note, and how many it had.
    days: BTreeMap<AgentId, (Date, usize)>,
}

impl LogView {
    /// A projection into this log; local days are told in this zone, and take so many notes of each agent.
    pub fn new(log: Log, zone: TimeZone, per_day: usize) -> Self {
        Self { log, zone, per_day, days: BTreeMap::new() }
    }

    /// Counts a note; false when its day is full.
    fn day_takes(&mut self, agent: &AgentId, message: &Stored) -> bool {
        let day = self.zone.to_datetime(message.stored_at).date();
        let (on, notes) = self.days.entry(agent.clone()).or_insert((day, 0));
        if *on != day {
            (*on, *notes) = (day, 0);
        }
        if *notes == self.per_day {
            return false;
        }
        *notes += 1;
        if *notes == self.per_day {
            self.log.fill(message.stream, agent, day, Full { last: message.sequence, most: self.per_day });
        }
        true
    }
}

impl Project for LogView {
    fn apply(&mut self, message: &Stored) {
        let read =
            Read::of(message, &self.zone).map(|read| match read.is_note() && !self.day_takes(&read.agent, message) {
                true => read.beyond_its_day(),
                false => read,
            });
        let mut inner = self.log.lock();
        // in one step with what is put: what is undone meanwhile either has been seen, or is kept
        match message.stream {
            StreamName::Drops => inner.seen.drops = message.sequence,
            _ => inner.seen.agents = message.sequence,
        }
        if let Some(read) = read {
            inner.put(message.stream, message.sequence, read);
        }
    }
}

#[cfg(test)]
mod tests;
