//! A commune of 30 agents: 40 questions that somebody's cleared notes answer, and 10 that nobody may answer.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::StreamName;
use commune_proto::librarian::v1::{GetArticleRequest, InboxKind, InboxMessage, NeedState, SearchStatus};
use commune_tests::{
    A_WHILE,
    support::{Commune, LONG_NIGHT, Plan, process::program, wait},
};
use futures::{StreamExt, stream::select_all};
use serde_json::Value;

use super::{asked, inbox, needs, search};

const AGENTS: usize = 30;
const CANARY: &str = "canary-7c41";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_are_answered_and_told_ten_stay_open_and_nothing_private_moves() {
    let commune = Commune::start(Plan::one()).await;
    let known = blocks(include_str!("answerable.txt"));
    let open = blocks(include_str!("open.txt"));
    assert_eq!((known.len(), open.len()), (40, 10));
    let mut inboxes = Vec::new();
    for number in 0..AGENTS {
        inboxes.push(commune.agents.subscribe(format!("commune.inbox.{}.>", name(number))).await.unwrap());
    }
    commune.agents.flush().await.unwrap();
    let mut heard = select_all(inboxes);

    // by day everybody notes what it learned, and asks what it could not find
    for (number, block) in known.iter().enumerate() {
        note(&commune, number, &format!("known-{number}"), "lesson", &block['T'], &block['N']).await;
    }
    for (number, line) in include_str!("nearly.txt").lines().filter(|line| !line.starts_with('#')).enumerate() {
        let (title, text) = line.split_once(" | ").unwrap();
        note(&commune, number + 5, &format!("nearly-{number}"), "lesson", title, text).await;
    }
    for (number, block) in open.iter().enumerate() {
        if let Some((title, text)) = block.get('N').and_then(|line| line.split_once(" | ")) {
            note(&commune, number + 9, &format!("open-{number}"), "fix", title, text).await;
        }
        if let Some(text) = block.get('P') {
            // by its kind, or by what its agent says
            let kind = if number % 2 == 0 { "preference" } else { "lesson\nvisibility: private" };
            note(&commune, number + 9, &format!("private-{number}"), kind, "For me alone", text).await;
        }
    }
    let questions: Vec<(usize, &str)> =
        known.iter().chain(&open).enumerate().map(|(number, block)| (asker(number), &block['Q'])).collect();
    for (asker, question) in &questions {
        let answer = search(&commune, question, &name(*asker)).await;
        assert_eq!((answer.status(), answer.need.is_empty()), (SearchStatus::NotKnown, false), "{question}");
    }
    asked(&commune, questions.len()).await;
    assert_eq!(needs(&commune, NeedState::Open).await.len(), 50, "no two of them are one need");

    let night = commune.night();
    commune.run_night(night, LONG_NIGHT).await;

    // the 40 have an article that answers, found by their own words, of somebody else
    let answered = needs(&commune, NeedState::Answered).await;
    let by_question: BTreeMap<&str, _> = answered.iter().map(|need| (need.question.as_str(), need)).collect();
    let mut library = commune.library().await;
    for (number, block) in known.iter().enumerate() {
        let question = &block['Q'];
        let need = by_question.get(question).unwrap_or_else(|| panic!("nobody answered: {question}"));
        assert!(need.contributors.contains(&name(number)), "{need:?}");
        assert!(!need.contributors.contains(&name(asker(number))), "{need:?}");
        let found = search(&commune, question, "").await;
        let first: Vec<&str> = found.results.iter().take(3).map(|result| result.name.as_str()).collect();
        assert_eq!(found.status(), SearchStatus::Found, "{question}");
        assert!(first.contains(&need.answered_by.as_str()), "{question}: {first:?}, not {}", need.answered_by);
        let article = library
            .get_article(GetArticleRequest { name: need.answered_by.clone(), ..Default::default() })
            .await
            .unwrap()
            .into_inner();
        assert!(article.body.contains(block['N'].split(". ").next().unwrap()), "{question}: {}", article.body);
    }
    assert_eq!(answered.len(), 40);

    // they were told, and whoever knew was thanked
    let mut untold = BTreeSet::new();
    for (number, block) in known.iter().enumerate() {
        untold.insert((format!("commune.inbox.{}.answered", name(asker(number))), block['Q'].to_owned()));
        untold.insert((format!("commune.inbox.{}.thanks", name(number)), block['Q'].to_owned()));
    }
    let mut payloads = String::new();
    while !untold.is_empty() {
        let message = wait(A_WHILE, heard.next()).await;
        let message = message.unwrap_or_else(|()| panic!("not told: {untold:#?}")).unwrap();
        payloads.push_str(&String::from_utf8_lossy(&message.payload));
        let body: Value = serde_json::from_slice(&message.payload).unwrap();
        let needs = body["answered"].as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        for need in needs {
            untold.remove(&(message.subject.to_string(), need["question"].as_str().unwrap().to_owned()));
        }
    }
    for (number, block) in known.iter().enumerate() {
        let read = inbox(&commune, &name(asker(number))).await;
        let told = |m: &InboxMessage| m.kind() == InboxKind::Answered && m.needs[0].question == block['Q'];
        assert!(read.iter().any(told), "{read:?}");
        let read = inbox(&commune, &name(number)).await;
        let thanked = |m: &InboxMessage| m.needs.iter().any(|need| need.askers == [name(asker(number))]);
        assert!(read.iter().any(|m| m.kind() == InboxKind::Thanks && thanked(m)), "{read:?}");
    }

    // the 10 are open needs, listed, and what was private is nowhere
    let left: BTreeSet<String> = needs(&commune, NeedState::Open).await.into_iter().map(|need| need.question).collect();
    let expected: BTreeSet<String> = open.iter().map(|block| block['Q'].to_owned()).collect();
    assert_eq!(left, expected);
    assert!(!payloads.contains(CANARY));
    for stream in [StreamName::Aid, StreamName::Library, StreamName::Nights, StreamName::Dead] {
        for message in commune.bus.read(stream, &[], 10_000).await.unwrap() {
            let said = format!("{:?} {}", message.headers, String::from_utf8_lossy(&message.payload));
            assert!(!said.contains(CANARY), "{} of {} tells what is private", message.subject, stream.as_str());
        }
    }
    nobody_is_ranked(&commune).await;
    commune.finish().await;
}

/// What the program prints names agents by their names' order alone, and says of the load a figure without names.
async fn nobody_is_ranked(commune: &Commune) {
    for command in
        [["night", "status"].as_slice(), &["needs", "--open"], &["needs"], &["articles"], &["inbox", "agent-03"]]
    {
        let printed = run(commune, command);
        let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(!lines.is_empty(), "{command:?} printed nothing");
        lines.iter().for_each(|line| in_order(line, &format!("{command:?}")));
    }
}

/// Every list of agents, and every list of records of agents, is in the order of their names.
fn in_order(value: &Value, place: &str) {
    match value {
        Value::Array(items) => {
            let named = |item: &Value| -> Option<String> {
                let name = item.as_str().or_else(|| item["agent"].as_str())?;
                name.starts_with("agent-").then(|| name.to_owned())
            };
            let names: Vec<String> = items.iter().filter_map(named).collect();
            assert!(names.is_sorted(), "{place} ranks agents: {names:?}");
            items.iter().for_each(|item| in_order(item, place));
        }
        Value::Object(fields) => {
            let ranks = |key: &str| ["rank", "score", "points", "leader", "top"].contains(&key);
            assert!(!fields.keys().any(|key| ranks(key)), "{place} has a field that ranks: {fields:?}");
            fields.iter().for_each(|(key, value)| in_order(value, &format!("{place} {key}")));
        }
        _ => {}
    }
}

fn run(commune: &Commune, command: &[&str]) -> String {
    let output = std::process::Command::new(program("commune"))
        .args(command)
        .args(["--json", "--nats", &commune.server.url(), "--operator-key", &commune.server.seed_file()])
        .args(["--library", &format!("http://{}", commune.librarian[0].grpc)])
        .env("COMMUNE_HOME", commune.folder())
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

async fn note(commune: &Commune, agent: usize, id: &str, kind: &str, title: &str, text: &str) {
    let title = serde_json::to_string(title).unwrap();
    commune.say(&name(agent), "note", id, &format!("---\ntitle: {title}\nkind: {kind}\n---\n{text}\n")).await;
}

/// Agents come round: the note of block 31 is by the second.
fn name(number: usize) -> String {
    format!("agent-{:02}", number % AGENTS)
}

/// Somebody else than who knows.
fn asker(number: usize) -> usize {
    (number + 11) % AGENTS
}

/// Lines by the mark that they begin with, of each block of a file.
fn blocks(text: &'static str) -> Vec<Block> {
    let block = |block: &'static str| {
        let marked = block.lines().filter(|line| line.get(1..3) == Some(": "));
        Block(marked.map(|line| (line.chars().next().unwrap(), &line[3..])).collect())
    };
    text.split("\n\n").map(block).collect()
}

struct Block(BTreeMap<char, &'static str>);

impl Block {
    fn get(&self, mark: char) -> Option<&'static str> {
        self.0.get(&mark).copied()
    }
}

impl std::ops::Index<char> for Block {
    type Output = str;

    fn index(&self, mark: char) -> &str {
        self.0[&mark]
    }
}
