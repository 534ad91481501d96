//! Blame: who said what stands on each line of an article.
//!
//! **Every line with content of an agent names it**; what nobody said is the librarian's own.

use std::collections::BTreeSet;

use commune_knowledge::{skill, statement};

use crate::library::{Saying, Sayings, line_id};

/// Whose a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody's: it is blank.
    Blank,
    /// Agents'.
    Agents,
    /// The librarian's: the form of a page, and the lists that it keeps.
    Librarian,
}

/// A line with who said what stands on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed<'a> {
    /// The line, without its end.
    pub text: &'a str,
    /// Whose it is.
    pub origin: Origin,
    /// Who said it, oldest first.
    pub sources: Vec<&'a Saying>,
}

/// The lines of a body as they were at a revision.
pub fn blame<'a>(body: &'a str, sayings: &'a Sayings, revision: u32) -> Vec<Blamed<'a>> {
    let lines: Vec<(&str, Vec<u64>)> = if skill::unpack(body).is_some() {
        body.lines().map(|line| (line, line_id(line).into_iter().collect())).collect()
    } else {
        statement::lines(body).into_iter().map(|line| (line.text, line.statements)).collect()
    };
    let blamed = |(text, statements): (&'a str, Vec<u64>)| {
        let sources = sources(&statements, sayings, revision);
        let origin = match text.trim().is_empty() {
            true if sources.is_empty() => Origin::Blank,
            _ if sources.is_empty() => Origin::Librarian,
            _ => Origin::Agents,
        };
        Blamed { text, origin, sources }
    };
    lines.into_iter().map(blamed).collect()
}

/// Who said any of these statements, as it counts at a revision; oldest first.
pub(super) fn sources<'a>(statements: &[u64], sayings: &'a Sayings, revision: u32) -> Vec<&'a Saying> {
    let places: BTreeSet<usize> = statements.iter().flat_map(|id| sayings.of(*id)).collect();
    let all = places.into_iter().filter_map(|place| sayings.all().get(place));
    all.filter(|saying| saying.counts_at(revision)).collect()
}
