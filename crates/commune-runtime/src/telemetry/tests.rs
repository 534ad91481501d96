use std::{
    io::Write,
    sync::{Arc, Mutex, mpsc},
};

use opentelemetry_sdk::{error::OTelSdkResult, trace::SpanData};
use tracing::Instrument as _;

use super::*;
use crate::{
    grpc::{
        TRACE_ID,
        measure::{Call, Peer},
    },
    settings::LogFormat,
};

#[test]
fn log_levels_are_directives_or_an_error_that_says_so() {
    for good in ["info", "debug", "info,selfcare=debug", "warn,async_nats=trace"] {
        assert!(log_filter(good).is_ok(), "{good}");
    }
    let error = log_filter("info,=,nonsense==").unwrap_err().to_string();
    assert!(error.contains("telemetry.log_level"), "{error}");
}

/// One test, because telemetry is started once in a process.
#[tokio::test]
async fn trace_context_travels_without_an_exporter_and_whatever_the_log_level() {
    let (none, log_level) = (String::new(), "error".to_owned());
    let settings = Settings {
        log_format: LogFormat::Json,
        log_level,
        log_level_file: none.clone(),
        otlp_endpoint: none.clone(),
        otlp_metrics_endpoint: none,
    };
    assert_eq!(current_trace_id(), "");
    let telemetry = start(&settings, "test").unwrap();
    assert!(start(&settings, "test").is_err());

    let mut headers = http::HeaderMap::new();
    let root = tracing::info_span!("root");
    let trace_id = async {
        drop(Call::made("/x.Y/Z", &Peer::default(), &mut headers));
        current_trace_id()
    }
    .instrument(root)
    .await;
    assert_eq!(trace_id.len(), 32);
    let header = headers.get("traceparent").unwrap().to_str().unwrap().to_owned();
    assert!(header.starts_with(&format!("00-{trace_id}-")) && header.ends_with("-01"), "{header}");

    let call = Call::served(Some("/x.Y/Z"), &headers);
    let served = async { current_trace_id() }.instrument(call.span()).await;
    assert_eq!(served, trace_id, "the served call belongs to the caller's trace");
    let refused = call.follow(tonic::Status::not_found("no").into_http::<tonic::body::Body>());
    assert_eq!(refused.headers()[TRACE_ID], trace_id.as_str(), "an error tells its trace");
    let probe = Call::served(Some("/grpc.health.v1.Health/Check"), &headers);
    assert!(probe.span().is_none() && Call::served(None, &headers).span().is_none());
    assert_eq!(current_trace_id(), "");
    telemetry.flush().await;
}

/// A collector that takes what it is sent and does not answer until it is let go.
#[derive(Debug)]
struct Holding {
    taken: mpsc::Sender<usize>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl SpanExporter for Holding {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        // the test that listens may be over
        let _ = self.taken.send(batch.len());
        let _ = self.go.lock().unwrap().recv();
        Ok(())
    }
}

/// What was logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn warnings(&self) -> usize {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().matches("dropped a Span due to queue full").count()
    }
}

#[test]
fn so_many_spans_wait_for_a_collector_and_the_next_is_dropped_with_a_warning() {
    let ((taken, batches), (go, held)) = (mpsc::channel(), mpsc::channel());
    let holding = Holding { taken, go: Mutex::new(held) };
    let provider = SdkTracerProvider::builder().with_span_processor(waiting(holding)).build();
    let log = Log::default();
    let lines = {
        let log = log.clone();
        tracing_subscriber::fmt::layer().with_writer(move || log.clone()).with_filter(log_filter("error").unwrap())
    };
    let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(Registry::default().with(lines).with(spans), || {
        let make = |count: usize| (0..count).for_each(|_| drop(tracing::info_span!("work")));
        make(1);
        assert_eq!(batches.recv().unwrap(), 1, "the collector has the first in hand, and the queue is empty");
        make(32_768);
        assert_eq!(log.warnings(), 0);
        make(1);
        assert_eq!(log.warnings(), 1);
        make(100);
        assert_eq!(log.warnings(), 1, "said once");
    });
    // it answers from now on
    drop(go);
    provider.shutdown().unwrap();
    assert_eq!(batches.iter().sum::<usize>(), 32_768, "what waited arrives, and nothing of the rest");
}
