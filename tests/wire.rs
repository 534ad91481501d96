//! **The wire only grows**: every golden message ever written still decodes to what it meant.
//!
//! A golden is the bytes of one message as they were once written, `tests/goldens/<full name>.<n>.bin`; what it
//! means is the value in `tests/goldens/values.rs`. A message that gained a field gets one more golden (the next `n`), which holds
//! every field; the older ones stay. `UPDATE_GOLDENS=1 cargo test --test wire` writes the missing ones, and
//! **never one that is there**.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic that says why")]

#[path = "goldens/values.rs"]
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use prost::{Message, Name};

use values::goldens;

/// The files whose messages are stored in streams, and so are read by every later version.
const STORED: [&str; 7] = [
    "agent/v1/agent.proto",
    "night/v1/night.proto",
    "selfcare/v1/events.proto",
    "mutualaid/v1/events.proto",
    "librarian/v1/events.proto",
    "librarian/v1/uses.proto",
    "librarian/v1/proposals.proto",
];

/// Says what bytes mean instead, when it is not the value.
type Means = Box<dyn Fn(&[u8]) -> Result<(), String>>;

/// One golden and the check of its value.
struct Golden {
    /// The message's full name.
    name: String,
    /// The ordinal, from 1.
    n: u32,
    /// What today's code writes for the value.
    encoded: Vec<u8>,
    /// Whether bytes decode to the value.
    means: Means,
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
        // the recorded streams are held by the stories: tests/e2e/recordings.rs
        let known = known.contains(&name) || name == "values.rs" || name == "streams";
        assert!(known, "{name} has no value in values.rs: a golden is never dropped");
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
            let golden = newest
                .get(&name)
                .unwrap_or_else(|| panic!("{name} has no golden: add its value to tests/goldens/values.rs"));
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
