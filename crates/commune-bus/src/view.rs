//! A view: what a replica knows from a stream, rebuilt from it at start and kept equal to it.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Bus, Stored, StreamName, follow::Follower, link::Quiet, metrics};

/// How messages become a view. Must depend on the messages and their order alone.
pub trait Project: Send + Sync + 'static {
    /// Takes one message into the view. A message that cannot be read is skipped and logged by the projection.
    fn apply(&mut self, message: &Stored);
}

/// A view did not reach a sequence in time.
#[derive(Debug, thiserror::Error)]
#[error("the view of {stream} is at {position} and did not reach {wanted} in time")]
pub struct Behind {
    /// The stream.
    pub stream: &'static str,
    /// Where the view is.
    pub position: u64,
    /// Where it should be.
    pub wanted: u64,
}

/// A projection that follows a stream with an ordered consumer, for ever, across reconnects. Cheap to clone.
pub struct View<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    stream: StreamName,
    projection: RwLock<P>,
    position: watch::Sender<u64>,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Everything that was in the stream at the start has been taken in.
    caught_up: bool,
    /// The stream can be followed, and what was in it when that began has been taken in.
    current: bool,
}

impl<P> Clone for View<P> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<P> fmt::Debug for View<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("stream", &self.shared.stream.as_str())
            .field("position", &*self.shared.position.borrow())
            .field("state", &*self.shared.state.borrow())
            .finish_non_exhaustive()
    }
}

impl<P: Project> View<P> {
    /// Begins to follow the stream from its first message (filters empty: every message).
    pub fn start(bus: &Bus, stream: StreamName, filters: Vec<String>, projection: P, stop: CancellationToken) -> Self {
        let shared = Arc::new(Shared {
            stream,
            projection: RwLock::new(projection),
            position: watch::Sender::new(0),
            state: watch::Sender::new(State::default()),
        });
        let follower = Follower::new(bus, stream, filters, 1);
        tokio::spawn(follow(shared.clone(), follower, stop));
        Self { shared }
    }

    /// Reads the view under a short lock; do not hold on to it and do no work in it.
    pub fn read<R>(&self, read: impl FnOnce(&P) -> R) -> R {
        read(&self.shared.projection.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything that was in the stream when the view started has been taken in.
    pub async fn caught_up(&self) {
        // the sender lives in `shared`, so this waits and cannot fail
        let _ = self.shared.state.subscribe().wait_for(|state| state.caught_up).await;
    }

    /// True once [`View::caught_up`] is reached and while the stream can be followed.
    pub fn is_current(&self) -> bool {
        let state = *self.shared.state.borrow();
        state.caught_up && state.current
    }

    /// Waits until the message at this sequence (which must match the filters) has been taken in.
    ///
    /// # Errors
    /// [`Behind`] when the deadline passes first.
    pub async fn reached(&self, sequence: u64, within: Duration) -> Result<(), Behind> {
        let mut position = self.position();
        let arrived = tokio::time::timeout(within, position.wait_for(|at| *at >= sequence)).await;
        match arrived {
            Ok(Ok(_)) => Ok(()),
            _ => Err(Behind {
                stream: self.shared.stream.as_str(),
                position: *self.shared.position.borrow(),
                wanted: sequence,
            }),
        }
    }

    /// The sequence of the last message taken in, as it changes.
    pub fn position(&self) -> watch::Receiver<u64> {
        self.shared.position.subscribe()
    }
}

/// The first wait before the stream is opened again; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// While a view is behind, so many messages make a difference that is told.
const TOLD_EVERY: u64 = 256;

async fn follow<P: Project>(shared: Arc<Shared<P>>, mut follower: Follower, stop: CancellationToken) {
    let quiet = Quiet::default();
    let mut wait = FIRST_WAIT;
    loop {
        let why = tokio::select! {
            () = stop.cancelled() => break,
            why = follow_until_lost(&shared, &mut follower, &mut wait) => why,
        };
        shared.state.send_modify(|state| state.current = false);
        if let Some(unsaid) = quiet.may_speak() {
            let stream = shared.stream.as_str();
            tracing::info!(bus.stream = stream, bus.reason = %why, bus.unsaid = unsaid, "a view opens its stream again");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    follower.close().await;
}

/// Follows as long as it can; why it could not any more.
async fn follow_until_lost<P: Project>(shared: &Shared<P>, follower: &mut Follower, wait: &mut Duration) -> String {
    let mut remaining = match follower.open().await {
        Ok(remaining) => remaining,
        Err(error) => return error.to_string(),
    };
    metrics::behind(shared.stream, remaining);
    loop {
        if remaining == 0 {
            shared.state.send_if_modified(|state| {
                let changed = !(state.caught_up && state.current);
                *state = State { caught_up: true, current: true };
                changed
            });
        }
        match follower.next().await {
            Ok(followed) => {
                *wait = FIRST_WAIT;
                shared.take(&followed.message);
                remaining = remaining.saturating_sub(1).min(followed.pending);
                if remaining.is_multiple_of(TOLD_EVERY) {
                    metrics::behind(shared.stream, remaining);
                }
            }
            Err(lost) => return lost.0,
        }
    }
}

impl<P: Project> Shared<P> {
    fn take(&self, message: &Stored) {
        let mut projection = self.projection.write().unwrap_or_else(PoisonError::into_inner);
        // one message that a projection cannot bear must not end the view
        if std::panic::catch_unwind(AssertUnwindSafe(|| projection.apply(message))).is_err() {
            tracing::error!(
                bus.stream = self.stream.as_str(),
                bus.sequence = message.sequence,
                "a view panicked over a message and skipped it"
            );
        }
        drop(projection);
        self.position.send_replace(message.sequence);
    }
}
