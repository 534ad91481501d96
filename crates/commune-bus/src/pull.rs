//! One open pull on a consumer: asks for messages, and knows when it was lost.

use std::time::Duration;

use async_nats::{StatusCode, Subscriber, jetstream};
use futures::StreamExt;
use serde::Serialize;
use tokio::{sync::watch, time::Instant};

use crate::{Bus, BusError, Connection, StreamName};

/// How long a request for messages stands at the server.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server says that it still holds the request.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Silence after which the request is taken for lost.
const SILENCE: Duration = Duration::from_millis(4500);
/// How long messages on their way are waited for when the pull is closed.
const CLOSING: Duration = Duration::from_secs(1);

/// The pull cannot go on: open it anew.
#[derive(Debug)]
pub(crate) struct Lost(pub(crate) String);

/// A pull on a consumer.
pub(crate) struct Puller {
    bus: Bus,
    subject: String,
    inbox: String,
    subscriber: Subscriber,
    connection: watch::Receiver<Connection>,
    outstanding: usize,
    heard: Instant,
}

#[derive(Serialize)]
struct Request {
    batch: usize,
    expires: u64,
    idle_heartbeat: u64,
}

impl Puller {
    pub(crate) async fn open(bus: &Bus, stream: StreamName, consumer: &str) -> Result<Self, BusError> {
        let inbox = bus.client().new_inbox();
        let subscriber =
            bus.client().subscribe(inbox.clone()).await.map_err(|e| BusError::Unavailable(e.to_string()))?;
        let mut connection = bus.connection();
        connection.mark_unchanged();
        Ok(Self {
            bus: bus.clone(),
            subject: format!("$JS.API.CONSUMER.MSG.NEXT.{}.{consumer}", stream.as_str()),
            inbox,
            subscriber,
            connection,
            outstanding: 0,
            heard: Instant::now(),
        })
    }

    /// Messages asked for and not delivered yet.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// Asks for so many more.
    pub(crate) async fn want(&mut self, count: usize) -> Result<(), Lost> {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let request = Request { batch: count, expires: nanos(EXPIRES), idle_heartbeat: nanos(HEARTBEAT) };
        let request = serde_json::to_vec(&request).map_err(|e| Lost(e.to_string()))?;
        self.bus
            .client()
            .publish_with_reply(self.subject.clone(), self.inbox.clone(), request.into())
            .await
            .map_err(|e| Lost(e.to_string()))?;
        if self.outstanding == 0 {
            self.heard = Instant::now();
        }
        self.outstanding += count;
        Ok(())
    }

    /// The next message, or that the requests in the air have changed (none). May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Result<Option<jetstream::Message>, Lost> {
        let silence = self.heard + SILENCE;
        tokio::select! {
            biased;
            message = self.subscriber.next() => {
                let message = message.ok_or_else(|| Lost("the connection was closed".to_owned()))?;
                self.heard = Instant::now();
                self.take(message)
            }
            changed = self.connection.changed() => match changed {
                Ok(()) if *self.connection.borrow_and_update() == Connection::Up => Err(Lost("reconnected".to_owned())),
                Ok(()) => Ok(None),
                Err(_) => Err(Lost("the connection was closed".to_owned())),
            },
            () = tokio::time::sleep_until(silence), if self.outstanding > 0 && self.bus.is_up() => {
                Err(Lost("the server fell silent".to_owned()))
            }
        }
    }

    /// Stops asking; returns what was on its way.
    pub(crate) async fn close(mut self) -> Vec<jetstream::Message> {
        let mut rest = Vec::new();
        if self.subscriber.drain().await.is_err() {
            return rest;
        }
        let until = Instant::now() + CLOSING;
        while let Ok(Some(message)) = tokio::time::timeout_at(until, self.subscriber.next()).await {
            if let Ok(Some(message)) = self.take(message) {
                rest.push(message);
            }
        }
        rest
    }

    fn take(&mut self, message: async_nats::Message) -> Result<Option<jetstream::Message>, Lost> {
        // What the server says of the pull itself comes on the inbox. A stored message comes under its own
        // subject, so that nothing a stranger writes into its headers can pass for the server's word.
        if message.subject.as_str() != self.inbox {
            self.outstanding = self.outstanding.saturating_sub(1);
            return Ok(Some(jetstream::Message { message, context: self.bus.jetstream() }));
        }
        let words = message.description.clone().unwrap_or_default();
        let unserved = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get("Nats-Pending-Messages"))
            .and_then(|value| value.as_str().parse::<usize>().ok());
        match (message.status, unserved) {
            (Some(StatusCode::IDLE_HEARTBEAT), _) => Ok(None),
            (Some(StatusCode::NO_RESPONDERS), _) => Err(Lost("the consumer is not there".to_owned())),
            (Some(_), Some(unserved)) if words != "Consumer Deleted" => {
                self.outstanding = self.outstanding.saturating_sub(unserved);
                Ok(None)
            }
            (status, _) => Err(Lost(format!("the server ended the pull: {status:?} {words}"))),
        }
    }
}
