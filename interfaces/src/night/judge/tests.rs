use commune_proto::night::v1::{NightOpened, TrailRecord};

use super::*;

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn night(day: u32) -> NightId {
    format!("2026-02-{day:02}").parse().unwrap()
}

fn opened(agents: &[&str], hours: i64) -> OneNight {
    let members = agents.iter().map(ToString::to_string).collect();
    OneNight {
        opened: Some(NightOpened { members, ..NightOpened::default() }),
        begun_at: Some(at(hours)),
        moved_at: Some(at(hours)),
        ..OneNight::default()
    }
}

fn record(one: &mut OneNight, agent: &str, stage: Stage, outcome: Outcome, new: u64) {
    let record = TrailRecord {
        agent: agent.to_owned(),
        stage: stage.into(),
        outcome: outcome.into(),
        counts: [("notes_new".to_owned(), new)].into(),
        ..TrailRecord::default()
    };
    one.trail.insert((agent.to_owned(), stage.into()), record);
}

/// The next night is due far ahead.
fn on_time() -> Scheduled {
    Scheduled { next: Some((night(28), at(1000))), fired: None }
}

fn said(nights: &Nights, scheduled: Scheduled, now: i64) -> Vec<String> {
    concerns(nights, scheduled, at(now)).iter().map(Concern::said).collect()
}

#[test]
fn a_night_that_did_not_begin_is_told_an_hour_after_its_time() {
    let mut nights = Nights::default();
    let due = Scheduled { next: Some((night(14), at(100))), fired: Some(at(76)) };
    assert!(said(&nights, due, 101).is_empty());
    let told = said(&nights, due, 102);
    assert!(told.len() == 1 && told[0].contains("2026-02-14 was due") && told[0].contains("not begun"), "{told:?}");
    nights.insert(night(14), opened(&[], 101));
    assert!(said(&nights, due, 102).is_empty(), "it began a little late");
}

#[test]
fn a_schedule_that_is_gone_is_told_unless_it_has_just_fired() {
    let nights = Nights::default();
    assert_eq!(said(&nights, Scheduled { next: None, fired: Some(at(5)) }, 6), Vec::<String>::new());
    assert_eq!(said(&nights, Scheduled { next: None, fired: Some(at(5)) }, 7), ["no night is scheduled"]);
    assert_eq!(said(&nights, Scheduled::default(), 7), ["no night is scheduled"]);
}

#[test]
fn a_night_that_is_not_through_is_late_and_then_stuck_and_says_who_waits_for_what() {
    let mut one = opened(&["ada", "bo"], 0);
    for stage in super::super::STAGES {
        record(&mut one, "ada", stage, Outcome::Done, 1);
    }
    record(&mut one, "bo", Stage::Selfcare, Outcome::Done, 1);
    one.moved_at = Some(at(2));
    let mut nights = Nights::default();
    nights.insert(night(14), one.clone());
    assert!(said(&nights, on_time(), 2).is_empty());
    assert_eq!(said(&nights, on_time(), 3), ["the night 2026-02-14 is late for bo"]);
    assert_eq!(said(&nights, on_time(), 4), ["the night 2026-02-14 is stuck for bo (waits for mutualaid)"]);
    record(&mut one, "bo", Stage::Mutualaid, Outcome::Failed, 0);
    nights.insert(night(14), one);
    assert_eq!(said(&nights, on_time(), 9), ["the night 2026-02-14: mutualaid failed for bo"]);
    // a night that is over is not told of again the next day
    nights.insert(night(15), opened(&[], 24));
    assert!(said(&nights, on_time(), 30).is_empty());
}

#[test]
fn who_used_to_write_is_missed_and_who_rests_is_not() {
    let mut nights = Nights::default();
    for day in 1..=9 {
        let mut one = opened(&["ada", "bo"], 24 * i64::from(day));
        for (agent, rests) in [("ada", false), ("bo", true)] {
            let new = if day == 9 { 0 } else { 2 };
            let outcome = if new == 0 { Outcome::Nothing } else { Outcome::Done };
            record(&mut one, agent, Stage::Selfcare, outcome, new);
            record(&mut one, agent, Stage::Mutualaid, if rests { Outcome::Resting } else { outcome }, 0);
            record(&mut one, agent, Stage::Librarian, Outcome::Nothing, 0);
        }
        nights.insert(night(day), one);
    }
    let told = concerns(&nights, on_time(), at(24 * 9 + 1));
    assert_eq!(told, [Concern::Silent("ada".to_owned(), 1)]);
    assert!(told[0].belongs_to(night(9), true) && !told[0].belongs_to(night(8), false));
    assert_eq!(told[0].json()["agents"], json!(["ada"]));
}

#[test]
fn many_names_are_counted() {
    let names = (0..12).map(|n| format!("a{n}")).collect::<Vec<_>>();
    assert!(named(names.into_iter()).ends_with("a9 and 2 more"));
}
