//! Reading a stream in order with a consumer that lives no longer than the reader.

use async_nats::jetstream::consumer::{self, AckPolicy, DeliverPolicy};
use serde::Serialize;

use crate::{
    Bus, Stored, StreamName,
    api::ApiError,
    pull::{Lost, Puller},
    wire,
};

/// Messages asked for at a time; asked again when half of them came.
const BATCH: usize = 256;

/// Reads a stream in order from a sequence on. After [`Lost`] it is opened again and goes on where it was.
pub(crate) struct Follower {
    bus: Bus,
    stream: StreamName,
    filters: Vec<String>,
    next: u64,
    open: Option<Open>,
    /// It was open before.
    again: bool,
}

struct Open {
    puller: Puller,
    consumer: String,
    delivered: u64,
}

/// One message in order.
pub(crate) struct Followed {
    pub(crate) message: Stored,
    /// How many come after it now.
    pub(crate) pending: u64,
}

#[derive(Serialize)]
struct Create<'a> {
    stream_name: &'a str,
    config: &'a consumer::Config,
}

impl Follower {
    pub(crate) fn new(bus: &Bus, stream: StreamName, filters: Vec<String>, first: u64) -> Self {
        Self { bus: bus.clone(), stream, filters, next: first.max(1), open: None, again: false }
    }

    /// Whoever follows has everything before this sequence.
    pub(crate) fn go_on_at(&mut self, next: u64) {
        self.next = next.max(1);
    }

    /// Opens (again) where it left off; how many messages are there to read.
    pub(crate) async fn open(&mut self) -> Result<u64, ApiError> {
        self.open = None;
        // a sequence says nothing in a stream that was made anew
        self.bus.verify(self.stream).await?;
        if std::mem::replace(&mut self.again, true) {
            let on_their_way = u64::try_from(2 * BATCH).unwrap_or(u64::MAX);
            self.bus.quarantine(self.stream, self.next, self.next.saturating_add(on_their_way)).await;
        }
        let name = format!("reader-{}", self.bus.token());
        let config = consumer::Config {
            name: Some(name.clone()),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next },
            ack_policy: AckPolicy::None,
            filter_subjects: self.filters.clone(),
            inactive_threshold: std::time::Duration::from_secs(60),
            memory_storage: true,
            num_replicas: 1,
            ..consumer::Config::default()
        };
        let stream = self.stream.as_str();
        let info: consumer::Info = self
            .bus
            .api(&format!("CONSUMER.CREATE.{stream}.{name}"), &Create { stream_name: stream, config: &config })
            .await?;
        let puller =
            Puller::open(&self.bus, self.stream, &info.name).await.map_err(|e| ApiError::Away(e.to_string()))?;
        self.open = Some(Open { puller, consumer: info.name, delivered: 0 });
        Ok(info.num_pending)
    }

    /// The next message. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Result<Followed, Lost> {
        let open = self.open.as_mut().ok_or_else(|| Lost("not open".to_owned()))?;
        loop {
            if open.puller.outstanding() <= BATCH / 2 {
                open.puller.want(BATCH).await?;
            }
            let Some(message) = open.puller.next().await? else { continue };
            let Some(delivered) = wire::from_delivery(self.stream, &message) else { continue };
            if delivered.delivery != open.delivered + 1 {
                return Err(Lost(format!("delivery {} came after {}", delivered.delivery, open.delivered)));
            }
            open.delivered = delivered.delivery;
            self.next = delivered.message.sequence + 1;
            self.bus.guard().read(self.stream, delivered.message.sequence, delivered.message.stored_at);
            return Ok(Followed { message: delivered.message, pending: delivered.pending });
        }
    }

    /// Takes the consumer off the server at once; without this the server does it after a minute.
    pub(crate) async fn close(mut self) {
        if let Some(open) = self.open.take() {
            let subject = format!("CONSUMER.DELETE.{}.{}", self.stream.as_str(), open.consumer);
            // the server wants an empty body here; `()` would be sent as `null` and refused
            let gone: Result<serde_json::Value, _> = self.bus.api(&subject, &serde_json::json!({})).await;
            if let Err(error) = gone {
                tracing::debug!(%error, "a reader's consumer is left to the server");
            }
        }
    }
}
