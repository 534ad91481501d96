//! The steps of mutual aid, in order: extract, clear, pace, place. Pure functions of data.
//!
//! **Private stays private**: [`extract`] takes what its agent marked for sharing and nothing else, [`clear`] holds
//! what must not leave even then, [`pace`] keeps a night small, [`place`] prefers updating over creating.

pub mod blocks;
pub mod clear;
pub mod cleared;
pub mod extract;
pub mod gather;
pub mod groups;
pub mod pace;
pub mod place;
pub mod titles;
pub mod worth;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use commune_knowledge::heading;

use crate::needs::{self, OpenNeed};
use clear::{Guard, Hold};
use pace::Candidate;

/// What a piece of knowledge is, normalised from what agents write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Something learned.
    Lesson,
    /// How something is done.
    HowTo,
    /// How something broken was mended.
    Fix,
    /// What was decided, and why.
    Decision,
    /// A skill of an agent.
    Skill,
    /// Anything else that its agent marked for the commune.
    Fact,
}

impl Kind {
    /// The kind as contributions carry it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::HowTo => "how-to",
            Self::Fix => "fix",
            Self::Decision => "decision",
            Self::Skill => "skill",
            Self::Fact => "fact",
        }
    }

    /// The folder of the library for pages of this kind.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Lesson => "lessons",
            Self::HowTo => "how-to",
            Self::Fix => "fixes",
            Self::Decision => "decisions",
            Self::Skill => "skills",
            Self::Fact => "facts",
        }
    }

    /// The kind whose notes may be shared without being marked; none for every other kind.
    pub fn shareable(written: &str) -> Option<Self> {
        match written.trim().to_lowercase().replace(['_', ' '], "-").as_str() {
            "lesson" | "lessons" => Some(Self::Lesson),
            "how-to" | "howto" | "how-tos" => Some(Self::HowTo),
            "fix" | "fixes" => Some(Self::Fix),
            "decision" | "decisions" => Some(Self::Decision),
            "skill" | "skills" => Some(Self::Skill),
            _ => None,
        }
    }
}

impl From<heading::Kind> for Kind {
    fn from(announced: heading::Kind) -> Self {
        match announced {
            heading::Kind::Lesson => Self::Lesson,
            heading::Kind::HowTo => Self::HowTo,
            heading::Kind::Fix => Self::Fix,
            heading::Kind::Decision => Self::Decision,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may read what is drawn from a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Not said: the kind decides.
    Unspecified,
    /// Never shared.
    Private,
    /// May be shared whatever its kind.
    Commune,
}

/// A tidied note as the steps see it.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// Its Markdown.
    pub text: String,
    /// Its title.
    pub title: String,
    /// Its kind, as written.
    pub kind: String,
    /// Its visibility.
    pub visibility: Visibility,
    /// Its tags.
    pub tags: Vec<String>,
    /// The day it belongs to.
    pub logged_on: String,
    /// The night of its last change.
    pub changed: String,
}

/// A piece of an agent's memory that may be shared once it is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The contribution's id: derived from the agent, the note (and the section's heading) and the text.
    pub id: String,
    /// Two pieces of the same wording have the same key.
    pub wording: String,
    /// The note it was drawn from.
    pub note: String,
    /// Its place among the pieces of that note.
    pub position: usize,
    /// The title: what it is about.
    pub title: String,
    /// The kind.
    pub kind: Kind,
    /// The Markdown.
    pub text: String,
    /// Tags, for a note that is shared whole.
    pub tags: Vec<String>,
    /// The day it was learned.
    pub learned_on: String,
    /// The night of the note's last change.
    pub changed: String,
    /// What it is gathered from, each as it is shared alone where the whole may not be.
    pub parts: Vec<Piece>,
}

impl Piece {
    /// It, and all that it is gathered from.
    pub fn all(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.parts.iter().flat_map(Self::all)).collect()
    }
}

/// What is known of an agent's earlier nights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    /// Ids of contributions that were shared.
    pub shared: BTreeSet<String>,
    /// Wordings of contributions that were shared.
    pub wordings: BTreeSet<String>,
    /// Notes that were held, with the night in which the agent was last told and the rules.
    pub held: BTreeMap<String, (String, BTreeSet<String>)>,
    /// Ids of pieces that quote another member's private notes.
    pub quoting: BTreeSet<String>,
}

/// What one night of one agent comes to, before anything is placed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// To share, in order.
    pub share: Vec<Candidate>,
    /// Held notes that are new or changed, with the reasons.
    pub held: Vec<(String, Hold)>,
    /// Pieces that wait for a later night.
    pub waiting: Vec<Candidate>,
    /// Notes that were held before, and of which nothing is held any more.
    pub released: BTreeSet<String>,
}

/// The steps in order: what was shared is left out, what must not leave is held, what answers a need comes
/// first, the rest waits. Does not depend on the order of the pieces.
pub fn plan(pieces: Vec<Piece>, before: &Before, open: &BTreeSet<OpenNeed>, cap: usize, guard: &Guard) -> Plan {
    let mut pieces: Vec<Piece> = pieces.into_iter().flat_map(|piece| whole_or_parts(piece, before, guard)).collect();
    pieces.sort_by(|a, b| order(a).cmp(&order(b)));
    let questions = needs::questions(open);
    let mut said = before.wordings.clone();
    let mut cleared = Vec::new();
    let mut held = BTreeSet::new();
    let mut released: BTreeSet<String> = before.held.keys().cloned().collect();
    for piece in pieces {
        if before.shared.contains(&piece.id) || !said.insert(piece.wording.clone()) {
            continue;
        }
        let mut holds = clear::clear(&piece, guard);
        holds.extend(before.quoting.contains(&piece.id).then(clear::quote));
        if holds.is_empty() {
            let answers = needs::answered_by(&piece, &questions);
            cleared.push(Candidate { piece, answers });
        } else {
            released.remove(&piece.note);
            held.extend(
                holds.into_iter().filter(|hold| is_news(&piece, hold, before)).map(|hold| (piece.note.clone(), hold)),
            );
        }
    }
    let (share, waiting) = pace::pace(cleared, cap);
    Plan { share, held: held.into_iter().collect(), waiting, released }
}

/// A gathered piece, unless something of it was shared already, or must not leave: then what it is gathered from.
fn whole_or_parts(piece: Piece, before: &Before, guard: &Guard) -> Vec<Piece> {
    let all = piece.all();
    let was_shared = |part: &Piece| before.shared.contains(&part.id) || before.wordings.contains(&part.wording);
    let quotes = all.iter().any(|piece| before.quoting.contains(&piece.id));
    let is_whole = !quotes && !all[1..].iter().any(|part| was_shared(part)) && clear::clear(&piece, guard).is_empty();
    if piece.parts.is_empty() || is_whole {
        return vec![piece];
    }
    piece.parts.into_iter().flat_map(|part| whole_or_parts(part, before, guard)).collect()
}

/// By day, then by note, then by place in the note.
pub(crate) fn order(piece: &Piece) -> (&str, &str, usize, &str) {
    (&piece.learned_on, &piece.note, piece.position, &piece.id)
}

/// A held note is told of once, and again when it changed or another rule holds it.
fn is_news(piece: &Piece, hold: &Hold, before: &Before) -> bool {
    before.held.get(&piece.note).is_none_or(|(night, rules)| piece.changed > *night || !rules.contains(&hold.rule))
}

#[cfg(test)]
#[path = "share/plan_tests.rs"]
mod plan_tests;

#[cfg(test)]
#[path = "share/workspace_tests.rs"]
mod workspace_tests;
