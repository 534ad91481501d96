//! Receipts: with the night, each contributor is told whom its knowledge helped since the night before.
//!
//! **Given once**: the receipts of a night are one atomic batch that is stored only at the end of the USES that they were computed
//! from. What comes later is thanked for with the next night; a night whose receipts are there is only told of once more, with
//! the same ids.

use commune_bus::{Failure, Handled, Outgoing, Point, Points, PublishError, subject};
use commune_proto::{AgentId, ArticlePath, NightId, content_id, librarian::v1::ReceiptsGiven};
use prost::Message;
use serde_json::json;

use super::{Curator, STAGE, TRIES, VIEW_WAIT};
use crate::{
    translate,
    uses::{self, Mark, Page, Receipt, Verdict},
};

/// Bytes from which a page of receipts is full.
const PAGE_BYTES: usize = 256 * 1024;

impl Curator {
    /// Gives the receipts of a night, unless they were given, and tells each contributor.
    pub(super) async fn give_receipts(&self, night: &str, points: &Points) -> Handled {
        // what this replica was asked until now is thanked for now; another's with the next night, at the latest
        self.reads.write_or_say().await;
        let id: NightId = night.parse().map_err(Failure::reject)?;
        for _ in 0..TRIES {
            let seen = self.uses_current().await?;
            if self.reads.uses().read(|uses| uses.is_given(night) || uses.is_quiet()) {
                return self.tell_receipts(night).await;
            }
            let mut messages = self.pages(id, seen);
            if let Some(first) = messages.first_mut() {
                *first = first.clone().at_the_end(seen);
            }
            points.reach(Point::AfterDecide);
            match self.bus.publish_batch(messages).await {
                Ok(stored) => {
                    points.reach(Point::AfterState);
                    self.reads.uses().reached(stored.sequence, VIEW_WAIT).await.map_err(Failure::retry)?;
                }
                Err(PublishError::Conflict { subject }) => tracing::debug!(night, subject, "USES moved on"),
                // a full stream is no reason to give up the night: they wait for the next one
                Err(PublishError::Refused { subject, reason }) => {
                    tracing::warn!(night, subject, reason, "no receipts are given: they were refused");
                    return Ok(());
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
        Err(Failure::retry("USES moved on each time that receipts were to be given"))
    }

    /// The receipts of all that stands in USES up to a sequence, as messages.
    fn pages(&self, night: NightId, through: u64) -> Vec<Outgoing> {
        let page = |path: &ArticlePath| {
            self.catalogue.library().read(|library| {
                let article = &library.standing(path)?.newest.article;
                Some(Page { title: article.title.clone(), contributors: article.contributors.clone() })
            })
        };
        let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
        let id_of = |agent: &str| content_id(&["receipt", agent, &night.to_string()]);
        let receipts = self.reads.uses().read(|uses| uses::receipts(uses, &page, &owner_of, &id_of));
        let mut pages = vec![Vec::new()];
        let mut bytes = 0;
        for receipt in receipts.iter().map(translate::receipt_to_wire) {
            if bytes >= PAGE_BYTES {
                pages.push(Vec::new());
                bytes = 0;
            }
            bytes += receipt.encoded_len();
            if let Some(page) = pages.last_mut() {
                page.push(receipt);
            }
        }
        let at = self.clock.now();
        let message = |(index, receipts): (usize, Vec<_>)| {
            let number = index + 1;
            let page = u32::try_from(number).unwrap_or(u32::MAX);
            let event = ReceiptsGiven { night: night.to_string(), receipts, through, page };
            let id = content_id(&["receipts", &event.night, &number.to_string()]);
            Outgoing::event(subject::receipts_given(night, number), &id, STAGE, at, &event).once()
        };
        pages.into_iter().enumerate().map(message).collect()
    }

    async fn tell_receipts(&self, night: &str) -> Handled {
        let receipts: Vec<_> = self.reads.uses().read(|uses| uses.receipts_of(night).collect());
        for receipt in &receipts {
            let Ok(agent) = receipt.agent.parse::<AgentId>() else { continue };
            let body = body(night, receipt).to_string().into_bytes();
            let told = self.bus.tell_with_id(subject::inbox(&agent, "thanks"), &receipt.id, body).await;
            told.map_err(Failure::retry)?;
        }
        tracing::info!(night, receipts = receipts.len(), "receipts were given");
        Ok(())
    }
}

fn body(night: &str, receipt: &Receipt) -> serde_json::Value {
    let mark = |mark: &Mark| json!({ "by": mark.agent, "why": mark.reason, "worked": mark.verdict == Verdict::Worked });
    let helped: Vec<_> = receipt
        .lines
        .iter()
        .map(|line| {
            json!({
                "article": line.path.as_str(), "title": line.title, "readers": line.readers, "found": line.found,
                "marks": line.marks.iter().map(mark).collect::<Vec<_>>(), "more_marks": line.more_marks, "with": line.with,
            })
        })
        .collect();
    json!({ "id": receipt.id, "night": night, "helped": helped, "more_articles": receipt.more_articles })
}
