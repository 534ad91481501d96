//! What the bus counts, by the messaging conventions of OpenTelemetry: what was sent and handled, and what waits.
//!
//! **No label holds an id**: a subject is told by its template ([`subject::template`]). What waits for a durable is a figure of the
//! server that each replica tells: of several replicas the greatest counts, never the sum.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use commune_proto::night::v1::{Outcome, Stage};
use opentelemetry::{
    KeyValue, global,
    metrics::{AsyncInstrument, Counter, Gauge, Histogram, Meter},
};

use crate::{ConsumerSpec, Outgoing, PublishError, StoredAt, StreamName, subject};

/// Bounds of durations in seconds, by the conventions.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Made when the first of them is used, which must come after telemetry has started.
static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::new);

/// What waits for each durable that this process consumes, as the server last said.
static WAITING: Mutex<BTreeMap<(&'static str, &'static str), Waiting>> = Mutex::new(BTreeMap::new());

struct Figures {
    sent: Counter<u64>,
    operation: Histogram<f64>,
    consumed: Counter<u64>,
    process: Histogram<f64>,
    redeliveries: Counter<u64>,
    dead: Counter<u64>,
    ended: Counter<u64>,
    behind: Gauge<u64>,
}

/// What waits for a durable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Waiting {
    /// Messages that were not delivered yet.
    pub(crate) pending: u64,
    /// Messages that were delivered and not acknowledged yet.
    pub(crate) in_flight: u64,
    /// How long the oldest of both has been there; none where this service may not read the stream.
    pub(crate) oldest: Option<Duration>,
}

impl Figures {
    fn new() -> Self {
        let meter = global::meter("commune-bus");
        watch_waiting(&meter);
        let seconds = |name: &'static str, says: &'static str| {
            meter.f64_histogram(name).with_unit("s").with_description(says).with_boundaries(BOUNDS.to_vec()).build()
        };
        let messages = |name: &'static str, says: &'static str| {
            meter.u64_counter(name).with_unit("{message}").with_description(says).build()
        };
        Self {
            sent: messages("messaging.client.sent.messages", "Messages that were published and confirmed, or not"),
            operation: seconds("messaging.client.operation.duration", "Until what was published was confirmed"),
            consumed: messages("messaging.client.consumed.messages", "Messages that were delivered to a handler"),
            process: seconds("messaging.process.duration", "Until a message was handled and acknowledged"),
            redeliveries: messages("commune.redeliveries", "Messages that were delivered again"),
            dead: messages("commune.dead_letters", "Messages that were given up"),
            ended: meter
                .u64_counter("commune.nights.ended")
                .with_unit("{night}")
                .with_description("Nights of agents that a stage has ended, by how")
                .build(),
            behind: meter
                .u64_gauge("commune.view.behind")
                .with_unit("{message}")
                .with_description("Messages of a stream that this replica has still to take in")
                .build(),
        }
    }
}

/// What waits is asked of [`WAITING`] whenever somebody looks: what is not known is not told.
fn watch_waiting(meter: &Meter) {
    fn each<T>(observer: &dyn AsyncInstrument<T>, figures: impl Fn(Waiting) -> Vec<(Option<&'static str>, T)>) {
        for ((stage, durable), waiting) in WAITING.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (state, figure) in figures(*waiting) {
                let mut labels = vec![
                    KeyValue::new("commune.stage", *stage),
                    KeyValue::new("messaging.consumer.group.name", *durable),
                ];
                labels.extend(state.map(|state| KeyValue::new("commune.state", state)));
                observer.observe(figure, &labels);
            }
        }
    }
    meter
        .u64_observable_gauge("commune.backlog")
        .with_unit("{message}")
        .with_description("Messages that wait for a stage, pending or in flight; the same from every replica")
        .with_callback(|observer| {
            each(observer, |waiting| vec![(Some("pending"), waiting.pending), (Some("in_flight"), waiting.in_flight)]);
        })
        .build();
    meter
        .f64_observable_gauge("commune.oldest_waiting")
        .with_unit("s")
        .with_description("How long the oldest message has waited for a stage; the same from every replica")
        .with_callback(|observer| {
            each(observer, |waiting| waiting.oldest.map(|oldest| (None, oldest.as_secs_f64())).into_iter().collect());
        })
        .build();
}

/// Messages were published together, and how that ended; the kind of the failure, where it failed.
pub(crate) fn sent(
    messages: &[Outgoing],
    took: Duration,
    ended: &Result<StoredAt, PublishError>,
) -> Option<&'static str> {
    let last = messages.last()?;
    let failed = ended.as_ref().err().map(|error| match error {
        PublishError::Conflict { .. } => "conflict",
        PublishError::Refused { .. } => "refused",
        PublishError::Unavailable(_) => "unavailable",
    });
    let mut by_template: BTreeMap<&'static str, u64> = BTreeMap::new();
    for message in messages {
        *by_template.entry(subject::template(&message.subject)).or_default() += 1;
    }
    for (template, count) in by_template {
        FIGURES.sent.add(count, &of_operation("send", template, failed));
    }
    FIGURES.operation.record(took.as_secs_f64(), &of_operation("send", subject::template(&last.subject), failed));
    failed
}

fn of_operation(operation: &'static str, template: &'static str, failed: Option<&'static str>) -> Vec<KeyValue> {
    let mut labels = vec![
        KeyValue::new("messaging.system", "nats"),
        KeyValue::new("messaging.operation.name", operation),
        KeyValue::new("messaging.destination.name", template),
    ];
    labels.extend(failed.map(|failed| KeyValue::new("error.type", failed)));
    labels
}

/// A stage begins to consume. What it counts stands at nothing from now on: who looks at how a figure grows would not see the first
/// of a series that was not there.
pub(crate) fn begin(spec: &ConsumerSpec) {
    let stage = KeyValue::new("commune.stage", spec.stage);
    FIGURES.redeliveries.add(0, &[stage.clone(), KeyValue::new("messaging.consumer.group.name", spec.durable)]);
    FIGURES.dead.add(0, &[stage.clone(), KeyValue::new("commune.stream", spec.stream.as_str())]);
    for outcome in [Outcome::Done, Outcome::Nothing, Outcome::Resting, Outcome::Stopped, Outcome::Failed] {
        FIGURES.ended.add(0, &[stage.clone(), KeyValue::new("commune.outcome", word(outcome))]);
    }
}

/// A message was delivered.
pub(crate) fn delivered(spec: &ConsumerSpec, subject: &str, attempt: u64) {
    let mut labels = of_operation("process", subject::template(subject), None);
    labels.push(KeyValue::new("messaging.consumer.group.name", spec.durable));
    FIGURES.consumed.add(1, &labels);
    if attempt > 1 {
        let labels =
            [KeyValue::new("commune.stage", spec.stage), KeyValue::new("messaging.consumer.group.name", spec.durable)];
        FIGURES.redeliveries.add(1, &labels);
    }
}

/// A delivery has come to its end.
pub(crate) fn processed(spec: &ConsumerSpec, subject: &str, took: Duration, failed: Option<&'static str>) {
    let mut labels = of_operation("process", subject::template(subject), failed);
    labels.push(KeyValue::new("messaging.consumer.group.name", spec.durable));
    FIGURES.process.record(took.as_secs_f64(), &labels);
}

/// A message became a dead letter.
pub(crate) fn buried(stage: &str, stream: StreamName) {
    let labels = [KeyValue::new("commune.stage", stage.to_owned()), KeyValue::new("commune.stream", stream.as_str())];
    FIGURES.dead.add(1, &labels);
}

/// So many messages of a stream are still to be taken in by a view.
pub(crate) fn behind(stream: StreamName, messages: u64) {
    FIGURES.behind.record(messages, &[KeyValue::new("commune.stream", stream.as_str())]);
}

/// What waits for a durable; none when it is not known.
pub(crate) fn waits(spec: &ConsumerSpec, waiting: Option<Waiting>) {
    let mut all = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    match waiting {
        Some(waiting) => all.insert((spec.stage, spec.durable), waiting),
        None => all.remove(&(spec.stage, spec.durable)),
    };
}

/// A stage wrote that an agent's night has ended, for the first time.
pub fn night_ended(stage: Stage, outcome: Outcome) {
    let labels =
        [KeyValue::new("commune.stage", subject::stage_token(stage)), KeyValue::new("commune.outcome", word(outcome))];
    FIGURES.ended.add(1, &labels);
}

fn word(outcome: Outcome) -> String {
    outcome.as_str_name().trim_start_matches("OUTCOME_").to_ascii_lowercase()
}
