//! `commune revert`: takes back what one revision of an article changed.

use clap::Args;
use commune_proto::{AgentId, librarian::v1::RevertRevisionRequest};

use crate::{connect::Session, failure::Failure, json, output::Output, read::article_path};

/// Take back what one revision of an article changed; what came later stays.
#[derive(Debug, Args)]
pub(crate) struct Revert {
    /// The article's path
    path: String,
    /// The revision that is taken back (`commune history PATH` lists them)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    revision: u32,
    /// Who takes it back
    #[arg(long)]
    agent: AgentId,
    /// Why; whoever reads the history sees it
    #[arg(long)]
    why: String,
}

impl Revert {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = article_path(&self.path)?;
        let name = format!("articles/{path}/revisions/{}", self.revision);
        let request = RevertRevisionRequest { name, agent: self.agent.to_string(), reason: self.why };
        let answer = session.library()?.revert_revision(request).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&answer));
            return Ok(());
        }
        let now = answer.article.unwrap_or_default();
        output.say(&match answer.changed {
            true => format!("taken back: {path} is at revision {}", now.revision),
            false => "nothing of it is left to be taken back".to_owned(),
        });
        output.text(&now.revision.to_string());
        Ok(())
    }
}
