//! What every story needs: a whole commune of real processes, words to speak to it, and its state as a value.

pub mod notes;
pub mod otlp;
pub mod process;
pub mod server;
pub mod state;

use std::{
    fs::File,
    future::Future,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU16, AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{A_WHILE, eventually_some};
use async_nats::HeaderMap;
use commune_bus::{Bus, Outgoing, Stored, StreamName, subject};
use commune_proto::{
    AgentId, NightId,
    librarian::v1::library_service_client::LibraryServiceClient,
    night::v1::{NightBegun, NightRequested, Stage, TrailRecord},
    selfcare::v1::memory_service_client::MemoryServiceClient,
};
use futures::StreamExt;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use process::Replica;
use server::Server;
use tokio::sync::{Semaphore, SemaphorePermit};
use tonic::transport::Channel;

/// How long a story waits for a night of a few notes.
pub const A_NIGHT: Duration = Duration::from_secs(120);

/// How long a story waits for a night of hundreds of notes.
pub const LONG_NIGHT: Duration = Duration::from_secs(240);

/// Communes that run at a time: the machine may have only two cores.
static ROOM: Semaphore = Semaphore::const_new(2);
/// Communes that mostly wait for a deadline of the server, and run beside the others.
static WAITING_ROOM: Semaphore = Semaphore::const_new(9);
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);
/// The files of this process's ports, locked until it ends.
static CLAIMS: Mutex<Vec<File>> = Mutex::new(Vec::new());
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// How a commune is made up.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Replicas of each service.
    pub replicas: usize,
    /// Further settings of every service, as variables.
    pub settings: Vec<(String, String)>,
    /// Most contributions of one agent in one night.
    pub cap: usize,
    /// Whether it hardly needs the machine.
    pub waits: bool,
}

impl Plan {
    /// One replica of each service.
    pub fn one() -> Self {
        Self { replicas: 1, settings: Vec::new(), cap: 10, waits: false }
    }

    /// Two replicas of each service.
    pub fn two() -> Self {
        Self { replicas: 2, ..Self::one() }
    }

    /// With another cap than the default.
    #[must_use]
    pub fn cap(self, cap: usize) -> Self {
        Self { cap, ..self }
    }

    /// Of a story with little work that waits for seconds: more of them run at a time.
    #[must_use]
    pub fn waits(self) -> Self {
        Self { waits: true, ..self }
    }

    /// How gRPC is reached.
    fn scheme(&self) -> &'static str {
        let tls = self.settings.iter().any(|(name, _)| name == "COMMUNE_LISTEN__TLS_CERT_FILE");
        if tls { "https" } else { "http" }
    }

    /// With one more setting, such as `TELEMETRY__LOG_LEVEL`.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.push((format!("COMMUNE_{key}"), value.to_owned()));
        self
    }
}

/// A whole commune on free ports.
pub struct Commune {
    pub selfcare: Vec<Replica>,
    pub mutualaid: Vec<Replica>,
    pub librarian: Vec<Replica>,
    pub bus: Bus,
    /// A connection as an agent has it.
    pub agents: async_nats::Client,
    pub server: Server,
    zone: TimeZone,
    _room: SemaphorePermit<'static>,
    dir: tempfile::TempDir,
}

impl Commune {
    /// Starts the server and the services, and waits until all are ready.
    pub async fn start(plan: Plan) -> Self {
        Self::start_over(Server::start().await, plan).await
    }

    /// Starts the services over a server that may hold something already, and waits until all are ready.
    pub async fn start_over(server: Server, plan: Plan) -> Self {
        let room = if plan.waits { &WAITING_ROOM } else { &ROOM };
        let room = room.acquire().await.expect("there is always room at last");
        let dir = tempfile::tempdir().expect("a folder can be made");
        let (zone, zone_name) = quiet_zone();
        let mut env = server.service_env();
        env.push(("COMMUNE_COMMUNE__TIME_ZONE".into(), zone_name));
        env.push(("COMMUNE_TELEMETRY__LOG_FORMAT".into(), "human".into()));
        env.extend(plan.settings.iter().cloned());

        let mut commune = Self {
            selfcare: Vec::new(),
            mutualaid: Vec::new(),
            librarian: Vec::new(),
            bus: server.bus.clone(),
            agents: server.agents.clone(),
            server,
            zone,
            _room: room,
            dir,
        };
        for index in 0..plan.replicas {
            let at = commune.dir.path().to_owned();
            let librarian = Replica::start("librarian", index, &at, env.clone()).await;
            let mut for_aid = env.clone();
            for_aid.push(("COMMUNE_SHARE__LIBRARIAN".into(), format!("{}://{}", plan.scheme(), librarian.grpc)));
            for_aid.push(("COMMUNE_SHARE__CAP".into(), plan.cap.to_string()));
            commune.librarian.push(librarian);
            commune.mutualaid.push(Replica::start("mutualaid", index, &at, for_aid).await);
            commune.selfcare.push(Replica::start("selfcare", index, &at, env.clone()).await);
        }
        for replica in commune.replicas_mut() {
            replica.ready().await;
        }
        commune
    }

    /// The night of the day that ended last: nothing else is due while a story runs.
    pub fn night(&self) -> NightId {
        let today = now().to_zoned(self.zone.clone()).date();
        NightId::of(today.yesterday().expect("there was a yesterday"))
    }

    /// The date of a moment where this commune is: not the same in a story of the morning and in one of the evening.
    ///
    /// # Panics
    /// When it is no moment as in RFC 3339.
    pub fn date_of(&self, moment: &str) -> String {
        let moment: Timestamp = moment.parse().expect("a moment");
        moment.to_zoned(self.zone.clone()).date().to_string()
    }

    /// A date some days before the night's.
    pub fn day(&self, before: i64) -> String {
        (self.night().date() - before.days()).to_string()
    }

    /// Says something with an id, as an agent that wants to be sure does: waits for the stream's answer.
    pub async fn say(&self, agent: &str, kind: &str, id: &str, text: &str) -> serde_json::Value {
        self.say_as(agent, kind, id, &[], text.as_bytes()).await
    }

    /// The same with headers and any bytes.
    pub async fn say_as(
        &self,
        agent: &str,
        kind: &str,
        id: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> serde_json::Value {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        let subject = format!("commune.agent.{agent}.{kind}.{id}");
        let answer = self
            .agents
            .request_with_headers(subject.clone(), map, body.to_vec().into())
            .await
            .unwrap_or_else(|e| panic!("no answer for {subject}: {e}"));
        serde_json::from_slice(&answer.payload).unwrap_or_else(|e| panic!("{subject} was answered with no JSON: {e}"))
    }

    /// Says something without an id and without asking for an answer: `nats pub` and nothing more.
    pub async fn drop_note(&self, agent: &str, kind: &str, body: &[u8]) {
        let before = self.bus.last_sequence(StreamName::Drops).await.expect("the server answers");
        self.agents.publish(format!("commune.agent.{agent}.{kind}"), body.to_vec().into()).await.expect("connected");
        self.agents.flush().await.expect("connected");
        eventually_some(A_WHILE, "what was dropped is stored", || async move {
            (self.bus.last_sequence(StreamName::Drops).await.ok()? > before).then_some(())
        })
        .await;
    }

    /// Asks for a night by hand.
    pub async fn request(&self, night: NightId) {
        let ordinal = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
        let request = NightRequested { night: night.to_string(), agents: Vec::new() };
        let id = format!("request-{night}-{ordinal}");
        let message = Outgoing::event(subject::night_requested(night), &id, "tests", now(), &request);
        self.bus.publish(message).await.expect("the request is stored");
    }

    /// Runs a night by hand and waits until its trail is complete and nothing is left to do.
    pub async fn run_night(&self, night: NightId, within: Duration) -> Vec<TrailRecord> {
        self.request(night).await;
        let trail = self.trail_complete(night, within).await;
        self.quiet().await;
        trail
    }

    /// Waits until every agent of a night has a record of every stage.
    pub async fn trail_complete(&self, night: NightId, within: Duration) -> Vec<TrailRecord> {
        let stages = [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian];
        let begun = format!("commune.night.begun.{night}.>");
        eventually_some(within, &format!("the trail of {night} is complete"), || async {
            let begun = self.bus.read(StreamName::Nights, &[&begun], 10_000).await.ok()?;
            let records = self.trail(night).await;
            let complete = !begun.is_empty()
                && begun.iter().all(|message| {
                    let agent = message.event::<NightBegun>().expect("begun can be read").agent;
                    stages.iter().all(|stage| records.iter().any(|r| r.agent == agent && r.stage() == *stage))
                });
            complete.then_some(records)
        })
        .await
    }

    /// The trail of a night as it is now.
    pub async fn trail(&self, night: NightId) -> Vec<TrailRecord> {
        let messages = read_all(&self.bus, StreamName::Nights, &[&subject::trail_of(night)]).await;
        messages.iter().map(|m| m.event().expect("a record can be read")).collect()
    }

    /// Waits until no durable consumer has anything left to deliver or to acknowledge.
    pub async fn quiet(&self) {
        eventually_some(A_NIGHT, "every consumer is idle", || async {
            let first = self.server.pending().await;
            (first == 0 && self.server.pending().await == 0).then_some(())
        })
        .await;
    }

    /// The library, asked over gRPC at its first replica.
    pub async fn library(&self) -> LibraryServiceClient<Channel> {
        LibraryServiceClient::connect(format!("http://{}", self.librarian[0].grpc)).await.expect("librarian answers")
    }

    /// The memories, asked over gRPC at selfcare's first replica.
    pub async fn memory(&self) -> MemoryServiceClient<Channel> {
        MemoryServiceClient::connect(format!("http://{}", self.selfcare[0].grpc)).await.expect("selfcare answers")
    }

    /// Every replica.
    pub fn replicas(&self) -> impl Iterator<Item = &Replica> {
        self.selfcare.iter().chain(&self.mutualaid).chain(&self.librarian)
    }

    fn replicas_mut(&mut self) -> impl Iterator<Item = &mut Replica> {
        self.selfcare.iter_mut().chain(&mut self.mutualaid).chain(&mut self.librarian)
    }

    /// A folder of this commune, gone with it.
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    /// Ends a good story: no dead letters, and every replica drains and says that all went well.
    pub async fn finish(mut self) {
        let dead = self.bus.dead_letters(10).await.expect("the server answers");
        assert!(dead.is_empty(), "dead letters were left: {:?}", dead.iter().map(|d| &d.reason).collect::<Vec<_>>());
        self.finish_with_dead().await;
    }

    /// Ends a story that is about dead letters.
    pub async fn finish_with_dead(&mut self) {
        for replica in self.replicas_mut() {
            replica.drain().await;
        }
    }
}

impl Drop for Commune {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for replica in self.replicas() {
                eprintln!("--- {} at {}\n{}", replica.service, replica.grpc, replica.log_tail());
            }
        }
    }
}

/// Everything that a stream holds of these subjects (none: all). Asks again while the server cannot answer, as
/// servers of a cluster that have just found together cannot.
pub async fn read_all(bus: &Bus, stream: StreamName, filters: &[&str]) -> Vec<Stored> {
    eventually_some(A_WHILE, &format!("{} can be read", stream.as_str()), async || {
        bus.read(stream, filters, 1_000_000).await.ok()
    })
    .await
}

/// A future with a deadline.
pub async fn wait<T>(within: Duration, future: impl Future<Output = T>) -> Result<T, ()> {
    tokio::time::timeout(within, future).await.map_err(|_| ())
}

/// A port that nothing listens on and no other test process was given, outside the range that clients are given.
pub fn port() -> u16 {
    let folder = std::env::temp_dir().join("commune-tests-ports");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    loop {
        let offset = NEXT_PORT.fetch_add(1, Ordering::Relaxed) % 9_000;
        let start = u16::try_from(std::process::id() % 900).expect("below 900") * 10;
        let port = 20_000 + (start + offset) % 9_000;
        // whoever restarts at a port leaves it for a moment: it is taken as long as its file is locked
        let claim = File::create(folder.join(port.to_string())).expect("the folder can be written");
        if claim.try_lock().is_ok() && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).push(claim);
            return port;
        }
    }
}

/// The time now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// An agent's id.
pub fn agent(id: &str) -> AgentId {
    id.parse().expect("an agent id")
}

/// A time zone in which it is about noon, so that no night falls due while a story runs.
fn quiet_zone() -> (TimeZone, String) {
    let hour = i32::from(now().to_zoned(TimeZone::UTC).hour());
    let offset = 12 - hour;
    // the sign of these names is turned round: Etc/GMT-3 is three hours ahead of UTC
    let name = match offset {
        0 => "Etc/UTC".to_owned(),
        ahead if ahead > 0 => format!("Etc/GMT-{ahead}"),
        behind => format!("Etc/GMT+{}", -behind),
    };
    (TimeZone::get(&name).expect("a known zone"), name)
}

/// Collects a stream of server answers until it is idle for a moment; used for what has no end of its own.
pub async fn take<T>(
    stream: &mut (impl futures::Stream<Item = Result<T, tonic::Status>> + Unpin),
    count: usize,
) -> Vec<T> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = wait(Duration::from_secs(20), stream.next()).await.expect("the stream goes on in time");
        taken.push(next.expect("the stream does not end").expect("the stream does not fail"));
    }
    taken
}
