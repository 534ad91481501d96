//! `kill -9` of each service in turn during a night, then restart: the end state is the one of an undisturbed run.

use commune_bus::{StreamName, subject};

use commune_tests::eventually_some;

use commune_tests::support::{
    Commune, LONG_NIGHT, Plan,
    notes::{self, Note},
    process::Replica,
    server::Server,
    state::EndState,
};

const AGENTS: usize = 20;
const NOTES_EACH: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_services_change_nothing_in_the_end() {
    let calm = undisturbed().await;
    let storm = disturbed().await;
    storm.assert_equals(&calm, "with kills (left) and without (right)");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_often_leaves_nothing_behind() {
    let server = Server::start().await;
    for _ in 0..50 {
        server.bus.read(StreamName::Nights, &[], 10).await.unwrap();
    }
    assert_eq!(server.consumers(StreamName::Nights).await, 0, "the server refuses the thousandth");
}

async fn undisturbed() -> EndState {
    let commune = commune_with_notes().await;
    commune.run_night(commune.night(), LONG_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    assert_eq!(state.briefs.len(), AGENTS);
    assert_eq!(state.notes.len(), AGENTS * NOTES_EACH, "every note is accounted for");
    assert!(state.articles.len() > 20, "there are {} articles", state.articles.len());
    assert!(state.articles.values().flatten().any(|r| r.provenance.len() > 1), "agents met in an article");
    commune.finish().await;
    state
}

async fn disturbed() -> EndState {
    let mut commune = commune_with_notes().await;
    let night = commune.night();
    commune.request(night).await;
    // each service is killed more than once, at different points of its work
    let mut busy = 0;
    for count in [1, 8, 15] {
        stored(&commune, StreamName::Memory, subject::MEMORY_TIDIED_ALL, count).await;
        busy += kill_and_restart(&commune.server, &mut commune.selfcare[0]).await;
        stored(&commune, StreamName::Aid, subject::AID_SESSION_ALL, count.saturating_sub(2).max(1)).await;
        busy += kill_and_restart(&commune.server, &mut commune.mutualaid[0]).await;
        // librarian answers where things belong while mutualaid works, and curates when all are done
        busy += kill_and_restart(&commune.server, &mut commune.librarian[0]).await;
    }
    stored(&commune, StreamName::Library, subject::ARTICLE_CURATED_ALL, 1).await;
    busy += kill_and_restart(&commune.server, &mut commune.librarian[0]).await;
    println!("{busy} of 10 kills fell into the work");
    assert!(busy >= 6, "only {busy} of 10 kills fell into the work");
    commune.trail_complete(night, LONG_NIGHT).await;
    commune.quiet().await;
    let state = EndState::read(&commune.bus).await;
    for replica in [&mut commune.selfcare[0], &mut commune.mutualaid[0], &mut commune.librarian[0]] {
        replica.ready().await;
    }
    commune.finish().await;
    state
}

async fn commune_with_notes() -> Commune {
    // more than librarian takes in one batch
    let commune = Commune::start(Plan::one().cap(25)).await;
    let notes = notes::fleet(AGENTS, NOTES_EACH, commune.night().date());
    for Note { agent, id, text } in &notes {
        let answer = commune.say(agent, "note", id, text).await;
        assert_eq!(answer["stream"], "AGENTS", "{answer}");
    }
    commune
}

/// Waits until a number of messages was stored, so that a kill falls into the work and not beside it.
async fn stored(commune: &Commune, stream: StreamName, filter: &str, count: usize) {
    eventually_some(LONG_NIGHT, &format!("{count} messages are on {filter}"), || async {
        let messages = commune.bus.read(stream, &[filter], count).await.ok()?;
        (messages.len() >= count).then_some(())
    })
    .await;
}

/// Kills and restarts a replica; 1 when there was work to do at that moment, else 0.
async fn kill_and_restart(server: &Server, replica: &mut Replica) -> usize {
    replica.kill().await;
    let busy = usize::from(server.pending().await > 0);
    replica.restart();
    busy
}
