//! The NATS server of one commune: a real one on a free port.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use futures::TryStreamExt;
use tokio::process::{Child, Command};

use super::process::listening;

/// A running server. Killed when dropped.
pub struct Server {
    address: String,
    _child: Child,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Starts a server in a folder of its own.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let port = super::port();
        let configuration = format!(
            "listen: 127.0.0.1:{port}\nmax_payload: 1MB\njetstream {{ store_dir: \"{}\", sync_interval: always }}\n",
            dir.path().display()
        );
        let file = dir.path().join("nats.conf");
        std::fs::write(&file, configuration).expect("the folder can be written");
        let child = Command::new(binary())
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("nats-server can be started");
        let address = format!("127.0.0.1:{port}");
        listening(&address).await;
        Self { address, _child: child, _dir: dir }
    }

    /// `nats://host:port`.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// The seed of a service's key; none where the server trusts every connection.
    pub fn service_seed(&self) -> Option<String> {
        None
    }

    /// What a service must be told to reach the server.
    pub fn service_env(&self) -> Vec<(String, String)> {
        vec![("COMMUNE_NATS__URL".to_owned(), self.url())]
    }

    /// Messages that durable consumers have not acknowledged yet, delivered or not.
    pub async fn pending(&self) -> u64 {
        let client = async_nats::connect(self.url()).await.expect("the server answers");
        let context = async_nats::jetstream::new(client);
        let mut pending = 0;
        for name in commune_bus::StreamName::ALL {
            let stream = context.get_stream(name.as_str()).await.expect("the stream is there");
            let mut consumers = stream.consumers();
            while let Some(consumer) = consumers.try_next().await.expect("consumers can be listed") {
                if consumer.config.durable_name.is_some() {
                    pending += consumer.num_pending + consumer.num_ack_pending as u64;
                }
            }
        }
        pending
    }
}

/// The server's program: as told, else as installed in the workspace, else from the path.
fn binary() -> PathBuf {
    if let Some(told) = std::env::var_os("NATS_SERVER") {
        return told.into();
    }
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/nats-server");
    if installed.exists() { installed } else { "nats-server".into() }
}
