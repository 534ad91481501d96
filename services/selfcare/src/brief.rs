//! The brief: the most useful of the working set, one line a note, **never over its budget**.
//!
//! **Which** notes are shown is settled by their value: each class of kinds of each section gets its turns, the most
//! valuable note first, so that no kind pushes the others out; the first line that does not fit ends it. **Where** they
//! stand is settled by their date. So the same working set gives the same brief, byte for byte, whatever the night: notes of one
//! class never change their order ([`crate::value`]), and a new note adds its line and pushes out the few that its bytes cost.

mod dates;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use commune_knowledge::{
    OUTPUT_MARK, document,
    statement::{self, Statement},
};
use jiff::civil::Date;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    memory::{Brief, Note},
    relations::Relations,
    value::{Class, Values},
};

/// What a brief may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Most lines.
    pub lines: usize,
    /// Most bytes.
    pub bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { lines: 200, bytes: 25_000 }
    }
}

impl Brief {
    /// True when it shows as many notes as another and is within the budget. Over one and the same working set it
    /// then says the same, if in other words, and **is not written again for its words alone**.
    pub fn is_as_full_as(&self, other: &Self, budget: &Budget) -> bool {
        (self.shown, self.left_out) == (other.shown, other.left_out)
            && self.text.len() <= budget.bytes
            && self.text.lines().count() <= budget.lines
    }
}

/// The sections in the order of the brief: a heading and the kinds that stand under it. The last takes every other kind.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Preferences", &["preference"]),
    ("Decisions", &["decision"]),
    ("How-tos and fixes", &["how-to", "fix"]),
    ("Lessons", &["lesson", "pattern"]),
    ("Facts", &["fact"]),
    ("Skills", &["skill"]),
    ("Files", &["artifact"]),
    ("Errors", &["error"]),
    ("Recent log", &[]),
];

const TITLE_BYTES: usize = 120;
const EXCERPT_BYTES: usize = 140;
const LOG_EXCERPT_BYTES: usize = 90;
/// Kept free for the two lines that say what did not fit and what has faded.
const FOOTER_BYTES: usize = 400;
const FOOTER_LINES: usize = 4;
/// Lines of a heading with the blank ones around it, and its bytes beside its words.
const HEADING_LINES: usize = 3;
const HEADING_BYTES: usize = 6;
/// Faded notes that are named.
const FADED_NAMED: usize = 3;
/// Notes of one key that are shown together.
const TOGETHER: usize = 3;

/// Writes the brief of a working set, whose notes were weighed and compared with the others of the memory; `faded` are those
/// that have had their time ([`Values::faded`]).
pub fn write<'a>(
    active: impl Iterator<Item = &'a Note>,
    values: &Values<'_>,
    relations: &Relations<'_>,
    faded: &[&Note],
    budget: &Budget,
    night: &str,
) -> Brief {
    let active: Vec<&Note> = active.collect();
    let head = format!("{OUTPUT_MARK}: the brief of a memory -->\n# Brief\n");
    let sections = chosen(&active, values, relations, Room::new(budget, &head));
    let mut text = head;
    for ((heading, _), entries) in SECTIONS.iter().zip(&sections).filter(|(_, entries)| !entries.is_empty()) {
        text.push_str(&format!("\n## {heading}\n\n"));
        entries.iter().for_each(|entry| text.push_str(&entry.line));
    }
    let shown: usize = sections.iter().map(Vec::len).sum();
    let left_out = active.len() - shown;
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} more notes are in the memory and did not fit here.\n"));
    }
    text.push_str(&faded_line(faded));
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Brief { text: within(&text, budget), shown: number(shown), left_out: number(left_out), night: night.to_owned() }
}

/// What is shown together or not at all: a note, with the older ones that it contradicts, or that are under its key and in
/// the working set too (they were put back by hand). Each stands there with its date.
struct Matter<'a> {
    newest: &'a Note,
    older: Vec<&'a Note>,
}

/// One note's line.
struct Entry<'a> {
    note: &'a Note,
    section: usize,
    line: String,
}

/// The entries that fit, by section, the newest first.
fn chosen<'a>(
    active: &[&'a Note],
    values: &Values<'_>,
    relations: &Relations<'_>,
    mut room: Room,
) -> Vec<Vec<Entry<'a>>> {
    let mut lanes: BTreeMap<(usize, Class), Vec<Matter<'a>>> = BTreeMap::new();
    for matter in matters(active, relations) {
        let lane = (section_of(&matter.newest.kind), Class::of(&matter.newest.kind));
        lanes.entry(lane).or_default().push(matter);
    }
    for lane in lanes.values_mut() {
        // the last is taken first
        lane.sort_by_cached_key(|matter| (values.rank(matter.newest), matter.newest.logged_at, &matter.newest.id));
    }
    let mut sections: Vec<Vec<Entry<'a>>> = SECTIONS.iter().map(|_| Vec::new()).collect();
    'full: while lanes.values().any(|lane| !lane.is_empty()) {
        for ((_, class), lane) in &mut lanes {
            for matter in lane.split_off(lane.len().saturating_sub(class.turns())).into_iter().rev() {
                let entries = matter.entries(relations);
                if !room.take(&entries, &sections) {
                    break 'full;
                }
                entries.into_iter().for_each(|entry| sections[entry.section].push(entry));
            }
        }
    }
    for entries in &mut sections {
        entries.sort_by(|left, right| right.note.order().cmp(&left.note.order()));
    }
    sections
}

fn matters<'a>(active: &[&'a Note], relations: &Relations<'_>) -> Vec<Matter<'a>> {
    // by key, or by the newest note that contradicts it
    let mut together: BTreeMap<(&str, &str), Vec<&Note>> = BTreeMap::new();
    let is_alone = |note: &&&Note| note.key.is_empty() && relations.is_alone(note);
    let mut matters: Vec<Matter<'a>> =
        active.iter().filter(is_alone).map(|note| Matter { newest: note, older: Vec::new() }).collect();
    for note in active.iter().filter(|note| !is_alone(note)) {
        let matter = if note.key.is_empty() { ("", relations.newest_of(&note.id)) } else { (note.key.as_str(), "") };
        together.entry(matter).or_default().push(note);
    }
    for mut notes in together.into_values() {
        notes.sort_by(|left, right| right.order().cmp(&left.order()));
        let together = notes.chunks(TOGETHER).filter_map(<[&Note]>::split_first);
        matters.extend(together.map(|(newest, older)| Matter { newest, older: older.to_vec() }));
    }
    matters
}

impl<'a> Matter<'a> {
    fn entries(&self, relations: &Relations<'_>) -> Vec<Entry<'a>> {
        let entry = |note: &'a Note, relation: &str| Entry {
            note,
            section: section_of(&note.kind),
            line: line(note, relation),
        };
        let older = self.older.iter().map(|note| match note.key.is_empty() {
            true => entry(note, &relation(note, relations)),
            false => entry(note, &format!("; newer: `{}`", self.newest.id)),
        });
        std::iter::once(entry(self.newest, &relation(self.newest, relations))).chain(older).collect()
    }
}

/// What a line says of other notes.
fn relation(note: &Note, relations: &Relations<'_>) -> String {
    let contradicted = relations.contradicted_by(note).map(|newer| format!("; contradicted by `{newer}`"));
    let replaced: Vec<String> = relations.replaced_by(note).iter().take(TOGETHER).map(|id| format!("`{id}`")).collect();
    let replaces = if replaced.is_empty() { String::new() } else { format!("; replaces {}", replaced.join(", ")) };
    contradicted.unwrap_or_default() + &replaces
}

/// What is left of a budget.
struct Room {
    lines: usize,
    bytes: usize,
    /// What a line costs at least: its share of the bytes. So a long line never costs the place of many short ones.
    share: usize,
}

impl Room {
    fn new(budget: &Budget, head: &str) -> Self {
        Self {
            lines: budget.lines.saturating_sub(head.lines().count() + FOOTER_LINES),
            bytes: budget.bytes.saturating_sub(head.len() + FOOTER_BYTES),
            share: budget.bytes / budget.lines.max(1),
        }
    }

    /// Takes the lines, with a heading above each that is the first of its section; all of them or none.
    fn take(&mut self, entries: &[Entry<'_>], sections: &[Vec<Entry<'_>>]) -> bool {
        let mut headings: Vec<usize> = entries.iter().map(|entry| entry.section).collect();
        headings.sort_unstable();
        headings.dedup();
        headings.retain(|section| sections[*section].is_empty());
        let lines = entries.len() + headings.len() * HEADING_LINES;
        let bytes = entries.iter().map(|entry| entry.line.len().max(self.share)).sum::<usize>()
            + headings.iter().map(|section| SECTIONS[*section].0.len() + HEADING_BYTES).sum::<usize>();
        let fits = lines <= self.lines && bytes <= self.bytes;
        if fits {
            self.lines -= lines;
            self.bytes -= bytes;
        }
        fits
    }
}

fn section_of(kind: &str) -> usize {
    SECTIONS.iter().position(|(_, kinds)| kinds.contains(&kind)).unwrap_or(SECTIONS.len() - 1)
}

fn line(note: &Note, relation: &str) -> String {
    let last = section_of(&note.kind) == SECTIONS.len() - 1;
    let title = shorten(&dated_title(note), TITLE_BYTES);
    let excerpt = excerpt(note, &title, if last { LOG_EXCERPT_BYTES } else { EXCERPT_BYTES }, Some(note.logged_on));
    format!("- **{title}**{excerpt} ({}, `{}`{relation})\n", note.logged_on, note.id)
}

/// The title with the day it speaks of. A title has lost its backquotes, so what the text has in code stays.
fn dated_title(note: &Note) -> String {
    let dated = dates::absolute(&note.title, note.logged_on);
    let in_code = |code: &str| dates::absolute(code, note.logged_on) != code;
    match dated != note.title && logged_text(note).split('`').skip(1).step_by(2).any(in_code) {
        true => note.title.clone(),
        false => dated,
    }
}

/// The text as it was logged.
pub(crate) fn logged_text(note: &Note) -> &str {
    if note.original_text.is_empty() { &note.text } else { &note.original_text }
}

/// The first statement that says more than the title; with a day, its words for a day are dates.
fn excerpt(note: &Note, title: &str, bytes: usize, day: Option<Date>) -> String {
    excerpt_of(&statement::said(logged_text(note)), title, bytes, day)
}

/// [`excerpt`] of a note whose statements were read already.
pub(crate) fn excerpt_of(statements: &[Statement], title: &str, bytes: usize, day: Option<Date>) -> String {
    statements
        .iter()
        .filter(|statement| !statement.code)
        .map(|statement| match day {
            Some(day) => document::plain_text(&dates::absolute(&statement.text, day)),
            None => document::plain_text(&statement.text),
        })
        .map(|said| shorten(&said, bytes))
        .find(|said| !says_the_same(said, title))
        .map_or_else(String::new, |said| format!(": {said}"))
}

/// True when it is nothing, in the title already, or goes on where the title ends.
fn says_the_same(said: &str, title: &str) -> bool {
    let (said, title) = (said.trim_end_matches('…'), title.trim_end_matches('…'));
    title.contains(said) || said.starts_with(title)
}

/// One line of at most so many bytes, cut between what a reader sees as characters.
pub(crate) fn shorten(text: &str, bytes: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= bytes {
        return line;
    }
    let room = bytes.saturating_sub('…'.len_utf8());
    let ends = line.grapheme_indices(true).map(|(at, grapheme)| at + grapheme.len());
    let end = ends.take_while(|end| *end <= room).last().unwrap_or(0);
    format!("{}…", line[..end].trim_end())
}

/// The line that says which notes have faded; nothing when none has.
fn faded_line(notes: &[&Note]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let named: Vec<String> = notes.iter().take(FADED_NAMED).map(|note| format!("`{}`", note.id)).collect();
    let such_as = if notes.len() > named.len() { "such as " } else { "" };
    format!("\nOld, and perhaps for the archive: {} ({such_as}{}).\n", notes.len(), named.join(", "))
}

/// The last word on the budget, for budgets too small for a heading: whole lines.
fn within(text: &str, budget: &Budget) -> String {
    let mut bytes = 0;
    let fits = |line: &&str| {
        bytes += line.len();
        bytes <= budget.bytes
    };
    text.split_inclusive('\n').take(budget.lines).take_while(fits).collect()
}
