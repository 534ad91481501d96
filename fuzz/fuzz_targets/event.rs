//! Bytes of the wire as every message that is stored: what decodes is written again and decodes to the same.
#![no_main]

use commune_fuzz::within_the_limit;
use commune_proto::{agent, librarian, mutualaid, night, selfcare};
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// One line for each golden (`tests/goldens`): `tests/repo.rs` holds that none is missing.
macro_rules! events {
    ($($package:ident :: $name:ident,)*) => {
        fn decode(bytes: &[u8]) {
            $(
                if let Ok(event) = $package::v1::$name::decode(bytes) {
                    let again = $package::v1::$name::decode(event.encode_to_vec().as_slice());
                    // a NaN differs from itself
                    assert_eq!(format!("{again:?}"), format!("Ok({event:?})"), stringify!($name));
                }
            )*
        }
    };
}

events! {
    agent::Artifact,
    agent::Need,
    agent::Note,
    agent::Rest,
    agent::SkillFile,
    agent::Withdraw,
    librarian::AnsweredNeed,
    librarian::Article,
    librarian::ArticleCurated,
    librarian::FindabilityCheck,
    librarian::Provenance,
    mutualaid::AidSession,
    mutualaid::Contribution,
    mutualaid::HeldNote,
    mutualaid::KnowledgeShared,
    mutualaid::NeedAsked,
    mutualaid::NoteWithdrawn,
    mutualaid::Placement,
    mutualaid::PlacementCandidate,
    night::NightBegun,
    night::NightDue,
    night::NightOpened,
    night::NightRequested,
    night::TrailRecord,
    selfcare::Brief,
    selfcare::DiaryEntry,
    selfcare::MemoryTidied,
    selfcare::NightUndone,
    selfcare::NotesPage,
    selfcare::NotesRecalled,
    selfcare::TidiedNote,
}

fuzz_target!(|bytes: &[u8]| within_the_limit(|| decode(bytes)));
