//! The services with their own rights: what they need they can do, and what they must not read they do not get.

use std::time::Duration;

use commune_bus::{ConsumerSpec, Failure, Outgoing, StreamName};
use commune_tests::{A_WHILE, SecureServer, eventually};
use futures::StreamExt;
use serde_json::{Value, json};

use super::super::{consuming, spec};

#[tokio::test]
async fn mutual_aid_gets_the_questions_of_agents_and_no_note() {
    let server = SecureServer::start().await;
    let selfcare = server.bus("selfcare").await;
    selfcare.ensure_topology().await.unwrap();
    let ada = server.client("ada").await;
    for (subject, words) in [("note.n1", "a note"), ("need.n2", "a question"), ("note.n3", "another note")] {
        ada.request(format!("commune.agent.ada.{subject}"), words.into()).await.unwrap();
    }
    let mutualaid = server.client("mutualaid").await;
    let ask = async |subject: &str, request: Value| -> Value {
        match mutualaid.request(format!("$JS.API.{subject}"), request.to_string().into()).await {
            Ok(answer) => serde_json::from_slice(&answer.payload).unwrap(),
            Err(error) => json!({"error": {"description": error.to_string()}}),
        }
    };
    let path = "CONSUMER.CREATE.AGENTS.mutualaid-needs.commune.log.*.*.need.*";
    let durable = |more: Value| {
        let mut config =
            json!({"name": "mutualaid-needs", "durable_name": "mutualaid-needs", "ack_policy": "explicit"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"stream_name": "AGENTS", "config": config})
    };
    // what is asked for in the body has to be what the subject says
    for more in [
        json!({}),
        json!({"filter_subject": "commune.log.>"}),
        json!({"filter_subject": "commune.log.*.*.*.*"}),
        json!({"filter_subjects": ["commune.log.>"]}),
        json!({"filter_subject": "commune.log.*.*.need.*", "filter_subjects": ["commune.log.>"]}),
        json!({"filter_subject": "commune.log.*.*.need.*", "name": "selfcare-intake", "durable_name": "selfcare-intake"}),
    ] {
        let answer = ask(path, durable(more.clone())).await;
        assert!(answer["error"].is_object(), "{more}: {answer}");
    }
    let mut elsewhere = durable(json!({"filter_subject": "commune.log.*.*.need.*"}));
    elsewhere["stream_name"] = json!("MEMORY");
    assert!(ask(path, elsewhere).await["error"].is_object());
    // a reader of another stream is not made for this one, nor under the name of another's consumer
    for (subject, stream, config) in [
        ("NIGHTS.x7", "AGENTS", json!({"ack_policy": "none", "name": "x7"})),
        ("NIGHTS.x7", "NIGHTS", json!({"ack_policy": "explicit", "durable_name": "selfcare-nights"})),
        ("NIGHTS", "NIGHTS", json!({"ack_policy": "none", "name": "selfcare-nights"})),
        ("NIGHTS.selfcare-nights", "NIGHTS", json!({"ack_policy": "none", "name": "selfcare-nights"})),
    ] {
        let request = json!({"stream_name": stream, "config": config});
        let answer = ask(&format!("CONSUMER.CREATE.{subject}"), request).await;
        assert!(answer["error"].is_object(), "{subject} {stream} {config}: {answer}");
    }
    // what the subject says counts more than the name in the body
    let request = json!({"stream_name": "NIGHTS", "config": {"ack_policy": "none", "name": "selfcare-nights"}});
    assert_eq!(ask("CONSUMER.CREATE.NIGHTS.x7", request).await["name"], "x7");
    // as it is meant
    let answer = ask(path, durable(json!({"filter_subject": "commune.log.*.*.need.*"}))).await;
    assert_eq!(answer["config"]["filter_subject"], "commune.log.*.*.need.*", "{answer}");
    let inbox = mutualaid.new_inbox();
    let mut pulled = mutualaid.subscribe(inbox.clone()).await.unwrap();
    let next = "$JS.API.CONSUMER.MSG.NEXT.AGENTS.mutualaid-needs";
    let request = json!({"batch": 10, "no_wait": true}).to_string();
    mutualaid.publish_with_reply(next, inbox, request.into()).await.unwrap();
    let mut got = Vec::new();
    while let Ok(Some(message)) = tokio::time::timeout(A_WHILE, pulled.next()).await {
        if message.status.is_some() {
            break;
        }
        got.push(String::from_utf8_lossy(&message.payload).into_owned());
    }
    assert_eq!(got, ["a question"]);
}

#[tokio::test]
async fn services_with_their_own_rights_do_what_they_do() {
    let server = SecureServer::start().await;
    let [selfcare, mutualaid, librarian, operator] = ["selfcare", "mutualaid", "librarian", "operator"];
    let (selfcare, mutualaid) = (server.bus(selfcare).await, server.bus(mutualaid).await);
    let (librarian, operator) = (server.bus(librarian).await, server.bus(operator).await);
    // whoever comes first waits for the one that makes the streams
    let (first, second, made) =
        tokio::join!(mutualaid.ensure_topology(), librarian.ensure_topology(), selfcare.ensure_topology());
    first.and(second).and(made).unwrap();
    let raw = |subject: &str| Outgoing::raw(subject.to_owned(), "x");
    selfcare
        .publish_batch(vec![raw("commune.memory.ada.brief"), raw("commune.event.memory-tidied.ada.x")])
        .await
        .unwrap();
    mutualaid.publish(raw("commune.event.knowledge-shared.ada.x")).await.unwrap();
    librarian.publish(raw("commune.event.article-curated.a.b")).await.unwrap();
    librarian.publish(raw("commune.use.read.ada.x")).await.unwrap();
    operator.publish(raw("commune.agent.ada.note.n1")).await.unwrap();
    operator.publish(raw("commune.night.requested.2026-02-14")).await.unwrap();
    let body = bytes::Bytes::from_static(b"a body");
    let name = "b8e6cd70b8ae5c6fa19dcbb6b8c2cdfdcd3a5dbbd6ef10a8b0e2ec9f9dc3eb0b";
    assert!(selfcare.put_object(name, body).await.is_err(), "the name is not its hash");
    for (bus, stream) in [
        (&selfcare, StreamName::Agents),
        (&mutualaid, StreamName::Memory),
        (&mutualaid, StreamName::Aid),
        (&librarian, StreamName::Library),
        (&librarian, StreamName::Uses),
        (&operator, StreamName::Agents),
        (&operator, StreamName::Nights),
    ] {
        assert!(!bus.read(stream, &[], 10).await.unwrap().is_empty(), "{}", stream.as_str());
    }
    let read = tokio::time::timeout(Duration::from_secs(1), mutualaid.read(StreamName::Agents, &[], 10)).await;
    assert!(!matches!(read, Ok(Ok(_))), "mutual aid reads no notes");

    // each takes what it consumes, and what it gives up on becomes a letter that it cannot read
    let night = Outgoing::raw("commune.night.trail.2026-02-14.ada.mutualaid".to_owned(), "x");
    mutualaid.publish(night).await.unwrap();
    operator.publish(raw("commune.agent.ada.need.n1")).await.unwrap();
    operator.publish(raw("commune.agent.ada.withdraw.n1")).await.unwrap();
    operator.publish(raw("commune.agent.ada.feedback.n1")).await.unwrap();
    mutualaid.publish(raw("commune.aid.withdrawn.ada.n1")).await.unwrap();
    for (bus, stage, stream, durable, filter) in [
        (&mutualaid, "mutualaid", StreamName::Agents, "mutualaid-needs", "commune.log.*.*.need.*"),
        (&mutualaid, "mutualaid", StreamName::Agents, "mutualaid-withdraws", "commune.log.*.*.withdraw.*"),
        (&librarian, "librarian", StreamName::Agents, "librarian-feedback", "commune.log.*.*.feedback.*"),
        (&librarian, "librarian", StreamName::Aid, "librarian-withdrawn", "commune.aid.withdrawn.>"),
        (&mutualaid, "mutualaid", StreamName::Memory, "mutualaid", "commune.event.memory-tidied.>"),
        (&librarian, "librarian", StreamName::Nights, "librarian", "commune.night.trail.>"),
        (&selfcare, "selfcare", StreamName::Agents, "selfcare-intake", "commune.log.*.*.note.*"),
    ] {
        let spec = ConsumerSpec { stage, durable, filters: vec![filter.to_owned()], ..spec(stream, "") };
        let (task, stop) = consuming(bus, spec, |_| async { Err(Failure::reject("a story")) });
        eventually(A_WHILE, "its letter is written", || async {
            let letters = operator.dead_letters(100).await.unwrap();
            letters.iter().any(|letter| letter.stage == stage && letter.original_stream == stream.as_str())
        })
        .await;
        stop.cancel();
        task.await.unwrap();
    }
    let letters = operator.dead_letters(100).await.unwrap();
    let need = letters.iter().find(|letter| letter.stage == "mutualaid" && letter.original_stream == "AGENTS").unwrap();
    assert!(!mutualaid.bury("mutualaid", &need.message, 1, "again").await.unwrap());
}
