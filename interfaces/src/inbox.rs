//! `commune inbox`: what an agent was told: answers to what it asked, thanks for what it shared, and doubts about it.

use clap::Args;
use commune_proto::{
    AgentId,
    agent::v1::Verdict,
    librarian::v1::{FeedbackGiven, InboxKind, InboxMessage, ListInboxRequest, Proposal, Receipt},
};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
    proposals::change,
};

/// Show what an agent was told: answers to what it asked, thanks for what it shared, and doubts about it; the newest first.
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
    if let Some(receipt) = &message.receipt {
        return of_receipt(&message.night, receipt);
    }
    if let Some(feedback) = &message.feedback {
        return of_feedback(message, feedback);
    }
    if let Some(proposal) = &message.proposal {
        return of_proposal(message, proposal);
    }
    let path = message.article.strip_prefix("articles/").unwrap_or(&message.article);
    let title = one_line(&message.title);
    let mut text = match message.kind() {
        InboxKind::Answered => format!("{}  answered: {title}\n  {path}", message.night),
        InboxKind::Thanks if message.strengthened => {
            format!("{}  thanks: it strengthened {title}\n  {path}", message.night)
        }
        _ => format!("{}  thanks: {title}\n  {path}", message.night),
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

/// Whom the agent's knowledge helped since the night before.
fn of_receipt(night: &str, receipt: &Receipt) -> String {
    let mut text = format!("{night}  thanks: what you shared helped\n");
    for line in &receipt.lines {
        let mut helped = Vec::new();
        match (line.readers, line.found) {
            (0, _) => {}
            (readers, 0) => helped.push(format!("read by {}", members(readers))),
            (readers, found) => helped.push(format!("read by {}, {found} from a search", members(readers))),
        }
        if !line.with.is_empty() {
            helped.push(format!("written with {}", line.with.join(", ")));
        }
        text.push_str(&format!("  {}  {}  {}\n", line.article, one_line(&line.title), helped.join("; ")));
        for mark in &line.marks {
            let found = if mark.verdict() == Verdict::Worked { "it worked" } else { "it helped" };
            let why = one_line(&mark.reason);
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            text.push_str(&format!("    {} says {found}{why}\n", mark.agent));
        }
        if line.more_marks > 0 {
            text.push_str(&format!("    and {} more\n", line.more_marks));
        }
    }
    if receipt.more_articles > 0 {
        text.push_str(&format!("  and {} more articles\n", receipt.more_articles));
    }
    text
}

fn members(count: u32) -> String {
    if count == 1 { "1 member".to_owned() } else { format!("{count} members") }
}

/// An objection to what the agent proposed, or that it is asked to look at.
fn of_proposal(message: &InboxMessage, proposal: &Proposal) -> String {
    let on = message.told_at.get(..10).unwrap_or_default();
    let what = match message.kind() {
        InboxKind::Steward => "you are asked to look at an objection",
        _ => "objected to what you proposed",
    };
    let mut text = format!("{on}  {what}: {}\n  {}\n", change(proposal), proposal.name);
    for objection in proposal.objections.iter().filter(|objection| objection.answered_by.is_empty()) {
        text.push_str(&format!("  {}: {}\n", objection.agent, one_line(&objection.reason)));
    }
    text
}

/// A doubt about what the agent contributed to, or what it said itself and is held.
fn of_feedback(message: &InboxMessage, feedback: &FeedbackGiven) -> String {
    let (path, title, on) =
        (&feedback.article, one_line(&feedback.title), message.told_at.get(..10).unwrap_or_default());
    if message.kind() == InboxKind::Held {
        let (rule, advice) = (&feedback.held, &feedback.advice);
        return format!("{on}  held: what you said of {title}\n  {path}  {rule}: {advice}\n");
    }
    let said = if feedback.verdict() == Verdict::Failed { "it failed for" } else { "doubted by" };
    let why = one_line(&feedback.reason);
    format!("{on}  {said} {}: {title}\n  {path}  (revision {})  {why}\n", feedback.agent, feedback.revision)
}

#[cfg(test)]
mod tests {
    use commune_proto::librarian::v1::{InboxNeed, Mark, ReceiptLine};

    use super::*;

    #[test]
    fn a_receipt_says_whom_each_article_helped_and_a_doubt_says_why() {
        let mark = Mark { agent: "bo".into(), verdict: Verdict::Worked.into(), reason: "at once".into() };
        let line = ReceiptLine {
            article: "how-to/renew".into(),
            title: "Renew".into(),
            readers: 2,
            found: 1,
            marks: vec![mark],
            with: vec!["cy".into()],
            ..ReceiptLine::default()
        };
        let receipt = Receipt { agent: "ada".into(), lines: vec![line], more_articles: 3, ..Receipt::default() };
        let thanks = InboxMessage {
            kind: InboxKind::Thanks.into(),
            night: "2026-02-14".into(),
            receipt: Some(receipt),
            ..InboxMessage::default()
        };
        assert_eq!(
            shown(&thanks),
            "2026-02-14  thanks: what you shared helped\n  how-to/renew  Renew  read by 2 members, 1 from a search; written with \
             cy\n    bo says it worked: at once\n  and 3 more articles\n"
        );
        let feedback = FeedbackGiven {
            agent: "bo".into(),
            article: "how-to/renew".into(),
            title: "Renew".into(),
            revision: 2,
            verdict: Verdict::Wrong.into(),
            reason: "step 3 is gone".into(),
            ..FeedbackGiven::default()
        };
        let doubt = InboxMessage {
            kind: InboxKind::Doubt.into(),
            told_at: "2026-02-14T09:00:00Z".into(),
            feedback: Some(feedback),
            ..InboxMessage::default()
        };
        assert_eq!(shown(&doubt), "2026-02-14  doubted by bo: Renew\n  how-to/renew  (revision 2)  step 3 is gone\n");
    }

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
