//! **The wire only grows**: every golden message ever written still decodes to what it meant.
//!
//! A golden is the bytes of one message as they were once written, `tests/goldens/<full name>.<n>.bin`; what it
//! means is the value in this file. A message that gained a field gets one more golden (the next `n`), which holds
//! every field; the older ones stay. `UPDATE_GOLDENS=1 cargo test --test wire` writes the missing ones, and
//! **never one that is there**.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic that says why")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use commune_proto::{
    agent::v1::{Artifact, Need, Note, Rest, Visibility},
    librarian::v1::{AnsweredNeed, Article, ArticleCurated, ArticleKind, FindabilityCheck, Provenance},
    mutualaid::v1::{
        AidSession, Contribution, HeldNote, KnowledgeShared, NeedAsked, Placement, PlacementAction, PlacementCandidate,
    },
    night::v1::{NightBegun, NightDue, NightOpened, NightRequested, Outcome, Stage, TrailRecord},
    selfcare::v1::{Brief, DiaryEntry, MemoryTidied, NoteState, NotesPage, TidiedNote},
};
use prost::{Message, Name};

/// The files whose messages are stored in streams, and so are read by every later version.
const STORED: [&str; 5] = [
    "agent/v1/agent.proto",
    "night/v1/night.proto",
    "selfcare/v1/events.proto",
    "mutualaid/v1/events.proto",
    "librarian/v1/events.proto",
];

/// One golden and the check of its value.
struct Golden {
    /// The message's full name.
    name: String,
    /// The ordinal, from 1.
    n: u32,
    /// What today's code writes for the value.
    encoded: Vec<u8>,
    /// Whether bytes decode to the value.
    means: Box<dyn Fn(&[u8]) -> Result<(), String>>,
}

impl Golden {
    fn file(&self) -> String {
        format!("{}.{}.bin", self.name, self.n)
    }
}

#[test]
fn every_golden_still_means_what_it_meant() {
    for golden in goldens() {
        let path = folder().join(golden.file());
        if !path.exists() && update() {
            fs::write(&path, &golden.encoded).unwrap();
        }
        let bytes = fs::read(&path).unwrap_or_else(|_| {
            panic!("{} is missing: write it with UPDATE_GOLDENS=1 cargo test --test wire, and commit it", golden.file())
        });
        if let Err(difference) = (golden.means)(&bytes) {
            panic!("{} no longer means what it meant: restore the contract. {difference}", golden.file());
        }
        assert_eq!(
            golden.encoded,
            bytes,
            "{} would be written in another way today: a field changed its number or type",
            golden.file()
        );
    }
}

#[test]
fn every_file_of_goldens_is_checked() {
    let known: BTreeSet<String> = goldens().iter().map(Golden::file).collect();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&name), "{name} has no value in tests/wire.rs: a golden is never dropped");
    }
}

#[test]
fn every_stored_message_has_a_golden_with_every_field() {
    let mut newest: BTreeMap<String, Golden> = BTreeMap::new();
    for golden in goldens() {
        newest.insert(golden.name.clone(), golden);
    }
    for file in STORED {
        for (name, fields) in messages(file) {
            let golden =
                newest.get(&name).unwrap_or_else(|| panic!("{name} has no golden: add its value to tests/wire.rs"));
            let missing: Vec<u64> = fields.difference(&top_fields(&golden.encoded)).copied().collect();
            assert!(
                missing.is_empty(),
                "the newest golden of {name} lacks the fields {missing:?}: add golden {} with all of them",
                golden.n + 1
            );
        }
    }
}

#[test]
fn a_field_of_the_future_does_no_harm() {
    for golden in goldens() {
        // field 15,000, length-delimited, "later"
        let mut bytes = golden.encoded.clone();
        bytes.extend([0xc2, 0xa9, 0x07, 0x05]);
        bytes.extend(b"later");
        assert_eq!((golden.means)(&bytes), Ok(()), "{}", golden.file());
    }
}

fn golden<M: Message + Name + Default + PartialEq + std::fmt::Debug + 'static>(n: u32, value: M) -> Golden {
    let encoded = value.encode_to_vec();
    let means = move |bytes: &[u8]| match M::decode(bytes) {
        Ok(decoded) if decoded == value => Ok(()),
        Ok(decoded) => Err(format!("It is now {decoded:?}")),
        Err(error) => Err(format!("It cannot be decoded: {error}")),
    };
    Golden { name: M::full_name(), n, encoded, means: Box::new(means) }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("goldens")
}

#[allow(clippy::disallowed_methods, reason = "the one switch of this test, which a service never reads")]
fn update() -> bool {
    std::env::var("UPDATE_GOLDENS").is_ok_and(|value| value == "1")
}

/// The messages of a file of the contract and the numbers of their fields.
fn messages(file: &str) -> BTreeMap<String, BTreeSet<u64>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../proto/commune").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap().trim_end_matches(';');
    let mut messages = BTreeMap::new();
    let mut current: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("message ") {
            let name = format!("{package}.{}", name.trim_end_matches(['{', ' ']));
            messages.insert(name.clone(), BTreeSet::new());
            current = Some(name);
        } else if line == "}" {
            current = None;
        } else if let (Some(name), Some((_, number))) = (&current, line.rsplit_once(" = "))
            && !line.starts_with("//")
        {
            let number = number.trim_end_matches(';').parse().unwrap_or_else(|_| panic!("{file}: `{line}`"));
            messages.get_mut(name).unwrap().insert(number);
        }
    }
    messages
}

/// The numbers of the fields that an encoded message holds.
fn top_fields(mut bytes: &[u8]) -> BTreeSet<u64> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = bytes[0];
            *bytes = &bytes[1..];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
    let mut fields = BTreeSet::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        fields.insert(key >> 3);
        let skip = match key & 7 {
            0 => {
                varint(&mut bytes);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)).unwrap(),
            5 => 4,
            other => panic!("wire type {other}"),
        };
        bytes = &bytes[skip..];
    }
    fields
}

/// Every golden ever written, oldest first for each message. Only ever add here.
fn goldens() -> Vec<Golden> {
    [agents(), nights(), memory(), aid(), library()].into_iter().flatten().collect()
}

fn agents() -> Vec<Golden> {
    vec![
        golden(
            1,
            Note {
                text: "## Leçon\nVider le pool d'abord.".into(),
                kind: "lesson".into(),
                key: "pool/restart".into(),
                title: "Redémarrer".into(),
                visibility: Visibility::Commune as i32,
                tags: texts(["ops", "база"]),
                logged_at: "2026-02-14".into(),
                source: "memory/2026-02-14.md".into(),
            },
        ),
        golden(1, Need { question: "How do I renew a wildcard certificate?".into() }),
        golden(1, Rest { until: "2026-12-01".into() }),
        golden(
            1,
            Artifact {
                name: "report.md".into(),
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                size: 4,
                media_type: "text/markdown".into(),
                description: "The week in numbers".into(),
                made_at: "2026-02-14T20:00:00Z".into(),
            },
        ),
    ]
}

fn nights() -> Vec<Golden> {
    vec![
        golden(1, NightDue { night: "2026-02-14".into() }),
        golden(1, NightRequested { night: "2026-02-14-x1".into(), agents: texts(["ada", "bo"]) }),
        golden(
            1,
            NightOpened {
                night: "2026-02-14".into(),
                members: texts(["ada", "bo"]),
                agents_through: 300,
                drops_through: 7,
                opened_at: "2026-02-15T12:00:00Z".into(),
            },
        ),
        golden(
            1,
            NightBegun { night: "2026-02-14".into(), agent: "ada".into(), agents_through: 300, drops_through: 7 },
        ),
        golden(
            1,
            TrailRecord {
                night: "2026-02-14".into(),
                agent: "ada".into(),
                stage: Stage::Mutualaid as i32,
                outcome: Outcome::Stopped as i32,
                counts: counts([("held", 1), ("shared", 2)]),
                duration_us: 1_500_000,
                trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
                detail: "stopped at a bound".into(),
                stream_sequence: 41,
                ended_at: "2026-02-15T12:00:03Z".into(),
            },
        ),
    ]
}

fn memory() -> Vec<Golden> {
    let note = TidiedNote {
        id: "01J_x-9".into(),
        text: "Drain the pool before a restart.\nThen wait 5 s.".into(),
        original_text: "Drain the pool before a restart.".into(),
        title: "Restarts".into(),
        kind: "lesson".into(),
        key: "pool/restart".into(),
        visibility: Visibility::Private as i32,
        tags: texts(["ops"]),
        logged_at: "2026-02-14T10:00:00Z".into(),
        logged_on: "2026-02-14".into(),
        source: "MEMORY.md".into(),
        state: NoteState::Merged as i32,
        into: "01J_x-8".into(),
        rule: "near-duplicate".into(),
        night: "2026-02-14".into(),
        absorbed: texts(["01J_x-7"]),
    };
    vec![
        golden(1, note.clone()),
        golden(1, NotesPage { agent: "ada".into(), night: "2026-02-14".into(), notes: vec![note] }),
        golden(
            1,
            Brief {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                text: "# Memory\n\n- Restarts\n".into(),
                notes_shown: 1,
                notes_left_out: 2,
            },
        ),
        golden(
            1,
            DiaryEntry {
                agent: "ada".into(),
                date: "2026-02-14".into(),
                text: "# 2026-02-14\n\n- Restarts\n".into(),
                night: "2026-02-14".into(),
                notes: texts(["01J_x-9"]),
            },
        ),
        golden(
            1,
            MemoryTidied {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                counts: counts([("active", 2), ("merged", 1)]),
                agents_through: 300,
                drops_through: 7,
                resting_until: "2026-02-20".into(),
                unchanged: true,
                stopped: "would archive 21 of 100 notes; the bound is 20 %".into(),
            },
        ),
    ]
}

fn aid() -> Vec<Golden> {
    let contribution = Contribution {
        id: "00112233445566778899aabbccddeeff".into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        notes: texts(["01J_x-9"]),
        title: "Restarts".into(),
        kind: "lesson".into(),
        text: "Drain the pool before a restart.".into(),
        tags: texts(["ops"]),
        learned_on: "2026-02-14".into(),
        answers: texts(["ffeeddccbbaa99887766554433221100"]),
    };
    let candidate = PlacementCandidate { path: "lesson/restarts".into(), title: "Restarts".into(), score: 0.75 };
    let placement = Placement {
        action: PlacementAction::Update as i32,
        path: "lesson/restarts".into(),
        reason: "0.75 is above the floor".into(),
        candidates: vec![candidate.clone()],
    };
    let held =
        HeldNote { note: "01J_x-7".into(), rule: "secret:aws-access-key".into(), advice: "take the key out".into() };
    vec![
        golden(1, contribution.clone()),
        golden(1, candidate),
        golden(1, placement.clone()),
        golden(1, KnowledgeShared { contribution: Some(contribution), placement: Some(placement) }),
        golden(1, held.clone()),
        golden(
            1,
            AidSession {
                agent: "ada".into(),
                night: "2026-02-14".into(),
                shared: texts(["00112233445566778899aabbccddeeff"]),
                held: vec![held],
                waiting: texts(["01J_x-6"]),
                resting_until: "2026-02-20".into(),
            },
        ),
        golden(
            1,
            NeedAsked {
                need: "ffeeddccbbaa99887766554433221100".into(),
                question: "How do I restart safely?".into(),
                asker: "bo".into(),
                asked_at: "2026-02-14T09:00:00Z".into(),
            },
        ),
    ]
}

fn library() -> Vec<Golden> {
    let provenance = Provenance {
        contribution: "00112233445566778899aabbccddeeff".into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        statements_added: 1,
    };
    let answered = AnsweredNeed {
        need: "ffeeddccbbaa99887766554433221100".into(),
        question: "How do I restart safely?".into(),
        contribution: "00112233445566778899aabbccddeeff".into(),
    };
    let check = FindabilityCheck { query: "Restarts".into(), rank: 1 };
    let article = Article {
        path: "lesson/restarts".into(),
        title: "Restarts".into(),
        kind: ArticleKind::Skill as i32,
        body: "# Restarts\n\nDrain the pool before a restart.\n".into(),
        tags: texts(["ops"]),
        aliases: texts(["How do I restart safely?"]),
        contributors: texts(["ada"]),
        revision: 2,
        night: "2026-02-14".into(),
        curated_at: "2026-02-15T12:00:05Z".into(),
    };
    vec![
        golden(1, provenance.clone()),
        golden(1, answered.clone()),
        golden(1, check.clone()),
        golden(1, article.clone()),
        golden(
            1,
            ArticleCurated {
                article: Some(article),
                reason: "ada adds one statement".into(),
                provenance: vec![provenance],
                answered: vec![answered],
                findability: vec![check],
            },
        ),
    ]
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn counts<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.map(|(name, count)| (name.to_owned(), count)).into()
}
