//! The rules on a real agent workspace, where one lies beside the checkout.

use std::{collections::BTreeSet, path::Path};

use commune_knowledge::{document, statement};
use jiff::{Timestamp, civil::date, tz::TimeZone};

use super::*;
use crate::{intake, memory::DiaryEntry, translate};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/workspaces/lobsterops/memory");

/// Each file split at its headings of level 2, as notes that an agent published.
fn notes(folder: &Path) -> Vec<Note> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut notes = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "md")) {
        let text = std::fs::read_to_string(file).expect("a text");
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let day = name.get(..10).filter(|day| day.parse::<jiff::civil::Date>().is_ok()).unwrap_or("2026-02-19");
        let mut starts: Vec<usize> =
            document::sections(&text).iter().filter(|s| s.level == 2).map(|s| s.own.start).collect();
        starts.insert(0, 0);
        starts.push(text.len());
        for piece in starts.windows(2).map(|range| &text[range[0]..range[1]]).filter(|piece| !piece.trim().is_empty()) {
            let sequence = u64::try_from(notes.len()).expect("small") + 1;
            let payload = format!("---\ndate: {day}\nsource: memory/{name}.md\n---\n{piece}");
            let message = intake::Message {
                agent: "ralph",
                kind: "note",
                id: Some(&format!("n{sequence:04}")),
                content_type: None,
                event_type: None,
                stored_at: Timestamp::UNIX_EPOCH,
                sequence,
                payload: payload.as_bytes(),
            };
            match intake::read(&message, &TimeZone::UTC, translate::decode) {
                Ok(intake::Said::Note(note)) => notes.push(*note),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    notes
}

#[test]
fn a_real_workspace_is_tidied_without_loss() {
    let folder = Path::new(FOLDER);
    if !folder.exists() {
        println!("skipped: {FOLDER} is not there");
        return;
    }
    let notes = notes(folder);
    let night = NightId::of(date(2026, 2, 19));
    let limits = Limits::default();
    let tidied = tidy(&Memory::default(), &notes, night, &limits);
    assert!(tidied.stopped.is_empty(), "{}", tidied.stopped);
    let mut memory = Memory { brief: Some(tidied.brief.clone()), ..Memory::default() };
    memory.put(tidied.notes.clone());
    memory.diary.extend(tidied.diary.iter().map(|entry: &DiaryEntry| (entry.date, entry.clone())));

    let states = [State::Active, State::Merged, State::Superseded, State::Archived];
    let counts: Vec<usize> = states.iter().map(|state| memory.count(*state)).collect();
    println!(
        "{} notes, {} entries of logs: {counts:?} (active, merged, superseded, archived); {} diary days",
        notes.len(),
        memory.notes.values().filter(|note| !note.part_of.is_empty()).count(),
        memory.diary.len()
    );
    for note in memory.notes.values().filter(|note| !note.rule.is_empty()) {
        println!("{} {} -> {}: {}", note.rule, note.id, note.into, note.title);
    }
    println!("{}", tidied.brief.text);
    for entry in &tidied.diary {
        println!("{}", entry.text);
    }
    let entries = memory.notes.values().filter(|note| !note.part_of.is_empty()).count();
    assert_eq!(counts.iter().sum::<usize>() - entries, notes.len(), "every note is accounted for");
    assert!(tidied.brief.text.len() <= limits.brief.bytes && tidied.brief.text.lines().count() <= limits.brief.lines);
    let kept: BTreeSet<String> =
        memory.notes.values().flat_map(|n| statement::statements(&n.text)).map(|s| s.identity).collect();
    for statement in notes.iter().flat_map(|note| statement::statements(&note.text)) {
        assert!(kept.contains(&statement.identity), "lost: {}", statement.text);
    }
    assert!(tidy(&memory, &[], night, &limits).unchanged, "a second run changes nothing");
}
