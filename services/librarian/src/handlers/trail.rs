//! The librarian's part of the trail: one record for each agent of a night, written once.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Failure, Handled, Outgoing, metrics::night_ended, subject};
use commune_proto::{
    AgentId, ArticlePath, NightId, content_id,
    night::v1::{Outcome, Stage, TrailRecord},
};
use jiff::Timestamp;

use super::{Curator, STAGE, VIEW_WAIT};
use crate::{commons::Shared, curate::GOOD_RANK, library::Library, nights::Done, once};

/// Questions that are named of those that do not lead to their article.
const NAMED: usize = 5;

/// How the articles of a night are found by their own questions.
#[derive(Debug, Default)]
struct Findability {
    /// Questions that were searched.
    searched: u64,
    /// Those that do not lead to their article.
    missed: u64,
    /// The first of these, for a reader.
    named: Vec<String>,
}

impl Findability {
    /// By agent; an article of several counts once, for the agent of the first contribution.
    fn of(library: &Library, night: &str, shared: &[Shared]) -> BTreeMap<String, Self> {
        let mut first: BTreeMap<&ArticlePath, (&str, &str)> = BTreeMap::new();
        for contribution in shared {
            if let Some(applied) = library.applied(&contribution.id) {
                let this = (contribution.id.as_str(), contribution.agent.as_str());
                first.entry(&applied.path).and_modify(|known| *known = this.min(*known)).or_insert(this);
            }
        }
        let mut of: BTreeMap<String, Self> = BTreeMap::new();
        for (path, (_, agent)) in first {
            let Some(entry) = library.standing(path).filter(|entry| entry.newest.article.night == night) else {
                continue;
            };
            let findability = of.entry(agent.to_owned()).or_default();
            for ranked in &entry.newest.findability {
                findability.searched += 1;
                if !(1..=GOOD_RANK).contains(&ranked.rank) {
                    findability.missed += 1;
                    if findability.named.len() < NAMED {
                        findability.named.push(format!("“{}” ({path})", ranked.query));
                    }
                }
            }
        }
        of
    }

    /// What fails; none when all lead there.
    fn told(&self) -> Option<String> {
        let more = self.missed.saturating_sub(self.named.len() as u64);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (self.missed > 0).then(|| format!("not among the first {GOOD_RANK}: {}{more}", self.named.join(", ")))
    }
}

impl Curator {
    /// Writes the records that are missing. Counts are read from the library, so that any replica says the same.
    pub(super) async fn write_trail(&self, night: &str, agents: &BTreeMap<String, Done>, began: Timestamp) -> Handled {
        let ended = self.clock.now();
        let duration_us = u64::try_from(ended.as_microsecond() - began.as_microsecond()).unwrap_or(0);
        let (shared, withdrawn) = self.commons.read(|commons| {
            let shared = commons.of_night(night);
            let withdrawn: BTreeSet<String> =
                shared.iter().filter(|s| commons.is_withdrawn(&s.id)).map(|s| s.id.clone()).collect();
            (shared, withdrawn)
        });
        let findability = self.catalogue.library().read(|library| Findability::of(library, night, &shared));
        let mut of_agents: BTreeMap<&str, Vec<&Shared>> = BTreeMap::new();
        for contribution in &shared {
            of_agents.entry(&contribution.agent).or_default().push(contribution);
        }
        // what tending comes to is nobody's: the first agent's record tells it
        let mut tended = Some(self.tended(night).await?);
        let mut records = Vec::new();
        for (agent, done) in agents {
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let mut count = |name: &str| *counts.entry(name.to_owned()).or_default() += 1;
            let mut stream_sequence = 0;
            self.catalogue.library().read(|library| {
                for contribution in of_agents.get(agent.as_str()).into_iter().flatten() {
                    let Some(applied) = library.applied(&contribution.id) else {
                        count(if withdrawn.contains(&contribution.id) { "withdrawn" } else { "refused" });
                        continue;
                    };
                    count("applied");
                    count(match (applied.revision, applied.statements_added) {
                        (1, _) => "created",
                        (_, 0) => "confirmed",
                        _ => "updated",
                    });
                    stream_sequence = stream_sequence.max(applied.sequence);
                }
            });
            let mut details = Vec::new();
            if let Some(n) = counts.get("refused") {
                details.push(format!("{n} refused: see the dead letters of stage {STAGE}"));
            }
            if let Some(findability) = findability.get(agent) {
                counts.insert("searched".to_owned(), findability.searched);
                counts.insert("findable".to_owned(), findability.searched - findability.missed);
                details.extend(findability.told());
            }
            let outcome = if counts.is_empty() { Outcome::Nothing } else { Outcome::Done };
            if let Some((tended, told)) = tended.take() {
                counts.extend(tended);
                details.extend(told);
            }
            let record = TrailRecord {
                night: night.to_owned(),
                agent: agent.clone(),
                stage: Stage::Librarian as i32,
                outcome: outcome as i32,
                counts,
                duration_us,
                trace_id: done.trace_id.clone(),
                detail: details.join("; "),
                stream_sequence,
                ended_at: ended.to_string(),
            };
            records.push((record, done));
        }
        self.publish_trail(records).await
    }

    /// Writes that the stage gave up, for the agents that have no record.
    pub(super) async fn write_failed(&self, night: &str, agents: &BTreeMap<String, Done>, reason: &str) -> Handled {
        let ended_at = self.clock.now().to_string();
        let failed = |(agent, done): (&String, &Done)| TrailRecord {
            night: night.to_owned(),
            agent: agent.clone(),
            stage: Stage::Librarian as i32,
            outcome: Outcome::Failed as i32,
            trace_id: done.trace_id.clone(),
            detail: reason.to_owned(),
            ended_at: ended_at.clone(),
            ..TrailRecord::default()
        };
        self.publish_trail(agents.iter().map(|pair| (failed(pair), pair.1)).collect()).await
    }

    async fn publish_trail(&self, records: Vec<(TrailRecord, &Done)>) -> Handled {
        let at = self.clock.now();
        let mut messages = Vec::new();
        for (record, done) in records {
            if self.nights.read(|nights| nights.is_curated(&record.night, &record.agent)) {
                continue;
            }
            let night: NightId = record.night.parse().map_err(Failure::reject)?;
            let agent: AgentId = record.agent.parse().map_err(Failure::reject)?;
            let id = content_id(&["trail", &record.night, &record.agent, STAGE]);
            let subject = subject::trail(night, &agent, Stage::Librarian);
            let message = Outgoing::event(subject, &id, STAGE, at, &record).once();
            let message = if done.trace_id.is_empty() { message } else { message.in_context(&done.context) };
            messages.push((record.outcome(), message));
        }
        let (outcomes, messages): (Vec<Outcome>, Vec<Outgoing>) = messages.into_iter().unzip();
        let written = once::publish(&self.bus, &messages).await.map_err(Failure::retry)?;
        for (outcome, _) in outcomes.iter().zip(&written).filter(|(_, sequence)| **sequence > 0) {
            night_ended(Stage::Librarian, *outcome);
        }
        let last = written.into_iter().max().unwrap_or(0);
        if last > 0 {
            self.nights.reached(last, VIEW_WAIT).await.map_err(Failure::retry)?;
        }
        Ok(())
    }
}
