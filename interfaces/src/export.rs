//! `commune export`: writes the library, how it came to be, or an agent's memory into a folder, for other programs to read.
//!
//! One-way: what is written is never read back as if it had been said. **What the detector of secrets finds something in is not
//! written**, is told, and the exit code says so.

mod folder;
mod git;
mod llms;
pub(crate) mod page;
mod report;
mod shelf;
mod vault;
mod workspace;

use clap::{Args, Subcommand};
use commune_knowledge::secrets;
use commune_proto::librarian::v1::{WatchArticlesRequest, WatchArticlesResponse};
use tonic::Streaming;

use crate::{connect::Session, failure::Failure, output::Output};

/// Write the library, how it came to be, or an agent's memory into a folder.
///
/// An export is one-way: write into its folder what you like, and it stays; but the commune does not read it. A second export writes only what
/// changed.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The library as a folder of Markdown, ready for Quartz and Obsidian
    Vault(vault::Vault),
    /// The library as llms.txt and llms-full.txt
    Llms(llms::Llms),
    /// The library and how it came to be as a git repository, one commit for each revision
    Git(git::Git),
    /// An agent's own memory: the brief, the diary, the notes and the archive, and its artifacts
    Workspace(workspace::Workspace),
}

impl Export {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match self.command {
            Command::Vault(vault) => vault.run(session, output).await,
            Command::Llms(llms) => llms.run(session, output).await,
            Command::Git(git) => git.run(session, output).await,
            Command::Workspace(workspace) => workspace.run(session, output).await,
        }
    }
}

/// Every revision of the library up to now, in the order in which they were made.
async fn history(session: &Session) -> Result<Streaming<WatchArticlesResponse>, Failure> {
    let request = WatchArticlesRequest { after_sequence: 0, until_now: true };
    Ok(session.library()?.watch_articles(request).await?.into_inner())
}

/// Why a text is not written; none when no secret is found in it.
fn secret(text: &str) -> Option<String> {
    let finding = secrets::scan(text).into_iter().next()?;
    Some(format!("line {} looks like a secret ({})", finding.line, finding.rule))
}
