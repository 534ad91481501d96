use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{memory::RESTORED, tidy::Sketches, value::Retention};

fn note(id: &str, kind: &str, day: Date, text: &str) -> Note {
    let at = jiff::tz::TimeZone::UTC.to_timestamp(day.at(8, 0, 0, 0)).expect("a time");
    Note { title: document::title(text), ..Note::logged(id.to_owned(), kind.to_owned(), text.to_owned(), at, day) }
}

fn write(notes: &[Note], budget: &Budget, night: &str) -> Brief {
    let known = Sketches::default();
    let values = Values::of(notes.iter(), Retention::default(), night.parse().ok(), &known, &BTreeMap::new());
    let relations = Relations::of(notes.iter(), &known);
    let active = notes.iter().filter(|note| note.is_active());
    super::write(active, &values, &relations, &values.faded(notes.iter()), budget, night)
}

fn write_all(notes: &[Note], budget: &Budget) -> Brief {
    write(notes, budget, "2026-03-31")
}

fn day(n: u16) -> Date {
    date(2025, 1, 1).saturating_add(jiff::Span::new().days(i64::from(n)))
}

#[test]
fn an_extra_run_tells_what_the_night_of_its_day_tells() {
    let later = note("b", "fact", date(2026, 11, 23), "A file that came long after.");
    let notes = [note("a", "fact", date(2026, 2, 14), "The lamp is red."), later];
    let of = |night: &str| write(&notes, &Budget::default(), night).text;
    assert_eq!(of("2026-02-15-x1"), of("2026-02-15"));
    assert!(!of("2026-02-15").contains("Old, and perhaps"), "nothing is old on that day");
}

#[test]
fn a_brief_has_its_sections_with_the_newest_first() {
    let notes = [
        note("a", "lesson", date(2026, 3, 1), "# Drain first\n\nDrain the pool before a restart."),
        note("b", "lesson", date(2026, 3, 2), "Moved to rosa yesterday."),
        note("c", "log", date(2026, 1, 2), "Rain."),
        note("d", "error", date(2026, 3, 2), "E0308 in the parser."),
    ];
    let brief = write_all(&notes, &Budget::default());
    assert_eq!(
        brief.text,
        "<!-- written by commune: the brief of a memory -->\n# Brief\n\n\
         ## Lessons\n\n\
         - **Moved to rosa on 2026-03-01.** (2026-03-02, `b`)\n\
         - **Drain first**: Drain the pool before a restart. (2026-03-01, `a`)\n\n\
         ## Errors\n\n- **E0308 in the parser.** (2026-03-02, `d`)\n\n\
         ## Recent log\n\n- **Rain.** (2026-01-02, `c`)\n\n\
         Old, and perhaps for the archive: 1 (`c`).\n"
    );
    assert_eq!((brief.shown, brief.left_out), (4, 0));
    assert_eq!(notes[1].text, "Moved to rosa yesterday.");
}

#[test]
fn what_stands_in_code_is_no_day_in_a_title_either() {
    let notes = [note("a", "log", date(2026, 3, 2), "# Pass `yesterday` to the report\n\nIt ran today.")];
    let text = write_all(&notes, &Budget::default()).text;
    assert!(text.contains("- **Pass yesterday to the report**: It ran on 2026-03-02. ("), "{text}");
}

#[test]
fn what_matters_is_shown_before_what_is_new() {
    let mut notes: Vec<Note> = (0..300)
        .map(|n| note(&format!("n{n}"), "log", day(n), &format!("Log entry number {n} of the year.")))
        .collect();
    notes[0].tags = vec!["pinned".to_owned()];
    notes[100].rule = RESTORED.to_owned();
    notes[110].text = "Log entry number 110, see [[n120]].".to_owned();
    let brief = write_all(&notes, &Budget { lines: 40, bytes: 25_000 });
    for shown in ["`n299`", "`n0`)"] {
        assert!(brief.text.contains(shown), "{shown}: {}", brief.text);
    }
    assert!(brief.left_out > 200 && !brief.text.contains("`n99`"), "{}", brief.text);
    assert!(brief.text.contains("Old, and perhaps for the archive: 268 (such as `n1`, `n2`, `n3`)"), "{}", brief.text);
}

#[test]
fn what_took_the_place_of_another_stands_beside_it() {
    let keyed = |id: &str, day: u16, text: &str| Note {
        key: "port".to_owned(),
        ..note(id, "fact", super::tests::day(day), text)
    };
    let mut notes: Vec<Note> =
        (0..90).map(|n| note(&format!("n{n}"), "fact", day(n + 2), &format!("Fact number {n} of the year."))).collect();
    notes.push(Note { rule: RESTORED.to_owned(), ..keyed("old", 0, "Port 80.") });
    notes.push(keyed("new", 100, "Port 81."));
    let text = write_all(&notes, &Budget { lines: 20, bytes: 25_000 }).text;
    assert!(text.contains("- **Port 81.** (2025-04-11, `new`)\n"), "{text}");
    assert!(text.contains("- **Port 80.** (2025-01-01, `old`; newer: `new`)\n"), "{text}");
}

#[test]
fn what_contradicts_stands_together_with_both_dates() {
    let replaced = Note {
        state: crate::memory::State::Superseded,
        rule: crate::tidy::OUTDATED.to_owned(),
        into: "new".to_owned(),
        ..note("gone", "fact", day(0), "The port is 79.")
    };
    let mut notes: Vec<Note> =
        (0..90).map(|n| note(&format!("n{n}"), "fact", day(n + 2), &format!("The note {n} of the year."))).collect();
    notes.extend([
        note("old", "fact", day(1), "The port is 80."),
        note("new", "fact", day(100), "The port is 81."),
        replaced,
    ]);
    let text = write(&notes, &Budget { lines: 20, bytes: 25_000 }, "2026-03-31").text;
    assert!(text.contains("- **The port is 81.** (2025-04-11, `new`; replaces `gone`)\n"), "{text}");
    assert!(text.contains("- **The port is 80.** (2025-01-02, `old`; contradicted by `new`)\n"), "{text}");
}

#[test]
fn a_brief_is_not_written_again_for_its_words_alone() {
    use crate::{
        memory::Memory,
        tidy::{Limits, tidy},
    };
    let night = |n: u16| commune_proto::NightId::of(day(n));
    let notes: Vec<Note> =
        (0..9).map(|n| note(&format!("n{n}"), "fact", day(n), &format!("Fact number {n}."))).collect();
    let limits = Limits::default();
    let first = tidy(&Memory::default(), &notes, night(9), &limits);
    let mut memory = Memory { brief: Some(first.brief.clone()), ..Memory::default() };
    memory.put(first.notes);
    memory.diary.extend(first.diary.into_iter().map(|entry| (entry.date, entry)));
    let later = tidy(&memory, &[], night(800), &limits);
    assert!(later.unchanged && later.brief.text == first.brief.text, "{}", later.brief.text);

    let other_words = first.brief.text.replace("Facts", "What an earlier version called facts");
    memory.brief = Some(Brief { text: other_words.clone(), ..first.brief });
    let later = tidy(&memory, &[], night(10), &limits);
    assert!(later.unchanged && later.brief.text == other_words);
    let smaller = Limits { brief: Budget { lines: 12, bytes: 25_000 }, ..limits.clone() };
    let later = tidy(&memory, &[], night(10), &smaller);
    assert!(!later.unchanged && later.brief.text.lines().count() <= 12, "a budget holds at once");
    let later = tidy(&memory, &[note("n9", "fact", day(9), "Fact number 9.")], night(10), &limits);
    assert!(later.brief.text.contains("## Facts"), "{}", later.brief.text);
}

#[test]
fn a_line_is_cut_between_what_a_reader_sees() {
    let family = "👨‍👩‍👧‍👦";
    for (text, bytes, want) in [
        ("abc def", 7, "abc def"),
        ("abc def", 6, "abc…"),
        ("e\u{301}e\u{301}e\u{301}", 8, "e\u{301}…"),
        ("e\u{301}e\u{301}e\u{301}", 9, "e\u{301}e\u{301}e\u{301}"),
        ("नमस्ते दुनिया", 20, "नम…"),
        ("नमस्ते दुनिया", 21, "नमस्ते…"),
        ("निर्णय", 9, "नि…"),
        ("🇫🇷🇩🇪", 12, "🇫🇷…"),
        ("日本語", 8, "日…"),
        ("abc", 2, "…"),
    ] {
        assert_eq!(shorten(text, bytes), want, "{text} in {bytes}");
    }
    assert_eq!(shorten(&format!("{family}{family}"), family.len() + 3), format!("{family}…"));
    assert_eq!(shorten(&format!("{family}{family}"), family.len() + 2), "…");
}

/// A sentence in some script, of very different length.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{2,9}",
        Just("नमस्ते".to_owned()),
        Just("日本語".to_owned()),
        Just("👨‍👩‍👧‍👦".to_owned()),
        Just("e\u{301}té".to_owned()),
        Just("yesterday".to_owned()),
        Just("العربية".to_owned()),
        Just("`code`".to_owned()),
        "\\PC{1,8}",
    ];
    (proptest::collection::vec(word, 1..40), proptest::bool::ANY).prop_map(|(words, heading)| match heading {
        true => format!("# {}\n\n{}.", words[0], words.join(" ")),
        false => words.join(" "),
    })
}

fn any_notes(most: usize) -> impl Strategy<Value = Vec<Note>> {
    let kind = prop_oneof![
        3 => Just("log"), 2 => Just("fact"), 2 => Just("lesson"), 1 => Just("fix"), 1 => Just("decision"), 1 => Just("passing"),
        1 => Just("artifact"),
    ];
    let tag = prop_oneof![8 => Just(""), 1 => Just("important"), 1 => Just("pinned")];
    proptest::collection::vec((kind, 0u16..400, any_text(), tag), 1..most).prop_map(|drawn| {
        let made = drawn.into_iter().enumerate().map(|(n, (kind, on, text, tag))| Note {
            tags: vec![tag.to_owned()],
            ..note(&format!("n{n:03}"), kind, day(on), &text)
        });
        made.collect()
    })
}

/// Lines that only one of two briefs has, footer aside.
fn only<'a>(brief: &'a Brief, other: &Brief) -> Vec<&'a str> {
    let others: BTreeSet<&str> = other.text.lines().collect();
    let footer = |line: &str| line.contains("did not fit here") || line.starts_with("Old, and perhaps");
    brief.text.lines().filter(|line| !others.contains(line) && !footer(line)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_brief_is_within_any_budget_in_any_script(notes in any_notes(60), lines in 0usize..80, bytes in 0usize..8000) {
        let budget = Budget { lines, bytes };
        let brief = write_all(&notes, &budget);
        prop_assert!(brief.text.len() <= bytes && brief.text.lines().count() <= lines);
        prop_assert_eq!((brief.shown + brief.left_out) as usize, notes.len());
        // what is counted as shown is there, unless the budget has no room for head and footer
        if lines >= 10 && bytes >= 1000 {
            prop_assert_eq!(brief.text.lines().filter(|line| line.starts_with("- **")).count(), brief.shown as usize);
        }
    }

    #[test]
    fn the_order_of_arrival_and_the_night_do_not_matter(notes in any_notes(60), nights in 0u16..300) {
        let budget = Budget { lines: 40, bytes: 4000 };
        let brief = write_all(&notes, &budget);
        let backwards: Vec<Note> = notes.iter().rev().cloned().collect();
        prop_assert_eq!(&write_all(&backwards, &budget), &brief);
        let later = write(&notes, &budget, &day(500 + nights).to_string());
        prop_assert_eq!(later.text, brief.text);
    }

    #[test]
    fn a_new_note_changes_few_lines(mut notes in any_notes(260), new in any_text(), on in 0u16..420, small in proptest::bool::ANY) {
        let budget = if small { Budget { lines: 60, bytes: 7500 } } else { Budget::default() };
        let before = write_all(&notes, &budget);
        notes.push(note("new", "lesson", day(on), &new));
        let after = write_all(&notes, &budget);
        let (gone, come) = (only(&before, &after), only(&after, &before));
        prop_assert!(gone.len() <= 5 && come.len() <= 4, "gone {gone:#?}, come {come:#?}");
        if after.left_out == 0 {
            prop_assert!(gone.is_empty() && come.len() <= 2, "{come:?}");
        }
    }
}
