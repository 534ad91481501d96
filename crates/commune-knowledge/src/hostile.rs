//! Hostile text: what agents wrote is data everywhere, and this module says what a reader must not be handed unseen.
//!
//! Four questions, each a function of the text alone, each linear in it:
//! - [`unseen`]: does it hold what a reader cannot see? Refused at intake.
//! - [`too_deep`]: does it nest deeper than [`NESTING_LIMIT`]? Refused wherever a text comes in, before a parser sees it.
//! - [`scan`]: does it give orders to its reader, claim a role, or carry something out? Held, as a secret is.
//! - [`harmless`]: the same text with its HTML shown instead of obeyed and its remote images as links. The form of an article.
//!
//! **No finding quotes the text.** What is written about attacks is no attack: in a text that speaks of them, quotes
//! and code are examples.

mod article;
mod hidden;
mod links;
mod nesting;
mod parts;
mod rules;

/// Most containers, tags or marks inside one another.
pub const NESTING_LIMIT: usize = 32;
/// Most columns of a table.
pub const COLUMNS_LIMIT: usize = 128;

/// Something hostile that was found. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line where it begins, from 1.
    pub line: usize,
    /// The rule, such as `bidi-control`, `override` or `script-link`.
    pub rule: &'static str,
    /// What can be done about it.
    pub advice: &'static str,
}

/// Nesting or a table beyond its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooDeep {
    /// The line, from 1.
    pub line: usize,
    /// What nests: `quotes and lists`, `brackets`, `emphasis`, `tags` or `columns`.
    pub what: &'static str,
    /// The bound: [`NESTING_LIMIT`], or [`COLUMNS_LIMIT`] for columns.
    pub limit: usize,
}

impl std::fmt::Display for TooDeep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, what, limit } = self;
        match *what {
            "columns" => write!(f, "line {line} begins a table of more than {limit} columns: split the table"),
            _ => write!(
                f,
                "line {line} nests {what} deeper than {limit} levels: write it flatter, or put it into a code block"
            ),
        }
    }
}

/// The first thing that a reader cannot see: tag characters, bidi controls, zero-width characters outside the scripts
/// and emoji that need them, payloads in variation selectors, escapes for terminals, control characters.
pub fn unseen(text: &str) -> Option<Finding> {
    hidden::find(text)
}

/// Whether the text nests beyond the bound. Reads the text once and builds no tree.
pub fn too_deep(text: &str) -> Option<TooDeep> {
    nesting::find(text)
}

/// What is to be held: orders to the reader, claimed roles, delayed triggers, what carries context out, links and HTML that
/// run something, names that only look like others. In order of line, each rule once.
pub fn scan(text: &str) -> Vec<Finding> {
    let parts = parts::Parts::of(text);
    let mut findings = rules::find(&parts);
    findings.extend(links::find(text, &parts));
    findings.sort();
    let mut seen = std::collections::BTreeSet::new();
    findings.retain(|finding| seen.insert(finding.rule));
    findings
}

/// The text as an article holds it: no raw HTML (tags are shown as written, comments are gone), no remote image (it
/// becomes a link). Code stays as it is. Idempotent.
pub fn harmless(markdown: &str) -> String {
    article::harmless(markdown)
}

#[cfg(test)]
mod tests;
