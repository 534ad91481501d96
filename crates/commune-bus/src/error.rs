//! What can go wrong on the bus, by what the caller can do about it.

use crate::StoreError;

/// A read or an administrative request failed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The server cannot be reached or did not answer in time: try again.
    #[error("the bus is not available: {0}")]
    Unavailable(String),
    /// The server refused: trying again will not help.
    #[error("the bus refused: {0}")]
    Refused(String),
    /// The options cannot be used.
    #[error("cannot connect to the bus: {0}")]
    Options(String),
    /// The server has another store than the one that was known: end, and let somebody look.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A publish failed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The subject already moved on (or already exists, for a message that may be stored once): somebody else
    /// was first. Read the state again and decide.
    #[error("`{subject}` was changed by somebody else")]
    Conflict {
        /// The subject whose expectation failed; the first of the batch where the server does not tell.
        subject: String,
    },
    /// The stream is full, the message too large, the subject not allowed: trying again will not help.
    #[error("the stream refused `{subject}`: {reason}")]
    Refused {
        /// The subject.
        subject: String,
        /// The server's reason.
        reason: String,
    },
    /// Not known whether it was stored: publish the same message again, or read the state.
    #[error("the bus is not available: {0}")]
    Unavailable(String),
}
