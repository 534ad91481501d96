//! One agent's memory as selfcare knows it: own types, so that the rules never see the wire.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

/// Where a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In the working set.
    Active,
    /// Its statements live on in another note.
    Merged,
    /// A newer note took its place.
    Superseded,
    /// Out of the working set; restorable.
    Archived,
}

/// Who may read what is drawn from a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Not said: the kind decides.
    #[default]
    Unspecified,
    /// The agent alone.
    Private,
    /// Mutual aid may look at it.
    Commune,
}

/// The rule of a note that was put back by hand; **no rule takes such a note away again**.
pub const RESTORED: &str = "restored";

/// One note. Its text is never lost, whatever its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Unique for the agent.
    pub id: String,
    /// The Markdown text, with the statements of what was merged into it.
    pub text: String,
    /// The text as logged when `text` was changed; empty when it was not.
    pub original_text: String,
    /// The title.
    pub title: String,
    /// The kind, lower case.
    pub kind: String,
    /// The key; empty when it has none.
    pub key: String,
    /// The visibility that the agent gave it.
    pub visibility: Visibility,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// When it was logged.
    pub logged_at: Timestamp,
    /// The day it belongs to, in the commune's time zone.
    pub logged_on: Date,
    /// Where it came from.
    pub source: String,
    /// Where it is now.
    pub state: State,
    /// The note that took it in or took its place.
    pub into: String,
    /// The rule that put it there; empty while untouched.
    pub rule: String,
    /// The night of its last change.
    pub night: String,
    /// Notes that were merged into this one, in order.
    pub absorbed: Vec<String>,
    /// The log that it is an entry of; empty for what was logged as it is.
    pub part_of: String,
}

impl Note {
    /// A note as it is logged: in the working set, and no rule has touched it. The rest of what an agent may say is empty.
    pub fn logged(id: String, kind: String, text: String, logged_at: Timestamp, logged_on: Date) -> Self {
        Self {
            id,
            text,
            original_text: String::new(),
            title: String::new(),
            kind,
            key: String::new(),
            visibility: Visibility::Unspecified,
            tags: Vec::new(),
            logged_at,
            logged_on,
            source: String::new(),
            state: State::Active,
            into: String::new(),
            rule: String::new(),
            night: String::new(),
            absorbed: Vec::new(),
            part_of: String::new(),
        }
    }

    /// True when it is in the working set.
    pub fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// True when rules may move it: in the working set and not put back by hand.
    pub fn is_movable(&self) -> bool {
        self.is_active() && self.rule != RESTORED
    }

    /// The order of notes in time; the id settles what was logged in the same instant.
    pub fn order(&self) -> (Timestamp, &str) {
        (self.logged_at, &self.id)
    }

    /// True when it names the artifact of this hash.
    pub fn is_artifact(&self, sha256: &str) -> bool {
        self.kind == "artifact" && self.source.strip_prefix("sha256:") == Some(sha256)
    }

    /// True for what is one whole and is never taken apart or added to: a skill, an artifact.
    pub fn is_whole(&self) -> bool {
        matches!(self.kind.as_str(), "skill" | "artifact")
    }
}

/// The brief as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Brief {
    /// Markdown.
    pub text: String,
    /// Notes that it shows.
    pub shown: u32,
    /// Notes of the working set that did not fit.
    pub left_out: u32,
    /// The night that wrote it.
    pub night: String,
}

/// One day of the diary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiaryEntry {
    /// The day.
    pub date: Date,
    /// Markdown, never empty.
    pub text: String,
    /// The night that wrote this version.
    pub night: String,
    /// The notes it was made from, sorted.
    pub notes: Vec<String>,
}

/// How far into the two streams a memory or a night reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cutoffs {
    /// The sequence in AGENTS.
    pub agents: u64,
    /// The sequence in DROPS.
    pub drops: u64,
}

impl Cutoffs {
    /// The further of the two, for each stream.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self { agents: self.agents.max(other.agents), drops: self.drops.max(other.drops) }
    }

    /// The nearer of the two, for each stream.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self { agents: self.agents.min(other.agents), drops: self.drops.min(other.drops) }
    }

    /// True when it reaches as far as the other in both streams.
    pub fn reaches(self, other: Self) -> bool {
        self.agents >= other.agents && self.drops >= other.drops
    }
}

/// One agent's memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// Every note in every state, by id.
    pub notes: BTreeMap<String, Note>,
    /// The brief; none before the first night.
    pub brief: Option<Brief>,
    /// The stream sequence of the brief, 0 for none: what the next write must come after.
    pub brief_sequence: u64,
    /// The diary.
    pub diary: BTreeMap<Date, DiaryEntry>,
    /// What has been taken in.
    pub cutoffs: Cutoffs,
    /// The last day of rest that the agent asked for.
    pub resting_until: Option<Date>,
    /// How many questions each note answered.
    pub recalls: BTreeMap<String, usize>,
}

impl Memory {
    /// The working set, by id.
    pub fn active(&self) -> impl Iterator<Item = &Note> {
        self.notes.values().filter(|note| note.is_active())
    }

    /// How many notes are in a state.
    pub fn count(&self, state: State) -> usize {
        self.notes.values().filter(|note| note.state == state).count()
    }

    /// Puts notes in, each in place of what had its id.
    pub fn put(&mut self, notes: impl IntoIterator<Item = Note>) {
        self.notes.extend(notes.into_iter().map(|note| (note.id.clone(), note)));
    }

    /// The note with this id put back into the working set; none when there is no such note.
    pub fn restored(&self, id: &str) -> Option<Note> {
        let note = self.notes.get(id)?;
        Some(Note { state: State::Active, into: String::new(), rule: RESTORED.to_owned(), ..note.clone() })
    }
}
