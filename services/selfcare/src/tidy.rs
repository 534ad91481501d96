//! Tidying: one agent's memory and its new notes in, the changed notes, the brief and the diary out. Pure.
//!
//! **The outcome does not depend on the order in which notes arrived**, a second run changes nothing, and **no text is
//! lost**: a merge keeps every unique statement, and whatever leaves the working set is kept whole and restorable.
//! A run that would archive more than its bound changes nothing and says so.

mod daily_log;
mod duplicate;
mod empty_stub;
pub mod explain;
mod heartbeat;
#[cfg(test)]
mod labelled;
mod near_duplicate;
mod outdated;
mod sketches;
mod superseded_key;
#[cfg(test)]
pub(crate) mod tests;
mod work;
#[cfg(test)]
mod workspace;

use std::collections::BTreeMap;

use commune_proto::NightId;

use crate::{
    brief, diary,
    memory::{Brief, DiaryEntry, Memory, Note, State},
    relations::Relations,
    value::{Retention, Values},
};

pub use sketches::{Sketches, Text};
pub use work::Work;

/// The rule by which a note that says that something changed replaces another.
pub const OUTDATED: &str = "outdated";

/// One rule of tidying: it looks at new notes (and at the working set for their sake) and moves notes.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, recorded in every note that it moves.
    pub name: &'static str,
    /// What it does.
    pub apply: fn(&mut Work<'_>),
}

/// The rules, in order: logs become their entries, what is nothing goes, then what is the same, then what was replaced,
/// then what is alike.
pub const RULES: &[Rule] = &[
    Rule { name: "daily-log", apply: daily_log::apply },
    Rule { name: "empty-stub", apply: empty_stub::apply },
    Rule { name: "heartbeat", apply: heartbeat::apply },
    Rule { name: "duplicate", apply: duplicate::apply },
    Rule { name: "superseded-key", apply: superseded_key::apply },
    Rule { name: OUTDATED, apply: outdated::apply },
    Rule { name: "near-duplicate", apply: near_duplicate::apply },
];

/// What a run may do.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Lines and bytes of the brief.
    pub brief: brief::Budget,
    /// For how long a note of each kind is good.
    pub retention: Retention,
    /// Most of the working set that one run may archive, in percent.
    pub archive_percent: usize,
    /// The bound counts from this size of the working set on.
    pub archive_from: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { brief: brief::Budget::default(), retention: Retention::default(), archive_percent: 20, archive_from: 50 }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tidied {
    /// Notes that changed or are new, by id.
    pub notes: Vec<Note>,
    /// The brief as it is now.
    pub brief: Brief,
    /// Days of the diary that were written, in order.
    pub diary: Vec<DiaryEntry>,
    /// What was counted.
    pub counts: BTreeMap<String, u64>,
    /// True when there is nothing to write.
    pub unchanged: bool,
    /// Why the run stopped before it changed anything; empty when it did not.
    pub stopped: String,
}

/// Tidies a memory with the notes that are new to it.
pub fn tidy(memory: &Memory, new: &[Note], night: NightId, limits: &Limits) -> Tidied {
    tidy_knowing(&Sketches::default(), memory, new, night, limits)
}

/// [`tidy`], by one who has seen most of the memory before: it comes to the same, sooner.
pub fn tidy_knowing(known: &Sketches, memory: &Memory, new: &[Note], night: NightId, limits: &Limits) -> Tidied {
    tidy_with(RULES, known, memory, new, night, limits)
}

fn tidy_with(
    rules: &[Rule],
    known: &Sketches,
    memory: &Memory,
    new: &[Note],
    night: NightId,
    limits: &Limits,
) -> Tidied {
    let mut work = Work::new(known, memory, new, limits);
    for rule in rules {
        work.rule = rule.name;
        (rule.apply)(&mut work);
    }
    if let Some(stopped) = work.over_bound(memory) {
        let counts = counts(memory.notes.values(), new.len(), 0, 0);
        return Tidied {
            notes: Vec::new(),
            brief: memory.brief.clone().unwrap_or_default(),
            diary: Vec::new(),
            counts,
            unchanged: true,
            stopped,
        };
    }
    work.read_changed();
    work.date(&night.to_string());
    let changed = work.changed();
    let diary = diary::entries(work.notes(), &memory.diary, night);
    let values = Values::of(work.notes(), limits.retention, Some(night), known, &memory.recalls);
    let relations = Relations::of(work.notes(), known);
    let faded = values.faded(work.notes());
    let active = work.notes().filter(|note| note.is_active());
    let brief = brief::write(active, &values, &relations, &faded, &limits.brief, &night.to_string());
    let stands = |old: &&Brief| old.text == brief.text || (changed == 0 && old.is_as_full_as(&brief, &limits.brief));
    let (brief, same_brief) = match memory.brief.as_ref().filter(stands) {
        Some(old) => (Brief { night: night.to_string(), ..old.clone() }, true),
        None => (brief, false),
    };
    let unchanged = changed == 0 && diary.is_empty() && (same_brief || memory.notes.is_empty());
    let mut counts = counts(work.notes(), new.len(), changed, diary.len());
    // what one may want to archive; nothing happens to it
    counts.insert("faded".to_owned(), number(faded.len()));
    counts.insert("contradicted".to_owned(), number(relations.contradicted()));
    Tidied { notes: work.into_changed(), brief, diary, counts, unchanged, stopped: String::new() }
}

fn counts<'a>(
    notes: impl Iterator<Item = &'a Note>,
    new: usize,
    changed: usize,
    diary: usize,
) -> BTreeMap<String, u64> {
    let mut states: BTreeMap<State, usize> = BTreeMap::new();
    notes.for_each(|note| *states.entry(note.state).or_default() += 1);
    let count = |state| states.get(&state).copied().unwrap_or_default();
    [
        ("notes_new", new),
        ("notes_changed", changed),
        ("active", count(State::Active)),
        ("merged", count(State::Merged)),
        ("superseded", count(State::Superseded)),
        ("archived", count(State::Archived)),
        ("diary_entries", diary),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), number(count)))
    .collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// True when two notes say the same about themselves, so that one can stand for the other: **a private note never
/// flows into one that may be shared**, nor a kind that stays private into one that does not.
fn same_standing(left: &Note, right: &Note) -> bool {
    left.kind == right.kind && left.visibility == right.visibility && left.key == right.key
}
