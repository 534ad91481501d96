use jiff::{civil::date, tz::TimeZone};

use super::*;

const DAY: Date = date(2026, 2, 14);

fn note(id: &str, kind: &str, text: &str) -> Note {
    // in the order of their ids
    let minute = id.bytes().next().map_or(0, |byte| i8::try_from(byte % 60).unwrap_or(0));
    let at = TimeZone::UTC.to_timestamp(DAY.at(8, minute, 0, 0)).expect("a time");
    Note { title: document::title(text), ..Note::logged(id.to_owned(), kind.to_owned(), text.to_owned(), at, DAY) }
}

fn written(notes: &[Note], before: &[DiaryEntry]) -> Vec<DiaryEntry> {
    let before = before.iter().map(|entry| (entry.date, entry.clone())).collect();
    entries(notes.iter(), &before, NightId::of(DAY))
}

/// The one entry of these notes, without its first two lines.
fn day(notes: &[Note]) -> String {
    let entries = written(notes, &[]);
    assert_eq!(entries.len(), 1, "{entries:?}");
    let head = "<!-- written by commune: a day of the diary -->\n# 2026-02-14\n";
    entries[0].text.strip_prefix(head).expect("the head").to_owned()
}

#[test]
fn a_day_is_told_by_what_was_done_learned_decided_and_left_open() {
    let log = "# Tuesday\n\nMoved the site to rosa.\n\n## Lessons learned\n\n- Drain the pool first.\n\n## Decisions\n\nReasons:\n\nKeep rosa.\n\n\
               ## Fix: the pool\n\nIt is drained now.\n\nFor good.\n\n## Next steps\n\n- Watch the load.\n\n## Tasks\n\n- [ ] Rotate the key\n- [x] Mail bo\n";
    let said = day(&[
        note("a", "log", log),
        note("b", "decision", "Ship on Mondays only."),
        note("c", "log", "Does the cache expire by itself?"),
        note("d", "fact", "The port has moved. TODO: ask cy whither."),
        note("e", "lesson", "Why does it leak? Because of the loop."),
    ]);
    assert_eq!(
        said,
        "\n## Done\n\n- **Tuesday**: Moved the site to rosa.\n\n\
         ## Learned\n\n- Drain the pool first.\n- the pool: It is drained now.\n- **The port has moved. TODO: ask cy whither.**\n\
         - **Why does it leak? Because of the loop.**\n\n\
         ## Decided\n\n- Keep rosa.\n- **Ship on Mondays only.**\n\n\
         ## Left open\n\n- Watch the load.\n- Rotate the key\n- Does the cache expire by itself?\n- ask cy whither.\n"
    );
}

#[test]
fn what_the_day_settled_is_not_open() {
    let said = day(&[
        note("a", "log", "# Morning\n\n- [ ] Rotate the **key**\n- [ ] Call bo"),
        note("b", "log", "# Evening\n\n- [x] rotate the key"),
    ]);
    assert!(said.ends_with("## Left open\n\n- Call bo\n"), "{said}");
}

#[test]
fn what_is_only_open_was_not_done() {
    let said =
        day(&[note("a", "log", "TODO: ask cy"), note("b", "question", "Who owns it?"), note("c", "task", "Buy oil.")]);
    assert_eq!(said, "\n## Left open\n\n- ask cy\n- Who owns it?\n- **Buy oil.**\n");
}

#[test]
fn templates_leave_nothing_open() {
    let said = day(&[
        note("a", "skill", "# Release\n\n- [ ] Tag it"),
        note("b", "how-to", "# Restart\n\n- [ ] Drain"),
        note(
            "c",
            "log",
            "# Log\n\n```\n- [ ] in code?\n```\n\nTODO:\n\n## Open questions\n\nNone of it is `TODO: code`.",
        ),
    ]);
    assert!(said.ends_with("## Left open\n\n- None of it is TODO: code.\n"), "{said}");
}

#[test]
fn the_own_entry_is_kept_and_only_added_to() {
    let own = "# A quiet day\n\nRain, and   tea.\n\n- [ ] sleep\n";
    let grown =
        Note { text: format!("{own}\nMore of it.\n"), original_text: own.to_owned(), ..note("a", "journal", own) };
    let said = day(&[grown, note("b", "diary", own), note("c", "log", "Oiled the loom.")]);
    assert_eq!(said, format!("\n{own}\n## Done\n\n- **Oiled the loom.**\n"));
    let alone = day(&[note("a", "diary", own)]);
    assert_eq!(alone, format!("\n{own}"));
}

#[test]
fn an_entry_of_any_size_is_bounded_and_says_so() {
    let many: Vec<Note> =
        (0..2000).map(|n| note(&format!("n{n}"), "log", &format!("{n} {}", "words ".repeat(80)))).collect();
    let said = day(&many);
    assert!(said.len() < ENTRY_LIMIT + 200 && said.ends_with(" more lines of this day are in the memory.\n"));
    let own = note("a", "diary", &"w".repeat(OWN_LIMIT));
    assert!(day(std::slice::from_ref(&own)).contains(&own.text), "a note of any allowed size is kept whole");
}

#[test]
fn an_entry_is_full_to_the_byte_and_has_no_heading_over_nothing() {
    let line = |id: &str, kind: &str, bytes: usize| note(id, kind, &format!("{id:x<0$}", bytes - "- ****\n".len()));
    let room = ENTRY_LIMIT - "\n## Done\n\n".len();
    let mut full: Vec<Note> = (0..room / 40 - 1).map(|n| line(&format!("a{n}"), "log", 40)).collect();
    full.push(line("n", "log", 40 + room % 40));
    let said = day(&full);
    assert!(said.len() == ENTRY_LIMIT && !said.contains(" more lines of this day"), "{}", said.len());
    // one byte more, and what does not fit is counted, whatever it is
    *full.last_mut().expect("a last") = line("n", "log", 41 + room % 40);
    full.push(line("o", "decision", 30 + room % 40));
    let said = day(&full);
    assert!(said.len() < ENTRY_LIMIT && !said.contains("## Decided"), "{}", said.len());
    assert!(said.ends_with("\n\n2 more lines of this day are in the memory.\n"), "{said}");
    let notes = &written(&full, &[])[0].notes;
    assert_eq!(notes.len(), full.len(), "and it knows all the same which notes it told of");
}

#[test]
fn the_own_words_of_a_day_fit_to_the_byte_and_no_text_is_cut() {
    let own = |id: &str, bytes: usize| note(id, "diary", &id.repeat(bytes));
    let said = day(&[own("a", OWN_LIMIT - 10), own("n", 10)]);
    assert_eq!(said, format!("\n{}\n\nnnnnnnnnnn\n", "a".repeat(OWN_LIMIT - 10)));
    let said = day(&[own("a", OWN_LIMIT - 10), own("n", 11)]);
    let rest = said.strip_prefix(&format!("\n{}\n", "a".repeat(OWN_LIMIT - 10)));
    assert_eq!(rest, Some("\n1 more lines of this day are in the memory.\n"));
}

#[test]
fn a_note_as_large_as_may_be_is_told_soon() {
    let items: String = (0..20_000).map(|n| format!("- [ ] item {n}\n")).collect();
    let said = day(&[note("a", "log", &format!("# Log\n\n## Lessons learned\n\n{items}"))]);
    assert_eq!(said.lines().filter(|line| line.starts_with("- item")).count(), LINES_LIMIT, "{said}");
}

#[test]
fn what_was_told_stays_told() {
    let notes = [note("a", "log", "Oiled the loom."), note("b", "log", "Mended the belt.")];
    let before = written(&notes, &[]);
    assert!(written(&notes, &before).is_empty(), "nothing is new");
    let archived = Note { state: State::Archived, ..notes[0].clone() };
    let after = written(&[archived, notes[1].clone(), note("c", "log", "Fed the cat.")], &before);
    for told in ["loom", "belt", "cat"] {
        assert!(after[0].text.contains(told), "{}", after[0].text);
    }
    let never = Note { state: State::Archived, ..note("a", "log", "# Stub") };
    assert!(written(&[never], &[]).is_empty(), "a day of stubs has no entry");
}
