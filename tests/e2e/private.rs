//! What is private stays private: ten thousand canaries in the notes of fifty agents, three nights, and a look at every shared surface.

use std::collections::BTreeMap;

use commune_bus::StreamName;
use commune_proto::{
    librarian::v1::{SearchArticlesRequest, SearchStatus},
    mutualaid::v1::AidSession,
    selfcare::v1::MemoryTidied,
};
use commune_tests::support::{A_NIGHT, Commune, Plan, otlp::Receiver, read_all};
use futures::StreamExt as _;

#[path = "../chaos/canary.rs"]
#[allow(dead_code, reason = "the chaos runs use the rest")]
mod canary;

use canary::{Canaries, Search, Writing};

const AGENTS: usize = 50;
const NIGHTS: usize = 3;
/// Notes of private kinds, logs, and shareable notes with a secret, of one agent in one day; canaries in each.
const NOTES: (usize, usize) = (5, 10);
const LOGS: (usize, usize) = (2, 7);
const SECRETS: usize = 3;

/// Every writing but the one of letters that nobody sees: a note with such letters is refused as a whole.
fn writing(number: usize) -> Writing {
    let taken: Vec<Writing> = Writing::ALL.into_iter().filter(|writing| *writing != Writing::ZeroWidth).collect();
    taken[number % taken.len()]
}

/// Kinds that are not shared unless they are marked.
const PRIVATE: [&str; 5] = ["preference", "fact", "log", "diary", "error"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_canaries_stay_in_their_notes_for_three_nights() {
    let receiver = Receiver::start().await;
    let plan = Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &receiver.endpoint).with("TELEMETRY__LOG_LEVEL", "debug");
    let commune = Commune::start(plan).await;
    let mut inbox = commune.server.agents.subscribe("commune.inbox.>").await.unwrap();
    commune.server.agents.flush().await.unwrap();
    let canaries = Canaries::default();
    let mut night = commune.night();
    for day in 0..NIGHTS {
        for agent in 0..AGENTS {
            say_a_day(&commune, &canaries, agent, day).await;
        }
        commune.run_night(night, A_NIGHT).await;
        night = night.next_extra();
    }
    let planted = canaries.all();
    assert_eq!(planted.len(), AGENTS * NIGHTS * (NOTES.0 * NOTES.1 + LOGS.0 * LOGS.1 + SECRETS));
    assert!(planted.len() >= 10_000);
    let search = canaries.search();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();

    let mut held = 0;
    for stream in [StreamName::Aid, StreamName::Library, StreamName::Nights, StreamName::Dead] {
        for message in read_all(&commune.bus, stream, &[]).await {
            look(&search, &message.subject, &[message.subject.as_bytes(), &message.payload]);
            *seen.entry(stream.as_str()).or_default() += 1;
            if message.subject.starts_with("commune.aid.session.") {
                held += message.event::<AidSession>().unwrap().held.len();
            }
        }
    }
    // every note with a secret in it is held, and is told of once
    assert!(held >= AGENTS * NIGHTS * SECRETS, "{held} held");
    for message in read_all(&commune.bus, StreamName::Memory, &["commune.event.memory-tidied.>"]).await {
        let event: MemoryTidied = message.event().unwrap();
        look(&search, &message.subject, &[&message.payload, format!("{event:?}").as_bytes()]);
        *seen.entry("memory-tidied").or_default() += 1;
    }
    for _ in 0..held {
        let told = tokio::time::timeout(A_NIGHT, inbox.next()).await.expect("each is told").unwrap();
        look(&search, "inbox", &[told.subject.as_bytes(), &told.payload]);
        *seen.entry("inbox").or_default() += 1;
    }
    for replica in commune.replicas() {
        look(&search, "log", &[replica.log().as_bytes()]);
        *seen.entry("logs").or_default() += 1;
    }
    for span in receiver.spans() {
        look(&search, "trace", &[span.name.as_bytes(), format!("{:?}", span.attributes).as_bytes()]);
        *seen.entry("spans").or_default() += 1;
    }
    answers(&commune, &canaries, &search).await;
    println!("{} canaries, {} forms, looked at {seen:?}", planted.len(), search.len());
    for surface in ["AID", "LIBRARY", "NIGHTS", "memory-tidied", "inbox", "logs", "spans"] {
        assert!(
            seen.get(surface).is_some_and(|count| *count > 0),
            "nothing was there to look at: {surface} of {seen:?}"
        );
    }
    commune.finish().await;
}

/// No answer to a search says a canary, and none is found by one.
async fn answers(commune: &Commune, canaries: &Canaries, search: &Search) {
    let mut library = commune.library().await;
    for canary in canaries.all().iter().step_by(100) {
        let request = SearchArticlesRequest { query: canary.word.clone(), ..Default::default() };
        let answer = library.search_articles(request).await.unwrap().into_inner();
        assert_ne!(answer.status(), SearchStatus::Found, "{canary:?}");
    }
    let request = SearchArticlesRequest { query: "ledger bench".into(), page_size: 100, ..Default::default() };
    let answer = library.search_articles(request).await.unwrap().into_inner();
    assert!(!answer.results.is_empty(), "what is shared is found");
    look(search, "answer", &[format!("{answer:?}").as_bytes()]);
}

#[track_caller]
fn look(search: &Search, place: &str, parts: &[&[u8]]) {
    for part in parts {
        let found = search.scan(part);
        assert!(found.is_empty(), "{place}: {:?}", found[0]);
    }
}

/// A day of one agent: notes that stay, logs of which a section may go, notes that would go but for a secret, and one that goes.
async fn say_a_day(commune: &Commune, canaries: &Canaries, agent: usize, day: usize) {
    let name = format!("agent-{agent}");
    let mut number = ((day * AGENTS + agent) * 100) as u64;
    let mut word = |place: &str| {
        number += 1;
        let word = syllables(number);
        canaries.plant(&name, &word, place);
        word
    };
    for note in 0..NOTES.0 {
        let kind = PRIVATE[note % PRIVATE.len()];
        let lines: Vec<String> = (0..NOTES.1)
            .map(|line| {
                let written = writing(day + agent + note + line).write(&word(kind));
                format!("- What stays with me, {note} of {line}: {written}")
            })
            .collect();
        let text =
            format!("---\nkind: {kind}\n---\n# Thoughts {note} of {name} on day {day}\n\n{}\n", lines.join("\n"));
        say(commune, &name, &format!("d{day}-private-{note}"), &text).await;
    }
    for log in 0..LOGS.0 {
        let lines: Vec<String> =
            (0..LOGS.1).map(|line| format!("- {}", writing(agent + line).write(&word("section")))).collect();
        let text = format!(
            "---\nkind: log\n---\n# Day {day}, {log}\n\n## Talks\n\n{}\n\n## Lessons learned\n\n- The ledger {day} {log} of {name} is kept beside its bench.\n",
            lines.join("\n")
        );
        say(commune, &name, &format!("d{day}-log-{log}"), &text).await;
    }
    for note in 0..SECRETS {
        let text = format!(
            "---\nkind: lesson\n---\n# Access {note} of {name} on day {day}\n\nThe gate of hall {day} opens with this:\n\n{}\n",
            secret(note + agent + day, &word("secret"))
        );
        say(commune, &name, &format!("d{day}-secret-{note}"), &text).await;
    }
    let text = format!(
        "---\nkind: lesson\n---\n# Bench {agent} on day {day}\n\nKeep the ledger of bench {agent}-{day} dry, {name} says, and oil its hinge.\n"
    );
    say(commune, &name, &format!("d{day}-shared"), &text).await;
}

async fn say(commune: &Commune, agent: &str, id: &str, text: &str) {
    let answer = commune.say(agent, "note", id, text).await;
    assert!(answer["error"].is_null(), "{answer}");
}

/// A secret with a canary in it, in one of several forms; put together here, so that no scanner takes this file for a leak.
fn secret(form: usize, word: &str) -> String {
    use base64::Engine as _;
    let password = format!("password={word}X7q");
    match form % 7 {
        0 => format!("DB_{} = \"{word}_4Z\"", "PASSWORD"),
        1 => format!("postgres://svc:{word}9@db.example.org/app"),
        2 => base64::engine::general_purpose::STANDARD.encode(&password),
        3 => hex::encode(&password),
        4 => format!("-----BEGIN OPENSSH {}-----\n{word}", "PRIVATE KEY"),
        5 => Writing::Percent.write(&format!("token={word}4x9Z")),
        _ => format!("Authorization: {} {word}7Qx", "Bearer"),
    }
}

/// A word of twelve syllables that stands for a number, and looks like no other.
fn syllables(number: u64) -> String {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995_5bd1_e995;
    let mut word = String::new();
    for _ in 0..12 {
        mixed ^= mixed << 13;
        mixed ^= mixed >> 7;
        mixed ^= mixed << 17;
        word.push(char::from(b"bdfghjklmnprstvw"[(mixed & 15) as usize]));
        word.push(char::from(b"aeio"[(mixed >> 4 & 3) as usize]));
    }
    word
}
