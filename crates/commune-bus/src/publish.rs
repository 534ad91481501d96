//! Publishing: one message, or several as one atomic batch; always confirmed by the stream.

use std::time::Duration;

use async_nats::{
    HeaderMap, Request, RequestErrorKind,
    jetstream::{publish::PublishAck, response::Response},
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use tracing::Instrument as _;

use crate::{Bus, Outgoing, PublishError, StreamName, attribute, batch, guard::Closed, metrics, send_span, wire};

/// Where a message was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAt {
    /// The sequence of the message, or of the last one of a batch.
    pub sequence: u64,
    /// The server had it already (same message id within the window); nothing was stored again.
    pub duplicate: bool,
}

/// Most messages that one atomic batch can hold (the server's limit).
pub const BATCH_LIMIT: usize = 1000;

/// How long the server may be away before a publish gives up.
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

impl Bus {
    /// Publishes one message and waits for the stream's confirmation; tries again for up to 10 s while the server
    /// is away, which is safe because the message carries its id or its expectation. One that carries neither, and
    /// whose subject may repeat, is not tried again once it may have arrived.
    ///
    /// # Errors
    /// [`PublishError`], by what the caller can do.
    pub async fn publish(&self, message: Outgoing) -> Result<StoredAt, PublishError> {
        self.publish_all(vec![message]).await
    }

    /// Publishes all of them to one stream, or none: a JetStream atomic batch (ADR-50). A batch of one is a plain
    /// publish. Expectations are checked for each message.
    ///
    /// # Errors
    /// [`PublishError::Conflict`] when an expectation failed or one of the message ids is known already,
    /// [`PublishError::Refused`] for no messages, more than [`BATCH_LIMIT`] or messages of several streams,
    /// [`PublishError::Unavailable`] when it is not known.
    pub async fn publish_batch(&self, messages: Vec<Outgoing>) -> Result<StoredAt, PublishError> {
        self.publish_all(messages).await
    }

    async fn publish_all(&self, mut messages: Vec<Outgoing>) -> Result<StoredAt, PublishError> {
        let (span, began) = (send_span::begin(&mut messages), Instant::now());
        let ended = self.publish_until_confirmed(&messages).instrument(span.clone()).await;
        if let Some(failed) = metrics::sent(&messages, began.elapsed(), &ended) {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", failed);
        }
        ended
    }

    async fn publish_until_confirmed(&self, messages: &[Outgoing]) -> Result<StoredAt, PublishError> {
        let Some(last) = messages.last() else {
            return Err(PublishError::Refused { subject: String::new(), reason: "an empty batch".to_owned() });
        };
        let refused = |reason: String| PublishError::Refused { subject: last.subject.clone(), reason };
        let prepared = if messages.len() == 1 { single(last) } else { batch::prepare(messages) }.map_err(refused)?;
        let repeatable = messages.iter().all(is_repeatable);
        let deadline = Instant::now() + PATIENCE;
        let mut wait = FIRST_WAIT;
        // whether an attempt may have been stored without our knowing
        let mut unsure = false;
        let stream = StreamName::of_subject(&last.subject);
        loop {
            let attempt = match (stream.map_or(Ok(()), |stream| self.may_write(stream)), prepared.as_slice()) {
                (Err(Closed::ForGood(reason)), _) => return Err(PublishError::Unavailable(reason)),
                (Err(Closed::ForNow(reason)), _) => Err(Attempt::NotYet(reason.to_owned())),
                (Ok(()), [(headers, message)]) => self.send_one(headers.clone(), message).await,
                (Ok(()), all) => self.send_batch(all).await,
            };
            let (reason, nobody) = match attempt {
                Ok(stored) => {
                    if let Some(stream) = stream {
                        self.guard().wrote(stream, stored.sequence);
                    }
                    return Ok(stored);
                }
                Err(Attempt::Conflict) if unsure => match self.stored_before(last).await {
                    Some(stored) => return Ok(stored),
                    None => return Err(conflict(messages)),
                },
                Err(Attempt::Conflict) => return Err(conflict(messages)),
                Err(Attempt::Refused(reason)) => return Err(refused(reason)),
                Err(Attempt::NoTaker(reason)) => (reason, true),
                Err(Attempt::NotYet(reason)) => (reason, false),
                Err(Attempt::Unknown(reason)) => {
                    unsure = true;
                    (reason, false)
                }
            };
            let over = Instant::now() + wait >= deadline;
            if over && nobody && !unsure && self.is_up() {
                return Err(refused(format!("no stream takes it ({reason}); are the commune's streams there?")));
            }
            if over || (unsure && !repeatable) {
                return Err(PublishError::Unavailable(reason));
            }
            tracing::debug!(bus.subject = %last.subject, bus.reason = %reason, "publishing again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn send_one(&self, headers: HeaderMap, message: &Outgoing) -> Result<StoredAt, Attempt> {
        let answer = self.ask(message, headers).await?;
        acknowledged(&answer)
    }

    /// Publishes with a reply subject and waits for what comes back.
    pub(crate) async fn ask(&self, message: &Outgoing, headers: HeaderMap) -> Result<async_nats::Message, Attempt> {
        let mut denied = self.denied();
        let request = Request::new().headers(headers).payload(message.payload.clone());
        let client = self.client();
        let answer = tokio::select! {
            answer = client.send_request(message.subject.clone(), request) => answer,
            // the server does not answer what it does not allow, and says so beside
            () = told(&mut denied, &message.subject) => {
                return Err(Attempt::Refused("the server does not let us publish there".to_owned()));
            }
        };
        answer.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => Attempt::NoTaker(error.to_string()),
            RequestErrorKind::InvalidSubject | RequestErrorKind::MaxPayloadExceeded => {
                Attempt::Refused(error.to_string())
            }
            RequestErrorKind::TimedOut | RequestErrorKind::Other => Attempt::Unknown(error.to_string()),
        })
    }

    /// Whether an earlier attempt of ours was stored after all: the newest message of the subject is this one.
    async fn stored_before(&self, message: &Outgoing) -> Option<StoredAt> {
        let stream = StreamName::of_subject(&message.subject)?;
        let stored = self.last(stream, &stored_subject(stream, &message.subject)).await.ok()??;
        let ours = stored.payload == message.payload
            && stored.header(attribute::MESSAGE_ID) == message.value(attribute::MESSAGE_ID);
        ours.then_some(StoredAt { sequence: stored.sequence, duplicate: true })
    }
}

/// Ends when the server has said, since the receiver was made, that this subject is not allowed.
async fn told(denied: &mut broadcast::Receiver<String>, subject: &str) {
    loop {
        match denied.recv().await {
            Ok(told) if told == subject => return,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What became of one attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// No stream listens on the subject, now.
    NoTaker(String),
    /// It was not stored, and may be later.
    NotYet(String),
    /// It may have been stored.
    Unknown(String),
    Conflict,
    Refused(String),
}

const WRONG_LAST_SEQUENCE: [u64; 2] = [10071, 10164];
const LIMIT_EXCEEDED: u64 = 10077;
const BATCH_INCOMPLETE: u64 = 10176;
const BATCH_HOLDS_A_REPEAT: u64 = 10201;
const TOO_MANY_BATCHES: [u64; 2] = [10210, 10211];
/// In a cluster: an earlier attempt is on its way, and may still be lost with its leader.
const REPEAT_IN_PROCESS: u64 = 10158;

/// Reads the stream's answer to a publish.
pub(crate) fn acknowledged(answer: &async_nats::Message) -> Result<StoredAt, Attempt> {
    match serde_json::from_slice::<Response<PublishAck>>(&answer.payload) {
        Ok(Response::Ok(ack)) => Ok(StoredAt { sequence: ack.sequence, duplicate: ack.duplicate }),
        Ok(Response::Err { error }) => {
            let text = error.to_string();
            let code = error.error_code().0;
            Err(match code {
                _ if WRONG_LAST_SEQUENCE.contains(&code) || code == BATCH_HOLDS_A_REPEAT => Attempt::Conflict,
                LIMIT_EXCEEDED if text.contains("per subject") => Attempt::Conflict,
                LIMIT_EXCEEDED => Attempt::Refused(text),
                _ if code == BATCH_INCOMPLETE || TOO_MANY_BATCHES.contains(&code) => Attempt::NotYet(text),
                REPEAT_IN_PROCESS => Attempt::Unknown(text),
                _ if matches!(error.code(), 429 | 503) => Attempt::NotYet(text),
                _ => Attempt::Refused(text),
            })
        }
        Err(error) => Err(Attempt::Refused(format!("the answer is not a confirmation: {error}"))),
    }
}

/// The headers as they are sent, or why they cannot be.
pub(crate) fn headers_of(message: &Outgoing) -> Result<HeaderMap, String> {
    let mut headers = wire::to_header_map(&message.headers)?;
    if let Some(sequence) = message.expected_last {
        headers.insert("Nats-Expected-Last-Subject-Sequence", sequence.to_string());
    }
    if let Some(sequence) = message.expected_end {
        headers.insert("Nats-Expected-Last-Sequence", sequence.to_string());
    }
    Ok(headers)
}

/// Each message with its headers, ready to be sent.
type Prepared<'a> = Vec<(HeaderMap, &'a Outgoing)>;

fn single(message: &Outgoing) -> Result<Prepared<'_>, String> {
    Ok(vec![(headers_of(message)?, message)])
}

/// Sending it twice stores it once.
fn is_repeatable(message: &Outgoing) -> bool {
    message.expected_last.is_some()
        || message.expected_end.is_some()
        || message.value(attribute::MESSAGE_ID).is_some()
        || StreamName::of_subject(&message.subject).is_some_and(|stream| stream.definition().each_subject_once)
}

/// The subject under which the stream holds it; the partition is left open.
fn stored_subject(stream: StreamName, subject: &str) -> String {
    match subject.strip_prefix("commune.agent.") {
        Some(said) if stream == StreamName::Agents => format!("commune.log.*.{said}"),
        _ => subject.to_owned(),
    }
}

fn conflict(messages: &[Outgoing]) -> PublishError {
    let expecting = messages.iter().find(|m| m.expected_last.is_some()).or(messages.first());
    PublishError::Conflict { subject: expecting.map(|m| m.subject.clone()).unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn answered(payload: &str) -> Result<StoredAt, Attempt> {
        acknowledged(&async_nats::Message {
            subject: "_INBOX.x".into(),
            reply: None,
            payload: payload.to_owned().into(),
            headers: None,
            status: None,
            description: None,
            length: payload.len(),
        })
    }

    #[test]
    fn a_refusal_is_heard_also_before_it_is_waited_for() {
        let server = broadcast::Sender::new(4);
        let mut denied = server.subscribe();
        for subject in ["a.b", "c"] {
            server.send(subject.to_owned()).unwrap();
        }
        assert!(told(&mut denied, "a.b").now_or_never().is_some());
        assert!(told(&mut denied, "a.b").now_or_never().is_none(), "and once");
    }

    #[test]
    fn a_repeat_in_process_is_neither_stored_nor_refused() {
        let error = |code: u64, status: usize| {
            answered(&format!(r#"{{"error":{{"code":{status},"err_code":{code},"description":"said so"}}}}"#))
        };
        assert!(matches!(error(10158, 409), Err(Attempt::Unknown(_))));
        assert!(matches!(error(10071, 400), Err(Attempt::Conflict)));
        assert!(matches!(error(10008, 503), Err(Attempt::NotYet(_))));
        assert!(matches!(error(10054, 400), Err(Attempt::Refused(_))));
        assert!(
            answered(r#"{"stream":"AID","seq":7,"duplicate":true}"#).is_ok_and(|at| at.duplicate && at.sequence == 7)
        );
    }
}
