//! Extract: which notes, or which of their sections, may be shared.
//!
//! **Private stays private**: what is not marked for sharing by its visibility, its kind or its heading never
//! becomes a piece, and a piece of a section holds that section's text and nothing around it; what is gathered of several short things has for its title
//! the heading that the section stands under, or the log's.

use commune_knowledge::{
    document::{self, Section},
    heading::{self, Announcement},
    normalize, skill,
};
use commune_proto::content_id;

use super::{
    Kind, Note, Piece, Visibility,
    blocks::{BlockKind, blocks},
    gather::{self, Gathered},
    groups::groups,
    titles, worth,
};

/// Fewer words say nothing that helps.
const FEWEST_WORDS: usize = 5;
/// Kinds of notes whose sections are looked at: logs of a day, and notes that say no kind.
const LOGS: &[&str] = &["", "log", "daily", "daily-log", "journal", "diary", "session", "session-log", "worklog"];
/// Tags by which an agent orders its own memory; to others they say nothing.
const OWN_TAGS: &[&str] = &["important", "minor", "pinned"];

/// The pieces of a note that may be shared, in the order of its text. Deterministic.
pub fn extract(agent: &str, note: &Note) -> Vec<Piece> {
    let written = Kind::shareable(&note.kind);
    match note.visibility {
        Visibility::Private => Vec::new(),
        Visibility::Commune => whole(agent, note, written.unwrap_or(Kind::Fact)),
        Visibility::Unspecified => match written {
            Some(kind) if kind != Kind::Skill && is_list(note) => list(agent, note),
            Some(kind) => whole(agent, note, kind),
            None if is_log(&note.kind) => sections(agent, note),
            None => Vec::new(),
        },
    }
}

fn is_log(kind: &str) -> bool {
    LOGS.contains(&kind.trim().to_lowercase().replace(['_', ' '], "-").as_str())
}

/// True when all that a note says stands under a heading that only says that several things follow
/// ("Lessons learned"): a page of a log, not one thing.
fn is_list(note: &Note) -> bool {
    let sections = document::sections(&note.text);
    let listing = sections.iter().find(|section| announced(section).is_some_and(|a| a.several && a.is_only_a_kind()));
    listing.is_some_and(|section| {
        document::is_empty(&note.text[..section.own.start]) && document::is_empty(&note.text[section.whole.end..])
    })
}

fn list(agent: &str, note: &Note) -> Vec<Piece> {
    sections(agent, note).into_iter().map(|piece| Piece { tags: tags(note), ..piece }).collect()
}

fn whole(agent: &str, note: &Note, kind: Kind) -> Vec<Piece> {
    let title = if note.title.trim().is_empty() { document::title(&note.text) } else { note.title.clone() };
    // the files of a skill's folder stay together
    let text = match skill::unpack(&note.text) {
        Some(_) => note.text.clone(),
        None => without_private_sections(&note.text),
    };
    let made = piece(agent, note, None, kind, &titles::undated(&title), &text);
    made.map(|piece| Piece { tags: tags(note), ..piece }).into_iter().collect()
}

fn tags(note: &Note) -> Vec<String> {
    note.tags.iter().filter(|tag| !OWN_TAGS.contains(&tag.as_str())).cloned().collect()
}

/// A shared note's text without the sections that say that they are private.
fn without_private_sections(text: &str) -> String {
    let sections = document::sections(text);
    let mut kept = String::new();
    let mut at = 0;
    while at < sections.len() {
        if sections[at].level > 0 && heading::is_private(&sections[at].heading) {
            at = after(&sections, at);
        } else {
            kept.push_str(&text[sections[at].own.clone()]);
            at += 1;
        }
    }
    kept
}

fn sections(agent: &str, note: &Note) -> Vec<Piece> {
    let sections = document::sections(&note.text);
    let mut taken = Vec::new();
    let mut at = 0;
    while at < sections.len() {
        let section = &sections[at];
        if section.level > 0 && heading::is_private(&section.heading) {
            at = after(&sections, at);
        } else if let Some(announced) = announced(section) {
            let mut finder = Finder { agent, note, sections: &sections, taken: Vec::new() };
            finder.section(at, &announced);
            taken.append(&mut finder.taken);
            at = after(&sections, at);
        } else {
            at += 1;
        }
    }
    for (position, piece) in taken.iter_mut().enumerate() {
        piece.position = position;
    }
    taken
}

fn announced(section: &Section) -> Option<Announcement> {
    (section.level > 0).then(|| heading::announcement(&section.heading)).flatten()
}

/// The first section that is not below the one at `at`.
fn after(sections: &[Section], at: usize) -> usize {
    let end = sections[at].whole.end;
    (at + 1..sections.len()).find(|&i| sections[i].own.start >= end).unwrap_or(sections.len())
}

struct Finder<'a> {
    agent: &'a str,
    note: &'a Note,
    sections: &'a [Section],
    taken: Vec<Piece>,
}

impl Finder<'_> {
    /// Takes what stands under an announcing heading: one piece, or one for each thing it announces.
    fn section(&mut self, at: usize, announced: &Announcement) {
        let heading = &self.sections[at].heading;
        if !announced.several {
            let text = self.whole_text(at);
            let title = if announced.about.is_empty() { titles::lead(&text) } else { announced.about.clone() };
            self.take(heading, announced.kind, &title, &text);
            return;
        }
        let heading = heading.clone();
        let first = self.taken.len();
        let mut gathered = Gathered::default();
        for text in groups(self.own_text(at)) {
            let place = self.taken.len();
            self.take(&heading, announced.kind, &titles::lead(&text), &text);
            if self.taken.len() > place && gather::is_brief(&text) {
                gathered.item(place, &text);
            }
        }
        let end = after(self.sections, at);
        let children = self.children(at, end);
        let headings: Vec<&str> = children.iter().map(|child| self.sections[*child].heading.as_str()).collect();
        let parts = gather::parts_of_a_whole(&headings, heading::is_collection);
        for (child, is_part) in children.into_iter().zip(parts) {
            let place = self.taken.len();
            self.below(child, announced.kind);
            if is_part && self.taken.len() > place {
                let section = format!("## {}\n\n{}", self.sections[child].heading.trim(), self.whole_text(child));
                gathered.section(place..self.taken.len(), &section);
            }
        }
        if let Some((text, places)) = gathered.whole() {
            self.gather(&heading, (at, first), announced.kind, &text, &places);
        }
    }

    /// The sections right below one.
    fn children(&self, at: usize, end: usize) -> Vec<usize> {
        std::iter::successors((at + 1 < end).then_some(at + 1), |child| {
            Some(after(self.sections, *child)).filter(|next| *next < end)
        })
        .collect()
    }

    /// Puts one piece in the place of those that were taken from these places, where what they stand under has a matter of its own.
    fn gather(
        &mut self,
        heading: &str,
        (at, first): (usize, usize),
        kind: heading::Kind,
        text: &str,
        places: &[usize],
    ) {
        let topic = self.topic(at);
        if topic.is_empty() {
            return;
        }
        let whole = piece(self.agent, self.note, Some(heading), kind.into(), &topic, text);
        let Some(mut whole) = whole else { return };
        for place in places.iter().rev() {
            whole.parts.insert(0, self.taken.remove(*place));
        }
        self.taken.insert(first, whole);
    }

    /// What the section is of: the nearest heading above that names a matter, else what the note's title names.
    fn topic(&self, at: usize) -> String {
        let mut level = self.sections[at].level;
        for section in self.sections[..at].iter().rev().filter(|section| section.level > 0) {
            if section.level < level {
                level = section.level;
                let topic = topic_of(&section.heading);
                if !topic.is_empty() {
                    return topic;
                }
            }
        }
        topic_of(&self.note.title)
    }

    /// A section below one that announces several things is one of them.
    fn below(&mut self, at: usize, kind: heading::Kind) {
        let heading = &self.sections[at].heading;
        if heading::is_private(heading) || titles::is_housekeeping(&format!("{heading}:")) {
            return;
        }
        if let Some(announced) = heading::announcement(heading) {
            self.section(at, &announced);
        } else if heading::is_collection(heading) {
            self.section(at, &Announcement { kind, several: true, about: String::new() });
        } else {
            self.section(at, &Announcement { kind, several: false, about: heading::subject(heading) });
        }
    }

    /// The section's own text, without its heading, up to a rule.
    fn own_text(&self, at: usize) -> &str {
        let own = &self.note.text[self.sections[at].own.clone()];
        until_rule(without_heading(own))
    }

    /// The section's text with the sections below it, except those that say that they are private.
    fn whole_text(&self, at: usize) -> String {
        let mut parts = vec![self.own_text(at).trim().to_owned()];
        let end = after(self.sections, at);
        let mut below = at + 1;
        while below < end {
            let section = &self.sections[below];
            if heading::is_private(&section.heading) {
                below = after(self.sections, below);
                continue;
            }
            let own = &self.note.text[section.own.clone()];
            let body = without_heading(own);
            let heading = &own[..own.len() - body.len()];
            parts.push(format!("{heading}{}", until_rule(body)).trim().to_owned());
            below += 1;
        }
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }

    fn take(&mut self, heading: &str, kind: heading::Kind, title: &str, text: &str) {
        self.taken.extend(piece(self.agent, self.note, Some(heading), kind.into(), title, text));
    }
}

/// The matter that a heading names, unless it says that it is private.
fn topic_of(heading: &str) -> String {
    if heading::is_private(heading) { String::new() } else { heading::topic(heading) }
}

fn piece(agent: &str, note: &Note, heading: Option<&str>, kind: Kind, title: &str, text: &str) -> Option<Piece> {
    let text = normalize::text(text).trim().to_owned();
    let said = document::plain_text(titles::without_lead(&text));
    if document::is_empty(&text) || normalize::words(&said).len() < FEWEST_WORDS {
        return None;
    }
    // a note of its own was meant to say this; a line of a log only stands where it stands
    if heading.is_some() && !worth::teaches(kind, &text) {
        return None;
    }
    let title = match titles::shorten(title) {
        title if title.is_empty() => titles::lead(&text),
        title => title,
    };
    let origin = heading.map_or_else(|| note.id.clone(), |heading| format!("{}#{heading}", note.id));
    Some(Piece {
        id: content_id(&["contribution", agent, &origin, &text]),
        wording: wording(&text),
        note: note.id.clone(),
        position: 0,
        title,
        kind,
        text,
        tags: Vec::new(),
        learned_on: note.logged_on.clone(),
        changed: note.changed.clone(),
        parts: Vec::new(),
    })
}

/// The key under which two pieces say the same in the same words.
pub fn wording(text: &str) -> String {
    content_id(&["wording", &normalize::identity(text)])
}

/// A section's text without the line (or, underlined, the lines) of its heading.
fn without_heading(own: &str) -> &str {
    let mut rest = own;
    let mut first = true;
    while let Some(line) = rest.split_inclusive('\n').next() {
        rest = &rest[line.len()..];
        let text = line.trim();
        if text.is_empty() && first {
            continue;
        }
        let underline =
            !first && !text.is_empty() && (text.chars().all(|c| c == '=') || text.chars().all(|c| c == '-'));
        if text.starts_with('#') || underline {
            return rest;
        }
        first = false;
    }
    ""
}

/// The text up to a rule that follows something: what stands behind it is another matter.
fn until_rule(text: &str) -> &str {
    let mut seen = false;
    for block in blocks(text) {
        if block.kind == BlockKind::Rule && seen {
            let at = block.text.as_ptr() as usize - text.as_ptr() as usize;
            return &text[..at];
        }
        seen |= block.kind != BlockKind::Rule;
    }
    text
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
