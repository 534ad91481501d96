//! The fields of what an agent said, from any of the three forms that a body may have. Not checked yet.

use commune_knowledge::{
    document::{self, Document},
    hostile,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Decode, IntakeError, Kind, Message};
use crate::value::{IMPORTANT, MINOR, PINNED};

/// The fields of a message, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// A note.
    Note(NoteFields),
    /// A file.
    Artifact(ArtifactFields),
    /// A question.
    Need(NeedFields),
    /// Days of rest.
    Rest(RestFields),
    /// Something whose fields are not read here.
    Other,
}

/// A note's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "as in commune.agent.v1.Note")]
pub struct NoteFields {
    pub text: String,
    pub kind: String,
    pub key: String,
    pub title: String,
    pub visibility: String,
    pub tags: Vec<String>,
    #[serde(alias = "loggedAt")]
    pub logged_at: String,
    pub source: String,
    pub files: Vec<FileFields>,
}

/// A file of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "as in commune.agent.v1.SkillFile")]
pub struct FileFields {
    pub path: String,
    pub text: String,
}

/// A file's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "as in commune.agent.v1.Artifact")]
pub struct ArtifactFields {
    pub name: String,
    pub sha256: String,
    #[serde(deserialize_with = "number")]
    pub size: u64,
    #[serde(alias = "mediaType")]
    pub media_type: String,
    pub description: String,
    #[serde(alias = "madeAt")]
    pub made_at: String,
}

/// A question's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "as in commune.agent.v1.Need")]
pub struct NeedFields {
    pub question: String,
}

/// The fields of days of rest.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "as in commune.agent.v1.Rest")]
pub struct RestFields {
    pub until: String,
}

/// Reads the fields in the form that the content type names.
pub(super) fn read(kind: Kind, message: &Message<'_>, decode: Decode) -> Result<Fields, IntakeError> {
    let media =
        message.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "" | "text/markdown" | "text/plain" => markdown(kind, utf8(message.payload)?),
        "application/json" => json(kind, utf8(message.payload)?),
        "application/protobuf" | "application/x-protobuf" => {
            decode(kind, message.payload).map_err(IntakeError::Protobuf)
        }
        _ => Err(IntakeError::ContentType(media.chars().filter(|c| !c.is_control()).take(100).collect())),
    }
}

fn utf8(payload: &[u8]) -> Result<&str, IntakeError> {
    std::str::from_utf8(payload).map_err(|error| IntakeError::NotUtf8(error.valid_up_to()))
}

fn markdown(kind: Kind, raw: &str) -> Result<Fields, IntakeError> {
    if kind == Kind::Other {
        super::checks::visible("text", &raw.replace("\r\n", "\n"))?;
        return Ok(Fields::Other);
    }
    let document = Document::parse(raw.trim_start_matches('\u{feff}'))?;
    // its fields are read by programs and shown beside the text: nothing there speaks to a reader
    if let Some(finding) = hostile::scan(&document.front_matter_raw).first() {
        return Err(IntakeError::FrontMatterHostile { rule: finding.rule, advice: finding.advice });
    }
    let field = |name: &str| document.text_field(name).unwrap_or_default().to_owned();
    let either = |first: &str, second: &str| match field(first) {
        found if found.is_empty() => field(second),
        found => found,
    };
    Ok(match kind {
        Kind::Note => Fields::Note(NoteFields {
            kind: field("kind"),
            key: field("key"),
            title: field("title"),
            visibility: field("visibility"),
            tags: [document.list_field("tags"), importance(&field("importance"), &field("pinned"))].concat(),
            logged_at: either("logged_at", "date"),
            source: field("source"),
            files: Vec::new(),
            text: document.body,
        }),
        Kind::Artifact => Fields::Artifact(ArtifactFields {
            name: field("name"),
            sha256: field("sha256"),
            size: size(&field("size"))?,
            media_type: field("media_type"),
            made_at: either("made_at", "date"),
            description: match field("description") {
                told if told.is_empty() => document.body.split_whitespace().collect::<Vec<_>>().join(" "),
                told => told,
            },
        }),
        Kind::Need => Fields::Need(NeedFields { question: document.body }),
        Kind::Rest => Fields::Rest(RestFields {
            until: match field("until") {
                until if until.is_empty() => document.body,
                until => until,
            },
        }),
        Kind::Other => Fields::Other,
    })
}

/// The tags that stand for `importance: high|low` and `pinned: true`; what else may be written there is left unread.
fn importance(importance: &str, pinned: &str) -> Vec<String> {
    let importance = match importance.trim().to_lowercase().as_str() {
        "high" | "important" | "critical" => Some(IMPORTANT),
        "low" | MINOR => Some(MINOR),
        _ => None,
    };
    let pinned = pinned.trim().eq_ignore_ascii_case("true").then_some(PINNED);
    importance.into_iter().chain(pinned).map(str::to_owned).collect()
}

fn size(text: &str) -> Result<u64, IntakeError> {
    match text {
        "" => Ok(0),
        text => text.parse().map_err(|_| IntakeError::Field {
            field: "size",
            problem: "write the size in bytes as a number".to_owned(),
        }),
    }
}

fn json(kind: Kind, raw: &str) -> Result<Fields, IntakeError> {
    fn parse<T: DeserializeOwned>(kind: &'static str, raw: &str) -> Result<T, IntakeError> {
        // a sequence would be taken for a struct by position
        if raw.trim_start().starts_with('{') {
            serde_json::from_str(raw)
                .map_err(|error| IntakeError::Json { kind, reason: document::without_values(&error.to_string()) })
        } else {
            Err(IntakeError::Json { kind, reason: "it must be one object, { … }".to_owned() })
        }
    }
    match kind {
        Kind::Note => parse("note", raw).map(Fields::Note),
        Kind::Artifact => parse("artifact", raw).map(Fields::Artifact),
        Kind::Need => parse("need", raw).map(Fields::Need),
        Kind::Rest if raw.trim().is_empty() => Ok(Fields::Rest(RestFields::default())),
        Kind::Rest => parse("rest", raw).map(Fields::Rest),
        Kind::Other => parse::<serde_json::Value>("message", raw).map(|_| Fields::Other),
    }
}

/// 64-bit numbers are texts in the JSON form of protobuf; both are taken.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(|_| serde::de::Error::custom("size must be a number of bytes")),
    }
}
