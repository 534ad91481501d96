//! Stands in for Jaeger where its image cannot be had: takes OTLP, keeps the spans, and answers `GET /api/traces/{id}` in Jaeger's form.
//!
//! `jaeger-stand-in OTLP API HEALTH`, three addresses. There is no page, no search and no store: `make test-compose` says so.

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use commune_tests::support::otlp::{Receiver, Span};
use serde_json::{Value, json};
use std::{process::ExitCode, sync::Arc};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> ExitCode {
    let addresses: Vec<String> = std::env::args().skip(1).collect();
    let [otlp, api, health] = addresses.as_slice() else {
        return ended("three addresses are needed: OTLP, API and health, such as 127.0.0.1:4317");
    };
    match serve(otlp, api, health).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ended(&error.to_string()),
    }
}

async fn serve(otlp: &str, api: &str, health: &str) -> std::io::Result<()> {
    let receiver = Arc::new(Receiver::listening(TcpListener::bind(otlp).await?));
    let (api, health) = (TcpListener::bind(api).await?, TcpListener::bind(health).await?);
    let traces = Router::new().route("/api/traces/{id}", get(trace)).with_state(receiver);
    let status = Router::new().route("/status", get(async || json_of(StatusCode::OK, &json!({ "status": "OK" }))));
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        served = async { axum::serve(api, traces).await } => served,
        served = async { axum::serve(health, status).await } => served,
        _ = term.recv() => Ok(()),
    }
}

async fn trace(State(receiver): State<Arc<Receiver>>, Path(id): Path<String>) -> impl IntoResponse {
    let spans: Vec<Span> = receiver.spans().into_iter().filter(|span| span.trace_id == id).collect();
    if spans.is_empty() {
        let error = json!({ "data": null, "errors": [{ "code": 404, "msg": "trace not found" }] });
        return json_of(StatusCode::NOT_FOUND, &error);
    }
    let processes = spans.iter().map(|span| (span.service.clone(), json!({ "serviceName": span.service, "tags": [] })));
    let processes: serde_json::Map<String, Value> = processes.collect();
    let spans: Vec<Value> = spans.iter().map(span_of).collect();
    json_of(StatusCode::OK, &json!({ "data": [{ "traceID": id, "spans": spans, "processes": processes }] }))
}

fn span_of(span: &Span) -> Value {
    let reference = |kind: &str, id: &str| json!({ "refType": kind, "traceID": span.trace_id, "spanID": id });
    let parent = (!span.parent.is_empty()).then(|| reference("CHILD_OF", &span.parent));
    let mut tags: Vec<Value> = span.attributes.iter().map(|(key, value)| tag(key, value)).collect();
    tags.push(tag("span.kind", span.kind));
    json!({
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": parent.into_iter().collect::<Vec<_>>(),
        "startTime": span.start_us,
        "duration": span.duration_us,
        "tags": tags,
        "processID": span.service,
    })
}

fn tag(key: &str, value: &str) -> Value {
    json!({ "key": key, "type": "string", "value": value })
}

fn json_of(status: StatusCode, body: &Value) -> axum::response::Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

#[allow(clippy::print_stderr, reason = "a program says why it ends")]
fn ended(why: &str) -> ExitCode {
    eprintln!("jaeger-stand-in: {why}");
    ExitCode::FAILURE
}
