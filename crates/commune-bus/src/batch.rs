//! Atomic batches (ADR-50): all messages of one stream, or none.

use async_nats::HeaderMap;

use crate::{
    Bus, Outgoing, StreamName,
    publish::{Attempt, BATCH_LIMIT, StoredAt, acknowledged, headers_of},
};

const ID: &str = "Nats-Batch-Id";
const SEQUENCE: &str = "Nats-Batch-Sequence";
const COMMIT: &str = "Nats-Batch-Commit";
/// After so many messages the server is asked whether it still follows, so that a batch cannot outrun it.
const ASK_EVERY: usize = 50;

/// Checks that the messages can be one batch, and makes their headers.
pub(crate) fn prepare(messages: &[Outgoing]) -> Result<Vec<(HeaderMap, &Outgoing)>, String> {
    if messages.len() > BATCH_LIMIT {
        return Err(format!("a batch of {} messages; a batch holds at most {BATCH_LIMIT}", messages.len()));
    }
    let mut stream = None;
    messages
        .iter()
        .map(|message| {
            let its = StreamName::of_subject(&message.subject).ok_or("no stream of the commune takes it")?;
            if *stream.get_or_insert(its) != its {
                return Err(format!("a batch for several streams: `{}` is of {}", message.subject, its.as_str()));
            }
            let headers = headers_of(message)?;
            let size = message.payload.len() + headers_size(message);
            let most = its.definition().max_message;
            if u64::try_from(size).unwrap_or(u64::MAX) > most {
                return Err(format!("`{}` has {size} bytes; {} takes at most {most}", message.subject, its.as_str()));
            }
            Ok((headers, message))
        })
        .collect()
}

impl Bus {
    /// Sends the batch once. Its id must differ from that of every other batch in flight, so it is not derived
    /// from the content; nothing that is kept depends on it.
    pub(crate) async fn send_batch(&self, messages: &[(HeaderMap, &Outgoing)]) -> Result<StoredAt, Attempt> {
        let id = self.token();
        for (index, (headers, message)) in messages.iter().enumerate() {
            let mut headers = headers.clone();
            headers.insert(ID, id.as_str());
            headers.insert(SEQUENCE, (index + 1).to_string());
            let last = index + 1 == messages.len();
            if last {
                headers.insert(COMMIT, "1");
                return acknowledged(&self.ask(message, headers).await?);
            }
            if index % ASK_EVERY == 0 {
                let answer = self.ask(message, headers).await.map_err(before_commit)?;
                if !answer.payload.is_empty() {
                    acknowledged(&answer).map_err(before_commit)?;
                }
            } else {
                let (subject, payload) = (message.subject.clone(), message.payload.clone());
                let sent = self.client().publish_with_headers(subject, headers, payload).await;
                sent.map_err(|e| Attempt::NotYet(e.to_string()))?;
            }
        }
        Err(Attempt::Refused("an empty batch".to_owned()))
    }
}

/// Nothing is stored before the commit.
fn before_commit(attempt: Attempt) -> Attempt {
    match attempt {
        Attempt::Unknown(reason) => Attempt::NotYet(reason),
        other => other,
    }
}

fn headers_size(message: &Outgoing) -> usize {
    // `name: value` and line end, the version line, and our own batch and expectation headers
    message.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>() + 200
}
