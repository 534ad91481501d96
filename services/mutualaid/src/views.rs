//! What a replica knows: pieces that may be shared, what was shared, held and withdrawn, needs and their answers.
//!
//! **Private stays private**: the view of MEMORY keeps extracted pieces, and of every other text hashes of its runs of words alone
//! ([`crate::quotes`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::BuildHasher as _,
};

use commune_bus::{Bus, Project, Stored, StreamName, View, subject};
use commune_knowledge::question::Groups;
use commune_proto::{
    NightId,
    agent::v1::Visibility as WireVisibility,
    librarian::v1::ArticleCurated,
    mutualaid::v1::{AidSession, KnowledgeShared, NeedAsked, NoteWithdrawn, PlacementAction},
    selfcare::v1::{NoteState, NotesPage, TidiedNote},
};
use commune_runtime::roster::Roster;
use jiff::Timestamp;
use prost::{Message, Name};
use tokio_util::sync::CancellationToken;

use crate::{
    lineage::Lineage,
    needs::OpenNeed,
    quotes::{self, Texts},
    share::{
        Before, Note, Piece, Visibility,
        extract::{extract, wording},
    },
};

/// The three views of a replica. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Views {
    /// Over MEMORY.
    pub memory: View<Memory>,
    /// Over AID.
    pub aid: View<Aid>,
    /// Over LIBRARY.
    pub library: View<Library>,
    /// The key of hashes of runs of words; this process's own.
    key: u64,
}

impl Views {
    /// Begins to follow the streams.
    pub fn start(bus: &Bus, stop: &CancellationToken) -> Self {
        let of_memory = vec![subject::NOTES_ALL.to_owned(), subject::MEMORY_TIDIED_ALL.to_owned()];
        let key = own_key();
        let memory = Memory { key, ..Memory::default() };
        let aid = Aid { key, ..Aid::default() };
        let library = Library { key, ..Library::default() };
        Self {
            memory: View::start(bus, StreamName::Memory, of_memory, memory, stop.clone()),
            aid: View::start(bus, StreamName::Aid, Vec::new(), aid, stop.clone()),
            library: View::start(bus, StreamName::Library, Vec::new(), library, stop.clone()),
            key,
        }
    }

    /// Waits until everything that was there at the start has been taken in.
    pub async fn caught_up(&self) {
        self.memory.caught_up().await;
        self.aid.caught_up().await;
        self.library.caught_up().await;
    }

    /// True while all of them follow their streams.
    pub fn are_current(&self) -> bool {
        self.memory.is_current() && self.aid.is_current() && self.library.is_current()
    }

    /// The pieces of an agent's working set that may be shared, none of what it withdrew, and by note what each was drawn from.
    pub fn drawn(&self, agent: &str) -> (Vec<Piece>, Sources) {
        let withdrawn = self.aid.read(|aid| aid.withdrawn(agent));
        self.memory.read(|memory| {
            let pieces = memory.pieces(agent, &withdrawn);
            let notes: BTreeSet<&String> = pieces.iter().map(|piece| &piece.note).collect();
            let sources =
                notes.into_iter().map(|note| (note.clone(), memory.sources(agent, note, &withdrawn))).collect();
            (pieces, sources)
        })
    }

    /// The note, and those of which something was shared and that are withdrawn with it; sorted.
    pub fn withdrawn_with(&self, agent: &str, note: &str) -> Vec<String> {
        let shared = self.aid.read(|aid| aid.drawn_from.get(agent).cloned().unwrap_or_default());
        let mut with = self.memory.read(|memory| memory.withdrawn_with(agent, note));
        with.retain(|other| other == note || shared.contains(other));
        with.into_iter().collect()
    }

    /// Ids of pieces that quote what another agent keeps to itself, and that nobody may read yet.
    pub fn quoting(&self, (agent, night): (&str, NightId), pieces: &[Piece], roster: &Roster) -> BTreeSet<String> {
        let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        let places = self.memory.read(|memory| {
            self.aid.read(|aid| {
                self.library.read(|library| {
                    let owner = |agent: &str| roster.owner_of(agent).to_owned();
                    quotes::quoting(
                        (agent, night),
                        &texts,
                        &memory.private,
                        &[&library.texts, &aid.texts],
                        self.key,
                        owner,
                    )
                })
            })
        });
        places.into_iter().filter_map(|place| pieces.get(place)).map(|piece| piece.id.clone()).collect()
    }

    /// Needs whose last asking no revision came after: what was asked again since it was answered is open again.
    pub fn open_needs(&self) -> BTreeSet<OpenNeed> {
        self.aid.read(|aid| {
            self.library.read(|library| {
                let waits = |wordings: &[String]| {
                    let answered =
                        wordings.iter().filter_map(|id| library.answered.get(id)).flat_map(BTreeMap::values).max();
                    let asked = wordings.iter().filter_map(|id| aid.needs.get(id)).map(|need| need.last).max();
                    asked > answered.copied()
                };
                let open = aid.groups.needs().filter(|(_, wordings)| waits(wordings));
                open.map(|(id, ids)| {
                    let said = ids.iter().filter_map(|id| aid.needs.get(id)).map(|wording| wording.question.clone());
                    OpenNeed { id: id.to_owned(), wordings: said.collect() }
                })
                .collect()
            })
        })
    }
}

/// The notes that the pieces of each note are drawn from, the note first.
pub type Sources = BTreeMap<String, Vec<String>>;

/// A key that nobody knows, so that hashes of private words tell nothing outside this process.
#[allow(clippy::disallowed_types, reason = "nothing is ordered by it, and it leaves no trace")]
fn own_key() -> u64 {
    std::collections::hash_map::RandomState::new().hash_one("runs")
}

/// Pieces that may be shared, by agent and note.
#[derive(Debug, Default)]
pub struct Memory {
    agents: BTreeMap<String, OfAgent>,
    private: Texts,
    key: u64,
}

/// What one agent's memory offers.
#[derive(Debug, Default)]
struct OfAgent {
    pieces: BTreeMap<String, Offer>,
    lineage: Lineage,
}

/// What one note offers.
#[derive(Debug, Default)]
struct Offer {
    pieces: Vec<Piece>,
    /// What it offered before others were merged into it; none where nothing was.
    alone: Option<Vec<Piece>>,
}

impl OfAgent {
    fn is_withdrawn(&self, note: &str, alone: bool, withdrawn: &BTreeSet<String>) -> bool {
        !self.lineage.sources(note, alone).is_disjoint(withdrawn)
    }

    /// What a note offers: **nothing that holds words of a withdrawn note**, so that one that others were merged into goes back to
    /// what its agent said in it.
    fn offered(&self, note: &str, offer: &Offer, withdrawn: &BTreeSet<String>) -> Vec<Piece> {
        if !self.is_withdrawn(note, false, withdrawn) {
            return offer.pieces.clone();
        }
        let alone = offer.alone.as_ref().filter(|_| !self.is_withdrawn(note, true, withdrawn));
        alone.cloned().unwrap_or_default()
    }

    /// A withdrawn note with all that is withdrawn with it.
    fn all(&self, withdrawn: &BTreeSet<String>) -> BTreeSet<String> {
        withdrawn.iter().flat_map(|note| self.lineage.withdrawn_with(note)).collect()
    }
}

impl Memory {
    /// The pieces of an agent's working set that may be shared, where these notes are withdrawn.
    pub fn pieces(&self, agent: &str, withdrawn: &BTreeSet<String>) -> Vec<Piece> {
        let Some(of_agent) = self.agents.get(agent) else { return Vec::new() };
        let withdrawn = of_agent.all(withdrawn);
        let offers = of_agent.pieces.iter();
        offers.flat_map(|(note, offer)| of_agent.offered(note, offer, &withdrawn)).collect()
    }

    /// The notes that a piece of this note is drawn from, where these notes are withdrawn; the note first.
    pub fn sources(&self, agent: &str, note: &str, withdrawn: &BTreeSet<String>) -> Vec<String> {
        let Some(of_agent) = self.agents.get(agent) else { return vec![note.to_owned()] };
        let alone = of_agent.is_withdrawn(note, false, &of_agent.all(withdrawn));
        of_agent.lineage.named(note, alone)
    }

    /// The note and what is withdrawn with it.
    pub fn withdrawn_with(&self, agent: &str, note: &str) -> BTreeSet<String> {
        let alone = || BTreeSet::from([note.to_owned()]);
        self.agents.get(agent).map_or_else(alone, |of_agent| of_agent.lineage.withdrawn_with(note))
    }

    fn take(&mut self, agent: &str, note: &TidiedNote) {
        let of_agent = self.agents.entry(agent.to_owned()).or_default();
        of_agent.lineage.take(&note.id, &note.absorbed, &note.part_of);
        let active = note.state() == NoteState::Active;
        let drawn = |text: &str| extract(agent, &Note { text: text.to_owned(), ..note_of(note) });
        let mut pieces = drawn(&note.text);
        let shareable: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        self.private.put(agent, (&note.id, &note.night), &note.text, &shareable, self.key);
        if !active {
            pieces.clear();
        }
        if pieces.is_empty() {
            of_agent.pieces.remove(&note.id);
        } else {
            let said = if note.original_text.is_empty() { &note.text } else { &note.original_text };
            let alone = (!note.absorbed.is_empty()).then(|| drawn(said));
            of_agent.pieces.insert(note.id.clone(), Offer { pieces, alone });
        }
    }
}

impl Project for Memory {
    fn apply(&mut self, message: &Stored) {
        // the events are followed for their sequence alone
        if !is::<NotesPage>(message) {
            return;
        }
        let Some(page) = read::<NotesPage>(message) else { return };
        for note in &page.notes {
            self.take(&page.agent, note);
        }
        // what is not in the memory any more, because its night was undone, is not shared from it either
        for waiting in &page.waiting {
            if let Some(of_agent) = self.agents.get_mut(&page.agent) {
                of_agent.pieces.remove(waiting);
                of_agent.lineage.forget(waiting);
            }
            self.private.remove(&page.agent, waiting);
        }
    }
}

fn note_of(note: &TidiedNote) -> Note {
    Note {
        id: note.id.clone(),
        text: note.text.clone(),
        title: note.title.clone(),
        kind: note.kind.clone(),
        visibility: match note.visibility() {
            WireVisibility::Unspecified if note.visibility == 0 => Visibility::Unspecified,
            WireVisibility::Commune => Visibility::Commune,
            // a value of a later version is not ours to open
            WireVisibility::Private | WireVisibility::Unspecified => Visibility::Private,
        },
        tags: note.tags.clone(),
        logged_on: note.logged_on.clone(),
        changed: note.night.clone(),
    }
}

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
    drawn_from: BTreeMap<String, BTreeSet<String>>,
    withdrawn: BTreeMap<String, BTreeSet<String>>,
    texts: Texts,
    key: u64,
    needs: BTreeMap<String, Wording>,
    groups: Groups,
    /// When each agent asked, by the id of the asking.
    asked: BTreeMap<String, BTreeMap<String, Timestamp>>,
}

/// A wording of a need.
#[derive(Debug)]
struct Wording {
    question: String,
    /// When it was last asked.
    last: Timestamp,
}

impl Aid {
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

/// Which needs the library answers, and when the newest answer was stored.
#[derive(Debug, Default)]
pub struct Library {
    /// By need, what answers it and since when: contributions, and articles that knew it already.
    answered: BTreeMap<String, BTreeMap<String, Timestamp>>,
    texts: Texts,
    key: u64,
}

impl Project for Library {
    fn apply(&mut self, message: &Stored) {
        if is::<ArticleCurated>(message)
            && let Some(event) = read::<ArticleCurated>(message)
        {
            if let Some(article) = &event.article {
                self.texts.put("library", (&article.path, &article.night), &article.body, &[], self.key);
            }
            let path = event.article.as_ref().map(|article| article.path.as_str()).unwrap_or_default();
            let knew = format!("/{path}");
            if !event.withdrawn.is_empty() {
                // a need that nothing answers any more is open again
                self.answered.retain(|_, by| {
                    by.retain(|contribution, _| !event.withdrawn.contains(contribution) && *contribution != knew);
                    !by.is_empty()
                });
            }
            for answer in event.answered {
                let by = if answer.contribution.is_empty() { knew.clone() } else { answer.contribution };
                self.answered.entry(answer.need).or_default().insert(by, message.stored_at);
            }
        }
    }
}

fn is<M: Name>(message: &Stored) -> bool {
    message.header(commune_bus::attribute::TYPE).is_some_and(|found| found == M::full_name())
}

fn read<M: Message + Name + Default>(message: &Stored) -> Option<M> {
    message
        .event::<M>()
        .inspect_err(|error| {
            tracing::warn!(stream = message.stream.as_str(), sequence = message.sequence, %error, "a message was skipped by a view");
        })
        .ok()
}

#[cfg(test)]
#[path = "views_tests.rs"]
mod tests;
