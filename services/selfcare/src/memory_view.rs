//! The view over MEMORY: every agent's memory as the stream tells it.
//!
//! A night is one atomic batch whose event comes last, so what a batch holds is put aside until its event (or, for
//! a note put back by hand, its page) arrives: **a reader never sees half a night**. Nor half an undoing of one, which
//! is a batch of the same form.

use std::{collections::BTreeMap, sync::Arc};

use commune_bus::{Project, Stored, attribute, subject};
use commune_proto::{
    AgentId, NoteId,
    selfcare::v1::{Brief, DiaryEntry, MemoryTidied, NightUndone, NotesPage, NotesRecalled},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
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
    /// A night was there; before it, an agent may have recalled what waits.
    begun: bool,
    /// The last day on which it recalled something, and how many questions were counted on it.
    asked: (Date, u32),
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
        self.agents.get(agent).filter(|kept| kept.begun).map(|kept| kept.memory.clone())
    }

    /// How many questions of an agent to its memory were counted on the day of an instant, in UTC.
    pub fn questions_on(&self, agent: &str, at: Timestamp) -> u32 {
        let (day, count) = self.agents.get(agent).map_or_else(Default::default, |kept| kept.asked);
        if day == day_of(at) { count } else { 0 }
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
        } else if kind == NightUndone::full_name() {
            let undone: NightUndone = message.event()?;
            let kept = self.agents.entry(undone.agent.clone()).or_default();
            kept.commit();
            let memory = Arc::make_mut(&mut kept.memory);
            memory.cutoffs = Cutoffs { agents: undone.agents_through, drops: undone.drops_through };
            memory.resting_until = undone.resting_until.parse().ok();
            self.log.reopen(&undone.agent, memory.cutoffs);
        } else if kind == NotesRecalled::full_name() {
            let recalled: NotesRecalled = message.event()?;
            let kept = self.agents.entry(recalled.agent).or_default();
            let day = day_of(message.stored_at);
            kept.asked = if kept.asked.0 == day { (day, kept.asked.1 + 1) } else { (day, 1) };
            let recalls = &mut Arc::make_mut(&mut kept.memory).recalls;
            recalled.notes.into_iter().for_each(|note| *recalls.entry(note).or_default() += 1);
        } else {
            let tidied: MemoryTidied = message.event()?;
            let kept = self.agents.entry(tidied.agent.clone()).or_default();
            kept.commit();
            let from = Cutoffs { agents: tidied.agents_from, drops: tidied.drops_from };
            if !kept.memory.cutoffs.reaches(from) {
                // found nothing to do in a memory that was undone meanwhile: what lies between waits
                return Ok(());
            }
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
        self.begun = true;
        let memory = Arc::make_mut(&mut self.memory);
        for staged in self.staged.drain(..) {
            match staged {
                Staged::Notes(page) => {
                    memory.put(page.notes.into_iter().map(translate::from_wire));
                    for id in &page.waiting {
                        memory.notes.remove(id);
                    }
                }
                Staged::Brief(brief, sequence) => {
                    memory.brief = (!brief.night.is_empty()).then(|| translate::brief_from_wire(brief));
                    memory.brief_sequence = sequence;
                }
                Staged::Diary(entry) => match translate::diary_from_wire(entry) {
                    Some(gone) if gone.text.is_empty() => {
                        memory.diary.remove(&gone.date);
                    }
                    entry => memory.diary.extend(entry.map(|entry| (entry.date, entry))),
                },
            }
        }
    }
}

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
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
