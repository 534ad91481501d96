//! Extract: which notes, or which of their sections, may be shared.
//!
//! **Private stays private**: what is not marked for sharing by its visibility, its kind or its heading never
//! becomes a piece, and a piece of a section holds that section's text and nothing around it.

use commune_knowledge::{
    document::{self, Section},
    heading::{self, Announcement, fold::tokens},
    normalize, skill,
};
use commune_proto::content_id;

use super::{
    Kind, Note, Piece, Visibility,
    blocks::{Block, BlockKind, blocks, item_text},
    titles, worth,
};

/// Fewer words say nothing that helps.
const FEWEST_WORDS: usize = 5;
/// Kinds of notes whose sections are looked at: logs of a day, and notes that say no kind.
const LOGS: &[&str] = &["", "log", "daily", "daily-log", "journal", "diary", "session", "session-log", "worklog"];
/// Nouns that announce several things when a heading ends with one of them.
#[rustfmt::skip]
const COLLECTIONS: &[&str] = &[
    "insights", "patterns", "tips", "points", "findings", "observations", "takeaways", "notes", "rules", "learnings",
    "discoveries", "regles", "constats", "astuces", "conseils", "decouvertes", "remarques", "hinweise", "regeln",
    "tipps", "consejos", "reglas", "consigli", "regole", "dicas", "regras", "regels",
];

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
        for text in groups(self.own_text(at)) {
            self.take(heading, announced.kind, &titles::lead(&text), &text);
        }
        let end = after(self.sections, at);
        let mut child = at + 1;
        while child < end {
            self.below(child, announced.kind);
            child = after(self.sections, child);
        }
    }

    /// A section below one that announces several things is one of them.
    fn below(&mut self, at: usize, kind: heading::Kind) {
        let heading = &self.sections[at].heading;
        if heading::is_private(heading) || titles::is_housekeeping(&format!("{heading}:")) {
            return;
        }
        if let Some(announced) = heading::announcement(heading) {
            self.section(at, &announced);
        } else if is_collection(heading) {
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

fn is_collection(heading: &str) -> bool {
    tokens(heading).last().is_some_and(|last| COLLECTIONS.contains(&last.as_str()))
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
    })
}

/// The key under which two pieces say the same in the same words.
pub fn wording(text: &str) -> String {
    content_id(&["wording", &normalize::identity(text)])
}

/// The things in a section that announces several: each list item, each run of paragraphs on one subject. What
/// ends with a colon belongs to what follows; code and tables belong to what stands before them.
fn groups(section: &str) -> Vec<String> {
    let mut groups: Vec<Vec<Block<'_>>> = Vec::new();
    let mut introduced = false;
    for block in blocks(section) {
        let new = match block.kind {
            BlockKind::Rule | BlockKind::Heading => continue,
            BlockKind::Item => !introduced,
            BlockKind::Code | BlockKind::Table | BlockKind::Quote => false,
            BlockKind::Paragraph => {
                introduced = false;
                let follows_text = groups.last().is_some_and(|g| g.iter().all(|b| b.kind == BlockKind::Paragraph));
                !follows_text || titles::has_own_subject(block.text) || titles::is_housekeeping(block.text)
            }
        };
        if block.kind == BlockKind::Paragraph {
            introduced = ends_with_colon(block.text);
        }
        match groups.last_mut() {
            Some(group) if !new => group.push(block),
            _ => groups.push(vec![block]),
        }
    }
    groups.iter().filter(|g| !g.first().is_some_and(|b| is_passing(b))).map(|g| text_of(g)).collect()
}

/// An open to-do or a remark on the log itself.
fn is_passing(block: &Block<'_>) -> bool {
    let open = item_text(block.text).is_some_and(|text| text.starts_with("[ ]"));
    open || titles::is_housekeeping(block.text)
}

fn text_of(group: &[Block<'_>]) -> String {
    let alone = group.iter().filter(|b| b.kind == BlockKind::Item).count() == 1;
    let mut text = String::new();
    for (i, block) in group.iter().enumerate() {
        let tight = i > 0 && block.kind == BlockKind::Item && group[i - 1].kind == BlockKind::Item;
        let between = if tight { "\n" } else { "\n\n" };
        text.push_str(if i == 0 { "" } else { between });
        // an item on its own is no list any more
        let unlist = alone && block.kind == BlockKind::Item;
        text.push_str(&if unlist { unlisted(block.text) } else { block.text.to_owned() });
    }
    text
}

/// A list item as text of its own: without its mark, what hangs below it moved to the left.
fn unlisted(item: &str) -> String {
    let (first, below) = item.split_once('\n').unwrap_or((item, ""));
    let first = item_text(first).unwrap_or(first);
    let first = ["[x] ", "[X] "].iter().find_map(|mark| first.strip_prefix(mark)).unwrap_or(first);
    let written = |line: &&str| !line.trim().is_empty();
    let indent = below.lines().filter(written).map(|l| l.len() - l.trim_start_matches(' ').len()).min().unwrap_or(0);
    let mut text = first.to_owned();
    for (i, line) in below.lines().enumerate() {
        let line = line.get(indent..).unwrap_or("");
        // what was a list below the item is a list below the text
        text.push_str(if i == 0 && item_text(line).is_some() { "\n\n" } else { "\n" });
        text.push_str(line);
    }
    text
}

fn ends_with_colon(text: &str) -> bool {
    text.trim_end_matches(|c: char| matches!(c, '*' | '_') || c.is_whitespace()).ends_with([':', '：'])
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
