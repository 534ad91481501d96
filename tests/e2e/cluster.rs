//! Three servers and streams of three copies: the leader is killed in the middle of a night, then one server is cut
//! off while agents go on. Whatever was acknowledged is there, and the end state is the one of an undisturbed night.

use std::{
    cell::Cell,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use async_nats::{ConnectOptions, jetstream};
use commune_bus::{Bus, BusOptions, StreamName, subject};
use commune_tests::{
    Cluster, SERVERS, eventually, eventually_some,
    support::{
        self, A_NIGHT, Commune, LONG_NIGHT, Plan, notes, process::Replica, read_all, server::Server, state::EndState,
    },
};

const AGENTS: usize = 4;
const NOTES_EACH: usize = 24;
/// How long an agent waits for an answer before it says the same again.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_made_when_the_servers_have_met() {
    let mut cluster = Cluster::start().await;
    cluster.kill(2);
    let options = ConnectOptions::with_nkey(cluster.seed().to_owned());
    let raw = jetstream::new(options.connect(cluster.url_of(0)).await.unwrap());
    let config = || jetstream::stream::Config {
        name: "STORY".into(),
        subjects: vec!["story".into()],
        num_replicas: SERVERS,
        ..Default::default()
    };
    let refused = async || match raw.create_stream(config()).await {
        Ok(_) => raw.delete_stream("STORY").await.map(|_| false).unwrap(),
        Err(error) => error.to_string().contains("10005"),
    };
    eventually(A_NIGHT, "one server is missed", &refused).await;

    let options = BusOptions {
        url: cluster.url(),
        name: "early".to_owned(),
        nkey_seed: Some(cluster.seed().to_owned()),
        replicas: SERVERS,
        fault: None,
    };
    let bus = Bus::connect(options).await.unwrap();
    let mut making = pin!(bus.ensure_topology());
    let times = Cell::new(0);
    let told = eventually(A_NIGHT, "it was asked for many times", || async {
        times.set(times.get() + u32::from(refused().await));
        times.get() == 50
    });
    tokio::select! {
        made = &mut making => panic!("it did not wait: {made:?}"),
        () = told => {}
    }
    cluster.restart(2).await;
    support::wait(A_NIGHT, making).await.unwrap().expect("the streams can be made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_leader_and_an_isolated_server_change_nothing_in_the_end() {
    let calm = calm().await;
    let begun = Instant::now();
    let mut cluster = Cluster::start().await;
    let server = Server::of(&cluster.url(), cluster.seed(), SERVERS).await;
    println!("three servers were ready after {:.1} s", begun.elapsed().as_secs_f64());
    let mut commune = Commune::start_over(server, Plan::two()).await;
    say_all(&commune).await;
    // the second stage waits, so that the second fault falls into the night as well
    for replica in &mut commune.mutualaid {
        replica.kill().await;
    }
    let night = commune.night();
    commune.request(night).await;
    stored(&commune, StreamName::Memory, subject::MEMORY_TIDIED_ALL, 1).await;
    // what agents say from now on is for the next night, so that this one can be compared
    let agents: Vec<Agent> = (0..SERVERS).map(|index| Agent::start(&cluster, index)).collect();

    let leader = cluster.leader_of(StreamName::Memory, None).await;
    let killed = Instant::now();
    cluster.kill(leader);
    let next = cluster.leader_of(StreamName::Memory, Some(leader)).await;
    println!("MEMORY had another leader {:.1} s after the kill of its own", killed.elapsed().as_secs_f64());
    assert_ne!(next, leader);
    all_heard(agents.iter().filter(|agent| agent.server != leader), killed).await;
    cluster.restart(leader).await;
    all_heard(&agents, killed).await;

    let alone = cluster.leader_of(StreamName::Agents, None).await;
    let cut = Instant::now();
    cluster.isolate(alone);
    commune.mutualaid.iter_mut().for_each(Replica::restart);
    let next = cluster.leader_of(StreamName::Agents, Some(alone)).await;
    println!("AGENTS had another leader {:.1} s after its own was cut off", cut.elapsed().as_secs_f64());
    assert_ne!(next, alone);
    all_heard(agents.iter().filter(|agent| agent.server != alone), cut).await;
    let healed = Instant::now();
    cluster.heal();
    all_heard(&agents, healed).await;
    println!("every agent was heard again {:.1} s after the links were joined", healed.elapsed().as_secs_f64());
    commune.trail_complete(night, LONG_NIGHT).await;
    println!("the night was over {:.1} s after the links were joined", healed.elapsed().as_secs_f64());

    let (mut acknowledged, mut repeated) = (Vec::new(), Vec::new());
    for agent in agents {
        let (stored, refused) = agent.stop().await;
        acknowledged.extend(stored);
        repeated.extend(refused);
    }
    commune.quiet().await;
    let log = read_all(&commune.bus, StreamName::Agents, &["commune.log.>"]).await;
    for subject in &acknowledged {
        let there = log.iter().filter(|message| message.subject.ends_with(subject.as_str())).count();
        assert_eq!(there, 1, "{subject} was acknowledged and is there {there} times");
    }
    let there = |subject: &&String| log.iter().any(|message| message.subject.ends_with(subject.as_str()));
    let missing = repeated.iter().filter(|subject| !there(subject)).count();
    println!("{missing} of {} notes that were refused as repeats are not there: known not to hold", repeated.len());
    println!("{} notes were acknowledged in the trouble: lost 0, twice 0", acknowledged.len());
    let state = EndState::read(&commune.bus).await;
    state.assert_equals(&calm, "with a killed leader and an isolated server (left) and without (right)");
    for replica in &mut commune.mutualaid {
        replica.ready().await;
    }
    commune.finish().await;
}

/// An agent at one of the servers, which says one thing after the other, each until it is acknowledged.
struct Agent {
    server: usize,
    heard: Arc<Mutex<Heard>>,
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

struct Heard {
    acknowledged: Vec<String>,
    last: Instant,
    longest: Duration,
    /// Refused as a repeat, after an attempt without an answer. **This is no acknowledgement**: a leader that is cut
    /// off refuses what it has only proposed, and forgets it when it hears of another leader.
    repeated: Vec<String>,
}

impl Agent {
    fn start(cluster: &Cluster, server: usize) -> Self {
        let url = cluster.url_of(server);
        let heard =
            Heard { acknowledged: Vec::new(), last: Instant::now(), longest: Duration::ZERO, repeated: Vec::new() };
        let (heard, stop) = (Arc::new(Mutex::new(heard)), Arc::new(AtomicBool::new(false)));
        let task = tokio::spawn(say_until_stopped(url, server, heard.clone(), stop.clone()));
        Self { server, heard, stop, task }
    }

    /// Whether something that was said after this moment was acknowledged.
    fn heard_since(&self, moment: Instant) -> bool {
        self.heard.lock().unwrap().last > moment
    }

    /// What was acknowledged, and what was refused as a repeat.
    async fn stop(self) -> (Vec<String>, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.expect("an agent does not panic");
        let heard = self.heard.lock().unwrap();
        println!(
            "the agent at server {}: {} acknowledged, {} refused as repeats, the longest wait {:.1} s",
            self.server,
            heard.acknowledged.len(),
            heard.repeated.len(),
            heard.longest.as_secs_f64()
        );
        (heard.acknowledged.clone(), heard.repeated.clone())
    }
}

async fn say_until_stopped(url: String, server: usize, heard: Arc<Mutex<Heard>>, stop: Arc<AtomicBool>) {
    let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(url).await.unwrap();
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    for ordinal in 0.. {
        pace.tick().await;
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let said = format!("late-{server}.note.n{ordinal:05}");
        let text = format!("---\nkind: log\n---\nThe {ordinal}. thing that was seen from window {server}.\n");
        let begun = Instant::now();
        loop {
            let subject = format!("commune.agent.{said}");
            let answer = tokio::time::timeout(PATIENCE, client.request(subject, text.clone().into())).await;
            let Ok(Ok(answer)) = answer else {
                // no answer, or nobody there: both pass
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let answer: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
            let repeated = answer["error"]["description"].as_str().is_some_and(|d| d.contains("per subject"));
            if answer["seq"].is_u64() || repeated {
                let mut heard = heard.lock().unwrap();
                if repeated {
                    heard.repeated.push(said)
                } else {
                    heard.acknowledged.push(said)
                }
                heard.last = begun;
                heard.longest = heard.longest.max(begun.elapsed());
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits until each of these agents had something acknowledged that it began to say after this moment.
async fn all_heard<'a>(agents: impl IntoIterator<Item = &'a Agent>, moment: Instant) {
    for agent in agents {
        let what = format!("the agent at server {} is heard", agent.server);
        eventually_some(A_NIGHT, &what, async || agent.heard_since(moment).then_some(())).await;
    }
}

async fn calm() -> EndState {
    let commune = Commune::start(Plan::one()).await;
    say_all(&commune).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    assert_eq!(state.notes.len(), AGENTS * NOTES_EACH, "every note is accounted for");
    commune.finish().await;
    state
}

async fn say_all(commune: &Commune) {
    for note in notes::fleet(AGENTS, NOTES_EACH, commune.night().date()) {
        let answer = commune.say(&note.agent, "note", &note.id, &note.text).await;
        assert_eq!(answer["stream"], "AGENTS", "{answer}");
    }
}

/// Waits until so much was stored, so that the trouble falls into the work and not beside it.
async fn stored(commune: &Commune, stream: StreamName, filter: &str, count: usize) {
    eventually_some(A_NIGHT, &format!("{count} messages are on {filter}"), async || {
        let messages = commune.bus.read(stream, &[filter], count).await.ok()?;
        (messages.len() >= count).then_some(())
    })
    .await;
}
