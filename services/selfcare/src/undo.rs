//! Undoing a night: what brings a memory back to what it was. Pure.
//!
//! **Exactly**: notes, brief and diary are byte for byte what they were before the night. What was new in it leaves the
//! memory and waits in the log again, since the memory reaches no further than before; nothing is lost, and nothing is
//! in two places. Only the newest night that changed the memory can be undone: every later one builds on it.

use commune_proto::NightId;
use jiff::civil::Date;

use crate::memory::{Brief, DiaryEntry, Memory, Note, RESTORED};

/// What happened to a memory, as the stream tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A night was run; its event has this sequence.
    Tidied {
        /// The night.
        night: NightId,
        /// Whether it changed the memory.
        changed: bool,
        /// The sequence of its event, which is the last of its messages.
        sequence: u64,
    },
    /// A night was undone.
    Undone {
        /// The night.
        night: NightId,
    },
}

/// The night that can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// The night.
    pub night: NightId,
    /// The sequence of its event: the memory before it is what came before this.
    pub sequence: u64,
    /// The night whose memory it is then; none when nothing had changed the memory before.
    pub back_to: Option<NightId>,
}

/// Why a night cannot be undone. What the reader is told names the newest night that can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was never run for this agent.
    #[error("the night {night} did not run for this agent{}", newest_is(.newest))]
    Absent {
        /// The night that was asked for.
        night: NightId,
        /// The night that can be undone.
        newest: Option<NightId>,
    },
    /// It ran and changed nothing.
    #[error("the night {night} changed nothing in the memory, so there is nothing to undo{}", newest_is(.newest))]
    Unchanged {
        /// The night that was asked for.
        night: NightId,
        /// The night that can be undone.
        newest: Option<NightId>,
    },
    /// A later night builds on it.
    #[error("the night {night} is not the newest that changed the memory: {newest} builds on it, undo {newest} first")]
    NotNewest {
        /// The night that was asked for.
        night: NightId,
        /// The night that can be undone.
        newest: NightId,
    },
}

fn newest_is(newest: &Option<NightId>) -> String {
    match newest {
        Some(newest) => format!("; the newest that changed the memory, and can be undone, is {newest}"),
        None => "; no night that changed the memory is left to undo".to_owned(),
    }
}

/// The night, if it is the newest that changed the memory and was not undone. Steps in the order of the stream.
///
/// # Errors
/// [`Refusal`], which says why not and names the newest.
pub fn newest(steps: &[Step], night: NightId) -> Result<Newest, Refusal> {
    let mut standing: Vec<(NightId, u64)> = Vec::new();
    let mut ran = false;
    for step in steps {
        match *step {
            Step::Tidied { night: of, changed, sequence } => {
                ran |= of == night;
                standing.extend(changed.then_some((of, sequence)));
            }
            Step::Undone { night: of } => standing.retain(|(night, _)| *night != of),
        }
    }
    match standing.as_slice() {
        [before @ .., (newest, sequence)] if *newest == night => {
            Ok(Newest { night, sequence: *sequence, back_to: before.last().map(|(night, _)| *night) })
        }
        [.., (newest, _)] if standing.iter().any(|(of, _)| *of == night) => {
            Err(Refusal::NotNewest { night, newest: *newest })
        }
        others => {
            let newest = others.last().map(|(night, _)| *night);
            Err(if ran { Refusal::Unchanged { night, newest } } else { Refusal::Absent { night, newest } })
        }
    }
}

/// What has to be written so that a memory is again what it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undo {
    /// Notes as they were, by id.
    pub notes: Vec<Note>,
    /// Notes that were not there, by id: they wait again.
    pub waiting: Vec<String>,
    /// The brief as it was; none when there was none.
    pub brief: Option<Brief>,
    /// Days of the diary as they were, in order.
    pub diary: Vec<DiaryEntry>,
    /// Days that had no entry, in order.
    pub no_diary: Vec<Date>,
    /// Notes that were put back by hand since, and are not any more, by id.
    pub put_back: Vec<String>,
}

impl Undo {
    /// From what a memory is now to what it was before.
    pub fn of(now: &Memory, before: &Memory) -> Self {
        let changed = before.notes.values().filter(|note| now.notes.get(&note.id) != Some(*note));
        let days = before.diary.values().filter(|entry| now.diary.get(&entry.date) != Some(*entry));
        let by_hand = |note: &&Note| {
            note.rule == RESTORED && before.notes.get(&note.id).is_none_or(|before| before.rule != RESTORED)
        };
        Self {
            notes: changed.cloned().collect(),
            waiting: now.notes.keys().filter(|id| !before.notes.contains_key(*id)).cloned().collect(),
            brief: before.brief.clone(),
            diary: days.cloned().collect(),
            no_diary: now.diary.keys().filter(|date| !before.diary.contains_key(*date)).copied().collect(),
            put_back: now.notes.values().filter(by_hand).map(|note| note.id.clone()).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
