use bytes_of::stored;
use commune_proto::{
    agent::v1::Visibility as WireVisibility,
    librarian::v1::AnsweredNeed,
    mutualaid::v1::{
        AidSession, Contribution, HeldNote, KnowledgeShared, NeedAsked, NoteWithdrawn, Placement, PlacementAction,
    },
    selfcare::v1::{MemoryTidied, NoteState, NotesPage, TidiedNote},
};

use super::*;
use crate::share::{Before, extract::wording};

/// Messages as a stream would hold them.
mod bytes_of {
    use commune_bus::{Stored, StreamName, attribute};
    use prost::{Message, Name};

    pub(super) fn stored<M: Message + Name>(sequence: u64, event: &M) -> Stored {
        Stored {
            stream: StreamName::Aid,
            subject: "commune.test".into(),
            sequence,
            stored_at: jiff::Timestamp::UNIX_EPOCH,
            headers: vec![
                (attribute::TYPE.into(), M::full_name()),
                (attribute::CONTENT_TYPE.into(), attribute::PROTOBUF.into()),
            ],
            payload: event.encode_to_vec().into(),
        }
    }
}

fn note(id: &str, kind: &str, text: &str, state: NoteState) -> TidiedNote {
    TidiedNote {
        id: id.into(),
        text: text.into(),
        kind: kind.into(),
        state: state.into(),
        logged_on: "2026-02-14".into(),
        night: "2026-02-14".into(),
        ..TidiedNote::default()
    }
}

fn drawn(memory: &Memory, agent: &str) -> Vec<Piece> {
    memory.drawn(agent, &BTreeSet::new()).0
}

fn page(notes: Vec<TidiedNote>) -> NotesPage {
    NotesPage { agent: "ada".into(), night: "2026-02-14".into(), notes, waiting: Vec::new() }
}

#[test]
fn memory_forgets_private_text_at_once() {
    let mut memory = Memory::default();
    let private = TidiedNote {
        visibility: WireVisibility::Private.into(),
        ..note("c", "lesson", "CANARY one two three four five", NoteState::Active)
    };
    let later =
        TidiedNote { visibility: 17, ..note("d", "lesson", "CANARY one two three four five", NoteState::Active) };
    memory.apply(&stored(
        1,
        &page(vec![
            note("a", "lesson", "Retries wait as long as the header says.", NoteState::Active),
            note(
                "b",
                "log",
                "CANARY of the day\n\n## Lessons\n- descale the coffee machine each month\n",
                NoteState::Active,
            ),
            private,
            later,
        ]),
    ));
    assert_eq!(drawn(&memory, "ada").len(), 2);
    assert!(!format!("{memory:?}").contains("CANARY"));
    assert!(drawn(&memory, "bob").is_empty());
}

#[test]
fn what_left_the_working_set_is_not_shared() {
    let mut memory = Memory::default();
    let text = "Retries wait as long as the header says.";
    memory.apply(&stored(1, &page(vec![note("a", "lesson", text, NoteState::Active)])));
    memory.apply(&stored(2, &MemoryTidied::default()));
    assert_eq!(drawn(&memory, "ada").len(), 1);
    for (sequence, state) in [(3, NoteState::Superseded), (4, NoteState::Merged), (5, NoteState::Archived)] {
        memory.apply(&stored(sequence, &page(vec![note("a", "lesson", text, state)])));
        assert!(drawn(&memory, "ada").is_empty(), "{state:?}");
    }
    memory.apply(&stored(6, &page(vec![note("a", "lesson", text, NoteState::Active)])));
    assert_eq!(drawn(&memory, "ada").len(), 1, "restored");
}

#[test]
fn what_waits_again_is_not_shared() {
    let mut memory = Memory::default();
    let text = |what: &str| format!("Retries of the {what} wait as long as the header says.");
    let new = |id: &str| note(id, "lesson", &text(id), NoteState::Active);
    memory.apply(&stored(1, &page(vec![new("a"), new("b")])));
    assert_eq!(drawn(&memory, "ada").len(), 2);
    memory.apply(&stored(2, &NotesPage { waiting: vec!["b".into(), "none".into()], ..page(Vec::new()) }));
    assert_eq!(drawn(&memory, "ada").len(), 1, "its night was undone");
    memory.apply(&stored(3, &page(vec![new("b")])));
    assert_eq!(drawn(&memory, "ada").len(), 2, "and the next night took it in again");
}

#[test]
fn nothing_holds_words_of_a_withdrawn_note() {
    let mut memory = Memory::default();
    let (own, other) = ("Retries wait as long as the header says.", "The header names seconds, never a date.");
    let merged = TidiedNote {
        original_text: own.into(),
        absorbed: vec!["x".into()],
        ..note("y", "lesson", &format!("{own}\n\n{other}"), NoteState::Active)
    };
    let entry = TidiedNote {
        part_of: "log".into(),
        ..note("e", "lesson", "Descale the coffee machine each month.", NoteState::Active)
    };
    memory.apply(&stored(1, &page(vec![merged, entry, note("x", "lesson", other, NoteState::Merged)])));
    let check = |withdrawn: &[&str], expected: &[(&str, bool)]| {
        let withdrawn: BTreeSet<String> = withdrawn.iter().map(|id| (*id).to_owned()).collect();
        let (pieces, mut sources) = memory.drawn("ada", &withdrawn);
        let found: Vec<(&str, bool)> = pieces.iter().map(|p| (p.note.as_str(), p.text.contains(other))).collect();
        assert_eq!(found, expected, "{withdrawn:?}");
        sources.remove("y").unwrap_or_default()
    };
    assert_eq!(check(&[], &[("e", false), ("y", true)]), ["y", "x"]);
    assert_eq!(check(&["x"], &[("e", false), ("y", false)]), ["y"], "what its agent said in y itself stays");
    check(&["y"], &[("e", false)]);
    check(&["log"], &[("y", true)]);
    check(&["e", "y"], &[]);
    assert_eq!(memory.withdrawn_with("ada", "log"), ["e", "log"].map(str::to_owned).into());
    assert_eq!(memory.withdrawn_with("bob", "y"), ["y".to_owned()].into());
}

#[test]
fn aid_remembers_what_was_shared_held_and_asked() {
    let mut aid = Aid::default();
    let contribution = Contribution {
        id: "c1".into(),
        agent: "ada".into(),
        night: "2026-02-14".into(),
        text: "- Retries wait.".into(),
        ..Contribution::default()
    };
    let placement = Placement { action: PlacementAction::Create.into(), ..Placement::default() };
    aid.apply(&stored(1, &KnowledgeShared { contribution: Some(contribution), placement: Some(placement) }));
    assert_eq!(aid.session("ada", "2026-02-14"), None, "the session comes last");
    let held = HeldNote { note: "n".into(), rule: "secret:x".into(), advice: String::new(), ..HeldNote::default() };
    let session = AidSession {
        agent: "ada".into(),
        night: "2026-02-14".into(),
        shared: vec!["c1".into()],
        held: vec![held],
        waiting: vec!["m".into()],
        ..AidSession::default()
    };
    aid.apply(&stored(2, &session));
    let expected =
        Session { sequence: 2, shared: 1, held: 1, waiting: 1, updates: 0, creations: 1, echo: 0, resting: false };
    assert_eq!(aid.session("ada", "2026-02-14"), Some(expected));
    let before = aid.before("ada");
    assert!(before.shared.contains("c1") && before.wordings.contains(&wording("* Retries wait.")));
    assert_eq!(before.held["n"], ("2026-02-14".to_owned(), BTreeSet::from(["secret:x".to_owned()])));
    assert_eq!(aid.before("bob"), Before::default());
    let night = "2026-02-15".to_owned();
    let released = vec!["n".to_owned()];
    aid.apply(&stored(3, &AidSession { agent: "ada".into(), night, released, ..AidSession::default() }));
    assert!(aid.before("ada").held.is_empty(), "it would be told again");
    for (sequence, question) in [(3, "How?"), (4, "how")] {
        aid.apply(&stored(
            sequence,
            &NeedAsked { need: "need".into(), question: question.into(), ..NeedAsked::default() },
        ));
    }
    assert_eq!(aid.needs["need"].question, "How?", "as it was first asked");
    let event = NoteWithdrawn { agent: "ada".into(), note: "n".into(), ..NoteWithdrawn::default() };
    aid.apply(&stored(5, &event));
    assert_eq!((aid.withdrawn("ada"), aid.withdrawn("bob")), (BTreeSet::from(["n".to_owned()]), BTreeSet::new()));
}

#[test]
fn the_library_tells_which_needs_are_answered() {
    let mut library = Library::default();
    let answered = vec![AnsweredNeed { need: "need".into(), contribution: "c0".into(), ..AnsweredNeed::default() }];
    library.apply(&stored(1, &ArticleCurated { answered, ..ArticleCurated::default() }));
    assert!(library.answered.contains_key("need"));
    let answer = |contribution: &str| AnsweredNeed {
        need: "other".into(),
        contribution: contribution.into(),
        ..AnsweredNeed::default()
    };
    let answered = vec![answer("c1"), answer("c2")];
    library.apply(&stored(2, &ArticleCurated { answered, ..ArticleCurated::default() }));
    for (sequence, withdrawn, open) in [(3, "c1", false), (4, "c2", true)] {
        let withdrawn = vec![withdrawn.to_owned()];
        library.apply(&stored(sequence, &ArticleCurated { withdrawn, ..ArticleCurated::default() }));
        assert_eq!(!library.answered.contains_key("other"), open, "while another answers it, it is answered");
    }
    assert!(library.answered.contains_key("need"));
}
