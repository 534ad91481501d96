//! `commune read`: shows an article.

use clap::Args;
use commune_proto::{
    ArticlePath, article_id,
    librarian::v1::{Article, Contested, GetArticleRequest, GetRevisionRequest, StatementSource},
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
};

/// Read an article.
#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The path, such as how-to/renew-a-certificate
    path: String,
    /// An older revision
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    revision: Option<u32>,
}

impl Read {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = article_path(&self.path)?;
        let mut library = session.library()?;
        let article = match self.revision {
            None => library.get_article(GetArticleRequest { name: format!("articles/{path}") }).await?.into_inner(),
            Some(revision) => {
                let name = format!("articles/{path}/revisions/{revision}");
                let curated = library.get_revision(GetRevisionRequest { name }).await?.into_inner();
                curated.article.unwrap_or_default()
            }
        };
        if output.is_json() {
            output.json(&json::of(&article));
        } else {
            output.text(&article.body);
            article.contested.iter().for_each(|contested| output.say(&disputed(contested)));
            output.say(&about(&article));
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
fn disputed(contested: &Contested) -> String {
    let by = |source: &StatementSource| format!("{} ({})", source.agent, source.on);
    let mut words = "contested:".to_owned();
    for statement in &contested.statements {
        let sources: Vec<String> = statement.sources.iter().map(by).collect();
        words.push_str(&format!("\n  “{}” — {}", one_line(&statement.text), sources.join(", ")));
    }
    words
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
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_a_person_writes_it() {
        for text in ["how-to/renew", "articles/how-to/renew", "/how-to/renew/", " how-to/renew "] {
            assert_eq!(article_path(text).unwrap().as_str(), "how-to/renew");
        }
        assert!(matches!(article_path("How To"), Err(Failure::Usage(_))));
    }
}
