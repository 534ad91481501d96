//! `commune rest`: lets an agent rest.

use clap::Args;
use commune_bus::Bus;
use commune_proto::{AgentId, NoteId, agent::v1 as wire};
use commune_runtime::clock::Clock;
use jiff::civil::Date;
use serde_json::json;

use crate::{connect::Session, failure::Failure, output::Output, say::say};

/// Let an agent rest: nothing is shared from its memory until the rest is over.
#[derive(Debug, Args)]
pub(crate) struct Rest {
    /// Who rests
    agent: AgentId,
    /// The last day of rest
    #[arg(long, value_name = "DATE", required_unless_present = "end", conflicts_with = "end")]
    until: Option<Date>,
    /// End the rest now
    #[arg(long)]
    end: bool,
}

impl Rest {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let bus = session.bus().await?;
        let id = rest(&bus, &self.agent, self.until).await?;
        bus.drain().await;
        output.say(&words(&self.agent, self.until));
        if output.is_json() {
            let until = self.until.map(|date| date.to_string()).unwrap_or_default();
            output.json(&json!({"agent": self.agent.as_str(), "id": id.as_str(), "until": until}));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}

/// Says that an agent rests until the end of a day, or no longer does. The newest word counts, so that each is a message of
/// its own, whatever was said before.
pub(crate) async fn rest(bus: &Bus, agent: &AgentId, until: Option<Date>) -> Result<NoteId, Failure> {
    let rest = wire::Rest { until: until.map(|date| date.to_string()).unwrap_or_default() };
    let now = Clock::system().now().to_string();
    let (id, _) = say(bus, agent, "rest", &[&rest.until, &now], &rest).await?;
    Ok(id)
}

/// What that means.
pub(crate) fn words(agent: &AgentId, until: Option<Date>) -> String {
    match until {
        Some(date) => format!("{agent} rests until {date}; its memory is tidied, nothing is shared"),
        None => format!("{agent} no longer rests"),
    }
}
