//! `commune helpful` and `commune wrong`: what an agent has to say of an article that it read.

use clap::Args;
use commune_bus::Bus;
use commune_knowledge::{hostile, secrets};
use commune_proto::{
    AgentId, ArticlePath, NoteId,
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
pub(crate) const REASON: usize = 1024;

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
    /// Says it, once a day, and tells what became of it.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let words = self.words(session)?;
        let bus = session.bus().await?;
        let (id, said) = self.say(&bus, &words).await?;
        bus.drain().await;
        output.say(self.became(said));
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent.as_str(), "article": self.path.as_str(), "verdict": self.name(), "id": id.as_str(),
                "new": said == Said::New,
            }));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }

    /// The reason as others may read it, and the day; all of it is looked at before anybody is asked.
    pub(crate) fn words(&self, session: &Session) -> Result<Words, Failure> {
        let reason = one_line(&self.why);
        if reason.len() > REASON {
            return Err(Failure::Usage(format!("a reason has at most {REASON} bytes; this one has {}", reason.len())));
        }
        if self.verdict == Verdict::Wrong && reason.is_empty() {
            return Err(Failure::Usage("say what is wrong (`why`), so that somebody can mend it".to_owned()));
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
        Ok(Words { reason, day })
    }

    /// Says it, once a day.
    pub(crate) async fn say(&self, bus: &Bus, words: &Words) -> Result<(NoteId, Said), Failure> {
        let Words { reason, day } = words;
        let feedback = wire::Feedback {
            article: self.path.to_string(),
            verdict: self.verdict.into(),
            reason: reason.clone(),
            version: self.version,
        };
        let parts = [self.path.as_str(), &self.name(), reason, &self.version.to_string(), day];
        say(bus, &self.agent, "feedback", &parts, &feedback).await
    }

    /// What becomes of it.
    pub(crate) fn became(&self, said: Said) -> &'static str {
        match (said, self.verdict) {
            (Said::Already, _) => "already said today",
            (Said::New, Verdict::Helpful | Verdict::Worked) => "said; its contributors hear of it with the night",
            (Said::New, _) => {
                "said; its contributors hear of it now (`commune dead list` tells if it could not be taken in)"
            }
        }
    }

    fn name(&self) -> String {
        self.verdict.as_str_name().trim_start_matches("VERDICT_").to_lowercase()
    }
}

/// What is said with a verdict.
#[derive(Debug)]
pub(crate) struct Words {
    reason: String,
    day: String,
}
