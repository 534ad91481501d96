//! The nats-servers of a run: one, or three in a cluster.

use async_nats::{ConnectOptions, jetstream};
use commune_bus::{Bus, BusOptions, StreamName};
use commune_tests::{Cluster, FailingSync, NatsServer, TmpDisk};
use futures::TryStreamExt;

/// Bytes of the small disk that a single server stores on.
const DISK: u64 = 512 << 20;

/// The servers, and the disk that can be filled.
pub enum Servers {
    One { nats: Box<NatsServer>, disk: Result<TmpDisk, String> },
    Three(Box<Cluster>),
}

impl Servers {
    /// One server on a small disk where the machine can make one, or three in a cluster.
    pub async fn start(count: usize) -> Self {
        if count == 3 {
            return Self::Three(Box::new(Cluster::start().await));
        }
        let disk = TmpDisk::mount(DISK);
        let nats = match &disk {
            Ok(disk) => NatsServer::start_at(disk.path()).await,
            Err(_) => NatsServer::start().await,
        };
        Self::One { nats: Box::new(nats), disk }
    }

    pub fn count(&self) -> usize {
        if matches!(self, Self::One { .. }) { 1 } else { 3 }
    }

    /// Every server's address, joined by commas.
    pub fn url(&self) -> String {
        match self {
            Self::One { nats, .. } => nats.url(),
            Self::Three(cluster) => cluster.url(),
        }
    }

    pub fn seed(&self) -> &str {
        match self {
            Self::One { nats, .. } => nats.seed(),
            Self::Three(cluster) => cluster.seed(),
        }
    }

    /// A service's connection, with the streams in place.
    pub async fn bus(&self) -> Bus {
        match self {
            Self::One { nats, .. } => nats.bus().await,
            Self::Three(cluster) => {
                let options = BusOptions {
                    url: cluster.url(),
                    name: "chaos".to_owned(),
                    nkey_seed: Some(cluster.seed().to_owned()),
                    replicas: 3,
                    fault: None,
                };
                let bus = Bus::connect(options).await.expect("the options are good");
                bus.ensure_topology().await.expect("the streams can be made");
                bus
            }
        }
    }

    /// What a service must be told of the servers, besides where they are.
    pub fn service_env(&self) -> Vec<(String, String)> {
        let file = match self {
            Self::One { nats, .. } => nats.dir().join("service.nk"),
            Self::Three(cluster) => cluster.server(0).dir().join("service.nk"),
        };
        std::fs::write(&file, self.seed()).expect("the folder can be written");
        vec![
            ("COMMUNE_NATS__NKEY_SEED_FILE".to_owned(), file.display().to_string()),
            ("COMMUNE_NATS__REPLICAS".to_owned(), self.count().to_string()),
        ]
    }

    pub fn kill(&mut self, index: usize) {
        match self {
            Self::One { nats, .. } => nats.kill(),
            Self::Three(cluster) => cluster.kill(index),
        }
    }

    pub async fn restart(&mut self, index: usize) {
        match self {
            Self::One { nats, .. } => nats.restart().await,
            Self::Three(cluster) => cluster.restart(index).await,
        }
    }

    pub fn pause(&self, index: usize) {
        match self {
            Self::One { nats, .. } => nats.pause(),
            Self::Three(cluster) => cluster.server(index).pause(),
        }
    }

    pub fn resume(&self, index: usize) {
        match self {
            Self::One { nats, .. } => nats.resume(),
            Self::Three(cluster) => cluster.server(index).resume(),
        }
    }

    /// Cuts one of three off from the others, or brings it back.
    pub fn isolate(&self, index: usize, cut: bool) {
        if let Self::Three(cluster) = self {
            if cut { cluster.isolate(index) } else { cluster.heal() }
        }
    }

    /// Leaves no room on the disk.
    ///
    /// # Errors
    /// Why this machine cannot.
    pub fn fill_disk(&self) -> Result<(), String> {
        match self {
            Self::One { disk: Ok(disk), .. } => {
                disk.fill();
                Ok(())
            }
            Self::One { disk: Err(why), .. } => Err(why.clone()),
            Self::Three(_) => Err("three servers have no small disk".to_owned()),
        }
    }

    pub fn free_disk(&self) {
        if let Self::One { disk: Ok(disk), .. } = self {
            disk.free();
        }
    }

    /// From now on every sync of the single server fails, until the answer is dropped.
    ///
    /// # Errors
    /// Why this machine cannot.
    pub fn failing_sync(&self) -> Result<FailingSync, String> {
        match self {
            Self::One { nats, .. } => FailingSync::attach(nats.pid(), "1+", nats.dir()),
            Self::Three(_) => Err("it is tried with one server only".to_owned()),
        }
    }

    /// A connection to look at consumers with.
    pub async fn watch(&self) -> jetstream::Context {
        let options = ConnectOptions::with_nkey(self.seed().to_owned()).retry_on_initial_connect();
        let urls: Vec<String> = self.url().split(',').map(str::to_owned).collect();
        jetstream::new(options.connect(urls).await.expect("the options are good"))
    }
}

/// Messages that durable consumers have not acknowledged yet, delivered or not, by consumer.
///
/// # Errors
/// When the server cannot be asked.
pub async fn pending(watch: &jetstream::Context) -> Result<Vec<(String, u64)>, String> {
    let mut pending = Vec::new();
    for name in StreamName::ALL {
        let stream = watch.get_stream(name.as_str()).await.map_err(|e| e.to_string())?;
        let mut consumers = stream.consumers();
        while let Some(consumer) = consumers.try_next().await.map_err(|e| e.to_string())? {
            if let Some(durable) = consumer.config.durable_name {
                pending.push((durable, consumer.num_pending + consumer.num_ack_pending as u64));
            }
        }
    }
    Ok(pending)
}
