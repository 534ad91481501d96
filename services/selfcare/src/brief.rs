//! The brief: the most useful of the working set, one line a note, **never over its budget**.
//!
//! Each section gets its turn, newest note first, so that no kind pushes the others out. The same working set
//! gives the same brief, byte for byte, whatever the night.

use commune_knowledge::{document, statement};

use crate::{
    intake::OUTPUT_MARK,
    memory::{Brief, Note},
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

/// The sections in the order of the brief: a heading and the kinds that stand under it. The last takes every other kind.
const SECTIONS: &[(&str, &[&str])] = &[
    ("Preferences", &["preference"]),
    ("Decisions", &["decision"]),
    ("How-tos and fixes", &["how-to", "fix"]),
    ("Lessons", &["lesson"]),
    ("Facts", &["fact"]),
    ("Skills", &["skill"]),
    ("Files", &["artifact"]),
    ("Recent log", &[]),
];

const TITLE_BYTES: usize = 120;
const EXCERPT_BYTES: usize = 140;
const LOG_EXCERPT_BYTES: usize = 90;
/// Kept free for the line that says what did not fit.
const FOOTER_BYTES: usize = 120;
const FOOTER_LINES: usize = 2;

/// Writes the brief of a working set.
pub fn write<'a>(active: impl Iterator<Item = &'a Note>, budget: &Budget, night: &str) -> Brief {
    let mut sections: Vec<Vec<&Note>> = vec![Vec::new(); SECTIONS.len()];
    for note in active {
        sections[section_of(&note.kind)].push(note);
    }
    for notes in &mut sections {
        notes.sort_by(|left, right| right.order().cmp(&left.order()));
    }
    let total: usize = sections.iter().map(Vec::len).sum();
    let head = format!("{OUTPUT_MARK}: the brief of a memory -->\n# Brief\n");
    let mut room = Room::new(budget, &head);
    let mut chosen: Vec<Vec<String>> = vec![Vec::new(); SECTIONS.len()];
    let mut open: Vec<bool> = sections.iter().map(|notes| !notes.is_empty()).collect();
    while open.iter().any(|open| *open) {
        for (index, notes) in sections.iter().enumerate().filter(|(index, _)| open[*index]).collect::<Vec<_>>() {
            let place = chosen[index].len();
            let entry = notes
                .get(place)
                .map(|note| line(note, if index + 1 < SECTIONS.len() { EXCERPT_BYTES } else { LOG_EXCERPT_BYTES }));
            let heading = if place == 0 { SECTIONS[index].0.len() + 6 } else { 0 };
            match entry {
                Some(entry) if room.take(&entry, heading) => chosen[index].push(entry),
                _ => open[index] = false,
            }
        }
    }
    let shown: usize = chosen.iter().map(Vec::len).sum();
    let mut text = head;
    for ((heading, _), lines) in SECTIONS.iter().zip(&chosen).filter(|(_, lines)| !lines.is_empty()) {
        text.push_str(&format!("\n## {heading}\n\n"));
        text.push_str(&lines.concat());
    }
    if shown < total {
        text.push_str(&format!("\n{} more notes are in the memory and did not fit here.\n", total - shown));
    }
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Brief { text: within(text, budget), shown: number(shown), left_out: number(total - shown), night: night.to_owned() }
}

/// What is left of a budget.
struct Room {
    lines: usize,
    bytes: usize,
}

impl Room {
    fn new(budget: &Budget, head: &str) -> Self {
        Self {
            lines: budget.lines.saturating_sub(head.lines().count() + FOOTER_LINES),
            bytes: budget.bytes.saturating_sub(head.len() + FOOTER_BYTES),
        }
    }

    /// Takes a line, with the bytes of a heading above it where it is the first of its section.
    fn take(&mut self, entry: &str, heading: usize) -> bool {
        let (lines, bytes) = (if heading > 0 { 4 } else { 1 }, entry.len() + heading);
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

fn line(note: &Note, excerpt_bytes: usize) -> String {
    let title = shorten(&note.title, TITLE_BYTES);
    let excerpt = excerpt(note, &title, excerpt_bytes);
    format!("- **{title}**{excerpt} ({}, `{}`)\n", note.logged_on, note.id)
}

/// The first statement that says more than the title.
pub(crate) fn excerpt(note: &Note, title: &str, bytes: usize) -> String {
    let text = if note.original_text.is_empty() { &note.text } else { &note.original_text };
    statement::statements(text)
        .iter()
        .filter(|statement| !statement.code)
        .map(|statement| shorten(&document::plain_text(&statement.text), bytes))
        .find(|said| !says_the_same(said, title))
        .map_or_else(String::new, |said| format!(": {said}"))
}

/// True when one is nothing or the beginning of the other.
fn says_the_same(said: &str, title: &str) -> bool {
    let (said, title) = (said.trim_end_matches('…'), title.trim_end_matches('…'));
    said.is_empty() || title.starts_with(said) || said.starts_with(title)
}

/// One line of at most so many bytes, cut between characters.
pub(crate) fn shorten(text: &str, bytes: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= bytes {
        return line;
    }
    let end = (0..=bytes.saturating_sub('…'.len_utf8())).rev().find(|&end| line.is_char_boundary(end)).unwrap_or(0);
    format!("{}…", line[..end].trim_end())
}

/// The last word on the budget, for budgets too small for a heading.
fn within(text: String, budget: &Budget) -> String {
    let lines_fit = text.lines().count() <= budget.lines;
    if lines_fit && text.len() <= budget.bytes {
        return text;
    }
    let mut text: String = text.split_inclusive('\n').take(budget.lines).collect();
    let end = (0..=budget.bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.truncate(end);
    text
}
