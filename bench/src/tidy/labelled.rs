//! Notes with planted near-duplicates and traps, tidied in one night as selfcare does it.

use std::{collections::BTreeMap, path::PathBuf};

use commune_proto::NightId;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use selfcare::{
    memory::{Memory, Note, State},
    relations::Relations,
    tidy::{Limits, Sketches, Tidied, tidy_knowing},
};

use crate::statements;

/// A note of a set, with what is known of it.
#[derive(Clone)]
pub(crate) struct Labelled {
    pub(crate) id: String,
    /// Two notes are duplicates of each other when this is the same.
    pub(crate) cluster: u64,
    pub(crate) kind: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

/// Where the sets lie.
pub(crate) fn data() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"))
}

/// A set by its size; none when it is not there.
pub(crate) fn read(name: &str) -> Option<Vec<Labelled>> {
    let lines = std::fs::read_to_string(data().join(format!("tidy/notes-{name}.jsonl"))).ok()?;
    let read = |line: &str| {
        let note: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| note[key].as_str().unwrap().to_owned();
        Labelled {
            id: text("id"),
            cluster: note["cluster"].as_u64().unwrap(),
            kind: text("kind"),
            title: text("title"),
            text: text("text"),
        }
    };
    Some(lines.lines().map(read).collect())
}

/// Where the notes of a set begin.
pub(crate) fn first_day() -> Timestamp {
    "2026-02-10T08:00:00Z".parse().unwrap()
}

/// The notes as an agent logged them from an instant on, a minute apart.
pub(crate) fn logged(notes: &[Labelled], start: Timestamp) -> Vec<Note> {
    let note = |(index, note): (usize, &Labelled)| {
        let logged_at = start + (index as i64).minutes();
        let (id, text) = (note.id.clone(), note.text.clone());
        let logged_on = TimeZone::UTC.to_datetime(logged_at).date();
        Note { title: note.title.clone(), ..Note::logged(id, "fact".to_owned(), text, logged_at, logged_on) }
    };
    notes.iter().enumerate().map(note).collect()
}

/// What a night with these notes comes to: that of the day of the newest.
pub(crate) fn night(known: &Sketches, memory: &Memory, new: &[Note]) -> Tidied {
    let day = new.iter().map(|note| note.logged_on).max().unwrap();
    let tidied = tidy_knowing(known, memory, new, NightId::of(day), &Limits::default());
    assert!(tidied.stopped.is_empty(), "{}", tidied.stopped);
    tidied
}

/// The memory after a night with these notes.
pub(crate) fn after_a_night(known: &Sketches, memory: &Memory, new: &[Note]) -> Memory {
    let tidied = night(known, memory, new);
    let mut memory = memory.clone();
    memory.put(tidied.notes);
    memory.diary.extend(tidied.diary.into_iter().map(|entry| (entry.date, entry)));
    memory.brief = Some(tidied.brief);
    memory
}

/// The note in which what this one said is found now.
pub(crate) fn stands_in<'a>(memory: &'a Memory, id: &str) -> &'a Note {
    let mut note = &memory.notes[id];
    while note.state == State::Merged {
        note = &memory.notes[&note.into];
    }
    note
}

/// Cells of a table: found by kind, false merges, traps merged, notes that a rule took for outdated or contradicted though
/// nothing in the sets says that anything changed, statements lost.
pub(crate) fn measure(notes: &[Labelled]) -> String {
    let memory = after_a_night(&Sketches::default(), &Memory::default(), &logged(notes, first_day()));
    let clusters: BTreeMap<&str, u64> = notes.iter().map(|note| (note.id.as_str(), note.cluster)).collect();
    let mut members: BTreeMap<String, Vec<&Labelled>> = BTreeMap::new();
    for note in notes {
        members.entry(stands_in(&memory, &note.id).id.clone()).or_default().push(note);
    }
    let (mut found, mut total): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    let (mut wrong, mut traps) = (0, 0);
    for (survivor, members) in &members {
        for note in members {
            let others = || members.iter().filter(|other| other.id != note.id);
            *total.entry(note.kind.as_str()).or_default() += 1;
            *found.entry(note.kind.as_str()).or_default() +=
                usize::from(others().any(|other| other.cluster == note.cluster));
            wrong += usize::from(note.id != *survivor && note.cluster != clusters[survivor.as_str()]);
            traps += usize::from(note.kind == "trap" && others().any(|other| other.kind == "trap"));
        }
    }
    let cell = |kind: &str| format!("{} of {}", found.get(kind).unwrap_or(&0), total.get(kind).unwrap_or(&0));
    let kinds = ["dup-format", "dup-meta", "dup-edit", "dup-reword"].map(cell).join(" | ");
    let pairs = total.get("trap").unwrap_or(&0) / 2;
    let outdated = memory.notes.values().filter(|note| note.state == State::Superseded).count();
    let contradicted = Relations::of(memory.notes.values(), &Sketches::default()).contradicted();
    let lost = statements::lost(notes, &memory);
    format!("{kinds} | {wrong} | {} of {pairs} | {outdated} | {contradicted} | {lost}", traps / 2)
}
