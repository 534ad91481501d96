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
#[cfg(test)]
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::duplicate::{Reading, Sketch};
use commune_proto::NightId;
use jiff::Timestamp;

use crate::{
    brief, diary,
    memory::{Brief, DiaryEntry, Memory, Note, State},
    relations::Relations,
    value::{Retention, Values},
};

pub use sketches::Sketches;

/// Readings that one run keeps.
const READINGS_KEPT: usize = 20_000;

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
        let counts = counts(memory, new.len(), 0, 0);
        return Tidied {
            notes: Vec::new(),
            brief: memory.brief.clone().unwrap_or_default(),
            diary: Vec::new(),
            counts,
            unchanged: true,
            stopped,
        };
    }
    let changed = work.changed;
    let mut tidied = Memory { notes: work.notes, diary: BTreeMap::new(), ..memory.clone_head() };
    for id in &changed {
        if let Some(note) = tidied.notes.get_mut(id) {
            note.night = night.to_string();
        }
    }
    let diary = diary::entries(&tidied.notes, &memory.diary, night);
    let values = Values::of(tidied.notes.values(), limits.retention, Some(night));
    let relations = Relations::of(tidied.notes.values(), known);
    let brief = brief::write(tidied.active(), &values, &relations, &limits.brief, &night.to_string());
    let stands =
        |old: &&Brief| old.text == brief.text || (changed.is_empty() && old.is_as_full_as(&brief, &limits.brief));
    let (brief, same_brief) = match memory.brief.as_ref().filter(stands) {
        Some(old) => (Brief { night: night.to_string(), ..old.clone() }, true),
        None => (brief, false),
    };
    let unchanged = changed.is_empty() && diary.is_empty() && (same_brief || tidied.notes.is_empty());
    let mut counts = counts(&tidied, new.len(), changed.len(), diary.len());
    // what one may want to archive; nothing happens to it
    counts.insert("faded".to_owned(), number(values.faded(tidied.active()).len()));
    counts.insert("contradicted".to_owned(), number(relations.contradicted()));
    let notes = changed.iter().filter_map(|id| tidied.notes.remove(id)).collect();
    Tidied { notes, brief, diary, counts, unchanged, stopped: String::new() }
}

fn counts(memory: &Memory, new: usize, changed: usize, diary: usize) -> BTreeMap<String, u64> {
    [
        ("notes_new", new),
        ("notes_changed", changed),
        ("active", memory.count(State::Active)),
        ("merged", memory.count(State::Merged)),
        ("superseded", memory.count(State::Superseded)),
        ("archived", memory.count(State::Archived)),
        ("diary_entries", diary),
    ]
    .into_iter()
    .map(|(name, count)| (name.to_owned(), number(count)))
    .collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The memory while rules work on it.
#[derive(Debug)]
pub struct Work<'a> {
    notes: BTreeMap<String, Note>,
    fresh: BTreeSet<String>,
    changed: BTreeSet<String>,
    rule: &'static str,
    limits: &'a Limits,
    known: &'a Sketches,
    /// What was read in this run, by note; bounded, because it is several times as large as the texts.
    readings: BTreeMap<String, Reading>,
}

impl<'a> Work<'a> {
    fn new(known: &'a Sketches, memory: &Memory, new: &[Note], limits: &'a Limits) -> Self {
        let mut work = Self {
            notes: memory.notes.clone(),
            fresh: BTreeSet::new(),
            changed: BTreeSet::new(),
            rule: "",
            limits,
            known,
            readings: BTreeMap::new(),
        };
        let mut new: Vec<&Note> = new.iter().collect();
        new.sort_by(|left, right| left.order().cmp(&right.order()).then_with(|| left.text.cmp(&right.text)));
        for note in new {
            // what is already here is not new; another text under a taken id gets an id of its own
            let mut note = note.clone();
            if let Some(known) = work.notes.get(&note.id) {
                if known.text == note.text || known.original_text == note.text {
                    continue;
                }
                note.id = commune_proto::content_id(&["same-id", note.id.as_str(), note.text.as_str()]);
                if work.notes.contains_key(&note.id) {
                    continue;
                }
            }
            work.fresh.insert(note.id.clone());
            work.changed.insert(note.id.clone());
            work.notes.insert(note.id.clone(), note);
        }
        work
    }

    /// Notes that rules may move, oldest first.
    fn movable(&self) -> Vec<&Note> {
        let mut notes: Vec<&Note> = self.notes.values().filter(|note| note.is_movable()).collect();
        notes.sort_by_key(|note| note.order());
        notes
    }

    /// New notes that rules may move, oldest first.
    fn fresh_movable(&self) -> Vec<&Note> {
        let mut notes: Vec<&Note> =
            self.fresh.iter().filter_map(|id| self.notes.get(id)).filter(|note| note.is_movable()).collect();
        notes.sort_by_key(|note| note.order());
        notes
    }

    fn is_fresh(&self, id: &str) -> bool {
        self.fresh.contains(id)
    }

    /// What the text of a note is found by.
    fn sketch(&mut self, id: &str) -> Option<Sketch> {
        let (sketch, reading) = self.known.of(&self.notes.get(id)?.text);
        if let Some(reading) = reading.filter(|_| self.readings.len() < READINGS_KEPT) {
            self.readings.insert(id.to_owned(), reading);
        }
        Some(sketch)
    }

    /// Whether two notes say the same, or nearly.
    fn alike(&mut self, left: &str, right: &str) -> bool {
        if self.readings.len() + 2 > READINGS_KEPT {
            self.readings.clear();
        }
        for id in [left, right] {
            if !self.readings.contains_key(id)
                && let Some(note) = self.notes.get(id)
            {
                self.readings.insert(id.to_owned(), Reading::of(&note.text));
            }
        }
        let read = |id| self.readings.get(id);
        read(left).zip(read(right)).is_some_and(|(left, right)| left.is_duplicate_of(right))
    }

    /// Takes a log out of the working set and puts its entries in its place.
    fn cut(&mut self, id: &str, entries: Vec<Note>) {
        for entry in entries {
            self.fresh.insert(entry.id.clone());
            self.changed.insert(entry.id.clone());
            self.notes.insert(entry.id.clone(), entry);
        }
        self.remove(id, State::Archived, "");
    }

    /// Takes a note out of the working set. Its text stays.
    fn remove(&mut self, id: &str, state: State, into: &str) {
        if let Some(note) = self.notes.get_mut(id) {
            note.state = state;
            note.into = into.to_owned();
            note.rule = self.rule.to_owned();
            self.changed.insert(id.to_owned());
        }
    }

    /// Merges one note into another: `text` is the survivor's text with every statement of both.
    fn merge(&mut self, id: &str, into: &str, text: String) {
        let Some(tags) = self.notes.get(id).map(|note| note.tags.clone()) else { return };
        let Some(survivor) = self.notes.get_mut(into) else { return };
        if survivor.text != text {
            let before = std::mem::replace(&mut survivor.text, text);
            self.readings.remove(into);
            if survivor.original_text.is_empty() {
                survivor.original_text = before;
            }
        }
        survivor.tags.extend(tags);
        survivor.tags.sort();
        survivor.tags.dedup();
        survivor.absorbed.push(id.to_owned());
        self.changed.insert(into.to_owned());
        self.remove(id, State::Merged, into);
    }

    /// Why this run archives too much; none when it does not. Only what was in the working set and leaves it without
    /// its statements living on counts: merging keeps them, and a key says that the agent itself replaced them. A word for
    /// a change is read by a rule, which may err, so what it replaced counts.
    fn over_bound(&self, before: &Memory) -> Option<String> {
        let size = before.active().count();
        let archived = before
            .active()
            .filter_map(|note| self.notes.get(&note.id))
            .filter(|now| now.state == State::Archived || (!now.is_active() && now.rule == OUTDATED))
            .count();
        let Limits { archive_percent, archive_from, .. } = *self.limits;
        (size > archive_from && archived * 100 > size * archive_percent).then(|| {
            format!(
                "the run would archive {archived} of {size} notes, more than {archive_percent} % (night.archive_percent); \
                 nothing was changed. Look at what was logged, or raise the bound for one night"
            )
        })
    }
}

impl Memory {
    /// Everything but the notes and the diary.
    fn clone_head(&self) -> Self {
        Self {
            notes: BTreeMap::new(),
            diary: BTreeMap::new(),
            brief: self.brief.clone(),
            brief_sequence: self.brief_sequence,
            cutoffs: self.cutoffs,
            resting_until: self.resting_until,
        }
    }
}

/// True when two notes say the same about themselves, so that one can stand for the other: **a private note never
/// flows into one that may be shared**, nor a kind that stays private into one that does not.
fn same_standing(left: &Note, right: &Note) -> bool {
    left.kind == right.kind && left.visibility == right.visibility && left.key == right.key
}

/// The instant and id by which notes are ordered, owned.
fn order_of(note: &Note) -> (Timestamp, String) {
    (note.logged_at, note.id.clone())
}
