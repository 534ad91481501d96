//! OTLP over gRPC: what the services export, as spans to keep.

use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse, trace_service_server::TraceService},
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span as Told, span::SpanKind, status::StatusCode},
};
use tonic::{Request, Response, Status};

use super::kept::{Kept, Span};

/// Takes spans in.
pub(super) struct Receiver(pub(super) Arc<RwLock<Kept>>);

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for resource in request.into_inner().resource_spans {
            let about = resource.resource.map(|resource| resource.attributes).unwrap_or_default();
            let service = about.iter().find(|about| about.key == "service.name").map(value).unwrap_or_default();
            for told in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                kept.take(span(&service, told));
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn span(service: &str, told: Told) -> Span {
    let kind = kind(told.kind());
    let mut tags: Vec<(String, String)> = told.attributes.iter().map(tag).collect();
    for event in &told.events {
        let about: Vec<String> = event.attributes.iter().map(|one| format!("{}={}", one.key, value(one))).collect();
        tags.push((format!("event {}", event.name), about.join(" ")));
    }
    let failed = told.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    if let Some(status) = told.status.filter(|status| !status.message.is_empty()) {
        tags.push(("otel.status_description".to_owned(), status.message));
    }
    Span {
        span_id: hex::encode(told.span_id),
        parent: hex::encode(told.parent_span_id),
        trace_id: hex::encode(told.trace_id),
        name: told.name,
        service: service.to_owned(),
        kind,
        start_us: told.start_time_unix_nano / 1_000,
        took_us: told.end_time_unix_nano.saturating_sub(told.start_time_unix_nano) / 1_000,
        failed,
        tags,
        links: told.links.iter().map(|link| (hex::encode(&link.trace_id), hex::encode(&link.span_id))).collect(),
    }
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Internal | SpanKind::Unspecified => "internal",
    }
}

fn tag(told: &KeyValue) -> (String, String) {
    (told.key.clone(), value(told))
}

fn value(told: &KeyValue) -> String {
    told.value.as_ref().map(text).unwrap_or_default()
}

fn text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(value)) => value.to_string(),
        Some(Value::IntValue(value)) => value.to_string(),
        Some(Value::DoubleValue(value)) => value.to_string(),
        Some(Value::ArrayValue(array)) => array.values.iter().map(text).collect::<Vec<_>>().join(", "),
        Some(Value::KvlistValue(list)) => {
            list.values.iter().map(|one| format!("{}={}", one.key, self::value(one))).collect::<Vec<_>>().join(" ")
        }
        Some(Value::BytesValue(bytes)) => hex::encode(bytes),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::{
        common::v1::ArrayValue,
        trace::v1::{Status, span::Event},
    };

    use super::*;

    fn said(key: &str, value: Value) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
    }

    #[test]
    fn a_span_is_read_with_all_that_it_says() {
        let texts = ["a", "b"].map(|text| AnyValue { value: Some(Value::StringValue(text.to_owned())) });
        let event = Event {
            name: "exception".to_owned(),
            attributes: vec![said("exception.message", Value::StringValue("no".to_owned()))],
            ..Event::default()
        };
        let told = Told {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: "process".to_owned(),
            kind: SpanKind::Consumer.into(),
            start_time_unix_nano: 5_000,
            end_time_unix_nano: 12_999,
            attributes: vec![
                said("n", Value::IntValue(7)),
                said("all", Value::ArrayValue(ArrayValue { values: texts.to_vec() })),
            ],
            events: vec![event],
            status: Some(Status { code: StatusCode::Error.into(), message: "why".to_owned() }),
            ..Told::default()
        };
        let read = span("selfcare", told);
        assert_eq!((read.trace_id.len(), read.span_id.as_str(), read.parent.as_str()), (32, "0202020202020202", ""));
        assert_eq!((read.start_us, read.took_us, read.failed, read.kind), (5, 7, true, "consumer"));
        let tags: Vec<String> = read.tags.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let expected = ["n: 7", "all: a, b", "event exception: exception.message=no", "otel.status_description: why"];
        assert_eq!(tags, expected);
    }
}
