//! Disks that fail: a full one in the middle of a night, and an fsync that fails. **What was acknowledged is there.**
//!
//! What nats-server 2.15.1 does, in both cases: a stream whose write failed answers no publish any more, neither
//! acknowledged nor refused, also when there is room again. An operator has to make room and start the server again.

use std::time::{Duration, Instant};

use async_nats::Client;
use commune_bus::{StreamName, subject};
use commune_tests::{
    A_WHILE, FailingSync, NatsServer, TmpDisk, eventually, eventually_some,
    support::{A_NIGHT, Commune, Plan, notes, server::Server, state::EndState},
};

const AGENTS: usize = 4;
const NOTES_EACH: usize = 24;
/// How long an agent waits for an answer.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_changes_nothing_in_the_end() {
    let disk = match TmpDisk::mount(64 << 20) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped: {why}"),
    };
    let mut calm = calm().await;
    calm.messages.clear();
    let mut nats = NatsServer::start_at(&disk.path().join("store")).await;
    let server = Server::of(&nats.url(), nats.seed(), 1).await;
    let mut commune = Commune::start_over(server, Plan::one()).await;
    say_all(&commune).await;
    let night = commune.night();
    commune.request(night).await;
    stored(&commune, StreamName::Memory, subject::MEMORY_TIDIED_ALL, 1).await;

    disk.fill();
    let (mut acknowledged, unanswered) = say_until_unanswered(&commune.agents, "full").await;
    println!("full: {} more notes were acknowledged, then no answer", acknowledged.len());
    eventually(A_WHILE, "the services' own writes fail too", async || {
        commune.replicas().any(|replica| replica.log().contains("will try a message again"))
    })
    .await;
    disk.free();
    let freed = say(&commune.agents, "freed.note.n0").await;
    println!("freed, and not started again: the stream of the agents answers {freed:?}");
    if freed == Said::Kept {
        acknowledged.push("freed.note.n0".to_owned());
    }
    let restarted = Instant::now();
    nats.restart().await;
    // the agent says again what was not answered, with the same id
    for said in unanswered {
        eventually(A_WHILE, "what was not answered is taken", async || {
            matches!(say(&commune.agents, &said).await, Said::Kept | Said::Repeat)
        })
        .await;
        acknowledged.push(said);
    }
    commune.trail_complete(night, A_NIGHT).await;
    commune.quiet().await;
    println!("the night was over {:.1} s after the server was started again", restarted.elapsed().as_secs_f64());
    all_there(&commune.bus, &acknowledged).await;
    let mut state = EndState::read(&commune.bus).await;
    without(&mut state, "full");
    state.assert_equals(&calm, "with a full disk (left) and without (right)");
    let dead = commune.bus.dead_letters(10).await.unwrap();
    assert!(dead.is_empty(), "{:?}", dead.iter().map(|letter| &letter.reason).collect::<Vec<_>>());
    // no replica ended on its own
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_fsync_failed_survives_a_kill() {
    let mut nats = NatsServer::start().await;
    let bus = nats.bus().await;
    let agents = nats.agent().await;
    let mut acknowledged = Vec::new();
    for ordinal in 0..20 {
        let said = format!("before.note.n{ordinal}");
        assert_eq!(say(&agents, &said).await, Said::Kept);
        acknowledged.push(said);
    }
    let failing = match FailingSync::attach(nats.pid(), "1+", nats.dir()) {
        Ok(failing) => failing,
        Err(why) => return println!("skipped: {why}"),
    };
    let (kept, unanswered) = say_until_unanswered(&agents, "failing").await;
    let injected = failing.injected();
    assert!(injected > 0, "no fsync failed");
    println!("{injected} fsync failed: {} notes were acknowledged, then no answer", kept.len());
    acknowledged.extend(kept);
    drop(failing);
    let working = say(&agents, "working.note.n0").await;
    println!("fsync works, and the server was not started again: it answers {working:?}");
    if working == Said::Kept {
        acknowledged.push("working.note.n0".to_owned());
    }

    nats.restart().await;
    eventually(A_WHILE, "the server takes notes again", async || {
        matches!(say(&agents, "after.note.n0").await, Said::Kept | Said::Repeat)
    })
    .await;
    all_there(&bus, &acknowledged).await;
    let log = bus.read(StreamName::Agents, &["commune.log.*.failing.>"], 100).await.unwrap();
    println!("of {} notes without an answer {} are there", unanswered.len(), log.len());
}

/// What became of something an agent said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Kept,
    Repeat,
    Refused,
    Unanswered,
}

async fn say(agents: &Client, said: &str) -> Said {
    let text = format!("---\nkind: log\n---\nWhat was seen at {said}: {}\n", "water and more water. ".repeat(200));
    let answer = tokio::time::timeout(PATIENCE, agents.request(format!("commune.agent.{said}"), text.into())).await;
    let Ok(Ok(answer)) = answer else { return Said::Unanswered };
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("a stream answers in JSON");
    match answer["error"]["description"].as_str() {
        None => Said::Kept,
        Some(why) if why.contains("per subject") => Said::Repeat,
        Some(_) => Said::Refused,
    }
}

/// Says one thing after the other; what was acknowledged, and the three that were not.
async fn say_until_unanswered(agents: &Client, agent: &str) -> (Vec<String>, Vec<String>) {
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    for ordinal in 0..1_000 {
        let said = format!("{agent}.note.n{ordinal}");
        match say(agents, &said).await {
            Said::Kept => kept.push(said),
            _ => failed.push(said),
        }
        if failed.len() == 3 {
            return (kept, failed);
        }
    }
    panic!("a thousand notes were acknowledged without a disk to hold them");
}

async fn all_there(bus: &commune_bus::Bus, acknowledged: &[String]) {
    let log = bus.read(StreamName::Agents, &["commune.log.>"], 100_000).await.unwrap();
    for said in acknowledged {
        let there = log.iter().filter(|message| message.subject.ends_with(said.as_str())).count();
        assert_eq!(there, 1, "{said} was acknowledged and is there {there} times");
    }
}

/// Leaves out an agent that came in the trouble, and with it the number of messages: a request for a night that is
/// delivered again after the kill takes in who is new, which is right, and the undisturbed night had nobody new.
fn without(state: &mut EndState, agent: &str) {
    state.notes.retain(|(owner, _), _| owner != agent);
    state.tidied.retain(|(_, owner), _| owner != agent);
    state.briefs.remove(agent);
    state.diaries.retain(|subject, _| !subject.starts_with(&format!("commune.memory.{agent}.")));
    state.sessions.retain(|(_, owner), _| owner != agent);
    state.trail.retain(|(_, owner, _), _| owner != agent);
    state.messages.clear();
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

/// Waits until so much was stored, so that the fault falls into the work and not beside it.
async fn stored(commune: &Commune, stream: StreamName, filter: &str, count: usize) {
    eventually_some(A_NIGHT, &format!("{count} messages are on {filter}"), async || {
        let messages = commune.bus.read(stream, &[filter], count).await.ok()?;
        (messages.len() >= count).then_some(())
    })
    .await;
}
