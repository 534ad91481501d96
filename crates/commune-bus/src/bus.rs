//! The connection: made once, kept for as long as it takes.

use std::{
    sync::{
        Arc, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_nats::{Client, HeaderMap, jetstream};
use serde::Serialize;
use tokio::sync::{broadcast, watch};

use crate::{
    BusError, Faults, Points, Stored, StreamName, accounts::rights, api::ApiError, attribute, fault::Armed,
    follow::Follower, guard::Guard, link, wire,
};

/// How to reach the server and who we are.
#[derive(Debug, Clone)]
pub struct BusOptions {
    /// `nats://host:port`, several joined by commas.
    pub url: String,
    /// The name of this connection, `service@instance`.
    pub name: String,
    /// The seed of an nkey user (`SU…`), or the text of a credentials file; none where the server trusts the
    /// connection.
    pub nkey_seed: Option<String>,
    /// Copies of each stream: 1 on one server, 3 in a cluster.
    pub replicas: usize,
    /// What is to go wrong while messages are handled; for tests.
    pub fault: Option<Faults>,
}

/// Whether the server can be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Connected.
    Up,
    /// Not connected; trying for as long as it takes.
    Down,
}

/// The commune's bus. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    link: RwLock<Link>,
    options: BusOptions,
    told: link::Told,
    /// Closed by ourselves.
    closed: AtomicBool,
    /// Differs for each connection; only for what lives no longer than it does.
    instance: String,
    tokens: AtomicU64,
    guard: Arc<Guard>,
    faults: Vec<Arc<Armed>>,
}

/// A bus that is not kept alive.
pub(crate) struct WeakBus(Weak<Inner>);

impl WeakBus {
    pub(crate) fn upgrade(&self) -> Option<Bus> {
        self.0.upgrade().map(|inner| Bus { inner })
    }
}

#[derive(Debug, Clone)]
struct Link {
    client: Client,
    jetstream: jetstream::Context,
}

impl Link {
    fn new(client: Client) -> Self {
        Self { jetstream: jetstream::new(client.clone()), client }
    }
}

impl Inner {
    fn link(&self) -> Link {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How long closing waits for what was published.
const FLUSH_PATIENCE: Duration = Duration::from_secs(5);

impl Bus {
    /// Connects in the background and goes on trying for as long as it takes; returns at once.
    ///
    /// # Errors
    /// [`BusError::Options`] for a malformed URL or seed.
    pub async fn connect(options: BusOptions) -> Result<Self, BusError> {
        if !matches!(options.replicas, 1 | 3 | 5) {
            return Err(BusError::Options(format!("{} replicas: use 1, 3 or 5", options.replicas)));
        }
        let told = link::Told::default();
        let client = link::connect(&options, told.clone()).await?;
        let instance = client.new_inbox().rsplit('.').next().unwrap_or_default().to_owned();
        let faults = Armed::all(options.fault.as_ref());
        let inner = Arc::new(Inner {
            link: RwLock::new(Link::new(client)),
            options,
            told,
            closed: AtomicBool::new(false),
            instance,
            tokens: AtomicU64::new(0),
            guard: Arc::default(),
            faults,
        });
        tokio::spawn(keep_alive(Arc::downgrade(&inner)));
        Ok(Self { inner })
    }

    /// The state of the connection, as it changes.
    pub fn connection(&self) -> watch::Receiver<Connection> {
        self.inner.told.connection.subscribe()
    }

    /// The last message on a subject (wildcards allowed: the newest of all that match).
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn last(&self, stream: StreamName, subject: &str) -> Result<Option<Stored>, BusError> {
        #[derive(Serialize)]
        struct Request<'a> {
            last_by_subj: &'a str,
        }
        self.message(stream, &Request { last_by_subj: subject }).await
    }

    /// The message at a sequence; none when there is none (any more).
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn get(&self, stream: StreamName, sequence: u64) -> Result<Option<Stored>, BusError> {
        #[derive(Serialize)]
        struct Request {
            seq: u64,
        }
        if sequence == 0 {
            return Ok(None);
        }
        self.message(stream, &Request { seq: sequence }).await
    }

    /// The sequence of the newest message that a stream holds, 0 when it holds none. A message that was removed does
    /// not count: no reader could ever reach it.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn last_sequence(&self, stream: StreamName) -> Result<u64, BusError> {
        Ok(self.last(stream, ">").await?.map_or(0, |newest| newest.sequence))
    }

    /// Every message now in the stream that matches a filter (no filter: every message), in order: for commands
    /// that read once. Bounded by `limit` messages (the newest are left out).
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn read(&self, stream: StreamName, filters: &[&str], limit: usize) -> Result<Vec<Stored>, BusError> {
        self.read_from(stream, filters, 1, limit).await
    }

    /// The same from this sequence of the stream on.
    ///
    /// # Errors
    /// [`BusError`] when the server cannot be asked.
    pub async fn read_from(
        &self,
        stream: StreamName,
        filters: &[&str],
        first: u64,
        limit: usize,
    ) -> Result<Vec<Stored>, BusError> {
        let filters = filters.iter().map(|f| (*f).to_owned()).collect();
        let mut follower = Follower::new(self, stream, filters, first);
        let mut messages = Vec::new();
        let mut losses = 0;
        // a server of a cluster that goes takes its readers along; the next one goes on where they were
        while let Err(lost) = self.read_on(&mut follower, &mut messages, limit).await {
            losses += 1;
            if losses == READERS {
                return Err(lost);
            }
            tracing::debug!(bus.stream = stream.as_str(), error = %lost, "a reader was lost, another one goes on");
            tokio::time::sleep(NEXT_READER).await;
        }
        follower.close().await;
        Ok(messages)
    }

    async fn read_on(&self, follower: &mut Follower, messages: &mut Vec<Stored>, limit: usize) -> Result<(), BusError> {
        let there = follower.open().await?;
        let wanted = messages.len().saturating_add(usize::try_from(there).unwrap_or(usize::MAX)).min(limit);
        while messages.len() < wanted {
            match tokio::time::timeout(link::REQUEST_TIMEOUT, follower.next()).await {
                Ok(Ok(followed)) => {
                    messages.push(followed.message);
                    if followed.pending == 0 {
                        break;
                    }
                }
                Ok(Err(lost)) => return Err(BusError::Unavailable(lost.0)),
                Err(_) => return Err(BusError::Unavailable("reading took too long".to_owned())),
            }
        }
        Ok(())
    }

    /// Sends a message that nobody has to keep (an inbox message). Not confirmed.
    ///
    /// # Errors
    /// [`BusError`] when the connection is closed.
    pub async fn tell(&self, subject: String, payload: Vec<u8>) -> Result<(), BusError> {
        self.client().publish(subject, payload.into()).await.map_err(|e| BusError::Unavailable(e.to_string()))
    }

    /// The same with an id (`Nats-Msg-Id`), by which whoever hears a message twice knows it.
    ///
    /// # Errors
    /// [`BusError`] when the connection is closed.
    pub async fn tell_with_id(&self, subject: String, id: &str, payload: Vec<u8>) -> Result<(), BusError> {
        let mut headers = HeaderMap::new();
        headers.insert(attribute::MESSAGE_ID, id);
        let told = self.client().publish_with_headers(subject, headers, payload.into()).await;
        told.map_err(|e| BusError::Unavailable(e.to_string()))
    }

    /// Flushes what was published and closes the connection.
    pub async fn drain(&self) {
        self.inner.closed.store(true, Ordering::Relaxed);
        if tokio::time::timeout(FLUSH_PATIENCE, self.client().flush()).await.is_err() {
            tracing::warn!("the bus did not take the last messages in time");
        }
        if let Err(error) = self.client().drain().await {
            tracing::debug!(%error, "the connection to the bus was closed already");
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.inner.link().client
    }

    pub(crate) fn jetstream(&self) -> jetstream::Context {
        self.inner.link().jetstream
    }

    /// Whether it makes the streams and takes out what nobody can read; others wait until that is done.
    pub(crate) fn tends_streams(&self) -> bool {
        rights::tends_streams(&self.inner.options.name)
    }

    /// Whether it may read all of the stream.
    pub(crate) fn reads(&self, stream: StreamName) -> bool {
        rights::reads(&self.inner.options.name, stream)
    }

    /// The subjects on which the server does not let this connection publish, from now on.
    pub(crate) fn denied(&self) -> broadcast::Receiver<String> {
        self.inner.told.denied.subscribe()
    }

    pub(crate) fn replicas(&self) -> usize {
        self.inner.options.replicas
    }

    pub(crate) fn points(&self, durable: &str, subject: &str) -> Points {
        Points::of(&self.inner.faults, durable, subject)
    }

    pub(crate) fn guard(&self) -> &Arc<Guard> {
        &self.inner.guard
    }

    /// Which connection of the client this is: one more after each reconnect.
    pub(crate) fn connects(&self) -> u64 {
        self.client().statistics().connects.load(Ordering::Relaxed)
    }

    pub(crate) fn downgrade(&self) -> WeakBus {
        WeakBus(Arc::downgrade(&self.inner))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Relaxed)
    }

    pub(crate) fn is_up(&self) -> bool {
        *self.inner.told.connection.borrow() == Connection::Up
    }

    /// A token that no other has, from any connection: for a batch in flight, for a reader.
    pub(crate) fn token(&self) -> String {
        let ordinal = self.inner.tokens.fetch_add(1, Ordering::Relaxed);
        format!("{}-{ordinal}", self.inner.instance)
    }

    pub(crate) async fn message(
        &self,
        stream: StreamName,
        request: &impl Serialize,
    ) -> Result<Option<Stored>, BusError> {
        match self.api::<wire::Got>(&format!("STREAM.MSG.GET.{}", stream.as_str()), request).await {
            Ok(got) => wire::from_got(stream, got.message).map(Some),
            Err(ApiError::Server { code: ApiError::NO_MESSAGE, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// Readers that one reading may lose.
const READERS: usize = 4;
const NEXT_READER: Duration = Duration::from_millis(200);

const CHECK_EVERY: Duration = Duration::from_millis(500);

/// Connects anew when the client has come to an end by itself. It never should, but it panics over some headers
/// of others, and then nothing but a new one helps.
async fn keep_alive(bus: Weak<Inner>) {
    loop {
        tokio::time::sleep(CHECK_EVERY).await;
        let Some(inner) = bus.upgrade() else { return };
        if inner.closed.load(Ordering::Relaxed) {
            return;
        }
        let client = inner.link().client;
        // while the server is away this takes long; only a client that is gone fails at once
        if !matches!(tokio::time::timeout(FLUSH_PATIENCE, client.flush()).await, Ok(Err(_))) {
            continue;
        }
        if inner.closed.load(Ordering::Relaxed) {
            return;
        }
        inner.told.connection.send_replace(Connection::Down);
        match link::connect(&inner.options, inner.told.clone()).await {
            Ok(client) => {
                *inner.link.write().unwrap_or_else(PoisonError::into_inner) = Link::new(client);
                inner.guard.connected_anew();
                tracing::warn!("the client of the bus had come to an end; connected anew");
            }
            Err(error) => tracing::error!(%error, "the client of the bus came to an end"),
        }
    }
}
