//! `commune inbox`: what an agent was told: answers to what it asked, and thanks for what it shared.

use clap::Args;
use commune_proto::{
    AgentId,
    librarian::v1::{InboxKind, InboxMessage, ListInboxRequest},
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
};

/// Show what an agent was told: answers to what it asked, and thanks for what it shared; the newest first.
#[derive(Debug, Args)]
pub(crate) struct Inbox {
    /// The agent
    agent: AgentId,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    limit: i32,
}

impl Inbox {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut library = session.library()?;
        let mut messages: Vec<InboxMessage> = Vec::new();
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut page_token = String::new();
        while messages.len() < limit {
            let parent = format!("agents/{}", self.agent);
            let page = ListInboxRequest { parent, page_size: self.limit.min(1000), page_token };
            let page = library.list_inbox(page).await?.into_inner();
            messages.extend(page.messages);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        messages.truncate(limit);
        if output.is_json() {
            messages.iter().for_each(|message| output.json(&json::of(message)));
        } else if messages.is_empty() {
            output
                .say("nothing yet: answers to what the agent asks, and thanks for what it shares, come after a night");
        } else {
            messages.iter().for_each(|message| output.text(&shown(message)));
        }
        Ok(())
    }
}

fn shown(message: &InboxMessage) -> String {
    let path = message.article.strip_prefix("articles/").unwrap_or(&message.article);
    let title = one_line(&message.title);
    let mut text = match message.kind() {
        InboxKind::Answered => format!("{}  answered: {title}\n  {path}", message.night),
        InboxKind::Thanks if message.strengthened => {
            format!("{}  thanks: it strengthened {title}\n  {path}", message.night)
        }
        InboxKind::Thanks | InboxKind::Unspecified => format!("{}  thanks: {title}\n  {path}", message.night),
    };
    if !message.contributors.is_empty() {
        text.push_str(&format!("  by {}", message.contributors.join(", ")));
    }
    text.push('\n');
    for need in &message.needs {
        let question = one_line(&need.question);
        match message.kind() {
            InboxKind::Answered => text.push_str(&format!("  you asked: {question}\n")),
            _ => text.push_str(&format!("  {} asked: {question}\n", need.askers.join(", "))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use commune_proto::librarian::v1::InboxNeed;

    use super::*;

    #[test]
    fn an_answer_names_the_question_and_thanks_name_whom_it_helped() {
        let need =
            InboxNeed { question: "How do I renew it?".into(), askers: vec!["bo".into()], ..InboxNeed::default() };
        let answer = InboxMessage {
            kind: InboxKind::Answered.into(),
            night: "2026-02-14".into(),
            article: "articles/how-to/renew".into(),
            title: "Renew".into(),
            needs: vec![need],
            contributors: vec!["ada".into()],
            ..InboxMessage::default()
        };
        assert_eq!(
            shown(&answer),
            "2026-02-14  answered: Renew\n  how-to/renew  by ada\n  you asked: How do I renew it?\n"
        );
        let contributors = Vec::new();
        let thanks = InboxMessage { kind: InboxKind::Thanks.into(), contributors, strengthened: true, ..answer };
        assert_eq!(
            shown(&thanks),
            "2026-02-14  thanks: it strengthened Renew\n  how-to/renew\n  bo asked: How do I renew it?\n"
        );
    }
}
