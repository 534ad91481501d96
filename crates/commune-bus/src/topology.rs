//! The streams of the commune as data: what each holds, and its bounds.
//!
//! Every stream keeps what it has (`Limits` retention, on disk, no age); a full one refuses the new and never drops
//! the old, because the streams are the truth. There are two exceptions. DEAD gives up its oldest letters rather
//! than stop every stage: their messages still stand in the streams they came from. NIGHTS gives up its oldest
//! nights, because a stream that takes schedules cannot refuse the new; its bound is some millions of records.

use std::time::Duration;

/// A stream of the commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamName {
    /// What agents said, each id once for ever.
    Agents,
    /// What agents said without an id.
    Drops,
    /// The schedule, one `begun` message for each agent and night, the trail.
    Nights,
    /// Each agent's tidied notes, brief, diary; the memory-tidied events.
    Memory,
    /// Contributions, sessions, needs.
    Aid,
    /// The library: an article's revision is the event; and what becomes of proposals.
    Library,
    /// What members read and said of articles, and the receipts for it.
    Uses,
    /// The bodies of artifacts: the stream of the object store `ARTIFACTS`, see [`crate::Bus::put_object`].
    Artifacts,
    /// What could not be handled.
    Dead,
}

impl StreamName {
    /// All streams.
    pub const ALL: [Self; 9] = [
        Self::Agents,
        Self::Drops,
        Self::Nights,
        Self::Memory,
        Self::Aid,
        Self::Library,
        Self::Uses,
        Self::Artifacts,
        Self::Dead,
    ];

    /// The name on the server.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agents => "AGENTS",
            Self::Drops => "DROPS",
            Self::Nights => "NIGHTS",
            Self::Memory => "MEMORY",
            Self::Aid => "AID",
            Self::Library => "LIBRARY",
            Self::Uses => "USES",
            Self::Artifacts => "OBJ_ARTIFACTS",
            Self::Dead => "DEAD",
        }
    }

    /// The stream of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// The stream that takes what is published on this subject.
    pub fn of_subject(subject: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.definition().subjects.iter().any(|filter| matches(filter, subject)))
    }

    /// What the stream holds, and its bounds.
    pub fn definition(self) -> StreamDefinition {
        let events = StreamDefinition {
            subjects: &[],
            transform: None,
            description: "",
            max_bytes: 2 * GIB,
            max_message: 960 * KIB,
            each_subject_once: false,
            drops_oldest: false,
            atomic: true,
            schedules: false,
            rolls_up: false,
            duplicate_window: Duration::from_secs(120),
        };
        match self {
            Self::Agents => StreamDefinition {
                subjects: &["commune.agent.*.*.*"],
                transform: Some((
                    "commune.agent.*.*.*",
                    "commune.log.{{partition(8,1)}}.{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}",
                )),
                description: "What agents said, each id once for ever",
                max_bytes: 4 * GIB,
                max_message: SAID_MAX,
                each_subject_once: true,
                atomic: false,
                duplicate_window: SHORTEST_WINDOW,
                ..events
            },
            Self::Drops => StreamDefinition {
                subjects: &["commune.agent.*.*"],
                description: "What agents said without an id",
                max_bytes: GIB,
                max_message: SAID_MAX,
                atomic: false,
                duplicate_window: SHORTEST_WINDOW,
                ..events
            },
            Self::Nights => StreamDefinition {
                subjects: &["commune.night.>"],
                description: "The schedule, the nights begun, the trail",
                drops_oldest: true,
                schedules: true,
                ..events
            },
            Self::Memory => StreamDefinition {
                subjects: &["commune.memory.>", "commune.event.memory-tidied.>"],
                description: "Each agent's tidied notes, brief and diary",
                max_bytes: 8 * GIB,
                ..events
            },
            Self::Aid => StreamDefinition {
                subjects: &["commune.event.knowledge-shared.>", "commune.aid.>"],
                description: "Contributions, sessions, needs",
                ..events
            },
            Self::Library => StreamDefinition {
                subjects: &["commune.event.article-curated.>", "commune.library.proposal.*"],
                description: "The library: every revision of every article, and what waits for consent",
                max_bytes: 4 * GIB,
                ..events
            },
            Self::Uses => StreamDefinition {
                subjects: &["commune.use.>"],
                description: "What members read and said of articles, and the receipts for it",
                ..events
            },
            // as clients make the stream of an object store, so that they can read it
            Self::Artifacts => StreamDefinition {
                subjects: &["$O.ARTIFACTS.C.>", "$O.ARTIFACTS.M.>"],
                description: "The bodies of artifacts, by their SHA-256",
                max_bytes: 8 * GIB,
                rolls_up: true,
                ..events
            },
            Self::Dead => StreamDefinition {
                subjects: &["commune.dead.>"],
                description: "What could not be handled, and why",
                max_bytes: GIB,
                max_message: 1024 * KIB,
                drops_oldest: true,
                atomic: false,
                ..events
            },
        }
    }
}

/// The least that the agents' streams allow, so that one agent's message id cannot hide another agent's message:
/// the window is shared by all who publish to a stream.
const SHORTEST_WINDOW: Duration = Duration::from_millis(100);
const KIB: u64 = 1024;
const GIB: u64 = 1024 * 1024 * KIB;
/// What an agent says in one message, 256 KiB, and room for its headers.
const SAID_MAX: u64 = (256 + 16) * KIB;

/// What a stream holds, and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamDefinition {
    /// What may be published to it.
    pub subjects: &'static [&'static str],
    /// From what to what its subjects are transformed when stored.
    pub transform: Option<(&'static str, &'static str)>,
    /// What it is, for people who look at the server.
    pub description: &'static str,
    /// Most bytes of the stream. A greater bound set by an operator is kept.
    pub max_bytes: u64,
    /// Most bytes of one message with its headers. A greater bound set by an operator is kept.
    pub max_message: u64,
    /// One message for each subject, for ever: a repeat is refused.
    pub each_subject_once: bool,
    /// When full, the oldest messages go instead of new ones being refused.
    pub drops_oldest: bool,
    /// Takes atomic batches.
    pub atomic: bool,
    /// Takes scheduled messages.
    pub schedules: bool,
    /// Takes messages that replace all of their subject: how an operator removes an object. No service sends one.
    pub rolls_up: bool,
    /// How long a message id is remembered.
    pub duplicate_window: Duration,
}

/// Why the streams could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// An existing stream differs in something that cannot be changed in place.
    #[error("stream {stream} exists but is not what the commune needs: {difference}. Nothing was changed; {advice}")]
    Incompatible {
        /// The stream.
        stream: &'static str,
        /// What differs.
        difference: String,
        /// What to do.
        advice: String,
    },
    /// The server is too old or lacks JetStream.
    #[error("the NATS server cannot be used: {0}")]
    Server(String),
    /// The server has another store than the one that was known.
    #[error(transparent)]
    Store(#[from] crate::StoreError),
}

/// Whether a subject falls under a filter with the wildcards of NATS.
pub fn matches(filter: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in filter.split('.') {
        match (wanted, tokens.next()) {
            (">", found) => return found.is_some(),
            ("*", Some(_)) => {}
            (wanted, Some(found)) if wanted == found => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_server_does() {
        let check = |filter: &str, subject: &str, expected: bool| {
            assert_eq!(matches(filter, subject), expected, "{filter} {subject}");
        };
        check("a.>", "a.b", true);
        check("a.>", "a.b.c", true);
        check("a.>", "a", false);
        check("a.*", "a.b", true);
        check("a.*", "a.b.c", false);
        check("a.*.c", "a.b.c", true);
        check("a.b", "a.b", true);
        check("a.b", "a.c", false);
        check("a.b.c", "a.b", false);
    }

    #[test]
    fn every_subject_has_one_stream() {
        let check = |subject: &str, stream: Option<StreamName>| {
            assert_eq!(StreamName::of_subject(subject), stream, "{subject}");
        };
        check("commune.agent.ada.note", Some(StreamName::Drops));
        check("commune.agent.ada.note.x1", Some(StreamName::Agents));
        check("commune.agent.ada.note.x1.y", None);
        check("commune.night.due", Some(StreamName::Nights));
        check("commune.event.memory-tidied.ada.2026-02-14", Some(StreamName::Memory));
        check("commune.aid.session.ada.2026-02-14", Some(StreamName::Aid));
        check("commune.event.article-curated.a.b", Some(StreamName::Library));
        check("commune.library.proposal.x", Some(StreamName::Library));
        check("commune.night.proposal.x", Some(StreamName::Nights));
        check("commune.use.read.ada.x", Some(StreamName::Uses));
        check("commune.dead.selfcare.DROPS.4", Some(StreamName::Dead));
        check("$O.ARTIFACTS.C.x", Some(StreamName::Artifacts));
        check("commune.inbox.ada.x", None);
    }

    #[test]
    fn agents_can_neither_schedule_nor_batch_nor_roll_up() {
        for stream in [StreamName::Agents, StreamName::Drops] {
            let definition = stream.definition();
            assert!(!definition.schedules && !definition.atomic && !definition.rolls_up);
        }
    }
}
