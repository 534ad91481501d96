//! Looks at every message of an agent once, so that what is invalid becomes a dead letter that says why.

use commune_bus::{Delivery, Failure, Handled, Handler, StreamName};
use commune_proto::AgentId;

use super::{Shared, VIEW_DEADLINE};
use crate::{
    intake::{IntakeError, Said},
    translate,
};

/// Deliveries of one message before it is given up.
pub const ATTEMPTS: u64 = 5;

/// Accepts what is valid, refuses the rest.
#[derive(Debug)]
pub struct Intake {
    shared: Shared,
}

impl Intake {
    /// With the views that count what each agent logged.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Whether the day had room for this note. The view counts, in the order of the stream; so every replica finds the same.
    async fn day_has_room(&self, agent: &AgentId, delivery: &Delivery) -> Handled {
        let (shared, message) = (&self.shared, &delivery.message);
        let view = if message.stream == StreamName::Drops { &shared.drops } else { &shared.agents };
        match view.reached(message.sequence, VIEW_DEADLINE).await {
            // what is valid is not refused because it could not be counted
            Err(_) if delivery.attempt >= ATTEMPTS => return Ok(()),
            reached => reached.map_err(Failure::retry)?,
        }
        let day = shared.schedule.zone().to_datetime(message.stored_at).date();
        match shared.log.day_full(message.stream, agent, day, message.sequence) {
            None => Ok(()),
            Some(most) => Err(Failure::reject(IntakeError::DayFull { agent: agent.clone(), day, most })),
        }
    }
}

impl Handler for Intake {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let Some((agent, said)) = translate::said(&delivery.message, self.shared.schedule.zone()) else {
            return Err(Failure::reject(
                "the subject is not commune.agent.<agent>.<kind> or commune.agent.<agent>.<kind>.<id>",
            ));
        };
        match said.map_err(Failure::reject)? {
            Said::Note(_) | Said::Artifact(_) => {
                self.day_has_room(&agent.parse().map_err(Failure::reject)?, &delivery).await
            }
            Said::Need(_) | Said::Rest(_) | Said::Other => Ok(()),
        }
    }
}
