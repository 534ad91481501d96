//! The diary: an entry for each day that has notes, **none for a day without**, never before the day has ended.
//!
//! An entry says what was done, learned and decided, and what was left open. What the agent wrote itself (a note of
//! kind `diary` or `journal`) stands first, **word for word as it was logged**, and is only added to. What an entry told once it
//! goes on telling, wherever its notes went since.

mod open;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::{
    OUTPUT_MARK, document, heading,
    statement::{self, Statement},
};
use commune_proto::NightId;
use jiff::civil::Date;
use rustc_hash::FxHashSet;

use self::open::Open;
use crate::{
    brief::{excerpt_of, logged_text, shorten},
    memory::{DiaryEntry, Note, State},
};

/// The sections of an entry in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    Done,
    Learned,
    Decided,
    Preferences,
    Files,
    LeftOpen,
}

/// The headings, and the kinds of notes that stand under each. The first takes every other kind.
const SECTIONS: &[(Section, &str, &[&str])] = &[
    (Section::Done, "Done", &[]),
    (Section::Learned, "Learned", &["lesson", "how-to", "fix", "fact", "skill", "pattern", "error"]),
    (Section::Decided, "Decided", &["decision"]),
    (Section::Preferences, "Preferences", &["preference"]),
    (Section::Files, "Files", &["artifact"]),
    (Section::LeftOpen, "Left open", &["task", "todo", "question"]),
];

/// Kinds of notes that are the agent's own entry of the day.
const OWN: &[&str] = &["diary", "journal"];

/// Most days that one night writes; the others follow with the next night.
const DAYS_LIMIT: usize = 400;
const TITLE_BYTES: usize = 160;
const EXCERPT_BYTES: usize = 300;
/// Most lines that one note gives beside its own: lessons and decisions of a log, and what it left open.
const LINES_LIMIT: usize = 20;
/// Most bytes of one entry, beside what the agent wrote itself.
const ENTRY_LIMIT: usize = 64 * 1024;
/// Most bytes of what the agent wrote itself: as much as one note may have.
const OWN_LIMIT: usize = 256 * 1024;

/// The entries to write: each day up to the night's that has a note which its entry does not know yet.
pub fn entries<'a>(
    notes: impl Iterator<Item = &'a Note> + Clone,
    written: &BTreeMap<Date, DiaryEntry>,
    night: NightId,
) -> Vec<DiaryEntry> {
    let known: FxHashSet<(Date, &str)> =
        written.values().flat_map(|entry| entry.notes.iter().map(|id| (entry.date, id.as_str()))).collect();
    let is_known = |note: &Note| known.contains(&(note.logged_on, note.id.as_str()));
    // what was archived tells nothing, unless it was told before
    let tells = |note: &Note| note.state != State::Archived || is_known(note);
    let untold: BTreeSet<Date> = notes
        .clone()
        .filter(|note| tells(note) && note.logged_on <= night.date() && !is_known(note))
        .map(|note| note.logged_on)
        .collect();
    let days: BTreeSet<Date> = untold.into_iter().take(DAYS_LIMIT).collect();
    let mut of_day: BTreeMap<Date, Vec<&Note>> = BTreeMap::new();
    for note in notes.filter(|note| tells(note) && days.contains(&note.logged_on)) {
        of_day.entry(note.logged_on).or_default().push(note);
    }
    of_day.into_iter().map(|(date, notes)| entry(date, notes, night)).collect()
}

fn entry(date: Date, mut notes: Vec<&Note>, night: NightId) -> DiaryEntry {
    notes.sort_by_key(|note| note.order());
    let mut text = format!("{OUTPUT_MARK}: a day of the diary -->\n# {date}\n");
    let (own, others): (Vec<&Note>, Vec<&Note>) = notes.iter().partition(|note| OWN.contains(&note.kind.as_str()));
    let mut left_out = own_words(&mut text, &own);
    let lines = lines(&others);
    let end = text.len() + ENTRY_LIMIT;
    for (section, heading, _) in SECTIONS {
        // with the first line that fits, so that no heading stands over nothing
        let mut heading = format!("\n## {heading}\n\n");
        for (_, line) in lines.iter().filter(|(of, _)| of == section) {
            if text.len() + heading.len() + line.len() > end {
                left_out += 1;
            } else {
                text.push_str(&std::mem::take(&mut heading));
                text.push_str(line);
            }
        }
    }
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} more lines of this day are in the memory.\n"));
    }
    let mut ids: Vec<String> = notes.iter().map(|note| note.id.clone()).collect();
    ids.sort();
    DiaryEntry { date, text, night: night.to_string(), notes: ids }
}

/// Adds what the agent wrote itself, each text once and whole; gives back how many did not fit.
fn own_words(text: &mut String, own: &[&Note]) -> usize {
    let mut said = BTreeSet::new();
    let mut left_out = 0;
    let mut room = OWN_LIMIT;
    for words in own.iter().map(|note| logged_text(note).trim_matches('\n')).filter(|words| said.insert(*words)) {
        match room.checked_sub(words.len()) {
            Some(rest) => {
                room = rest;
                text.push_str(&format!("\n{words}\n"));
            }
            None => left_out += 1,
        }
    }
    left_out
}

/// The lines of a day, each with its section, each once.
fn lines(notes: &[&Note]) -> Vec<(Section, String)> {
    let settled: BTreeSet<String> = notes.iter().flat_map(|note| open::settled(logged_text(note))).collect();
    let mut lines = Vec::new();
    let mut said = BTreeSet::new();
    for note in notes {
        for (section, line) in lines_of(note, &settled) {
            let line = format!("- {line}\n");
            if said.insert((section, line.clone())) {
                lines.push((section, line));
            }
        }
    }
    lines
}

/// One note's line, and what it announces and leaves open below. What only leaves something open was not done.
fn lines_of(note: &Note, settled: &BTreeSet<String>) -> Vec<(Section, String)> {
    let section = section_of(&note.kind);
    let statements = statement::said(logged_text(note));
    let open_lines = open::lines(&statements);
    let open = left_open(note, section, &open_lines, settled);
    let is_only_open = matches!(section, Section::Done | Section::LeftOpen)
        && !open.is_empty()
        && open_lines.iter().all(Option::is_some);
    let mut lines = Vec::new();
    if !is_only_open {
        let title = shorten(&note.title, TITLE_BYTES);
        lines.push((section, format!("**{title}**{}", excerpt_of(&statements, &title, EXCERPT_BYTES, None))));
    }
    if section == Section::Done {
        lines.extend(announced(&statements, &open_lines));
    }
    lines.extend(open);
    lines
}

fn section_of(kind: &str) -> Section {
    SECTIONS.iter().find(|(_, _, kinds)| kinds.contains(&kind)).map_or(Section::Done, |(section, _, _)| *section)
}

/// What a log says under headings that announce lessons, fixes or decisions: all that stands under one that announces
/// several, and one line for one ("Fix: …").
fn announced(statements: &[Statement], open_lines: &[Option<Open>]) -> Vec<(Section, String)> {
    let mut lines = Vec::new();
    // statements of one heading follow each other: it is looked at once, and told once where it announces one thing
    let (mut last, mut announcement, mut told) = (&[] as &[String], None, false);
    for (statement, _) in statements.iter().zip(open_lines).filter(|(said, open)| !said.code && open.is_none()) {
        if statement.headings != last {
            last = &statement.headings;
            announcement = last.iter().rev().find_map(|heading| heading::announcement(heading));
            told = false;
        }
        let Some(announcement) = announcement.as_ref().filter(|announcement| announcement.several || !told) else {
            continue;
        };
        let said = document::plain_text(&statement.text);
        // "Reasons:" alone says nothing
        if said.ends_with(':') || !said.chars().any(char::is_alphanumeric) {
            continue;
        }
        let line = match (announcement.several, announcement.about.as_str()) {
            (true, _) | (false, "") => said,
            (false, about) => format!("{about}: {said}"),
        };
        let decided = announcement.kind == heading::Kind::Decision;
        lines.push((if decided { Section::Decided } else { Section::Learned }, shorten(&line, EXCERPT_BYTES)));
        told = true;
        if lines.len() == LINES_LIMIT {
            break;
        }
    }
    lines
}

/// What a note leaves open and no note of the day settles. Checklists of a skill or a how-to are templates; what was
/// learned or decided may ask a question without leaving it open.
fn left_open(
    note: &Note,
    section: Section,
    open_lines: &[Option<Open>],
    settled: &BTreeSet<String>,
) -> Vec<(Section, String)> {
    if note.is_whole() || note.kind == "how-to" {
        return Vec::new();
    }
    let questions = matches!(section, Section::Done | Section::LeftOpen);
    open_lines
        .iter()
        .flatten()
        .filter(|open| (questions || !open.question) && !settled.contains(&open.identity))
        .map(|open| (Section::LeftOpen, shorten(&open.text, EXCERPT_BYTES)))
        .take(LINES_LIMIT)
        .collect()
}
