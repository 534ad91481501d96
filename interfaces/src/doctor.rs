//! `commune doctor`: looks at everything that an operator would, and says what to do. **Nothing is made or changed.**
//!
//! One file for each thing that is looked at; what is right and what is wrong are rules with what was read, and the time, as
//! arguments.

mod disk;
mod look;
mod nights;
mod secrets;
mod server;
mod services;
mod streams;

use std::path::PathBuf;

use clap::Args;
use commune_runtime::clock::Clock;

use crate::{connect::Session, failure::Failure, home::Running, output::Output};
use look::Looks;

/// Look at server, streams, services, clocks, disk, secrets, dead letters and nights (exit code 1 when something is wrong).
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Where the NATS server tells of itself (its `http` port), such as http://127.0.0.1:8222 [default: of the running commune]
    #[arg(long, value_name = "URL", env = "COMMUNE_MONITOR")]
    monitor: Option<String>,
    /// Where a service answers over HTTP, such as http://127.0.0.1:7411; may be given again [default: of the running commune]
    #[arg(long = "service", value_name = "URL", env = "COMMUNE_SERVICES", value_delimiter = ',')]
    services: Vec<String>,
    /// A folder with keys and tokens, besides the data folder; may be given again
    #[arg(long, value_name = "DIR")]
    secrets: Vec<PathBuf>,
}

impl Doctor {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let running = session.home.running()?;
        let clock = Clock::system();
        let mut looks = Looks::default();
        let monitor = self.monitor.or_else(|| known(&running, |running| &running.monitor_url));
        let told = match &monitor {
            Some(url) => server::ask(url).await,
            None => None,
        };
        let bus = match session.bus().await {
            Ok(bus) => Some(bus),
            Err(failure) => {
                looks.wrong(
                    "server",
                    failure.to_string(),
                    "start it, or say where it is and who asks (--nats, --operator-key)",
                );
                None
            }
        };
        server::look(&mut looks, bus.as_ref(), monitor.as_deref(), told.as_ref());
        if let Some(bus) = &bus {
            server::look_at_storage(&mut looks, bus, told.as_ref()).await;
            streams::look(&mut looks, bus).await;
        }
        let addresses = match (self.services.is_empty(), &running) {
            (true, Some(running)) => running.health.values().cloned().collect(),
            _ => self.services,
        };
        services::look(&mut looks, &addresses, bus.as_ref(), &clock).await;
        disk::look(&mut looks, session.home.path(), told.as_ref().and_then(server::Told::store_dir));
        let files = [session.global.operator_key.clone(), session.global.creds.clone()].into_iter().flatten();
        let places: Vec<PathBuf> =
            std::iter::once(session.home.path().to_owned()).chain(self.secrets).chain(files).collect();
        secrets::look(&mut looks, &places);
        if let Some(bus) = &bus {
            nights::look_at_letters(&mut looks, bus, clock.now()).await;
            nights::look(&mut looks, bus, clock.now()).await;
        }
        looks.show(output)
    }
}

fn known(running: &Option<Running>, pick: impl Fn(&Running) -> &String) -> Option<String> {
    running.as_ref().map(pick).filter(|text| !text.is_empty()).cloned()
}
