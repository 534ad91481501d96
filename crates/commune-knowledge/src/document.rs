//! A Markdown document: front matter, title, sections, links; and its inverse.
//!
//! **A round trip keeps every byte that a rule did not mean to change**: [`Document::parse`] borrows nothing and
//! loses nothing; [`Document::to_markdown`] gives the input back exactly.

mod front_matter;
mod links;
mod outline;

use std::collections::BTreeMap;

pub use links::WikiLink;

/// Why a text is not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The front matter is not a YAML mapping.
    #[error(
        "the front matter is not valid YAML (line {line}): {reason}. Mend it, or remove the lines between the two `---`"
    )]
    FrontMatter {
        /// The line of the text, from 1.
        line: usize,
        /// The parser's reason.
        reason: String,
    },
    /// The front matter is larger than [`FRONT_MATTER_LIMIT`].
    #[error("the front matter has {0} bytes; at most 4096 are allowed")]
    FrontMatterTooLarge(usize),
    /// The front matter has an anchor, an alias or a tag.
    #[error(
        "the front matter has an anchor, an alias or a tag (`{mark}` in line {line}): write the value out, or in quotes"
    )]
    FrontMatterReference {
        /// The line of the text, from 1.
        line: usize,
        /// `&`, `*` or `!`.
        mark: char,
    },
    /// The front matter begins with `---` and never ends.
    #[error("the front matter begins with `---` but no line `---` ends it")]
    FrontMatterOpen,
}

/// Most bytes of a front matter.
pub const FRONT_MATTER_LIMIT: usize = 4096;

/// A value in a front matter, as far as the commune reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar, as text.
    Text(String),
    /// A list of scalars, as text.
    List(Vec<String>),
    /// Anything else; kept in the raw text, not read.
    Other,
}

/// A parsed document. `raw` ranges are kept so that the inverse is exact.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The front matter with its fences and the line end after it, byte for byte; empty when there is none.
    pub front_matter_raw: String,
    /// What the front matter says, by key (keys as written).
    pub front_matter: BTreeMap<String, Value>,
    /// Everything after the front matter, byte for byte.
    pub body: String,
}

/// A heading and what stands under it, up to the next heading of the same or a higher level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// 1 to 6; 0 for what stands before the first heading.
    pub level: u8,
    /// The heading's text, without marks; empty for level 0.
    pub heading: String,
    /// Byte range of the whole section in the body, heading included, **without** the sections below it.
    pub own: std::ops::Range<usize>,
    /// Byte range in the body with all its sub-sections.
    pub whole: std::ops::Range<usize>,
}

impl Document {
    /// Parses a text. Front matter is optional; a text that does not begin with `---` has none.
    ///
    /// # Errors
    /// [`DocumentError`], saying where and what to do.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let Some(cut) = front_matter::cut(text)? else {
            return Ok(Self { front_matter_raw: String::new(), front_matter: BTreeMap::new(), body: text.to_owned() });
        };
        Ok(Self {
            front_matter_raw: text[..cut.body].to_owned(),
            front_matter: front_matter::read(&text[cut.yaml])?,
            body: text[cut.body..].to_owned(),
        })
    }

    /// The texts of a mapping inside the front matter, such as `metadata`, by key.
    pub fn texts_of(&self, key: &str) -> BTreeMap<String, String> {
        let lines: Vec<&str> = self.front_matter_raw.lines().collect();
        // without its fences
        let yaml = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default().join("\n");
        front_matter::texts_of(&yaml, key)
    }

    /// The inverse of [`Document::parse`].
    pub fn to_markdown(&self) -> String {
        format!("{}{}", self.front_matter_raw, self.body)
    }

    /// A scalar of the front matter.
    pub fn text_field(&self, key: &str) -> Option<&str> {
        match self.front_matter.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A list of the front matter; a scalar counts as a list of one (split at commas).
    pub fn list_field(&self, key: &str) -> Vec<String> {
        let kept = |item: &str| Some(item.trim().to_owned()).filter(|item| !item.is_empty());
        match self.front_matter.get(key) {
            Some(Value::List(items)) => items.iter().filter_map(|item| kept(item)).collect(),
            Some(Value::Text(text)) => text.split([',', '，', '、', '،']).filter_map(kept).collect(),
            _ => Vec::new(),
        }
    }
}

/// A parser's complaint without the value it complains about: **what somebody wrote privately must not reach a log
/// or an error by being malformed.** Names of fields, kinds and places stay.
pub fn without_values(complaint: &str) -> String {
    let head = ["invalid type: ", "invalid value: ", "unknown variant "];
    let bounded = |text: &str| text.chars().take(200).collect::<String>();
    match head.iter().find_map(|head| complaint.find(head)) {
        Some(at) => match complaint.rfind(", expected ") {
            Some(expected) if expected > at => {
                bounded(&format!("a value is of the wrong kind{}", &complaint[expected..]))
            }
            _ => "a value is of the wrong kind".to_owned(),
        },
        None => bounded(complaint),
    }
}

/// The sections of a Markdown body in order; headings inside code blocks are not headings. The first section has
/// level 0 and may be empty. The `own` ranges partition the body.
pub fn sections(body: &str) -> Vec<Section> {
    outline::sections(body)
}

/// The title of a body: the first heading of level 1, else the first heading, else the first line of text
/// (shortened at a word to 80 characters, Markdown marks removed). Empty for an empty body.
pub fn title(body: &str) -> String {
    outline::title(body)
}

/// The beginning of a line that says something by itself: up to the first colon, semicolon, dash, arrow or bracket between 20 bytes and a limit; none
/// where there is none.
pub fn beginning(line: &str, limit: usize) -> Option<&str> {
    outline::beginning(line, limit)
}

/// Targets of `[[wikilinks]]` (without alias and anchor), in order, outside code.
pub fn wikilinks(body: &str) -> Vec<String> {
    outline::wikilinks(body)
}

/// The `[[wikilinks]]` of a body where they stand, in order, outside code; one whose place cannot be told is left out.
pub fn links(body: &str) -> Vec<WikiLink> {
    links::links(body)
}

/// The labels of footnotes that a body refers to and does not have, and of those that it has and nothing refers to; sorted,
/// without repeats.
pub fn loose_footnotes(body: &str) -> (Vec<String>, Vec<String>) {
    links::loose_footnotes(body)
}

/// The body as plain text for an index or a snippet: marks removed, code kept as written, link targets dropped.
pub fn plain_text(body: &str) -> String {
    outline::plain_text(body)
}

/// True when nothing is left of a body without headings, rules, empty list items, boilerplate marks and white space.
pub fn is_empty(body: &str) -> bool {
    outline::is_empty(body)
}

#[cfg(test)]
mod tests;
