//! A drain at its bound: what is handled in time is acknowledged, and what is not comes again.

use std::time::{Duration, Instant};

use commune_bus::StreamName;
use commune_proto::night::v1::Stage;
use commune_tests::{
    A_WHILE, eventually,
    support::{A_NIGHT, Commune, Plan},
};
use rustix::process::Signal;

const TOO_LONG: &str = "the drain took too long: ending; what was not acknowledged will be delivered again";

/// Intake looks at a note when the view of the log has it: with its readers held, the note stays in its hands.
async fn holding(commune: &Commune, id: &str) {
    commune.server.hold_readers(StreamName::Agents, true).await;
    commune.say("ada", "note", id, &format!("The gate {id} is closed at dusk.")).await;
    // no note, so nobody waits with it: when it is done, what came before it is in somebody's hands
    commune.say("ada", "need", &format!("after-{id}"), "Who has the key of the gate?").await;
    eventually(A_WHILE, "the note is held, and the need is not", async || commune.server.pending().await == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_has_ten_seconds_and_what_was_not_acknowledged_comes_again() {
    let mut commune = Commune::start(Plan::one().waits()).await;
    // in time: the handler ends while the service drains, and then the service
    holding(&commune, "n1").await;
    commune.selfcare[0].signal(Signal::TERM);
    commune.selfcare[0].logged("draining").await;
    commune.server.hold_readers(StreamName::Agents, false).await;
    let ended = commune.selfcare[0].ended(A_WHILE).await;
    assert_eq!(ended.code(), Some(0), "{}", commune.selfcare[0].log_tail());
    // the server may still be reading what was sent last
    eventually(A_WHILE, "it was acknowledged", async || commune.server.pending().await == 0).await;
    assert!(!commune.selfcare[0].log().contains(TOO_LONG));
    commune.selfcare[0].restart();
    commune.selfcare[0].ready().await;

    // too long: the process ends all the same, and says so
    holding(&commune, "n2").await;
    let asked = Instant::now();
    commune.selfcare[0].signal(Signal::TERM);
    let ended = commune.selfcare[0].ended(A_WHILE).await;
    assert_eq!(ended.code(), Some(124), "{}", commune.selfcare[0].log_tail());
    let took = asked.elapsed();
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(14), "{took:?}");
    assert!(commune.selfcare[0].log().contains(TOO_LONG), "{}", commune.selfcare[0].log_tail());
    assert_eq!(commune.server.pending().await, 1, "it was not acknowledged");

    commune.selfcare[0].restart();
    commune.selfcare[0].ready().await;
    commune.quiet().await;
    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    let tidied = trail.iter().find(|record| record.stage() == Stage::Selfcare).expect("a record of selfcare");
    assert_eq!(tidied.counts["active"], 2, "{tidied:?}");
    commune.finish().await;
}
