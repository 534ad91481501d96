//! The agents of a run: each a task with a client of its own, that says what its script says, and says it again until
//! it is told that the commune has it.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

use async_nats::{Client, ConnectOptions, HeaderMap, Request};
use futures::StreamExt;
use tokio::{
    task::{AbortHandle, JoinHandle},
    time::{Instant, MissedTickBehavior, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    ledger::{Entry, Fate, Heard, Ledger, Row},
    script::{self, Act, Script, Step},
};

/// How a fleet is made up.
#[derive(Debug, Clone)]
pub struct FleetPlan {
    /// Where agents connect: the agent of this index takes the one of this index, round and round. Each may be several
    /// servers joined by commas.
    pub urls: Vec<String>,
    pub agents: usize,
    pub seed: u64,
    /// Between two messages of one agent.
    pub every: Duration,
    /// Most steps of one agent; none: until it is stopped.
    pub steps: Option<usize>,
    /// How long an agent waits for one answer.
    pub patience: Duration,
    /// How long an agent that was stopped goes on trying what was not acknowledged.
    pub settle: Duration,
    /// Whether agents send what is wrong on purpose, and repeats.
    pub faults: bool,
    /// Whether there is an agent `poison`, whose notes are good and whose intake is told to panic.
    pub poison: bool,
    /// Whether several servers hold the streams.
    pub clustered: bool,
}

impl FleetPlan {
    pub fn new(urls: Vec<String>, agents: usize, seed: u64) -> Self {
        Self {
            urls,
            agents,
            seed,
            every: Duration::from_millis(200),
            steps: None,
            patience: Duration::from_secs(2),
            settle: Duration::from_secs(30),
            faults: true,
            poison: false,
            clustered: false,
        }
    }
}

/// The agent whose messages make a handler panic.
pub const POISON: &str = "poison";
/// Every this many steps of the others the poison agent speaks.
const POISON_RARELY: u32 = 20;
/// Messages an agent remembers for sending them once more.
const REMEMBERED: usize = 64;
/// Most messages that an agent tries again at a time.
const RETRIES: usize = 4;

/// Agents at work.
pub struct Fleet {
    tasks: Mutex<Vec<JoinHandle<()>>>,
    listener: AbortHandle,
    quiet: CancellationToken,
}

impl Fleet {
    /// Starts every agent; none of them waits for a connection.
    pub fn start(plan: FleetPlan, ledger: Ledger) -> Self {
        let quiet = CancellationToken::new();
        let mut names: Vec<String> = (0..plan.agents).map(|index| format!("agent-{index:02}")).collect();
        if plan.poison {
            names.push(POISON.to_owned());
        }
        let listener = tokio::spawn(listen(plan.urls[0].clone(), ledger.clone())).abort_handle();
        let mut tasks = Vec::new();
        for (index, name) in names.into_iter().enumerate() {
            let (plan, ledger, quiet) = (plan.clone(), ledger.clone(), quiet.clone());
            tasks.push(tokio::spawn(async move {
                let client = connect(&plan.urls[index % plan.urls.len()], &name).await;
                let poison = name == POISON;
                let script = Script::new(&name, index, plan.seed, plan.faults && !poison);
                let (said, open) = (VecDeque::new(), VecDeque::new());
                Agent { poison, client, script, plan, ledger, said, open }.run(quiet).await;
            }));
        }
        Self { tasks: Mutex::new(tasks), listener, quiet }
    }

    /// Ends the talking: each agent tries again what was not acknowledged until it is, or until its time is over. Who
    /// listens to the inboxes listens until this fleet is dropped.
    pub async fn stop(&self) {
        self.quiet.cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().expect("no holder fails"));
        for task in tasks {
            task.await.expect("an agent ends well");
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.quiet.cancel();
        self.listener.abort();
        for task in self.tasks.get_mut().expect("no holder fails") {
            task.abort();
        }
    }
}

struct Agent {
    poison: bool,
    client: Client,
    script: Script,
    plan: FleetPlan,
    ledger: Ledger,
    /// What was said lately, the newest last.
    said: VecDeque<Row>,
    /// What was not acknowledged yet and may be sent again.
    open: VecDeque<Row>,
}

/// What the server answered.
#[derive(Debug)]
enum Answer {
    Stored(u64),
    /// The subject has a message already.
    Taken(String),
    /// It will never be taken.
    Refused(String),
    /// Nothing that says what became of it.
    Nothing,
}

impl Agent {
    async fn run(mut self, quiet: CancellationToken) {
        let every = if self.poison { self.plan.every * POISON_RARELY } else { self.plan.every };
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut steps = 0;
        while self.plan.steps.is_none_or(|most| steps < most) {
            tokio::select! {
                biased;
                () = quiet.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let step = self.script.step();
            self.perform(step).await;
            self.retry().await;
            steps += 1;
        }
        let deadline = Instant::now() + self.plan.settle;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !self.open.is_empty() && Instant::now() < deadline {
            ticks.tick().await;
            self.retry().await;
        }
    }

    async fn perform(&mut self, Step { what, act, canary }: Step) {
        if let Some((word, place)) = &canary {
            self.ledger.canaries().plant(self.name(&act), word, place);
        }
        match act {
            Act::Say(entry) => {
                let row = self.write(entry);
                self.send(row).await;
            }
            Act::Twice(entry) => {
                let row = self.write(entry);
                tokio::join!(self.post(row), self.post(row));
                self.settle(row);
            }
            Act::Again(back) => {
                let Some(row) = self.earlier(back) else { return };
                self.post(row).await;
            }
            Act::Imposter(back, body) => {
                let Some(row) = self.earlier(back) else { return };
                let first = self.ledger.get(row);
                let token = script::tokens(&String::from_utf8_lossy(&body)).next().unwrap_or_default().to_owned();
                let fate = Fate::Refused("per subject");
                let entry = Entry::new(&first.agent, &first.kind, first.id.as_deref(), body, &token, fate);
                let row = self.ledger.write(entry);
                self.send(row).await;
            }
        }
        self.ledger.tried(what);
    }

    fn name<'a>(&self, act: &'a Act) -> &'a str {
        match act {
            Act::Say(entry) | Act::Twice(entry) => &entry.agent,
            Act::Again(_) | Act::Imposter(..) => "",
        }
    }

    fn write(&mut self, mut entry: Entry) -> Row {
        if self.poison && matches!(entry.fate, Fate::Kept | Fate::Asked | Fate::Dead(_)) {
            entry.fate = Fate::Poison;
        }
        let row = self.ledger.write(entry);
        self.said.push_back(row);
        if self.said.len() > REMEMBERED {
            self.said.pop_front();
        }
        row
    }

    /// A message with an id that is known to be stored, said about this many messages ago.
    fn earlier(&self, back: usize) -> Option<Row> {
        let mut earlier = self.said.iter().rev().skip(back.min(self.said.len().saturating_sub(1)));
        earlier
            .find(|row| {
                let entry = self.ledger.get(**row);
                entry.id.is_some() && entry.acknowledged()
            })
            .copied()
    }

    async fn send(&mut self, row: Row) {
        self.post(row).await;
        self.settle(row);
    }

    /// What may be sent again and was not answered waits for its turn.
    fn settle(&mut self, row: Row) {
        let entry = self.ledger.get(row);
        // a drop counts each time, so one whose fate is not known is not sent again
        if entry.unknown() && entry.id.is_some() {
            self.open.push_back(row);
        }
    }

    async fn retry(&mut self) {
        for _ in 0..self.open.len().min(RETRIES) {
            let Some(row) = self.open.pop_front() else { return };
            self.send(row).await;
            self.ledger.tried("retried until acknowledged");
            if self.ledger.get(row).unknown() {
                return; // the server is away
            }
        }
    }

    /// Sends it once and records what was answered.
    async fn post(&self, row: Row) {
        let entry = self.ledger.get(row);
        self.ledger.sending(row);
        match self.ask(&entry).await {
            Answer::Stored(sequence) => self.ledger.stored(row, sequence),
            // nobody else uses its ids, so what is there is its own text: the checker looks
            Answer::Taken(reason) => match entry.fate {
                Fate::Refused(_) => self.ledger.refused(row, &reason),
                _ if self.plan.clustered => self.ledger.claimed(row),
                _ => self.ledger.already(row),
            },
            Answer::Refused(reason) => self.ledger.refused(row, &reason),
            Answer::Nothing => {}
        }
    }

    async fn ask(&self, entry: &Entry) -> Answer {
        let mut headers = HeaderMap::new();
        for (name, value) in &entry.headers {
            headers.insert(name.as_str(), value.as_str());
        }
        let request =
            Request::new().headers(headers).payload(entry.body.clone().into()).timeout(Some(self.plan.patience));
        let asked = timeout(self.plan.patience * 2, self.client.send_request(entry.subject.clone(), request)).await;
        let Ok(Ok(answer)) = asked else { return Answer::Nothing };
        read(&answer.payload)
    }
}

const PER_SUBJECT_OR_FULL: u64 = 10077;
const TOO_LARGE: u64 = 10054;

fn read(payload: &[u8]) -> Answer {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(payload) else { return Answer::Nothing };
    if let Some(sequence) = answer["seq"].as_u64().filter(|_| answer["error"].is_null()) {
        return Answer::Stored(sequence);
    }
    let reason = answer["error"]["description"].as_str().unwrap_or_default().to_owned();
    match answer["error"]["err_code"].as_u64() {
        Some(PER_SUBJECT_OR_FULL) if reason.contains("per subject") => Answer::Taken(reason),
        Some(TOO_LARGE) => Answer::Refused(reason),
        // full, without a leader, shutting down: it may be taken later
        _ => Answer::Nothing,
    }
}

async fn connect(url: &str, name: &str) -> Client {
    let options = ConnectOptions::new()
        .name(name)
        .retry_on_initial_connect()
        .ignore_discovered_servers()
        .connection_timeout(Duration::from_secs(2))
        // a connection that is open at one end only must be noticed
        .ping_interval(Duration::from_secs(2))
        .reconnect_delay_callback(|tries| Duration::from_millis(50 * tries.min(10) as u64));
    let servers: Vec<&str> = url.split(',').collect();
    options.connect(servers).await.expect("the address is good")
}

async fn listen(url: String, ledger: Ledger) {
    let client = connect(&url, "listener").await;
    let Ok(mut inbox) = client.subscribe("commune.inbox.>").await else { return };
    while let Some(message) = inbox.next().await {
        let headers = format!("{:?}", message.headers);
        ledger.hear(Heard { subject: message.subject.to_string(), headers, payload: message.payload.to_vec() });
    }
}
