//! `commune held`: what was held back from an agent's memory, and why. Never the text.

use clap::Args;
use commune_bus::{StreamName, subject};
use commune_proto::{AgentId, mutualaid::v1::AidSession};
use serde_json::json;

use crate::{connect::Session, failure::Failure, output::Output, table::Table};

const LIMIT: usize = 10_000;

/// List what was held back from an agent's memory, and why.
#[derive(Debug, Args)]
pub(crate) struct Held {
    /// The agent
    agent: AgentId,
}

impl Held {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let bus = session.bus().await?;
        let filter = format!("{}.*", subject::AID_SESSION_ALL.replace('>', self.agent.as_str()));
        let sessions = bus.read(StreamName::Aid, &[&filter], LIMIT).await?;
        let mut table = Table::new(&["NIGHT", "NOTE", "RULE", "FINGERPRINT", "WHAT TO DO"]);
        for message in &sessions {
            let aid: AidSession = message.event().map_err(Failure::error)?;
            for held in aid.held {
                if output.is_json() {
                    output.json(&json!({
                        "agent": aid.agent, "night": aid.night, "note": held.note, "rule": held.rule,
                        "advice": held.advice, "fingerprint": held.fingerprint,
                    }));
                } else {
                    table.row([aid.night.clone(), held.note, held.rule, held.fingerprint, held.advice]);
                }
            }
        }
        if sessions.is_empty() {
            return Err(Failure::NotFound(format!("no night of mutual aid is on record for {}", self.agent)));
        }
        if !output.is_json() {
            match table.is_empty() {
                true => output.say("nothing was held back"),
                false => output.text(&table.to_string()),
            }
        }
        Ok(())
    }
}
