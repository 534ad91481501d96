//! One consume loop for every stage: pull, bounded in flight, progress, outcome, dead letters.

use std::{future::Future, sync::Arc, time::Duration};

use async_nats::jetstream::{
    AckKind,
    consumer::{self, AckPolicy, DeliverPolicy},
};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    Bus, BusError, Points, Stored, StreamName,
    api::ApiError,
    attempt,
    link::Quiet,
    metrics,
    pull::{Lost, Puller},
    wire,
};

/// A durable pull consumer, shared by all replicas of a service.
#[derive(Debug, Clone)]
pub struct ConsumerSpec {
    /// The stage, for dead letters and logs: the service's name.
    pub stage: &'static str,
    /// The stream.
    pub stream: StreamName,
    /// The durable's name.
    pub durable: &'static str,
    /// What it receives; empty means everything.
    pub filters: Vec<String>,
    /// Messages handled at a time by this replica; a pull asks for no more.
    pub concurrency: usize,
    /// How long the server waits for an acknowledgement; progress is sent every third of it.
    pub ack_wait: Duration,
    /// Deliveries of one message before it becomes a dead letter.
    pub max_attempts: u64,
}

/// A message as delivered to a handler.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The message.
    pub message: Stored,
    /// Which delivery this is, from 1.
    pub attempt: u64,
    /// Told of each step of the handling, for tests that end the process there.
    pub points: Points,
}

/// Why a message was not handled. It cannot be built without choosing what happens next.
#[derive(Debug, Clone)]
pub enum Failure {
    /// Deliver it again, after a delay that grows with the attempts; at last it becomes a dead letter.
    Retry(String),
    /// It will never work: a dead letter, now. The reason says what to do.
    Reject(String),
}

impl Failure {
    /// Deliver it again later.
    pub fn retry(reason: impl std::fmt::Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// Make it a dead letter.
    pub fn reject(reason: impl std::fmt::Display) -> Self {
        Self::Reject(reason.to_string())
    }
}

/// What a handler answers; `Ok` means that the effect is durable.
pub type Handled = Result<(), Failure>;

/// What a stage does with a message. **Handled twice is handled once**: a handler is called again after a crash.
pub trait Handler: Send + Sync + 'static {
    /// Handles one message. Runs inside a consumer span whose parent is the message's trace context.
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Handled> + Send;

    /// Told after the message's dead letter is stored and before it is taken off the consumer, so that a stage
    /// can record the failure. Called again when it fails.
    fn dead(&self, delivery: &Delivery, reason: &str) -> impl Future<Output = Handled> + Send {
        let _ = (delivery, reason);
        async { Ok(()) }
    }
}

impl Bus {
    /// Consumes until cancelled: creates or updates the durable, pulls, runs handlers, acknowledges. On
    /// cancellation it stops pulling, gives unstarted messages back at once and waits for the running handlers.
    /// Errors of the stream are logged and polling goes on. A handler that panics has failed with a retry.
    ///
    /// # Errors
    /// [`BusError::Refused`] when the durable cannot be created as described; [`BusError::Store`] when the server has
    /// another store than the one that was known: then the running handlers are dropped as by a crash.
    pub async fn consume<H: Handler>(
        &self,
        spec: ConsumerSpec,
        handler: Arc<H>,
        stop: CancellationToken,
    ) -> Result<(), BusError> {
        metrics::begin(&spec);
        tokio::select! {
            biased;
            refused = self.store_refused(|_| ()) => Err(BusError::Store(refused)),
            ended = self.consume_until_stopped(spec.clone(), handler, stop) => ended,
            never = self.watch_waiting(&spec) => match never {},
        }
    }

    async fn consume_until_stopped<H: Handler>(
        &self,
        spec: ConsumerSpec,
        handler: Arc<H>,
        stop: CancellationToken,
    ) -> Result<(), BusError> {
        let spec = Arc::new(spec);
        let quiet = Quiet::default();
        let mut running = JoinSet::new();
        let mut wait = FIRST_WAIT;
        let mut again = false;
        let result = loop {
            let why = tokio::select! {
                biased;
                () = stop.cancelled() => break Ok(()),
                opened = self.open(&spec, std::mem::replace(&mut again, true)) => match opened {
                    Ok(puller) => {
                        let why = self.pull_until_lost(&spec, &handler, &stop, puller, &mut running, &mut wait).await;
                        if stop.is_cancelled() {
                            break Ok(());
                        }
                        why
                    }
                    Err(error) if error.passes() || is_not_yet(&error) => error.to_string(),
                    Err(error) => {
                        let durable = spec.durable;
                        break Err(BusError::Refused(format!("the consumer `{durable}` cannot be made: {error}")));
                    }
                },
            };
            if let Some(unsaid) = quiet.may_speak() {
                tracing::info!(bus.consumer = spec.durable, bus.reason = %why, bus.unsaid = unsaid, "pulling anew");
            }
            tokio::select! {
                () = stop.cancelled() => break Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        };
        while running.join_next().await.is_some() {}
        result
    }

    async fn open(&self, spec: &ConsumerSpec, again: bool) -> Result<Puller, ApiError> {
        // a durable made on another stream would hand out everything as new
        self.verify(spec.stream).await?;
        let stream = spec.stream.as_str();
        let config = durable(spec);
        let subject = match &config.filter_subject {
            none if none.is_empty() => format!("CONSUMER.CREATE.{stream}.{}", spec.durable),
            filter => format!("CONSUMER.CREATE.{stream}.{}.{filter}", spec.durable),
        };
        let info: consumer::Info = self.api(&subject, &Create { stream_name: stream, config: &config }).await?;
        if again {
            self.quarantine(spec.stream, info.ack_floor.stream_sequence + 1, info.delivered.stream_sequence).await;
        }
        Puller::open(self, spec.stream, spec.durable).await.map_err(|e| ApiError::Away(e.to_string()))
    }

    /// Pulls no more than can be handled at once; ends when cancelled or when the pull is lost.
    async fn pull_until_lost<H: Handler>(
        &self,
        spec: &Arc<ConsumerSpec>,
        handler: &Arc<H>,
        stop: &CancellationToken,
        mut puller: Puller,
        running: &mut JoinSet<()>,
        wait: &mut Duration,
    ) -> String {
        let why = loop {
            let most = spec.concurrency.max(1);
            let free = most.saturating_sub(running.len() + puller.outstanding());
            // asked for when half of it is free, so that many messages do not take as many requests
            if free >= most.div_ceil(2)
                && let Err(Lost(why)) = puller.want(free).await
            {
                break why;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => break "stopped".to_owned(),
                Some(_) = running.join_next(), if !running.is_empty() => {}
                pulled = puller.next() => match pulled {
                    Ok(Some(message)) => {
                        *wait = FIRST_WAIT;
                        if let Some(delivered) = wire::from_delivery(spec.stream, &message) {
                            let Stored { sequence, stored_at, .. } = delivered.message;
                            self.guard().read(spec.stream, sequence, stored_at);
                        }
                        running.spawn(attempt::run(self.clone(), spec.clone(), handler.clone(), message));
                    }
                    Ok(None) => {}
                    Err(Lost(why)) => break why,
                },
            }
        };
        for unstarted in puller.close().await {
            // whoever is there takes it over at once instead of after `ack_wait`
            if let Err(error) = unstarted.ack_with(AckKind::Nak(None)).await {
                tracing::debug!(%error, "a message could not be given back; the server does it later");
            }
        }
        why
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct Create<'a> {
    stream_name: &'a str,
    config: &'a consumer::Config,
}

/// The durable as the server holds it. One filter alone is part of the subject that makes it, so that the server can
/// allow this filter and no other. Deliveries are not bounded there: the bound is ours, so that a message is
/// never given up without a dead letter.
fn durable(spec: &ConsumerSpec) -> consumer::Config {
    let (filter_subject, filter_subjects) = match spec.filters.as_slice() {
        [one] => (one.clone(), Vec::new()),
        several => (String::new(), several.to_vec()),
    };
    consumer::Config {
        name: Some(spec.durable.to_owned()),
        durable_name: Some(spec.durable.to_owned()),
        description: Some(format!("{} reads {}", spec.stage, spec.stream.as_str())),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: spec.ack_wait,
        max_deliver: -1,
        max_ack_pending: i64::try_from((spec.concurrency * 16).clamp(64, 1024)).unwrap_or(1024),
        filter_subject,
        filter_subjects,
        ..consumer::Config::default()
    }
}

/// The stream is made by whoever comes first; wait for it.
fn is_not_yet(error: &ApiError) -> bool {
    matches!(error, ApiError::Server { code: ApiError::NO_STREAM, .. })
}
