//! The diary: an entry for each day that has notes, **none for a day without**, never before the day has ended.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::NightId;
use jiff::civil::Date;

use crate::{
    brief::{excerpt, shorten},
    intake::OUTPUT_MARK,
    memory::{DiaryEntry, Note, State},
};

/// The sections of an entry: a heading and the kinds that stand under it. The first takes every other kind.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Done", &[]),
    ("Learned", &["lesson", "how-to", "fix", "fact", "skill"]),
    ("Decided", &["decision"]),
    ("Preferences", &["preference"]),
    ("Files", &["artifact"]),
];

/// Most days that one night writes; the others follow with the next night.
const DAYS_LIMIT: usize = 400;
const TITLE_BYTES: usize = 160;
const EXCERPT_BYTES: usize = 300;
/// Most bytes of one entry.
const ENTRY_LIMIT: usize = 64 * 1024;

/// The entries to write: each day up to the night's that has a note which its entry does not know yet.
pub fn entries(
    notes: &BTreeMap<String, Note>,
    written: &BTreeMap<Date, DiaryEntry>,
    night: NightId,
) -> Vec<DiaryEntry> {
    let known: BTreeSet<(Date, &str)> =
        written.values().flat_map(|entry| entry.notes.iter().map(|id| (entry.date, id.as_str()))).collect();
    let untold: BTreeSet<Date> = notes
        .values()
        .filter(|note| {
            tells(note) && note.logged_on <= night.date() && !known.contains(&(note.logged_on, note.id.as_str()))
        })
        .map(|note| note.logged_on)
        .collect();
    let days: BTreeSet<Date> = untold.into_iter().take(DAYS_LIMIT).collect();
    let mut of_day: BTreeMap<Date, Vec<&Note>> = BTreeMap::new();
    for note in notes.values().filter(|note| tells(note) && days.contains(&note.logged_on)) {
        of_day.entry(note.logged_on).or_default().push(note);
    }
    of_day.into_iter().map(|(date, notes)| entry(date, notes, night)).collect()
}

/// Stubs tell nothing.
fn tells(note: &Note) -> bool {
    note.state != State::Archived
}

fn entry(date: Date, mut notes: Vec<&Note>, night: NightId) -> DiaryEntry {
    notes.sort_by_key(|note| note.order());
    let mut sections: Vec<Vec<String>> = vec![Vec::new(); SECTIONS.len()];
    let mut said = BTreeSet::new();
    for note in &notes {
        let line = line(note);
        if said.insert(line.clone()) {
            sections[section_of(&note.kind)].push(line);
        }
    }
    let mut text = format!("{OUTPUT_MARK}: a day of the diary -->\n# {date}\n");
    let mut left_out = 0;
    for ((heading, _), lines) in SECTIONS.iter().zip(&sections).filter(|(_, lines)| !lines.is_empty()) {
        text.push_str(&format!("\n## {heading}\n\n"));
        for line in lines {
            if text.len() + line.len() > ENTRY_LIMIT {
                left_out += 1;
            } else {
                text.push_str(line);
            }
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} more notes of this day are in the memory.\n"));
    }
    let mut ids: Vec<String> = notes.iter().map(|note| note.id.clone()).collect();
    ids.sort();
    DiaryEntry { date, text, night: night.to_string(), notes: ids }
}

fn section_of(kind: &str) -> usize {
    SECTIONS.iter().position(|(_, kinds)| kinds.contains(&kind)).unwrap_or(0)
}

fn line(note: &Note) -> String {
    let title = shorten(&note.title, TITLE_BYTES);
    let excerpt = excerpt(note, &title, EXCERPT_BYTES, None);
    format!("- **{title}**{excerpt}\n")
}
