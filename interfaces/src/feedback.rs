//! `commune helpful` and `commune wrong`: what an agent has to say of an article that it read.

use clap::Args;
use commune_knowledge::{hostile, secrets};
use commune_proto::{
    AgentId, ArticlePath,
    agent::v1::{self as wire, Verdict},
};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::{Output, one_line},
    read::article_path,
    say::{Said, say},
};

/// Most bytes of a reason.
const REASON: usize = 1024;

/// Say that an article helped: its contributors hear of it with the night.
#[derive(Debug, Args)]
pub(crate) struct Helpful {
    /// The article's path
    path: String,
    /// Whom it helped
    #[arg(long)]
    agent: AgentId,
    /// How; its contributors read it
    #[arg(long, default_value = "", hide_default_value = true)]
    why: String,
    /// The revision, or a skill's version, instead of the one that stands
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

/// Say what is wrong in an article: its contributors hear of it at once, and whoever reads it, until it is revised.
#[derive(Debug, Args)]
pub(crate) struct Wrong {
    /// The article's path
    path: String,
    /// Who says so
    #[arg(long)]
    agent: AgentId,
    /// What is wrong; every reader sees it
    #[arg(long)]
    why: String,
    /// The revision, or a skill's version, instead of the one that stands
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    version: u32,
}

impl Helpful {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = article_path(&self.path)?;
        Saying { path, agent: self.agent, verdict: Verdict::Helpful, why: self.why, version: self.version }
            .run(session, output)
            .await
    }
}

impl Wrong {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = article_path(&self.path)?;
        Saying { path, agent: self.agent, verdict: Verdict::Wrong, why: self.why, version: self.version }
            .run(session, output)
            .await
    }
}

/// Something to be said of an article.
#[derive(Debug)]
pub(crate) struct Saying {
    /// Of which.
    pub(crate) path: ArticlePath,
    /// By whom.
    pub(crate) agent: AgentId,
    /// What.
    pub(crate) verdict: Verdict,
    /// Why.
    pub(crate) why: String,
    /// Of which revision; 0 for the one that stands.
    pub(crate) version: u32,
}

impl Saying {
    /// Says it, once a day.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let Self { path, agent, verdict, why, version } = self;
        let reason = one_line(&why);
        if reason.len() > REASON {
            return Err(Failure::Usage(format!("a reason has at most {REASON} bytes; this one has {}", reason.len())));
        }
        if verdict == Verdict::Wrong && reason.is_empty() {
            return Err(Failure::Usage("--why: say what is wrong, so that somebody can mend it".to_owned()));
        }
        // others read it: what would be held there need not be said at all
        if let Some(finding) = secrets::scan(&reason).first() {
            return Err(Failure::Refused(format!(
                "the reason seems to hold a secret ({}): say it without",
                finding.rule
            )));
        }
        if let Some(finding) = hostile::unseen(&reason).or_else(|| hostile::scan(&reason).into_iter().next()) {
            return Err(Failure::Refused(format!("the reason would be held ({}): {}", finding.rule, finding.advice)));
        }
        let day = Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string();
        let name = verdict.as_str_name().trim_start_matches("VERDICT_").to_lowercase();
        let bus = session.bus().await?;
        let feedback =
            wire::Feedback { article: path.to_string(), verdict: verdict.into(), reason: reason.clone(), version };
        let parts = [path.as_str(), &name, &reason, &version.to_string(), &day];
        let (id, said) = say(&bus, &agent, "feedback", &parts, &feedback).await?;
        bus.drain().await;
        output.say(match (said, verdict) {
            (Said::Already, _) => "already said today",
            (Said::New, Verdict::Helpful | Verdict::Worked) => "said; its contributors hear of it with the night",
            (Said::New, _) => {
                "said; its contributors hear of it now (`commune dead list` tells if it could not be taken in)"
            }
        });
        if output.is_json() {
            output.json(&json!({
                "agent": agent.as_str(), "article": path.as_str(), "verdict": name, "id": id.as_str(), "new": said == Said::New,
            }));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}
