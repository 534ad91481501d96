//! The view of AID: what was shared, held and withdrawn, and what was asked.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Project, Stored};
use commune_knowledge::question::Groups;
use commune_proto::mutualaid::v1::{AidSession, KnowledgeShared, NeedAsked, NoteWithdrawn, PlacementAction};
use jiff::Timestamp;

use super::{is, read};
use crate::{
    quotes::Texts,
    share::{Before, extract::wording},
};

/// A session as it is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// Its sequence in AID.
    pub sequence: u64,
    /// Contributions shared.
    pub shared: u64,
    /// Notes held.
    pub held: u64,
    /// Notes that wait.
    pub waiting: u64,
    /// Contributions that strengthen an article.
    pub updates: u64,
    /// Contributions that want a new one.
    pub creations: u64,
    /// Pieces that only repeat the library, and were not shared.
    pub echo: u64,
    /// The agent rested.
    pub resting: bool,
}

/// What was shared and held before, which nights had their session, and what was asked.
#[derive(Debug, Default)]
pub struct Aid {
    before: BTreeMap<String, Before>,
    sessions: BTreeMap<(String, String), Session>,
    /// Notes that contributions name, by agent.
    pub(super) drawn_from: BTreeMap<String, BTreeSet<String>>,
    withdrawn: BTreeMap<String, BTreeSet<String>>,
    pub(super) texts: Texts,
    key: u64,
    pub(super) needs: BTreeMap<String, Wording>,
    pub(super) groups: Groups,
    /// When each agent asked, by the id of the asking.
    asked: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

/// A wording of a need.
#[derive(Debug)]
pub(super) struct Wording {
    pub(super) question: String,
    /// When it was last asked.
    pub(super) last: Timestamp,
}

impl Aid {
    /// Of nothing, with the key of hashes of runs of words.
    pub(super) fn with_key(key: u64) -> Self {
        Self { key, ..Self::default() }
    }

    /// Notes that an agent withdrew.
    pub fn withdrawn(&self, agent: &str) -> BTreeSet<String> {
        self.withdrawn.get(agent).cloned().unwrap_or_default()
    }

    /// What is known of an agent's earlier nights.
    pub fn before(&self, agent: &str) -> Before {
        self.before.get(agent).cloned().unwrap_or_default()
    }

    /// The session of an agent and night.
    pub fn session(&self, agent: &str, night: &str) -> Option<Session> {
        let session = self.sessions.get(&(agent.to_owned(), night.to_owned()))?;
        (session.sequence > 0).then(|| session.clone())
    }

    /// When an agent asked, by the id of the asking.
    pub fn asked_by(&self, agent: &str) -> impl Iterator<Item = (&String, &Timestamp)> {
        self.asked.get(agent).into_iter().flatten()
    }

    fn asked(&mut self, ask: &str, event: NeedAsked) {
        // a time that cannot be read is as if it was never
        let at = event.asked_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        self.groups.asked(&event.need, &event.question, at.as_microsecond());
        self.asked.entry(event.asker).or_default().insert(ask.to_owned(), at);
        let wording = self.needs.entry(event.need).or_insert_with(|| Wording { question: event.question, last: at });
        wording.last = wording.last.max(at);
    }

    fn shared(&mut self, event: KnowledgeShared) {
        let Some(contribution) = event.contribution else { return };
        // by note first, so that what is withdrawn is public no more
        let note = contribution.notes.first().map_or("", String::as_str);
        let what = format!("{note}/{}", contribution.id);
        self.texts.put(&contribution.agent, (&what, &contribution.night), &contribution.text, &[], self.key);
        let update =
            event.placement.is_some_and(|p| matches!(p.action(), PlacementAction::Update | PlacementAction::Confirm));
        let before = self.before.entry(contribution.agent.clone()).or_default();
        before.wordings.insert(wording(&contribution.text));
        self.drawn_from.entry(contribution.agent.clone()).or_default().extend(contribution.notes);
        before.shared.insert(contribution.id);
        let session = self.sessions.entry((contribution.agent, contribution.night)).or_default();
        *(if update { &mut session.updates } else { &mut session.creations }) += 1;
    }

    fn ended(&mut self, sequence: u64, event: AidSession) {
        let before = self.before.entry(event.agent.clone()).or_default();
        before.held.retain(|note, _| !event.released.contains(note));
        for held in &event.held {
            let (night, rules) = before.held.entry(held.note.clone()).or_default();
            if *night != event.night {
                *night = event.night.clone();
                rules.clear();
            }
            rules.insert(held.rule.clone());
        }
        // an echo stays one: the library will go on saying it
        before.shared.extend(event.echo.iter().map(|echo| echo.contribution.clone()));
        let session = self.sessions.entry((event.agent, event.night)).or_default();
        session.echo = event.echo.len() as u64;
        session.sequence = sequence;
        session.shared = event.shared.len() as u64;
        session.held = event.held.len() as u64;
        session.waiting = event.waiting.len() as u64;
        session.resting = !event.resting_until.is_empty();
    }
}

impl Project for Aid {
    fn apply(&mut self, message: &Stored) {
        if is::<KnowledgeShared>(message) {
            if let Some(event) = read::<KnowledgeShared>(message) {
                self.shared(event);
            }
        } else if is::<AidSession>(message) {
            if let Some(event) = read::<AidSession>(message) {
                self.ended(message.sequence, event);
            }
        } else if is::<NoteWithdrawn>(message) {
            if let Some(event) = read::<NoteWithdrawn>(message) {
                for note in event.notes.iter().chain([&event.note]) {
                    self.texts.remove_all(&event.agent, &format!("{note}/"));
                }
                self.withdrawn.entry(event.agent).or_default().extend(event.notes.into_iter().chain([event.note]));
            }
        } else if is::<NeedAsked>(message)
            && let Some(event) = read::<NeedAsked>(message)
        {
            self.asked(message.subject.rsplit('.').next().unwrap_or_default(), event);
        }
    }
}
