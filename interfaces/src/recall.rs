//! `commune recall`: an agent asks its own memory, and is told found, doubtful, not known and not available apart.

use clap::Args;
use commune_proto::{
    AgentId,
    selfcare::v1::{RecallNotesRequest, RecallNotesResponse, RecallStatus},
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
};

/// Find what an agent noted: in its memory, and in what it logged since the last night.
#[derive(Debug, Args)]
pub(crate) struct Recall {
    /// The agent
    agent: AgentId,
    /// Words, or a question
    #[arg(required = true, num_args = 1..)]
    question: Vec<String>,
    /// At most this many notes
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..=50))]
    limit: i32,
}

impl Recall {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let question = self.question.join(" ");
        let request = RecallNotesRequest {
            parent: format!("agents/{}", self.agent),
            question: question.clone(),
            page_size: self.limit,
        };
        let found = session.memory()?.recall_notes(request).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&found));
        } else if !found.notes.is_empty() {
            output.text(&render(&found));
        }
        match found.status() {
            RecallStatus::Found => Ok(()),
            RecallStatus::LowConfidence => {
                output.say("low confidence: this may not be what was asked for");
                Ok(())
            }
            RecallStatus::NotKnown | RecallStatus::Unspecified => Err(Failure::NotFound(format!(
                "not known: the memory of {} holds nothing on “{}”. Others may: `commune search`",
                self.agent,
                one_line(&question)
            ))),
        }
    }
}

fn render(found: &RecallNotesResponse) -> String {
    let mut text = String::new();
    for (rank, note) in found.notes.iter().enumerate() {
        let id = note.name.rsplit('/').next().unwrap_or(&note.name);
        let waiting = if note.waiting { ", not tidied yet" } else { "" };
        text.push_str(&format!("{}. {}\n", rank + 1, one_line(&note.title)));
        text.push_str(&format!("   {id}  {} of {}{waiting}\n", note.kind, note.logged_on));
        if !note.excerpt.is_empty() && note.excerpt != note.title {
            text.push_str(&format!("   {}\n", one_line(&note.excerpt)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use commune_proto::selfcare::v1::RecalledNote;

    use super::*;

    #[test]
    fn notes_show_where_they_are_and_from_when() {
        let note = RecalledNote {
            name: "agents/ada/notes/n1".into(),
            title: "The lamp".into(),
            kind: "fact".into(),
            excerpt: "It is on\nport 80.".into(),
            logged_on: "2026-02-14".into(),
            score: 1.0,
            waiting: true,
        };
        let found = RecallNotesResponse { notes: vec![note], ..RecallNotesResponse::default() };
        assert_eq!(render(&found), "1. The lamp\n   n1  fact of 2026-02-14, not tidied yet\n   It is on port 80.\n");
    }
}
