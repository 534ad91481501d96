//! `commune rest`: lets an agent rest.

use clap::Args;
use commune_proto::{AgentId, agent::v1 as wire};
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
        let until = self.until.map(|date| date.to_string()).unwrap_or_default();
        let bus = session.bus().await?;
        let rest = wire::Rest { until: until.clone() };
        // the newest word counts, so that each is a message of its own, whatever was said before
        let now = Clock::system().now().to_string();
        let (id, _) = say(&bus, &self.agent, "rest", &[&until, &now], &rest).await?;
        bus.drain().await;
        output.say(&match self.until {
            Some(date) => format!("{} rests until {date}; its memory is tidied, nothing is shared", self.agent),
            None => format!("{} no longer rests", self.agent),
        });
        if output.is_json() {
            output.json(&json!({"agent": self.agent.as_str(), "id": id.as_str(), "until": until}));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}
