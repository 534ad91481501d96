//! Stories of the bus with strangers: what an agent can do with any client, and what it cannot.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use commune_bus::{Outgoing, StreamName, View};
use commune_tests::{A_WHILE, NatsServer, eventually};
use tokio_util::sync::CancellationToken;

use super::{Bodies, consuming, spec};

#[tokio::test]
async fn an_agent_without_credentials_can_speak_and_nothing_else() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let agent = server.agent().await;

    let answer = agent.request("commune.agent.ada.note.x1", "hello".into()).await.unwrap();
    let ack: serde_json::Value = serde_json::from_slice(&answer.payload).unwrap();
    assert_eq!((ack["stream"].as_str(), ack["seq"].as_u64()), (Some("AGENTS"), Some(1)), "{ack}");
    let repeat = agent.request("commune.agent.ada.note.x1", "again".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&repeat.payload).contains("10077"));
    agent.publish("commune.agent.ada.note", "plain".into()).await.unwrap();
    agent.flush().await.unwrap();
    eventually(A_WHILE, "the plain message is stored", || async {
        bus.last_sequence(StreamName::Drops).await.unwrap() == 1
    })
    .await;

    let mut inbox = agent.subscribe("commune.inbox.ada.>").await.unwrap();
    let mut secrets = agent.subscribe("commune.memory.>").await.unwrap();
    let mut log = agent.subscribe("commune.log.>").await.unwrap();
    agent.flush().await.unwrap();
    bus.publish(Outgoing::raw("commune.memory.ada.brief".to_owned(), "private")).await.unwrap();
    bus.publish(Outgoing::raw("commune.agent.ada.note.x2".to_owned(), "private")).await.unwrap();
    bus.tell("commune.inbox.ada.thanks".to_owned(), b"thanks".to_vec()).await.unwrap();
    let heard = tokio::time::timeout(A_WHILE, futures::StreamExt::next(&mut inbox)).await.unwrap().unwrap();
    assert_eq!(heard.payload, "thanks");
    // what was published before has had its chance to arrive
    for silent in [&mut secrets, &mut log] {
        assert!(futures::FutureExt::now_or_never(futures::StreamExt::next(silent)).flatten().is_none());
    }

    let quick = || async_nats::Request::new().timeout(Some(Duration::from_millis(500)));
    for forbidden in [
        "$JS.API.INFO",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.INFO.AGENTS",
        "$JS.API.STREAM.CREATE.MINE",
        "$JS.API.STREAM.PURGE.AGENTS",
        "$JS.API.STREAM.MSG.GET.AGENTS",
        "$JS.API.DIRECT.GET.AGENTS",
        "$JS.API.CONSUMER.CREATE.AGENTS",
        "$JS.API.CONSUMER.MSG.NEXT.AGENTS.selfcare-intake",
        "commune.memory.ada.brief",
        "commune.night.due",
    ] {
        let answer = agent.send_request(forbidden, quick().payload(r#"{"seq":1}"#.into())).await;
        assert!(answer.is_err(), "{forbidden}: {answer:?}");
    }
    assert_eq!(bus.last_sequence(StreamName::Memory).await.unwrap(), 1);

    // forged reply subjects, roll-ups, schedules and another's message id do not reach across
    let headed = |pairs: &[(&str, &str)]| {
        let mut headers = async_nats::HeaderMap::new();
        pairs.iter().for_each(|(name, value)| headers.insert(*name, *value));
        headers
    };
    let forged = agent.publish_with_reply("commune.agent.eve.note", "commune.memory.ada.brief", "x".into());
    forged.await.unwrap();
    for headers in [
        headed(&[("Nats-Rollup", "all")]),
        headed(&[("Nats-TTL", "1s")]),
        headed(&[("Nats-Schedule", "@at 2020-01-01T00:00:00Z"), ("Nats-Schedule-Target", "commune.agent.ada.note")]),
        headed(&[("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", "1"), ("Nats-Batch-Commit", "1")]),
    ] {
        let answer = agent.request_with_headers("commune.agent.eve.note", headers.clone(), "x".into()).await.unwrap();
        let words = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(words.contains("error"), "{headers:?}: {words}");
    }
    assert_eq!(bus.last_sequence(StreamName::Memory).await.unwrap(), 1);
    assert_eq!(bus.last_sequence(StreamName::Drops).await.unwrap(), 2, "only eve's plain word was added");
}

#[tokio::test]
async fn a_message_that_no_client_can_read_stops_nobody() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

    let server = NatsServer::start().await;
    let bus = server.bus().await;
    // what any program can send down the line, and clients of the commune's own kind cannot
    let mut line = BufReader::new(tokio::net::TcpStream::connect(&server.url()["nats://".len()..]).await.unwrap());
    let mut answer = String::new();
    line.write_all(b"CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n").await.unwrap();
    for header in [&b"bad name: x\r\n"[..], b"Name: a\rb\r\n", b"Name: \xff\xfe\r\n", b"no colon\r\n"] {
        let mut head = b"NATS/1.0\r\n".to_vec();
        head.extend_from_slice(header);
        head.extend_from_slice(b"\r\n");
        let command = format!("HPUB commune.agent.eve.note {} {}\r\n", head.len(), head.len() + 6);
        line.write_all(command.as_bytes()).await.unwrap();
        line.write_all(&head).await.unwrap();
        line.write_all(b"poison\r\n").await.unwrap();
    }
    line.write_all(b"PUB commune.agent.eve.note 2\r\nok\r\nPING\r\n").await.unwrap();
    while !answer.contains("PONG") {
        answer.clear();
        line.read_line(&mut answer).await.unwrap();
    }
    eventually(A_WHILE, "the server took them all", || async {
        bus.last_sequence(StreamName::Drops).await.unwrap() == 5
    })
    .await;

    let stop = CancellationToken::new();
    let view = View::start(&bus, StreamName::Drops, Vec::new(), Bodies::default(), stop.clone());
    let handled = Arc::new(AtomicU64::new(0));
    let counted = handled.clone();
    let (task, stop_consuming) = consuming(&bus, spec(StreamName::Drops, "story-poison"), move |delivery| {
        let counted = counted.clone();
        async move {
            counted.store(delivery.message.sequence, Ordering::SeqCst);
            Ok(())
        }
    });
    eventually(A_WHILE, "the good message is handled", || async { handled.load(Ordering::SeqCst) == 5 }).await;
    view.reached(5, A_WHILE).await.unwrap();
    view.caught_up().await;
    let letters = bus.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 4);
    assert!(letters.iter().all(|letter| letter.message.payload == "poison" && letter.reason.contains("headers")));

    // nobody waits for a message that was set aside, also when nothing came after it
    line.write_all(b"HPUB commune.agent.eve.note 22 28\r\nNATS/1.0\r\nbad name\r\n\r\npoison\r\n").await.unwrap();
    eventually(A_WHILE, "the last message is set aside", || async {
        bus.dead_letters(10).await.is_ok_and(|letters| letters.len() == 5)
            && view
                .reached(bus.last_sequence(StreamName::Drops).await.unwrap(), Duration::from_millis(200))
                .await
                .is_ok()
    })
    .await;
    stop.cancel();
    stop_consuming.cancel();
    task.await.unwrap();
}
