//! The NATS server of one commune, with the commune's accounts: services have a key, agents need none.

use crate::NatsServer;
use async_nats::{Client, ConnectOptions, jetstream};
use commune_bus::{Bus, StreamName};
use futures::TryStreamExt;

/// A running server and the connections of a story.
pub struct Server {
    pub bus: Bus,
    pub agents: Client,
    nats: NatsServer,
    raw: jetstream::Context,
}

impl Server {
    /// Starts a server with its streams.
    pub async fn start() -> Self {
        let nats = NatsServer::start().await;
        let bus = nats.bus().await;
        let agents = nats.agent().await;
        let options = ConnectOptions::with_nkey(nats.seed().to_owned());
        let raw = options.connect(nats.url()).await.expect("a service can connect");
        Self { bus, agents, nats, raw: jetstream::new(raw) }
    }

    /// `nats://host:port`.
    pub fn url(&self) -> String {
        self.nats.url()
    }

    /// A file with the seed of a service's key.
    pub fn seed_file(&self) -> String {
        let file = self.nats.dir().join("service.nk");
        std::fs::write(&file, self.nats.seed()).expect("the folder can be written");
        file.display().to_string()
    }

    /// What a service must be told to reach the server.
    pub fn service_env(&self) -> Vec<(String, String)> {
        vec![
            ("COMMUNE_NATS__URL".to_owned(), self.url()),
            ("COMMUNE_NATS__NKEY_SEED_FILE".to_owned(), self.seed_file()),
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
}
