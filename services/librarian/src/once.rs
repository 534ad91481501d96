//! Messages of which each is stored once, whichever replica comes first.

use commune_bus::{Bus, Outgoing, PublishError};

/// Messages in one atomic batch, below the server's bound.
const CHUNK: usize = 900;

/// Publishes messages that say [`Outgoing::once`], all of one stream; those that are there already are left out. The last sequence that was
/// written; 0 when none was.
///
/// # Errors
/// [`PublishError`] but for conflicts; some of the messages may be stored then.
pub async fn publish(bus: &Bus, messages: &[Outgoing]) -> Result<u64, PublishError> {
    let mut last = 0;
    for chunk in messages.chunks(CHUNK) {
        match bus.publish_batch(chunk.to_vec()).await {
            Ok(stored) => last = last.max(stored.sequence),
            // another replica wrote some of them: the rest one by one
            Err(PublishError::Conflict { .. }) => last = last.max(singly(bus, chunk).await?),
            Err(problem) => return Err(problem),
        }
    }
    Ok(last)
}

async fn singly(bus: &Bus, messages: &[Outgoing]) -> Result<u64, PublishError> {
    let mut last = 0;
    for message in messages {
        match bus.publish(message.clone()).await {
            Ok(stored) => last = last.max(stored.sequence),
            Err(PublishError::Conflict { .. }) => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(last)
}
