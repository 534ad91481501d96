//! `commune diff`: what changed between two revisions.

use clap::Args;
use commune_proto::librarian::v1::DiffRevisionsRequest;

use crate::{connect::Session, failure::Failure, json, output::Output, read::article_path};

/// Show what changed between two revisions of an article.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The path
    path: String,
    /// The older revision [default: the one before]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    from: u32,
    /// The newer revision [default: the newest]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    to: u32,
}

impl Diff {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = format!("articles/{}", article_path(&self.path)?);
        let request = DiffRevisionsRequest { name, from: self.from, to: self.to };
        let diff = session.library()?.diff_revisions(request).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&diff));
        } else if diff.unified_diff.is_empty() {
            output.say(&format!("revisions {} and {} have the same text", diff.from, diff.to));
        } else {
            output.text(&diff.unified_diff);
        }
        Ok(())
    }
}
