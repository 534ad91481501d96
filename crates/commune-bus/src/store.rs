//! Which store the server has: when each of the commune's streams was made, as the server tells it.
//!
//! A server that comes back with an empty disk, or with another one, answers like the one that was lost. Streams made
//! anew would then hide the loss, so a service keeps the mark of the store that it works with, and refuses another.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StreamName;

/// The identity of a store: stream and the time at which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreMark(BTreeMap<String, Timestamp>);

/// The store is not the one that was known. Nothing was made or changed on the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A stream is not there any more.
    #[error(
        "the store of the NATS server was wiped or replaced: stream {stream}, made {made}, is gone. Nothing was made \
         on the server. {advice}"
    )]
    Gone {
        /// The stream.
        stream: &'static str,
        /// When the known one was made.
        made: Timestamp,
        /// What to do.
        advice: String,
    },
    /// A stream has the name of the known one and is another.
    #[error(
        "the store of the NATS server was wiped or replaced: stream {stream}, made {made}, was made anew {anew}. \
         Nothing was changed on the server. {advice}"
    )]
    MadeAnew {
        /// The stream.
        stream: &'static str,
        /// When the known one was made.
        made: Timestamp,
        /// When the one that is there was made.
        anew: Timestamp,
        /// What to do.
        advice: String,
    },
    /// The known stream lacks what this process has read or written, as it does after a restore.
    #[error(
        "the store of the NATS server went back in time, as it does when a backup is restored: stream {stream} ends \
         at message {last}, and this process knows message {known}, which is not there or another one. A restart is \
         enough: started again, the service works from what the store has"
    )]
    WentBack {
        /// The stream.
        stream: &'static str,
        /// The message that was read or written.
        known: u64,
        /// The last message that the stream has.
        last: u64,
    },
    /// The mark that was kept cannot be read; that is no reason to begin anew.
    #[error(
        "the mark of the NATS server's store cannot be read: {why}. {}",
        advice(.place)
    )]
    Unreadable {
        /// What is wrong with it.
        why: String,
        /// Where it is kept.
        place: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// When each stream was made, RFC 3339.
    streams: BTreeMap<String, String>,
}

impl StoreMark {
    /// Reads what [`StoreMark::to_json`] wrote; `place` says where it was kept.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] for anything else, also for a mark without any stream.
    pub fn parse(text: &str, place: &str) -> Result<Self, StoreError> {
        let unreadable = |why: String| StoreError::Unreadable { why, place: place.to_owned() };
        let kept: Kept = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        if kept.streams.is_empty() {
            return Err(unreadable("it names no stream".to_owned()));
        }
        let streams = kept.streams.into_iter().map(|(name, made)| match made.parse() {
            Ok(made) => Ok((name, made)),
            Err(error) => Err(unreadable(format!("the time of {name}: {error}"))),
        });
        streams.collect::<Result<_, _>>().map(Self)
    }

    /// The mark as it is kept.
    pub fn to_json(&self) -> String {
        let streams: BTreeMap<&str, String> =
            self.0.iter().map(|(name, made)| (name.as_str(), made.to_string())).collect();
        format!("{:#}\n", serde_json::json!({ "streams": streams }))
    }

    /// A mark of what was found; streams of an earlier mark that are not among it stay as they were.
    pub(crate) fn of(found: &[(StreamName, Timestamp)], earlier: Option<&Self>) -> Self {
        let mut streams = earlier.map(|mark| mark.0.clone()).unwrap_or_default();
        streams.extend(found.iter().map(|(stream, made)| (stream.as_str().to_owned(), *made)));
        Self(streams)
    }

    /// When the known stream was made; none when the mark does not know it, as that of a newer version.
    pub(crate) fn made(&self, stream: StreamName) -> Option<Timestamp> {
        self.0.get(stream.as_str()).copied()
    }

    /// Compares the stream that is there (none: there is none) with the known one.
    ///
    /// # Errors
    /// [`StoreError`] when it is not the same.
    pub(crate) fn compare(&self, stream: StreamName, found: Option<Timestamp>, place: &str) -> Result<(), StoreError> {
        let (name, advice) = (stream.as_str(), || advice(place));
        match (self.made(stream), found) {
            (Some(made), None) => Err(StoreError::Gone { stream: name, made, advice: advice() }),
            (Some(made), Some(anew)) if made != anew => {
                Err(StoreError::MadeAnew { stream: name, made, anew, advice: advice() })
            }
            _ => Ok(()),
        }
    }
}

fn advice(place: &str) -> String {
    let restore = "Restore the server's store from a backup";
    if place.is_empty() {
        format!("{restore}; if the store is meant to be new, start again")
    } else {
        format!("{restore}; if the store is meant to be new, remove the file {place}, and start again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/var/lib/commune/store.json";

    fn at(second: i64) -> Timestamp {
        Timestamp::new(1_700_000_000 + second, 123_456_789).unwrap()
    }

    fn mark() -> StoreMark {
        StoreMark::of(&[(StreamName::Agents, at(0)), (StreamName::Memory, at(1))], None)
    }

    #[test]
    fn the_same_store_is_the_same_to_the_nanosecond_after_it_was_kept() {
        let kept = StoreMark::parse(&mark().to_json(), FILE).unwrap();
        assert_eq!(kept, mark());
        assert_eq!(kept.compare(StreamName::Agents, Some(at(0)), FILE), Ok(()));
    }

    #[test]
    fn a_stream_that_is_gone_or_another_is_refused_and_says_what_to_do() {
        let check = |found: Option<Timestamp>, words: &[&str]| {
            let said = mark().compare(StreamName::Memory, found, FILE).unwrap_err().to_string();
            for word in words.iter().chain(&["MEMORY", "2023-11-14T22:13:21", "wiped or replaced", "backup", FILE]) {
                assert!(said.contains(word), "`{word}` is not in: {said}");
            }
        };
        check(None, &["is gone", "Nothing was made"]);
        check(Some(at(7)), &["made anew 2023-11-14T22:13:27", "Nothing was changed"]);
        let said = mark().compare(StreamName::Memory, None, "").unwrap_err().to_string();
        assert!(!said.contains("remove the file"), "there is none: {said}");
    }

    #[test]
    fn a_stream_that_the_mark_does_not_know_may_be_there_or_not() {
        assert_eq!(mark().compare(StreamName::Aid, None, FILE), Ok(()));
        assert_eq!(mark().compare(StreamName::Aid, Some(at(9)), FILE), Ok(()));
        let grown = StoreMark::of(&[(StreamName::Aid, at(9))], Some(&mark()));
        assert_eq!((grown.made(StreamName::Memory), grown.made(StreamName::Aid)), (Some(at(1)), Some(at(9))));
    }

    #[test]
    fn a_mark_that_cannot_be_read_is_an_error_and_no_fresh_start() {
        let whole = mark().to_json();
        let torn = &whole[..whole.len() / 2];
        let one = r#"{"streams": {"AGENTS": "yesterday"}}"#;
        for text in ["", "{}", r#"{"streams": {}}"#, "null", one, torn] {
            let said = StoreMark::parse(text, FILE).unwrap_err().to_string();
            assert!(said.contains("cannot be read") && said.contains(FILE), "{said}");
        }
    }
}
