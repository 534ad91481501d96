//! Waiting for a state, with a deadline. **Nothing sleeps to wait for time to pass.**

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// Long enough for anything that happens at once on a busy machine.
pub const A_WHILE: Duration = Duration::from_secs(60);

const BETWEEN: Duration = Duration::from_millis(20);

/// Waits until the condition holds.
///
/// # Panics
/// When the deadline passes first; `what` says what was missing.
pub async fn eventually<F: Future<Output = bool>>(within: Duration, what: &str, mut condition: impl FnMut() -> F) {
    eventually_some(within, what, || {
        let holds = condition();
        async { holds.await.then_some(()) }
    })
    .await;
}

/// Waits until there is something, and gives it.
///
/// # Panics
/// When the deadline passes first; `what` says what was missing.
pub async fn eventually_some<T, F: Future<Output = Option<T>>>(
    within: Duration,
    what: &str,
    mut find: impl FnMut() -> F,
) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        tokio::time::sleep(BETWEEN).await;
    }
}
