//! `commune status`: whether every part is ready.

use clap::Args;
use serde_json::json;

use crate::{connect::Session, failure::Failure, http, output::Output, table::Table};

/// Tell whether every part is ready (exit code 4 when one is not).
#[derive(Debug, Args)]
pub(crate) struct Status {}

impl Status {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let running = session.running()?;
        let mut table = Table::new(&["PART", "STATE", "WHERE", "PID", "DETAIL"]);
        let mut parts = Vec::new();
        let mut all_ready = true;
        let nats = http::listens(&running.nats_url).await;
        let mut add = |part: &str, ready: bool, state: &str, at: &str, detail: String| {
            all_ready &= ready;
            let pid = running.pids.get(part);
            parts.push(json!({"part": part, "ready": ready, "state": state, "at": at, "pid": pid, "detail": detail}));
            let pid = pid.map(u32::to_string).unwrap_or_default();
            table.row([part.to_owned(), state.to_owned(), at.to_owned(), pid, detail]);
        };
        add("nats", nats, if nats { "ready" } else { "down" }, &running.nats_url, String::new());
        for (service, address) in &running.health {
            match http::get(address, "/readyz").await {
                Some((200, _)) => add(service, true, "ready", address, String::new()),
                Some((_, body)) => add(service, false, "not ready", address, body),
                None => add(service, false, "down", address, "no answer".to_owned()),
            }
        }
        match output.is_json() {
            true => output.json(&json!({"ready": all_ready, "parts": parts})),
            false => output.text(&table.to_string()),
        }
        if all_ready {
            Ok(())
        } else {
            Err(Failure::Unavailable("not every part is ready; the logs are beside commune.json, in logs/".to_owned()))
        }
    }
}
