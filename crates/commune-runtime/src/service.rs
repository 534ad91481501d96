//! The life of a service: start-up and shut-down order, once for all three.
//!
//! Start: settings, telemetry, listeners, addresses file, signals, HTTP health, then the service's own `run`.
//! End: the token is cancelled, `run` drains and returns, HTTP health closes, telemetry is flushed, also after a failure.

use std::{
    future::Future,
    io::Write as _,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    grpc::{Contract, Listening},
    health::{self, Health},
    metrics::{self, Exposed},
    roster::Roster,
    settings::{self, Common},
    signals, telemetry,
};

/// What a service's `run` gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// Settings that every service has.
    pub common: Common,
    /// Cancelled when the service is to drain.
    pub stop: CancellationToken,
    /// Readiness.
    pub health: Health,
    /// The clock.
    pub clock: Clock,
    /// What is to go wrong on purpose, `COMMUNE_FAULT`; for tests.
    pub fault: Option<String>,
    /// This replica, `service@host-pid`.
    pub instance: String,
    /// Listens for gRPC; take it with [`Context::serve_grpc`].
    pub grpc: Arc<Mutex<Option<Listening>>>,
    /// Whose agents are whose, and known names.
    pub roster: Arc<Roster>,
}

impl Context {
    /// Serves gRPC until drained: the given routes, health and reflection, with a message limit of 4 MiB, each rpc to
    /// whom the contract's access table lets in. Of the descriptors, the services of this process's packages
    /// (`commune.<service>.*`) are announced.
    ///
    /// # Errors
    /// When it is served already, an rpc has no row in the table, or the transport fails.
    pub async fn serve_grpc(&self, routes: tonic::service::Routes, contract: Contract) -> anyhow::Result<()> {
        let listener = self.grpc.lock().unwrap_or_else(PoisonError::into_inner).take();
        let listener = listener.context("gRPC is served already: call serve_grpc once")?;
        let process = self.instance.split('@').next().unwrap_or_default();
        crate::grpc::serve(listener, routes, contract, process, self.health.clone(), self.stop.clone()).await
    }
}

/// The whole `main` of a service. Handles the command line `[--settings FILE] [run | settings | healthcheck]`: `settings` prints the
/// commented defaults, `healthcheck` asks the running service's `/readyz` and exits 0 or 1. Otherwise: settings, telemetry, listeners, HTTP
/// health, signals, then `run` until it returns; telemetry is flushed after failure too; exit code 0 after a drain, 1 on error (said on stderr).
pub fn main<S, F, Fut>(name: &'static str, defaults: &'static str, run: F) -> ExitCode
where
    S: settings::ServiceSettings + Send + 'static,
    F: FnOnce(S, Context) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send,
{
    let arguments = command(name).get_matches();
    let file = arguments.get_one::<PathBuf>("settings").cloned();
    if let Some(("settings", _)) = arguments.subcommand() {
        return exit(std::io::stdout().write_all(defaults.as_bytes()).context("cannot print the defaults"));
    }
    let settings: S = match settings::load(defaults, file) {
        Ok(settings) => settings,
        Err(error) => return exit(Err(error.into())),
    };
    let common = settings.common();
    if let Some(("healthcheck", _)) = arguments.subcommand() {
        return exit(crate::healthcheck::ask(&common.listen));
    }
    start(name, common, move |context| run(settings, context))
}

fn command(name: &'static str) -> clap::Command {
    let settings = clap::Arg::new("settings")
        .long("settings")
        .value_name("FILE")
        .env("COMMUNE_SETTINGS")
        .value_parser(clap::value_parser!(PathBuf))
        .global(true)
        .help("A TOML file; it goes before the defaults, and variables COMMUNE_<SECTION>__<KEY> go before it");
    clap::Command::new(name)
        .version(env!("CARGO_PKG_VERSION"))
        .about(format!("The commune's service {name}"))
        .arg(settings)
        .subcommand(clap::Command::new("run").about("Runs the service (the default)"))
        .subcommand(clap::Command::new("settings").about("Prints every setting with its default and its meaning"))
        .subcommand(
            clap::Command::new("healthcheck").about("Asks the running service whether it is ready: exit code 0 or 1"),
        )
}

fn start<F, Fut>(name: &'static str, common: Common, run: F) -> ExitCode
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    // two at least: telemetry is exported from the runtime while a worker may be busy
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit(Err(error).context("cannot start the asynchronous runtime")),
    };
    runtime.block_on(async {
        let telemetry = match telemetry::start(&common.telemetry, name) {
            Ok(telemetry) => telemetry,
            Err(error) => return exit(Err(error)),
        };
        let ended = live(name, common, telemetry.exposed(), run).await;
        match &ended {
            Ok(()) => tracing::info!("stopped"),
            // said once, and in the form that the logs have
            Err(error) => tracing::error!(error = format!("{error:#}"), "failed"),
        }
        telemetry.flush().await;
        if ended.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    })
}

async fn live<F, Fut>(name: &'static str, common: Common, exposed: Exposed, run: F) -> anyhow::Result<()>
where
    F: FnOnce(Context) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let roster = Arc::new(Roster::read(&common.commune)?);
    let addresses = Addresses::prepare(&common.listen.addresses_file)?;
    let (grpc, grpc_address) = bind("grpc", common.listen.grpc).await?;
    let grpc = Listening::new(grpc, grpc_address, &common.listen, &common.access)?;
    let (http, http_address) = bind("http", common.listen.http).await?;
    addresses.write(grpc_address, http_address)?;
    let stop = signals::drain_token()?;
    let health = Health::default();
    metrics::watch_health(&health);
    let clock = variable("COMMUNE_CLOCK_FILE").map_or_else(Clock::system, |path| {
        tracing::warn!(clock.file = path, "the clock is moved by what a file says");
        Clock::moved_by(path.into())
    });
    let ended = CancellationToken::new();
    let about = health::About { service: name, clock: clock.clone() };
    let http = tokio::spawn(health::serve_http(http, health.clone(), exposed, about, ended.clone().cancelled_owned()));
    let draining = tokio::spawn({
        let (stop, health) = (stop.clone(), health.clone());
        async move {
            stop.cancelled().await;
            health.part("process").not_ready("draining");
        }
    });
    let instance = format!("{name}@{}-{}", host(), std::process::id());
    tracing::info!(grpc.address = %grpc_address, http.address = %http_address, instance, "started");
    let grpc = Arc::new(Mutex::new(Some(grpc)));
    let context = Context { common, stop, health, clock, fault: variable("COMMUNE_FAULT"), instance, grpc, roster };
    let stop = context.stop.clone();
    let result = run(context).await;
    stop.cancel();
    ended.cancel();
    draining.abort();
    // a client that keeps its connection open does not hold up the end
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), http).await;
    result
}

async fn bind(what: &str, address: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let failed = || format!("cannot listen on {address}: is another process there? (setting listen.{what})");
    let listener = TcpListener::bind(address).await.with_context(failed)?;
    let bound = listener.local_addr().with_context(failed)?;
    Ok((listener, bound))
}

/// The file that tells where the process listens: it is there only while it is true of this process.
struct Addresses(Option<PathBuf>);

impl Addresses {
    fn prepare(path: &str) -> anyhow::Result<Self> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        let path = PathBuf::from(path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error)
                .with_context(|| format!("cannot remove the old {} (setting listen.addresses_file)", path.display())),
            _ => Ok(Self(Some(path))),
        }
    }

    /// Whoever sees the file sees all of it: it is written beside and renamed.
    fn write(&self, grpc: SocketAddr, http: SocketAddr) -> anyhow::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let mut beside = path.clone().into_os_string();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        let text = serde_json::json!({ "grpc": grpc.to_string(), "http": http.to_string() }).to_string();
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, path))
            .with_context(|| format!("cannot write {} (setting listen.addresses_file)", path.display()))
    }
}

impl Drop for Addresses {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A variable for tests, which is no setting: nobody who runs a commune shall find it among them.
#[allow(clippy::disallowed_methods, reason = "the variables for tests are read here, and only here")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The machine's name, for telling replicas apart.
fn host() -> String {
    let name = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname")).unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(63).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command("selfcare").debug_assert();
    }

    #[test]
    fn the_addresses_file_is_there_only_while_it_is_true() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("addresses.json");
        std::fs::write(&path, "of an earlier process").unwrap();
        let addresses = Addresses::prepare(path.to_str().unwrap()).unwrap();
        assert!(!path.exists());
        addresses.write("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()).unwrap();
        let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(told, serde_json::json!({ "grpc": "127.0.0.1:1", "http": "127.0.0.1:2" }));
        drop(addresses);
        assert!(!path.exists());
    }

    #[test]
    fn a_host_can_be_part_of_a_name() {
        assert!(!host().is_empty());
        assert!(host().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    }
}
