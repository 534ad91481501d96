//! What agents sent, what should become of it, and what they were told: the truth that the checker holds against
//! the commune. **Only what is recorded as acknowledged binds the commune.**

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::canary::Canaries;

/// What should become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A note: it is in its agent's memory.
    Kept,
    /// A question: it is a need.
    Asked,
    /// It cannot be handled: a dead letter whose reason has these words.
    Dead(&'static str),
    /// Its handler panics: a dead letter. The view of what waits reads the message by itself, so the memory may have it.
    Poison,
    /// The server does not take it, and says these words.
    Refused(&'static str),
}

/// What an agent sent: one id, or one drop.
#[derive(Debug, Clone)]
pub struct Entry {
    pub agent: String,
    /// note, need, …
    pub kind: String,
    /// None for a drop.
    pub id: Option<String>,
    pub subject: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// A word that only this text has (an exact repeat has the word of what it repeats).
    pub token: String,
    pub fate: Fate,
    /// Where the server said that it stored it; a drop that was sent twice may have two.
    pub stored: BTreeSet<u64>,
    /// The server said that the id is taken, and nobody else uses it.
    pub already: bool,
    /// The server said that the id is taken, and in a cluster that binds nobody: what took it may be on its way only,
    /// and be lost with the leader that was to bring it there.
    pub claimed: bool,
    /// What the server said when it refused it.
    pub refused: Option<String>,
    /// How often it was sent, answered or not.
    pub sends: u32,
}

impl Entry {
    pub fn new(agent: &str, kind: &str, id: Option<&str>, body: Vec<u8>, token: &str, fate: Fate) -> Self {
        let subject = match id {
            Some(id) => format!("commune.agent.{agent}.{kind}.{id}"),
            None => format!("commune.agent.{agent}.{kind}"),
        };
        Self {
            agent: agent.to_owned(),
            kind: kind.to_owned(),
            id: id.map(str::to_owned),
            subject,
            headers: Vec::new(),
            body,
            token: token.to_owned(),
            fate,
            stored: BTreeSet::new(),
            already: false,
            claimed: false,
            refused: None,
            sends: 0,
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The agent was told that the commune has it.
    pub fn acknowledged(&self) -> bool {
        self.already || !self.stored.is_empty()
    }

    /// The agent was told nothing that counts.
    pub fn unknown(&self) -> bool {
        !self.acknowledged() && self.refused.is_none() && !self.claimed
    }
}

/// A message on an inbox.
#[derive(Debug, Clone)]
pub struct Heard {
    pub subject: String,
    pub headers: String,
    pub payload: Vec<u8>,
}

/// Every message of every agent, what was planted in them, and what agents heard. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    canaries: Canaries,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    entries: Vec<Entry>,
    heard: Vec<Heard>,
    tried: BTreeMap<&'static str, u64>,
}

/// The place of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row(usize);

impl Ledger {
    /// Records what is about to be sent.
    pub fn write(&self, entry: Entry) -> Row {
        let mut book = self.lock();
        book.entries.push(entry);
        Row(book.entries.len() - 1)
    }

    /// Records what an agent heard.
    pub fn hear(&self, heard: Heard) {
        self.lock().heard.push(heard);
    }

    /// Counts what was tried, for the report.
    pub fn tried(&self, what: &'static str) {
        *self.lock().tried.entry(what).or_default() += 1;
    }

    /// How often each thing was tried.
    pub fn tries(&self) -> BTreeMap<&'static str, u64> {
        self.lock().tried.clone()
    }

    /// What agents heard on their inboxes.
    pub fn heard(&self) -> Vec<Heard> {
        self.lock().heard.clone()
    }

    /// What was said in private only.
    pub fn canaries(&self) -> &Canaries {
        &self.canaries
    }

    /// Records that it is being sent; before the bytes leave.
    pub fn sending(&self, row: Row) {
        self.with(row, |entry| entry.sends += 1);
    }

    /// Records where it was stored.
    pub fn stored(&self, row: Row, sequence: u64) {
        self.with(row, |entry| {
            entry.stored.insert(sequence);
        });
    }

    /// Records that its id was taken already, by itself.
    pub fn already(&self, row: Row) {
        self.with(row, |entry| entry.already = true);
    }

    /// Records that a cluster says so.
    pub fn claimed(&self, row: Row) {
        self.with(row, |entry| entry.claimed = true);
    }

    /// Records why it was refused for good.
    pub fn refused(&self, row: Row, reason: &str) {
        self.with(row, |entry| entry.refused = Some(reason.to_owned()));
    }

    pub fn get(&self, row: Row) -> Entry {
        self.lock().entries[row.0].clone()
    }

    /// Everything so far.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().entries.clone()
    }

    /// How many were sent and never answered.
    pub fn unknown(&self) -> usize {
        self.lock().entries.iter().filter(|entry| entry.unknown()).count()
    }

    fn with(&self, row: Row, change: impl FnOnce(&mut Entry)) {
        change(&mut self.lock().entries[row.0]);
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
