//! `commune up`: the commune on this machine, in one terminal: NATS and the three services as child processes.

pub(crate) mod child;
mod configuration;
mod fingerprint;
mod keys;
mod log;
mod nats;
mod restored;
mod services;
mod stop;
mod supervise;
mod tokens;
mod traces;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    connect::{DEFAULT_TIME_ZONE, Session},
    failure::Failure,
    home::Running,
    http,
    members::{ACCOUNTS_FILE, Members},
    output::Output,
};
use configuration::LetIn;
use keys::Keys;
use services::Services;
use stop::Stop;
use supervise::Event;
use traces::Traces;

/// How long each part has to get ready.
const READY: Duration = Duration::from_secs(60);

/// Start the commune on this machine: NATS and the three services, until Ctrl-C.
///
/// Everything is kept in one data folder (--home). With --nats an existing server is used instead of one of its
/// own. The first Ctrl-C lets everything finish its work and stops it; a second one kills it.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// The port of NATS [default: 4222, or a free one]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Let nobody in without credentials: `commune agent add` makes an agent's. Once so, always so
    #[arg(long)]
    secure: bool,
    /// The address that NATS listens on; another than this machine's own needs --secure
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The program nats-server
    #[arg(long, value_name = "PATH", env = "NATS_SERVER")]
    nats_server: Option<PathBuf>,
    /// Keep the traces of late in memory and show them as pages; or send them to this OTLP gRPC endpoint, such as
    /// http://127.0.0.1:4317
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "")]
    traces: Option<String>,
    /// The commune's time zone
    #[arg(long, value_name = "ZONE", default_value = DEFAULT_TIME_ZONE)]
    zone: String,
    /// A setting of one service, such as selfcare.night.time=03:30; may be given again
    #[arg(long = "set", value_name = "SERVICE.SECTION.KEY=VALUE", value_parser = services::setting)]
    settings: Vec<services::Setting>,
    /// Use any free ports, not the usual ones
    #[arg(long)]
    free_ports: bool,
    /// Begin with what a backup says (`commune backup`); the data folder holds no streams yet
    #[arg(long, value_name = "DIR")]
    restore: Option<PathBuf>,
    /// Do not show the logs; they are in the data folder
    #[arg(long, short)]
    quiet: bool,
}

/// What ends `commune up`.
enum End {
    Signal,
    GaveUp(Failure),
}

/// The running parts.
struct Parts {
    services: JoinSet<()>,
    services_stop: CancellationToken,
    nats: JoinSet<()>,
    nats_stop: CancellationToken,
    /// Cancelled by the second signal: no more patience.
    kill: CancellationToken,
}

impl Up {
    /// Runs the command.
    pub(crate) async fn run(mut self, session: &Session, output: &Output) -> Result<(), Failure> {
        let zone = session.time_zone(Some(&self.zone))?;
        let home = &session.home;
        self.check_safety(session)?;
        let _lock = home.lock()?;
        home.withdraw();
        let mut stop = Stop::new()?;
        let (events, mut told) = mpsc::channel(64);
        let mut parts = Parts {
            services: JoinSet::new(),
            services_stop: CancellationToken::new(),
            nats: JoinSet::new(),
            nats_stop: CancellationToken::new(),
            kill: CancellationToken::new(),
        };
        let mut running = Running { time_zone: self.zone.clone(), ..Running::default() };
        running.pids.insert("up".to_owned(), std::process::id());
        // kept until every part has ended and has told what it did
        let _traces = self.show_traces(zone, &mut running).await?;
        let starting = self.start(session, output, &mut parts, events, &mut told, &mut running);
        let end = tokio::select! {
            started = starting => started.err().map(End::GaveUp),
            () = stop.first() => Some(End::Signal),
        };
        let end = match end {
            Some(end) => end,
            None => {
                said_ready(&running, session, output);
                self.keep(session, output, &mut told, &mut running, &mut stop).await
            }
        };
        if matches!(end, End::Signal) {
            output.say("stopping: every part finishes what it has begun; Ctrl-C again kills");
        }
        told.close();
        parts.shut_down(&mut stop).await;
        home.withdraw();
        match end {
            End::Signal => {
                output.say("stopped");
                Ok(())
            }
            End::GaveUp(failure) => Err(failure),
        }
    }

    /// Shows the traces itself when asked to; from then on the services export as if this address had been given.
    async fn show_traces(&mut self, zone: TimeZone, running: &mut Running) -> Result<Option<Traces>, Failure> {
        if self.traces.as_deref() != Some("") {
            return Ok(None);
        }
        let traces = Traces::start(self.free_ports, zone).await?;
        self.traces = Some(traces.endpoint.clone());
        running.traces_url.clone_from(&traces.page);
        Ok(Some(traces))
    }

    /// Nothing is opened to others by mistake.
    fn check_safety(&self, session: &Session) -> Result<(), Failure> {
        if session.global.nats.is_some() {
            return match self.secure {
                true => Err(Failure::Usage(
                    "--secure is for the server that `commune up` starts; one of your own (--nats) lets in whom its \
                     configuration names: `commune agent server` writes one"
                        .to_owned(),
                )),
                false => Ok(()),
            };
        }
        if !self.secure && !self.listen.is_loopback() {
            return Err(Failure::Refused(format!(
                "--listen {} would let anybody who reaches this machine speak for any agent: add --secure",
                self.listen
            )));
        }
        if !self.secure && Members::are_in(session.home.path()) {
            return Err(Failure::Refused(format!(
                "the commune in {} lets nobody in without credentials: start it with --secure",
                session.home.path().display()
            )));
        }
        Ok(())
    }

    /// Starts the parts in order and waits until all are ready.
    async fn start(
        &self,
        session: &Session,
        output: &Output,
        parts: &mut Parts,
        events: mpsc::Sender<Event>,
        told: &mut mpsc::Receiver<Event>,
        running: &mut Running,
    ) -> Result<(), Failure> {
        let home = session.home.path();
        let keys = match &session.global.nats {
            Some(url) => {
                running.nats_url = url.clone();
                Keys::foreign(session.global.operator_key.as_deref())?
            }
            None => {
                if self.restore.is_none() {
                    services::store_is_there(home)?;
                }
                let keys = if self.secure { secured(home)? } else { Keys::own(&home.join("keys"))? };
                let let_in = if self.secure { LetIn::Signed(ACCOUNTS_FILE) } else { LetIn::ThisMachine(&keys) };
                let asked = self.nats_server.as_deref();
                let nats = nats::Nats::prepare(home, asked, self.port, self.free_ports, (self.listen, let_in))?;
                running.nats_url = nats.url();
                running.monitor_url = nats.monitor_url();
                running.secure = self.secure;
                if self.secure {
                    running.operator_token_file = tokens::Tokens::own(home)?.operator.display().to_string();
                }
                output.say(&if self.secure {
                    "secure: nobody is let in without credentials; `commune agent add ID` makes an agent's".to_owned()
                } else {
                    let url = &running.nats_url;
                    format!("every program on this machine is trusted: at {url} it may speak for any agent (--secure)")
                });
                let spec = nats.spec(home, !self.quiet);
                parts.nats.spawn(supervise::run(spec, parts.nats_stop.clone(), parts.kill.clone(), events.clone()));
                keys
            }
        };
        if session.global.nats.is_none() {
            let url = running.nats_url.clone();
            until(told, running, output, "nats", READY, async || http::listens(&url).await.then_some(())).await?;
        }
        if let Some(operator) = keys.file("operator") {
            running.operator_key_file = operator.display().to_string();
        }
        if let Some(folder) = &self.restore {
            restored::begin_with(folder, home, running, output).await?;
        }
        let services = Services::new(home, self, &running.nats_url, &keys, session.global.nats.is_none())?;
        for group in services::ORDER {
            for service in *group {
                let spec = services.spec(service, !self.quiet);
                let stop = parts.services_stop.clone();
                parts.services.spawn(supervise::run(spec, stop, parts.kill.clone(), events.clone()));
            }
            for service in *group {
                let found = until(told, running, output, service, READY, async || services.addresses(service)).await?;
                running.health.insert((*service).to_owned(), format!("http://{}", found.http));
                match *service {
                    "selfcare" => running.selfcare_grpc = format!("http://{}", found.grpc),
                    "librarian" => running.librarian_grpc = format!("http://{}", found.grpc),
                    _ => {}
                }
            }
        }
        session.home.announce(running)?;
        for (service, address) in running.health.clone() {
            let ready = async || http::get(&address, "/readyz").await.filter(|(status, _)| *status == 200).map(|_| ());
            until(told, running, output, &service, READY, ready).await?;
        }
        session.home.announce(running)?;
        Ok(())
    }

    /// Keeps `commune.json` true until a signal comes or a part gives up.
    async fn keep(
        &self,
        session: &Session,
        output: &Output,
        told: &mut mpsc::Receiver<Event>,
        running: &mut Running,
        stop: &mut Stop,
    ) -> End {
        loop {
            let event = tokio::select! {
                () = stop.first() => return End::Signal,
                () = session.home.gone() => {
                    let home = session.home.path().display();
                    return End::GaveUp(Failure::error(format!("the data folder {home} was taken away: stopping")));
                }
                event = told.recv() => event,
            };
            let done = match event {
                None => Err(Failure::error("every part ended")),
                Some(event) => take(event, running, output),
            };
            let announced = done.and_then(|()| session.home.announce(running).map_err(Failure::from));
            if let Err(failure) = announced {
                return End::GaveUp(failure);
            }
        }
    }
}

/// The credentials of the services; the server's accounts are written, and the streams are where it looks for them.
fn secured(home: &Path) -> Result<Keys, Failure> {
    let members = Members::open_or_make(home)?;
    let keys = Keys::signed(&members)?;
    let account = members.write_accounts()?;
    // the server keeps streams in a folder with the account's name, and a signed account's name is its key
    let store = home.join("nats/jetstream");
    let (open, signed) = (store.join("COMMUNE"), store.join(account));
    if open.exists() && !signed.exists() {
        std::fs::rename(&open, &signed)
            .with_context(|| format!("cannot hand over the streams in {}", open.display()))?;
    }
    Ok(keys)
}

/// Waits for a state of a part, taking events meanwhile.
async fn until<T>(
    told: &mut mpsc::Receiver<Event>,
    running: &mut Running,
    output: &Output,
    part: &str,
    within: Duration,
    state: impl AsyncFn() -> Option<T>,
) -> Result<T, Failure> {
    let deadline = tokio::time::Instant::now() + within;
    loop {
        if let Some(found) = state().await {
            return Ok(found);
        }
        if tokio::time::Instant::now() > deadline {
            return Err(Failure::Unavailable(format!(
                "{part} did not get ready within {} s; its log says why",
                within.as_secs()
            )));
        }
        if let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(50), told.recv()).await {
            take(event, running, output)?;
        }
    }
}

fn take(event: Event, running: &mut Running, output: &Output) -> Result<(), Failure> {
    match event {
        Event::Started { name, pid } => {
            running.pids.insert(name.to_owned(), pid);
            Ok(())
        }
        Event::Died { name, how, again_in } => {
            running.pids.remove(name);
            output.say(&format!("{name} ended ({how}); starting it again in {:.1} s", again_in.as_secs_f32()));
            Ok(())
        }
        Event::GaveUp { name, how, error } => Err(Failure::error(format!(
            "{name} ends again and again ({how}): giving up. {error}\n\
             More is in its log, logs/{name}.log of the data folder"
        ))),
    }
}

fn said_ready(running: &Running, session: &Session, output: &Output) {
    if output.is_json() {
        output.json(&json!({"ready": true, "home": session.home.path(), "running": running}));
    }
    let home = match &session.global.home {
        Some(home) => format!(" --home {}", home.display()),
        None => String::new(),
    };
    let traces = match running.traces_url.as_str() {
        "" => String::new(),
        page => format!("traces {page} · "),
    };
    output.say(&format!(
        "the commune is ready: {} · memory {} · library {} · {traces}data {} · try: commune{home} note ada \"…\", then \
         commune{home} night run",
        running.nats_url,
        running.selfcare_grpc,
        running.librarian_grpc,
        session.home.path().display()
    ));
}

impl Parts {
    /// Services first, then NATS; the second signal kills.
    async fn shut_down(&mut self, stop: &mut Stop) {
        let kill = self.kill.clone();
        let orderly = async {
            self.services_stop.cancel();
            while self.services.join_next().await.is_some() {}
            self.nats_stop.cancel();
            while self.nats.join_next().await.is_some() {}
        };
        tokio::pin!(orderly);
        tokio::select! {
            () = &mut orderly => return,
            () = stop.second() => kill.cancel(),
        }
        orderly.await;
    }
}
