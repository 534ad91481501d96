//! `commune need`: asks the commune what an agent could not answer.

use clap::Args;
use commune_proto::{AgentId, agent::v1 as wire};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::{Output, one_line},
    say::{Said, say},
};

/// Ask the commune what an agent could not answer.
#[derive(Debug, Args)]
pub(crate) struct Need {
    /// Who asks
    agent: AgentId,
    /// The question, one line
    question: String,
}

impl Need {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let question = one_line(&self.question);
        if question.is_empty() || question.len() > 1024 {
            return Err(Failure::Usage(format!("a question has 1 to 1,024 bytes; this one has {}", question.len())));
        }
        let day = Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string();
        let bus = session.bus().await?;
        let need = wire::Need { question: question.clone() };
        let (id, said) = say(&bus, &self.agent, "need", &[&question, &day], &need).await?;
        bus.drain().await;
        output.say(match said {
            Said::New => "asked; `commune needs --open` lists what waits for an answer",
            Said::Already => "already asked today",
        });
        if output.is_json() {
            output.json(&json!({"agent": self.agent.as_str(), "id": id.as_str(), "new": said == Said::New}));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}
