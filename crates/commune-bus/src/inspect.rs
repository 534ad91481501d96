//! What the server has, held against what the commune needs, for whoever looks after it. **Nothing is made or changed.**

use async_nats::jetstream::{account::Account, stream::Info};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Bus, BusError, StreamName, TopologyError,
    accounts::rights::Durable,
    api::ApiError,
    ensure::{Ensure, is_new_enough, reconcile, wanted},
};

/// What the account of the commune uses of the server's disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// What its streams hold.
    pub used: u64,
    /// What they may grow to together.
    pub reserved: u64,
    /// What the account may use; none where it has no bound of its own.
    pub limit: Option<u64>,
}

/// A stream as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFound {
    /// Its messages.
    pub messages: u64,
    /// The bytes of its messages.
    pub bytes: u64,
    /// The most bytes that it takes; none where it has no bound.
    pub max_bytes: Option<u64>,
    /// The sequence of the last message that was ever stored.
    pub last_sequence: u64,
    /// Whether it is what [`crate::topology`] says.
    pub fits: Fits,
    /// Servers that should have a copy and have not the newest.
    pub behind: usize,
}

/// Whether a stream is what the commune needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fits {
    /// It is.
    Yes,
    /// A setting differs that selfcare brings in order at its next start.
    Soon,
    /// It cannot be brought in order in place: what differs, and what to do.
    No(String),
}

/// A durable consumer as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct ConsumerFound {
    /// Messages that it was not given yet.
    #[serde(rename = "num_pending")]
    pub pending: u64,
    /// Messages that it was given and has not acknowledged.
    #[serde(rename = "num_ack_pending")]
    pub in_flight: u64,
}

impl Bus {
    /// The version of the server that we are connected to, and whether it has all that the commune uses.
    pub fn server_version(&self) -> (String, bool) {
        let version = self.client().server_info().version;
        let new_enough = is_new_enough(&version);
        (version, new_enough)
    }

    /// What the account of the commune uses of the server's disk.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked, or has no JetStream for this account.
    pub async fn storage(&self) -> Result<Storage, BusError> {
        let account: Account = self.api("INFO", &()).await?;
        let limit = account.limits.max_storage.and_then(|limit| u64::try_from(limit).ok());
        Ok(Storage { used: account.storage, reserved: account.reserved_storage, limit })
    }

    /// A stream as it is; none when there is none.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn inspect_stream(&self, stream: StreamName) -> Result<Option<StreamFound>, BusError> {
        let info = match self.api::<Info>(&format!("STREAM.INFO.{}", stream.as_str()), &()).await {
            Ok(info) => info,
            Err(ApiError::Server { code: ApiError::NO_STREAM, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // how many copies there are is for the services' settings to say
        let fits = match reconcile(stream, &info.config, &wanted(stream, info.config.num_replicas)) {
            Ok(None) => Fits::Yes,
            Ok(Some(_)) => Fits::Soon,
            Err(Ensure::Topology(TopologyError::Incompatible { difference, advice, .. })) => {
                Fits::No(format!("{difference}; {advice}"))
            }
            Err(Ensure::Topology(other)) => Fits::No(other.to_string()),
            Err(Ensure::Api(error)) => return Err(error.into()),
        };
        let copies = info.cluster.iter().flat_map(|cluster| &cluster.replicas);
        Ok(Some(StreamFound {
            messages: info.state.messages,
            bytes: info.state.bytes,
            max_bytes: u64::try_from(info.config.max_bytes).ok().filter(|bound| *bound > 0),
            last_sequence: info.state.last_sequence,
            fits,
            behind: copies.filter(|copy| copy.offline || !copy.current).count(),
        }))
    }

    /// A durable consumer as it is; none when there is none.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn inspect_consumer(&self, durable: Durable) -> Result<Option<ConsumerFound>, BusError> {
        let subject = format!("CONSUMER.INFO.{}.{}", durable.stream.as_str(), durable.name);
        // the server wants an empty body or an object here; `()` would be sent as `null`
        match self.api::<ConsumerFound>(&subject, &json!({})).await {
            Ok(found) => Ok(Some(found)),
            Err(ApiError::Server { code: ApiError::NO_CONSUMER | ApiError::NO_STREAM, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
