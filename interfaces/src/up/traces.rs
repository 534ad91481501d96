//! `commune up --traces`: takes the services' traces in, keeps those of late in memory, and shows each as a page. What stands
//! in for Jaeger on one machine; it answers `GET /api/traces/{id}` as Jaeger does.
//!
//! **For this machine alone**: both addresses are of the loopback interface, and a page is given out under no other name.

mod jaeger;
mod kept;
mod page;
mod receiver;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use axum::{
    Router,
    extract::{Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::tz::TimeZone;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_stream::wrappers::TcpListenerStream;

use super::nats::is_free;
use crate::failure::Failure;
use kept::Kept;
use receiver::Receiver;

/// The usual ports of OTLP over gRPC and of Jaeger's page.
const OTLP: u16 = 4317;
const PAGE: u16 = 16686;
/// Most bytes of one export.
const EXPORT: usize = 16 << 20;
/// No script, nothing from elsewhere, in nobody's frame.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The receiver and the pages. They end with this.
pub(super) struct Traces {
    /// Where services export to.
    pub(super) endpoint: String,
    /// Where the pages are.
    pub(super) page: String,
    _serving: JoinSet<()>,
}

impl Traces {
    /// Listens, on the usual ports where they are free.
    pub(super) async fn start(free_ports: bool, zone: TimeZone) -> Result<Self, Failure> {
        let (otlp, endpoint) = listen(OTLP, free_ports).await?;
        let (page, pages) = listen(PAGE, free_ports).await?;
        let kept = Arc::new(RwLock::new(Kept::default()));
        let service = TraceServiceServer::new(Receiver(Arc::clone(&kept))).max_decoding_message_size(EXPORT);
        let server = tonic::transport::Server::builder().add_service(service);
        let routes = routes(Shown { kept, zone });
        let mut serving = JoinSet::new();
        // a server ends when its task is dropped; one connection that fails ends none
        serving.spawn(async move { drop(server.serve_with_incoming(TcpListenerStream::new(otlp)).await) });
        serving.spawn(async move { drop(axum::serve(page, routes).await) });
        Ok(Self { endpoint, page: pages, _serving: serving })
    }
}

async fn listen(usual: u16, free_ports: bool) -> Result<(TcpListener, String), Failure> {
    let port = if !free_ports && is_free(usual) { usual } else { 0 };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// What the pages show.
#[derive(Clone)]
struct Shown {
    kept: Arc<RwLock<Kept>>,
    zone: TimeZone,
}

impl Shown {
    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn routes(shown: Shown) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/trace/{id}", get(trace))
        .route("/api/traces/{id}", get(api))
        .route("/page.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE)))
        .layer(middleware::from_fn(guard))
        .with_state(shown)
}

async fn list(State(shown): State<Shown>) -> Response {
    html(StatusCode::OK, page::list(shown.kept().newest(), &shown.zone))
}

async fn trace(State(shown): State<Shown>, Path(id): Path<String>) -> Response {
    match shown.kept().trace(&id) {
        Some(trace) => html(StatusCode::OK, page::trace(&id, trace, &shown.zone)),
        None => html(StatusCode::NOT_FOUND, page::not_found(&id)),
    }
}

async fn api(State(shown): State<Shown>, Path(id): Path<String>) -> Response {
    let (status, body) = match shown.kept().trace(&id) {
        Some(trace) => (StatusCode::OK, jaeger::answer(&id, trace)),
        None => (StatusCode::NOT_FOUND, jaeger::not_found()),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn html(status: StatusCode, page: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
    (status, headers, page).into_response()
}

/// Refuses a request under a name that is not this machine's: a page of elsewhere whose name leads here may not read.
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost"].contains(&name) {
        return (StatusCode::FORBIDDEN, "these pages are for this machine: ask for 127.0.0.1\n").into_response();
    }
    next.run(request).await
}
