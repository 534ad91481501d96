//! Curating: contributions of a night become article revisions. Pure: data in, a plan out.
//!
//! **The plan does not depend on the order of arrival**, at most one revision is made of each article, **no
//! statement of a contribution is lost**, and planning again after a plan was applied plans nothing.

mod blame;
mod confirm;
mod contested;
mod findability;
mod fold;
mod form;
mod hostile;
mod merge;
mod names;
mod personal;
mod redirect;
mod remove;
mod rename;
mod revert;
mod said;
mod secret;
mod size;
mod skill;
mod split;
pub mod tend;
mod title;
mod twins;
mod withdraw;

use std::collections::BTreeMap;

use commune_knowledge::personal::Names;
use commune_proto::ArticlePath;

pub use blame::{Blamed, Origin, blame};
pub use contested::contested;
pub use findability::{GOOD_RANK, Standing, add_aliases, queries, record};
pub use form::body as article_body;
pub use hostile::check as hostile_check;
pub use merge::merge;
pub use redirect::redirect;
pub use remove::{remove, removed};
pub use rename::rename;
pub use revert::{Change, revert, says_nothing};
pub use said::{bound as bound_said, said};
pub use secret::check as secret_check;
pub use size::{BODY_LIMIT, group_takes};
pub use skill::path as skill_path;
pub use split::{LINES, split};
pub use twins::{Tonight, Twins};
pub use withdraw::{Gone, Imported, Source, withdraw};

pub use crate::library::WITHDRAWAL;
use crate::{
    library::{Answered, Article, Provenance, Revision},
    parallel,
};
use fold::{Desk, Looked};

/// What keeps a contribution out, each with the reason for a reader; the first that holds counts.
const GATES: &[fn(&Piece, &Names) -> Option<String>] = &[
    |piece, _| size::gate(piece),
    |piece, _| secret::gate(piece),
    personal::gate,
    |piece, _| hostile::gate(piece),
    |piece, _| skill::gate(piece),
];

/// Pieces for which a thread is worth its while.
const FEW: usize = 8;

/// What a draft has to pass on its way out, in order.
const CHECKS: &[fn(&mut Article)] = &[title::check, names::check];

/// What the sharer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Strengthen an article.
    Update,
    /// Add one.
    Create,
    /// Nothing: an article says it already.
    Confirm,
}

/// A contribution with its placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The contribution.
    pub id: String,
    /// Who shared it.
    pub agent: String,
    /// The night.
    pub night: String,
    /// The title.
    pub title: String,
    /// The kind, such as `lesson`.
    pub kind: String,
    /// The cleared Markdown.
    pub text: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Needs that it answers.
    pub answers: Vec<String>,
    /// What the sharer decided.
    pub action: Action,
    /// The article to update, or the path of the new one.
    pub path: ArticlePath,
    /// The headings under which it goes, outermost first; empty for the article as a whole.
    pub section: Vec<String>,
    /// True when the sharer was in doubt: what it decided is the likelier, and is looked at once more.
    pub left_to_librarian: bool,
    /// Why.
    pub placement_reason: String,
    /// The trace of the agent's night.
    pub trace_id: String,
}

/// An article that stands in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Existing {
    /// The article.
    pub article: Article,
    /// The sequence of its newest revision.
    pub sequence: u64,
}

/// What the curator can look up.
pub struct Shelf<'a> {
    /// An article by its path.
    pub get: &'a dyn Fn(&ArticlePath) -> Option<Existing>,
    /// Articles that this night created or changed already.
    pub twins: &'a Twins,
    /// Questions by need, in every wording.
    pub questions: &'a BTreeMap<String, Vec<String>>,
    /// Names of people that the roster knows.
    pub names: &'a Names,
    /// The article that a contribution belongs to by the index, with the chance that it does.
    pub belonging: &'a (dyn Fn(&Piece) -> Option<(ArticlePath, f64)> + Sync),
    /// Who owns an agent.
    pub owner_of: &'a dyn Fn(&str) -> String,
    /// The day on which a statement was last said in an article; none where it is not known.
    pub said_on: &'a dyn Fn(&ArticlePath, u64) -> Option<String>,
}

impl std::fmt::Debug for Shelf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Shelf({} questions)", self.questions.len())
    }
}

/// A revision to be written, and what it replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The revision.
    pub revision: Revision,
    /// The article as it is now; none for a new one.
    pub before: Option<Existing>,
}

/// A contribution that is not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The contribution.
    pub contribution: String,
    /// Why, and what to do.
    pub reason: String,
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Revisions, by path.
    pub revisions: Vec<Planned>,
    /// Contributions that are not taken in.
    pub refused: Vec<Refused>,
}

/// Plans the revisions that take in these contributions (those of one group, in their order).
pub fn plan(pieces: &[&Piece], shelf: &Shelf<'_>, night: &str, now: &str) -> Plan {
    let mut desk = Desk::new(shelf);
    let mut refused = Vec::new();
    let (names, twins, belonging) = (shelf.names, shelf.twins, shelf.belonging);
    let look = |piece: &&Piece| match GATES.iter().find_map(|gate| gate(piece, names)) {
        None => Ok(Looked::at(piece, twins, belonging)),
        Some(reason) => Err(reason),
    };
    // only where each goes depends on those before it
    for (piece, looked) in pieces.iter().zip(parallel::each(pieces, FEW, look)) {
        if let Err(reason) = looked.and_then(|looked| desk.fold(piece, looked)) {
            refused.push(Refused { contribution: piece.id.clone(), reason });
        }
    }
    let revisions = desk.into_drafts().map(|draft| finish(draft, night, now)).collect();
    Plan { revisions, refused }
}

/// What every article passes on its way into the library, imported ones too.
pub fn article_check(article: &mut Article) {
    for check in CHECKS {
        check(article);
    }
}

fn finish(draft: fold::Draft, night: &str, now: &str) -> Planned {
    let mut article = draft.article;
    article_check(&mut article);
    let article = article.following(draft.before.as_ref().map(|before| &before.article), night, now);
    let mut provenance = draft.provenance;
    said::bound(&mut provenance);
    let reason = size::shortened(&draft.reasons.join("; "), size::REASON_LIMIT);
    let revision = Revision { provenance, answered: draft.answered, ..Revision::of(article, reason) };
    Planned { revision, before: draft.before }
}

fn provenance(piece: &Piece, statements_added: usize, statements: Vec<u64>) -> Provenance {
    Provenance {
        contribution: piece.id.clone(),
        agent: piece.agent.clone(),
        night: piece.night.clone(),
        trace_id: piece.trace_id.clone(),
        statements_added: u32::try_from(statements_added).unwrap_or(u32::MAX),
        statements,
    }
}

/// What an import said, while a page is made again.
fn imported(agent: &str, day: &str, statements: impl IntoIterator<Item = u64>) -> Provenance {
    Provenance {
        contribution: String::new(),
        agent: agent.to_owned(),
        night: day.to_owned(),
        trace_id: String::new(),
        statements_added: 0,
        statements: statements.into_iter().collect(),
    }
}

fn answered(piece: &Piece, questions: &BTreeMap<String, Vec<String>>) -> Vec<Answered> {
    let mut needs: Vec<&String> = piece.answers.iter().collect();
    needs.sort();
    needs.dedup();
    needs
        .into_iter()
        .filter_map(|need| questions.get_key_value(need))
        .flat_map(|(need, wordings)| wordings.iter().map(move |question| (need, question)))
        .map(|(need, question)| Answered {
            need: need.clone(),
            question: question.clone(),
            contribution: piece.id.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
