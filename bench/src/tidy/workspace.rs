//! A real agent's workspace before and after a night: each file one note, as an agent publishes it.

use commune_proto::NightId;
use jiff::{Timestamp, civil::Date, civil::date, tz::TimeZone};
use selfcare::{
    intake,
    memory::{Memory, Note, State},
    tidy::{Limits, explain::explain, tidy},
    translate,
};

use crate::labelled::data;

/// The last day of the workspace.
const LAST_DAY: Date = date(2026, 2, 19);
/// Notes that are shown with their verdicts.
const SHOWN: usize = 10;

/// Prints what became of the workspace, and ten of its notes with what each rule said.
pub(crate) fn print() {
    let Some(notes) = notes() else {
        println!("skipped: the workspace is not there");
        return;
    };
    let tidied = tidy(&Memory::default(), &notes, NightId::of(LAST_DAY), &Limits::default());
    assert!(tidied.stopped.is_empty(), "{}", tidied.stopped);
    let mut memory = Memory::default();
    memory.put(tidied.notes);
    let bytes = |notes: &[Note]| notes.iter().map(|note| note.text.len()).sum::<usize>();
    let active: Vec<Note> = memory.active().cloned().collect();
    let state = |state| memory.count(state);
    println!("| | notes | bytes |\n|---|---|---|");
    println!("| files as logged | {} | {} |", notes.len(), bytes(&notes));
    println!("| working set | {} | {} |", active.len(), bytes(&active));
    println!(
        "\nmerged {}, superseded {}, archived {}; the brief shows {} and leaves {} out, in {} lines and {} bytes; {} days of the diary\n",
        state(State::Merged),
        state(State::Superseded),
        state(State::Archived),
        tidied.brief.shown,
        tidied.brief.left_out,
        tidied.brief.text.lines().count(),
        tidied.brief.text.len(),
        tidied.diary.len()
    );
    // ten that stand evenly in the order of their ids, which are hashes for the entries of logs
    let all: Vec<&Note> = memory.notes.values().collect();
    for note in all.iter().step_by(all.len().div_ceil(SHOWN)) {
        println!(
            "- `{}` **{}** ({}, {:?}, {} bytes)",
            note.id,
            note.title,
            note.logged_on,
            note.state,
            note.text.len()
        );
        for said in explain(&memory, &note.id).unwrap().said {
            println!("  - {}{}: {}", said.rule, if said.moved { " (moved it)" } else { "" }, said.verdict);
        }
    }
}

/// The files of the workspace's memory as notes that an agent published; none where it is not there.
fn notes() -> Option<Vec<Note>> {
    let folder = data().join("workspaces/lobsterops/memory");
    let mut files: Vec<_> = std::fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut notes = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy();
        let day = name.get(..10).and_then(|day| day.parse().ok()).unwrap_or(LAST_DAY);
        let payload = format!("---\ndate: {day}\nsource: memory/{name}\n---\n{text}");
        let id = name.trim_end_matches(".md");
        let message = intake::Message {
            agent: "ralph",
            kind: "note",
            id: Some(id),
            content_type: None,
            event_type: None,
            stored_at: Timestamp::UNIX_EPOCH,
            sequence: 1,
            payload: payload.as_bytes(),
        };
        let said = intake::read(&message, &TimeZone::UTC, translate::decode).unwrap();
        let intake::Said::Note(note) = said else { unreachable!("{name} was sent as a note") };
        notes.push(*note);
    }
    Some(notes)
}
