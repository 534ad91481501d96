//! The windows of proposals, as messages that JetStream publishes when they are over.
//!
//! No replica leads: each arms what stands, and compare-and-set lets one of them win.

use commune_bus::{Bus, BusError, Outgoing, PublishError, StreamName, subject};
use commune_proto::{content_id, librarian::v1::ProposalDue};
use jiff::{SignedDuration, Timestamp};

use crate::{consent::Proposal, handlers::STAGE};

/// Fractions of a second by which clocks are told.
const MOMENT: SignedDuration = SignedDuration::from_secs(1);

/// Why a window could not be armed.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    /// The server cannot be asked.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// It did not take the schedule.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// The time is none.
    #[error("the end of the window is no time: {0}")]
    Time(#[from] jiff::Error),
}

/// Makes sure that the end of a proposal's window is scheduled, by our clock: told in the server's time.
///
/// # Errors
/// [`WindowError`]; nothing is half done.
pub async fn arm(bus: &Bus, now: Timestamp, proposal: &Proposal) -> Result<(), WindowError> {
    let subject = subject::proposal_window(&proposal.id);
    // a moment later, so that it is over by every clock that agrees
    let there = proposal.due.checked_add(bus.server_ahead(now).await?)?.checked_add(MOMENT)?;
    let standing = bus.last(StreamName::Nights, &subject).await?;
    let armed = standing.as_ref().and_then(|standing| standing.due_at());
    if armed.is_some_and(|armed| armed.duration_since(there).abs() < commune_bus::CLOCK_DIFFERENCE) {
        return Ok(());
    }
    let after = standing.map_or(0, |standing| standing.sequence);
    let id = content_id(&["window", &proposal.id, &there.to_string(), &after.to_string()]);
    let due = ProposalDue { proposal: proposal.id.clone() };
    let message = Outgoing::event(subject, &id, STAGE, now, &due)
        .in_context(&opentelemetry::Context::new())
        .due_at(there, &subject::proposal_due(&proposal.id))
        .after(after);
    match bus.publish(message).await {
        // another replica was first
        Ok(_) | Err(PublishError::Conflict { .. }) => Ok(()),
        Err(problem) => Err(problem.into()),
    }
}
