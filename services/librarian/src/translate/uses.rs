//! Between the wire and what is known of how the library is used (stream USES).

use commune_bus::{Project, Stored};
use commune_proto::{
    ArticlePath,
    agent::v1::Verdict as Said,
    librarian::v1::{self as wire, ArticlesRead, FeedbackGiven, ReceiptsGiven},
};

use super::skip;
use crate::uses::{Feedback, Held, Line, Mark, Receipt, Uses, Verdict};

/// What was said of an article, for the wire.
pub fn feedback_to_wire(feedback: &Feedback) -> FeedbackGiven {
    let held = feedback.held.clone();
    let (held, advice) = held.map_or_else(Default::default, |held| (held.rule, held.advice));
    FeedbackGiven {
        id: feedback.id.clone(),
        agent: feedback.agent.clone(),
        article: feedback.path.to_string(),
        title: feedback.title.clone(),
        revision: feedback.revision,
        verdict: verdict_to_wire(feedback.verdict).into(),
        reason: feedback.reason.clone(),
        held,
        advice,
        contributors: feedback.contributors.clone(),
        given_at: feedback.at.to_string(),
    }
}

/// A receipt for the wire.
pub fn receipt_to_wire(receipt: &Receipt) -> wire::Receipt {
    let mark = |mark: &Mark| wire::Mark {
        agent: mark.agent.clone(),
        verdict: verdict_to_wire(mark.verdict).into(),
        reason: mark.reason.clone(),
    };
    let line = |line: &Line| wire::ReceiptLine {
        article: line.path.to_string(),
        title: line.title.clone(),
        readers: line.readers,
        found: line.found,
        marks: line.marks.iter().map(mark).collect(),
        more_marks: line.more_marks,
        with: line.with.clone(),
    };
    wire::Receipt {
        id: receipt.id.clone(),
        agent: receipt.agent.clone(),
        lines: receipt.lines.iter().map(line).collect(),
        more_articles: receipt.more_articles,
    }
}

/// A verdict as an agent says it; none for one that this build does not know.
pub fn verdict(said: i32) -> Option<Verdict> {
    match Said::try_from(said).ok()? {
        Said::Unspecified => None,
        Said::Helpful => Some(Verdict::Helpful),
        Said::Wrong => Some(Verdict::Wrong),
        Said::Worked => Some(Verdict::Worked),
        Said::Failed => Some(Verdict::Failed),
    }
}

fn verdict_to_wire(verdict: Verdict) -> Said {
    match verdict {
        Verdict::Helpful => Said::Helpful,
        Verdict::Wrong => Said::Wrong,
        Verdict::Worked => Said::Worked,
        Verdict::Failed => Said::Failed,
    }
}

fn feedback(event: FeedbackGiven) -> Result<Feedback, String> {
    let held = Held { rule: event.held, advice: event.advice };
    Ok(Feedback {
        id: event.id,
        agent: event.agent,
        path: event.article.parse().map_err(|error| format!("{error}"))?,
        title: event.title,
        revision: event.revision,
        verdict: verdict(event.verdict).ok_or("a verdict that is not known here")?,
        reason: event.reason,
        held: (!held.rule.is_empty()).then_some(held),
        contributors: event.contributors,
        at: event.given_at.parse().map_err(|error| format!("given_at: {error}"))?,
    })
}

fn receipt(receipt: wire::Receipt) -> Receipt {
    let mark = |mark: wire::Mark| {
        let verdict = verdict(mark.verdict)?;
        Some(Mark { agent: mark.agent, verdict, reason: mark.reason })
    };
    let line = |line: wire::ReceiptLine| {
        Some(Line {
            path: line.article.parse().ok()?,
            title: line.title,
            readers: line.readers,
            found: line.found,
            marks: line.marks.into_iter().filter_map(mark).collect(),
            more_marks: line.more_marks,
            with: line.with,
        })
    };
    Receipt {
        id: receipt.id,
        agent: receipt.agent,
        lines: receipt.lines.into_iter().filter_map(line).collect(),
        more_articles: receipt.more_articles,
    }
}

impl Project for Uses {
    fn apply(&mut self, message: &Stored) {
        let applied = match message.subject.split('.').nth(2) {
            Some("read") => message.event::<ArticlesRead>().map_err(|error| error.to_string()).map(|event| {
                let articles = event.articles.into_iter();
                let articles =
                    articles.filter_map(|read| Some((read.article.parse::<ArticlePath>().ok()?, read.found)));
                self.take_reads(&event.reader, articles);
            }),
            Some("feedback") => message
                .event::<FeedbackGiven>()
                .map_err(|error| error.to_string())
                .and_then(feedback)
                .map(|feedback| self.take_feedback(message.sequence, message.stored_at, feedback)),
            Some("receipts") => message.event::<ReceiptsGiven>().map_err(|error| error.to_string()).map(|event| {
                let receipts = event.receipts.into_iter().map(receipt);
                self.take_receipts((message.sequence, message.stored_at), &event.night, event.through, receipts);
            }),
            _ => Ok(()),
        };
        if let Err(problem) = applied {
            skip(message, problem);
        }
    }
}
