//! The bodies of artifacts: an object store whose names are the SHA-256 of what they hold.
//!
//! What is stored is what every NATS client knows as the object store `ARTIFACTS`. It is written as one atomic
//! batch, chunks first and the object's record last, after the record that was read: a broken write leaves no chunks
//! behind, and of two writers one stores. It is read chunk by chunk, so that no consumer is left on the server and
//! no more is on its way than one chunk.

use async_nats::jetstream::object_store::{ObjectInfo, ObjectOptions};
use base64::{Engine, engine::general_purpose::URL_SAFE};
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{Bus, BusError, Outgoing, PublishError, StoredAt, StreamName};

/// Most bytes of one object.
pub const OBJECT_LIMIT: usize = 64 << 20;
const BUCKET: &str = "ARTIFACTS";
const CHUNK: usize = 512 << 10;
/// How often an object is looked for again when another writer was first and then it is gone.
const TRIES: usize = 3;

impl Bus {
    /// Stores a body under its SHA-256, 64 lower-case hexadecimal digits. A body that is there already is not stored
    /// again (`duplicate`).
    ///
    /// # Errors
    /// [`PublishError::Refused`] when the name is not the hash of the body, the body is larger than
    /// [`OBJECT_LIMIT`] or the store is full; [`PublishError::Unavailable`] when it is not known.
    pub async fn put_object(&self, name: &str, body: Bytes) -> Result<StoredAt, PublishError> {
        let subject = record_subject(name);
        let refused = |reason: String| PublishError::Refused { subject: subject.clone(), reason };
        if body.len() > OBJECT_LIMIT {
            return Err(refused(format!("the body has {} bytes, at most {OBJECT_LIMIT} are allowed", body.len())));
        }
        let digest = digest(body.clone()).await.map_err(|error| PublishError::Unavailable(error.to_string()))?;
        if hex::encode(digest) != name {
            return Err(refused(format!("the body's SHA-256 is {}, which is not its name", hex::encode(digest))));
        }
        for _ in 0..TRIES {
            let found = self.record(name).await.map_err(|error| match error {
                BusError::Unavailable(reason) => PublishError::Unavailable(reason),
                error => refused(error.to_string()),
            })?;
            let last = match found {
                Some((info, sequence)) if !info.deleted => return Ok(StoredAt { sequence, duplicate: true }),
                Some((_, sequence)) => sequence,
                None => 0,
            };
            match self.publish_batch(messages(name, &digest, &body, last).map_err(refused)?).await {
                // another writer was first: look again
                Err(PublishError::Conflict { .. }) => {}
                done => return done,
            }
        }
        Err(PublishError::Unavailable(format!("the object {name} is being stored and removed by others")))
    }

    /// The body of this name, whole and verified; none when there is none.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] when the server cannot be asked, [`BusError::Refused`] when what is stored is not
    /// what the name says.
    pub async fn get_object(&self, name: &str) -> Result<Option<Bytes>, BusError> {
        if !is_name(name) {
            return Ok(None);
        }
        let Some((info, _)) = self.record(name).await?.filter(|(info, _)| !info.deleted) else { return Ok(None) };
        let broken = |what: &str| BusError::Refused(format!("the object {name} {what}: store the file again"));
        if info.size > OBJECT_LIMIT {
            return Err(broken("is larger than an artifact may be"));
        }
        let subject = chunk_subject(&info.nuid);
        let mut body = BytesMut::with_capacity(info.size);
        let mut next = 1;
        for _ in 0..info.chunks {
            let request = NextOf { seq: next, next_by_subj: &subject };
            let Some(chunk) = self.message(StreamName::Artifacts, &request).await? else {
                return Err(broken("lacks chunks"));
            };
            if body.len() + chunk.payload.len() > info.size {
                return Err(broken("is longer than its record says"));
            }
            body.extend_from_slice(&chunk.payload);
            next = chunk.sequence + 1;
        }
        let body = body.freeze();
        if hex::encode(digest(body.clone()).await?) != name {
            return Err(broken("does not have the hash of its name"));
        }
        Ok(Some(body))
    }

    /// What the store says of an object, and the sequence of that record.
    async fn record(&self, name: &str) -> Result<Option<(ObjectInfo, u64)>, BusError> {
        let Some(stored) = self.last(StreamName::Artifacts, &record_subject(name)).await? else { return Ok(None) };
        let info = serde_json::from_slice(&stored.payload)
            .map_err(|error| BusError::Refused(format!("the record of the object {name} cannot be read: {error}")))?;
        Ok(Some((info, stored.sequence)))
    }
}

#[derive(Serialize)]
struct NextOf<'a> {
    seq: u64,
    next_by_subj: &'a str,
}

/// The chunks, and last the record, which stands only after the record with sequence `last`.
fn messages(name: &str, digest: &[u8], body: &Bytes, last: u64) -> Result<Vec<Outgoing>, String> {
    // differs from what an object of this name had before it was removed
    let nuid = format!("{name}-{last}");
    let mut messages: Vec<Outgoing> = (0..body.len())
        .step_by(CHUNK)
        .map(|start| Outgoing::raw(chunk_subject(&nuid), body.slice(start..body.len().min(start + CHUNK))))
        .collect();
    let record = ObjectInfo {
        name: name.to_owned(),
        description: None,
        metadata: std::collections::HashMap::new(),
        headers: None,
        options: Some(ObjectOptions { link: None, max_chunk_size: Some(CHUNK) }),
        bucket: BUCKET.to_owned(),
        nuid,
        size: body.len(),
        chunks: messages.len(),
        // the server knows when it stored the record; without a time here the record derives from content
        modified: None,
        digest: Some(format!("SHA-256={}", URL_SAFE.encode(digest))),
        deleted: false,
    };
    let record = serde_json::to_vec(&record).map_err(|error| format!("the record cannot be written: {error}"))?;
    messages.push(Outgoing::raw(record_subject(name), record).after(last));
    Ok(messages)
}

/// Hashing 64 MiB takes long enough to be kept off the threads that serve others.
async fn digest(body: Bytes) -> Result<[u8; 32], BusError> {
    let hashed = tokio::task::spawn_blocking(move || Sha256::digest(&body).into()).await;
    hashed.map_err(|error| BusError::Unavailable(format!("the body could not be hashed: {error}")))
}

fn record_subject(name: &str) -> String {
    format!("$O.{BUCKET}.M.{}", URL_SAFE.encode(name))
}

fn chunk_subject(nuid: &str) -> String {
    format!("$O.{BUCKET}.C.{nuid}")
}

fn is_name(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: usize, chunks: usize) {
        let body = Bytes::from(vec![7; size]);
        let digest = Sha256::digest(&body);
        let name = hex::encode(digest);
        let messages = messages(&name, &digest, &body, 5).unwrap();
        let (record, pieces) = messages.split_last().unwrap();
        assert_eq!((pieces.len(), pieces.iter().map(Outgoing::size).sum::<usize>()), (chunks, size));
        assert!(messages.iter().all(|m| StreamName::of_subject(m.subject()) == Some(StreamName::Artifacts)));
        assert!(messages.len() <= crate::BATCH_LIMIT);
        assert_eq!((record.expected_last, record.subject()), (Some(5), record_subject(&name).as_str()));
        let info: ObjectInfo = serde_json::from_slice(&record.payload).unwrap();
        assert_eq!((info.size, info.chunks, info.bucket.as_str()), (size, chunks, "ARTIFACTS"));
    }

    #[test]
    fn a_body_is_chunks_and_then_its_record() {
        check(0, 0);
        check(1, 1);
        check(CHUNK, 1);
        check(CHUNK + 1, 2);
        check(OBJECT_LIMIT, 128);
    }

    #[test]
    fn only_a_hash_is_a_name() {
        assert!(is_name(&"0a".repeat(32)));
        assert!(!is_name(&"0A".repeat(32)) && !is_name("0a") && !is_name(&"é".repeat(32)));
    }
}
