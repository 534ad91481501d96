//! What a line leaves open: an unticked task, a "to do", something under a heading that says so, a question. Pure.

use commune_knowledge::{document, heading, normalize, statement, statement::Statement};

/// Something left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What, as plain text.
    pub(super) text: String,
    /// Under which it is the same as a ticked task.
    pub(super) identity: String,
    /// Whether it is only a question.
    pub(super) question: bool,
}

/// Words that a line begins with, before a colon.
const MARKS: &[&str] = &[
    "todo",
    "to do",
    "fixme",
    "open",
    "left open",
    "still open",
    "open question",
    "open questions",
    "next",
    "next step",
    "next steps",
    "à faire",
    "reste à faire",
    "question ouverte",
    "offen",
    "noch offen",
    "pendiente",
    "da fare",
    "待办",
    "未完",
];
/// Headings of what is left open, beside those that [`heading::is_open`] knows.
const HEADINGS: &[&str] = &[
    "left open",
    "still open",
    "open",
    "open questions",
    "questions",
    "next",
    "next steps",
    "todo",
    "to do",
    "todos",
    "for tomorrow",
    "tomorrow",
    "à faire",
    "reste à faire",
    "prochaines étapes",
    "nächste schritte",
    "offen",
    "offene fragen",
];

/// What each statement leaves open; none when nothing.
pub(super) fn lines(statements: &[Statement]) -> Vec<Option<Open>> {
    let mut lines = Vec::with_capacity(statements.len());
    // statements of one heading follow each other: it is looked at once
    let (mut last, mut below_open) = (None, false);
    for statement in statements {
        let heading = statement.headings.last();
        if heading != last {
            (last, below_open) = (heading, heading.is_some_and(|heading| is_open(heading)));
        }
        lines.push(line(statement, below_open));
    }
    lines
}

fn line(statement: &Statement, below_open: bool) -> Option<Open> {
    if statement.code {
        return None;
    }
    let content = content(&statement.text);
    if ticked(content).is_some() {
        return None;
    }
    let open = |text: &str, question: bool| {
        let text = document::plain_text(text).split_whitespace().collect::<Vec<_>>().join(" ");
        // a mark and nothing behind it leaves nothing open
        let says = text.chars().any(char::is_alphanumeric);
        says.then(|| Open { identity: normalize::identity(&text), text, question })
    };
    if let Some(task) = content.strip_prefix("[ ]") {
        return open(task, false);
    }
    if let Some(rest) = marked(content) {
        return open(rest, false);
    }
    if below_open {
        return open(content, false);
    }
    content.trim_end_matches(['*', '_', ' ', '"', '”']).ends_with(['?', '？', '؟']).then(|| open(content, true))?
}

/// Identities of the tasks that a text ticks.
pub(super) fn settled(text: &str) -> Vec<String> {
    if !["[x]", "[X]"].iter().any(|tick| text.contains(tick)) {
        return Vec::new();
    }
    let statements = statement::said(text);
    let tasks = statements.iter().filter(|statement| !statement.code);
    let ticked = tasks.filter_map(|statement| ticked(content(&statement.text)));
    ticked.map(|task| normalize::identity(&document::plain_text(task))).collect()
}

/// A statement without the mark of a list.
fn content(text: &str) -> &str {
    let text = text.trim();
    let bullet = text.strip_prefix(['-', '*', '+']).filter(|rest| rest.starts_with(' '));
    let numbered = text.split_once(['.', ')']).filter(|(number, rest)| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(' ')
    });
    bullet.or(numbered.map(|(_, rest)| rest)).unwrap_or(text).trim()
}

fn ticked(content: &str) -> Option<&str> {
    content.strip_prefix("[x]").or_else(|| content.strip_prefix("[X]"))
}

/// What stands behind "TODO:" and its like. In capitals it needs no colon.
fn marked(content: &str) -> Option<&str> {
    let bare = content.trim_start_matches(['*', '_', '#', ' ']);
    for capital in ["TODO", "FIXME"] {
        if let Some(rest) = bare.strip_prefix(capital).filter(|rest| !rest.starts_with(char::is_alphanumeric)) {
            return Some(rest.trim_start_matches([':', '*', '_', ' ', '-', '—']));
        }
    }
    let (mark, rest) = bare.split_once([':', '：'])?;
    let mark = mark.trim_matches(['*', '_', ' ']).to_lowercase();
    MARKS.contains(&mark.as_str()).then(|| rest.trim_start_matches(['*', '_', ' ']))
}

fn is_open(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    HEADINGS.contains(&plain.trim().to_lowercase().as_str()) || heading::is_open(text)
}
