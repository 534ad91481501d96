//! What an agent's own credentials come to when it means harm. Each of these reached across when agents and services
//! shared one account.

use std::collections::BTreeSet;

use commune_bus::{Bus, StreamName};
use commune_tests::{A_WHILE, SecureServer, eventually};
use futures::{FutureExt, StreamExt};
use serde_json::Value;

/// How many messages each stream has had.
async fn ends(selfcare: &Bus, operator: &Bus) -> Vec<(&'static str, u64)> {
    let mut ends = Vec::new();
    for stream in StreamName::ALL {
        let reader = if stream == StreamName::Artifacts { selfcare } else { operator };
        ends.push((stream.as_str(), reader.last_sequence(stream).await.unwrap()));
    }
    ends
}

fn headed(pairs: &[(&str, &str)]) -> async_nats::HeaderMap {
    let mut headers = async_nats::HeaderMap::new();
    pairs.iter().for_each(|(name, value)| headers.insert(*name, *value));
    headers
}

/// The server has taken everything that this client sent.
async fn taken(client: &async_nats::Client) {
    let inbox = client.new_inbox();
    let mut echo = client.subscribe(inbox.clone()).await.unwrap();
    // an agent may not publish there; what it may, it is answered
    let agent = inbox.split(['_', '.']).nth(2).unwrap().to_owned();
    client.publish_with_reply(format!("commune.agent.{agent}.voice"), inbox, "".into()).await.unwrap();
    tokio::time::timeout(A_WHILE, echo.next()).await.unwrap().unwrap();
}

#[tokio::test]
async fn with_its_own_credentials_an_agent_reaches_nothing_of_others() {
    let server = SecureServer::start().await;
    let (selfcare, operator) = (server.bus("selfcare").await, server.bus("operator").await);
    selfcare.ensure_topology().await.unwrap();
    let (ada, bob) = (server.client("ada").await, server.client("bob").await);
    let said = bob.request("commune.agent.bob.note.n1", "only bob's".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&said.payload).contains("AGENTS"));
    let mut bobs_inbox = bob.subscribe("commune.inbox.bob.>").await.unwrap();
    taken(&bob).await;
    let before = ends(&selfcare, &operator).await;

    // as another, and where only services speak
    for subject in
        ["commune.agent.bob.note", "commune.agent.bob.note.n2", "commune.memory.ada.brief", "commune.night.due"]
    {
        assert!(ada.request(subject, "x".into()).await.is_err(), "{subject}");
    }
    // through the interfaces of JetStream, as a client offers them: streams, consumers, gets, KV, objects
    let jetstream = async_nats::jetstream::with_prefix(ada.clone(), "$JS.API");
    assert!(jetstream.get_stream("AGENTS").await.is_err());
    assert!(jetstream.query_account().await.is_err());
    assert!(jetstream.create_stream("mine").await.is_err());
    assert!(jetstream.get_object_store("ARTIFACTS").await.is_err());
    for (subject, payload) in [
        ("$JS.API.STREAM.MSG.GET.AGENTS", r#"{"seq":1}"#),
        ("$JS.API.DIRECT.GET.AGENTS", r#"{"seq":1}"#),
        ("$JS.API.DIRECT.GET.AGENTS.commune.log.0.bob.note.n1", ""),
        ("$JS.API.CONSUMER.CREATE.AGENTS", r#"{"stream_name":"AGENTS","config":{"ack_policy":"none"}}"#),
        ("$JS.API.CONSUMER.MSG.NEXT.AGENTS.selfcare-intake", r#"{"batch":1}"#),
        ("$JS.API.STREAM.PURGE.AGENTS", ""),
        ("$JS.API.STREAM.INFO.KV_mine", ""),
        ("$JS.API.STREAM.CREATE.KV_mine", r#"{"name":"KV_mine","subjects":["$KV.mine.>"]}"#),
        ("$O.ARTIFACTS.M.x", "{}"),
        ("$KV.mine.x", "x"),
    ] {
        assert!(ada.request(subject, payload.into()).await.is_err(), "{subject}");
    }
    taken(&ada).await;
    let mut expected = before.clone();
    expected[1].1 += 1;
    assert_eq!(ends(&selfcare, &operator).await, expected, "only ada's own word was added");

    // an answer that is to land elsewhere
    let before = expected;
    for reply in [
        "commune.memory.bob.brief",
        "commune.event.article-curated.x",
        "commune.night.due",
        "commune.agent.bob.note.n3",
        "commune.agent.bob.note",
        "commune.dead.selfcare.AGENTS.1",
        "$JS.API.STREAM.PURGE.AGENTS",
        "$O.ARTIFACTS.M.x",
        "commune.inbox.bob.thanks",
        "_INBOX_bob.x",
    ] {
        ada.publish_with_reply("commune.agent.ada.note", reply, "x".into()).await.unwrap();
    }
    taken(&ada).await;
    let mut expected = before.clone();
    expected[1].1 += 11;
    assert_eq!(ends(&selfcare, &operator).await, expected, "only ada's own words were added");

    // headers by which a stream is told to do more than to store
    let before = expected;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for headers in [
        headed(&[("Nats-Rollup", "all")]),
        headed(&[("Nats-Rollup", "sub")]),
        headed(&[("Nats-TTL", "1s")]),
        headed(&[("Nats-Incr", "+1")]),
        headed(&[("Nats-Schedule", "@at 2020-01-01T00:00:00Z"), ("Nats-Schedule-Target", "commune.agent.bob.note")]),
        headed(&[
            ("Nats-Schedule", "@every 1s"),
            ("Nats-Schedule-Target", "commune.agent.ada.note"),
            ("Nats-Schedule-Source", "commune.log.*.bob.note.n1"),
        ]),
        headed(&[("Nats-Batch-Id", "b"), ("Nats-Batch-Sequence", "1"), ("Nats-Batch-Commit", "1")]),
        headed(&[("Nats-Expected-Stream", "MEMORY")]),
        headed(&[("Nats-Expected-Last-Sequence", "999")]),
    ] {
        for subject in ["commune.agent.ada.note", "commune.agent.ada.note.n9"] {
            let answer = ada.request_with_headers(subject, headers.clone(), "x".into()).await.unwrap();
            let words: Value = serde_json::from_slice(&answer.payload).unwrap();
            assert!(words["error"].is_object(), "{subject} {headers:?}: {words}");
        }
    }
    for dest in ["commune.memory.bob.brief", "commune.inbox.bob.trace", "commune.agent.bob.note"] {
        let headers = headed(&[("Nats-Trace-Dest", dest), ("traceparent", trace)]);
        ada.publish_with_headers("commune.agent.ada.voice", headers, "x".into()).await.unwrap();
    }
    taken(&ada).await;
    let after = ends(&selfcare, &operator).await;
    let beside = |ends: &[(&'static str, u64)]| {
        ends.iter().copied().filter(|(stream, _)| *stream != "DROPS").collect::<Vec<_>>()
    };
    assert_eq!(beside(&after), beside(&before));
    // every word that was added is ada's, and what she wrote of another's trace stands in her own messages alone
    let mut authors = BTreeSet::new();
    for message in operator.read(StreamName::Drops, &[], 1000).await.unwrap() {
        authors.insert(message.subject.split('.').nth(2).unwrap_or_default().to_owned());
        assert!(message.header("traceparent").is_none_or(|_| message.subject.starts_with("commune.agent.ada.")));
    }
    assert_eq!(authors, ["ada".to_owned(), "bob".to_owned()].into());
    let bobs = operator.get(StreamName::Agents, 1).await.unwrap().unwrap();
    assert_eq!((bobs.payload.as_ref(), bobs.header("traceparent")), (&b"only bob's"[..], None));

    // bob heard none of ada's words. What does reach him is the server's acknowledgement, where she asked for it to be
    // sent to his inbox: it names a stream and a number, and nothing in it is hers to choose.
    let mut acknowledged = 0;
    while let Some(heard) = bobs_inbox.next().now_or_never().flatten() {
        let ack: Value = serde_json::from_slice(&heard.payload).unwrap();
        assert_eq!(ack.as_object().unwrap().keys().collect::<Vec<_>>(), ["seq", "stream"], "{heard:?}");
        acknowledged += 1;
    }
    assert!(acknowledged <= 1, "{acknowledged}");
}

#[tokio::test]
async fn a_message_id_that_another_used_hides_nothing() {
    let server = SecureServer::start().await;
    let (selfcare, operator) = (server.bus("selfcare").await, server.bus("operator").await);
    selfcare.ensure_topology().await.unwrap();
    let (ada, bob) = (server.client("ada").await, server.client("bob").await);
    let id = || headed(&[("Nats-Msg-Id", "the id that bob is going to use")]);
    for subject in ["commune.agent.ada.note", "commune.agent.ada.note.n1"] {
        ada.request_with_headers(subject, id(), "x".into()).await.unwrap();
    }
    // the server remembers an id for a tenth of a second, the least that it can
    for subject in ["commune.agent.bob.note", "commune.agent.bob.note.n1"] {
        eventually(A_WHILE, "bob's word is stored", || async {
            let answer = bob.request_with_headers(subject, id(), "bob's".into()).await.unwrap();
            !String::from_utf8_lossy(&answer.payload).contains("duplicate")
        })
        .await;
    }
    for stream in [StreamName::Agents, StreamName::Drops] {
        let stored = operator.read(stream, &[], 10).await.unwrap();
        assert!(stored.iter().any(|message| message.payload == "bob's"), "{}", stream.as_str());
    }
}
