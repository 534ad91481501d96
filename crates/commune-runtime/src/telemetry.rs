//! Telemetry: logs to stderr with trace ids, metrics, and OTLP traces when an endpoint is set.
//!
//! Spans are made and the trace context is propagated **whether or not traces are exported**, and whatever the log
//! level is: the layer of the traces has a filter of its own. Exporting never fails a service.

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::{
    KeyValue, global,
    trace::{TraceContextExt as _, TracerProvider as _},
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider, SpanExporter},
};
use tracing::{Level, Metadata};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterFn, LevelFilter},
    layer::SubscriberExt as _,
    reload,
};

use crate::{
    log_format::Lines,
    log_level::LogLevel,
    metrics::{Exposed, Metrics},
    settings::Telemetry as Settings,
};

/// Spans that may wait for export. A burst of 20,000 overruns the library's default of 2,048 without an error.
const QUEUE: usize = 32 * 1024;
/// Spans in one export.
const BATCH: usize = 2_048;
/// How long spans wait for others to be exported with.
const EXPORT_EVERY: Duration = Duration::from_millis(500);
/// How long the last export may take.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(4);

/// Libraries that log more than an operator wants; a directive of the settings for one of them goes before this.
const QUIET: &str = "async_nats=warn,h2=warn,hyper=warn,hyper_util=warn,opentelemetry=warn,opentelemetry_sdk=warn,\
    opentelemetry-otlp=warn,tantivy=warn,tonic=warn,tower=warn";

/// Libraries whose spans would be about the transport, or about the exporter itself.
const NO_SPANS: [&str; 8] = ["async_nats", "h2", "hyper", "hyper_util", "opentelemetry", "tantivy", "tonic", "tower"];

/// Keeps telemetry running; flush it before the process ends.
#[derive(Debug)]
pub struct Telemetry {
    provider: SdkTracerProvider,
    metrics: Metrics,
    exports: bool,
}

/// Starts logs, metrics and traces for this process. Traces are exported when the settings, or else the standard variables
/// `OTEL_EXPORTER_OTLP_ENDPOINT` and `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, name an endpoint, unless
/// `OTEL_SDK_DISABLED` is `true`. Must be called on the runtime, on which the file of the log level is followed. The sampler is `parentbased_always_on` unless `OTEL_TRACES_SAMPLER` says otherwise.
///
/// # Errors
/// When the log directives or the endpoint cannot be used, or telemetry was started before.
pub fn start(settings: &Settings, service: &'static str) -> anyhow::Result<Telemetry> {
    let (log_filter, level) = reload::Layer::new(log_filter(&settings.log_level)?);
    let (resource, disabled) = (resource(service), disabled());
    let (provider, exports) = provider(settings, disabled, resource.clone())?;
    let metrics = Metrics::start(&settings.otlp_metrics_endpoint, disabled, resource)?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .event_format(Lines { format: settings.log_format, service })
        .with_filter(log_filter);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("commune"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(FilterFn::new(is_ours).with_max_level_hint(LevelFilter::INFO));
    // the logs first, the spans second, or the types of the layers do not agree
    let subscriber = Registry::default().with(lines).with(spans);
    tracing::subscriber::set_global_default(subscriber).context("telemetry was started before in this process")?;
    if !settings.log_level_file.is_empty() {
        tokio::spawn(LogLevel::new(level, &settings.log_level, &settings.log_level_file).follow());
    }
    global::set_text_map_propagator(TraceContextPropagator::new());
    global::set_tracer_provider(provider.clone());
    Ok(Telemetry { provider, metrics, exports })
}

impl Telemetry {
    /// What `/metrics` tells.
    pub(crate) fn exposed(&self) -> Exposed {
        self.metrics.exposed()
    }

    /// Exports what is left, off the async threads. Never fails the service: problems are logged.
    pub async fn flush(self) {
        let Self { provider, metrics, exports } = self;
        // on an async thread the exporter would wait for the very thread that it needs
        let shutdown = move || {
            metrics.shutdown();
            provider.shutdown_with_timeout(FLUSH_TIMEOUT)
        };
        let done = tokio::task::spawn_blocking(shutdown).await;
        match done {
            Ok(Err(error)) if exports => tracing::warn!(%error, "the last traces could not be exported"),
            Err(error) => tracing::warn!(%error, "the last traces could not be exported"),
            Ok(_) => {}
        }
    }
}

/// The trace id of the current span, 32 hexadecimal digits; empty when there is none.
pub fn current_trace_id() -> String {
    let context = tracing::Span::current().context();
    let span = context.span();
    let span = span.span_context();
    if span.is_valid() { span.trace_id().to_string() } else { String::new() }
}

/// Who it is that tells.
fn resource(service: &'static str) -> Resource {
    Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.namespace", "commune"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attribute(KeyValue::new("service.instance.id", std::process::id().to_string()))
        .build()
}

/// Whether nothing is to be exported.
fn disabled() -> bool {
    standard_variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn provider(settings: &Settings, disabled: bool, resource: Resource) -> anyhow::Result<(SdkTracerProvider, bool)> {
    // no sampler is set here: the library's own is ParentBased(AlwaysOn) and honours OTEL_TRACES_SAMPLER
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let endpoint = settings.otlp_endpoint.trim();
    let by_variable = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
        .iter()
        .any(|name| standard_variable(name).is_some());
    if disabled || (endpoint.is_empty() && !by_variable) {
        return Ok((builder.build(), false));
    }
    let mut exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic();
    if !endpoint.is_empty() {
        exporter = exporter.with_endpoint(endpoint);
    }
    let exporter = exporter.build().context("the OTLP endpoint cannot be used (setting telemetry.otlp_endpoint)")?;
    Ok((builder.with_span_processor(waiting(exporter)).build(), true))
}

/// The spans that wait for this exporter. Beyond [`QUEUE`] they are dropped, with a warning; whoever makes one never waits.
fn waiting(exporter: impl SpanExporter + 'static) -> BatchSpanProcessor {
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(BATCH)
        .with_scheduled_delay(EXPORT_EVERY)
        .build();
    BatchSpanProcessor::builder(exporter).with_batch_config(batches).build()
}

pub(crate) fn log_filter(directives: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::builder().parse(format!("{QUIET},{directives}")).with_context(|| {
        format!("`{directives}` is not a log level: use info, or directives such as info,selfcare=debug (setting telemetry.log_level)")
    })
}

/// Spans of the pipeline are INFO; of events only problems belong in a trace.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let level = if metadata.is_span() { Level::INFO } else { Level::WARN };
    let root = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= level && !NO_SPANS.iter().any(|name| root.starts_with(name))
}

/// A standard OpenTelemetry variable that is set to something.
#[allow(clippy::disallowed_methods, reason = "the standard variables of OpenTelemetry are read here, and only here")]
pub(crate) fn standard_variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests;
