//! A real nats-server with the commune's accounts, on a free port of the loopback address.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use commune_bus::{Bus, BusOptions, ServerConfiguration};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::wait::{A_WHILE, eventually_some};

/// A running server. Killed when dropped, with its store.
pub struct NatsServer {
    dir: TempDir,
    configuration: ServerConfiguration,
    seed: String,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts a server with an empty store.
    ///
    /// # Panics
    /// When there is no nats-server, or it does not come up.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let store = dir.path().join("store");
        Self::start_in(dir, &store).await
    }

    /// Starts a server that keeps its store there, such as on a disk of its own.
    ///
    /// # Panics
    /// When there is no nats-server, or it does not come up.
    pub async fn start_at(store: &Path) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder can be made"), store).await
    }

    async fn start_in(dir: TempDir, store: &Path) -> Self {
        let service = nkeys::KeyPair::new_user();
        let configuration = ServerConfiguration {
            port: 0,
            store_dir: store.to_owned(),
            services: vec![("tests".to_owned(), service.public_key())],
            trust_local_agents: true,
            ports_dir: Some(dir.path().to_owned()),
            ..ServerConfiguration::default()
        };
        let seed = service.seed().expect("a new key has a seed");
        Self::start_as(dir, configuration, seed).await
    }

    /// Starts a server of this configuration, whose port is fixed from then on.
    pub(crate) async fn start_as(dir: TempDir, configuration: ServerConfiguration, seed: String) -> Self {
        let mut server = Self { dir, configuration, seed, child: None };
        server.begin().await;
        server
    }

    /// `nats://host:port`.
    pub fn url(&self) -> String {
        format!("nats://{}:{}", self.configuration.listen, self.configuration.port)
    }

    /// The seed of a service's key. Who comes without one is an agent.
    pub fn seed(&self) -> &str {
        &self.seed
    }

    /// The folder of the server: its configuration, its log, its store.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A service's connection, without the streams.
    ///
    /// # Panics
    /// When the options are refused.
    pub async fn connect(&self, name: &str) -> Bus {
        let options = BusOptions {
            url: self.url(),
            name: name.to_owned(),
            nkey_seed: Some(self.seed.clone()),
            replicas: 1,
            fault: None,
        };
        Bus::connect(options).await.expect("the options are good")
    }

    /// A service's connection, with the streams in place.
    ///
    /// # Panics
    /// When the streams cannot be made.
    pub async fn bus(&self) -> Bus {
        let bus = self.connect("tests").await;
        bus.ensure_topology().await.expect("the streams can be made");
        bus
    }

    /// An agent's connection: any client, no credentials.
    ///
    /// # Panics
    /// When it cannot connect.
    pub async fn agent(&self) -> async_nats::Client {
        async_nats::connect(self.url()).await.expect("an agent can connect")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // it may be gone already
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The process.
    ///
    /// # Panics
    /// When it does not run.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// `SIGSTOP`: it is there and says nothing.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// `SIGCONT`: it goes on where it was.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// `SIGHUP`: it reads its configuration again.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process has an id");
        kill_process(pid, signal).expect("the server runs");
    }

    /// Starts again with the same port and store; kills it first when it still runs.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart(&mut self) {
        self.kill();
        self.begin().await;
    }

    /// Where the server keeps what it has.
    pub fn store_dir(&self) -> &Path {
        &self.configuration.store_dir
    }

    /// Starts again with the same port and an empty store; kills it first when it still runs.
    ///
    /// # Panics
    /// When it does not come up.
    pub async fn restart_wiped(&mut self) {
        self.kill();
        std::fs::remove_dir_all(self.store_dir()).expect("the store can be removed");
        self.begin().await;
    }

    async fn begin(&mut self) {
        let file = self.dir.path().join("nats.conf");
        std::fs::write(&file, self.configuration.render()).expect("the folder can be written");
        let log = self.dir.path().join("nats.log");
        let out = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let binary = nats_server_path();
        let child = Command::new(&binary)
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("`{}` does not start: {error}", binary.display()));
        let ports = self.dir.path().join(format!("nats-server_{}.ports", child.id()));
        self.child = Some(child);
        self.configuration.port = eventually_some(A_WHILE, "the server is up", || {
            let port = std::fs::read(&ports).ok().and_then(|text| port_of(&text));
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("the server ended with {status}:\n{log}");
            }
            async move { port }
        })
        .await;
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.dir.path().join("nats.log")).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("the end of the server's log, newest first:\n{}", tail.join("\n"));
        }
    }
}

/// The server to test with: `NATS_SERVER`, else the workspace's own, else the one on the PATH.
pub fn nats_server_path() -> PathBuf {
    if let Some(path) = std::env::var_os("NATS_SERVER") {
        return path.into();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/bin/nats-server");
    if own.exists() { own } else { PathBuf::from("nats-server") }
}

fn port_of(ports: &[u8]) -> Option<u16> {
    let ports: serde_json::Value = serde_json::from_slice(ports).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
