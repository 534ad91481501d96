//! `commune skill outcome`: how it went with a skill, said to those who wrote it; and what was said of one.

use clap::{Args, ValueEnum};
use commune_proto::{
    AgentId,
    agent::v1::Verdict,
    librarian::v1::{FeedbackGiven, ListFeedbackRequest},
};
use serde_json::{Value, json};

use super::bare;
use crate::{
    connect::Session,
    failure::Failure,
    feedback::Saying,
    output::{Output, one_line},
    read::article_path,
};

/// Outcomes that are shown with a skill.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Outcome {
    /// Its name
    name: String,
    /// How it went
    outcome: How,
    /// Who used it
    #[arg(long)]
    agent: AgentId,
    /// What happened; those who wrote it read it
    #[arg(long, default_value = "", hide_default_value = true)]
    why: String,
    /// The version that was used, instead of the newest
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// It worked
    Worked,
    /// It failed
    Failed,
}

impl Outcome {
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let verdict = match self.outcome {
            How::Worked => Verdict::Worked,
            How::Failed => Verdict::Failed,
        };
        let path = article_path(&format!("skills/{}", bare(&self.name)?))?;
        let saying = Saying { path, agent: self.agent, verdict, why: self.why, version: self.version };
        saying.run(session, output).await
    }
}

/// How it went with a skill, in the order of time.
pub(super) async fn outcomes(session: &Session, name: &str) -> Result<Vec<FeedbackGiven>, Failure> {
    let list = ListFeedbackRequest { parent: format!("articles/skills/{name}"), page_size: 200 };
    let mut said = session.library()?.list_feedback(list).await?.into_inner().feedback;
    said.retain(|said| said.verdict() != Verdict::Unspecified);
    Ok(said)
}

/// One outcome as JSON.
pub(super) fn json(said: &FeedbackGiven) -> Value {
    json!({
        "agent": said.agent, "outcome": word(said), "version": said.revision, "why": said.reason, "at": said.given_at,
    })
}

/// What is said with a skill: who used it with what outcome.
pub(super) fn tell(output: &Output, said: &[FeedbackGiven]) {
    let more = said.len().saturating_sub(SHOWN);
    if more > 0 {
        output.say(&format!("and {more} before these (--json)"));
    }
    for said in &said[more..] {
        let why = one_line(&said.reason);
        let why = if why.is_empty() { why } else { format!(": {why}") };
        let on = said.given_at.get(..10).unwrap_or_default();
        output.say(&format!("{on}  {} says of version {}: {}{why}", said.agent, said.revision, word(said)));
    }
}

fn word(said: &FeedbackGiven) -> &'static str {
    match said.verdict() {
        Verdict::Helpful => "helpful",
        Verdict::Wrong => "wrong",
        Verdict::Worked => "worked",
        Verdict::Failed => "failed",
        Verdict::Unspecified => "",
    }
}
