use commune_bus::{Project, Stored, StreamName, attribute};
use commune_proto::selfcare::v1::{MemoryTidied, NightUndone};
use jiff::Timestamp;
use proptest::prelude::*;
use prost::{Message, Name};

use super::*;
use crate::{
    log_view::Log,
    memory::{Cutoffs, State},
    memory_view::Memories,
    tidy::{
        Limits, Tidied,
        tests::{any_note, night, note},
        tidy,
    },
    translate,
};

/// A stream of one agent's memory and the view of it, as messages of the wire and nothing else.
struct Room {
    memories: Memories,
    stored: Vec<Stored>,
}

impl Room {
    fn new() -> Self {
        Self { memories: Memories::new(Log::default()), stored: Vec::new() }
    }

    fn put<M: Message + Name>(&mut self, event: &M) {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let stored = Stored {
            stream: StreamName::Memory,
            subject: "commune.memory.ada.x".to_owned(),
            sequence: self.stored.len() as u64 + 1,
            stored_at: Timestamp::UNIX_EPOCH,
            headers: vec![
                header(attribute::TYPE, &M::full_name()),
                header(attribute::CONTENT_TYPE, attribute::PROTOBUF),
            ],
            payload: event.encode_to_vec().into(),
        };
        self.memories.apply(&stored);
        self.stored.push(stored);
    }

    /// The memory, without the sequence of its brief: that goes on.
    fn memory(&self) -> Memory {
        let memory = self.memories.get("ada").map(|memory| memory.as_ref().clone()).unwrap_or_default();
        Memory { brief_sequence: 0, ..memory }
    }

    /// The memory that the first messages of the stream tell.
    fn memory_of(&self, messages: usize) -> Memory {
        let mut other = Self::new();
        for stored in &self.stored[..messages] {
            other.memories.apply(stored);
        }
        other.memory()
    }

    /// Runs a night as its handler does.
    fn night(&mut self, new: &[Note], day: i8, through: u64) -> Tidied {
        let (before, night) = (self.memory(), night(day));
        let tidied = tidy(&before, new, night, &Limits::default());
        if !tidied.unchanged {
            self.put(&translate::brief_to_wire("ada", &tidied.brief));
            for page in translate::pages("ada", &night.to_string(), &tidied.notes) {
                self.put(&page);
            }
            for entry in &tidied.diary {
                self.put(&translate::diary_to_wire("ada", entry));
            }
        }
        self.put(&MemoryTidied {
            agent: "ada".into(),
            night: night.to_string(),
            agents_from: before.cutoffs.agents,
            agents_through: through,
            unchanged: tidied.unchanged,
            ..MemoryTidied::default()
        });
        tidied
    }

    /// Undoes what came after the first messages of the stream.
    fn undo(&mut self, messages: usize, day: i8) -> Undo {
        let (now, before) = (self.memory(), self.memory_of(messages));
        let undo = Undo::of(&now, &before);
        let (brief, pages, diary) = translate::undone_to_wire("ada", &night(day).to_string(), &undo);
        self.put(&brief);
        for page in &pages {
            self.put(page);
        }
        for (_, entry) in &diary {
            self.put(entry);
        }
        self.put(&NightUndone {
            agent: "ada".into(),
            night: night(day).to_string(),
            agents_through: before.cutoffs.agents,
            drops_through: before.cutoffs.drops,
            ..NightUndone::default()
        });
        undo
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_undone_night_leaves_the_memory_byte_for_byte_as_it_was(
        first in proptest::collection::vec(any_note(), 0..20),
        second in proptest::collection::vec(any_note(), 0..12),
        third in proptest::collection::vec(any_note(), 0..6),
    ) {
        let mut room = Room::new();
        room.night(&first, 14, 10);
        let (before, at) = (room.memory(), room.stored.len());
        room.night(&second, 15, 20);
        let after = room.memory();
        let undo = room.undo(at, 15);
        prop_assert_eq!(&room.memory(), &before);
        let ids = |memory: &Memory| memory.notes.keys().cloned().collect::<std::collections::BTreeSet<_>>();
        let lost = ids(&after).difference(&ids(&before)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(&lost, &undo.waiting, "what is not in the memory waits, and nothing else");

        // a view that is made anew tells the same, and history only grew
        prop_assert_eq!(room.memory_of(room.stored.len()), before.clone());

        // the next night takes the notes again and comes to the same end, but for its own name
        let (again_at, all) = (room.stored.len(), [second.clone(), third.clone()].concat());
        room.night(&second, 15, 20);
        prop_assert_eq!(&room.memory(), &after);
        room.undo(again_at, 15);
        prop_assert_eq!(&room.memory(), &before);
        room.night(&all, 16, 30);
        let mut straight = Room::new();
        straight.night(&first, 14, 10);
        straight.night(&all, 16, 30);
        prop_assert_eq!(room.memory(), straight.memory());

        // and all the way back
        room.undo(at, 16);
        room.undo(0, 14);
        let memory = room.memory();
        prop_assert!(memory.notes.is_empty() && memory.brief.is_none() && memory.diary.is_empty(), "{:?}", memory);
        prop_assert_eq!(memory.cutoffs, Cutoffs::default());
    }
}

#[test]
fn a_night_that_found_nothing_in_a_memory_that_was_undone_meanwhile_takes_nothing_in() {
    let mut room = Room::new();
    room.night(&[note("a", "The kiln wants an hour to warm.")], 14, 10);
    room.night(&[note("b", "The shed is green.")], 15, 20);
    let at = room.stored.len() - 4;
    assert_eq!(room.memory_of(at).cutoffs.agents, 10, "the night before is told up to here");
    room.undo(at, 15);
    // decided before the night was undone, stored after it
    let late = MemoryTidied {
        agent: "ada".into(),
        night: night(16).to_string(),
        agents_from: 20,
        agents_through: 25,
        resting_until: "2026-12-01".into(),
        unchanged: true,
        ..MemoryTidied::default()
    };
    let before = room.memory();
    room.put(&late);
    assert_eq!((room.memory(), before.cutoffs.agents), (before, 10), "`b` waits and is not skipped");
    let on_time = MemoryTidied { agents_from: 10, ..late };
    room.put(&on_time);
    assert_eq!((room.memory().cutoffs.agents, room.memory().resting_until.is_some()), (25, true));
}

#[test]
fn what_was_put_back_by_hand_since_is_told() {
    let text = "The kiln wants an hour to warm before anything is put into it.";
    let mut room = Room::new();
    room.night(&[note("a", text)], 14, 10);
    let (before, at) = (room.memory(), room.stored.len());
    room.night(&[note("b", text)], 15, 20);
    let mut now = room.memory();
    assert_eq!(now.notes["b"].state, State::Merged);
    let back = now.restored("b").expect("it is there");
    now.put([back]);
    let undo = Undo::of(&now, &before);
    assert_eq!((undo.put_back, undo.waiting), (vec!["b".to_owned()], vec!["b".to_owned()]));
    assert_eq!(undo.notes.len(), 1, "`a` took `b` in");
    assert_eq!(room.memory_of(at), before);
}

#[test]
fn only_the_newest_night_that_changed_the_memory_can_be_undone() {
    let ran = |day: i8, changed: bool, sequence: u64| Step::Tidied { night: night(day), changed, sequence };
    let undone = |day: i8| Step::Undone { night: night(day) };
    let mut steps = vec![ran(11, true, 5), ran(12, false, 6), ran(13, true, 9), ran(14, false, 10)];
    let check = |steps: &[Step], day: i8, words: &[&str]| {
        let said = newest(steps, night(day)).expect_err("it cannot be undone").to_string();
        for word in words {
            assert!(said.contains(word), "`{word}` is not in: {said}");
        }
    };
    let found = newest(&steps, night(13)).expect("nights without a change do not stand in the way");
    assert_eq!(found, Newest { night: night(13), sequence: 9, back_to: Some(night(11)) });
    check(&steps, 11, &["2026-02-11", "undo 2026-02-13 first"]);
    check(&steps, 14, &["changed nothing", "2026-02-13"]);
    check(&steps, 20, &["did not run", "2026-02-13"]);
    steps.push(undone(13));
    let found = newest(&steps, night(11)).expect("the one before it");
    assert_eq!((found.sequence, found.back_to), (5, None));
    steps.extend([ran(15, true, 20)]);
    check(&steps, 11, &["undo 2026-02-15 first"]);
    steps.extend([undone(15), undone(11)]);
    check(&steps, 20, &["no night that changed the memory is left"]);
    check(&[], 20, &["did not run", "no night"]);
}
