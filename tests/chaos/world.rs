//! The commune under test: servers, two replicas of each service, and a disturbed way between any two of them.

use std::{path::PathBuf, time::Duration};

use commune_bus::{Bus, Outgoing, StreamName, subject};
use commune_proto::{
    AgentId, NightId,
    night::v1::{NightBegun, NightRequested, Stage, TrailRecord},
};
use commune_tests::{
    Proxy, eventually_some,
    support::{now, otlp::Receiver, process::Replica},
};
use jiff::{SignedDuration, Timestamp, ToSpan as _, tz::TimeZone};

use crate::{
    plan::{REPLICAS, SERVICES, Ways, Who},
    servers::Servers,
};

/// The zone of the commune: it has daylight saving time.
pub const ZONE: &str = "America/Los_Angeles";
/// An agent whose messages the intake cannot bear.
pub const POISON: &str = "poison";
/// How long a start may take on a busy machine.
const STARTED: Duration = Duration::from_secs(60);

/// A replica, its way to the servers, and its clock.
pub struct Member {
    pub who: Who,
    pub replica: Replica,
    /// One for each server.
    pub ways: Vec<Proxy>,
    pub clock: PathBuf,
}

/// Everything that runs.
pub struct World {
    pub servers: Servers,
    /// Straight to the servers: what the driver and the checker see.
    pub bus: Bus,
    pub members: Vec<Member>,
    /// From mutualaid to the librarian of the same number.
    pub to_librarian: Vec<Proxy>,
    /// From the agents to each server.
    pub agents: Vec<Proxy>,
    pub otlp: Receiver,
    pub dir: tempfile::TempDir,
    env: Vec<(String, String)>,
    /// When a night falls due first.
    due: Timestamp,
    requests: u64,
}

impl World {
    /// Starts everything and waits until all are ready. The night of each day falls due so long after the start.
    pub async fn start(servers: Servers, due: SignedDuration) -> Self {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let bus = servers.bus().await;
        let otlp = Receiver::start().await;
        let zone = TimeZone::get(ZONE).expect("a known zone");
        let due = now() + due;
        let time = due.to_zoned(zone).strftime("%H:%M").to_string();
        let mut env = servers.service_env();
        for (name, value) in [
            ("COMMUNE_COMMUNE__TIME_ZONE", ZONE),
            ("COMMUNE_NIGHT__TIME", &time),
            ("COMMUNE_TELEMETRY__LOG_FORMAT", "human"),
            ("COMMUNE_TELEMETRY__OTLP_ENDPOINT", &otlp.endpoint),
            ("COMMUNE_SHARE__CAP", "25"),
        ] {
            env.push((name.to_owned(), value.to_owned()));
        }
        let agents = ways(&servers).await;
        let mut world = Self {
            servers,
            bus,
            members: Vec::new(),
            to_librarian: Vec::new(),
            agents,
            otlp,
            dir,
            env,
            due,
            requests: 0,
        };
        // librarians first: mutualaid is told where they are
        let mut librarians = Vec::new();
        for replica in 0..REPLICAS {
            librarians.push(world.member(Who { service: 2, replica }).await);
        }
        for librarian in &librarians {
            world.to_librarian.push(Proxy::start(&librarian.replica.grpc).await);
        }
        for service in 0..2 {
            for replica in 0..REPLICAS {
                let member = world.member(Who { service, replica }).await;
                world.members.push(member);
            }
        }
        world.members.extend(librarians);
        for member in &mut world.members {
            member.replica.ready().await;
        }
        world
    }

    async fn member(&self, who: Who) -> Member {
        let ways = ways(&self.servers).await;
        let url = ways.iter().map(Proxy::url).collect::<Vec<_>>().join(",");
        let clock = self.dir.path().join(format!("{who}.clock"));
        let mut env = self.env.clone();
        env.push(("COMMUNE_NATS__URL".to_owned(), url));
        env.push(("COMMUNE_CLOCK_FILE".to_owned(), clock.display().to_string()));
        env.push((
            "COMMUNE_NATS__STORE_FILE".to_owned(),
            self.dir.path().join(format!("{who}.store")).display().to_string(),
        ));
        if let Some(proxy) = self.to_librarian.get(who.replica) {
            env.push(("COMMUNE_SHARE__LIBRARIAN".to_owned(), format!("http://{}", proxy.address())));
        }
        env.extend(usual_fault(who).map(|fault| ("COMMUNE_FAULT".to_owned(), fault)));
        let replica = Replica::start(SERVICES[who.service], who.replica, self.dir.path(), env).await;
        Member { who, replica, ways, clock }
    }

    /// A replica that nothing has happened to: it knows what the streams say and nothing else.
    pub async fn afresh(&self, service: usize) -> Replica {
        let mut env = self.env.clone();
        env.push(("COMMUNE_NATS__URL".to_owned(), self.servers.url()));
        env.push(("COMMUNE_SHARE__LIBRARIAN".to_owned(), format!("http://{}", self.members[4].replica.grpc)));
        let mut replica = Replica::start(SERVICES[service], 9, self.dir.path(), env).await;
        replica.ready().await;
        replica
    }

    pub fn member_mut(&mut self, who: Who) -> &mut Member {
        &mut self.members[who.index()]
    }

    /// The ways that a fault is about.
    pub fn ways(&self, which: Ways) -> Vec<&Proxy> {
        match which {
            Ways::Of(who) => self.members[who.index()].ways.iter().collect(),
            Ways::AllServices => self.members.iter().flat_map(|member| &member.ways).collect(),
            Ways::Agents => self.agents.iter().collect(),
        }
    }

    /// Waits until every replica is ready.
    ///
    /// # Errors
    /// Which of them is not, when the deadline passes first.
    pub async fn all_ready(&mut self, within: Duration) -> Result<(), String> {
        let begun = std::time::Instant::now();
        loop {
            let mut missing = Vec::new();
            for member in &mut self.members {
                if let Some(status) = member.replica.has_ended() {
                    return Err(format!(
                        "{} ended by itself with {status}:\n{}",
                        member.who,
                        member.replica.log_tail()
                    ));
                }
                if !member.replica.is_ready().await {
                    missing.push(member.who.to_string());
                }
            }
            if missing.is_empty() {
                return Ok(());
            }
            if begun.elapsed() > within {
                return Err(format!("not ready within {within:?}: {}", missing.join(", ")));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for a night, of some agents or of all, until the request is stored.
    pub async fn request(&mut self, night: NightId, agents: &[AgentId]) {
        self.requests += 1;
        let request =
            NightRequested { night: night.to_string(), agents: agents.iter().map(ToString::to_string).collect() };
        let id = format!("request-{night}-{}", self.requests);
        let bus = &self.bus;
        eventually_some(STARTED, "a night can be requested", || async {
            let message = Outgoing::event(subject::night_requested(night), &id, "chaos", now(), &request);
            bus.publish(message).await.ok()
        })
        .await;
    }

    /// The night that fell due last: a selfcare that starts now makes up for it where nobody has opened it.
    pub fn fell_due_last(&self) -> NightId {
        let last = if self.due > now() { self.due - SignedDuration::from_hours(24) } else { self.due };
        let zone = TimeZone::get(ZONE).expect("a known zone");
        NightId::of(last.to_zoned(zone).date() - 1.day())
    }

    /// The newest trail record of one agent, night and stage.
    pub async fn record(&self, night: NightId, agent: &AgentId, stage: Stage) -> Option<TrailRecord> {
        let stored = self.bus.last(StreamName::Nights, &subject::trail(night, agent, stage)).await.ok()??;
        stored.event().ok()
    }

    /// The agents of a night that has begun for them and that has not ended at every stage.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn unfinished(&self, night: NightId) -> Result<Vec<String>, String> {
        let read = |filter: String| async move {
            self.bus.read(StreamName::Nights, &[&filter], 100_000).await.map_err(|e| e.to_string())
        };
        let begun = read(format!("commune.night.begun.{night}.>")).await?;
        let trail = read(subject::trail_of(night)).await?;
        let records: Vec<TrailRecord> = trail.iter().filter_map(|message| message.event().ok()).collect();
        let ended = |agent: &str, stage: Stage| records.iter().any(|r| r.agent == agent && r.stage() == stage);
        let stages = [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian];
        let begun = begun.iter().filter_map(|message| message.event::<NightBegun>().ok());
        Ok(begun.map(|b| b.agent).filter(|agent| !stages.iter().all(|stage| ended(agent, *stage))).collect())
    }

    /// Whether a night has begun for somebody.
    pub async fn has_begun(&self, night: NightId) -> bool {
        let filter = format!("commune.night.begun.{night}.>");
        self.bus.last(StreamName::Nights, &filter).await.is_ok_and(|begun| begun.is_some())
    }

    /// The files that the services log to.
    pub fn logs(&self) -> Vec<PathBuf> {
        self.members.iter().map(|member| member.replica.log_file().to_owned()).collect()
    }
}

impl Member {
    /// The next life, with the fault of the plan or with the usual one.
    pub fn begin(&mut self, fault: Option<String>) {
        let usual = usual_fault(self.who);
        let both = match (usual, fault) {
            (Some(usual), Some(fault)) => Some(format!("{usual},{fault}")),
            (usual, fault) => usual.or(fault),
        };
        self.replica.set("COMMUNE_FAULT", both);
        self.replica.restart();
    }

    /// Moves its clock.
    pub fn set_clock(&self, seconds: i64) {
        let beside = self.clock.with_extension("new");
        std::fs::write(&beside, seconds.to_string()).expect("the folder can be written");
        std::fs::rename(&beside, &self.clock).expect("the folder can be written");
    }
}

/// selfcare always panics over what the poisonous agent says.
fn usual_fault(who: Who) -> Option<String> {
    let panics = |durable| format!("panic@{durable}:after-receive:agent={POISON}");
    (who.service == 0).then(|| ["selfcare-intake", "selfcare-intake-drops"].map(panics).join(","))
}

async fn ways(servers: &Servers) -> Vec<Proxy> {
    let mut ways = Vec::new();
    for url in servers.url().split(',') {
        ways.push(Proxy::start(url).await);
    }
    ways
}

/// A change of daylight saving time in the commune's zone: the next one in spring, the last one in autumn.
pub fn change_of_time(spring: bool) -> Timestamp {
    let zone = TimeZone::get(ZONE).expect("a known zone");
    let is_spring = |at: Timestamp| at.to_zoned(TimeZone::UTC).month() < 7;
    let change = if spring {
        zone.following(now()).map(|change| change.timestamp()).find(|at| is_spring(*at))
    } else {
        zone.preceding(now()).map(|change| change.timestamp()).find(|at| !is_spring(*at))
    };
    change.expect("the zone changes every year")
}
