//! gRPC as every service serves and calls it: trace context and tokens in the metadata, health and reflection beside the
//! service, a guard before all of it, one spelling for refusals.

mod client;
mod listening;
pub(crate) mod measure;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Status, service::Routes, transport::server::TcpIncoming};
use tonic_health::ServingStatus;

use crate::{
    access::{Guard, Table},
    health::Health,
};

pub use client::{Bearer, Channel, Timed, channel};
pub use listening::Listening;
use measure::Measure;
pub use measure::TRACE_ID;

/// How long a call may take.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long open calls and streams may go on once the service drains.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// Calls at a time on one connection, those with a stream of answers too; the next wait.
const CALLS_PER_CONNECTION: u32 = 256;
/// Most bytes of metadata that are read at all; what is below it and still too much is refused in words, by the guard.
const METADATA_READ: u32 = 16 * 1024;

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

/// What is served: the contract, and who may call what of it.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// The compiled descriptors.
    pub descriptors: &'static [u8],
    /// The path of every rpc, and who may call it besides operators: `anyone`, `member`, `own`, `service`.
    pub access: &'static [(&'static str, &'static [&'static str])],
}

/// Serves the routes, health and reflection until `stop`; then open calls get [`CLOSE_TIMEOUT`]. Of the
/// descriptors, the services of the packages `commune.<process>.*` are announced.
///
/// # Errors
/// When the descriptors cannot be read, an rpc has no row in the access table, or the transport fails.
pub(crate) async fn serve(
    listening: Listening,
    routes: Routes,
    contract: Contract,
    process: &str,
    health: Health,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let Listening { listener, server, tokens, rates } = listening;
    let table = Arc::new(Table::new(contract.access)?);
    let announced = services_of(contract.descriptors, &format!("commune.{process}."))?;
    every_rpc_has_a_row(&table, &announced)?;
    let names: Vec<String> = announced.into_keys().collect();
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let mut reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(contract.descriptors)
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
    // an answer is two small writes: without this the second waits 40 ms for the client's delayed acknowledgement
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let follow_tokens = {
        let tokens = tokens.clone();
        async move {
            match tokens {
                Some(tokens) => tokens.follow().await,
                None => std::future::pending().await,
            }
        }
    };
    let server = server
        .layer(Measure::new(Arc::clone(&table)))
        .layer(Guard::new(table, tokens, rates))
        .max_concurrent_streams(CALLS_PER_CONNECTION)
        .http2_max_header_list_size(METADATA_READ)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_routes(routes)
        .add_service(health_service)
        .add_service(reflection)
        .serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
    tokio::select! {
        served = server => served.context("gRPC could not be served"),
        () = follow => Ok(()),
        () = follow_tokens => Ok(()),
        () = async { stop.cancelled().await; tokio::time::sleep(CLOSE_TIMEOUT).await } => {
            tracing::info!("calls that were still open after the drain were ended");
            Ok(())
        }
    }
}

/// The services in the packages with this prefix: their full names, and the paths of their rpcs.
fn services_of(descriptors: &[u8], prefix: &str) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let set = prost_types::FileDescriptorSet::decode(descriptors).context("the descriptors cannot be decoded")?;
    let mut services = BTreeMap::new();
    for file in set.file.iter().filter(|file| file.package().starts_with(prefix)) {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            let paths = service.method.iter().map(|method| format!("/{name}/{}", method.name())).collect();
            services.insert(name, paths);
        }
    }
    Ok(services)
}

/// The build holds it of the contract; here it is held of what is beside it, which a new version may have more of.
fn every_rpc_has_a_row(table: &Table, announced: &BTreeMap<String, Vec<String>>) -> anyhow::Result<()> {
    let health = services_of(tonic_health::pb::FILE_DESCRIPTOR_SET, "grpc.")?;
    let reflection = services_of(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, "grpc.")?;
    let paths = announced.values().chain(health.values()).chain(reflection.values()).flatten();
    let missing = table.without_row(paths.map(String::as_str));
    anyhow::ensure!(missing.is_empty(), "the access table has no row for {}", missing.join(", "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Rates;

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

    const ACCESS: &[(&str, &[&str])] = &[
        ("/grpc.health.v1.Health/Check", &["anyone"]),
        ("/grpc.health.v1.Health/Watch", &["anyone"]),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", &["member"]),
    ];

    #[test]
    fn what_is_beside_the_contract_needs_its_row_too() {
        let check = |rows: &'static [_]| every_rpc_has_a_row(&Table::new(rows).unwrap(), &BTreeMap::new());
        assert!(check(ACCESS).is_ok());
        let error = check(&ACCESS[1..]).unwrap_err().to_string();
        assert_eq!(error, "the access table has no row for /grpc.health.v1.Health/Check");
    }

    #[tokio::test]
    async fn health_follows_the_parts_and_reflection_is_there() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (health, stop) = (Health::default(), CancellationToken::new());
        let part = health.part("bus");
        let server = tonic::transport::Server::builder();
        let listening = Listening { listener, server, tokens: None, rates: Rates::new(100) };
        let contract = Contract { descriptors: &[], access: ACCESS };
        let server = tokio::spawn(serve(listening, Routes::default(), contract, "none", health, stop.clone()));
        let channel = channel(&address, None, None).unwrap();
        let mut client = tonic_health::pb::health_client::HealthClient::new(channel);
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
