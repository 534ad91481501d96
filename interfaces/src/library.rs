//! `commune library`: what the checks of a night find in the library.

use clap::{Args, Subcommand};
use commune_proto::librarian::v1::{CheckLibraryRequest, LibraryFinding};

use crate::{connect::Session, failure::Failure, json, output::Output, table::Table};

/// Look for what is wrong with the library's pages.
#[derive(Debug, Args)]
pub(crate) struct Library {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is to be mended, and what somebody has to look at
    Check(Check),
}

#[derive(Debug, Args)]
struct Check {
    /// Only what this check finds, such as links
    #[arg(default_value = "", hide_default_value = true)]
    check: String,
}

impl Library {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let Command::Check(Check { check }) = self.command;
        let mut library = session.library()?;
        let mut found: Vec<LibraryFinding> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = CheckLibraryRequest { page_size: 1000, page_token, check: check.clone() };
            let page = library.check_library(request).await?.into_inner();
            found.extend(page.findings);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if output.is_json() {
            found.iter().for_each(|finding| output.json(&json::of(finding)));
        } else if found.is_empty() {
            output.say("nothing to be mended or looked at");
        } else {
            let mut table = Table::new(&["CHECK", "ARTICLE", "NEXT", "FOUND"]);
            for finding in found {
                let next = if finding.mends { "mended by night" } else { "to be looked at" };
                let path = finding.name.strip_prefix("articles/").unwrap_or(&finding.name).to_owned();
                table.row([finding.check, path, next.to_owned(), finding.what]);
            }
            output.text(&table.to_string());
        }
        Ok(())
    }
}
