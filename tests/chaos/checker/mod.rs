//! What judges a run: each assertion is a function of evidence. **Nothing here trusts a service**; the checker reads the
//! streams, the logs and the answers, and holds them against what the agents were told.

pub mod bounds;
pub mod canaries;
pub mod effects;
pub mod history;
mod ids;
pub mod places;
#[cfg(test)]
mod tests;
pub mod views;

use std::{collections::BTreeMap, path::PathBuf};

use commune_bus::{Bus, BusError, DeadLetter, Stored, StreamName, subject};
use commune_tests::support::otlp::Span;

use self::{bounds::Samples, history::History};
use crate::ledger::Ledger;

/// More messages than any run makes.
const ALL: usize = 5_000_000;
/// Most violations of one rule that are told one by one.
const TOLD: usize = 20;

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule, such as `places.lost`.
    pub rule: &'static str,
    pub what: String,
}

/// What was found and what was counted.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    pub violations: Vec<Violation>,
    /// Named `places.active`, `effects.nights` and so on.
    pub figures: BTreeMap<String, u64>,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.violations.is_empty()
    }

    pub fn add(&mut self, rule: &'static str, what: impl Into<String>) {
        self.violations.push(Violation { rule, what: what.into() });
    }

    pub fn count(&mut self, figure: &str, by: usize) {
        *self.figures.entry(figure.to_owned()).or_default() += by as u64;
    }

    pub fn absorb(&mut self, other: Self) {
        self.violations.extend(other.violations);
        for (figure, count) in other.figures {
            *self.figures.entry(figure).or_default() += count;
        }
    }

    /// How often each rule was broken.
    pub fn by_rule(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for violation in &self.violations {
            *counts.entry(violation.rule).or_default() += 1;
        }
        counts
    }

    pub fn has(&self, rule: &str) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (rule, count) in self.by_rule() {
            writeln!(f, "{rule}: {count}")?;
            for violation in self.violations.iter().filter(|v| v.rule == rule).take(TOLD) {
                writeln!(f, "    {}", violation.what)?;
            }
        }
        for (figure, count) in &self.figures {
            writeln!(f, "{figure} = {count}")?;
        }
        Ok(())
    }
}

/// What a run left.
pub struct Evidence {
    pub bus: Bus,
    /// What agents sent, planted and heard.
    pub ledger: Ledger,
    /// Logs of the services (of all their lives) and of the server.
    pub logs: Vec<PathBuf>,
    /// Where the replicas that went through it answer, `host:port`.
    pub librarians: Vec<String>,
    pub selfcares: Vec<String>,
    /// Where those answer that were started when all was over.
    pub fresh_librarian: String,
    pub fresh_selfcare: String,
    pub spans: Vec<Span>,
    /// What was seen of the streams during the run.
    pub history: History,
    pub samples: Samples,
}

/// Every stream as it is, in order.
#[derive(Debug, Clone, Default)]
pub struct Streams {
    pub agents: Vec<Stored>,
    pub drops: Vec<Stored>,
    pub nights: Vec<Stored>,
    pub memory: Vec<Stored>,
    pub aid: Vec<Stored>,
    /// Its revisions.
    pub library: Vec<Stored>,
    pub dead: Vec<DeadLetter>,
}

impl Streams {
    pub async fn read(bus: &Bus) -> Result<Self, BusError> {
        Ok(Self {
            agents: bus.read(StreamName::Agents, &[], ALL).await?,
            drops: bus.read(StreamName::Drops, &[], ALL).await?,
            nights: bus.read(StreamName::Nights, &[], ALL).await?,
            memory: bus.read(StreamName::Memory, &[], ALL).await?,
            aid: bus.read(StreamName::Aid, &[], ALL).await?,
            library: bus.read(StreamName::Library, &[subject::ARTICLE_CURATED_ALL], ALL).await?,
            dead: bus.dead_letters(ALL).await?,
        })
    }
}

/// Judges a run that is at rest: the last night was run after the last agent fell silent, and no consumer has anything
/// left to do.
pub async fn check(evidence: &Evidence) -> Verdict {
    let mut history = evidence.history.clone();
    history.observe_all(&evidence.bus).await;
    let streams = match Streams::read(&evidence.bus).await {
        Ok(streams) => streams,
        Err(error) => {
            let mut verdict = history.verdict();
            verdict.add("streams.unreadable", error.to_string());
            return verdict;
        }
    };
    let mut verdict = places::check(&streams, &evidence.ledger.entries());
    verdict.absorb(effects::check(&streams));
    verdict.absorb(history.verdict());
    verdict.absorb(canaries::check(&streams, evidence).await);
    verdict.absorb(views::check(evidence, &streams).await);
    verdict.absorb(evidence.samples.verdict());
    verdict
}

/// Reads an event; one that cannot be read is a violation.
fn event<M: prost::Message + prost::Name + Default>(message: &Stored, verdict: &mut Verdict) -> Option<M> {
    match message.event() {
        Ok(event) => Some(event),
        Err(error) => {
            verdict.add("streams.unreadable", format!("{} #{}: {error}", message.subject, message.sequence));
            None
        }
    }
}
