//! `commune need`: asks the commune what an agent could not answer.

use clap::Args;
use commune_bus::Bus;
use commune_proto::{AgentId, NoteId, agent::v1 as wire};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::{Output, one_line},
    say::{Said, say},
};

/// Most bytes of a question.
pub(crate) const QUESTION: usize = 1024;

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
        let question = Question::of(&self.question, session)?;
        let bus = session.bus().await?;
        let (id, said) = question.ask(&bus, &self.agent).await?;
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

/// A question that can be asked.
#[derive(Debug)]
pub(crate) struct Question {
    text: String,
    day: String,
}

impl Question {
    /// The question on one line, of today.
    pub(crate) fn of(text: &str, session: &Session) -> Result<Self, Failure> {
        let text = one_line(text);
        if text.is_empty() || text.len() > QUESTION {
            return Err(Failure::Usage(format!("a question has 1 to {QUESTION} bytes; this one has {}", text.len())));
        }
        let day = Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string();
        Ok(Self { text, day })
    }

    /// Asks it as an agent, once a day.
    pub(crate) async fn ask(&self, bus: &Bus, agent: &AgentId) -> Result<(NoteId, Said), Failure> {
        let need = wire::Need { question: self.text.clone() };
        say(bus, agent, "need", &[&self.text, &self.day], &need).await
    }
}
