//! A run: agents publish throughout, faults come one after the other, nights are asked for all the while; then
//! everything comes to rest, and what is there is compared with what was promised.

use std::time::Duration;

use commune_bus::{Bus, Outgoing, subject};
use commune_proto::{
    AgentId, NightId,
    night::v1::{NightRequested, Stage},
};
use commune_tests::support::{agent, now};
use jiff::{SignedDuration, ToSpan, civil::date};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{
    agents::{Fleet, FleetPlan},
    checker::{self, Evidence, bounds::Samples, history::History},
    faults::Made,
    ledger::Ledger,
    plan::Plan,
    report::Report,
    servers::{Servers, pending},
    world::World,
};

/// Agents that publish throughout.
const AGENTS: usize = 12;
/// Between two nights that are asked for in a short run.
const NIGHTS_EVERY: Duration = Duration::from_secs(5);
/// A run longer than this goes at a slower pace: memories and library grow with each night, and so does the next one's work.
const SHORT: Duration = Duration::from_secs(120);
const SLOWER: u32 = 4;
/// How long a recovery may take before the run gives up on it.
const RECOVERED: Duration = Duration::from_secs(90);
/// What waits when the last fault has ended and the agents are silent is handled within this time.
pub const DRAINED: Duration = Duration::from_secs(30);
/// The agent whose nights tell that all stages work again.
const PROBE: &str = "probe";

/// What to do.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub seed: u64,
    pub lasts: Duration,
    pub servers: usize,
}

/// Makes a run and judges it.
pub async fn run(settings: Settings) -> Report {
    let Settings { seed, lasts, servers } = settings;
    let mut report = Report::new(settings);
    // in a long run the night of the day falls due, too; in a short one it would come while its end is being judged
    let due = if lasts > SHORT { SignedDuration::from_mins(3) } else { SignedDuration::from_hours(12) };
    let mut world = World::start(Servers::start(servers).await, due).await;
    let ledger = Ledger::default();
    let urls = world.agents.iter().map(commune_tests::Proxy::url).collect();
    let pace = if lasts > SHORT { SLOWER } else { 1 };
    let usual = FleetPlan::new(urls, AGENTS, seed);
    let plan = FleetPlan { poison: true, every: usual.every * pace, clustered: servers > 1, ..usual };
    let fleet = Fleet::start(plan, ledger.clone());
    let stop = CancellationToken::new();
    let nights = ask_for_nights(world.bus.clone(), NIGHTS_EVERY * pace, stop.clone());
    let mut history = History::default();
    let mut samples = Samples::default();
    let mut probes = Probes::default();

    let begun = Instant::now();
    let mut plan = Plan::new(seed, servers);
    probes.recovered(&mut world).await.expect("all is well before the first fault");
    while begun.elapsed() < lasts {
        let fault = plan.next().expect("a plan has no end");
        println!("{:>6.1} s  {fault:?}", begun.elapsed().as_secs_f32());
        let made = world.suffer(&fault).await;
        match &made {
            Made::Skipped(why) => println!("skipped: {why}"),
            _ => match probes.recovered(&mut world).await {
                Ok(took) => report.recovered(&fault, took),
                Err(why) => {
                    report.violation("recovery", format!("after {fault:?}: {why}"));
                    report.count(&fault, &made);
                    break;
                }
            },
        }
        report.count(&fault, &made);
        history.observe(&world.bus).await;
        samples.take(&pids(&world));
    }

    // the last fault has ended: agents settle, and what waits is handled
    let say = |what: &str| println!("{:>6.1} s  {what}", begun.elapsed().as_secs_f32());
    say("the agents are asked to end");
    fleet.stop().await;
    stop.cancel();
    nights.await.expect("asking for nights does not fail");
    say("the agents have ended");
    drained(&world, &mut report).await;
    say("nothing is left to handle; one more night");
    // one more night, so that everything acknowledged has been through one; and the night that the replicas started below would
    // make up for while the checker reads
    for night in [NightId::of(date(2025, 12, 31)), world.fell_due_last()] {
        world.request(night, &[]).await;
        at_rest(&world, night, &mut report).await;
    }
    history.observe(&world.bus).await;
    samples.take(&pids(&world));
    say("at rest");

    let mut fresh = Vec::new();
    for service in 0..3 {
        fresh.push(world.afresh(service).await);
    }
    let evidence = Evidence {
        bus: world.bus.clone(),
        ledger,
        logs: world.logs(),
        librarians: vec![world.members[4].replica.grpc.clone(), world.members[5].replica.grpc.clone()],
        selfcares: vec![world.members[0].replica.grpc.clone(), world.members[1].replica.grpc.clone()],
        fresh_librarian: fresh[2].grpc.clone(),
        fresh_selfcare: fresh[0].grpc.clone(),
        spans: world.otlp.spans(),
        history,
        samples,
    };
    say("checking");
    report.judged(checker::check(&evidence).await);
    for replica in fresh.iter_mut().chain(world.members.iter_mut().map(|member| &mut member.replica)) {
        replica.drain().await;
    }
    report
}

/// Asks for one night after the other.
fn ask_for_nights(bus: Bus, every: Duration, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut day = date(2024, 1, 1);
        while !stop.is_cancelled() {
            let request = NightRequested { night: day.to_string(), agents: Vec::new() };
            let message = || {
                let subject = subject::night_requested(NightId::of(day));
                Outgoing::event(subject, &format!("request-{day}"), "chaos", now(), &request)
            };
            // an outage is not the end: the same night is asked for until the request is stored
            while bus.publish(message()).await.is_err() && !stop.is_cancelled() {
                sleep(Duration::from_millis(200)).await;
            }
            day += 1.day();
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(every) => {}
            }
        }
    })
}

/// Small nights of one agent, from its note to the librarian's record.
#[derive(Default)]
struct Probes(i64);

impl Probes {
    /// How long it takes until every replica is ready and a note that is published now has been through a night.
    async fn recovered(&mut self, world: &mut World) -> Result<Duration, String> {
        let begun = Instant::now();
        self.0 += 1;
        let (night, who): (NightId, AgentId) = (NightId::of(date(2020, 1, 1) + self.0.days()), agent(PROBE));
        let subject = format!("commune.agent.{PROBE}.note.p{}", self.0);
        let text = format!("---\nkind: fact\n---\nThe probe of day {} was here.\n", self.0);
        while world.bus.publish(Outgoing::raw(subject.clone(), text.clone().into_bytes())).await.is_err() {
            if begun.elapsed() > RECOVERED {
                return Err("no note could be published".to_owned());
            }
        }
        world.request(night, std::slice::from_ref(&who)).await;
        world.all_ready(RECOVERED).await?;
        while world.record(night, &who, Stage::Librarian).await.is_none() {
            if begun.elapsed() > RECOVERED {
                return Err(format!("the night {night} of {PROBE} has no record of the librarian"));
            }
            sleep(Duration::from_millis(25)).await;
        }
        Ok(begun.elapsed())
    }
}

fn pids(world: &World) -> Vec<(String, i32)> {
    let pid = |m: &crate::world::Member| Some((m.who.to_string(), m.replica.pid()?.as_raw_nonzero().get()));
    world.members.iter().filter_map(pid).collect()
}

/// Waits until no durable consumer has anything left.
async fn drained(world: &World, report: &mut Report) {
    let watch = world.servers.watch().await;
    let begun = Instant::now();
    loop {
        let left = pending(&watch).await;
        if matches!(&left, Ok(left) if left.iter().all(|(_, count)| *count == 0)) {
            report.drained = Some(begun.elapsed());
            return;
        }
        if begun.elapsed() > DRAINED * 3 {
            report.violation("backlog", format!("not drained: {left:?}"));
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until a night has ended for all of its agents, and nothing is left to do.
async fn at_rest(world: &World, night: NightId, report: &mut Report) {
    let begun = Instant::now();
    let mut nothing_left = false;
    loop {
        let unfinished = world.unfinished(night).await;
        let ended = matches!(&unfinished, Ok(agents) if agents.is_empty()) && world.has_begun(night).await;
        // what was still to be opened has begun when nothing is left, and is looked at once more
        if ended && nothing_left {
            return;
        }
        if begun.elapsed() > RECOVERED {
            report.violation("night", format!("{night} did not end: {unfinished:?}"));
            return;
        }
        if ended {
            drained(world, report).await;
            nothing_left = true;
        } else {
            sleep(Duration::from_millis(50)).await;
        }
    }
}
