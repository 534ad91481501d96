//! Recordings as files: written once, played into the streams of a fresh server.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use async_nats::{ConnectOptions, HeaderMap, jetstream};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use commune_bus::{Bus, Stored, StreamName, subject};
use commune_tests::support::server::Server;
use serde_json::{Value, json};

/// More than a story says.
const ALL: usize = 10_000;

/// One recorded message.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    sequence: u64,
    subject: String,
    headers: BTreeMap<String, String>,
    payload: Vec<u8>,
}

/// Every recorded message, by stream.
pub type Streams = BTreeMap<StreamName, Vec<Recorded>>;

/// The one switch that writes goldens.
pub fn update() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

/// Where the recording of a version is.
pub fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/streams").join(version)
}

/// The versions that were recorded.
pub fn versions() -> Vec<String> {
    let entries = fs::read_dir(folder("")).unwrap();
    let mut versions: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    versions.sort();
    versions
}

/// Writes everything that the streams hold into a folder that must not be there yet.
pub async fn record(bus: &Bus, folder: &Path) {
    let mut files = Vec::new();
    for stream in StreamName::ALL {
        let messages = bus.read(stream, &[], ALL).await.unwrap();
        assert!(!messages.is_empty(), "the story leaves something in {}", stream.as_str());
        let places: Vec<u64> = messages.iter().map(|message| message.sequence).collect();
        assert_eq!(places, (1..=messages.len() as u64).collect::<Vec<_>>(), "{} has no gaps", stream.as_str());
        files.push((stream, messages.iter().map(line_of).collect::<String>()));
    }
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    fs::create_dir(folder).unwrap();
    for (stream, lines) in files {
        fs::write(folder.join(format!("{}.jsonl", stream.as_str())), lines).unwrap();
    }
}

fn line_of(message: &Stored) -> String {
    let headers: BTreeMap<&str, &str> =
        message.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers.len(), message.headers.len(), "a header of {} is there twice", message.subject);
    let line = json!({
        "sequence": message.sequence,
        "subject": message.subject,
        "headers": headers,
        "time": message.stored_at.to_string(),
        "payload": STANDARD.encode(&message.payload),
    });
    format!("{line}\n")
}

fn read(version: &str) -> Streams {
    let mut streams = Streams::new();
    for stream in StreamName::ALL {
        let file = folder(version).join(format!("{}.jsonl", stream.as_str()));
        // a later version may have a stream more
        let Ok(text) = fs::read_to_string(&file) else { continue };
        streams.insert(stream, text.lines().map(recorded).collect());
    }
    let files = fs::read_dir(folder(version)).unwrap().count();
    assert_eq!(streams.len(), files, "a stream of {version} is gone: what it holds must still be read");
    streams
}

fn recorded(line: &str) -> Recorded {
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let headers = line["headers"].as_object().unwrap();
    Recorded {
        sequence: line["sequence"].as_u64().unwrap(),
        subject: text(&line["subject"]),
        headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        payload: STANDARD.decode(text(&line["payload"])).unwrap(),
    }
}

/// Publishes a recording into the empty streams of a server, each message at its recorded sequence.
pub async fn play(server: &Server, version: &str) -> Streams {
    let seed = fs::read_to_string(server.seed_file()).unwrap();
    let client = ConnectOptions::with_nkey(seed.trim().to_owned()).connect(server.url()).await.unwrap();
    let context = jetstream::new(client);
    let mut streams = read(version);
    for (name, messages) in &mut streams {
        let stream = context.get_stream(name.as_str()).await.unwrap();
        for message in messages.iter() {
            let (subject, headers) = (published_on(&message.subject), headers_of(message));
            let stored = context.publish_with_headers(subject, headers, message.payload.clone().into()).await.unwrap();
            let stored = stored.await.unwrap_or_else(|error| panic!("{}: {error}", message.subject));
            assert_eq!((stored.sequence, stored.duplicate), (message.sequence, false), "{}", message.subject);
        }
        // As a schedule it would be due at once, and its message would come between the recorded ones: only its place is kept.
        for schedule in messages.extract_if(.., |message| message.subject == subject::NIGHT_SCHEDULE) {
            assert!(stream.delete_message(schedule.sequence).await.unwrap());
        }
    }
    streams
}

/// The subject before the transform of AGENTS.
fn published_on(subject: &str) -> String {
    let said = subject.starts_with("commune.log.").then(|| subject::parse_said(subject)).flatten();
    said.map_or_else(
        || subject.to_owned(),
        |said| format!("commune.agent.{}.{}.{}", said.agent, said.kind, said.id.unwrap()),
    )
}

/// Without what held for that one publish alone: batches, expectations, schedules.
fn headers_of(message: &Recorded) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.headers {
        if !name.starts_with("Nats-") || name == "Nats-Msg-Id" {
            headers.insert(name.as_str(), value.as_str());
        }
    }
    headers
}

/// **History is append-only**: each recorded message is still where it was, byte for byte.
pub async fn is_kept(bus: &Bus, recorded: &Streams) {
    for (stream, messages) in recorded {
        let now: BTreeMap<u64, Stored> =
            bus.read(*stream, &[], ALL).await.unwrap().into_iter().map(|message| (message.sequence, message)).collect();
        for message in messages {
            let kept = now.get(&message.sequence).map(|m| (m.subject.as_str(), m.payload.as_ref()));
            assert_eq!(kept, Some((message.subject.as_str(), message.payload.as_slice())), "in {}", stream.as_str());
        }
    }
}
