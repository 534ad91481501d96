//! Looks at every message of an agent once, so that what is invalid becomes a dead letter that says why.

use commune_bus::{Behind, Delivery, Failure, Handled, Handler, Stored, StreamName, subject};
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

    /// Waits until the view has read this message.
    async fn reached(&self, message: &Stored) -> Result<(), Behind> {
        let view = if message.stream == StreamName::Drops { &self.shared.drops } else { &self.shared.agents };
        view.reached(message.sequence, VIEW_DEADLINE).await
    }

    /// Whether the view holds it as a note. Reading a note is most of what it costs by day, and the view reads each.
    async fn is_taken_in(&self, message: &Stored) -> bool {
        let Some(said) = subject::parse_said(&message.subject) else { return false };
        self.reached(message).await.is_ok()
            && self.shared.log.waits_as_note(message.stream, said.agent, message.sequence)
    }

    /// Whether the day had room for this note. The view counts, in the order of the stream; so every replica finds the same.
    async fn day_has_room(&self, agent: &AgentId, delivery: &Delivery) -> Handled {
        let (shared, message) = (&self.shared, &delivery.message);
        match self.reached(message).await {
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
        if self.is_taken_in(&delivery.message).await {
            return Ok(());
        }
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
