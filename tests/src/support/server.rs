//! The NATS server of one commune, with the commune's accounts: services have a key, agents need none.

use crate::NatsServer;
use async_nats::{
    Client, ConnectOptions,
    jetstream::{self, consumer},
};
use commune_bus::{Bus, BusOptions, StreamName};
use futures::TryStreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running server and the connections of a story.
pub struct Server {
    pub bus: Bus,
    pub agents: Client,
    raw: jetstream::Context,
    url: String,
    services_url: String,
    seed: String,
    replicas: usize,
    dir: TempDir,
    /// The server, when it is nobody else's.
    _nats: Option<NatsServer>,
}

impl Server {
    /// Starts a server with its streams.
    pub async fn start() -> Self {
        Self::over(NatsServer::start().await).await
    }

    /// Keeps a server and makes its streams.
    pub async fn over(nats: NatsServer) -> Self {
        let server = Self::of(&nats.url(), nats.seed(), 1).await;
        Self { _nats: Some(nats), ..server }
    }

    /// The connections to a server, or to several (their addresses joined by commas), that a story holds itself;
    /// makes the streams, with so many replicas.
    pub async fn of(url: &str, seed: &str, replicas: usize) -> Self {
        let options = BusOptions {
            url: url.to_owned(),
            name: "tests".to_owned(),
            nkey_seed: Some(seed.to_owned()),
            replicas,
            fault: None,
        };
        let bus = Bus::connect(options).await.expect("the options are good");
        bus.ensure_topology().await.expect("the streams can be made");
        let urls: Vec<&str> = url.split(',').collect();
        let agents = async_nats::connect(urls.as_slice()).await.expect("an agent can connect");
        let raw = ConnectOptions::with_nkey(seed.to_owned()).connect(urls.as_slice()).await;
        let raw = jetstream::new(raw.expect("a service can connect"));
        let dir = tempfile::tempdir().expect("a folder can be made");
        let (url, seed) = (url.to_owned(), seed.to_owned());
        Self { bus, agents, raw, services_url: url.clone(), url, seed, replicas, dir, _nats: None }
    }

    /// The services reach the server at another address, such as a proxy's; the story itself goes straight to it.
    #[must_use]
    pub fn services_at(self, url: &str) -> Self {
        Self { services_url: url.to_owned(), ..self }
    }

    /// `nats://host:port`, several joined by commas.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The seed of a service's key.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// A file with the seed of a service's key.
    pub fn seed_file(&self) -> String {
        let file = self.dir.path().join("service.nk");
        std::fs::write(&file, &self.seed).expect("the folder can be written");
        file.display().to_string()
    }

    /// What a service must be told to reach the server.
    pub fn service_env(&self) -> Vec<(String, String)> {
        vec![
            ("COMMUNE_NATS__URL".to_owned(), self.services_url.clone()),
            ("COMMUNE_NATS__NKEY_SEED_FILE".to_owned(), self.seed_file()),
            ("COMMUNE_NATS__REPLICAS".to_owned(), self.replicas.to_string()),
        ]
    }

    /// Messages that durable consumers have not acknowledged yet, delivered or not.
    pub async fn pending(&self) -> u64 {
        let mut pending = 0;
        for name in StreamName::ALL {
            let stream = self.raw.get_stream(name.as_str()).await.expect("the stream is there");
            let mut consumers = stream.consumers();
            while let Some(consumer) = consumers.try_next().await.expect("consumers can be listed") {
                if consumer.config.durable_name.is_some() {
                    pending += consumer.num_pending + consumer.num_ack_pending as u64;
                }
            }
        }
        pending
    }

    /// Consumers of a stream, durable or not.
    pub async fn consumers(&self, stream: StreamName) -> usize {
        let stream = self.raw.get_stream(stream.as_str()).await.expect("the stream is there");
        stream.cached_info().state.consumer_count
    }

    /// Lets the readers of a stream wait, or go on: those who follow it for a view, not those who handle its messages.
    pub async fn hold_readers(&self, stream: StreamName, hold: bool) {
        // far away, or not at all
        let until = if hold { json!({ "pause_until": "2100-01-01T00:00:00Z" }) } else { json!({}) };
        let consumers = self.raw.get_stream(stream.as_str()).await.expect("the stream is there").consumers();
        let consumers: Vec<consumer::Info> = consumers.try_collect().await.expect("consumers can be listed");
        for reader in consumers.iter().filter(|consumer| consumer.config.durable_name.is_none()) {
            let subject = format!("CONSUMER.PAUSE.{}.{}", stream.as_str(), reader.name);
            let answer: Value = self.raw.request(subject, &until).await.expect("the server answers");
            assert_eq!(answer["paused"], hold, "{answer}");
        }
    }
}
