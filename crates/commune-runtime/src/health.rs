//! Health: gRPC health and HTTP `/livez`, `/readyz`, and `/metrics` beside them. **Liveness never depends on NATS; readiness does.**

use std::{collections::BTreeMap, future::Future, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::{net::TcpListener, sync::watch};

use crate::{clock::Clock, metrics::Exposed};

/// The reason of each part, none when it is ready.
type Parts = BTreeMap<&'static str, Option<String>>;

/// What readiness depends on: each part is ready or says why not. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<watch::Sender<Parts>>);

/// One part of readiness.
#[derive(Debug, Clone)]
pub struct Part {
    health: Health,
    name: &'static str,
}

impl Health {
    /// Registers a part, not ready yet.
    pub fn part(&self, name: &'static str) -> Part {
        let part = Part { health: self.clone(), name };
        part.not_ready("starting");
        part
    }

    /// Every part that is not ready, with its reason; empty means ready. A process that registered no part yet is
    /// still starting, and not ready.
    pub fn problems(&self) -> Vec<(String, String)> {
        problems_of(&self.0.borrow())
    }

    /// Every part, and whether it is ready.
    pub(crate) fn parts(&self) -> Vec<(&'static str, bool)> {
        self.0.borrow().iter().map(|(name, reason)| (*name, reason.is_none())).collect()
    }

    /// Tells of every change of a part, beginning with the state now.
    pub(crate) fn changes(&self) -> watch::Receiver<Parts> {
        let mut changes = self.0.subscribe();
        changes.mark_changed();
        changes
    }

    fn set(&self, name: &'static str, reason: Option<String>) {
        self.0.send_if_modified(|parts| {
            let before = parts.insert(name, reason.clone());
            before.as_ref() != Some(&reason)
        });
    }
}

impl Part {
    /// It is ready.
    pub fn ready(&self) {
        self.health.set(self.name, None);
    }

    /// It is ready unless there is a problem.
    pub fn ready_unless(&self, problem: Option<&impl std::fmt::Display>) {
        self.health.set(self.name, problem.map(ToString::to_string));
    }

    /// It is not ready, and why.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.health.set(self.name, Some(reason.into()));
    }
}

/// Who answers, and by which clock: told at `/livez`.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// The name of the service.
    pub(crate) service: &'static str,
    /// Its clock.
    pub(crate) clock: Clock,
}

/// Serves `/livez` and `/readyz` as JSON, and `/metrics` as Prometheus reads it, until the future ends.
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve_http(
    listener: TcpListener,
    health: Health,
    exposed: Exposed,
    about: About,
    until: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let metrics = Router::new().route("/metrics", get(metrics)).with_state(exposed);
    let alive = Router::new().route("/livez", get(livez)).with_state(about);
    let routes = Router::new().route("/readyz", get(readyz)).with_state(health).merge(alive).merge(metrics);
    axum::serve(listener, routes).with_graceful_shutdown(until).await
}

/// Alive means that the process answers; nothing else is looked at. Which version it is and what time it has is told, so
/// that whoever looks after several can compare them.
async fn livez(State(about): State<About>) -> impl IntoResponse {
    let told = serde_json::json!({
        "status": "alive",
        "service": about.service,
        "version": env!("CARGO_PKG_VERSION"),
        "time": about.clock.now().to_string(),
    });
    json(StatusCode::OK, &told)
}

async fn readyz(State(health): State<Health>) -> impl IntoResponse {
    let problems: BTreeMap<String, String> = health.problems().into_iter().collect();
    if problems.is_empty() {
        json(StatusCode::OK, &serde_json::json!({ "status": "ready" }))
    } else {
        json(StatusCode::SERVICE_UNAVAILABLE, &serde_json::json!({ "status": "not ready", "problems": problems }))
    }
}

async fn metrics(State(exposed): State<Exposed>) -> impl IntoResponse {
    match exposed.text() {
        Ok(text) => (StatusCode::OK, [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, [(CONTENT_TYPE, "text/plain")], format!("{error}\n")),
    }
}

fn json(status: StatusCode, body: &serde_json::Value) -> impl IntoResponse + use<> {
    (status, [(CONTENT_TYPE, "application/json")], format!("{body}\n"))
}

fn problems_of(parts: &Parts) -> Vec<(String, String)> {
    if parts.is_empty() {
        return vec![("process".to_owned(), "starting".to_owned())];
    }
    parts.iter().filter_map(|(name, reason)| Some(((*name).to_owned(), reason.clone()?))).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn readiness_is_every_part() {
        let health = Health::default();
        assert_eq!(health.problems(), [("process".to_owned(), "starting".to_owned())]);
        let (bus, index) = (health.part("bus"), health.part("index"));
        bus.ready();
        assert_eq!(health.problems(), [("index".to_owned(), "starting".to_owned())]);
        index.ready();
        assert!(health.problems().is_empty());
        bus.not_ready("reconnecting");
        assert_eq!(health.problems(), [("bus".to_owned(), "reconnecting".to_owned())]);
    }

    #[tokio::test]
    async fn http_says_why_it_is_not_ready_and_is_alive_all_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Health::default();
        let bus = health.part("bus");
        bus.not_ready("cannot reach nats://127.0.0.1:4222");
        let noon: jiff::Timestamp = "2026-02-14T12:00:00Z".parse().unwrap();
        let about = About { service: "selfcare", clock: Clock::from_fn(move || noon) };
        let server = tokio::spawn(serve_http(listener, health, Exposed::default(), about, std::future::pending()));
        let ask = async |path: &str| {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let alive = ask("/livez").await;
        assert!(alive.starts_with("HTTP/1.1 200 "), "{alive}");
        assert!(alive.contains(r#""service":"selfcare""#) && alive.contains("2026-02-14T12:00:00Z"), "{alive}");
        let answer = ask("/readyz").await;
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains(r#""bus":"cannot reach nats://127.0.0.1:4222""#), "{answer}");
        bus.ready();
        assert!(ask("/readyz").await.starts_with("HTTP/1.1 200 "));
        let figures = ask("/metrics").await;
        assert!(figures.starts_with("HTTP/1.1 200 ") && figures.contains("version=0.0.4"), "{figures}");
        server.abort();
    }
}
