use super::*;

fn stored(stream: StreamName, subject: &str, sequence: u64, body: &str) -> Stored {
    Stored {
        stream,
        subject: subject.to_owned(),
        sequence,
        stored_at: Timestamp::UNIX_EPOCH + jiff::Span::new().seconds(i64::try_from(sequence).expect("small")),
        headers: Vec::new(),
        payload: body.as_bytes().to_vec().into(),
    }
}

fn filled() -> (Log, AgentId) {
    let log = Log::default();
    let mut view = LogView::new(log.clone(), TimeZone::UTC, 100);
    for (sequence, body) in [(1, "one"), (2, "\0"), (3, "two"), (4, "three")] {
        view.apply(&stored(StreamName::Agents, &format!("commune.log.0.ada.note.n{sequence}"), sequence, body));
    }
    view.apply(&stored(StreamName::Drops, "commune.agent.ada.note", 1, "four"));
    view.apply(&stored(StreamName::Drops, "commune.agent.ada.rest", 2, "2026-12-01"));
    view.apply(&stored(StreamName::Drops, "commune.agent.bob.need", 3, "why?"));
    view.apply(&stored(StreamName::Drops, "commune.agent.Eve.note", 4, "x"));
    view.apply(&stored(StreamName::Drops, "commune.agent.mallory.note", 5, "\0"));
    (log, "ada".parse().expect("an id"))
}

fn texts(intake: &Intake) -> Vec<&str> {
    intake.notes.iter().map(|note| note.text.as_str()).collect()
}

#[test]
fn a_night_takes_what_lies_between_its_cutoffs() {
    let (log, ada) = filled();
    assert_eq!(log.members().iter().map(AgentId::as_str).collect::<Vec<_>>(), ["ada", "bob"]);
    let intake = log.take(&ada, Cutoffs::default(), Cutoffs { agents: 3, drops: 2 }, None);
    assert_eq!(texts(&intake), ["one", "two", "four"]);
    assert_eq!((intake.invalid, intake.resting_until.map(|d| d.to_string()).as_deref()), (1, Some("2026-12-01")));
    let next = log.take(&ada, intake.through, Cutoffs { agents: 4, drops: 2 }, intake.resting_until);
    assert_eq!((texts(&next), next.resting_until.is_some()), (vec!["three"], true));
}

#[test]
fn what_waits_as_a_note_is_valid_and_a_note() {
    let (log, _) = filled();
    let check = |stream, agent: &str, sequence: u64, expected: bool| {
        assert_eq!(log.waits_as_note(stream, agent, sequence), expected, "{stream:?} {agent} {sequence}");
    };
    check(StreamName::Agents, "ada", 1, true);
    check(StreamName::Agents, "ada", 2, false);
    check(StreamName::Agents, "ada", 9, false);
    check(StreamName::Drops, "ada", 1, true);
    check(StreamName::Drops, "ada", 2, false);
    check(StreamName::Drops, "bob", 3, false);
    check(StreamName::Drops, "eve", 4, false);
    log.forget("ada", Cutoffs { agents: 1, drops: 0 });
    check(StreamName::Agents, "ada", 1, false);
    check(StreamName::Agents, "ada", 3, true);
}

#[test]
fn what_a_memory_has_is_dropped_and_stays_dropped() {
    let (log, ada) = filled();
    log.forget("ada", Cutoffs { agents: 3, drops: 1 });
    let all = Cutoffs { agents: 9, drops: 9 };
    assert_eq!(texts(&log.take(&ada, Cutoffs::default(), all, None)), ["three"]);
    let mut view = LogView::new(log.clone(), TimeZone::UTC, 100);
    view.apply(&stored(StreamName::Agents, "commune.log.0.ada.note.n1", 1, "one"));
    assert_eq!(texts(&log.take(&ada, Cutoffs::default(), all, None)), ["three"]);
}

#[test]
fn what_was_undone_waits_again_once_the_gap_is_filled() {
    let (log, ada) = filled();
    let (all, before) = (Cutoffs { agents: 9, drops: 9 }, Cutoffs { agents: 1, drops: 0 });
    log.forget("ada", Cutoffs { agents: 4, drops: 2 });
    assert_eq!(log.gap(&ada), None);
    log.reopen("ada", before);
    let gap = log.gap(&ada).expect("it was dropped");
    assert_eq!(gap, Gap { from: before, to: Cutoffs { agents: 4, drops: 2 } });
    for (sequence, body) in [(1, "one"), (2, "\0"), (3, "two"), (4, "three")] {
        let subject = format!("commune.log.0.ada.note.n{sequence}");
        log.refill(&stored(StreamName::Agents, &subject, sequence, body), &TimeZone::UTC);
    }
    log.refill(&stored(StreamName::Drops, "commune.agent.ada.note", 1, "four"), &TimeZone::UTC);
    log.refill(&stored(StreamName::Drops, "commune.agent.ada.rest", 2, "2026-12-01"), &TimeZone::UTC);
    log.filled(&ada, gap);
    assert_eq!(log.gap(&ada), None);
    let again = log.take(&ada, before, all, None);
    assert_eq!((texts(&again), again.invalid, again.resting_until.is_some()), (vec!["two", "three", "four"], 1, true));
    // the next night takes it in, and it is dropped again
    log.forget("ada", Cutoffs { agents: 4, drops: 2 });
    assert!(texts(&log.take(&ada, before, all, None)).is_empty());
}

#[test]
fn what_the_views_have_not_come_to_is_no_gap() {
    let log = Log::default();
    let ada: AgentId = "ada".parse().expect("an id");
    // as at a start: first the memories, then what was said
    log.forget("ada", Cutoffs { agents: 4, drops: 2 });
    log.reopen("ada", Cutoffs { agents: 1, drops: 2 });
    assert_eq!(log.gap(&ada), None);
    let mut view = LogView::new(log.clone(), TimeZone::UTC, 100);
    for sequence in 1..=4 {
        view.apply(&stored(StreamName::Agents, &format!("commune.log.0.ada.note.n{sequence}"), sequence, "x"));
    }
    assert_eq!(log.take(&ada, Cutoffs { agents: 1, drops: 2 }, Cutoffs { agents: 9, drops: 9 }, None).notes.len(), 3);
}

#[test]
fn a_gap_that_grew_or_was_taken_in_meanwhile_is_told_right() {
    let (log, ada) = filled();
    log.forget("ada", Cutoffs { agents: 4, drops: 2 });
    log.reopen("ada", Cutoffs { agents: 3, drops: 2 });
    let first = log.gap(&ada).expect("a gap");
    log.reopen("ada", Cutoffs { agents: 1, drops: 2 });
    log.filled(&ada, first);
    let wider = Gap { from: Cutoffs { agents: 1, drops: 2 }, to: Cutoffs { agents: 4, drops: 2 } };
    assert_eq!(log.gap(&ada), Some(wider));
    log.forget("ada", Cutoffs { agents: 4, drops: 2 });
    assert_eq!(log.gap(&ada), None);
}

#[test]
fn a_day_takes_so_many_notes_of_an_agent_and_the_next_as_many() {
    let log = Log::default();
    let mut view = LogView::new(log.clone(), TimeZone::UTC, 2);
    let day = 24 * 3600;
    let said = [
        (1, "ada"),
        (2, "bob"),
        (3, "ada"),
        (4, "ada"),
        (5, "bob"),
        (6, "ada"),
        (day, "ada"),
        (day + 1, "ada"),
        (day + 2, "ada"),
    ];
    for (sequence, agent) in said {
        let subject = format!("commune.log.0.{agent}.note.n{sequence}");
        view.apply(&stored(StreamName::Agents, &subject, sequence, &format!("note {sequence}")));
    }
    let all = Cutoffs { agents: 1_000_000, drops: 1_000_000 };
    let taken = |agent: &str| {
        let intake = log.take(&agent.parse().expect("an id"), Cutoffs::default(), all, None);
        (texts(&intake).join(", "), intake.invalid)
    };
    assert_eq!(taken("ada"), (format!("note 1, note 3, note {day}, note {}", day + 1), 3));
    assert_eq!(taken("bob"), ("note 2, note 5".to_owned(), 0));
    // what is beyond is known by the stream alone, also after the memory has the rest
    log.forget("ada", all);
    let ada: AgentId = "ada".parse().expect("an id");
    for (sequence, agent) in said.into_iter().filter(|(_, agent)| *agent == "ada") {
        let on = stored(StreamName::Agents, agent, sequence, "").stored_at.to_zoned(TimeZone::UTC).date();
        let full = log.day_full(StreamName::Agents, &ada, on, sequence);
        assert_eq!(full.is_some(), [4, 6, day + 2].contains(&sequence), "{sequence}");
    }
    assert_eq!(log.day_full(StreamName::Drops, &ada, jiff::civil::date(1970, 1, 1), 9), None);
}

#[test]
fn a_night_takes_in_so_much_and_the_rest_waits() {
    let ada: AgentId = "ada".parse().expect("an id");
    let (all, none) = (Cutoffs { agents: 1_000_000, drops: 0 }, Cutoffs::default());
    let put = |log: &Log, sequence: u64, note: &Note| {
        let read = Read { agent: ada.clone(), valid: true, item: Some(Item::Note(Box::new(note.clone()), None)) };
        log.lock().put(StreamName::Agents, sequence, read);
    };
    let check = |text: String, fit: usize| {
        let log = Log::default();
        let mut view = LogView::new(log.clone(), TimeZone::UTC, 100);
        view.apply(&stored(StreamName::Agents, "commune.log.0.ada.note.n1", 1, "one"));
        let mut note = log.take(&ada, none, all, None).notes.remove(0);
        note.text = text;
        for sequence in (2..).take(fit) {
            put(&log, sequence, &note);
        }
        log.forget("ada", Cutoffs { agents: 1, drops: 0 });
        let fits = log.take(&ada, none, all, None);
        assert_eq!((fits.notes.len(), fits.through), (fit, all), "all that fits");
        let last = 2 + fit as u64;
        put(&log, last, &note);
        let first = log.take(&ada, none, all, None);
        assert_eq!((first.notes.len(), first.through.agents), (fit, last - 1));
        assert_eq!(log.take(&ada, first.through, all, None).notes.len(), 1, "the next night has the rest");
    };
    check("short".to_owned(), NIGHT_NOTES);
    check("x".repeat(256 * 1024), NIGHT_BYTES / (256 * 1024));
}
