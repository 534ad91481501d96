//! What an agent sends: the first byte names the kind and the form, the rest is the body.
#![no_main]

use commune_fuzz::within_the_limit;
use jiff::{Timestamp, tz::TimeZone};
use libfuzzer_sys::fuzz_target;
use selfcare::{intake, translate};

const KINDS: [&str; 7] = ["note", "artifact", "need", "rest", "feedback", "withdraw", "voice"];
const FORMS: [Option<&str>; 4] =
    [None, Some("text/markdown"), Some("application/json"), Some("application/protobuf")];

fuzz_target!(|input: &[u8]| {
    let Some((choice, payload)) = input.split_first() else { return };
    let choice = usize::from(*choice);
    let message = intake::Message {
        agent: "ada",
        kind: KINDS[choice % KINDS.len()],
        id: (choice >= 128).then_some("n1"),
        content_type: FORMS[choice / KINDS.len() % FORMS.len()],
        event_type: None,
        stored_at: Timestamp::UNIX_EPOCH,
        sequence: 7,
        payload,
    };
    within_the_limit(|| {
        let _ = intake::read(&message, &TimeZone::UTC, translate::decode);
    });
});
