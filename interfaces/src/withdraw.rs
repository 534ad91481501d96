//! `commune withdraw`: takes back what was drawn from a note.

use clap::Args;
use commune_bus::Bus;
use commune_proto::{AgentId, NoteId, agent::v1 as wire};
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::{Output, one_line},
    say::{Said, say},
};

/// Most bytes of a reason.
const REASON: usize = 1024;

/// Take back what was drawn from a note: it leaves the library at the next revision, and nothing more is drawn from it.
#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// The note's id (`commune memory AGENT --state all`)
    note: NoteId,
    /// Whose note it is
    #[arg(long)]
    agent: AgentId,
    /// Why; stays with what the agent said
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

impl Withdraw {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let reason = one_line(&self.reason);
        if reason.len() > REASON {
            return Err(Failure::Usage(format!("a reason has at most {REASON} bytes; this one has {}", reason.len())));
        }
        let bus = session.bus().await?;
        let (id, said) = withdraw(&bus, &self.agent, &self.note, reason).await?;
        bus.drain().await;
        output.say(match said {
            Said::New => {
                "withdrawn: what was drawn from it leaves the library now, and nothing more is drawn from it; old revisions keep it"
            }
            Said::Already => "already withdrawn",
        });
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent.as_str(), "note": self.note.as_str(), "id": id.as_str(), "new": said == Said::New,
            }));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}

/// Says once for all that a note is withdrawn: there is no taking it back.
pub(crate) async fn withdraw(
    bus: &Bus,
    agent: &AgentId,
    note: &NoteId,
    reason: String,
) -> Result<(NoteId, Said), Failure> {
    let withdraw = wire::Withdraw { note: note.to_string(), reason };
    say(bus, agent, "withdraw", &[note.as_str()], &withdraw).await
}
