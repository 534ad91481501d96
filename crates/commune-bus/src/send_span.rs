//! The span in which messages are published, by the messaging conventions of OpenTelemetry.
//!
//! What is published alone, or together with others of one context, is sent in a span below that context, and carries the
//! sender's span from then on. Messages of several contexts keep theirs: the span of their batch links to each.

use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{Outgoing, attribute, envelope::parse_traceparent, subject};

/// Contexts that the span of a batch links to at most.
const LINKS: usize = 64;

/// Begins the span, and gives the messages its context where they share one.
pub(crate) fn begin(messages: &mut [Outgoing]) -> Span {
    let Some(last) = messages.last() else { return Span::none() };
    let destination = subject::template(&last.subject);
    let span = tracing::info_span!(
        "send",
        otel.name = format!("send {destination}"),
        otel.kind = "producer",
        otel.status_code = field::Empty,
        error.type = field::Empty,
        messaging.system = "nats",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = destination,
        messaging.message.id = last.value(attribute::MESSAGE_ID),
        messaging.message.body.size = messages.iter().map(Outgoing::size).sum::<usize>(),
        messaging.batch.message_count = field::Empty,
    );
    if messages.len() > 1 {
        span.record("messaging.batch.message_count", messages.len());
    }
    let mut contexts: Vec<SpanContext> = Vec::new();
    for context in messages.iter().filter_map(context) {
        if contexts.len() < LINKS && !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    match contexts.as_slice() {
        [] => {}
        [one] => {
            let parent = opentelemetry::Context::new().with_remote_span_context(one.clone());
            if let Err(error) = span.set_parent(parent) {
                tracing::debug!(?error, "the trace of what is published is not continued");
            }
            let sender = span.context();
            if sender.span().span_context().is_valid() {
                for message in messages.iter_mut().filter(|message| context(message).is_some()) {
                    message.carry(&sender);
                }
            }
        }
        several => several.iter().for_each(|context| span.add_link(context.clone())),
    }
    span
}

/// The context of a message of our own; what an agent or a dead letter carries is theirs.
fn context(message: &Outgoing) -> Option<SpanContext> {
    message.value(attribute::TYPE)?;
    message.value(attribute::TRACEPARENT).and_then(parse_traceparent)
}
