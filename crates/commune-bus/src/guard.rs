//! Stands watch over the store while a process runs: the streams must stay those that it knows.
//!
//! What is known is remembered by [`Bus::ensure_store`]; a connection that never called it (the command line's) is not
//! guarded. After every reconnect, and now and then, the server is asked for its streams. Until a stream was seen to
//! be the known one over a connection, nothing is published to it over that connection, and no reader opens it.
//! A stream that was made anew is refused at once. One that is missing or ends too early is asked for again over
//! some seconds first: a cluster that elects answers with an outage, not with an absence, but only the second look
//! tells a state from a moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::jetstream::stream::Info;
use jiff::Timestamp;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use crate::{
    Bus, Connection, StreamName,
    api::ApiError,
    bus::WeakBus,
    store::{StoreError, StoreMark},
};

/// How often the streams are looked at while nothing happens.
const EVERY: Duration = Duration::from_secs(10);
/// How soon a server that did not answer is asked again.
const SOON: Duration = Duration::from_millis(250);
/// How often an absence has to be seen, and the time between.
pub(crate) const CONFIRM: u32 = 3;
pub(crate) const BETWEEN: Duration = Duration::from_secs(1);

/// What one connection knows of the store.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    known: Mutex<Option<Known>>,
    state: watch::Sender<State>,
    look_now: Notify,
}

#[derive(Debug)]
struct Known {
    mark: StoreMark,
    /// Where the mark is kept; empty: nowhere.
    place: String,
    streams: BTreeMap<StreamName, Progress>,
}

/// How far this process knows a stream.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// The highest sequence that was read or written.
    end: u64,
    /// The newest message that was read, and when it was stored.
    read: Option<(u64, Timestamp)>,
    /// The connection over which the stream was last seen to be the known one.
    seen_over: Option<u64>,
}

#[derive(Debug, Clone, Default)]
enum State {
    #[default]
    Fine,
    Doubtful(StoreError),
    Refused(StoreError),
}

/// What one look at the streams found, the worst last.
enum Look {
    Same,
    Away(ApiError),
    /// May pass.
    Doubt(StoreError),
    /// Will not pass.
    Other(StoreError),
}

impl Guard {
    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mark that is remembered.
    pub(crate) fn mark(&self) -> Option<StoreMark> {
        self.known().as_ref().map(|known| known.mark.clone())
    }

    /// Remembers the store; true for the first time.
    pub(crate) fn remember(&self, mark: StoreMark, place: &str, over: u64) -> bool {
        let mut known = self.known();
        let first = known.is_none();
        let streams = known.take().map(|known| known.streams).unwrap_or_default();
        let known = known.insert(Known { mark, place: place.to_owned(), streams });
        for stream in StreamName::ALL {
            known.streams.entry(stream).or_default().seen_over = Some(over);
        }
        first
    }

    /// A message of the stream was read.
    pub(crate) fn read(&self, stream: StreamName, sequence: u64, stored_at: Timestamp) {
        self.progress(stream, |progress| {
            progress.end = progress.end.max(sequence);
            if progress.read.is_none_or(|(newest, _)| newest < sequence) {
                progress.read = Some((sequence, stored_at));
            }
        });
    }

    /// A message was stored in the stream.
    pub(crate) fn wrote(&self, stream: StreamName, sequence: u64) {
        self.progress(stream, |progress| progress.end = progress.end.max(sequence));
    }

    /// Nothing was seen over the new connection yet.
    pub(crate) fn connected_anew(&self) {
        for stream in StreamName::ALL {
            self.progress(stream, |progress| progress.seen_over = None);
        }
        self.look_now.notify_one();
    }

    fn progress(&self, stream: StreamName, change: impl FnOnce(&mut Progress)) {
        if let Some(known) = self.known().as_mut() {
            change(known.streams.entry(stream).or_default());
        }
    }

    fn refuse(&self, error: StoreError) {
        self.state.send_if_modified(|state| {
            let first = !matches!(state, State::Refused(_));
            if first {
                *state = State::Refused(error);
            }
            first
        });
    }

    /// Doubt never takes back a refusal.
    fn think(&self, doubt: Option<StoreError>) {
        self.state.send_if_modified(|state| match (&state, doubt) {
            (State::Refused(_), _) | (State::Fine, None) => false,
            (_, None) => {
                *state = State::Fine;
                true
            }
            (_, Some(doubt)) => {
                *state = State::Doubtful(doubt);
                true
            }
        });
    }
}

impl Bus {
    /// Ends when the store is not the known one any more, with why; until then tells of each doubt, and of its end.
    /// Whoever hears of the end stops at once: what it does from then on it does to another store.
    pub async fn store_refused(&self, mut doubted: impl FnMut(Option<&StoreError>)) -> StoreError {
        let mut state = self.guard().state.subscribe();
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Fine => doubted(None),
                State::Doubtful(error) => doubted(Some(&error)),
                State::Refused(error) => {
                    doubted(Some(&error));
                    return error;
                }
            }
            if state.changed().await.is_err() {
                // the sender lives as long as the bus
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether a message may be sent to the stream now; else why not.
    pub(crate) fn may_write(&self, stream: StreamName) -> Result<(), Closed> {
        if let State::Refused(error) = &*self.guard().state.borrow() {
            return Err(Closed::ForGood(error.to_string()));
        }
        let known = self.guard().known();
        let Some(known) = known.as_ref() else { return Ok(()) };
        let seen_over = known.streams.get(&stream).and_then(|progress| progress.seen_over);
        if !self.is_up() {
            return Err(Closed::ForNow("the server is away"));
        }
        if seen_over != Some(self.connects()) {
            return Err(Closed::ForNow("the server was away, and its store was not looked at yet"));
        }
        Ok(())
    }

    /// Asks the server whether the stream is still the known one, before a reader opens it.
    pub(crate) async fn verify(&self, stream: StreamName) -> Result<(), ApiError> {
        match self.look_at_stream(stream).await {
            Look::Same => Ok(()),
            Look::Away(error) => Err(error),
            Look::Doubt(error) => {
                self.guard().look_now.notify_one();
                Err(ApiError::Away(error.to_string()))
            }
            Look::Other(error) => {
                self.guard().refuse(error.clone());
                Err(ApiError::Away(error.to_string()))
            }
        }
    }

    async fn look_at_stream(&self, stream: StreamName) -> Look {
        let (over, name) = (self.connects(), stream.as_str());
        let (mark, place, progress) = match self.guard().known().as_ref() {
            Some(known) => {
                let progress = known.streams.get(&stream).copied().unwrap_or_default();
                (known.mark.clone(), known.place.clone(), progress)
            }
            None => return Look::Same,
        };
        let info = match self.api::<Info>(&format!("STREAM.INFO.{name}"), &()).await {
            Ok(info) => Some(info),
            Err(ApiError::Server { code: ApiError::NO_STREAM, .. }) => None,
            Err(error) => return Look::Away(error),
        };
        match mark.compare(stream, info.as_ref().map(made), &place) {
            Ok(()) => {}
            Err(gone @ StoreError::Gone { .. }) => return Look::Doubt(gone),
            Err(other) => return Look::Other(other),
        }
        let last = info.map_or(0, |info| info.state.last_sequence);
        if last < progress.end {
            return Look::Doubt(StoreError::WentBack { stream: name, known: progress.end, last });
        }
        // a store that went back may have grown again past what was read: then another message is there
        if progress.seen_over != Some(over)
            && self.reads(stream)
            && let Some((known, stored_at)) = progress.read
        {
            match self.get(stream, known).await {
                Ok(Some(there)) if there.stored_at != stored_at => {
                    return Look::Other(StoreError::WentBack { stream: name, known, last });
                }
                // it may have been taken away since
                Ok(_) => {}
                Err(error) => return Look::Away(ApiError::Away(error.to_string())),
            }
        }
        self.guard().progress(stream, |progress| progress.seen_over = Some(over));
        Look::Same
    }

    async fn look_at_all(&self) -> Look {
        let looks = futures::future::join_all(StreamName::ALL.map(|stream| self.look_at_stream(stream))).await;
        looks.into_iter().max_by_key(Look::weight).unwrap_or(Look::Same)
    }
}

impl Look {
    fn weight(&self) -> u8 {
        match self {
            Self::Same => 0,
            Self::Away(_) => 1,
            Self::Doubt(_) => 2,
            Self::Other(_) => 3,
        }
    }
}

/// Why nothing may be sent.
pub(crate) enum Closed {
    ForNow(&'static str),
    ForGood(String),
}

/// When the stream was made.
pub(crate) fn made(info: &Info) -> Timestamp {
    Timestamp::from_nanosecond(info.created.unix_timestamp_nanos()).unwrap_or_default()
}

/// Looks at the streams after every reconnect, when a reader has its doubts, and now and then.
pub(crate) async fn stand(bus: WeakBus, guard: Arc<Guard>, mut connection: watch::Receiver<Connection>) {
    let mut doubts = 0;
    let mut since = Instant::now();
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            changed = connection.changed() => if changed.is_err() { return },
            () = guard.look_now.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let Some(bus) = bus.upgrade().filter(|bus| !bus.is_closed()) else { return };
        wait = EVERY;
        if *connection.borrow_and_update() == Connection::Down {
            continue;
        }
        let error = match bus.look_at_all().await {
            Look::Same => {
                doubts = 0;
                guard.think(None);
                continue;
            }
            Look::Away(error) => {
                tracing::debug!(%error, "the store could not be looked at");
                wait = SOON;
                continue;
            }
            Look::Other(error) => return guard.refuse(error),
            Look::Doubt(error) => error,
        };
        if doubts == 0 {
            since = Instant::now();
            tracing::warn!(%error, "the store is not the known one; looking again");
        }
        doubts += 1;
        if doubts >= CONFIRM && since.elapsed() >= BETWEEN * (CONFIRM - 1) {
            return guard.refuse(error);
        }
        guard.think(Some(error));
        wait = BETWEEN;
    }
}
