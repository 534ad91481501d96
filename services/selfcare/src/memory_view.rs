//! The view over MEMORY: every agent's memory as the stream tells it.
//!
//! A night is one atomic batch whose event comes last, so what a batch holds is put aside until its event (or, for
//! a note put back by hand, its page) arrives: **a reader never sees half a night**.

use std::{collections::BTreeMap, sync::Arc};

use commune_bus::{Project, Stored, attribute, subject};
use commune_proto::{
    AgentId, NoteId,
    selfcare::v1::{Brief, DiaryEntry, MemoryTidied, NotesPage},
};
use prost::Name;

use crate::{
    log_view::Log,
    memory::{Cutoffs, Memory},
    translate,
};

/// Every agent's memory.
#[derive(Debug)]
pub struct Memories {
    agents: BTreeMap<String, Kept>,
    log: Log,
}

#[derive(Debug, Default)]
struct Kept {
    memory: Arc<Memory>,
    staged: Vec<Staged>,
}

#[derive(Debug)]
enum Staged {
    Notes(NotesPage),
    Brief(Brief, u64),
    Diary(DiaryEntry),
}

impl Memories {
    /// Nothing yet. What a memory has taken in is dropped from this log.
    pub fn new(log: Log) -> Self {
        Self { agents: BTreeMap::new(), log }
    }

    /// An agent's memory; none before its first night.
    pub fn get(&self, agent: &str) -> Option<Arc<Memory>> {
        self.agents.get(agent).map(|kept| kept.memory.clone())
    }

    fn stage(&mut self, agent: &str, staged: Staged) {
        self.agents.entry(agent.to_owned()).or_default().staged.push(staged);
    }

    fn apply_event(&mut self, message: &Stored) -> Result<(), commune_bus::DecodeError> {
        let kind = message.header(attribute::TYPE).unwrap_or_default();
        if kind == NotesPage::full_name() {
            let page: NotesPage = message.event()?;
            let agent = page.agent.clone();
            let by_hand = restored_subject(&page).is_some_and(|subject| subject == message.subject);
            self.stage(&agent, Staged::Notes(page));
            if by_hand {
                self.agents.entry(agent).or_default().commit();
            }
        } else if kind == Brief::full_name() {
            let brief: Brief = message.event()?;
            self.stage(&brief.agent.clone(), Staged::Brief(brief, message.sequence));
        } else if kind == DiaryEntry::full_name() {
            let entry: DiaryEntry = message.event()?;
            self.stage(&entry.agent.clone(), Staged::Diary(entry));
        } else {
            let tidied: MemoryTidied = message.event()?;
            let kept = self.agents.entry(tidied.agent.clone()).or_default();
            kept.commit();
            let memory = Arc::make_mut(&mut kept.memory);
            memory.cutoffs = memory.cutoffs.max(Cutoffs { agents: tidied.agents_through, drops: tidied.drops_through });
            memory.resting_until = tidied.resting_until.parse().ok();
            self.log.forget(&tidied.agent, memory.cutoffs);
        }
        Ok(())
    }
}

impl Kept {
    fn commit(&mut self) {
        let memory = Arc::make_mut(&mut self.memory);
        for staged in self.staged.drain(..) {
            match staged {
                Staged::Notes(page) => memory.put(page.notes.into_iter().map(translate::from_wire)),
                Staged::Brief(brief, sequence) => {
                    memory.brief = Some(translate::brief_from_wire(brief));
                    memory.brief_sequence = sequence;
                }
                Staged::Diary(entry) => memory.diary.extend(translate::diary_from_wire(entry).map(|e| (e.date, e))),
            }
        }
    }
}

/// The subject of a page that holds one note put back by hand.
fn restored_subject(page: &NotesPage) -> Option<String> {
    let agent: AgentId = page.agent.parse().ok()?;
    let note: NoteId = page.notes.first()?.id.parse().ok()?;
    Some(subject::notes_restored(&agent, &note))
}

impl Project for Memories {
    fn apply(&mut self, message: &Stored) {
        if let Err(error) = self.apply_event(message) {
            tracing::warn!(subject = message.subject, sequence = message.sequence, %error, "a message of the memory was skipped");
        }
    }
}
