//! `commune read`: shows an article.

use clap::Args;
use commune_proto::{
    AgentId, ArticlePath,
    agent::v1::Verdict,
    article_id,
    librarian::v1::{
        Article, Contested, FeedbackGiven, GetArticleRequest, GetRevisionRequest, ListFeedbackRequest,
        ListFeedbackResponse, StatementSource,
    },
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
};

/// Doubts that are shown with an article.
const DOUBTS: usize = 5;

/// A moment of the library.
#[derive(Debug, Args)]
pub(crate) struct Moment {
    /// As it was then: 2026-02-14, for the end of that day, or 2026-02-14T12:00:00Z
    #[arg(long, value_name = "WHEN", default_value = "", hide_default_value = true)]
    pub(crate) as_of: String,
    /// As it was after this night
    #[arg(long, value_name = "NIGHT", default_value = "", hide_default_value = true, conflicts_with = "as_of")]
    pub(crate) as_of_night: String,
}

/// Read an article.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The path, such as how-to/renew-a-certificate
    path: String,
    /// An older revision
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["as_of", "as_of_night"])]
    revision: Option<u32>,
    #[command(flatten)]
    moment: Moment,
    /// The agent that reads: the article's contributors hear with the night that somebody read it
    #[arg(long = "as", value_name = "AGENT", conflicts_with_all = ["revision", "as_of", "as_of_night"])]
    reader: Option<AgentId>,
    /// The reader came to it from the answer of a search
    #[arg(long, requires = "reader")]
    found: bool,
}

impl Read {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = article_path(&self.path)?;
        let mut library = session.library()?;
        let article = match self.revision {
            None => {
                let reader = self.reader.map(|reader| reader.to_string()).unwrap_or_default();
                let get = GetArticleRequest {
                    name: format!("articles/{path}"),
                    reader,
                    found: self.found,
                    as_of_time: self.moment.as_of,
                    as_of_night: self.moment.as_of_night,
                };
                library.get_article(get).await?.into_inner()
            }
            Some(revision) => {
                let name = format!("articles/{path}/revisions/{revision}");
                let curated = library.get_revision(GetRevisionRequest { name }).await?.into_inner();
                curated.article.unwrap_or_default()
            }
        };
        let parent = format!("articles/{path}");
        let said = library.list_feedback(ListFeedbackRequest { parent, page_size: 0 }).await?.into_inner();
        if output.is_json() {
            let mut shown = json::of(&article);
            shown["doubts"] = doubts(&said, &article).map(json::of).collect();
            output.json(&shown);
        } else if !article.redirect_to.is_empty() {
            output.say(&format!("{} went to {}", article.path, article.redirect_to));
        } else {
            if article.path != path.as_str() {
                output.say(&format!("{path} went to {}", article.path));
            }
            output.text(&article.body);
            article.contested.iter().for_each(|contested| output.say(&disputed(contested)));
            output.say(&about(&article));
            if let Some(doubted) = doubted(&said, &article) {
                output.say(&doubted);
            }
        }
        Ok(())
    }
}

/// A path as a person writes it: with or without `articles/` and slashes around it.
pub(crate) fn article_path(text: &str) -> Result<ArticlePath, Failure> {
    let bare = text.trim().trim_matches('/');
    bare.strip_prefix("articles/").unwrap_or(bare).parse().map_err(|error| Failure::Usage(format!("{error}")))
}

/// What contradicts, with who says which and since when.
pub(crate) fn disputed(contested: &Contested) -> String {
    let by = |source: &StatementSource| format!("{} ({})", source.agent, source.on);
    let mut words = "contested:".to_owned();
    for statement in &contested.statements {
        let sources: Vec<String> = statement.sources.iter().map(by).collect();
        words.push_str(&format!("\n  “{}” — {}", one_line(&statement.text), sources.join(", ")));
    }
    words
}

/// What is said to be wrong in an article as it is shown.
fn doubts<'a>(said: &'a ListFeedbackResponse, article: &'a Article) -> impl Iterator<Item = &'a FeedbackGiven> {
    said.feedback.iter().filter(|said| said.verdict() == Verdict::Wrong && said.revision == article.revision)
}

/// Who doubts the article as it is shown, and why; none when nobody does.
pub(crate) fn doubted(said: &ListFeedbackResponse, article: &Article) -> Option<String> {
    let mut reasons: Vec<String> =
        doubts(said, article).map(|doubt| format!("\n  {}: {}", doubt.agent, one_line(&doubt.reason))).collect();
    let more = reasons.len().saturating_sub(DOUBTS);
    reasons.truncate(DOUBTS);
    if more > 0 {
        reasons.push(format!("\n  and {more} more (--json)"));
    }
    // agents of one owner are one member, which the library alone knows
    let members = match said.doubts {
        _ if reasons.is_empty() => return None,
        many if said.revision == article.revision && many > 1 => format!("{many} members doubt it"),
        1 if said.revision == article.revision => "a member doubts it".to_owned(),
        _ => "it was doubted".to_owned(),
    };
    Some(format!("— {members}:{}", reasons.concat()))
}

fn about(article: &Article) -> String {
    let id = article_id(&article.path, &article.body);
    let mut words = format!("— {} (revision {}, {}, content {id})", article.path, article.revision, article.night);
    if !article.contributors.is_empty() {
        words.push_str(&format!(", by {}", article.contributors.join(", ")));
    }
    match article.confirmations {
        0 => {}
        1 => words.push_str(", confirmed by 1 other"),
        n => words.push_str(&format!(", confirmed by {n} others")),
    }
    if !article.tags.is_empty() {
        words.push_str(&format!(", tags {}", article.tags.join(", ")));
    }
    if !article.see_also.is_empty() {
        words.push_str(&format!("; see also {}", article.see_also.join(", ")));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_of_the_revision_that_is_shown_are_told_with_it() {
        let article = Article { path: "a".into(), revision: 2, ..Article::default() };
        let doubt = |agent: &str, revision: u32| FeedbackGiven {
            agent: agent.into(),
            revision,
            verdict: Verdict::Wrong.into(),
            reason: "step 3\nis gone".into(),
            ..FeedbackGiven::default()
        };
        let said = |feedback: Vec<FeedbackGiven>, doubts| ListFeedbackResponse { feedback, doubts, revision: 2 };
        assert_eq!(doubted(&said(vec![doubt("bo", 1)], 0), &article), None);
        let one = said(vec![doubt("bo", 1), doubt("cy", 2)], 1);
        assert_eq!(doubted(&one, &article).as_deref(), Some("— a member doubts it:\n  cy: step 3 is gone"));
        let old = Article { revision: 1, ..article.clone() };
        assert_eq!(doubted(&one, &old).as_deref(), Some("— it was doubted:\n  bo: step 3 is gone"));
        let many = said((0..7).map(|n| doubt(&format!("m{n}"), 2)).collect(), 7);
        let shown = doubted(&many, &article).unwrap();
        assert!(shown.starts_with("— 7 members doubt it:") && shown.ends_with("and 2 more (--json)"), "{shown}");
    }

    #[test]
    fn a_path_is_taken_as_a_person_writes_it() {
        for text in ["how-to/renew", "articles/how-to/renew", "/how-to/renew/", " how-to/renew "] {
            assert_eq!(article_path(text).unwrap().as_str(), "how-to/renew");
        }
        assert!(matches!(article_path("How To"), Err(Failure::Usage(_))));
    }
}
