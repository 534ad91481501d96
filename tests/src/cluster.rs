//! Three real nats-servers with replicated streams, whose links to one another can be cut.
//!
//! Every server dials every other through a proxy of its own, and advertises an address where nobody listens, so that
//! what servers tell each other of the others cannot lead around the proxies.

use std::time::Duration;

use async_nats::{ConnectOptions, jetstream};
use commune_bus::{ClusterConfiguration, ServerConfiguration, StreamName};

use crate::{
    eventually_some,
    proxy::{Flow, Proxy, Weather},
    server::NatsServer,
    support::port,
};

/// Servers of a cluster.
pub const SERVERS: usize = 3;
/// How long three servers may take to agree on a leader.
const AGREEING: Duration = Duration::from_secs(60);
/// How long the leader of a stream may take to answer.
const ANSWERING: Duration = Duration::from_millis(500);

/// A running cluster. Its servers are killed when it is dropped.
pub struct Cluster {
    servers: Vec<NatsServer>,
    links: Vec<Link>,
    seed: String,
}

/// How one server reaches another.
struct Link {
    from: usize,
    to: usize,
    proxy: Proxy,
}

impl Cluster {
    /// Starts three servers with empty stores.
    ///
    /// # Panics
    /// When there is no nats-server, or they do not come up.
    pub async fn start() -> Self {
        let service = nkeys::KeyPair::new_user();
        let seed = service.seed().expect("a new key has a seed");
        let ports: Vec<u16> = (0..SERVERS).map(|_| port()).collect();
        let mut links = Vec::new();
        for from in 0..SERVERS {
            for to in (0..SERVERS).filter(|to| *to != from) {
                links.push(Link { from, to, proxy: Proxy::start(format!("127.0.0.1:{}", ports[to])).await });
            }
        }
        let mut servers = Vec::new();
        for (index, cluster_port) in ports.into_iter().enumerate() {
            let dir = tempfile::tempdir().expect("a folder can be made");
            let routes = links.iter().filter(|link| link.from == index).map(|link| link.proxy.url()).collect();
            let configuration = ServerConfiguration {
                name: name(index),
                port: port(),
                store_dir: dir.path().join("store"),
                services: vec![("tests".to_owned(), service.public_key())],
                trust_local_agents: true,
                cluster: Some(ClusterConfiguration {
                    name: "commune-tests".to_owned(),
                    listen: "127.0.0.1".to_owned(),
                    port: cluster_port,
                    routes,
                    advertise: Some("127.0.0.1:9".to_owned()),
                    no_advertise: true,
                }),
                ports_dir: Some(dir.path().to_owned()),
                ..ServerConfiguration::default()
            };
            servers.push(NatsServer::start_as(dir, configuration, seed.clone()).await);
        }
        Self { servers, links, seed }
    }

    /// The addresses of all three, joined by commas.
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// The address of one.
    pub fn url_of(&self, index: usize) -> String {
        self.servers[index].url()
    }

    /// The seed of a service's key.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// One of the servers.
    pub fn server(&self, index: usize) -> &NatsServer {
        &self.servers[index]
    }

    /// `kill -9` of one server.
    pub fn kill(&mut self, index: usize) {
        self.servers[index].kill();
    }

    /// Starts one server again, with its port and its store.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart(&mut self, index: usize) {
        self.servers[index].restart().await;
    }

    /// Cuts one server from the two others, both ways; clients still reach it. Nothing is closed: the servers have to
    /// notice by the silence.
    pub fn isolate(&self, index: usize) {
        let cut = Weather { toward: Flow::Held, back: Flow::Held, refuse_new: true, ..Weather::default() };
        for link in self.links.iter().filter(|link| link.from == index || link.to == index) {
            link.proxy.weather(cut);
        }
    }

    /// Joins what was cut.
    pub fn heal(&self) {
        self.links.iter().for_each(|link| link.proxy.clear());
    }

    /// The server that leads a stream, as one that is not `except` knows it; waits until there is one.
    ///
    /// # Panics
    /// When they do not agree on one.
    pub async fn leader_of(&self, stream: StreamName, except: Option<usize>) -> usize {
        let servers = (0..SERVERS).filter(|index| Some(*index) != except);
        let urls: Vec<String> = servers.map(|index| self.url_of(index)).collect();
        let client = ConnectOptions::with_nkey(self.seed.clone()).connect(urls).await.expect("a service can connect");
        let jetstream = jetstream::new(client);
        let what = format!("{} has a leader", stream.as_str());
        eventually_some(AGREEING, &what, async || {
            // without a leader nobody answers
            let asked = tokio::time::timeout(ANSWERING, jetstream.get_stream(stream.as_str())).await;
            let leader = asked.ok()?.ok()?.cached_info().cluster.clone()?.leader?;
            (0..SERVERS).find(|index| name(*index) == leader && Some(*index) != except)
        })
        .await
    }
}

fn name(index: usize) -> String {
    format!("tests-{index}")
}
