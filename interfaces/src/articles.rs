//! `commune articles`: lists the library.

use clap::Args;
use commune_proto::librarian::v1::{Article, ListArticlesRequest};

use crate::{connect::Session, failure::Failure, json, output::Output, read::Moment, table::Table};

/// List the articles of the library.
#[derive(Debug, Args)]
pub(crate) struct Articles {
    /// Only paths that begin so
    #[arg(default_value = "", hide_default_value = true)]
    prefix: String,
    #[command(flatten)]
    moment: Moment,
}

impl Articles {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut library = session.library()?;
        let mut articles: Vec<Article> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListArticlesRequest {
                page_size: 1000,
                page_token,
                as_of_time: self.moment.as_of.clone(),
                as_of_night: self.moment.as_of_night.clone(),
            };
            let page = library.list_articles(request).await?.into_inner();
            articles.extend(page.articles.into_iter().filter(|article| article.path.starts_with(&self.prefix)));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if output.is_json() {
            articles.iter().for_each(|article| output.json(&json::of(article)));
        } else if articles.is_empty() {
            output.say("no articles yet: what agents share is curated by night");
        } else {
            let mut table = Table::new(&["PATH", "REV", "BY", "NIGHT", "TITLE"]);
            for article in articles {
                table.row([
                    article.path,
                    article.revision.to_string(),
                    article.contributors.join(","),
                    article.night,
                    article.title,
                ]);
            }
            output.text(&table.to_string());
        }
        Ok(())
    }
}
