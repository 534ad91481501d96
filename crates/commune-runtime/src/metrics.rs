//! Metrics: kept by OpenTelemetry's SDK, read from `/metrics` in the form of Prometheus, and exported when an endpoint is set.
//!
//! Whoever counts names the instruments of `opentelemetry` and no exporter. **No label holds an agent, a note or a text**: what has
//! a label has few values.

use anyhow::Context as _;
use opentelemetry::{KeyValue, global};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
};
use prometheus::{Registry, TextEncoder};

use crate::{health::Health, telemetry::standard_variable};

/// The metrics of this process.
#[derive(Debug)]
pub(crate) struct Metrics {
    provider: SdkMeterProvider,
    exposed: Exposed,
    exports: bool,
}

/// What `/metrics` tells. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exposed(Registry);

impl Exposed {
    /// Every figure as it is now, in the text form of Prometheus (version 0.0.4).
    ///
    /// # Errors
    /// When it cannot be written in that form.
    pub(crate) fn text(&self) -> Result<String, prometheus::Error> {
        TextEncoder::new().encode_to_string(&self.0.gather())
    }
}

impl Metrics {
    /// Begins to keep the figures of this process. They are exported too when the setting, or else the variable
    /// `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, names an endpoint: a collector that takes traces need not take metrics.
    ///
    /// # Errors
    /// When the endpoint cannot be used.
    pub(crate) fn start(endpoint: &str, disabled: bool, resource: Resource) -> anyhow::Result<Self> {
        let unusable = "the OTLP endpoint cannot be used (setting telemetry.otlp_metrics_endpoint)";
        let exposed = Exposed::default();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(exposed.0.clone())
            .scope_info_enabled(false)
            .build()
            .context("the figures cannot be exposed")?;
        let mut builder = SdkMeterProvider::builder().with_resource(resource).with_reader(reader);
        let endpoint = endpoint.trim();
        let exports =
            !disabled && (!endpoint.is_empty() || standard_variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").is_some());
        if exports {
            let mut exporter = opentelemetry_otlp::MetricExporter::builder().with_tonic();
            if !endpoint.is_empty() {
                exporter = exporter.with_endpoint(endpoint);
            }
            builder = builder.with_reader(PeriodicReader::builder(exporter.build().context(unusable)?).build());
        }
        let provider = builder.build();
        global::set_meter_provider(provider.clone());
        Ok(Self { provider, exposed, exports })
    }

    /// What `/metrics` tells.
    pub(crate) fn exposed(&self) -> Exposed {
        self.exposed.clone()
    }

    /// Exports what is left; blocks.
    pub(crate) fn shutdown(&self) {
        match self.provider.shutdown() {
            Err(error) if self.exports => tracing::warn!(%error, "the last metrics could not be exported"),
            _ => {}
        }
    }
}

/// Tells of each part whether it is ready, and which version this is.
pub(crate) fn watch_health(health: &Health) {
    let meter = global::meter("commune-runtime");
    let health = health.clone();
    meter
        .u64_observable_gauge("commune.ready")
        .with_description("1 for each part that is ready, else 0")
        .with_callback(move |observer| {
            for (part, ready) in health.parts() {
                observer.observe(u64::from(ready), &[KeyValue::new("commune.part", part)]);
            }
        })
        .build();
}
