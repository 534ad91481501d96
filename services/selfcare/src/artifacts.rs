//! The bodies of artifacts: taken in piece by piece and verified, given out to the agent that named them.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use commune_bus::{BusError, OBJECT_LIMIT, PublishError};
use commune_proto::{
    AgentId,
    selfcare::v1::{GetArtifactRequest, GetArtifactResponse, PutArtifactRequest, PutArtifactResponse},
};
use commune_runtime::{access::Caller, grpc::invalid};
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use crate::handlers::Shared;

/// Most bytes of one piece.
const PIECE: usize = 512 << 10;
/// Bodies that are held at a time; the next waits.
const BODIES: usize = 8;
/// How long one waits for room, and for the next piece of a body.
const PATIENCE: Duration = Duration::from_secs(10);

/// A body as it is sent.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<GetArtifactResponse, Status>> + Send>>;

/// Room for the bodies that are on their way. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BODIES)))
    }
}

impl Room {
    async fn enter(&self) -> Result<OwnedSemaphorePermit, Status> {
        self.enter_within(PATIENCE).await
    }

    async fn enter_within(&self, patience: Duration) -> Result<OwnedSemaphorePermit, Status> {
        match tokio::time::timeout(patience, self.0.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                Err(Status::resource_exhausted(format!("{BODIES} artifacts are on their way already: try again soon")))
            }
        }
    }
}

/// Takes in a body and stores it.
///
/// # Errors
/// INVALID_ARGUMENT with the field that is wrong, PERMISSION_DENIED when the agent is not the caller; then nothing was
/// stored.
pub async fn put(
    shared: &Shared,
    room: &Room,
    caller: &Caller,
    mut pieces: impl Stream<Item = Result<PutArtifactRequest, Status>> + Unpin,
) -> Result<PutArtifactResponse, Status> {
    let _room = room.enter().await?;
    let mut body = Body::begin(next(&mut pieces).await?.unwrap_or_default())?;
    caller.acts_for(&body.agent)?;
    while let Some(piece) = next(&mut pieces).await? {
        body.push(&piece)?;
    }
    let (agent, sha256, bytes) = body.finish()?;
    let size = bytes.len() as u64;
    let stored = shared.bus.put_object(&sha256, bytes).await.map_err(|error| match error {
        PublishError::Refused { .. } => Status::resource_exhausted(error.to_string()),
        PublishError::Conflict { .. } | PublishError::Unavailable(_) => Status::unavailable(error.to_string()),
    })?;
    tracing::info!(%agent, artifact = sha256, size, new = !stored.duplicate, "artifact stored");
    Ok(PutArtifactResponse { sha256, size })
}

/// The body of an artifact that the agent's log or memory names.
///
/// # Errors
/// NOT_FOUND when neither names it, or its body was never stored; PERMISSION_DENIED when the agent is not the caller.
pub async fn get(
    shared: &Shared,
    room: &Room,
    caller: &Caller,
    request: &GetArtifactRequest,
) -> Result<Pieces, Status> {
    let (agent, sha256) = parse_name(&request.name)?;
    caller.acts_for(&agent)?;
    if !is_named(shared, &agent, sha256) {
        // what was said a moment ago may be on its way into the views
        shared.log_current().await.map_err(unavailable)?;
        shared.memories_current().await.map_err(unavailable)?;
        shared.log_whole(&agent).await.map_err(unavailable)?;
        if !is_named(shared, &agent, sha256) {
            return Err(Status::not_found(format!("neither the log nor the memory of agents/{agent} names {sha256}")));
        }
    }
    let room = room.enter().await?;
    let body = shared.bus.get_object(sha256).await.map_err(|error| match error {
        BusError::Unavailable(_) => Status::unavailable(error.to_string()),
        BusError::Refused(_) | BusError::Options(_) | BusError::Store(_) => Status::data_loss(error.to_string()),
    })?;
    let body = body.ok_or_else(|| {
        Status::not_found(format!("agents/{agent} named {sha256}, but the body was never stored: store the file"))
    })?;
    Ok(sent(body, room))
}

/// The log first: what leaves it is in the memory by then.
fn is_named(shared: &Shared, agent: &AgentId, sha256: &str) -> bool {
    let memory = || shared.memories.read(|memories| memories.get(agent.as_str()));
    shared.log.names_artifact(agent, sha256)
        || memory().is_some_and(|memory| memory.notes.values().any(|note| note.is_artifact(sha256)))
}

fn sent(body: Bytes, room: OwnedSemaphorePermit) -> Pieces {
    let starts = (0..body.len()).step_by(PIECE);
    let pieces = starts.map(move |start| {
        // the room is left when the answer was sent, or nobody wants it any more
        let _ = &room;
        Ok(GetArtifactResponse { chunk: body.slice(start..body.len().min(start + PIECE)).to_vec() })
    });
    Box::pin(futures::stream::iter(pieces))
}

async fn next(
    pieces: &mut (impl Stream<Item = Result<PutArtifactRequest, Status>> + Unpin),
) -> Result<Option<PutArtifactRequest>, Status> {
    let piece = tokio::time::timeout(PATIENCE, pieces.next()).await;
    piece.map_err(|_| Status::deadline_exceeded("the next piece of the body did not come"))?.transpose()
}

/// A body as it comes in: held once, hashed as it grows.
#[derive(Debug)]
struct Body {
    parent: String,
    agent: AgentId,
    sha256: String,
    bytes: BytesMut,
    hash: Sha256,
}

impl Body {
    /// From the first message.
    fn begin(first: PutArtifactRequest) -> Result<Self, Status> {
        let agent = match first.parent.split_once('/') {
            Some(("agents", agent)) => agent.parse().map_err(|error| invalid("parent", error))?,
            _ => return Err(invalid("parent", "the first message must name `agents/{agent}`")),
        };
        if !is_hash(&first.sha256) {
            let problem = "the first message must give the SHA-256 of the body, 64 lower-case hexadecimal digits";
            return Err(invalid("sha256", problem));
        }
        let mut body = Self {
            parent: first.parent.clone(),
            agent,
            sha256: first.sha256.clone(),
            bytes: BytesMut::new(),
            hash: Sha256::new(),
        };
        body.push(&first)?;
        Ok(body)
    }

    fn push(&mut self, piece: &PutArtifactRequest) -> Result<(), Status> {
        for (field, value, first) in [("parent", &piece.parent, &self.parent), ("sha256", &piece.sha256, &self.sha256)]
        {
            if !value.is_empty() && value != first {
                return Err(invalid(field, "differs from that of the first message"));
            }
        }
        if piece.chunk.len() > PIECE {
            return Err(invalid("chunk", format!("{} bytes; at most {PIECE} a message", piece.chunk.len())));
        }
        if self.bytes.len() + piece.chunk.len() > OBJECT_LIMIT {
            return Err(invalid("chunk", format!("the body has more than {OBJECT_LIMIT} bytes")));
        }
        self.hash.update(&piece.chunk);
        self.bytes.extend_from_slice(&piece.chunk);
        Ok(())
    }

    /// Whose body it is, its name and its bytes, when it has the hash that was said.
    fn finish(self) -> Result<(AgentId, String, Bytes), Status> {
        let found = hex::encode(self.hash.finalize());
        if found != self.sha256 {
            let problem = format!("the body has the hash {found}, not {}; nothing was stored", self.sha256);
            return Err(invalid("sha256", problem));
        }
        Ok((self.agent, self.sha256, self.bytes.freeze()))
    }
}

fn parse_name(name: &str) -> Result<(AgentId, &str), Status> {
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["agents", agent, "artifacts", sha256] => {
            let agent = agent.parse().map_err(|error| invalid("name", error))?;
            let problem = "the last part must be a SHA-256, 64 lower-case hexadecimal digits";
            if is_hash(sha256) { Ok((agent, *sha256)) } else { Err(invalid("name", problem)) }
        }
        _ => {
            let shown: String = name.chars().take(200).collect();
            Err(invalid("name", format!("`{shown}` is not `agents/{{agent}}/artifacts/{{sha256}}`")))
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn unavailable(failure: commune_bus::Failure) -> Status {
    match failure {
        commune_bus::Failure::Retry(reason) | commune_bus::Failure::Reject(reason) => Status::unavailable(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(parent: &str, sha256: &str) -> PutArtifactRequest {
        PutArtifactRequest { parent: parent.to_owned(), sha256: sha256.to_owned(), chunk: Vec::new() }
    }

    fn piece(chunk: Vec<u8>) -> PutArtifactRequest {
        PutArtifactRequest { chunk, ..PutArtifactRequest::default() }
    }

    fn taken(pieces: Vec<PutArtifactRequest>) -> Result<(AgentId, String, Bytes), Status> {
        let mut pieces = pieces.into_iter();
        let mut body = Body::begin(pieces.next().unwrap_or_default())?;
        pieces.try_for_each(|piece| body.push(&piece))?;
        body.finish()
    }

    fn check(pieces: Vec<PutArtifactRequest>, field: &str) {
        let status = taken(pieces).expect_err(field);
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        assert!(status.message().starts_with(&format!("{field}: ")), "{status}");
    }

    #[test]
    fn a_body_is_whole_or_refused_by_its_field() {
        let hash = hex::encode(Sha256::digest(b"abc"));
        let good = head("agents/ada", &hash);
        let (agent, sha256, bytes) =
            taken(vec![good.clone(), piece(b"a".to_vec()), piece(b"bc".to_vec())]).expect("it fits");
        assert_eq!((agent.as_str(), &sha256, bytes.as_ref()), ("ada", &hash, b"abc".as_slice()));

        check(vec![], "parent");
        check(vec![head("ada", &hash)], "parent");
        check(vec![head("agents/Ada", &hash)], "parent");
        check(vec![head("agents/ada", "abc")], "sha256");
        check(vec![head("agents/ada", &hash.to_uppercase())], "sha256");
        check(vec![good.clone(), piece(b"abd".to_vec())], "sha256");
        check(vec![good.clone(), head("agents/bob", "")], "parent");
        check(vec![good.clone(), piece(vec![0; PIECE + 1])], "chunk");
        let full = std::iter::repeat_n(piece(vec![0; PIECE]), OBJECT_LIMIT / PIECE + 1);
        check(std::iter::once(good).chain(full).collect(), "chunk");
    }

    #[tokio::test]
    async fn the_next_body_waits_for_room_and_is_told_when_there_is_none() {
        let room = Room::default();
        let mut inside = Vec::new();
        for _ in 0..BODIES {
            inside.push(room.enter_within(Duration::ZERO).await.expect("there is room"));
        }
        let refused = room.enter_within(Duration::from_millis(1)).await.expect_err("no room");
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert_eq!(refused.message(), "8 artifacts are on their way already: try again soon");
        let waits = tokio::spawn(async move { room.enter_within(PATIENCE).await });
        inside.pop();
        assert!(waits.await.expect("no panic").is_ok(), "it gets the room that was left");
    }

    #[test]
    fn the_largest_body_and_piece_are_taken() {
        let body = vec![7; OBJECT_LIMIT];
        let hash = hex::encode(Sha256::digest(&body));
        let pieces = body.chunks(PIECE).map(|chunk| piece(chunk.to_vec()));
        let (_, sha256, bytes) =
            taken(std::iter::once(head("agents/ada", &hash)).chain(pieces).collect()).expect("it fits");
        assert_eq!((sha256, bytes.len()), (hash, OBJECT_LIMIT));
    }

    #[test]
    fn a_name_has_an_agent_and_a_hash() {
        let hash = "0a".repeat(32);
        assert!(parse_name(&format!("agents/ada/artifacts/{hash}")).is_ok());
        for wrong in ["agents/ada/artifacts/x", "agents/ada", "agents/A/artifacts/", "artifacts/ada", ""] {
            assert!(parse_name(wrong).is_err(), "{wrong}");
        }
    }
}
