//! A real OTLP/gRPC receiver: what the services export, kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{
    collector::{
        metrics::v1::{
            ExportMetricsServiceRequest, ExportMetricsServiceResponse,
            metrics_service_server::{MetricsService, MetricsServiceServer},
        },
        trace::v1::{
            ExportTraceServiceRequest, ExportTraceServiceResponse,
            trace_service_server::{TraceService, TraceServiceServer},
        },
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::span::SpanKind,
};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, transport::Server};

/// A span as received.
#[derive(Debug, Clone)]
pub struct Span {
    pub service: String,
    pub name: String,
    pub trace_id: String,
    pub span_id: String,
    pub parent: String,
    /// `producer`, `consumer`, `server`, `client` or `internal`.
    pub kind: &'static str,
    /// When it began, microseconds since 1970, and how long it took.
    pub start_us: u64,
    pub duration_us: u64,
    /// Spans that it links to.
    pub links: Vec<String>,
    /// Attributes and the attributes of events, as text.
    pub attributes: BTreeMap<String, String>,
}

/// The receiver. Stops when dropped.
pub struct Receiver {
    pub endpoint: String,
    kept: Arc<Mutex<Kept>>,
    _stop: DropGuard,
}

#[derive(Default)]
struct Kept {
    spans: Vec<Span>,
    /// By service, the names of metrics.
    metrics: BTreeMap<String, BTreeSet<String>>,
}

impl Receiver {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        Self::listening(listener)
    }

    /// Listens where it is told.
    pub fn listening(listener: tokio::net::TcpListener) -> Self {
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let kept = Arc::new(Mutex::new(Kept::default()));
        let traces = TraceServiceServer::new(Collector(Arc::clone(&kept)));
        let metrics = MetricsServiceServer::new(Collector(Arc::clone(&kept)));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let server = Server::builder().add_service(traces).add_service(metrics);
            let served = server.serve_with_incoming_shutdown(incoming, stopped).await;
            served.expect("the receiver can serve");
        });
        Self { endpoint, kept, _stop: stop.drop_guard() }
    }

    /// The spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.kept.lock().expect("no holder fails").spans.clone()
    }

    /// The names of the metrics that a service has sent so far.
    pub fn metrics(&self, service: &str) -> BTreeSet<String> {
        self.kept.lock().expect("no holder fails").metrics.get(service).cloned().unwrap_or_default()
    }
}

struct Collector(Arc<Mutex<Kept>>);

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut kept = self.0.lock().expect("no holder fails");
        for resource in request.into_inner().resource_spans {
            let about = resource.resource.map(|r| text_of(&r.attributes)).unwrap_or_default();
            let service = about.get("service.name").cloned().unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|s| s.spans) {
                let mut attributes = text_of(&span.attributes);
                for event in &span.events {
                    attributes.insert(format!("event {}", event.name), format!("{:?}", text_of(&event.attributes)));
                }
                let kind = kind(span.kind());
                if let Some(status) = span.status {
                    attributes.insert("status".to_owned(), status.message);
                }
                kept.spans.push(Span {
                    service: service.clone(),
                    name: span.name,
                    trace_id: hex::encode(span.trace_id),
                    span_id: hex::encode(span.span_id),
                    parent: hex::encode(span.parent_span_id),
                    kind,
                    start_us: span.start_time_unix_nano / 1_000,
                    duration_us: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano) / 1_000,
                    links: span.links.iter().map(|link| hex::encode(&link.span_id)).collect(),
                    attributes,
                });
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let mut kept = self.0.lock().expect("no holder fails");
        for resource in request.into_inner().resource_metrics {
            let about = resource.resource.map(|r| text_of(&r.attributes)).unwrap_or_default();
            let names = resource.scope_metrics.into_iter().flat_map(|s| s.metrics).map(|m| m.name);
            kept.metrics.entry(about.get("service.name").cloned().unwrap_or_default()).or_default().extend(names);
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
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

fn text_of(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    attributes.iter().map(|a| (a.key.clone(), a.value.as_ref().map(value_text).unwrap_or_default())).collect()
}

fn value_text(value: &AnyValue) -> String {
    match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}
