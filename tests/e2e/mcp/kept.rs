//! Nothing that `commune mcp` acknowledged is lost, and nothing is stored twice: many clients at once, and `kill -9` of the program and
//! of the server in the middle.

use std::{collections::BTreeSet, ops::Range};

use commune_bus::{Bus, StreamName};
use commune_tests::{A_WHILE, NatsServer, eventually, support};
use futures::future::join_all;
use serde_json::{Value, json};

use super::{BEFORE, CURRENT, Client};

const CLIENTS: usize = 8;
const NOTES: usize = 50;

/// The flags by which a command finds this server; there are no services.
pub(super) fn place(server: &NatsServer) -> Vec<String> {
    let home = server.dir().join("nobody-home").display().to_string();
    ["--nats", &server.url(), "--home", &home].map(str::to_owned).to_vec()
}

/// The ids of all notes in the stream, each as often as it is there.
pub(super) async fn notes(bus: &Bus) -> Vec<String> {
    let stored = support::read_all(bus, StreamName::Agents, &["commune.log.*.*.note.*"]).await;
    stored.iter().map(|note| note.subject.split('.').skip(3).collect::<Vec<_>>().join(".")).collect()
}

/// The id of a note as [`notes`] has it.
pub(super) fn id(agent: &str, id: &Value) -> String {
    format!("{agent}.note.{}", id.as_str().expect("an id"))
}

fn remember(agent: &str, number: usize) -> Value {
    json!({ "name": "remember", "arguments": { "text": format!("{agent} keeps note {number}") } })
}

/// Sends these notes without waiting.
async fn send(client: &mut Client, agent: &str, numbers: Range<usize>) -> Vec<(usize, u64)> {
    let mut sent = Vec::new();
    for number in numbers {
        sent.push((number, client.send("tools/call", remember(agent, number)).await));
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_clients_at_once_lose_nothing() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let place = place(&server);
    let acknowledged = join_all((0..CLIENTS).map(|number| {
        let place = place.clone();
        async move {
            let agent = format!("agent-{number}");
            let mut client = Client::start(&place, &agent, if number % 2 == 0 { CURRENT } else { BEFORE }).await;
            let mut acknowledged = Vec::new();
            for (_, sent) in send(&mut client, &agent, 0..NOTES).await {
                let answer = client.answer(sent).await.expect("the server is there");
                let answer = &answer["result"]["structuredContent"];
                assert_eq!((&answer["status"], &answer["new"]), (&json!("stored"), &json!(true)), "{answer}");
                acknowledged.push(id(&agent, &answer["id"]));
            }
            client.close().await;
            acknowledged
        }
    }))
    .await
    .concat();
    let kept = notes(&bus).await;
    assert_eq!((acknowledged.len(), kept.len()), (CLIENTS * NOTES, CLIENTS * NOTES));
    let kept: BTreeSet<String> = kept.into_iter().collect();
    assert_eq!(acknowledged.into_iter().collect::<BTreeSet<_>>(), kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_program() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let place = place(&server);
    let mut client = Client::start(&place, "ada", CURRENT).await;
    let sent = send(&mut client, "ada", 0..100).await;
    let mut acknowledged = BTreeSet::new();
    for (_, sent) in &sent[..20] {
        let answer = client.answer(*sent).await.expect("the server is there");
        acknowledged.insert(id("ada", &answer["result"]["structuredContent"]["id"]));
    }
    client.child.kill().await.unwrap();
    // what it had said before it was killed still counts
    for (_, sent) in &sent[20..] {
        let Some(answer) = client.answer(*sent).await else { break };
        acknowledged.insert(id("ada", &answer["result"]["structuredContent"]["id"]));
    }
    let kept: BTreeSet<String> = notes(&bus).await.into_iter().collect();
    assert!(
        acknowledged.is_subset(&kept),
        "{} of {} were lost",
        acknowledged.difference(&kept).count(),
        acknowledged.len()
    );
    assert!(acknowledged.len() >= 20);

    // whoever heard nothing says it again, and nothing is there twice
    let mut client = Client::start(&place, "ada", CURRENT).await;
    let mut there = 0;
    for (_, sent) in send(&mut client, "ada", 0..100).await {
        let answer = client.answer(sent).await.expect("the server is there");
        let answer = &answer["result"]["structuredContent"];
        assert_eq!(answer["status"], "stored", "{answer}");
        there += usize::from(answer["new"] == false);
    }
    // what was on its way when the program was killed may have come to the server after we looked
    assert!(there >= kept.len(), "what was kept is known again: {there} of {}", kept.len());
    assert_eq!(notes(&bus).await.len(), 100);
    client.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_the_server_and_the_next_call_finds_it_again() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let mut client = Client::start(&place(&server), "ada", CURRENT).await;
    let mut sent = send(&mut client, "ada", 0..60).await;
    let mut acknowledged = BTreeSet::new();
    for (_, sent) in sent.drain(..20) {
        let answer = client.answer(sent).await.expect("the program goes on");
        acknowledged.insert(id("ada", &answer["result"]["structuredContent"]["id"]));
    }
    server.kill();
    sent.extend(send(&mut client, "ada", 60..100).await);
    let mut left = Vec::new();
    for (number, sent) in sent {
        let answer = client.answer(sent).await.expect("the program goes on");
        let answer = answer["result"]["structuredContent"].clone();
        match answer["status"].as_str().unwrap() {
            "stored" => drop(acknowledged.insert(id("ada", &answer["id"]))),
            // whether it is stored is not known: it says so
            "unavailable" => left.push(number),
            other => panic!("{other}: {answer}"),
        }
    }
    assert!(acknowledged.len() >= 20 && left.len() >= 40, "{} and {}", acknowledged.len(), left.len());
    client.check("remember", json!({ "text": "nobody is there" }), "unavailable").await;

    server.restart().await;
    eventually(A_WHILE, "the story's own connection is back", async || {
        bus.last_sequence(StreamName::Agents).await.is_ok()
    })
    .await;
    let kept: BTreeSet<String> = notes(&bus).await.into_iter().collect();
    assert!(acknowledged.is_subset(&kept), "{} were lost", acknowledged.difference(&kept).count());
    for number in left {
        let call = client.call("remember", remember("ada", number)["arguments"].clone()).await;
        let answer = &call["structuredContent"];
        assert_eq!(answer["status"], "stored", "the next call connects again: {answer}");
    }
    assert_eq!(notes(&bus).await.len(), 100);
    client.close().await;
}
