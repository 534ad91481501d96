//! Keeps one child running: starts it again when it ends, with a growing delay, and gives up at a bound.

use std::{ffi::OsString, path::PathBuf, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{child, log::Log};

/// The delay before the first new start; it doubles with each early end.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// The longest delay.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// A child that ran for this long had a good start.
const GOOD_START: Duration = Duration::from_secs(10);

/// Early ends in a row before giving up.
const EARLY_ENDS: u32 = 6;

/// How long a child may take to finish its work after it was asked to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Variables of the command line that no service knows.
const OWN_VARIABLES: [&str; 11] = [
    "COMMUNE_CA",
    "COMMUNE_CREDS",
    "COMMUNE_HOME",
    "COMMUNE_JAEGER",
    "COMMUNE_NATS",
    "COMMUNE_LIBRARY",
    "COMMUNE_MEMORY",
    "COMMUNE_MONITOR",
    "COMMUNE_OPERATOR_KEY",
    "COMMUNE_SERVICES",
    "COMMUNE_TOKEN",
];

/// A child.
pub(super) struct Spec {
    /// Its name, for logs and messages.
    pub(super) name: &'static str,
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) arguments: Vec<OsString>,
    /// Variables of its environment, made anew for each start.
    pub(super) environment: Box<dyn Fn() -> Vec<(String, String)> + Send>,
    /// Where its words go.
    pub(super) log: Log,
}

/// What happened to a child.
#[derive(Debug)]
pub(super) enum Event {
    /// It was started.
    Started {
        /// Which.
        name: &'static str,
        /// Its process.
        pid: u32,
    },
    /// It ended and is started again.
    Died {
        /// Which.
        name: &'static str,
        /// How it ended.
        how: String,
        /// The delay.
        again_in: Duration,
    },
    /// It ended too often.
    GaveUp {
        /// Which.
        name: &'static str,
        /// How it ended.
        how: String,
        /// The last error that it told of.
        error: String,
    },
}

/// Runs the child until asked to stop; `kill` ends the patience at once.
pub(super) async fn run(spec: Spec, stop: CancellationToken, kill: CancellationToken, events: mpsc::Sender<Event>) {
    let mut early_ends = 0;
    let mut delay = FIRST_DELAY;
    while !stop.is_cancelled() {
        let started = Instant::now();
        let how = match start(&spec) {
            Err(error) => error.to_string(),
            Ok(mut child) => {
                let pid = child.id().unwrap_or_default();
                let _ = events.send(Event::Started { name: spec.name, pid }).await;
                spec.log.follow(child.stdout.take(), child.stderr.take());
                tokio::select! {
                    ended = child.wait() => ended.map_or_else(|error| error.to_string(), |status| status.to_string()),
                    () = stop.cancelled() => return end(&mut child, &kill).await,
                }
            }
        };
        if started.elapsed() > GOOD_START {
            (early_ends, delay) = (0, FIRST_DELAY);
        }
        early_ends += 1;
        if early_ends >= EARLY_ENDS {
            let _ = events.send(Event::GaveUp { name: spec.name, how, error: spec.log.last_error() }).await;
            return;
        }
        let _ = events.send(Event::Died { name: spec.name, how, again_in: delay }).await;
        tokio::select! {
            () = tokio::time::sleep(delay) => delay = (delay * 2).min(LONGEST_DELAY),
            () = stop.cancelled() => return,
        }
    }
}

fn start(spec: &Spec) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    for variable in OWN_VARIABLES {
        command.env_remove(variable);
    }
    command
        .arg(child::COMMAND)
        .arg("--parent")
        .arg(std::process::id().to_string())
        .arg("--")
        .arg(&spec.program)
        .args(&spec.arguments)
        .envs((spec.environment)())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for the parent, which ends its children in order
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

async fn end(child: &mut Child, kill: &CancellationToken) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::TERM);
    }
    tokio::select! {
        _ = child.wait() => return,
        () = tokio::time::sleep(PATIENCE) => {}
        () = kill.cancelled() => {}
    }
    let _ = child.kill().await;
}
