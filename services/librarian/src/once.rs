//! Messages of which each is stored once, whichever replica comes first.

use commune_bus::{Bus, Outgoing, PublishError, subject};
use commune_proto::{AgentId, NoteId};

/// Messages in one atomic batch, below the server's bound.
const CHUNK: usize = 900;

/// Publishes messages that say [`Outgoing::once`], all of one stream; those that are there already are left out. For each message the
/// last sequence of what was written with it; 0 for one that was there.
///
/// # Errors
/// [`PublishError`] but for conflicts; some of the messages may be stored then.
pub async fn publish(bus: &Bus, messages: &[Outgoing]) -> Result<Vec<u64>, PublishError> {
    let mut written = Vec::with_capacity(messages.len());
    for chunk in messages.chunks(CHUNK) {
        match bus.publish_batch(chunk.to_vec()).await {
            Ok(stored) => written.resize(written.len() + chunk.len(), stored.sequence),
            // another replica wrote some of them: the rest one by one
            Err(PublishError::Conflict { .. }) => singly(bus, chunk, &mut written).await?,
            Err(problem) => return Err(problem),
        }
    }
    Ok(written)
}

/// Says in an agent's name what it needs to be known. Its id is taken once for ever: that it was said before is no error.
///
/// # Errors
/// [`PublishError`] when it could not be said.
pub async fn need(bus: &Bus, asker: &AgentId, id: &NoteId, question: &str) -> Result<(), PublishError> {
    // a first line of its own, so that no question can be taken for front matter
    let body = if question.starts_with("---") { format!("\n{question}") } else { question.to_owned() };
    match bus.publish(Outgoing::raw(subject::said(asker, "need", Some(id)), body)).await {
        Ok(_) | Err(PublishError::Conflict { .. }) => Ok(()),
        Err(PublishError::Refused { reason, .. }) if reason.contains("per subject") => Ok(()),
        Err(problem) => Err(problem),
    }
}

async fn singly(bus: &Bus, messages: &[Outgoing], written: &mut Vec<u64>) -> Result<(), PublishError> {
    for message in messages {
        match bus.publish(message.clone()).await {
            Ok(stored) => written.push(stored.sequence),
            Err(PublishError::Conflict { .. }) => written.push(0),
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}
