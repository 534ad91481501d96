use std::collections::BTreeSet;

use commune_knowledge::statement;
use jiff::{Span, Timestamp, civil::date};
use proptest::prelude::*;

use super::*;
use crate::memory::{RESTORED, Visibility};

pub(crate) fn night(day: i8) -> NightId {
    NightId::of(date(2026, 2, day))
}

pub(crate) fn note(id: &str, text: &str) -> Note {
    let hour = i64::from(id.bytes().fold(0u8, |sum, b| sum.wrapping_mul(31).wrapping_add(b)));
    let start: Timestamp = "2026-02-10T08:00:00Z".parse().expect("an instant");
    let logged_at = start + Span::new().minutes(hour);
    Note {
        title: commune_knowledge::document::title(text),
        ..Note::logged(
            id.to_owned(),
            "fact".to_owned(),
            text.to_owned(),
            logged_at,
            jiff::tz::TimeZone::UTC.to_datetime(logged_at).date(),
        )
    }
}

pub(crate) fn keyed(id: &str, key: &str, text: &str) -> Note {
    Note { key: key.to_owned(), ..note(id, text) }
}

pub(crate) fn applied(memory: &Memory, tidied: &Tidied) -> Memory {
    let mut memory = memory.clone();
    memory.put(tidied.notes.clone());
    memory.diary.extend(tidied.diary.iter().map(|entry| (entry.date, entry.clone())));
    memory.brief = Some(tidied.brief.clone());
    memory
}

pub(crate) fn tidied(new: &[Note]) -> Memory {
    let memory = Memory::default();
    applied(&memory, &tidy(&memory, new, night(14), &Limits::default()))
}

/// Each note ends in this state, into this note.
fn check(new: &[Note], want: &[(&str, State, &str)]) {
    let memory = tidied(new);
    for (id, state, into) in want {
        let note = &memory.notes[*id];
        assert_eq!((note.state, note.into.as_str()), (*state, *into), "{id}: {note:?}");
    }
    assert_eq!(memory.notes.len(), new.len(), "every note is kept");
}

#[test]
fn empty_stubs_are_archived() {
    check(
        &[note("a", "# Tuesday\n\n## Done\n\n-\n"), note("b", "Water boils.")],
        &[("a", State::Archived, ""), ("b", State::Active, "")],
    );
}

#[test]
fn identical_notes_become_one() {
    check(
        &[note("a", "The sky is blue."), note("b", "the  sky is **blue**."), note("c", "The sky is grey.")],
        &[("a", State::Active, ""), ("b", State::Merged, "a"), ("c", State::Active, "")],
    );
}

#[test]
fn what_is_private_is_not_merged_into_what_is_not() {
    let private = Note { visibility: Visibility::Private, ..note("a", "The sky is blue.") };
    let open = Note { visibility: Visibility::Commune, ..note("b", "The sky is blue.") };
    let lesson = Note { kind: "lesson".to_owned(), ..note("c", "The sky is blue.") };
    check(&[private, open, lesson], &[("a", State::Active, ""), ("b", State::Active, ""), ("c", State::Active, "")]);
}

#[test]
fn the_newest_of_a_key_stays() {
    check(
        &[
            keyed("a", "port", "Port 80."),
            keyed("b", "port", "Port 81."),
            keyed("c", "port", "Port 82."),
            keyed("d", "host", "h1"),
        ],
        &[
            ("a", State::Superseded, "c"),
            ("b", State::Superseded, "c"),
            ("c", State::Active, ""),
            ("d", State::Active, ""),
        ],
    );
}

const LONG: &str = "Before the deployment begins the operator looks at the board and waits until every replica reports that it is ready to serve requests again.";

#[test]
fn alike_notes_are_merged_with_every_statement() {
    let more = format!("{LONG} Then the operator tells the team.");
    let memory = tidied(&[note("a", LONG), note("b", &more)]);
    let survivor = &memory.notes["a"];
    assert_eq!(memory.notes["b"].state, State::Merged);
    assert!(survivor.text.contains("tells the team"), "{}", survivor.text);
    assert_eq!((survivor.original_text.as_str(), survivor.absorbed.as_slice()), (LONG, ["b".to_owned()].as_slice()));
}

#[test]
fn notes_that_differ_in_a_claim_are_never_merged() {
    let base = format!("{LONG} The timeout is 30 seconds on prod.");
    for other in [
        format!("{LONG} The timeout is 60 seconds on prod."),
        format!("{LONG} The timeout is not 30 seconds on prod."),
        format!("{LONG} The timeout is 30 seconds on staging."),
    ] {
        check(&[note("a", &base), note("b", &other)], &[("a", State::Active, ""), ("b", State::Active, "")]);
    }
    let here = format!("{LONG} Blue comes before green.");
    let there = format!("{LONG} Green comes before blue.");
    check(&[note("a", &here), note("b", &there)], &[("a", State::Active, ""), ("b", State::Active, "")]);
}

#[test]
fn a_restored_note_stays() {
    let mut memory = tidied(&[keyed("a", "port", "Port 80."), keyed("b", "port", "Port 81.")]);
    let restored = memory.restored("a").expect("the note");
    memory.put([restored]);
    let after = applied(
        &memory,
        &tidy(&memory, &[keyed("c", "port", "Port 82."), note("d", "Port 80.")], night(15), &Limits::default()),
    );
    assert_eq!((after.notes["a"].state, after.notes["a"].rule.as_str()), (State::Active, RESTORED));
    assert_eq!(after.notes["b"].state, State::Superseded);
}

#[test]
fn a_run_that_archives_too_much_stops() {
    let everything = Rule {
        name: "everything",
        apply: |work| {
            for place in work.movable() {
                work.remove(place, State::Archived, None);
            }
        },
    };
    let mut memory = Memory::default();
    memory.put((0..60).map(|n| note(&format!("n{n}"), &format!("Fact number {n}."))));
    let run =
        |memory: &Memory| tidy_with(&[everything], &Sketches::default(), memory, &[], night(14), &Limits::default());
    let stopped = run(&memory);
    assert!(
        stopped.unchanged && stopped.notes.is_empty() && stopped.stopped.contains("60 of 60"),
        "{}",
        stopped.stopped
    );
    // the bound counts above 50 notes, and is 20 % of them
    let sized = |notes: usize, archived: usize| {
        let mut memory = Memory::default();
        memory.put((0..notes).map(|n| {
            let kept = if n < archived { "" } else { RESTORED };
            Note { rule: kept.to_owned(), ..note(&format!("n{n}"), &format!("Fact number {n}.")) }
        }));
        run(&memory).stopped
    };
    assert_eq!(sized(50, 50), "");
    assert!(sized(51, 11).contains("11 of 51"));
    assert_eq!(sized(100, 20), "");
    assert!(sized(100, 21).contains("21 of 100 notes, more than 20 % (night.archive_percent)"));
}

#[test]
fn after_a_night_every_text_of_the_working_set_is_known() {
    let known = Sketches::default();
    let new = [
        note("a", "The lamp is on port 80. Ask ada."),
        note("b", "The lamp is on port 80. Ask ada. Its cable is blue."),
    ];
    let tidied = tidy_knowing(&known, &Memory::default(), &new, night(14), &Limits::default());
    assert_eq!(tidied.counts["merged"], 1, "{:?}", tidied.counts);
    for note in tidied.notes.iter().filter(|note| note.is_active()) {
        assert!(known.of(&note.text).sketch().is_some(), "{} would be read again by the next night", note.id);
    }
}

#[test]
fn a_taken_id_loses_nothing() {
    let memory = tidied(&[
        note("a", "One."),
        Note { logged_at: "2026-02-13T00:00:00Z".parse().expect("t"), ..note("a", "Two.") },
    ]);
    let mut texts: Vec<&str> = memory.notes.values().map(|note| note.text.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["One.", "Two."]);
    let again = tidy(&memory, &[note("a", "One.")], night(14), &Limits::default());
    assert!(again.unchanged, "{again:?}");
}

#[test]
fn the_diary_has_a_day_for_each_day_with_notes_that_has_ended() {
    let on = |id: &str, day: i8, kind: &str| Note {
        logged_on: date(2026, 2, day),
        kind: kind.to_owned(),
        ..note(id, &format!("Text {id}."))
    };
    let memory = tidied(&[
        on("a", 12, "log"),
        on("b", 12, "decision"),
        on("c", 14, "lesson"),
        on("d", 15, "fact"),
        note("e", "# Stub"),
    ]);
    assert_eq!(memory.diary.keys().map(|d| d.to_string()).collect::<Vec<_>>(), ["2026-02-12", "2026-02-14"]);
    let entry = &memory.diary[&date(2026, 2, 12)].text;
    assert!(entry.contains("## Done\n\n- **Text a.**") && entry.contains("## Decided\n\n- **Text b.**"), "{entry}");
    let next = tidy(&memory, &[], night(15), &Limits::default());
    assert_eq!(
        next.diary.iter().map(|e| e.date.to_string()).collect::<Vec<_>>(),
        ["2026-02-15"],
        "the day that had not ended"
    );
}

pub(crate) fn any_note() -> impl Strategy<Value = Note> {
    let sentence = prop_oneof![
        Just(LONG.to_owned()),
        Just("# Heading\n".to_owned()),
        Just("```sh\nmake all\n```".to_owned()),
        "[a-c]{1,2} (is|is not|is now|is no longer) [0-9]{1,2}\\.",
        "## 0[0-9]:00 — [a-c]{1,2}",
        "(- )?0[0-9]:00 heartbeat ok",
        "- [a-zé日本 ]{1,30}",
        "\\PC{0,40}",
    ];
    let text = proptest::collection::vec(sentence, 1..5).prop_map(|parts| parts.join("\n\n"));
    let kind = prop_oneof![Just("fact"), Just("log"), Just("lesson"), Just("skill"), Just("preference")];
    (text, kind, "[ab]{0,1}", 0u32..5000, 10i8..17, 0u8..3).prop_map(|(text, kind, key, number, day, seen)| Note {
        kind: kind.to_owned(),
        key,
        logged_on: date(2026, 2, day),
        visibility: [Visibility::Unspecified, Visibility::Private, Visibility::Commune][usize::from(seen)],
        ..note(&format!("n{number}"), &text)
    })
}

/// Identities of every statement of the notes.
fn identities<'a>(notes: impl Iterator<Item = &'a Note>) -> BTreeSet<String> {
    notes.flat_map(|note| statement::statements(&note.text)).map(|statement| statement.identity).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn tidying_holds_its_promises(new in proptest::collection::vec(any_note(), 0..25), later in proptest::collection::vec(any_note(), 0..8)) {
        let limits = Limits::default();
        let empty = Memory::default();
        let first = tidy(&empty, &new, night(14), &limits);
        let mut backwards = new.clone();
        backwards.reverse();
        prop_assert_eq!(&first, &tidy(&empty, &backwards, night(14), &limits), "order of arrival");

        let memory = applied(&empty, &first);
        let again = tidy(&memory, &[], night(14), &limits);
        prop_assert!(again.unchanged && again.notes.is_empty() && again.diary.is_empty(), "twice equals once");
        prop_assert_eq!(&again.brief.text, &first.brief.text);
        let repeated = tidy(&memory, &new, night(14), &limits);
        prop_assert!(repeated.unchanged, "the same notes again change nothing");

        let after = applied(&memory, &tidy(&memory, &later, night(15), &limits));
        let states = [State::Active, State::Merged, State::Superseded, State::Archived];
        prop_assert_eq!(states.iter().map(|s| after.count(*s)).sum::<usize>(), after.notes.len());

        let all: BTreeSet<String> = identities(new.iter().chain(&later));
        let as_logged = |note: &Note| Note { text: note.original_text.clone(), ..note.clone() };
        let logged: Vec<Note> = after.notes.values().map(as_logged).collect();
        prop_assert!(all.is_subset(&identities(after.notes.values().chain(&logged))), "no statement is lost");
        // signs of life differ in when they were made
        for merged in after.notes.values().filter(|note| note.state == State::Merged && note.rule != "heartbeat") {
            let survivor = &after.notes[&merged.into];
            prop_assert!(identities([merged].into_iter()).is_subset(&identities([survivor].into_iter())), "a merge keeps every statement");
        }
        let texts: BTreeSet<&str> = after.notes.values().flat_map(|n| [n.text.as_str(), n.original_text.as_str()]).collect();
        for note in new.iter().chain(&later) {
            prop_assert!(texts.contains(note.text.as_str()), "the text as logged is kept");
        }
    }

    #[test]
    fn a_brief_is_within_any_budget(notes in proptest::collection::vec(any_note(), 0..80), lines in 0usize..60, bytes in 0usize..3000) {
        let budget = crate::brief::Budget { lines, bytes };
        let values = Values::of(notes.iter(), Retention::default(), Some(night(14)), &Sketches::default(), &BTreeMap::new());
        let faded = values.faded(notes.iter());
        let brief = crate::brief::write(notes.iter(), &values, &Relations::default(), &faded, &budget, "2026-02-14");
        prop_assert!(brief.text.len() <= bytes && brief.text.lines().count() <= lines);
        prop_assert_eq!((brief.shown + brief.left_out) as usize, notes.len());
    }
}

#[test]
fn the_work_grows_with_the_notes_and_not_with_their_pairs() {
    // 4,000 different notes in the memory, 200 new ones: a bound far above the cost, far below that of all pairs
    let text = |n: usize| {
        format!("Matter {n}: {} goes to shelf {} of hall {}.", "the crate ".repeat(n % 7 + 1), n * 7, n % 13)
    };
    let mut memory = Memory::default();
    memory.put((0..4000).map(|n| note(&format!("a{n:04}"), &text(n))));
    let new: Vec<Note> = (0..200).map(|n| note(&format!("b{n:04}"), &text(n))).collect();
    let tidied = tidy(&memory, &new, night(14), &Limits::default());
    assert_eq!((tidied.counts["active"], tidied.counts["merged"]), (4000, 200));
}
