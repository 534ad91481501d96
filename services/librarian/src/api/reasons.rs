//! Reasons that others read: on one line, within a bound, and cleared as all that is shared.

use commune_knowledge::{normalize, personal::Names};
use commune_runtime::grpc::invalid;
use tonic::Status;

use crate::handlers::held;

/// Most bytes of a reason.
const LIMIT: usize = 1024;

/// The reason on one line.
///
/// # Errors
/// INVALID_ARGUMENT for an empty or long one; FAILED_PRECONDITION, without its words, for one that holds a secret, finds a person or gives orders.
pub(super) fn reason(field: &str, text: &str, names: &Names) -> Result<String, Status> {
    let reason = normalize::text(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(invalid(field, "say why, for whoever reads the history"));
    }
    if reason.len() > LIMIT {
        return Err(invalid(field, format!("{} bytes; at most {LIMIT} are allowed: say it shorter", reason.len())));
    }
    match held(&reason, names) {
        Some(held) => Err(Status::failed_precondition(format!("{field}: {}: {}", held.rule, held.advice))),
        None => Ok(reason),
    }
}
