//! What the stream NIGHTS says of each night.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Project, Stored};
use commune_proto::{
    NightId,
    night::v1::{NightBegun, NightOpened, Outcome, Stage, TrailRecord},
};
use jiff::Timestamp;
use prost::Name;

/// All nights, by id.
#[derive(Debug, Default)]
pub(crate) struct Nights(BTreeMap<NightId, OneNight>);

/// A night as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The night.
    pub(crate) night: NightId,
    /// How many agents take part.
    pub(crate) agents: usize,
    /// `running`, `done` or `failed`.
    pub(crate) state: &'static str,
    /// When it was opened, RFC 3339 UTC; empty for one that was only asked for single agents.
    pub(crate) opened_at: String,
}

/// One night.
#[derive(Debug, Clone, Default)]
pub(super) struct OneNight {
    /// Its opening.
    pub(super) opened: Option<NightOpened>,
    /// The agents it has begun for, and what each may read.
    pub(super) begun: BTreeMap<String, NightBegun>,
    /// The trail, by agent and stage.
    pub(super) trail: BTreeMap<(String, i32), TrailRecord>,
    /// When it was first opened, or begun for somebody.
    pub(super) begun_at: Option<Timestamp>,
    /// When something was last written of it.
    pub(super) moved_at: Option<Timestamp>,
}

impl Nights {
    /// One night.
    pub(super) fn get(&self, night: NightId) -> Option<&OneNight> {
        self.0.get(&night)
    }

    /// All nights in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&NightId, &OneNight)> {
        self.0.iter()
    }

    /// All nights in order, as they are listed.
    pub(crate) fn told(&self) -> Vec<Told> {
        let told = |(night, one): (&NightId, &OneNight)| Told {
            night: *night,
            agents: one.agents().len(),
            state: one.state_word(),
            opened_at: one.opened.as_ref().map(|opened| opened.opened_at.clone()).unwrap_or_default(),
        };
        self.0.iter().map(told).collect()
    }

    /// The newest night that was opened.
    pub(super) fn newest(&self) -> Option<NightId> {
        self.0.keys().next_back().copied()
    }

    /// The first run of this day that was not opened yet, the night itself left out.
    pub(super) fn next_extra(&self, night: NightId) -> NightId {
        let mut next = NightId::of(night.date()).next_extra();
        while self.0.contains_key(&next) {
            next = next.next_extra();
        }
        next
    }

    fn night(&mut self, id: &str, at: Timestamp) -> Option<&mut OneNight> {
        let night = self.0.entry(id.parse().ok()?).or_default();
        night.begun_at = Some(night.begun_at.map_or(at, |known| known.min(at)));
        night.moved_at = night.moved_at.max(Some(at));
        Some(night)
    }

    #[cfg(test)]
    pub(super) fn insert(&mut self, night: NightId, one: OneNight) {
        self.0.insert(night, one);
    }
}

impl Project for Nights {
    fn apply(&mut self, message: &Stored) {
        let at = message.stored_at;
        let of = |name: String| message.header(commune_bus::attribute::TYPE) == Some(name.as_str());
        if of(NightOpened::full_name()) {
            if let Ok(opened) = message.event::<NightOpened>()
                && let Some(night) = self.night(&opened.night, at)
            {
                night.opened = Some(opened);
            }
        } else if of(NightBegun::full_name()) {
            if let Ok(begun) = message.event::<NightBegun>()
                && let Some(night) = self.night(&begun.night, at)
            {
                night.begun.insert(begun.agent.clone(), begun);
            }
        } else if of(TrailRecord::full_name())
            && let Ok(record) = message.event::<TrailRecord>()
            && let Some(night) = self.night(&record.night, at)
        {
            night.trail.insert((record.agent.clone(), record.stage), record);
        }
    }
}

impl OneNight {
    /// Everybody who takes part.
    pub(super) fn agents(&self) -> BTreeSet<String> {
        let members = self.opened.iter().flat_map(|opened| opened.members.iter().cloned());
        members.chain(self.begun.keys().cloned()).collect()
    }

    /// The record of a stage.
    pub(super) fn record(&self, agent: &str, stage: Stage) -> Option<&TrailRecord> {
        self.trail.get(&(agent.to_owned(), stage.into()))
    }

    /// True when nothing more is to be expected for the agent: the last stage is on record, or one failed.
    pub(super) fn is_over_for(&self, agent: &str) -> bool {
        self.record(agent, Stage::Librarian).is_some() || self.failed(agent)
    }

    /// True when a stage gave up for the agent.
    pub(super) fn failed(&self, agent: &str) -> bool {
        super::STAGES.iter().filter_map(|stage| self.record(agent, *stage)).any(|r| r.outcome() == Outcome::Failed)
    }

    /// The stage that has no record for the agent and should have the next.
    pub(super) fn waits_for(&self, agent: &str) -> Option<Stage> {
        super::STAGES.into_iter().find(|stage| self.record(agent, *stage).is_none())
    }

    /// How many agents have this stage on record.
    pub(super) fn reached(&self, stage: Stage) -> usize {
        self.agents().iter().filter(|agent| self.record(agent, stage).is_some()).count()
    }

    /// `running`, `done` or `failed`.
    pub(super) fn state_word(&self) -> &'static str {
        let agents = self.agents();
        // a night that was asked for one agent begins without being opened for all
        let begun = self.opened.is_some() || !agents.is_empty();
        if !begun || !agents.iter().all(|agent| self.is_over_for(agent)) {
            "running"
        } else if agents.iter().any(|agent| self.failed(agent)) {
            "failed"
        } else {
            "done"
        }
    }
}
