//! What a replica knows: pieces that may be shared, what was shared, held and withdrawn, needs and their answers.
//!
//! **Private stays private**: the view of MEMORY keeps extracted pieces, and of every other text hashes of its runs of words alone
//! ([`crate::quotes`]).

mod aid;
mod memory;

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::BuildHasher as _,
};

use commune_bus::{Bus, Project, Stored, StreamName, View, subject};
use commune_proto::{NightId, librarian::v1::ArticleCurated};
use commune_runtime::roster::Roster;
use jiff::Timestamp;
use prost::{Message, Name};
use tokio_util::sync::CancellationToken;

pub use aid::{Aid, Session};
pub use memory::Memory;

use crate::{
    needs::OpenNeed,
    quotes::{Asked, Texts},
    share::Piece,
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
        let (memory, aid) = (Memory::with_key(key), Aid::with_key(key));
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
        self.memory.read(|memory| memory.drawn(agent, &withdrawn))
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
        let mut asked = Asked::of(agent, night, &texts, self.key);
        // one view at a time: what was known before a night does not change while it is asked for
        self.memory.read(|memory| asked.keep_private(&memory.private, |agent| roster.owner_of(agent).to_owned()));
        self.library.read(|library| asked.drop_public(&library.texts));
        self.aid.read(|aid| asked.drop_public(&aid.texts));
        let places = asked.places();
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
            if let Some(reverted) = &event.reverted {
                self.answered.retain(|_, by| {
                    by.retain(|contribution, _| !reverted.contributions.contains(contribution));
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
