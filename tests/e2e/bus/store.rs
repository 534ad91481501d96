//! A server that comes back with another store: whoever knew the old one ends, and nothing is made on the new one.

use commune_bus::{BusError, StoreError};
use futures::TryStreamExt;

use super::*;

const PLACE: &str = "/somewhere/store.json";

/// The streams that the server has, whoever made them.
async fn streams(server: &NatsServer) -> Vec<String> {
    let mut names: Vec<String> = admin(server).await.stream_names().try_collect().await.unwrap();
    names.sort();
    names
}

async fn admin(server: &NatsServer) -> async_nats::jetstream::Context {
    let options = async_nats::ConnectOptions::with_nkey(server.seed().to_owned());
    async_nats::jetstream::new(options.connect(server.url()).await.unwrap())
}

/// A consumer and a view at work, and how the consumer ended.
fn at_work(bus: &Bus) -> (JoinHandle<Result<(), BusError>>, View<Bodies>) {
    let view = View::start(bus, StreamName::Nights, Vec::new(), Bodies::default(), CancellationToken::new());
    let bus = bus.clone();
    let task = tokio::spawn(async move {
        let handler = Arc::new(Told(|_| async { Ok(()) }));
        bus.consume(spec(StreamName::Nights, "reader"), handler, CancellationToken::new()).await
    });
    (task, view)
}

async fn refusal(task: JoinHandle<Result<(), BusError>>) -> StoreError {
    let ended = tokio::time::timeout(A_WHILE, task).await.expect("the consumer ends").unwrap();
    match ended {
        Err(BusError::Store(error)) => error,
        other => panic!("it ended with {other:?}"),
    }
}

#[tokio::test]
async fn a_wiped_store_is_refused_by_whoever_knew_the_old_one() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let (task, view) = at_work(&bus);
    let stored = bus.publish(trail("a", "1").once()).await.unwrap();
    view.reached(stored.sequence, A_WHILE).await.unwrap();

    server.restart_wiped().await;
    let doubts = Mutex::new(0);
    let said = tokio::time::timeout(
        A_WHILE,
        bus.store_refused(|doubt| {
            *doubts.lock().unwrap() += u32::from(doubt.is_some());
        }),
    );
    let said = said.await.expect("it is noticed").to_string();
    assert!(said.contains("is gone") && said.contains("wiped or replaced"), "{said}");
    assert!(*doubts.lock().unwrap() >= 2, "it was doubted before it was refused");
    assert!(matches!(refusal(task).await, StoreError::Gone { .. }));
    let refused = bus.publish(trail("b", "1").once()).await;
    assert!(matches!(&refused, Err(PublishError::Unavailable(why)) if why.contains("is gone")), "{refused:?}");
    assert!(bus.ensure_topology().await.is_err(), "also when the streams are asked for again");
    assert_eq!(streams(&server).await, Vec::<String>::new(), "nothing was made");
}

#[tokio::test]
async fn a_store_made_anew_by_somebody_else_takes_nothing_from_whoever_knew_the_old_one() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let (task, _view) = at_work(&bus);
    server.restart_wiped().await;
    // a service that kept no mark was quicker
    server.bus().await;
    assert!(matches!(bus.publish(trail("a", "1").once()).await, Err(PublishError::Unavailable(_))));
    let error = refusal(task).await;
    assert!(matches!(error, StoreError::MadeAnew { .. } | StoreError::Gone { .. }), "{error}");
    let nights = admin(&server).await.get_stream("NIGHTS").await.unwrap();
    let state = &nights.cached_info().state;
    assert_eq!((state.messages, state.consumer_count), (0, 0), "nothing was written and nobody reads");
}

#[tokio::test]
async fn a_stream_that_is_removed_by_hand_is_missed_while_the_server_runs() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let (task, _view) = at_work(&bus);
    admin(&server).await.delete_stream("NIGHTS").await.unwrap();
    let error = refusal(task).await;
    assert!(matches!(error, StoreError::Gone { stream: "NIGHTS", .. }), "{error}");
    assert_eq!(streams(&server).await.len(), StreamName::ALL.len() - 1, "it was not made again");
}

#[tokio::test]
async fn the_mark_that_was_kept_decides_at_the_next_start() {
    let mut server = NatsServer::start().await;
    let kept = server.connect("first").await.ensure_store(None, PLACE).await.unwrap();
    server.restart().await;
    let again = server.connect("second").await.ensure_store(Some(&kept), PLACE).await.unwrap();
    assert_eq!(again, kept, "a restart changes nothing");

    let torn = server.connect("torn").await.ensure_store(Some(&kept[..40]), PLACE).await.unwrap_err().to_string();
    assert!(torn.contains("cannot be read") && torn.contains(PLACE), "{torn}");

    server.restart_wiped().await;
    let error = server.connect("third").await.ensure_store(Some(&kept), PLACE).await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, TopologyError::Store(StoreError::Gone { .. })), "{said}");
    assert!(said.contains(PLACE) && said.contains("backup"), "{said}");
    assert_eq!(streams(&server).await, Vec::<String>::new());

    let anew = server.connect("meant").await.ensure_store(None, PLACE).await.unwrap();
    assert_ne!(anew, kept);
    let error = server.connect("fourth").await.ensure_store(Some(&kept), PLACE).await.unwrap_err();
    assert!(matches!(error, TopologyError::Store(StoreError::MadeAnew { .. })), "{error}");
}

#[tokio::test]
async fn a_stream_that_the_mark_does_not_know_is_made() {
    let server = NatsServer::start().await;
    let kept = server.connect("old").await.ensure_store(None, PLACE).await.unwrap();
    admin(&server).await.delete_stream("DEAD").await.unwrap();
    let older: String = kept.lines().filter(|line| !line.contains("DEAD")).map(|line| format!("{line}\n")).collect();
    let mark = server.connect("new").await.ensure_store(Some(&older), PLACE).await.unwrap();
    assert!(mark.contains("DEAD") && mark != kept, "{mark}");
    assert_eq!(streams(&server).await.len(), StreamName::ALL.len());
}

#[tokio::test]
async fn a_store_that_went_back_is_refused_also_when_it_has_grown_again() {
    for grown in [0, 5] {
        let mut server = NatsServer::start().await;
        let bus = server.bus().await;
        let (task, view) = at_work(&bus);
        bus.publish(trail("a", "1").once()).await.unwrap();
        server.kill();
        let backup = server.dir().join("backup");
        copy(server.store_dir(), &backup);
        server.restart().await;
        for name in ["b", "c"] {
            let stored = bus.publish(trail(name, "2").once()).await.unwrap();
            view.reached(stored.sequence, A_WHILE).await.unwrap();
        }

        server.kill();
        std::fs::remove_dir_all(server.store_dir()).unwrap();
        copy(&backup, server.store_dir());
        if grown > 0 {
            // somebody who did not know the store comes before us: behind another address, as through another server
            let mut other = NatsServer::start_at(server.store_dir()).await;
            let seed_of_other = other.connect("other").await;
            for ordinal in 0..grown {
                seed_of_other.publish(trail(&format!("other-{ordinal}"), "3").once()).await.unwrap();
            }
            other.kill();
        }
        server.restart().await;
        let error = refusal(task).await;
        assert!(matches!(error, StoreError::WentBack { stream: "NIGHTS", .. }), "{error}");
        assert!(error.to_string().contains("A restart is enough"), "{error}");
        assert_eq!(bus.last_sequence(StreamName::Nights).await.unwrap(), 1 + grown, "nothing was written");
    }
}

pub(super) fn copy(from: &std::path::Path, to: &std::path::Path) {
    let status = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(status.success());
}
