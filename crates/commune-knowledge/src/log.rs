//! Logs as agents write them: a day's file with an entry under each heading, and signs of life that repeat every hour.
//!
//! A log is cut only where it says itself that an entry begins; everything else is one text. **Only signs of life that say
//! the same to the letter, but for when they were made, are folded into one**; a number more keeps them apart.

mod beat;
mod stamp;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::Range};

pub use beat::{Beat, beat, folded, span};
pub use stamp::{Moment, Stamp};

use crate::document::{self, Section};
use crate::heading;
use stamp::{is_day, stamped};

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its Markdown, below the headings that it stood under (the title of the log left out, unless it says that the log is
    /// private).
    pub text: String,
    /// What its heading says beside when; empty where it has none or says nothing else.
    pub title: String,
    /// When it was made, as it says itself; for folded signs of life the first of them.
    pub stamp: Stamp,
}

/// The entries of a log, in order; none for a text that is no log. A log has two headings of one level with a date or a
/// time of day, or a title that is a date and two headings of one level (of level 1 or 2 where only its file's name is a
/// date: `dated`), or repeated signs of life. `day` is the day of what names none, `2026-02-14`.
pub fn entries(body: &str, dated: bool, day: &str) -> Vec<Entry> {
    let mut parts = parts(body, dated);
    let mut folded = beat::fold_parts(&mut parts, day);
    folded.extend(beat::fold_lines(&mut parts, day));
    if parts.len() < 2 && folded.is_empty() {
        return Vec::new();
    }
    parts.retain(|part| !document::is_empty(&part.text));
    parts.iter().map(Part::entry).chain(folded).collect()
}

/// A piece of a log before anything is folded.
#[derive(Debug)]
struct Part {
    /// The lines of the headings above it.
    above: String,
    heading: String,
    text: String,
}

impl Part {
    fn whole(&self) -> String {
        format!("{}{}", self.above, self.text)
    }

    fn entry(&self) -> Entry {
        let (stamp, title) = stamped(&self.heading).unwrap_or_else(|| (Stamp::default(), self.heading.clone()));
        Entry { text: self.whole().trim_end().to_owned(), title, stamp }
    }
}

fn parts(body: &str, dated: bool) -> Vec<Part> {
    let sections = document::sections(body);
    let Some(level) = entry_level(&sections, dated) else {
        return vec![Part { above: String::new(), heading: String::new(), text: body.to_owned() }];
    };
    let mut parts = Vec::new();
    let mut above: Vec<(u8, String)> = Vec::new();
    for (section, range) in cuts(body, &sections, level) {
        above.retain(|(level, _)| *level < section.level);
        let text = &body[range.clone()];
        if !document::is_empty(text) {
            let above: String = above.iter().map(|(_, line)| line.as_str()).collect();
            parts.push(Part { above, heading: section.heading.clone(), text: undivided(text).to_owned() });
        }
        if section.level > 1 || heading::is_private(&section.heading) {
            let line = text.lines().next().unwrap_or_default();
            above.push((section.level, format!("{line}\n\n")));
        }
    }
    parts
}

/// An entry without the line that divides it from the next one; with no blank line above, that would make a heading.
fn undivided(text: &str) -> &str {
    text.trim_end().strip_suffix("\n\n---").unwrap_or(text)
}

/// The sections down to a level, each with what stands under it at deeper levels.
fn cuts<'a>(body: &str, sections: &'a [Section], level: u8) -> Vec<(&'a Section, Range<usize>)> {
    let cut: Vec<&Section> = sections.iter().filter(|section| section.level <= level).collect();
    let ends = cut.iter().skip(1).map(|next| next.own.start).chain([body.len()]);
    cut.iter().zip(ends).map(|(section, end)| (*section, section.own.start..end)).collect()
}

/// The level of the headings that begin an entry; none for a text that is no log.
fn entry_level(sections: &[Section], dated: bool) -> Option<u8> {
    let mut levels: BTreeMap<u8, (usize, usize)> = BTreeMap::new();
    for section in sections.iter().filter(|section| section.level > 0) {
        let (all, with_stamp) = levels.entry(section.level).or_default();
        *all += 1;
        *with_stamp += usize::from(stamped(&section.heading).is_some());
    }
    let title =
        sections.iter().find(|section| section.level == 1).filter(|_| levels.get(&1).is_some_and(|one| one.0 == 1));
    let titled = title.is_some_and(|title| is_day(&title.heading));
    // a piece of a day's file has the file's name too, and headings below its own
    let begins =
        |level: u8, all: usize, with_stamp: usize| with_stamp > 1 || (all > 1 && (titled || (dated && level <= 2)));
    levels.into_iter().find(|(level, (all, with_stamp))| begins(*level, *all, *with_stamp)).map(|(level, _)| level)
}
