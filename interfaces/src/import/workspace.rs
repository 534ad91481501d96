//! Reads an agent's workspace (OpenClaw or Claude Code style) as notes. Nothing is written here.
//!
//! OpenClaw keeps `MEMORY.md` and `memory/<date>.md` (<https://docs.openclaw.ai/concepts/memory>), Claude Code a folder `memory` for each project
//! with `MEMORY.md`, an index, and a file for each topic (<https://code.claude.com/docs/en/memory#auto-memory>). The topics' front matter (`name`,
//! `description`, `type` or `metadata: type`) is described by no vendor; it is read where it is there.

use std::path::Path;

use commune_knowledge::{
    document::{self, Document},
    heading::{self, Announcement},
};
use commune_proto::{AgentId, agent::v1 as wire, content_id};
use jiff::civil::Date;

use super::{
    plan::{self, Item, Piece, Plan, What, files},
    split::{self, Cut},
};
use crate::note::TEXT_LIMIT;

/// Heaps of things below one heading that are one note together.
const HEAPS: usize = 2;

/// Files that say who an agent is and how it works: not knowledge, left alone.
const IDENTITY: [&str; 12] = [
    "SOUL.md",
    "IDENTITY.md",
    "USER.md",
    "AGENTS.md",
    "TOOLS.md",
    "HEARTBEAT.md",
    "BOOT.md",
    "BOOTSTRAP.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "GEMINI.md",
    "PERSONA.md",
];

/// Most bytes of a title and of a key.
pub(super) const NAME_LIMIT: usize = 256;

/// Most bytes of where a note came from.
pub(super) const SOURCE_LIMIT: usize = 512;

/// What a file of a workspace is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// MEMORY.md: long-term memory, cut at its headings.
    LongTerm,
    /// A log of a day, cut at its headings.
    Daily(Date),
    /// Another memory file, kept whole.
    Topic(Option<Date>),
    /// A skill.
    Skill(String),
    /// Not brought in, and why.
    Alone(&'static str),
}

/// True when the folder looks like an agent's workspace.
pub(super) fn is_one(root: &Path) -> bool {
    let has = |name: &str| root.join(name).is_file();
    has("MEMORY.md")
        || has("memory.md")
        || has("SOUL.md")
        || has("IDENTITY.md")
        || has("HEARTBEAT.md")
        || root.join("memory").is_dir()
        || (has("AGENTS.md") && root.join("skills").is_dir())
}

/// Every file of the workspace, with the notes that it gives.
pub(super) fn read(root: &Path, agent: &AgentId) -> Plan {
    let is_memory_folder = root.file_name().is_some_and(|name| name == "memory");
    let mut plan = Plan::default();
    for file in files(root, &mut plan) {
        let what = match role(&file.path, is_memory_folder) {
            Role::Alone(why) => What::LeftAlone(why.to_owned()),
            role => match file.text() {
                Ok(text) => notes(&file.path, &role, &text, agent),
                Err(reason) => What::Refused(reason),
            },
        };
        plan.items.push(Item { path: file.path, what });
    }
    plan
}

fn role(path: &str, is_memory_folder: bool) -> Role {
    let segments: Vec<&str> = path.split('/').collect();
    let name = segments.last().copied().unwrap_or_default();
    let is_markdown = name.to_lowercase().ends_with(".md");
    let dated = name.get(..10).and_then(|start| start.parse::<Date>().ok());
    let topic = || dated.or_else(|| date_in(name));
    match segments.as_slice() {
        ["skills", skill, "SKILL.md"] => Role::Skill((*skill).to_owned()),
        ["skills", ..] => Role::Alone("part of a skill's folder; its SKILL.md is brought in"),
        [name] if name.eq_ignore_ascii_case("MEMORY.md") => Role::LongTerm,
        [.., name] if IDENTITY.iter().any(|identity| identity.eq_ignore_ascii_case(name)) => {
            Role::Alone("says who the agent is, not what it learned")
        }
        _ if !is_markdown => Role::Alone("not Markdown; `commune artifact` stores files"),
        ["memory", ..] => dated.map_or_else(|| Role::Topic(topic()), Role::Daily),
        [_] if is_memory_folder => dated.map_or_else(|| Role::Topic(topic()), Role::Daily),
        _ => Role::Alone("outside memory/ and skills/; `commune import FOLDER --as library` brings in articles"),
    }
}

/// A date anywhere in a file's name.
fn date_in(name: &str) -> Option<Date> {
    (0..name.len()).filter_map(|start| name.get(start..start + 10)).find_map(|part| part.parse().ok())
}

fn notes(path: &str, role: &Role, text: &str, agent: &AgentId) -> What {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return What::Refused(error.to_string()),
    };
    let body = document.body.as_str();
    if let Some(own) = plan::written(body) {
        return own;
    }
    let cuts = match role {
        Role::LongTerm | Role::Daily(_) => {
            let lessons = split::parts(body, split::log(body), is_list);
            split::fit(body, lessons, TEXT_LIMIT)
        }
        _ => split::whole(body, TEXT_LIMIT),
    };
    if cuts.is_empty() {
        return What::LeftAlone("empty".to_owned());
    }
    if let Some(large) = cuts.iter().find(|cut| cut.range.len() > TEXT_LIMIT) {
        return What::Refused(format!(
            "the part under `{}` has {} bytes, at most {TEXT_LIMIT} are allowed, and no heading divides it: add \
             headings, or store the file with `commune artifact`",
            large.heading,
            large.range.len()
        ));
    }
    let mut keys: Vec<String> = Vec::new();
    let pieces = cuts.iter().enumerate().map(|(ordinal, cut)| {
        let mut note = note(path, role, &document, cut, cuts.len());
        if !note.key.is_empty() && keys.contains(&note.key) {
            note.key.clear();
        }
        keys.push(note.key.clone());
        let id = content_id(&["import", agent.as_str(), path, &ordinal.to_string(), &body[cut.range.clone()]]);
        Piece { id, note }
    });
    What::Notes(pieces.collect())
}

fn note(path: &str, role: &Role, document: &Document, cut: &Cut, pieces: usize) -> wire::Note {
    let text = &document.body[cut.range.clone()];
    let mut note = wire::Note {
        text: text.to_owned(),
        title: match cut.heading.is_empty() {
            true => document::title(text),
            false => title(&cut.heading, text),
        },
        tags: plan::tags(document.list_field("tags")),
        source: shorten(path, SOURCE_LIMIT),
        ..wire::Note::default()
    };
    let says = if cut.heading.is_empty() { &note.title } else { &cut.heading };
    let announced = heading::announcement(says).or_else(|| heading::announcement(&cut.above));
    note.kind = announced.map_or("log", |announced| announced.kind.as_str()).to_owned();
    if is_private(document, cut) {
        note.visibility = wire::Visibility::Private.into();
    }
    match role {
        Role::Daily(date) => {
            note.logged_at = date.to_string();
            of_its_day(&mut note, document, cut);
        }
        Role::Topic(date) => {
            topic(&mut note, document, pieces);
            note.logged_at = date.map(|date| date.to_string()).unwrap_or_default();
            if pieces == 1 {
                note.key = shorten(&format!("file:{path}"), NAME_LIMIT);
            }
        }
        Role::LongTerm => {
            if note.kind == "log" {
                note.kind = "fact".to_owned();
            }
            if !cut.heading.is_empty() {
                note.key = shorten(&format!("file:{path}#{}", cut.heading), NAME_LIMIT);
            }
        }
        Role::Skill(folder) => {
            let name = document.text_field("name").unwrap_or(folder);
            note.kind = "skill".to_owned();
            note.title = name.to_owned();
            note.key = shorten(&format!("skill:{name}"), NAME_LIMIT);
            if let Some(description) = document.text_field("description").filter(|d| !text.contains(d.trim())) {
                note.text = format!("{}\n\n{text}", description.trim());
            }
        }
        Role::Alone(_) => {}
    }
    note.title = shorten(&note.title, NAME_LIMIT);
    note
}

/// A title that any day may have ("Lessons learned", "Metrics") gets what the day's file is about before it.
fn of_its_day(note: &mut wire::Note, document: &Document, cut: &Cut) {
    let first = document::sections(&document.body).into_iter().find(|section| section.level == 1);
    let matter = first.map_or_else(String::new, |first| heading::topic(&first.heading));
    if !matter.is_empty() && !cut.heading.is_empty() && heading::topic(&cut.heading).is_empty() {
        let heading = heading::subject(&cut.heading);
        note.title = format!("{matter}: {}", if heading.is_empty() { cut.heading.trim() } else { heading.as_str() });
    }
}

/// What the front matter of a topic says: its name, what it is about, and of which type it is.
fn topic(note: &mut wire::Note, document: &Document, pieces: usize) {
    let inner = document.texts_of("metadata");
    if let Some(kind) =
        document.text_field("type").or(inner.get("type").map(String::as_str)).filter(|_| note.kind == "log")
    {
        note.kind = plan::kind(kind).to_owned();
    }
    if let Some(name) = document.text_field("name").map(str::trim).filter(|name| !name.is_empty() && pieces == 1) {
        note.title = name.to_owned();
    }
    let about = document.text_field("description").map(str::trim).unwrap_or_default();
    if pieces == 1 && !about.is_empty() && !note.text.contains(about) {
        note.text = format!("{about}\n\n{}", note.text);
    }
}

/// True for a heading under which several things of a kind follow, each a note of its own: not where they only stand in heaps ("Technical
/// insights", "Patterns") that say nothing of what they are about.
fn is_list(heading: &str, text: &str) -> bool {
    let several =
        heading::announcement(heading).is_some_and(|announced| announced.several && announced.is_only_a_kind());
    let heaps = || document::sections(text).iter().filter(|section| heading::is_collection(&section.heading)).count();
    several && heaps() < HEAPS
}

/// True when all that the piece says stands under a heading that says that it is private, or its file says so.
fn is_private(document: &Document, cut: &Cut) -> bool {
    let body = document.body.as_str();
    let nothing = |from: usize, to: usize| from >= to || document::is_empty(&body[from..to]);
    let covers = |section: &document::Section| {
        nothing(cut.range.start, section.whole.start) && nothing(section.whole.end, cut.range.end)
    };
    let headed = || document::sections(body).into_iter().filter(|s| s.level > 0 && heading::is_private(&s.heading));
    // what is written there and is not known is not taken for leave to share
    let said = document.text_field("visibility").map(str::trim);
    said.is_some_and(|said| !said.is_empty() && said != "commune") || headed().any(|section| covers(&section))
}

/// The heading as a title; where it only says the kind (`Lessons learned`), what the text begins with.
fn title(heading: &str, text: &str) -> String {
    if !heading::announcement(heading).as_ref().is_some_and(Announcement::is_only_a_kind) {
        return heading.to_owned();
    }
    // the first line that is not a heading
    let under = document::sections(text).into_iter().rfind(|section| section.heading == heading);
    let under = under.map_or(text, |section| text[section.own].split_once('\n').map_or("", |(_, rest)| rest));
    let title = document::title(under);
    if title.is_empty() { heading.to_owned() } else { title }
}

/// The text within so many bytes, cut between characters.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    text[..text.floor_char_boundary(limit)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, wanted: &str) {
        let shown = match role(path, false) {
            Role::LongTerm => "long-term".to_owned(),
            Role::Daily(date) => format!("daily {date}"),
            Role::Topic(None) => "topic".to_owned(),
            Role::Topic(Some(date)) => format!("topic {date}"),
            Role::Skill(name) => format!("skill {name}"),
            Role::Alone(_) => "alone".to_owned(),
        };
        assert_eq!(shown, wanted, "{path}");
    }

    #[test]
    fn each_file_has_its_role() {
        check("MEMORY.md", "long-term");
        check("memory/2026-02-12.md", "daily 2026-02-12");
        check("memory/2026-02-19-ping-test.md", "daily 2026-02-19");
        check("memory/2026-02-31.md", "topic");
        check("memory/fallback-test-2026-02-15.md", "topic 2026-02-15");
        check("memory/active-tasks.md", "topic");
        check("memory/people/ñandú.md", "topic");
        check("skills/renew-certs/SKILL.md", "skill renew-certs");
        check("skills/renew-certs/run.sh", "alone");
        check("SOUL.md", "alone");
        check("memory/SOUL.md", "alone");
        check("research/2026-02-12-watch.md", "alone");
        check("memory/chart.png", "alone");
    }

    /// The notes of a log: title, kind, whether it is private.
    fn check_log(text: &str, expected: &[(&str, &str, bool)]) {
        let found = notes("memory/2026-02-12.md", &role("memory/2026-02-12.md", false), text, &"ada".parse().unwrap());
        let What::Notes(pieces) = found else { panic!("{text:?} gave {found:?}") };
        let is_private = |note: &wire::Note| note.visibility() == wire::Visibility::Private;
        let shown: Vec<(&str, &str, bool)> =
            pieces.iter().map(|p| (p.note.title.as_str(), p.note.kind.as_str(), is_private(&p.note))).collect();
        assert_eq!(shown, expected, "{:.200}", text);
    }

    #[test]
    fn a_heading_decides_the_kind_and_who_may_read() {
        check_log(
            "## Fix of the proxy\nx\n## Work\ny\n",
            &[("Fix of the proxy", "fix", false), ("Work", "log", false)],
        );
        check_log("## Procédure SSH\nx\n", &[("Procédure SSH", "log", false)]);
        check_log("## Decisions pending\nx\n", &[("Decisions pending", "log", false)]);
        check_log("## Family decisions\nx\n", &[("Family decisions", "log", true)]);
        check_log(
            "## Lessons\n### Retries\nx\n### Family\ny\n",
            &[("Retries", "lesson", false), ("Family", "lesson", true)],
        );
        check_log(
            "# Private\n## Fix: lamp\nx\n# Work\n## Fix: door\ny\n",
            &[("Fix: lamp", "fix", true), ("Fix: door", "fix", false)],
        );
        check_log(
            "# Private\n\n# Work\nx\n## a\ny\n## Private\nz\n## End\n",
            &[("Work", "log", false), ("a", "log", false), ("Private", "log", true)],
        );
        check_log("## Work\nx\n### Private\ny\n", &[("Work", "log", false)]);
        check_log("---\nvisibility: private\n---\n## Fix: lamp\nx\n", &[("Fix: lamp", "fix", true)]);
    }

    #[test]
    fn a_large_private_section_stays_private_in_all_its_parts() {
        let long = "x ".repeat(TEXT_LIMIT / 3);
        let body = format!("## Private\n### Bread\n{long}\n### Fix: boat\n{long}\n");
        check_log(&body, &[("Bread", "log", true), ("Fix: boat", "fix", true)]);
    }

    #[test]
    fn a_heading_that_is_no_title_gives_way_to_the_text() {
        assert_eq!(title("Servers", "## Servers\nlantern\n"), "Servers");
        assert_eq!(title("Lessons", "# Day\n## Lessons\n\n- Measure twice.\n- Cut once.\n"), "Measure twice.");
        assert_eq!(title("Lessons", "## Lessons\n### Deep\nx\n"), "Lessons");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shorten("aé", 2), "a");
        assert_eq!(shorten("aé", 3), "aé");
    }
}
