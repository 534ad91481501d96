//! Signals: the first drains, a second or a deadline ends.

use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long a drain may take before the process ends anyway.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(10);

/// Exit code after a second signal, as a shell gives for SIGINT.
const EXIT_SIGNAL: i32 = 130;
/// Exit code after a drain that took too long, as `timeout` gives.
const EXIT_DEADLINE: i32 = 124;

/// A token that is cancelled by the first SIGTERM or SIGINT. A second signal, or [`DRAIN_DEADLINE`] after the first,
/// ends the process with exit code 130 or 124.
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn drain_token() -> anyhow::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        next(&mut terminate, &mut interrupt).await;
        tracing::info!(deadline_s = DRAIN_DEADLINE.as_secs(), "draining; a second signal ends at once");
        token.cancel();
        tokio::select! {
            () = next(&mut terminate, &mut interrupt) => {
                tracing::warn!("second signal: ending without a drain");
                std::process::exit(EXIT_SIGNAL);
            }
            () = tokio::time::sleep(DRAIN_DEADLINE) => {
                tracing::error!("the drain took too long: ending; what was not acknowledged will be delivered again");
                std::process::exit(EXIT_DEADLINE);
            }
        }
    });
    Ok(stop)
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
