//! Messages that a client cannot read: their headers are malformed, and reading them ends the connection.
//!
//! The server takes any bytes for headers, and our client closes the connection over some of them (or panics).
//! One such message of an agent would stop every reader of its stream for ever. So after a connection was lost,
//! the messages that were on their way from an agents' stream are looked at one by one, as JSON; one that cannot
//! be read becomes a dead letter with what could be read of its headers, and only then leaves the stream.

use crate::{Bus, BusError, Stored, StreamName, api::ApiError, wire};

/// The stage of such dead letters.
const STAGE: &str = "bus";
/// Most messages that are looked at after one loss.
const LOOK_AT: u64 = 2000;
const REASON: &str = "its headers cannot be read: send `name: value` lines in UTF-8, names without spaces";

#[derive(serde::Serialize)]
struct Next {
    seq: u64,
    next_by_subj: &'static str,
}

#[derive(serde::Serialize)]
struct Delete {
    seq: u64,
}

impl Bus {
    /// Looks at the messages from `first` to `last`. Services write only what can be read, so nothing is done for
    /// their streams. One service does it for all.
    pub(crate) async fn quarantine(&self, stream: StreamName, first: u64, last: u64) {
        if !matches!(stream, StreamName::Agents | StreamName::Drops) || !self.tends_streams() {
            return;
        }
        let mut sequence = first.max(1);
        let last = last.min(sequence.saturating_add(LOOK_AT));
        while sequence <= last {
            match self.look_at(stream, sequence).await {
                Ok(Some(seen)) => sequence = seen + 1,
                Ok(None) => return,
                Err(error) => {
                    tracing::debug!(bus.stream = stream.as_str(), bus.sequence = sequence, %error, "could not look at a message");
                    return;
                }
            }
        }
    }

    /// Looks at the first message from a sequence on; its sequence.
    async fn look_at(&self, stream: StreamName, from: u64) -> Result<Option<u64>, BusError> {
        let request = Next { seq: from, next_by_subj: ">" };
        let got: wire::Got = match self.api(&format!("STREAM.MSG.GET.{}", stream.as_str()), &request).await {
            Ok(got) => got,
            Err(ApiError::Server { code: ApiError::NO_MESSAGE, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let readable = wire::is_readable(&got.message);
        let stored = wire::from_got(stream, got.message)?;
        let sequence = stored.sequence;
        if !readable {
            self.set_aside(&stored).await?;
        }
        Ok(Some(sequence))
    }

    async fn set_aside(&self, message: &Stored) -> Result<(), BusError> {
        let buried = self.bury(STAGE, message, 0, REASON).await;
        buried.map_err(|error| BusError::Unavailable(error.to_string()))?;
        let subject = format!("STREAM.MSG.DELETE.{}", message.stream.as_str());
        match self.api::<serde_json::Value>(&subject, &Delete { seq: message.sequence }).await {
            Ok(_) => {}
            // another reader was quicker
            Err(ApiError::Server { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        tracing::warn!(
            bus.stream = message.stream.as_str(),
            bus.subject = %message.subject,
            bus.sequence = message.sequence,
            "a message whose headers no client can read became a dead letter"
        );
        Ok(())
    }
}
