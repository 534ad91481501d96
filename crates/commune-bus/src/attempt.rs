//! One delivery of one message: its span, the handler with progress, and what becomes of the message.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use async_nats::jetstream::{self, AckKind};
use futures::FutureExt;
use sha2::{Digest, Sha256};
use tracing::{Instrument, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    Bus, ConsumerSpec, Delivery, Failure, Handled, Handler, Point, attribute, metrics, subject,
    wire::{self, Delivered},
};

/// Most characters of a reason in the log; the dead letter has the whole.
const LOGGED: usize = 300;

/// Handles one delivery to its end.
pub(crate) async fn run<H: Handler>(bus: Bus, spec: Arc<ConsumerSpec>, handler: Arc<H>, message: jetstream::Message) {
    let Some(Delivered { message: stored, attempt, .. }) = wire::from_delivery(spec.stream, &message) else {
        tracing::warn!(bus.consumer = spec.durable, "a delivery without its place in the stream is left alone");
        return;
    };
    let points = bus.points(spec.durable, &stored.subject);
    let delivery = Delivery { message: stored, attempt, points };
    let span = consumer_span(&spec, &delivery);
    let (subject, began) = (&delivery.message.subject, Instant::now());
    metrics::delivered(&spec, subject, attempt);
    let failed = settle(&bus, &spec, &handler, &delivery, &message).instrument(span).await;
    metrics::processed(&spec, subject, began.elapsed(), failed);
}

/// Handles the message and tells the server; how it failed, when it did.
async fn settle<H: Handler>(
    bus: &Bus,
    spec: &ConsumerSpec,
    handler: &Arc<H>,
    delivery: &Delivery,
    message: &jetstream::Message,
) -> Option<&'static str> {
    let outcome = with_progress(spec, message, outcome(bus, spec, handler, delivery)).await;
    let (kind, reason) = match outcome {
        Outcome::Done => (AckKind::Ack, None),
        Outcome::Again(reason) => (AckKind::Nak(Some(retry_delay(delivery))), Some(reason)),
        Outcome::Dead(reason) => (AckKind::Term, Some(reason)),
    };
    let failed = reason.is_some().then_some(if matches!(kind, AckKind::Term) { "rejected" } else { "retry" });
    if let Some(reason) = &reason {
        let span = Span::current();
        span.record("otel.status_code", "ERROR");
        span.record("error.type", failed);
        tracing::warn!(
            bus.consumer = spec.durable,
            bus.subject = %delivery.message.subject,
            bus.sequence = delivery.message.sequence,
            bus.attempt = delivery.attempt,
            bus.reason = %reason.chars().take(LOGGED).collect::<String>(),
            "{}",
            if matches!(kind, AckKind::Term) { "gave a message up to the dead letters" } else { "will try a message again" }
        );
    }
    delivery.points.reach(Point::BeforeAcknowledge);
    // Sent, and not waited for: one that is lost costs one more delivery, which is handled once. What was given up is rare, and has
    // told so already; it waits for the server's word, so that it is not told again.
    let settled = match kind {
        AckKind::Term => message.double_ack_with(kind).await,
        other => message.ack_with(other).await,
    };
    if let Err(error) = settled {
        tracing::debug!(bus.consumer = spec.durable, %error, "an acknowledgement was not sent, or not confirmed");
    }
    delivery.points.reach(Point::AfterAcknowledge);
    failed
}

enum Outcome {
    Done,
    Again(String),
    Dead(String),
}

async fn outcome<H: Handler>(bus: &Bus, spec: &ConsumerSpec, handler: &Arc<H>, delivery: &Delivery) -> Outcome {
    let reason = if delivery.attempt > spec.max_attempts {
        format!("given up after {} deliveries: its handler never came to an end", spec.max_attempts)
    } else {
        let handling = async {
            delivery.points.reach(Point::AfterReceive);
            handler.handle(delivery.clone()).await
        };
        let handled = caught(handling).await;
        match handled {
            Ok(()) => return Outcome::Done,
            Err(Failure::Retry(reason)) if delivery.attempt < spec.max_attempts => return Outcome::Again(reason),
            Err(Failure::Retry(reason)) => format!("given up after {} attempts: {reason}", delivery.attempt),
            Err(Failure::Reject(reason)) => reason,
        }
    };
    if let Err(error) = bus.bury(spec.stage, &delivery.message, delivery.attempt, &reason).await {
        return Outcome::Again(format!("its dead letter could not be stored: {error}"));
    }
    match caught(handler.dead(delivery, &reason)).await {
        Ok(()) => Outcome::Dead(reason),
        Err(Failure::Retry(why) | Failure::Reject(why)) => {
            Outcome::Again(format!("its end could not be recorded: {why}"))
        }
    }
}

/// A panic is a failure like another: the message is tried again, and the loop goes on.
async fn caught(handling: impl Future<Output = Handled>) -> Handled {
    AssertUnwindSafe(handling).catch_unwind().await.unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("without words");
        Err(Failure::Retry(format!("the handler panicked: {words}")))
    })
}

/// Tells the server that the message is being worked on, every third of the time it waits.
async fn with_progress<T>(spec: &ConsumerSpec, message: &jetstream::Message, work: impl Future<Output = T>) -> T {
    let every = (spec.ack_wait / 3).max(Duration::from_millis(10));
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => {
                if let Err(error) = message.ack_with(AckKind::Progress).await {
                    tracing::debug!(bus.consumer = spec.durable, %error, "progress could not be told");
                }
            }
        }
    }
}

/// Grows with the attempts; a fifth more or less, by the message, so that many do not come back at once.
fn retry_delay(delivery: &Delivery) -> Duration {
    const STEPS: [u64; 8] = [200, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000];
    let index = usize::try_from(delivery.attempt.saturating_sub(1)).unwrap_or(usize::MAX).min(STEPS.len() - 1);
    let mut hash = Sha256::new();
    hash.update(delivery.message.sequence.to_be_bytes());
    hash.update(delivery.attempt.to_be_bytes());
    let jitter = u64::from(hash.finalize()[0]);
    Duration::from_millis(STEPS[index] * (800 + jitter * 400 / 255) / 1000)
}

/// The span in which a message is handled: its parent is the span that made the message. The parent must be set
/// before the span is entered, or a new trace begins without a word.
fn consumer_span(spec: &ConsumerSpec, delivery: &Delivery) -> Span {
    let destination = subject::template(&delivery.message.subject);
    let span = tracing::info_span!(
        parent: None,
        "process",
        otel.name = format!("process {destination}"),
        otel.kind = "consumer",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        messaging.system = "nats",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = destination,
        messaging.consumer.group.name = spec.durable,
        messaging.message.id = delivery.message.header(attribute::MESSAGE_ID),
        commune.stage = spec.stage,
        commune.stream = spec.stream.as_str(),
        commune.stream_sequence = delivery.message.sequence,
        commune.delivery_attempt = delivery.attempt,
    );
    if let Some(sender) = delivery.message.span_context() {
        if let Err(error) = span.set_parent(delivery.message.context()) {
            tracing::debug!(?error, "the trace of a message is not continued");
        }
        span.add_link(sender);
    }
    span
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::{Points, Stored, StreamName};

    fn delivery(sequence: u64, attempt: u64) -> Delivery {
        let message = Stored {
            stream: StreamName::Nights,
            subject: "commune.night.begun.2026-02-14.ada".to_owned(),
            sequence,
            stored_at: Timestamp::UNIX_EPOCH,
            headers: Vec::new(),
            payload: Bytes::new(),
        };
        Delivery { message, attempt, points: Points::default() }
    }

    #[test]
    fn delays_grow_and_are_bounded_and_repeatable() {
        for sequence in 1..50 {
            let delays: Vec<Duration> = (1..20).map(|attempt| retry_delay(&delivery(sequence, attempt))).collect();
            assert!(delays[..8].is_sorted(), "{delays:?}");
            assert!(delays.iter().all(|d| *d >= Duration::from_millis(160) && *d <= Duration::from_secs(72)));
            assert_eq!(delays[3], retry_delay(&delivery(sequence, 4)));
        }
        assert_ne!(retry_delay(&delivery(1, 3)), retry_delay(&delivery(2, 3)));
    }
}
