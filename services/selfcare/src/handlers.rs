//! What selfcare does with messages: refuses what is invalid, opens nights, tidies one agent's memory.

mod intake;
mod nights;
mod opens;

use std::{sync::Arc, time::Duration};

use commune_bus::{Bus, BusError, Failure, PublishError, StreamName, View, subject};
use commune_proto::AgentId;
use commune_runtime::clock::Clock;

pub use intake::{ATTEMPTS as INTAKE_ATTEMPTS, Intake};
pub use nights::Nights;
pub use opens::Opens;

use crate::{
    log_view::{Log, LogView},
    memory::Cutoffs,
    memory_view::Memories,
    schedule::Schedule,
    tidy::{Limits, Sketches},
};

/// The name by which selfcare signs its events and dead letters.
pub const SELFCARE: &str = "selfcare";

/// How long a handler waits for a view before it gives the message back.
pub(crate) const VIEW_DEADLINE: Duration = Duration::from_secs(15);

/// Messages that are read again at a time.
const GAP_PAGE: usize = 2_000;

/// What every handler works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The bus.
    pub bus: Bus,
    /// What waits to be tidied.
    pub log: Log,
    /// Follows AGENTS into `log`.
    pub agents: View<LogView>,
    /// Follows DROPS into `log`.
    pub drops: View<LogView>,
    /// Every memory.
    pub memories: View<Memories>,
    /// When nights are due.
    pub schedule: Schedule,
    /// What a run may do.
    pub limits: Limits,
    /// What texts were found by in earlier nights.
    pub known: Arc<Sketches>,
    /// The clock.
    pub clock: Clock,
}

impl Shared {
    /// Waits until the views of what agents said have reached these sequences.
    async fn log_reached(&self, through: Cutoffs) -> Result<(), Failure> {
        self.agents.reached(through.agents, VIEW_DEADLINE).await.map_err(Failure::retry)?;
        self.drops.reached(through.drops, VIEW_DEADLINE).await.map_err(Failure::retry)
    }

    /// Waits until the views of what agents said hold everything that is in the streams now.
    ///
    /// # Errors
    /// Why it could not be waited for, for a reader.
    pub async fn log_current(&self) -> Result<(), Failure> {
        let agents = self.bus.last_sequence(StreamName::Agents).await.map_err(bus)?;
        let drops = self.bus.last_sequence(StreamName::Drops).await.map_err(bus)?;
        self.log_reached(Cutoffs { agents, drops }).await
    }

    /// Makes the log whole for an agent: what waits again because a night was undone is read from the streams once more.
    ///
    /// # Errors
    /// Why it could not be read, for a reader.
    pub async fn log_whole(&self, agent: &AgentId) -> Result<(), Failure> {
        while let Some(gap) = self.log.gap(agent) {
            for stream in [StreamName::Agents, StreamName::Drops] {
                let (mut after, to) = gap.of(stream);
                let filter = subject::said_by(stream, agent);
                let filters: Vec<&str> = filter.as_deref().into_iter().collect();
                while after < to {
                    let page = self.bus.read_from(stream, &filters, after + 1, GAP_PAGE).await.map_err(bus)?;
                    for message in page.iter().filter(|message| message.sequence <= to) {
                        self.log.refill(message, self.schedule.zone());
                    }
                    after = match page.last() {
                        Some(last) if page.len() == GAP_PAGE => last.sequence,
                        _ => to,
                    };
                }
            }
            self.log.filled(agent, gap);
        }
        Ok(())
    }

    /// Waits until the view of the memories holds everything that is in the stream now.
    ///
    /// # Errors
    /// Why it could not be waited for, for a reader.
    pub async fn memories_current(&self) -> Result<(), Failure> {
        let last = self.bus.last_sequence(StreamName::Memory).await.map_err(bus)?;
        self.memories.reached(last, VIEW_DEADLINE).await.map_err(Failure::retry)
    }
}

/// Nothing was changed by a read that failed: it is tried again.
fn bus(error: BusError) -> Failure {
    Failure::retry(error)
}

/// A refused message will be refused again; everything else passes.
fn published(error: PublishError) -> Failure {
    match error {
        PublishError::Refused { .. } => Failure::reject(error),
        PublishError::Conflict { .. } | PublishError::Unavailable(_) => Failure::retry(error),
    }
}
