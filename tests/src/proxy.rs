//! A TCP proxy of our own, between a client and a server: the weather on the wire is the test's.
//!
//! A connection's bytes are read into a bounded queue and delivered when they are due, so latency delays and does
//! not throttle. What the two ends see is always a TCP stream: in order, and without holes. That is why a connection
//! that lost bytes is reset as soon as bytes could go through again.

use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::Instant,
};

/// Chunks that one direction of a connection keeps; beyond it the sender feels the pressure, as with a full window.
const KEPT: usize = 1024;

/// What happens to the bytes of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// Delivered.
    #[default]
    Through,
    /// Kept, and delivered when the weather clears; with both directions held, the connection is half-open.
    Held,
    /// Swallowed; a connection that lost something is reset when this ends.
    Lost,
}

/// What the wire does, to open connections and to new ones. The default is fair weather.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// From the client to the server.
    pub toward: Flow,
    /// From the server to the client.
    pub back: Flow,
    /// Every chunk of bytes takes this long, in each direction…
    pub latency: Duration,
    /// …and up to this much longer: the same numbers in every run.
    pub jitter: Duration,
    /// New connections are reset at once.
    pub refuse_new: bool,
}

impl Weather {
    /// A half-open connection: nothing arrives, nothing is closed, nothing is lost.
    pub fn half_open() -> Self {
        Self { toward: Flow::Held, back: Flow::Held, ..Self::default() }
    }

    /// Slow both ways.
    pub fn slow(latency: Duration, jitter: Duration) -> Self {
        Self { latency, jitter, ..Self::default() }
    }

    /// What the client says arrives, and the answers do not.
    pub fn answers_lost() -> Self {
        Self { back: Flow::Lost, ..Self::default() }
    }
}

/// A running proxy. Stops, and closes its connections, when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    sky: Arc<Sky>,
    resets: watch::Sender<u64>,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

/// What the weather is, and the words that change it.
#[derive(Debug, Default)]
struct Sky {
    now: watch::Sender<Weather>,
    /// One after the other; the last of them changes the weather.
    next: Mutex<(VecDeque<String>, Weather)>,
}

impl Sky {
    /// Changes the weather when these bytes of a client hold the last of the words that were waited for. Words may
    /// come in two chunks, so the end of what the client said before is kept.
    fn hear(&self, before: &mut Vec<u8>, bytes: &[u8]) {
        let (next, weather) = &mut *self.next.lock().expect("nobody panics with it");
        before.extend_from_slice(bytes);
        while let Some(words) = next.front().map(String::as_bytes) {
            let Some(at) = before.windows(words.len()).position(|part| part == words) else {
                before.drain(..before.len().saturating_sub(words.len() - 1));
                return;
            };
            before.drain(..at + words.len());
            next.pop_front();
            if next.is_empty() {
                self.now.send_replace(*weather);
            }
        }
        before.clear();
    }
}

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    swallowed: AtomicU64,
}

impl Proxy {
    /// Listens on a free port of the loopback address. The target (`host:port`, with or without `nats://`) is
    /// dialled for each connection anew: it may go away and come back.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start(to: impl ToString) -> Self {
        let to = to.to_string();
        let to = to.strip_prefix("nats://").unwrap_or(&to).to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let (sky, resets, counts) = (Arc::new(Sky::default()), watch::Sender::new(0), Arc::new(Counts::default()));
        let task = tokio::spawn(accept(listener, to, Arc::clone(&sky), resets.subscribe(), Arc::clone(&counts)));
        Self { address, sky, resets, counts, task }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `nats://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Sets the weather, for open and for new connections.
    pub fn weather(&self, weather: Weather) {
        self.sky.now.send_replace(weather);
    }

    /// Sets the weather at the moment when clients have said these words, one after the other, and before the server
    /// hears the last of them.
    ///
    /// # Panics
    /// When there are no words.
    pub fn weather_after(&self, words: &[&str], weather: Weather) {
        assert!(!words.is_empty() && words.iter().all(|words| !words.is_empty()), "no words to wait for");
        let words = words.iter().map(ToString::to_string).collect();
        *self.sky.next.lock().expect("nobody panics with it") = (words, weather);
    }

    /// Fair weather: what was held is delivered, and a connection that lost bytes is reset.
    pub fn clear(&self) {
        self.weather(Weather::default());
    }

    /// Resets all open connections, as a machine that has forgotten them does.
    pub fn reset(&self) {
        self.resets.send_modify(|generation| *generation += 1);
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// Bytes that were lost so far.
    pub fn swallowed(&self) -> u64 {
        self.counts.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, to: String, sky: Arc<Sky>, resets: watch::Receiver<u64>, counts: Arc<Counts>) {
    // dropped with this task, and the connections with it
    let mut connections = JoinSet::new();
    let mut ordinal = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        if sky.now.borrow().refuse_new {
            abort(&client);
            continue;
        }
        ordinal += 1;
        let (to, sky, mut resets) = (to.clone(), Arc::clone(&sky), resets.clone());
        resets.mark_unchanged();
        let open = Open::new(&counts);
        connections.spawn(async move { connection(client, &to, ordinal, &sky, resets, &open.0).await });
    }
}

/// One connection, counted while it lives.
struct Open(Arc<Counts>);

impl Open {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(
    mut client: TcpStream,
    to: &str,
    ordinal: u64,
    sky: &Sky,
    mut resets: watch::Receiver<u64>,
    counts: &Counts,
) {
    let Ok(mut server) = TcpStream::connect(to).await else {
        abort(&client);
        return;
    };
    // a chunk is delivered when it is due, not when there are more
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ended = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let toward = Line { sky, from_client: true, noise: Noise(ordinal * 2), counts };
        let back = Line { sky, from_client: false, noise: Noise(ordinal * 2 + 1), counts };
        tokio::select! {
            both = async { tokio::try_join!(toward.carry(from_client, to_server), back.carry(from_server, to_client)) } => both.is_ok(),
            _ = resets.changed() => false,
        }
    };
    if !ended {
        abort(&client);
        abort(&server);
    }
}

/// One direction of one connection.
struct Line<'a> {
    sky: &'a Sky,
    from_client: bool,
    noise: Noise,
    counts: &'a Counts,
}

/// Bytes, or the end of the stream when there are none, and when they are due.
struct Chunk {
    due: Instant,
    bytes: Bytes,
}

/// The connection cannot go on.
struct Broken;

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl From<watch::error::RecvError> for Broken {
    fn from(_: watch::error::RecvError) -> Self {
        Self
    }
}

impl Line<'_> {
    async fn carry(self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Result<(), Broken> {
        let (keep, kept) = mpsc::channel(KEPT);
        let reader = read(from, keep, self.sky.now.subscribe(), self.noise.clone());
        tokio::try_join!(reader, self.deliver(to, kept)).map(|_| ())
    }

    fn flow(&self, weather: &Weather) -> Flow {
        if self.from_client { weather.toward } else { weather.back }
    }

    async fn deliver(&self, mut to: WriteHalf<'_>, mut kept: mpsc::Receiver<Chunk>) -> Result<(), Broken> {
        let mut weather = self.sky.now.subscribe();
        let (mut said, mut lost) = (Vec::new(), false);
        loop {
            let chunk = tokio::select! {
                chunk = kept.recv() => chunk,
                changed = weather.changed() => {
                    changed?;
                    if lost && self.flow(&weather.borrow()) != Flow::Lost { return Err(Broken) }
                    continue;
                }
            };
            let Some(Chunk { due, bytes }) = chunk else {
                // the end was read, and lost: the connection stays until the weather changes
                if lost {
                    weather.wait_for(|weather| self.flow(weather) != Flow::Lost).await?;
                    return Err(Broken);
                }
                return Ok(());
            };
            tokio::time::sleep_until(due).await;
            if self.from_client {
                self.sky.hear(&mut said, &bytes);
            }
            let now = self.flow(&*weather.wait_for(|weather| self.flow(weather) != Flow::Held).await?);
            if now == Flow::Lost {
                self.counts.swallowed.fetch_add(bytes.len() as u64, Ordering::SeqCst);
                lost = true;
            } else if lost {
                return Err(Broken);
            } else if bytes.is_empty() {
                to.shutdown().await?;
            } else {
                to.write_all(&bytes).await?;
            }
        }
    }
}

async fn read(
    mut from: ReadHalf<'_>,
    keep: mpsc::Sender<Chunk>,
    weather: watch::Receiver<Weather>,
    mut noise: Noise,
) -> Result<(), Broken> {
    let mut buffer = vec![0; 16 << 10];
    let mut due = Instant::now();
    loop {
        let length = from.read(&mut buffer).await?;
        let Weather { latency, jitter, .. } = *weather.borrow();
        // never before what was read earlier
        due = due.max(Instant::now() + latency + jitter.mul_f64(noise.next()));
        let chunk = Chunk { due, bytes: Bytes::copy_from_slice(&buffer[..length]) };
        if keep.send(chunk).await.is_err() || length == 0 {
            return Ok(());
        }
    }
}

/// The next close of this socket is an RST.
fn abort(stream: &TcpStream) {
    // it may be gone already
    let _ = stream.set_zero_linger();
}

/// Numbers from 0 to 1 that are the same in every run (splitmix64).
#[derive(Clone)]
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests;
