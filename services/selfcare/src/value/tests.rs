use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn note(id: &str, kind: &str, day: Date) -> Note {
    let at = jiff::tz::TimeZone::UTC.to_timestamp(day.at(8, 0, 0, 0)).expect("a time");
    Note {
        title: format!("Title of {id}"),
        ..Note::logged(id.to_owned(), kind.to_owned(), format!("Text of {id}."), at, day)
    }
}

fn tagged(id: &str, tag: &str, day: Date) -> Note {
    Note { tags: vec![tag.to_owned()], ..note(id, "log", day) }
}

fn values(notes: &[Note]) -> Values<'_> {
    Values::of(notes.iter(), Retention::default(), None, &Sketches::default(), &BTreeMap::new())
}

/// The ids of the faded notes, the most faded first.
fn faded(notes: &[Note]) -> Vec<&str> {
    values(notes).faded(notes.iter()).into_iter().map(|note| note.id.as_str()).collect()
}

#[test]
fn each_kind_has_its_retention() {
    let days = |kind| Retention::default().days(Class::of(kind));
    let known = ["decision", "preference", "skill", "lesson", "how-to", "fact", "pattern", "fix", "artifact"];
    assert_eq!(known.map(days), [365, 365, 365, 180, 180, 180, 90, 90, 90]);
    assert_eq!(["error", "log", "note", "whatever", "passing", "todo"].map(days), [30, 30, 30, 30, 7, 7]);
}

#[test]
fn a_value_halves_with_each_retention() {
    let start = date(2026, 1, 1);
    let all = [note("a", "lesson", start)];
    let values = values(&all);
    let standing = |days: i64| values.standing(&all[0], start.saturating_add(jiff::Span::new().days(days)));
    assert_eq!([0, 90, 180, 360].map(standing), [0, -500, -1000, -2000]);
    assert_eq!(standing(-5), 0, "what is dated ahead is not worth more");
}

#[test]
fn what_has_had_its_days_is_proposed_and_what_matters_is_not() {
    let old = date(2026, 1, 1);
    let now = note("now", "log", date(2026, 2, 14));
    let links = Note { text: "See [[Title of linked]].".into(), ..note("links", "log", date(2026, 2, 14)) };
    let notes = [
        note("plain", "log", old),
        note("status", "passing", old),
        note("lesson", "lesson", old),
        tagged("pinned", "pinned", old),
        tagged("important", "important", old),
        tagged("minor", "minor", date(2026, 2, 13)),
        Note { rule: RESTORED.into(), ..note("restored", "log", old) },
        note("linked", "log", old),
        links,
        now,
    ];
    assert_eq!(faded(&notes), ["status", "plain", "minor"]);
    assert_eq!(faded(&notes[..5]), Vec::<&str>::new(), "without a newer day, nothing fades");
}

#[test]
fn what_is_said_again_is_fresh_and_worth_more() {
    let [old, later, now] = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 14)];
    let merged = |id: &str, into: &str, day| Note { state: State::Merged, into: into.into(), ..note(id, "log", day) };
    // c lives on in b, which lives on in a; the ring of x and y leads nowhere
    let notes = [
        note("a", "log", old),
        merged("b", "a", old),
        merged("c", "b", later),
        merged("x", "y", now),
        merged("y", "x", now),
        note("d", "log", later),
        note("e", "log", now),
    ];
    let values = values(&notes);
    assert_eq!(values.merit(&notes[0]), 1585 / 2 + 1000, "two notes, one other day");
    assert!(values.rank(&notes[0]) > values.rank(&notes[5]) && faded(&notes).is_empty());
}

#[test]
fn links_and_ids_recommend_but_lists_do_not() {
    let day = date(2026, 2, 1);
    let with = |id: &str, text: &str| Note { text: text.into(), ..note(id, "log", day) };
    let keyed = Note { key: "host/port".into(), ..note("k", "fact", day) };
    let merit = |text: &str, of: &str| {
        let mut notes = vec![note("a", "log", day), note("2026-note-7", "log", day), keyed.clone(), with("from", text)];
        notes.extend((0..9).map(|n| note(&format!("m{n}"), "log", day)));
        let values = values(&notes);
        values.merit(notes.iter().find(|note| note.id == of).expect("the note"))
    };
    assert_eq!(merit("See [[a]] and [[a|again]].", "a"), 1000, "counted once for each note that links");
    assert_eq!(merit("See [[Host/Port]] and `k`.", "k"), 1000);
    assert_eq!(merit("As in 2026-note-7, so here.", "2026-note-7"), 1000);
    assert_eq!(merit("As `a` says.", "a"), 1000);
    assert_eq!(merit("a is a word, and `b a` is no id; `[[a]]` is code", "a"), 0);
    assert_eq!(merit("I am `from` [[from]].", "from"), 0, "nobody recommends itself");
    let list: String = (0..9).map(|n| format!("- [[m{n}]]\n")).collect();
    assert_eq!((merit(&list, "m0"), merit(&list[9..], "m1")), (0, 1000));
}

#[test]
fn the_day_that_counts_is_the_newest_with_a_note_up_to_the_night() {
    let notes = [note("old", "log", date(2026, 1, 1)), note("ahead", "log", date(2062, 2, 1))];
    let on = |night: Option<Date>| {
        Values::of(notes.iter(), Retention::default(), night.map(NightId::of), &Sketches::default(), &BTreeMap::new())
    };
    assert!(on(Some(date(2026, 12, 1))).faded(notes.iter()).is_empty(), "a date far ahead makes nothing old");
    assert_eq!(on(None).faded(notes.iter()).len(), 1);
    assert_eq!(on(Some(date(2026, 1, 1))).rank(&notes[0]), on(Some(date(2026, 1, 1))).rank(&notes[1]));
}

proptest! {
    #[test]
    fn notes_of_one_class_keep_their_order_as_days_go_by(
        days in proptest::collection::vec((0i64..900, 0u8..4), 2..8), later in 0i64..900,
    ) {
        let start = date(2024, 1, 1);
        let after = |n: i64| start.saturating_add(jiff::Span::new().days(n));
        let notes: Vec<Note> = days.iter().enumerate().map(|(n, (day, tag))| {
            tagged(&format!("n{n}"), ["", "important", "minor", "pinned"][usize::from(*tag)], after(*day))
        }).collect();
        let values = values(&notes);
        for pair in notes.windows(2) {
            let on = after(900 + later);
            let gap = values.standing(&pair[0], on) - values.standing(&pair[1], on);
            // a thousandth may be lost to rounding
            prop_assert!(gap.abs() <= 1 || gap.signum() == (values.rank(&pair[0]) - values.rank(&pair[1])).signum());
        }
    }
}

#[test]
fn what_answered_questions_is_worth_more_and_what_was_merged_passes_it_on() {
    let day = date(2026, 1, 1);
    let merged = Note { state: State::Merged, into: "b".into(), ..note("c", "fact", day) };
    let notes = [note("a", "fact", day), note("b", "fact", day), merged];
    let recalls = BTreeMap::from([("a".to_owned(), 1), ("c".to_owned(), 3), ("gone".to_owned(), 9)]);
    let (known, none) = (Sketches::default(), BTreeMap::new());
    let of = |recalls| Values::of(notes.iter(), Retention::default(), None, &known, recalls);
    let gained = |place: usize| of(&recalls).merit(&notes[place]) - of(&none).merit(&notes[place]);
    assert_eq!((gained(0), gained(1)), (1000, 2000), "one halving for one question, two for three");
}
