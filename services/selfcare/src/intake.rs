//! Intake: what an agent said, read from the bytes it sent. Pure, and the same for the consumer that refuses what is
//! invalid and for the view that skips it.
//!
//! **Outputs are never inputs**: a text that begins with [`OUTPUT_MARK`] was written by the commune itself and is refused.

mod checks;
mod fields;
mod skill;
#[cfg(test)]
mod tests;

use commune_knowledge::{OUTPUT_MARK, document, hostile, normalize};
use commune_proto::{AgentId, NoteId, content_id};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use fields::{ArtifactFields, Fields, FileFields, NeedFields, NoteFields, RestFields};

pub use self::checks::headers_fit;
use self::checks::{line, moment, note_kind, shorten, statements_fit, tags, visibility, visible};
use crate::memory::Note;

/// Most bytes of one message.
pub const MESSAGE_LIMIT: usize = 256 * 1024;
/// Most headers of one message, and most bytes of them as they are sent: what the server leaves beside a full body.
pub const HEADERS_LIMIT: usize = 64;
/// See [`HEADERS_LIMIT`].
pub const HEADERS_BYTES: usize = 16 * 1024;
/// Most statements of one note: every stage looks at each of them.
pub const STATEMENTS_LIMIT: usize = 10_000;
const TITLE_LIMIT: usize = 256;
const SOURCE_LIMIT: usize = 512;
const QUESTION_LIMIT: usize = 1024;

/// A message of an agent, as stored.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The agent's token of the subject.
    pub agent: &'a str,
    /// The kind's token of the subject.
    pub kind: &'a str,
    /// The id's token of the subject, where it has one.
    pub id: Option<&'a str>,
    /// The content type that the headers name.
    pub content_type: Option<&'a str>,
    /// The type of event that the headers name.
    pub event_type: Option<&'a str>,
    /// When the server stored it.
    pub stored_at: Timestamp,
    /// Its sequence in its stream.
    pub sequence: u64,
    /// The body.
    pub payload: &'a [u8],
}

/// The kinds of things that agents say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A note.
    Note,
    /// A file.
    Artifact,
    /// A question.
    Need,
    /// Days of rest.
    Rest,
    /// Kinds that selfcare only looks at for their form: feedback, withdraw, voice.
    Other,
}

/// What an agent said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// A note.
    Note(Box<Note>),
    /// A file, as a note of kind `artifact`.
    Artifact(Box<Note>),
    /// A question.
    Need(String),
    /// The last day of rest; none ends the rest.
    Rest(Option<Date>),
    /// Something that is not for the memory.
    Other,
}

/// Reads a protobuf body of a kind; given as an argument, so that this module does not see the wire.
pub type Decode = fn(Kind, &[u8]) -> Result<Fields, String>;

/// Why a message was refused, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The agent's id.
    #[error("the subject's agent: {0}")]
    Agent(commune_proto::IdError),
    /// The note's id.
    #[error("the subject's id: {0}")]
    Id(commune_proto::IdError),
    /// The kind.
    #[error("`{0}` is not a kind: publish on commune.agent.<agent>.<note|artifact|need|feedback|rest|withdraw|voice>")]
    Kind(String),
    /// Too large.
    #[error("the message has {0} bytes, at most {MESSAGE_LIMIT} are allowed: split it, or send an artifact")]
    TooLarge(usize),
    /// Too much beside the body.
    #[error(
        "the message has {count} headers of {bytes} bytes, at most {HEADERS_LIMIT} of {HEADERS_BYTES} bytes are allowed: write it into the body"
    )]
    Headers {
        /// Headers.
        count: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// Too many statements.
    #[error(
        "the note has {0} statements (sentences, list items, table rows), at most {STATEMENTS_LIMIT} are allowed: split it, or send an artifact"
    )]
    TooManyStatements(usize),
    /// More notes than one day takes.
    #[error(
        "agents/{agent} had logged {most} notes on {day} before this one, and a day takes no more (night.notes_per_day): it is kept as it is; replay it on another day"
    )]
    DayFull {
        /// Whose.
        agent: AgentId,
        /// The local day.
        day: Date,
        /// The bound.
        most: usize,
    },
    /// Nothing in it.
    #[error("the message is empty: write the text into the body")]
    Empty,
    /// Not UTF-8.
    #[error("the body is not UTF-8 (byte {0}): save the text as UTF-8 and publish it again")]
    NotUtf8(usize),
    /// A control character.
    #[error("{field} holds the control character U+{code:04X}: only tab and new line are allowed, remove it")]
    Control {
        /// Where.
        field: &'static str,
        /// The character.
        code: u32,
    },
    /// Characters that a reader cannot see.
    #[error("{field} holds what a reader cannot see ({rule} in line {line}): {advice}", rule = finding.rule, line = finding.line, advice = finding.advice)]
    Unseen {
        /// Where.
        field: &'static str,
        /// What.
        finding: hostile::Finding,
    },
    /// Nesting beyond the bound.
    #[error("{0}")]
    TooDeep(hostile::TooDeep),
    /// A front matter that speaks to a reader.
    #[error("the front matter holds what could pass for an order to its reader ({rule}): {advice}")]
    FrontMatterHostile {
        /// The rule.
        rule: &'static str,
        /// What can be done.
        advice: &'static str,
    },
    /// The content type.
    #[error("content type `{0}` is not known: use text/markdown, text/plain, application/json or application/protobuf")]
    ContentType(String),
    /// Another type of event, such as one of a future version.
    #[error(
        "the message says it is a `{found}`, and this service reads `{wanted}`: upgrade selfcare, or publish as `{wanted}`"
    )]
    EventType {
        /// What it says.
        found: String,
        /// What is read here.
        wanted: &'static str,
    },
    /// The front matter.
    #[error(transparent)]
    FrontMatter(#[from] document::DocumentError),
    /// The JSON body.
    #[error("the body is not the JSON of a {kind}: {reason}")]
    Json {
        /// The kind.
        kind: &'static str,
        /// The parser's reason, with line and column.
        reason: String,
    },
    /// The protobuf body.
    #[error("the body is not the protobuf message of this kind: {0}")]
    Protobuf(String),
    /// A field.
    #[error("{field}: {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// The commune's own output.
    #[error(
        "this text was written by the commune itself (a brief or a diary entry): log what was learned, not what was read back"
    )]
    Output,
}

/// Reads what an agent said.
///
/// # Errors
/// [`IntakeError`] says what is wrong with the message and what to do about it.
pub fn read(message: &Message<'_>, zone: &TimeZone, decode: Decode) -> Result<Said, IntakeError> {
    let agent: AgentId = message.agent.parse().map_err(IntakeError::Agent)?;
    let id = message.id.map(str::parse::<NoteId>).transpose().map_err(IntakeError::Id)?;
    let kind = Kind::of(message.kind)?;
    if message.payload.len() > MESSAGE_LIMIT {
        return Err(IntakeError::TooLarge(message.payload.len()));
    }
    kind.check_event_type(message.event_type)?;
    if message.payload.iter().all(u8::is_ascii_whitespace) && kind != Kind::Rest {
        return Err(IntakeError::Empty);
    }
    let id = match id {
        Some(id) => id.to_string(),
        None => content_id(&[
            "drop".as_bytes(),
            agent.as_str().as_bytes(),
            message.sequence.to_string().as_bytes(),
            message.payload,
        ]),
    };
    match fields::read(kind, message, decode)? {
        Fields::Note(fields) => note(fields, id, message, zone).map(|note| Said::Note(Box::new(note))),
        Fields::Artifact(fields) => {
            artifact(fields, &agent, &id, message, zone).map(|note| Said::Artifact(Box::new(note)))
        }
        Fields::Need(fields) => need(&fields.question).map(Said::Need),
        Fields::Rest(fields) => rest(&fields.until).map(Said::Rest),
        Fields::Other => Ok(Said::Other),
    }
}

impl Kind {
    /// The kind of a subject's token.
    ///
    /// # Errors
    /// [`IntakeError::Kind`] for any other token.
    pub fn of(token: &str) -> Result<Self, IntakeError> {
        match token {
            "note" => Ok(Self::Note),
            "artifact" => Ok(Self::Artifact),
            "need" => Ok(Self::Need),
            "rest" => Ok(Self::Rest),
            "feedback" | "withdraw" | "voice" => Ok(Self::Other),
            other => Err(IntakeError::Kind(other.chars().take(100).collect())),
        }
    }

    /// The type that `ce-type` must name when it is set.
    fn event_type(self) -> Option<&'static str> {
        match self {
            Self::Note => Some("commune.agent.v1.Note"),
            Self::Artifact => Some("commune.agent.v1.Artifact"),
            Self::Need => Some("commune.agent.v1.Need"),
            Self::Rest => Some("commune.agent.v1.Rest"),
            Self::Other => None,
        }
    }

    fn check_event_type(self, found: Option<&str>) -> Result<(), IntakeError> {
        match (found, self.event_type()) {
            (Some(found), Some(wanted)) if found != wanted => {
                Err(IntakeError::EventType { found: found.chars().take(100).collect(), wanted })
            }
            _ => Ok(()),
        }
    }
}

fn note(fields: NoteFields, id: String, message: &Message<'_>, zone: &TimeZone) -> Result<Note, IntakeError> {
    let fields = skill::packed(fields)?;
    let text = normalize::text(&fields.text);
    visible("text", &text)?;
    if let Some(deep) = hostile::too_deep(&text) {
        return Err(IntakeError::TooDeep(deep));
    }
    if text.trim().is_empty() {
        return Err(IntakeError::Empty);
    }
    statements_fit(&text)?;
    if text.trim_start().starts_with(OUTPUT_MARK) {
        return Err(IntakeError::Output);
    }
    let title = match line("title", &fields.title, TITLE_LIMIT)? {
        title if title.is_empty() => document::title(&text),
        title => title,
    };
    let (logged_at, logged_on) = moment("logged_at", &fields.logged_at, message, zone)?;
    let kind = note_kind(&fields.kind)?;
    Ok(Note {
        title: if title.is_empty() { id.clone() } else { title },
        key: line("key", &fields.key, TITLE_LIMIT)?,
        visibility: visibility(&fields.visibility)?,
        tags: tags(&fields.tags)?,
        source: line("source", &fields.source, SOURCE_LIMIT)?,
        ..Note::logged(id, kind, text, logged_at, logged_on)
    })
}

fn artifact(
    fields: ArtifactFields,
    agent: &AgentId,
    id: &str,
    message: &Message<'_>,
    zone: &TimeZone,
) -> Result<Note, IntakeError> {
    let problem = |field, problem: &str| IntakeError::Field { field, problem: problem.to_owned() };
    let name = line("name", &fields.name, TITLE_LIMIT)?;
    if name.is_empty() || name.contains(['/', '\\']) || name == "." || name == ".." {
        return Err(problem("name", "give the file's name, 1 to 256 bytes, without folders"));
    }
    if fields.sha256.len() != 64 || !fields.sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(problem("sha256", "give the SHA-256 of the body as 64 lower-case hexadecimal digits"));
    }
    let media_type = match line("media_type", &fields.media_type, TITLE_LIMIT)? {
        media if media.is_empty() => "application/octet-stream".to_owned(),
        media => media,
    };
    let description = line("description", &fields.description, QUESTION_LIMIT)?;
    let (logged_at, logged_on) = moment("made_at", &fields.made_at, message, zone)?;
    let told = if description.is_empty() { String::new() } else { format!("{description}\n\n") };
    // a note and an artifact may carry the same id on their subjects
    let id = content_id(&["artifact", agent.as_str(), id]);
    let text = format!(
        "# {name}\n\n{told}- media type: {media_type}\n- size: {} bytes\n- sha256: `{}`\n",
        fields.size, fields.sha256
    );
    Ok(Note {
        title: name,
        source: format!("sha256:{}", fields.sha256),
        ..Note::logged(id, "artifact".to_owned(), text, logged_at, logged_on)
    })
}

fn need(question: &str) -> Result<String, IntakeError> {
    let question = question.trim();
    if question.is_empty() {
        return Err(IntakeError::Empty);
    }
    if question.contains('\n') {
        let problem = "ask one question in one line; publish a second need for another".to_owned();
        return Err(IntakeError::Field { field: "question", problem });
    }
    line("question", question, QUESTION_LIMIT)
}

fn rest(until: &str) -> Result<Option<Date>, IntakeError> {
    match until.trim() {
        "" => Ok(None),
        date => date.parse().map(Some).map_err(|_| IntakeError::Field {
            field: "until",
            problem: format!("`{}` is not a date: write the last day of rest, such as 2026-12-01", shorten(date)),
        }),
    }
}
