//! Requests to JetStream's administrative interface, and what its answers mean.

use async_nats::jetstream::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Bus, BusError, StreamName};

/// By how much the server's clock may differ from ours before a schedule is told in the server's time.
pub const CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_mins(1);

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// No answer: the server is away, or starting.
    #[error("{0}")]
    Away(String),
    /// The server refused.
    #[error("{text}")]
    Server { code: u64, status: usize, text: String },
}

impl ApiError {
    /// Servers of a cluster are away, or have not met yet.
    pub(crate) const NO_PEERS: u64 = 10005;
    pub(crate) const NO_CONSUMER: u64 = 10014;
    pub(crate) const NO_MESSAGE: u64 = 10037;
    pub(crate) const NO_STORAGE: u64 = 10047;
    pub(crate) const NO_FOLDER: u64 = 10049;
    pub(crate) const NAME_TAKEN: u64 = 10058;
    pub(crate) const NO_STREAM: u64 = 10059;
    pub(crate) const SUBJECTS_TAKEN: u64 = 10065;
    pub(crate) const JETSTREAM_OFF: [u64; 2] = [10039, 10076];

    /// Whether asking again may help.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Away(_) => true,
            Self::Server { code, status, .. } => {
                *code == Self::NO_PEERS
                    || matches!(status, 429 | 503) && *code != Self::NO_STORAGE && !Self::JETSTREAM_OFF.contains(code)
            }
        }
    }
}

impl From<ApiError> for BusError {
    fn from(error: ApiError) -> Self {
        if error.passes() { Self::Unavailable(error.to_string()) } else { Self::Refused(error.to_string()) }
    }
}

impl Bus {
    /// The time by the server's clock, which schedules go by.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked, or the streams are not there.
    pub async fn server_time(&self) -> Result<Timestamp, BusError> {
        #[derive(Deserialize)]
        struct Said {
            ts: String,
        }
        let said: Said = self.api(&format!("STREAM.INFO.{}", StreamName::Nights.as_str()), &()).await?;
        said.ts.parse().map_err(|error| BusError::Refused(format!("the server's time `{}`: {error}", said.ts)))
    }

    /// How far the server's clock is ahead of ours; nothing, where they are as good as equal. A schedule that is told in our time would otherwise
    /// fire at once, again and again, until our clock has come after.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn server_ahead(&self, now: Timestamp) -> Result<SignedDuration, BusError> {
        let ahead = self.server_time().await?.duration_since(now);
        Ok(if ahead.abs() < CLOCK_DIFFERENCE {
            SignedDuration::ZERO
        } else {
            SignedDuration::from_secs(ahead.as_secs())
        })
    }

    /// Asks JetStream's API; the subject is without its prefix.
    pub(crate) async fn api<T: DeserializeOwned>(
        &self,
        subject: &str,
        request: &impl Serialize,
    ) -> Result<T, ApiError> {
        let answer = self.jetstream().request::<_, _, Response<T>>(subject.to_owned(), request).await;
        match answer {
            Ok(Response::Ok(answer)) => Ok(answer),
            Ok(Response::Err { error }) => {
                Err(ApiError::Server { code: error.error_code().0, status: error.code(), text: error.to_string() })
            }
            Err(error) => Err(ApiError::Away(error.to_string())),
        }
    }
}
