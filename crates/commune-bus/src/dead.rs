//! Dead letters: what could not be handled, with the reason, the attempts and the original message.
//!
//! A letter holds the original body and headers. Headers that would tell the server something (`Nats-…`) are kept
//! under another name, so that a letter is only ever a letter; they have their own names again when it is read.

use opentelemetry::trace::TraceContextExt as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{
    Bus, BusError, Outgoing, PublishError, Stored, StoredAt, StreamName, attribute, metrics,
    subject::{self, Said},
};

/// A dead letter, read.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Its sequence in the stream DEAD: its number for `dead show` and `dead replay`.
    pub sequence: u64,
    /// The stage that gave up.
    pub stage: String,
    /// Why.
    pub reason: String,
    /// Deliveries before it was given up.
    pub attempts: u64,
    /// The trace in which it was given up, 32 hexadecimal digits; empty when there is none.
    pub trace_id: String,
    /// The stream the message is in.
    pub original_stream: String,
    /// Its sequence there.
    pub original_sequence: u64,
    /// The subject it was published on (before any transform).
    pub original_subject: String,
    /// The message, with its original headers and body.
    pub message: Stored,
}

const OURS: &str = "commune-dead-";
const STAGE: &str = "commune-dead-stage";
const REASON: &str = "commune-dead-reason";
const ATTEMPTS: &str = "commune-dead-attempts";
const TRACE: &str = "commune-dead-trace";
const STREAM: &str = "commune-dead-stream";
const SEQUENCE: &str = "commune-dead-sequence";
const SUBJECT: &str = "commune-dead-subject";
/// Set when the letter could only be stored without the original's headers and body.
const BARE: &str = "commune-dead-bare";
/// Before the name of an original header that is for the server.
const KEPT: &str = "commune-dead-kept-";
const FOR_THE_SERVER: &str = "nats-";
/// Most characters of a reason.
const REASON_MAX: usize = 2000;

impl Bus {
    /// Stores a dead letter, once for each message of a stream; false when it was stored before.
    ///
    /// # Errors
    /// [`PublishError`] when it could not be stored; the message must then not be acknowledged.
    pub async fn bury(&self, stage: &str, message: &Stored, attempts: u64, reason: &str) -> Result<bool, PublishError> {
        let stored = match self.publish(letter_of(stage, message, attempts, reason, false)).await {
            // too large with our headers: the message still stands in its stream
            Err(PublishError::Refused { .. }) => self.publish(letter_of(stage, message, attempts, reason, true)).await,
            other => other,
        };
        match stored {
            // it is there; most who bury may not read the letters
            Err(PublishError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
            Ok(stored) => {
                if !stored.duplicate {
                    metrics::buried(stage, message.stream);
                }
                Ok(!stored.duplicate)
            }
        }
    }

    /// Dead letters, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        self.dead_letters_from(1, limit).await
    }

    /// The same from this number on.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn dead_letters_from(&self, first: u64, limit: usize) -> Result<Vec<DeadLetter>, BusError> {
        let mut letters = Vec::new();
        for stored in self.read_from(StreamName::Dead, &[], first, limit).await? {
            letters.push(self.opened(stored).await?);
        }
        Ok(letters)
    }

    /// One dead letter by its sequence in DEAD.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn dead_letter(&self, sequence: u64) -> Result<Option<DeadLetter>, BusError> {
        match self.get(StreamName::Dead, sequence).await? {
            Some(stored) => self.opened(stored).await.map(Some),
            None => Ok(None),
        }
    }

    /// Publishes the original message again, so that its stage handles it anew: an event on its own subject, what
    /// an agent said on the subject without an id (an id is accepted once for ever). The dead letter stays.
    ///
    /// # Errors
    /// [`PublishError`], by what the caller can do.
    pub async fn replay(&self, letter: &DeadLetter) -> Result<StoredAt, PublishError> {
        self.publish(replayed(letter)).await
    }

    async fn opened(&self, stored: Stored) -> Result<DeadLetter, BusError> {
        let bare = stored.header(BARE).is_some();
        let mut letter = open(stored);
        if bare
            && let Some(stream) = StreamName::from_name(&letter.original_stream)
            && let Some(original) = self.get(stream, letter.original_sequence).await?
        {
            letter.message = original;
        }
        Ok(letter)
    }
}

fn letter_of(stage: &str, message: &Stored, attempts: u64, reason: &str, bare: bool) -> Outgoing {
    let reason: String = reason.chars().take(REASON_MAX).collect();
    let mut letter = Outgoing::raw(
        subject::dead(stage, message.stream.as_str(), message.sequence),
        if bare { bytes::Bytes::new() } else { message.payload.clone() },
    );
    if bare {
        letter = letter.header(BARE, "yes");
    } else {
        for (name, value) in &message.headers {
            if is_for_the_server(name) {
                letter = letter.header(&format!("{KEPT}{name}"), value);
            } else if !name.to_ascii_lowercase().starts_with(OURS) {
                letter = letter.header(name, value);
            }
        }
    }
    let trace = tracing::Span::current().context().span().span_context().clone();
    if trace.is_valid() {
        letter = letter.header(TRACE, &trace.trace_id().to_string());
    }
    letter
        .header(STAGE, stage)
        .header(REASON, &reason)
        .header(ATTEMPTS, &attempts.to_string())
        .header(STREAM, message.stream.as_str())
        .header(SEQUENCE, &message.sequence.to_string())
        .header(SUBJECT, &published_on(&message.subject))
        .once()
}

fn open(stored: Stored) -> DeadLetter {
    let text = |name: &str| stored.header(name).unwrap_or_default().to_owned();
    let number = |name: &str| text(name).parse().unwrap_or(0);
    let original_stream = text(STREAM);
    let original_subject = text(SUBJECT);
    let original_sequence = number(SEQUENCE);
    let headers = stored.headers.iter().filter_map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        if lower.starts_with(KEPT) {
            return Some((name[KEPT.len()..].to_owned(), value.clone()));
        }
        (!lower.starts_with(OURS) && !is_for_the_server(name)).then(|| (name.clone(), value.clone()))
    });
    DeadLetter {
        sequence: stored.sequence,
        stage: text(STAGE),
        reason: text(REASON),
        attempts: number(ATTEMPTS),
        trace_id: text(TRACE),
        message: Stored {
            stream: StreamName::from_name(&original_stream).unwrap_or(stored.stream),
            subject: original_subject.clone(),
            sequence: original_sequence,
            stored_at: stored.stored_at,
            headers: headers.collect(),
            payload: stored.payload.clone(),
        },
        original_stream,
        original_sequence,
        original_subject,
    }
}

fn replayed(letter: &DeadLetter) -> Outgoing {
    let subject = match subject::parse_said(&letter.original_subject) {
        Some(Said { agent, kind, .. }) => format!("commune.agent.{agent}.{kind}"),
        None => letter.original_subject.clone(),
    };
    let mut message = Outgoing::raw(subject, letter.message.payload.clone());
    for (name, value) in &letter.message.headers {
        if !is_for_the_server(name) && !name.to_ascii_lowercase().starts_with(OURS) {
            message = message.header(name, value);
        }
    }
    message
}

/// Expectations, message ids, batches, schedules, roll-ups: what holds for one publish and must not hold again.
fn is_for_the_server(name: &str) -> bool {
    debug_assert!(attribute::MESSAGE_ID.to_ascii_lowercase().starts_with(FOR_THE_SERVER));
    name.to_ascii_lowercase().starts_with(FOR_THE_SERVER)
}

/// The subject before the transform of AGENTS.
fn published_on(subject: &str) -> String {
    match subject::parse_said(subject) {
        Some(Said { agent, kind, id: Some(id) }) => format!("commune.agent.{agent}.{kind}.{id}"),
        _ => subject.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;

    fn message(stream: StreamName, subject: &str, headers: &[(&str, &str)]) -> Stored {
        Stored {
            stream,
            subject: subject.to_owned(),
            sequence: 7,
            stored_at: Timestamp::UNIX_EPOCH,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            payload: Bytes::from_static(b"body"),
        }
    }

    fn buried(original: &Stored, bare: bool) -> DeadLetter {
        let letter = letter_of("selfcare", original, 5, "why\r\nnot", bare);
        assert!(letter.headers.iter().all(|(name, _)| !is_for_the_server(name)), "{letter:?}");
        assert_eq!(letter.expected_last, Some(0));
        open(Stored { headers: letter.headers, ..message(StreamName::Dead, &letter.subject, &[]) })
    }

    #[test]
    fn a_letter_keeps_the_message_and_a_replay_is_fresh() {
        let headers = [("Content-Type", "text/markdown"), ("Nats-Msg-Id", "x"), ("Nats-Rollup", "all")];
        let original = message(StreamName::Agents, "commune.log.3.ada.note.x1", &headers);
        let letter = buried(&original, false);
        assert_eq!(letter.original_subject, "commune.agent.ada.note.x1");
        assert_eq!((letter.original_sequence, letter.attempts, letter.stage.as_str()), (7, 5, "selfcare"));
        assert_eq!(letter.reason, "why  not");
        assert_eq!(letter.message.header("Nats-Msg-Id"), Some("x"));
        assert_eq!(letter.message.payload, original.payload);

        let again = replayed(&letter);
        assert_eq!(again.subject, "commune.agent.ada.note");
        assert_eq!(again.headers, [("Content-Type".to_owned(), "text/markdown".to_owned())]);
        assert_eq!(again.expected_last, None);
    }

    #[test]
    fn an_event_is_replayed_on_its_own_subject() {
        let subject = "commune.night.begun.2026-02-14.ada";
        let original = message(StreamName::Nights, subject, &[("ce-id", "a"), ("traceparent", "00-x")]);
        let again = replayed(&buried(&original, false));
        assert_eq!(again.subject, subject);
        assert_eq!(again.headers.len(), 2);
    }

    #[test]
    fn a_stranger_cannot_write_our_headers() {
        let original = message(StreamName::Drops, "commune.agent.ada.note", &[("commune-dead-stage", "x")]);
        assert_eq!(buried(&original, false).stage, "selfcare");
        assert!(buried(&original, true).message.payload == original.payload);
    }
}
