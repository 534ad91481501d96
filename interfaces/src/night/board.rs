//! The board of a night: agents and stages with outcome, counts, duration and trace.

use std::{collections::BTreeMap, fmt::Write};

use commune_bus::subject::stage_token;
use commune_proto::{
    NightId,
    night::v1::{Outcome, TrailRecord},
};
use serde_json::{Value, json};

use super::{STAGES, judge::Concern, load, state::OneNight};
use crate::{json as wire, table::Table};

/// The board for a person, with what is the matter.
pub(super) fn render(night: NightId, one: &OneNight, concerns: &[Concern]) -> String {
    let mut table = Table::new(&["AGENT", "STAGE", "OUTCOME", "TOOK", "TRACE", "COUNTS"]);
    for agent in one.agents() {
        let mut name = agent.clone();
        for stage in STAGES {
            let cells = match one.record(&agent, stage) {
                None => ["…".to_owned(), String::new(), String::new(), String::new()],
                Some(record) => [
                    outcome_word(record.outcome()).to_owned(),
                    duration(record.duration_us),
                    record.trace_id.clone(),
                    told(record),
                ],
            };
            let [outcome, took, trace, counts] = cells;
            table.row([std::mem::take(&mut name), stage_token(stage).to_owned(), outcome, took, trace, counts]);
        }
    }
    let mut text = format!("night {night}: {}, {} agents\n", one.state_word(), one.agents().len());
    if !table.is_empty() {
        let _ = write!(text, "\n{table}\n");
    }
    for (stage, counts) in totals(one) {
        let counts = counted(&counts);
        let _ = writeln!(text, "total {stage}: {}", if counts.is_empty() { "nothing" } else { &counts });
    }
    if let Some((findable, searched)) = findability(one) {
        let _ = writeln!(
            text,
            "findability: {findable} of {searched} questions lead to their article among the first three"
        );
    }
    if let Some(load) = load::of(one) {
        let _ = writeln!(text, "{}", load.sentence());
    }
    for concern in concerns {
        let _ = writeln!(text, "look at this: {}\n  → {}", concern.said(), concern.advice());
    }
    text
}

/// The board as JSON.
pub(super) fn json(night: NightId, one: &OneNight, concerns: &[Concern]) -> Value {
    let mut value = summary(night, one);
    let mut records: Vec<Value> = Vec::new();
    for agent in one.agents() {
        records.extend(STAGES.iter().filter_map(|stage| one.record(&agent, *stage)).map(wire::of));
    }
    value["records"] = Value::Array(records);
    value["totals"] = json!(totals(one));
    value["concerns"] = concerns.iter().map(Concern::json).collect();
    value["load"] = load::of(one).map(|l| json!({"few": l.few, "agents": l.agents, "percent": l.percent})).into();
    value
}

/// A night in one object, without its records.
pub(super) fn summary(night: NightId, one: &OneNight) -> Value {
    json!({
        "night": night.to_string(),
        "state": one.state_word(),
        "agents": one.agents(),
        "opened_at": one.opened.as_ref().map(|opened| opened.opened_at.clone()),
    })
}

/// An outcome in one word.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Nothing => "nothing",
        Outcome::Resting => "resting",
        Outcome::Stopped => "stopped",
        Outcome::Failed => "failed",
        Outcome::Undone => "undone",
        Outcome::Unspecified => "?",
    }
}

/// What a record counted, and why it stopped or failed.
pub(super) fn told(record: &TrailRecord) -> String {
    let counts = counted(&record.counts);
    match (counts.is_empty(), record.detail.is_empty()) {
        (_, true) => counts,
        (true, false) => record.detail.clone(),
        (false, false) => format!("{counts}; {}", record.detail),
    }
}

/// Microseconds for a person.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", us / 1_000_000, us % 1_000_000 / 100_000),
        _ => format!("{} min {} s", us / 60_000_000, us % 60_000_000 / 1_000_000),
    }
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let shown = counts.iter().filter(|(_, count)| **count > 0);
    shown.map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect::<Vec<_>>().join(", ")
}

fn totals(one: &OneNight) -> BTreeMap<&'static str, BTreeMap<String, u64>> {
    let mut totals: BTreeMap<&'static str, BTreeMap<String, u64>> = BTreeMap::new();
    for record in one.trail.values() {
        let stage = totals.entry(stage_token(record.stage())).or_default();
        for (name, count) in &record.counts {
            *stage.entry(name.clone()).or_default() += count;
        }
    }
    totals
}

/// How many of the questions that the night's articles answer lead to them, and how many were searched; none when none was.
fn findability(one: &OneNight) -> Option<(u64, u64)> {
    let total = |name: &str| one.trail.values().filter_map(|record| record.counts.get(name)).sum::<u64>();
    let searched = total("searched");
    (searched > 0).then(|| (total("findable"), searched))
}

#[cfg(test)]
mod tests {
    use commune_proto::night::v1::{NightOpened, Stage};

    use super::*;

    #[test]
    fn the_board_shows_every_agent_and_stage() {
        let mut one = OneNight {
            opened: Some(NightOpened { members: vec!["ada".into(), "bo".into()], ..NightOpened::default() }),
            ..OneNight::default()
        };
        let record = TrailRecord {
            night: "2026-02-14".into(),
            agent: "ada".into(),
            stage: Stage::Selfcare.into(),
            outcome: Outcome::Stopped.into(),
            counts: [("notes_new".to_owned(), 3), ("merged".to_owned(), 0)].into(),
            duration_us: 1_250_000,
            trace_id: "abc".into(),
            detail: "would archive too much".into(),
            ..TrailRecord::default()
        };
        let curated = TrailRecord {
            stage: Stage::Librarian.into(),
            counts: [("searched".to_owned(), 4), ("findable".to_owned(), 3)].into(),
            ..record.clone()
        };
        one.trail.insert(("ada".into(), Stage::Selfcare.into()), record);
        assert!(!render("2026-02-14".parse().unwrap(), &one, &[]).contains("findability"));
        one.trail.insert(("ada".into(), Stage::Librarian.into()), curated);
        let night = "2026-02-14".parse().unwrap();
        let concerns = [Concern::Silent("bo".to_owned(), 3)];
        let text = render(night, &one, &concerns);
        assert!(text.starts_with("night 2026-02-14: running, 2 agents\n"), "{text}");
        assert!(
            text.contains("ada    selfcare   stopped  1.2 s  abc    notes new 3; would archive too much\n"),
            "{text}"
        );
        assert!(text.contains("bo     selfcare   …\n"), "{text}");
        assert!(text.contains("total selfcare: notes new 3\n"), "{text}");
        assert!(text.contains("findability: 3 of 4 questions lead to their article"), "{text}");
        assert!(text.contains("look at this: bo has written nothing for 3 days"), "{text}");
        let value = json(night, &one, &concerns);
        assert_eq!(value["concerns"][0]["kind"], "silent");
        assert_eq!(value["records"][0]["outcome"], "stopped");
        assert_eq!(value["totals"]["selfcare"]["notes_new"], 3);
    }

    #[test]
    fn durations_are_for_people() {
        for (us, shown) in [(5, "5 µs"), (12_345, "12 ms"), (3_210_000, "3.2 s"), (61_000_000, "1 min 1 s")] {
            assert_eq!(duration(us), shown);
        }
    }
}
