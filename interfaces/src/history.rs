//! `commune history`: the revisions of an article.

use clap::Args;
use commune_proto::librarian::v1::{ArticleCurated, ListRevisionsRequest};

use crate::{connect::Session, failure::Failure, json, output::Output, read::article_path, table::Table};

/// List the revisions of an article, newest first.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The path
    path: String,
}

impl History {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let parent = format!("articles/{}", article_path(&self.path)?);
        let mut library = session.library()?;
        let mut revisions: Vec<ArticleCurated> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListRevisionsRequest { parent: parent.clone(), page_size: 1000, page_token };
            let page = library.list_revisions(request).await?.into_inner();
            revisions.extend(page.revisions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if output.is_json() {
            revisions.iter().for_each(|revision| output.json(&json::of(revision)));
            return Ok(());
        }
        let mut table = Table::new(&["REV", "NIGHT", "FROM", "TRACE", "WHY"]);
        for revision in &revisions {
            let article = revision.article.clone().unwrap_or_default();
            table.row([
                article.revision.to_string(),
                article.night,
                contributors(revision),
                revision.provenance.iter().map(|p| p.trace_id.clone()).find(|id| !id.is_empty()).unwrap_or_default(),
                revision.reason.clone(),
            ]);
        }
        output.text(&table.to_string());
        Ok(())
    }
}

/// Who contributed to a revision and how much was new: `ada +3, bo +0`.
fn contributors(revision: &ArticleCurated) -> String {
    let mut by: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for provenance in &revision.provenance {
        *by.entry(&provenance.agent).or_default() += provenance.statements_added;
    }
    by.iter().map(|(agent, added)| format!("{agent} +{added}")).collect::<Vec<_>>().join(", ")
}
