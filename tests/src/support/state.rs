//! The end state of a commune as a value: what must be equal after any crash, and after a night that is run again.

use std::collections::BTreeMap;

use commune_bus::{Bus, Stored, StreamName, subject};
use commune_proto::{
    librarian::v1::{ArticleCurated, ProposalChanged},
    mutualaid::v1::{AidSession, KnowledgeShared, NeedAsked, NoteWithdrawn},
    night::v1::TrailRecord,
    selfcare::v1::{Brief, DiaryEntry, MemoryTidied, NightUndone, NotesPage, NotesRecalled, TidiedNote},
};

/// What a commune holds, without times, durations, sequences and trace ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndState {
    /// Every revision of every article, oldest first, by path.
    pub articles: BTreeMap<String, Vec<ArticleCurated>>,
    /// Every agent's brief.
    pub briefs: BTreeMap<String, Brief>,
    /// Every day of every diary, by subject.
    pub diaries: BTreeMap<String, DiaryEntry>,
    /// Every note as it is now, by agent and id.
    pub notes: BTreeMap<(String, String), TidiedNote>,
    /// Every memory-tidied event.
    pub tidied: BTreeMap<(String, String), MemoryTidied>,
    /// Every contribution and where it was placed.
    pub shared: BTreeMap<String, KnowledgeShared>,
    /// Every session.
    pub sessions: BTreeMap<(String, String), AidSession>,
    /// The trail by night, agent and stage.
    pub trail: BTreeMap<(String, String, i32), TrailRecord>,
    /// Messages in each of the streams that hold state.
    pub messages: BTreeMap<&'static str, usize>,
}

impl EndState {
    /// Reads the state of a commune that is quiet.
    pub async fn read(bus: &Bus) -> Self {
        let mut state = Self::default();
        for stream in [StreamName::Memory, StreamName::Aid, StreamName::Library] {
            let messages = super::read_all(bus, stream, &[]).await;
            state.messages.insert(stream.as_str(), messages.len());
            for message in &messages {
                state.take(message);
            }
        }
        let trail = super::read_all(bus, StreamName::Nights, &[subject::TRAIL_ALL]).await;
        for message in &trail {
            let record: TrailRecord = message.event().expect("a record can be read");
            let key = (record.night.clone(), record.agent.clone(), record.stage);
            let record = TrailRecord {
                duration_us: 0,
                trace_id: String::new(),
                stream_sequence: 0,
                ended_at: String::new(),
                ..record
            };
            assert!(state.trail.insert(key, record).is_none(), "{} is there twice", message.subject);
        }
        state
    }

    /// The newest revision of an article.
    pub fn article(&self, path: &str) -> Option<&ArticleCurated> {
        self.articles.get(path).and_then(|revisions| revisions.last())
    }

    /// Compares part by part, so that a failure shows the first thing that differs and not two whole communes.
    pub fn assert_equals(&self, other: &Self, what: &str) {
        same(&self.notes, &other.notes, what, "note");
        same(&self.tidied, &other.tidied, what, "memory-tidied");
        same(&self.briefs, &other.briefs, what, "brief");
        same(&self.diaries, &other.diaries, what, "diary");
        same(&self.shared, &other.shared, what, "contribution");
        same(&self.sessions, &other.sessions, what, "session");
        same(&self.articles, &other.articles, what, "article");
        same(&self.trail, &other.trail, what, "trail record");
        same(&self.messages, &other.messages, what, "number of messages");
    }

    fn take(&mut self, message: &Stored) {
        let tokens: Vec<&str> = message.subject.split('.').collect();
        match tokens.as_slice() {
            ["commune", "memory", _, "notes", ..] => {
                let page: NotesPage = read(message);
                for note in page.notes {
                    self.notes.insert((page.agent.clone(), note.id.clone()), note);
                }
                for waiting in page.waiting {
                    self.notes.remove(&(page.agent.clone(), waiting));
                }
            }
            ["commune", "memory", _, "brief"] => {
                let brief: Brief = read(message);
                match brief.night.is_empty() {
                    true => self.briefs.remove(&brief.agent),
                    false => self.briefs.insert(brief.agent.clone(), brief),
                };
            }
            ["commune", "memory", _, "diary", _] => {
                let entry: DiaryEntry = read(message);
                match entry.text.is_empty() {
                    true => self.diaries.remove(&message.subject),
                    false => self.diaries.insert(message.subject.clone(), entry),
                };
            }
            ["commune", "memory", _, "recalled", _] => {
                let _: NotesRecalled = read(message);
            }
            ["commune", "memory", _, "undone", _] => {
                let _: NightUndone = read(message);
            }
            ["commune", "event", "memory-tidied", ..] => {
                let event: MemoryTidied = read(message);
                self.tidied.insert((event.night.clone(), event.agent.clone()), event);
            }
            ["commune", "event", "knowledge-shared", ..] => {
                let event: KnowledgeShared = read(message);
                self.shared.insert(message.subject.clone(), event);
            }
            ["commune", "aid", "session", ..] => {
                let session: AidSession = read(message);
                self.sessions.insert((session.night.clone(), session.agent.clone()), session);
            }
            ["commune", "aid", "need", ..] => {
                let _: NeedAsked = read(message);
            }
            ["commune", "aid", "withdrawn", ..] => {
                let _: NoteWithdrawn = read(message);
            }
            ["commune", "library", "proposal", _] => {
                let _: ProposalChanged = read(message);
            }
            ["commune", "event", "article-curated", path @ ..] => {
                let mut event: ArticleCurated = read(message);
                if let Some(article) = &mut event.article {
                    article.curated_at.clear();
                }
                event.provenance.iter_mut().for_each(|p| p.trace_id.clear());
                self.articles.entry(path.join("/")).or_default().push(event);
            }
            _ => panic!("nobody knows what {} is", message.subject),
        }
    }
}

fn read<M: prost::Message + prost::Name + Default>(message: &Stored) -> M {
    message.event().unwrap_or_else(|e| panic!("{} cannot be read: {e}", message.subject))
}

fn same<K: Ord + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    left: &BTreeMap<K, V>,
    right: &BTreeMap<K, V>,
    what: &str,
    part: &str,
) {
    let keys: std::collections::BTreeSet<&K> = left.keys().chain(right.keys()).collect();
    let differing: Vec<&K> = keys.into_iter().filter(|key| left.get(key) != right.get(key)).collect();
    if let Some(first) = differing.first() {
        panic!(
            "{what}: {} of {} differ as {part}; the first is {first:?}:\n left: {:#?}\nright: {:#?}",
            differing.len(),
            left.len().max(right.len()),
            left.get(first),
            right.get(first)
        );
    }
}
