//! The server comes back with a wiped, damaged or older store: every service says so and ends; none begins anew.

use std::{path::Path, time::Duration};

use commune_bus::StreamName;
use commune_tests::{
    A_WHILE, NatsServer,
    support::{A_NIGHT, Commune, Plan, process::Replica, server::Server, state::EndState},
};
use futures::TryStreamExt;

const LESSON: &str = "---\ntitle: Bleed the radiators in autumn\nkind: lesson\n---\n\
    Begin with the lowest radiator of the house and open its valve until water comes without air.\n";

/// How long a service may take to notice and to end.
const NOTICED: Duration = Duration::from_secs(30);

async fn commune(nats: &NatsServer) -> Commune {
    Commune::start_over(Server::of(&nats.url(), nats.seed(), 1).await, Plan::one()).await
}

async fn admin(nats: &NatsServer) -> async_nats::jetstream::Context {
    let options = async_nats::ConnectOptions::with_nkey(nats.seed().to_owned());
    async_nats::jetstream::new(options.connect(nats.url()).await.unwrap())
}

async fn streams(nats: &NatsServer) -> Vec<String> {
    let mut names: Vec<String> = admin(nats).await.stream_names().try_collect().await.unwrap();
    names.sort();
    names
}

fn replicas(commune: &mut Commune) -> [&mut Replica; 3] {
    [&mut commune.selfcare[0], &mut commune.mutualaid[0], &mut commune.librarian[0]]
}

/// Waits until each service has ended with exit code 1 and one error that has these words.
async fn all_refuse(commune: &mut Commune, words: &[&str]) {
    for replica in replicas(commune) {
        let status = replica.ended(NOTICED).await;
        let log = replica.log();
        let said = log.lines().rfind(|line| line.contains("ERROR")).unwrap_or_default().to_owned();
        assert_eq!(status.code(), Some(1), "{}: {log}", replica.service);
        for word in words {
            assert!(said.contains(word), "{} did not say `{word}`: {said}", replica.service);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wiped_store_is_refused_until_somebody_says_that_it_is_meant_to_be_new() {
    let mut nats = NatsServer::start().await;
    let mut commune = commune(&nats).await;
    commune.say("ada", "note", "radiators", LESSON).await;
    commune.run_night(commune.night(), A_NIGHT).await;

    nats.restart_wiped().await;
    all_refuse(&mut commune, &["was wiped or replaced", "is gone", "backup", ".store"]).await;
    for replica in replicas(&mut commune) {
        replica.restart();
    }
    all_refuse(&mut commune, &["was wiped or replaced", "is gone", "remove the file", ".store"]).await;
    assert_eq!(streams(&nats).await, Vec::<String>::new(), "nobody made a stream");

    let folder = commune.folder().to_owned();
    for replica in replicas(&mut commune) {
        std::fs::remove_file(folder.join(format!("{}-0.store", replica.service))).unwrap();
        replica.restart();
    }
    for replica in replicas(&mut commune) {
        replica.ready().await;
    }
    assert_eq!(streams(&nats).await.len(), StreamName::ALL.len());
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_removed_under_the_services_is_refused_and_not_made_again() {
    let nats = NatsServer::start().await;
    let mut commune = commune(&nats).await;
    admin(&nats).await.delete_stream("MEMORY").await.unwrap();
    all_refuse(&mut commune, &["stream MEMORY", "is gone"]).await;
    commune.selfcare[0].restart();
    all_refuse(&mut commune, &["stream MEMORY", "is gone"]).await;
    assert!(!streams(&nats).await.contains(&"MEMORY".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_is_refused_while_running_and_worked_with_after_a_restart() {
    let mut nats = NatsServer::start().await;
    let mut commune = commune(&nats).await;
    commune.say("ada", "note", "radiators", LESSON).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let backup = nats.dir().join("backup");
    nats.kill();
    copy(nats.store_dir(), &backup);
    nats.restart().await;
    for replica in replicas(&mut commune) {
        replica.ready().await;
    }
    // every service reads of it: it asks for something, and it is said by day
    commune.say("ada", "need", "later", "How does one bleed a radiator that has no valve?").await;
    commune.run_night(commune.night(), A_NIGHT).await;

    nats.kill();
    std::fs::remove_dir_all(nats.store_dir()).unwrap();
    copy(&backup, nats.store_dir());
    nats.restart().await;
    all_refuse(&mut commune, &["went back in time", "A restart is enough"]).await;

    for replica in replicas(&mut commune) {
        replica.restart();
    }
    for replica in replicas(&mut commune) {
        replica.ready().await;
    }
    // a connection that remembers nothing of what is lost
    let bus = nats.bus().await;
    let state = EndState::read(&bus).await;
    assert!(state.notes.len() == 1 && !state.articles.is_empty(), "what the store has is there");
    let said = commune.agents.request("commune.agent.ada.note.again", "after the restore".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&said.payload).contains("AGENTS"));
    tokio::time::timeout(A_WHILE, commune.finish_with_dead()).await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(status.success());
}
