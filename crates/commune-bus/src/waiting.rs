//! What waits for a durable consumer: asked of the server every few seconds, for whoever looks at the metrics.

use std::{convert::Infallible, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Bus, BusError, ConsumerSpec,
    metrics::{self, Waiting},
};

/// How often the server is asked.
const EVERY: Duration = Duration::from_secs(5);
/// How long it is left alone when it did not answer, as one whose configuration does not allow it.
const AFTER_REFUSAL: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Info {
    ts: String,
    num_pending: u64,
    num_ack_pending: u64,
    ack_floor: Floor,
}

#[derive(Deserialize)]
struct Floor {
    stream_seq: u64,
}

/// The first message from a sequence on that matches a filter.
#[derive(Serialize)]
struct Next<'a> {
    seq: u64,
    next_by_subj: &'a str,
}

impl Bus {
    /// Keeps what waits for a durable known, until it is dropped.
    pub(crate) async fn watch_waiting(&self, spec: &ConsumerSpec) -> Infallible {
        let _forget = Forget(spec);
        loop {
            let (waiting, wait) = match self.waiting(spec).await {
                Ok(waiting) => (Some(waiting), EVERY),
                // what the server does not allow it leaves unanswered; what it answers is that there is no consumer yet
                Err(error) => {
                    tracing::debug!(bus.consumer = spec.durable, %error, "what waits is not known");
                    let unanswered = matches!(error, BusError::Unavailable(_)) && self.is_up();
                    (None, if unanswered { AFTER_REFUSAL } else { EVERY })
                }
            };
            metrics::waits(spec, waiting);
            tokio::time::sleep(wait).await;
        }
    }

    async fn waiting(&self, spec: &ConsumerSpec) -> Result<Waiting, BusError> {
        let subject = format!("CONSUMER.INFO.{}.{}", spec.stream.as_str(), spec.durable);
        // the server wants an empty body or an object here; `()` would be sent as `null`
        let info: Info = self.api(&subject, &serde_json::json!({})).await?;
        let (pending, in_flight) = (info.num_pending, info.num_ack_pending);
        if pending + in_flight == 0 {
            return Ok(Waiting { pending, in_flight, oldest: Some(Duration::ZERO) });
        }
        if !self.reads(spec.stream) {
            return Ok(Waiting { pending, in_flight, oldest: None });
        }
        // everything up to the floor is acknowledged, and the next that the consumer gets is not
        let seq = info.ack_floor.stream_seq + 1;
        let filters = spec.filters.iter().map(String::as_str).chain(spec.filters.is_empty().then_some(">"));
        let now: Option<Timestamp> = info.ts.parse().ok();
        let mut oldest: Option<Duration> = None;
        for filter in filters {
            if let Some(next) = self.message(spec.stream, &Next { seq, next_by_subj: filter }).await? {
                let age = now.map(|now| now.duration_since(next.stored_at).try_into().unwrap_or(Duration::ZERO));
                oldest = oldest.max(age);
            }
        }
        Ok(Waiting { pending, in_flight, oldest })
    }
}

/// Whoever does not consume any more knows nothing of what waits.
struct Forget<'a>(&'a ConsumerSpec);

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        metrics::waits(self.0, None);
    }
}
