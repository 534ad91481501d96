//! How a command ends when it does not end well: one kind for each exit code.

use std::{fmt, process::ExitCode};

use commune_bus::{BusError, PublishError};
use commune_runtime::grpc::TRACE_ID;
use tonic::Code;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something went wrong (exit code 1).
    Error(anyhow::Error),
    /// The command was used wrongly (exit code 2, as clap's own).
    Usage(String),
    /// It is not there, or not known here (exit code 3).
    NotFound(String),
    /// It cannot be asked now: try again (exit code 4).
    Unavailable(String),
    /// It was refused: trying again will not help (exit code 5).
    Refused(String),
}

impl Failure {
    /// The exit code of this kind.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Error(_) => 1,
            Self::Usage(_) => 2,
            Self::NotFound(_) => 3,
            Self::Unavailable(_) => 4,
            Self::Refused(_) => 5,
        })
    }

    /// An error in plain words.
    pub(crate) fn error(text: impl fmt::Display) -> Self {
        Self::Error(anyhow::anyhow!("{text}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => write!(f, "{error:#}"),
            Self::Usage(text) | Self::NotFound(text) | Self::Unavailable(text) | Self::Refused(text) => {
                f.write_str(text)
            }
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Error(error.into())
    }
}

impl From<BusError> for Failure {
    fn from(error: BusError) -> Self {
        match error {
            BusError::Unavailable(_) => Self::Unavailable(error.to_string()),
            BusError::Refused(_) | BusError::Store(_) => Self::Refused(error.to_string()),
            BusError::Options(_) => Self::Usage(error.to_string()),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Unavailable(_) => Self::Unavailable(error.to_string()),
            PublishError::Conflict { .. } | PublishError::Refused { .. } => Self::Refused(error.to_string()),
        }
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        // where the operator finds what happened, in the logs and in the traces
        let trace = status.metadata().get(TRACE_ID).and_then(|id| id.to_str().ok());
        let trace = trace.map(|id| format!(" (trace {id})")).unwrap_or_default();
        let said = format!("{}{trace}", status.message());
        match status.code() {
            Code::NotFound => Self::NotFound(said),
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Self::Unavailable(format!(
                "not available now: {}; `commune status` tells which part is not ready",
                if said.is_empty() { "no answer" } else { &said }
            )),
            // a pace, a queue or a store that is full: it passes, and the words say when
            Code::ResourceExhausted => Self::Unavailable(format!("refused for now: {said}")),
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::Aborted
            | Code::AlreadyExists
            | Code::OutOfRange
            | Code::PermissionDenied
            | Code::Unauthenticated => Self::Refused(format!("refused: {said}")),
            code => Self::error(format!("the service answered {code:?}: {said}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(failure: Failure, code: u8) {
        assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", ExitCode::from(code)), "{failure}");
    }

    #[test]
    fn each_kind_of_ending_has_its_code() {
        check(Failure::error("x"), 1);
        check(BusError::Options("bad".into()).into(), 2);
        check(tonic::Status::not_found("no such page").into(), 3);
        check(BusError::Unavailable("down".into()).into(), 4);
        check(tonic::Status::unavailable("starting").into(), 4);
        check(tonic::Status::resource_exhausted("try again in 5 ms").into(), 4);
        check(tonic::Status::invalid_argument("name").into(), 5);
        check(PublishError::Refused { subject: "s".into(), reason: "full".into() }.into(), 5);
    }
}
