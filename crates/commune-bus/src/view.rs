//! A view: what a replica knows from a stream, rebuilt from it at start and kept equal to it.

use std::{
    fmt, io,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    Bus, Stored, StreamName,
    api::ApiError,
    follow::Follower,
    kept::{self, Keeping, Kept, Origin},
    link::Quiet,
    metrics,
};

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
    /// Where what is taken in is to be kept.
    file: Option<PathBuf>,
    /// That file, while it is written.
    keeping: Mutex<Option<Keeping>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// Messages that were taken from a file.
    from_file: u64,
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
        let shared = Shared::of(stream, projection, None);
        let follower = Follower::new(bus, stream, filters, 1);
        tokio::spawn(follow(shared.clone(), follower, None, stop));
        Self { shared }
    }

    /// The same of every message, which begins with those that lie in a file, where the server still has them all, and keeps there what it takes
    /// in. Give each process a file of its own.
    pub fn start_kept(bus: &Bus, stream: StreamName, projection: P, file: PathBuf, stop: CancellationToken) -> Self {
        let shared = Shared::of(stream, projection, Some(file));
        let follower = Follower::new(bus, stream, Vec::new(), 1);
        tokio::spawn(follow(shared.clone(), follower, Some(bus.clone()), stop));
        Self { shared }
    }

    /// Messages that were taken from the file at the start.
    pub fn from_file(&self) -> u64 {
        self.shared.state.borrow().from_file
    }

    /// Whether what is taken in is kept in a file now.
    pub fn is_kept(&self) -> bool {
        self.shared.keeping().is_some()
    }

    /// Takes the file away, and keeps nothing until the next start: it may hold what nobody is to read any more.
    pub fn keep_no_more(&self) {
        let Some(file) = &self.shared.file else { return };
        // also where it is not written any more
        *self.shared.keeping() = None;
        if let Err(error) = kept::remove(file) {
            let stream = self.shared.stream.as_str();
            tracing::error!(bus.stream = stream, %error, "the kept messages cannot be removed");
        }
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

async fn follow<P: Project>(
    shared: Arc<Shared<P>>,
    mut follower: Follower,
    mut to_take_up: Option<Bus>,
    stop: CancellationToken,
) {
    let quiet = Quiet::default();
    let mut wait = FIRST_WAIT;
    loop {
        let followed = async {
            if let (Some(bus), Some(file)) = (&to_take_up, &shared.file) {
                if let Err(error) = take_up(&shared, bus, file).await {
                    return error.to_string();
                }
                follower.go_on_at(*shared.position.borrow() + 1);
                to_take_up = None;
            }
            follow_until_lost(&shared, &mut follower, &mut wait).await
        };
        let why = tokio::select! {
            () = stop.cancelled() => break,
            why = followed => why,
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
    shared.end_keeping();
    follower.close().await;
}

/// Takes in what is kept, where the server still has it; from then on what is taken in is kept.
async fn take_up<P: Project>(shared: &Arc<Shared<P>>, bus: &Bus, path: &Path) -> Result<(), ApiError> {
    let stream = shared.stream;
    let origin = Origin::of(bus, stream).await?;
    let found = off_thread({
        let path = path.to_owned();
        move || Kept::find(&path, stream)
    });
    let unused = |why: &dyn fmt::Display| {
        tracing::info!(bus.stream = stream.as_str(), file = %path.display(), reason = %why, "what is kept is not used; the stream is read");
    };
    let kept = match found.await {
        Ok(Some(kept)) if kept.holds(bus, &origin).await? => {
            bus.guard().read(stream, kept.last().sequence, kept.last().stored_at);
            Some(kept)
        }
        Ok(Some(_)) => {
            unused(&"the stream is another one, or something was taken out of it");
            None
        }
        Ok(None) => None,
        Err(error) => {
            unused(&error);
            None
        }
    };
    let (to, path) = (Arc::clone(shared), path.to_owned());
    let keeping = off_thread(move || match kept {
        Some(kept) => {
            kept.replay(|message| to.take(&message))?;
            to.state.send_modify(|state| state.from_file = kept.messages());
            kept.go_on()
        }
        None => Keeping::begin(&path, &origin),
    });
    match keeping.await {
        Ok(keeping) => *shared.keeping() = Some(keeping),
        Err(error) => tracing::warn!(bus.stream = stream.as_str(), %error, "messages are not kept in a file"),
    }
    let last = *shared.position.borrow();
    if last > 0 {
        tracing::info!(bus.stream = stream.as_str(), bus.sequence = last, "what was kept is taken in");
    }
    Ok(())
}

/// Does what would hold up a thread that others wait for.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|failed| Err(io::Error::other(failed)))
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
                (state.caught_up, state.current) = (true, true);
                changed
            });
        }
        match follower.next().await {
            Ok(followed) => {
                *wait = FIRST_WAIT;
                shared.take(&followed.message);
                shared.keep(&followed.message, followed.pending == 0);
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
    fn of(stream: StreamName, projection: P, file: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            stream,
            projection: RwLock::new(projection),
            position: watch::Sender::new(0),
            state: watch::Sender::new(State::default()),
            file,
            keeping: Mutex::new(None),
        })
    }

    fn keeping(&self) -> MutexGuard<'_, Option<Keeping>> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message that was taken in, and hands over what was kept where none waits.
    fn keep(&self, message: &Stored, none_waits: bool) {
        let mut keeping = self.keeping();
        let Some(open) = keeping.as_mut() else { return };
        let kept = open.put(message).and_then(|()| if none_waits { open.flush() } else { Ok(()) });
        if let Err(error) = kept {
            tracing::warn!(bus.stream = self.stream.as_str(), %error, "messages are kept no more until the next start");
            *keeping = None;
        }
    }

    /// Hands over what was kept, and lets go of the file.
    fn end_keeping(&self) {
        if let Some(mut keeping) = self.keeping().take()
            && let Err(error) = keeping.flush()
        {
            tracing::warn!(bus.stream = self.stream.as_str(), %error, "the last of the kept messages are not in their file");
        }
    }

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
