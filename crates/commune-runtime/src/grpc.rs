//! gRPC as every service serves and calls it: trace context in the metadata, health and reflection beside the
//! service, one spelling for refusals.

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::{
    Context, global,
    propagation::{Extractor, Injector},
};
use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::{
    Status,
    metadata::{KeyRef, MetadataKey, MetadataMap},
    service::Routes,
    transport::{Channel, Endpoint, Server},
};
use tonic_health::ServingStatus;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::health::Health;

/// How long a call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long open calls and streams may go on once the service drains.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// Calls at a time on one connection; the next wait.
const CALLS_PER_CONNECTION: usize = 256;

/// A channel to a service that connects when it is first used and reconnects for ever. Calls end after
/// [`CALL_TIMEOUT`]; they carry the trace context when the request went through [`inject`].
///
/// # Errors
/// When the address is not a URL.
pub fn channel(address: &str) -> anyhow::Result<Channel> {
    if !address.starts_with("http://") {
        anyhow::bail!("`{address}` is not an address of gRPC: write `http://host:port`");
    }
    let endpoint = Endpoint::from_shared(address.to_owned())
        .with_context(|| format!("`{address}` is not an address of gRPC: write `http://host:port`"))?;
    Ok(endpoint.timeout(CALL_TIMEOUT).connect_timeout(CONNECT_TIMEOUT).connect_lazy())
}

/// Puts the current span's trace context into a request's metadata.
pub fn inject<T>(request: &mut tonic::Request<T>) {
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut Metadata(request.metadata_mut()));
    });
}

/// A span for a served call, its parent taken from the request's metadata. `method` is the full name, `commune.librarian.v1.LibraryService/SearchArticles`.
pub fn server_span<T>(request: &tonic::Request<T>, method: &'static str) -> tracing::Span {
    let span = tracing::info_span!(
        "grpc",
        otel.name = method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method,
    );
    let parent = global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&Context::new(), &MetadataRef(request.metadata()))
    });
    if let Err(error) = span.set_parent(parent) {
        tracing::debug!(%error, rpc.method = method, "the call's trace context was not taken up");
    }
    span
}

/// INVALID_ARGUMENT that names the field.
pub fn invalid(field: &str, problem: impl std::fmt::Display) -> Status {
    Status::invalid_argument(format!("{field}: {problem}"))
}

/// Page bounds: 0 means `default`, more than `max` means `max` (AIP-158).
///
/// # Errors
/// INVALID_ARGUMENT for a negative size.
pub fn page_size(asked: i32, default: usize, max: usize) -> Result<usize, Status> {
    match usize::try_from(asked) {
        Err(_) => Err(invalid("page_size", format!("{asked} is negative; use 0 for {default}, or 1 to {max}"))),
        Ok(0) => Ok(default),
        Ok(size) => Ok(size.min(max)),
    }
}

/// Serves the routes, health and reflection until `stop`; then open calls get [`CLOSE_TIMEOUT`]. Of the
/// descriptors, the services of the packages `commune.<process>.*` are announced.
///
/// # Errors
/// When the descriptors cannot be read or the transport fails.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Routes,
    descriptors: &'static [u8],
    process: &str,
    health: Health,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let names = services_of(descriptors, process)?;
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let mut reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(descriptors)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health")
        .with_service_name("grpc.reflection.v1.ServerReflection");
    for name in &names {
        reflection = reflection.with_service_name(name);
    }
    let reflection = reflection.build_v1().context("the descriptors cannot be served for reflection")?;
    let follow = async move {
        let mut changes = health.changes();
        while changes.changed().await.is_ok() {
            drop(changes.borrow_and_update());
            let status = if health.problems().is_empty() { ServingStatus::Serving } else { ServingStatus::NotServing };
            for name in names.iter().map(String::as_str).chain([""]) {
                reporter.set_service_status(name, status).await;
            }
        }
    };
    let incoming = TcpListenerStream::new(listener);
    let server = Server::builder()
        .concurrency_limit_per_connection(CALLS_PER_CONNECTION)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_routes(routes)
        .add_service(health_service)
        .add_service(reflection)
        .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
    tokio::select! {
        served = server => served.context("gRPC could not be served"),
        () = follow => Ok(()),
        () = async { stop.cancelled().await; tokio::time::sleep(CLOSE_TIMEOUT).await } => {
            tracing::info!("calls that were still open after the drain were ended");
            Ok(())
        }
    }
}

/// Full names of the services in the packages of a process.
fn services_of(descriptors: &[u8], process: &str) -> anyhow::Result<Vec<String>> {
    let set = prost_types::FileDescriptorSet::decode(descriptors).context("the descriptors cannot be decoded")?;
    let package = format!("commune.{process}.");
    let mut names: Vec<String> = set
        .file
        .iter()
        .filter(|file| file.package().starts_with(&package))
        .flat_map(|file| file.service.iter().map(|service| format!("{}.{}", file.package(), service.name())))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

struct Metadata<'a>(&'a mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (MetadataKey::from_bytes(key.as_bytes()), value.parse()) {
            self.0.insert(key, value);
        }
    }
}

struct MetadataRef<'a>(&'a MetadataMap);

impl Extractor for MetadataRef<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key.to_ascii_lowercase()).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0
            .keys()
            .filter_map(|key| match key {
                KeyRef::Ascii(key) => Some(key.as_str()),
                KeyRef::Binary(_) => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_bounded() {
        let check = |asked, want: Result<usize, tonic::Code>| {
            assert_eq!(page_size(asked, 10, 100).map_err(|status| status.code()), want, "{asked}");
        };
        check(0, Ok(10));
        check(7, Ok(7));
        check(1_000, Ok(100));
        check(-1, Err(tonic::Code::InvalidArgument));
    }

    #[tokio::test]
    async fn a_channel_needs_a_url_and_connects_later() {
        assert!(channel("http://127.0.0.1:1").is_ok());
        for bad in ["", "127.0.0.1:7403", "https://example", "http://", "http://a b"] {
            let error = channel(bad).unwrap_err().to_string();
            assert!(error.contains("http://host:port"), "{bad}: {error}");
        }
    }

    #[tokio::test]
    async fn health_follows_the_parts_and_reflection_is_there() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (health, stop) = (Health::default(), CancellationToken::new());
        let part = health.part("bus");
        let server = tokio::spawn(serve(listener, Routes::default(), &[], "none", health, stop.clone()));
        let mut client = tonic_health::pb::health_client::HealthClient::new(channel(&address).unwrap());
        let request = tonic_health::pb::HealthCheckRequest { service: String::new() };
        let mut watch = client.watch(request).await.unwrap().into_inner();
        let mut until = async |wanted: tonic_health::pb::health_check_response::ServingStatus| {
            while watch.message().await.unwrap().unwrap().status() != wanted {}
        };
        until(tonic_health::pb::health_check_response::ServingStatus::NotServing).await;
        part.ready();
        until(tonic_health::pb::health_check_response::ServingStatus::Serving).await;
        stop.cancel();
        drop((watch, client));
        server.await.unwrap().unwrap();
    }
}
