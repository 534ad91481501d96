//! Reads the notes of Basic Memory as notes. Nothing is written here.
//!
//! A note is a Markdown file with `title`, `type`, `permalink` and `tags` in its front matter, observations (`- [category] text #tag (context)`)
//! and relations (`- relates_to [[Other note]]`) anywhere in its body: `docs/NOTE-FORMAT.md` of <https://github.com/basicmachines-co/basic-memory>.
//! A file is one note, whole; its observations say its kind where they agree on one.

use std::path::Path;

use commune_knowledge::document::{self, Document};
use commune_proto::{AgentId, agent::v1 as wire, content_id};

use super::{
    plan::{self, Item, Piece, Plan, What, files},
    split,
    vault::is_markdown,
    workspace::{NAME_LIMIT, SOURCE_LIMIT, shorten},
};
use crate::note::TEXT_LIMIT;

/// Files that are looked at to see what a folder is.
const LOOKED_AT: usize = 50;

/// True when most of the folder's Markdown has the front matter of Basic Memory.
pub(super) fn is_one(root: &Path) -> bool {
    let all = files(root, &mut Plan::default());
    let markdown: Vec<_> = all.iter().filter(|file| is_markdown(&file.path)).take(LOOKED_AT).collect();
    let is_note = |text: &String| {
        let document = Document::parse(text).ok();
        document.is_some_and(|document| ["permalink", "type"].iter().all(|key| document.text_field(key).is_some()))
    };
    let notes = markdown.iter().filter(|file| file.text().is_ok_and(|text| is_note(&text))).count();
    notes > 0 && notes * 2 > markdown.len()
}

/// Every file of the folder, with the notes that it gives.
pub(super) fn read(root: &Path, agent: &AgentId) -> Plan {
    let mut plan = Plan::default();
    for file in files(root, &mut plan) {
        let what = match file.text() {
            _ if !is_markdown(&file.path) => {
                What::LeftAlone("not Markdown; `commune artifact` stores files".to_owned())
            }
            Ok(text) => notes(&file.path, &text, agent),
            Err(reason) => What::Refused(reason),
        };
        plan.items.push(Item { path: file.path, what });
    }
    plan
}

fn notes(path: &str, text: &str, agent: &AgentId) -> What {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => return What::Refused(error.to_string()),
    };
    if let Some(own) = plan::written(&document.body) {
        return own;
    }
    if document.text_field("type") == Some("schema") {
        return What::LeftAlone("it describes notes, and is none".to_owned());
    }
    let body = document.body.as_str();
    let cuts = split::whole(body, TEXT_LIMIT);
    if cuts.is_empty() {
        return What::LeftAlone("empty".to_owned());
    }
    if let Some(large) = cuts.iter().find(|cut| cut.range.len() > TEXT_LIMIT) {
        let bytes = large.range.len();
        return What::Refused(format!(
            "a part has {bytes} bytes, at most {TEXT_LIMIT} are allowed, and no heading divides it: add headings"
        ));
    }
    let observations: Vec<Observation<'_>> = body.lines().filter_map(observation).collect();
    let mut said = document.list_field("tags");
    said.extend(observations.iter().flat_map(|seen| seen.tags()));
    let title = document.text_field("title").map(str::trim).filter(|title| !title.is_empty());
    let field = |key: &str| document.text_field(key).map(str::trim).unwrap_or_default();
    let one = cuts.len() == 1;
    let whole = wire::Note {
        kind: kind(field("type"), &observations).to_owned(),
        key: match field("permalink") {
            permalink if one && !permalink.is_empty() => shorten(&format!("basic-memory:{permalink}"), NAME_LIMIT),
            _ => String::new(),
        },
        tags: plan::tags(said),
        logged_at: plan::moment(if field("created").is_empty() { field("date") } else { field("created") }),
        source: shorten(path, SOURCE_LIMIT),
        visibility: match field("visibility") {
            "private" => wire::Visibility::Private.into(),
            _ => wire::Visibility::Unspecified.into(),
        },
        ..wire::Note::default()
    };
    let pieces = cuts.iter().enumerate().map(|(ordinal, cut)| {
        let text = body[cut.range.clone()].to_owned();
        let title = match title {
            Some(title) if one || cut.heading.is_empty() => title.to_owned(),
            Some(title) => format!("{title}: {}", cut.heading),
            None => document::title(&text),
        };
        let id = content_id(&["import", agent.as_str(), path, &ordinal.to_string(), &text]);
        Piece { id, note: wire::Note { text, title: shorten(&title, NAME_LIMIT), ..whole.clone() } }
    });
    What::Notes(pieces.collect())
}

/// `- [category] text #tag (context)`.
#[derive(Debug)]
struct Observation<'a> {
    category: &'a str,
    text: &'a str,
}

impl Observation<'_> {
    fn tags(&self) -> impl Iterator<Item = String> {
        let word = |word: &str| {
            word.strip_prefix('#').filter(|tag| !tag.is_empty() && !tag.starts_with('#')).map(str::to_owned)
        };
        self.text.split_whitespace().filter_map(word)
    }
}

fn observation(line: &str) -> Option<Observation<'_>> {
    let (category, text) = line.trim_start().strip_prefix("- [")?.split_once(']')?;
    // not a task, and not a link
    let is_one =
        !matches!(category.trim(), "" | "x" | "X" | "-") && !category.starts_with('[') && text.starts_with(' ');
    is_one.then_some(Observation { category: category.trim(), text: text.trim() })
}

/// The kind that all observations are of, else what the note's type means.
fn kind(said: &str, observations: &[Observation<'_>]) -> &'static str {
    let mut kinds = observations.iter().map(|seen| plan::kind(seen.category));
    match kinds.next() {
        Some(first) if first != "fact" && kinds.all(|kind| kind == first) => first,
        _ => plan::kind(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> wire::Note {
        let What::Notes(mut pieces) = notes("a/Pumps.md", text, &"ada".parse().unwrap()) else { panic!("no note") };
        pieces.remove(0).note
    }

    #[test]
    fn a_note_has_its_names_and_its_tags() {
        let text = "---\ntitle: Pumps\ntype: note\npermalink: a/pumps\ntags: [Water]\ncreated: 2026-01-05T08:00:00Z\n---\n# Pumps\n\n- [decision] Oil in May #oil (asked twice)\n- [x] done\n- [link](x.md)\n- relates_to [[Valves]]\n";
        let note = note(text);
        assert_eq!(
            (note.title.as_str(), note.kind.as_str(), note.key.as_str()),
            ("Pumps", "decision", "basic-memory:a/pumps")
        );
        assert_eq!(
            (note.tags, note.logged_at.as_str()),
            (vec!["oil".to_owned(), "water".to_owned()], "2026-01-05T08:00:00Z")
        );
        assert!(note.text.starts_with("# Pumps\n") && note.text.ends_with("[[Valves]]\n"));
    }

    #[test]
    fn observations_that_differ_say_no_kind() {
        assert_eq!(note("---\ntype: note\n---\n- [decision] a\n- [fact] b\n").kind, "fact");
        assert_eq!(note("---\ntype: note\n---\n- [technique] a\n- [method] b\n").kind, "how-to");
        assert_eq!(note("---\ntype: decision\n---\ntext\n").kind, "decision");
        assert!(matches!(notes("x.md", "---\ntype: schema\n---\nx\n", &"ada".parse().unwrap()), What::LeftAlone(_)));
    }
}
