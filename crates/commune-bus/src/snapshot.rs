//! A stream as one file, with its consumers: taken of the server, and given to another one that has not got it.
//!
//! It is the server's own form and opaque here. Sequences, times, headers, schedules and how far the durable consumers
//! are come back as they were; when a stream was made does not.

use std::time::Duration;

use async_nats::{Request, Subscriber, jetstream::response::Response};
use bytes::Bytes;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Bus, BusError, StreamName, api::ApiError};

/// Bytes of one piece; a message of the server holds twice as much.
pub const PIECE: usize = 512 << 10;
/// How long one piece may take: the server looks at every message before the first.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the server says at the end of a whole snapshot.
const NO_CONTENT: u16 = 204;

/// How far a stream reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Its messages.
    pub messages: u64,
    /// The bytes of its messages.
    pub bytes: u64,
    /// The sequence of its first message.
    #[serde(rename = "first_seq")]
    pub first_sequence: u64,
    /// The sequence of the last message that was ever stored.
    #[serde(rename = "last_seq")]
    pub last_sequence: u64,
    /// Its consumers; readers that come and go are among them.
    #[serde(rename = "consumer_count")]
    pub consumers: u64,
}

/// What belongs to a snapshot beside its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The stream's configuration, as the server told it.
    pub config: Value,
    /// The stream's state at that moment, as the server told it.
    pub state: Value,
}

/// A snapshot on its way here.
#[derive(Debug)]
pub struct Snapshot {
    bus: Bus,
    taken: Taken,
    pieces: Subscriber,
    ended: bool,
}

/// A snapshot on its way to the server.
#[derive(Debug)]
pub struct Restore {
    bus: Bus,
    to: String,
}

impl Taken {
    /// How far the stream reached.
    ///
    /// # Errors
    /// [`BusError::Refused`] when the state is not one.
    pub fn extent(&self) -> Result<Extent, BusError> {
        serde_json::from_value(self.state.clone())
            .map_err(|error| BusError::Refused(format!("the state of the stream cannot be read: {error}")))
    }
}

impl Bus {
    /// How far a stream reaches now; none when there is none.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn extent(&self, stream: StreamName) -> Result<Option<Extent>, BusError> {
        #[derive(Deserialize)]
        struct Info {
            state: Extent,
        }
        match self.api::<Info>(&format!("STREAM.INFO.{}", stream.as_str()), &()).await {
            Ok(info) => Ok(Some(info.state)),
            Err(ApiError::Server { code: ApiError::NO_STREAM, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a snapshot of a stream; every message is checked by the server on its way.
    ///
    /// # Errors
    /// [`BusError`] when the server refuses, or cannot be asked.
    pub async fn snapshot(&self, stream: StreamName) -> Result<Snapshot, BusError> {
        let client = self.client();
        let inbox = client.new_inbox();
        let pieces = client.subscribe(inbox.clone()).await.map_err(|error| BusError::Unavailable(error.to_string()))?;
        let request = json!({"deliver_subject": inbox, "no_consumers": false, "chunk_size": PIECE, "jsck": true});
        let taken =
            self.demand(&format!("$JS.API.STREAM.SNAPSHOT.{}", stream.as_str()), request.to_string().into()).await?;
        Ok(Snapshot { bus: self.clone(), taken: answer(&taken)?, pieces, ended: false })
    }

    /// Makes a stream of a snapshot; there must be none of its name. It is there when [`Restore::finish`] says so.
    ///
    /// # Errors
    /// [`BusError`] when the server refuses, or cannot be asked.
    pub async fn restore(&self, stream: StreamName, taken: &Taken) -> Result<Restore, BusError> {
        #[derive(Deserialize)]
        struct Begun {
            deliver_subject: String,
        }
        let request = json!({"config": taken.config, "state": taken.state}).to_string();
        let begun = self.demand(&format!("$JS.API.STREAM.RESTORE.{}", stream.as_str()), request.into()).await?;
        Ok(Restore { bus: self.clone(), to: answer::<Begun>(&begun)?.deliver_subject })
    }

    async fn demand(&self, subject: &str, payload: Bytes) -> Result<Bytes, BusError> {
        let request = Request::new().payload(payload).timeout(Some(PATIENCE));
        let answered = self.client().send_request(subject.to_owned(), request).await;
        answered.map(|message| message.payload).map_err(|error| BusError::Unavailable(error.to_string()))
    }
}

impl Snapshot {
    /// The next piece; none after the last.
    ///
    /// # Errors
    /// [`BusError`] when the server gave up, or says nothing any more.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BusError> {
        if self.ended {
            return Ok(None);
        }
        let message = match tokio::time::timeout(PATIENCE, self.pieces.next()).await {
            Ok(Some(message)) => message,
            _ => return Err(BusError::Unavailable("the rest of the snapshot did not come".to_owned())),
        };
        if let Some(reply) = message.reply {
            // the server sends so much, and waits for this
            let client = self.bus.client();
            client.publish(reply, Bytes::new()).await.map_err(|error| BusError::Unavailable(error.to_string()))?;
        }
        if !message.payload.is_empty() {
            return Ok(Some(message.payload));
        }
        self.ended = true;
        match message.status {
            // servers of before said nothing at the end
            None => Ok(None),
            Some(status) if status.as_u16() == NO_CONTENT => Ok(None),
            Some(status) => {
                let why = message.description.unwrap_or_else(|| status.as_u16().to_string());
                Err(BusError::Refused(format!("the server gave the snapshot up: {why}")))
            }
        }
    }

    /// What belongs to it beside its bytes.
    pub fn taken(&self) -> &Taken {
        &self.taken
    }
}

impl Restore {
    /// Sends one piece, at most [`PIECE`] bytes.
    ///
    /// # Errors
    /// [`BusError`] when the server gives up, or cannot be asked.
    pub async fn send(&self, piece: Bytes) -> Result<(), BusError> {
        let said = self.bus.demand(&self.to, piece).await?;
        // nothing is said when all is well
        if said.is_empty() { Ok(()) } else { answer::<Value>(&said).map(drop) }
    }

    /// Nothing more comes: the stream is made; how far it reaches.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot make a stream of it.
    pub async fn finish(self) -> Result<Extent, BusError> {
        #[derive(Deserialize)]
        struct Made {
            state: Extent,
        }
        let said = self.bus.demand(&self.to, Bytes::new()).await?;
        Ok(answer::<Made>(&said)?.state)
    }
}

fn answer<T: serde::de::DeserializeOwned>(said: &[u8]) -> Result<T, BusError> {
    match serde_json::from_slice::<Response<T>>(said) {
        Ok(Response::Ok(answer)) => Ok(answer),
        Ok(Response::Err { error }) => Err(BusError::Refused(error.to_string())),
        Err(error) => Err(BusError::Refused(format!("the server's answer cannot be read: {error}"))),
    }
}
