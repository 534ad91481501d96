//! `commune export git`: the library and how it came to be, as a git repository with one commit for each revision.
//!
//! The author of a commit is the agent, its date the night, its message the reason; who else contributed is a co-author. The files are those of the
//! vault. The same library gives the same commits, byte for byte, so that two exports of it have the same ids. What is new is written by `git
//! fast-import` below `refs/commune/exported`, all or nothing; then the branch is brought there, as far as nothing was changed by hand.

mod commit;
mod repository;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{history, report};
use crate::{connect::Session, failure::Failure, output::Output, progress};
use commit::Commits;
use repository::{Repository, Tip};

/// Write the library as a git repository, with one commit for each revision.
///
/// The author is the agent, the date the night, the message the reason. A second export adds only what is new. Needs the program git.
#[derive(Debug, Args)]
pub(crate) struct Git {
    /// The folder; made where there is none. It is empty, or of an earlier export
    dir: PathBuf,
}

impl Git {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let repository = Repository::open(&self.dir).await?;
        let tip = repository.tip().await?;
        let through = tip.as_ref().map_or(0, |tip| tip.sequence);
        let mut commits = Commits::new(tip.as_ref().map(|tip| tip.commit.as_str()));
        let mut revisions = history(session).await?;
        let mut import = None;
        let (mut new, mut met) = (0_usize, tip.is_none());
        let counter = progress::counter("revisions read");
        while let Some(next) = revisions.message().await? {
            counter.inc(1);
            let (sequence, revision) = (next.sequence, next.revision.unwrap_or_default());
            let is_new = sequence > through;
            let Some(commit) = commits.of(sequence, &revision, is_new) else {
                met |= tip.as_ref().is_some_and(|tip: &Tip| tip.is(sequence, &revision));
                continue;
            };
            if !met {
                break;
            }
            if import.is_none() {
                import = Some(repository.import().await?);
            }
            if let Some(import) = &mut import {
                import.write(&commit).await?;
                new += 1;
            }
        }
        counter.finish_and_clear();
        if !met {
            return Err(Failure::Refused(format!(
                "{} holds the history of another library: export into an empty folder",
                self.dir.display()
            )));
        }
        if let Some(import) = import {
            import.end().await?;
        }
        let kept = repository.bring_up().await?;
        let held = commits.held();
        if output.is_json() {
            let dir = self.dir.display().to_string();
            output.json(&json!({
                "folder": dir, "commits": {"new": new}, "changed_by_hand": kept, "held": report::json_of(&held),
            }));
        } else {
            output.text(&format!(
                "{new} new {} in {}",
                if new == 1 { "commit" } else { "commits" },
                self.dir.display()
            ));
            kept.iter().for_each(|file| output.say(&format!("kept {file}: changed by hand")));
        }
        report::end(output, &held)
    }
}
