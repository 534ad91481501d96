//! The gate between self-care and mutual aid: what `MemoryTidied` says.
//!
//! The event tells that a memory is tidied, and counts. **No field of it carries text of a note**: every field that can hold text is
//! judged here by its name, so that one which is added fails until somebody has judged it, and what each says is held against that.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Stored, StreamName};
use commune_proto::{FILE_DESCRIPTOR_SET, NightId, selfcare::v1::MemoryTidied};
use commune_tests::support::{A_NIGHT, Commune, Plan, read_all};
use prost::Name as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MapKey, MessageDescriptor, Value};

/// What a field may say.
type May = fn(&str) -> bool;

/// Every field of the event that can hold text, and what it may say.
const JUDGED: [(&str, May); 5] = [
    ("agent", |text| text.parse::<commune_proto::AgentId>().is_ok()),
    ("counts.key", |text| COUNTED.contains(&text)),
    ("night", |text| text.parse::<NightId>().is_ok()),
    ("resting_until", |text| text.is_empty() || text.parse::<jiff::civil::Date>().is_ok()),
    ("stopped", |text| text.is_empty() || without_numbers(text) == STOPPED),
];

/// What is counted.
const COUNTED: [&str; 10] = [
    "active",
    "archived",
    "contradicted",
    "diary_entries",
    "faded",
    "invalid",
    "merged",
    "notes_changed",
    "notes_new",
    "superseded",
];

/// Why a run stops, with its numbers taken out.
const STOPPED: &str = "the run would archive # of # notes, more than # % (night.archive_percent); nothing was changed. \
    Look at what was logged, or raise the bound for one night";

fn without_numbers(text: &str) -> String {
    let mut plain = String::new();
    for char in text.chars() {
        match char.is_ascii_digit() {
            true if plain.ends_with('#') => {}
            true => plain.push('#'),
            false => plain.push(char),
        }
    }
    plain
}

fn event() -> MessageDescriptor {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    pool.get_message_by_name(&MemoryTidied::full_name()).unwrap()
}

/// The paths of every field that can hold text, in messages within it, too.
fn textual(message: &MessageDescriptor, path: &str, seen: &mut Vec<String>, into: &mut BTreeSet<String>) {
    if seen.contains(&message.full_name().to_owned()) {
        return;
    }
    seen.push(message.full_name().to_owned());
    for field in message.fields() {
        let path = format!("{path}{}", field.name());
        match field.kind() {
            Kind::String | Kind::Bytes => _ = into.insert(path),
            Kind::Message(within) => textual(&within, &format!("{path}."), seen, into),
            _ => {}
        }
    }
    seen.pop();
}

#[test]
fn every_field_of_the_event_that_can_hold_text_is_judged() {
    let mut fields = BTreeSet::new();
    textual(&event(), "", &mut Vec::new(), &mut fields);
    let judged: BTreeSet<String> = JUDGED.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(
        fields, judged,
        "a field of MemoryTidied that can hold text came or went: judge what it may say in tests/e2e/gates.rs; text of a note it must not carry"
    );
    // what reads the descriptor goes into messages and maps: a brief's descriptor shows both
    let mut within = BTreeSet::new();
    let page = event().parent_pool().get_message_by_name("commune.selfcare.v1.NotesPage").unwrap();
    textual(&page, "", &mut Vec::new(), &mut within);
    assert!(within.contains("notes.text"), "{within:?}");
}

/// What an event says in words, by the field.
fn said(value: &Value, path: &str, into: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => into.push((path.to_owned(), text.clone())),
        Value::Bytes(bytes) => into.push((path.to_owned(), String::from_utf8_lossy(bytes).into_owned())),
        Value::List(items) => items.iter().for_each(|item| said(item, path, into)),
        Value::Map(entries) => {
            for (key, value) in entries {
                if let MapKey::String(key) = key {
                    into.push((format!("{path}.key"), key.clone()));
                }
                said(value, &format!("{path}.value"), into);
            }
        }
        Value::Message(message) => {
            for (field, value) in message.fields() {
                let dot = if path.is_empty() { "" } else { "." };
                said(value, &format!("{path}{dot}{}", field.name()), into);
            }
        }
        _ => {}
    }
}

/// Holds that every word of a stored event is one that its field may say.
#[track_caller]
fn is_judged(stored: &Stored) {
    let mut words = Vec::new();
    said(&Value::Message(DynamicMessage::decode(event(), stored.payload.clone()).unwrap()), "", &mut words);
    assert!(words.len() > 5, "{words:?}");
    for (path, text) in words {
        let may = JUDGED.iter().find(|(judged, _)| *judged == path).map(|(_, may)| may);
        assert!(may.is_some_and(|may| may(&text)), "{path} says {text:?}");
    }
}

/// Notes of one day: title, tag, key, source and text each have a word that stands nowhere else.
fn day(front: &str) -> Vec<String> {
    // put together here, so that no scanner takes this file for a leak
    let secret = format!("{}{}", "AKIA", "Z7QX3MNB5TRW2LKD");
    vec![
        format!(
            "---\n{front}\ntitle: Zorbelgate\ntags: [quillmarten]\nkey: vondrake\nsource: plimsorrel.md\n---\nThe hall key hangs behind the tannerwick.\n"
        ),
        format!("---\n{front}\ntitle: Access\n---\nThe gate opens with {secret}.\n"),
        format!("---\n{front}\n---\n# Grumbelow\n\nThe gateway listens on port 8080.\n"),
    ]
}

const WORDS: [&str; 8] =
    ["zorbelgate", "quillmarten", "vondrake", "plimsorrel", "tannerwick", "grumbelow", "gateway", "z7qx3mnb5trw2lkd"];

#[tokio::test(flavor = "multi_thread")]
async fn the_event_says_nothing_of_a_note_and_the_same_of_what_must_not_be_shared() {
    let plan = Plan::one().with("NIGHT__ARCHIVE_PERCENT", "0").with("NIGHT__ARCHIVE_FROM", "0");
    let commune = Commune::start(plan).await;
    for (agent, front) in
        [("ada", "kind: preference\nvisibility: private"), ("bo", "kind: lesson\nvisibility: commune")]
    {
        for (number, text) in day(front).iter().enumerate() {
            commune.say(agent, "note", &format!("wexcombe-{number}"), text).await;
        }
    }
    let first = commune.night();
    commune.run_night(first, A_NIGHT).await;
    // this takes the place of a note, which a night may not do here: it stops
    for (agent, front) in
        [("ada", "kind: preference\nvisibility: private"), ("bo", "kind: lesson\nvisibility: commune")]
    {
        let text = format!("---\n{front}\n---\n# Grumbelow\n\nThe gateway now listens on port 9090.\n");
        commune.say(agent, "note", "wexcombe-now", &text).await;
    }
    commune.run_night(first.next_extra(), A_NIGHT).await;

    let events = read_all(&commune.bus, StreamName::Memory, &["commune.event.memory-tidied.>"]).await;
    assert_eq!(events.len(), 4);
    let mut by_agent: BTreeMap<String, Vec<MemoryTidied>> = BTreeMap::new();
    for stored in &events {
        is_judged(stored);
        let seen = format!("{:?}{}", stored.headers, String::from_utf8_lossy(&stored.payload)).to_lowercase();
        for word in WORDS.into_iter().chain(["wexcombe"]) {
            assert!(!seen.contains(word), "{} says {word}", stored.subject);
        }
        let event: MemoryTidied = stored.event().unwrap();
        by_agent.entry(event.agent.clone()).or_default().push(event);
    }
    // nothing in them tells which of two memories is private
    let plain = |agent: &str| -> Vec<MemoryTidied> {
        let event = |event: &MemoryTidied| MemoryTidied {
            agent: String::new(),
            agents_through: 0,
            agents_from: 0,
            ..event.clone()
        };
        by_agent[agent].iter().map(event).collect()
    };
    assert_eq!(plain("ada"), plain("bo"));
    let stopped: Vec<&str> = by_agent["ada"].iter().map(|event| event.stopped.as_str()).collect();
    assert!(stopped[0].is_empty() && without_numbers(stopped[1]) == STOPPED, "{stopped:?}");
    commune.finish().await;
}
