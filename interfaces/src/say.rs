//! Publishes what an agent says, once: the message's id derives from its content.

use commune_bus::{Bus, Outgoing, PublishError, attribute, subject};
use commune_proto::{AgentId, NoteId, content_id};
use prost::{Message, Name};

use crate::failure::Failure;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The stream has it now.
    New,
    /// The stream had it already.
    Already,
}

/// Says something as an agent: the id derives from the kind, the agent and `parts`. Returns the id.
pub(crate) async fn say<M: Message + Name>(
    bus: &Bus,
    agent: &AgentId,
    kind: &str,
    parts: &[&str],
    message: &M,
) -> Result<(NoteId, Said), Failure> {
    let id = id(kind, agent, parts)?;
    let said = say_as(bus, agent, kind, &id, message).await?;
    Ok((id, said))
}

/// Says something under an id.
pub(crate) async fn say_as<M: Message + Name>(
    bus: &Bus,
    agent: &AgentId,
    kind: &str,
    id: &NoteId,
    message: &M,
) -> Result<Said, Failure> {
    let outgoing = Outgoing::raw(subject::said(agent, kind, Some(id)), message.encode_to_vec())
        .header("Content-Type", attribute::PROTOBUF)
        .header(attribute::TYPE, &M::full_name());
    match bus.publish(outgoing).await {
        Ok(stored) if stored.duplicate => Ok(Said::Already),
        Ok(_) => Ok(Said::New),
        Err(PublishError::Conflict { .. }) => Ok(Said::Already),
        Err(PublishError::Refused { reason, .. }) if reason.contains("per subject") => Ok(Said::Already),
        Err(error) => Err(error.into()),
    }
}

/// The id of what an agent says.
pub(crate) fn id(kind: &str, agent: &AgentId, parts: &[&str]) -> Result<NoteId, Failure> {
    let parts: Vec<&str> = [kind, agent.as_str()].into_iter().chain(parts.iter().copied()).collect();
    content_id(&parts).parse().map_err(Failure::error)
}
