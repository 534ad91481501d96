//! `commune needs`: questions that the library could not answer; open ones first, the oldest and most asked of them first.

use clap::Args;
use commune_proto::librarian::v1::{ListNeedsRequest, NeedState, NeedSummary};

use crate::{connect::Session, failure::Failure, json, output::Output, table::Table};

/// List questions that the library could not answer.
#[derive(Debug, Args)]
pub(crate) struct Needs {
    /// Only those that wait for an answer
    #[arg(long, conflicts_with = "answered")]
    open: bool,
    /// Only those that were answered
    #[arg(long)]
    answered: bool,
}

/// The question, and in how many other words it was asked.
fn said(need: &NeedSummary) -> String {
    match need.wordings.len() {
        0 => need.question.clone(),
        1 => format!("{} (and in 1 other wording)", need.question),
        n => format!("{} (and in {n} other wordings)", need.question),
    }
}

impl Needs {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let state = match (self.open, self.answered) {
            (true, _) => NeedState::Open,
            (_, true) => NeedState::Answered,
            _ => NeedState::Unspecified,
        };
        let mut library = session.library()?;
        let mut needs: Vec<NeedSummary> = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListNeedsRequest { state: state.into(), page_size: 1000, page_token };
            let page = library.list_needs(request).await?.into_inner();
            needs.extend(page.needs);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if output.is_json() {
            needs.iter().for_each(|need| output.json(&json::of(need)));
        } else if needs.is_empty() {
            output.say("no such needs");
        } else {
            let mut table = Table::new(&["STATE", "SINCE", "ASKED", "BY", "QUESTION", "ANSWERED BY"]);
            for need in needs {
                let state = if need.state() == NeedState::Answered { "answered" } else { "open" };
                let path = need.answered_by.strip_prefix("articles/").unwrap_or(&need.answered_by);
                let answer = match need.contributors.is_empty() {
                    true => path.to_owned(),
                    false => format!("{path} ({})", need.contributors.join(", ")),
                };
                table.row([
                    state.to_owned(),
                    need.first_asked_at.get(..10).unwrap_or_default().to_owned(),
                    format!("{}×", need.times_asked),
                    need.askers.join(","),
                    said(&need),
                    answer,
                ]);
            }
            output.text(&table.to_string());
        }
        Ok(())
    }
}
