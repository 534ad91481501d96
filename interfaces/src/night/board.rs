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

/// The board of a night as it is shown, in whatever form.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    /// `running`, `done` or `failed`.
    pub(crate) state: &'static str,
    /// The stages, in their order.
    pub(crate) stages: Vec<&'static str>,
    /// An agent each, by name.
    pub(crate) rows: Vec<Row>,
    /// By stage, what was counted in all.
    pub(crate) totals: Vec<(&'static str, String)>,
    /// What is to be said of the night as a whole.
    pub(crate) lines: Vec<String>,
    /// What somebody should look at, and what to do about it.
    pub(crate) concerns: Vec<(String, String)>,
}

/// What became of an agent's night.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// The agent.
    pub(crate) agent: String,
    /// By stage; none where it is not there yet.
    pub(crate) cells: Vec<Option<Cell>>,
}

/// What became of a stage of it.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// Its outcome, in one word.
    pub(crate) outcome: &'static str,
    /// How long it took.
    pub(crate) took: String,
    /// Its trace; empty when none was sampled.
    pub(crate) trace: String,
    /// What was counted, and why it stopped or failed.
    pub(crate) told: String,
}

impl Board {
    /// The board of a night.
    pub(super) fn of(one: &OneNight, concerns: &[Concern]) -> Self {
        let cell = |record: &TrailRecord| Cell {
            outcome: outcome_word(record.outcome()),
            took: duration(record.duration_us),
            trace: record.trace_id.clone(),
            told: told(record),
        };
        let row = |agent: String| {
            let cells = STAGES.iter().map(|stage| one.record(&agent, *stage).map(cell)).collect();
            Row { agent, cells }
        };
        let found = findability(one).map(|(findable, searched)| {
            format!("findability: {findable} of {searched} questions lead to their article among the first three")
        });
        Self {
            state: one.state_word(),
            stages: STAGES.map(stage_token).to_vec(),
            rows: one.agents().into_iter().map(row).collect(),
            totals: totals(one).into_iter().map(|(stage, counts)| (stage, counted(&counts))).collect(),
            lines: found.into_iter().chain(load::of(one).map(load::Load::sentence)).collect(),
            concerns: concerns.iter().map(|concern| (concern.said(), concern.advice())).collect(),
        }
    }
}

/// The board for a person, with what is the matter.
pub(super) fn render(night: NightId, one: &OneNight, concerns: &[Concern]) -> String {
    let board = Board::of(one, concerns);
    let mut table = Table::new(&["AGENT", "STAGE", "OUTCOME", "TOOK", "TRACE", "COUNTS"]);
    for row in &board.rows {
        let mut name = row.agent.clone();
        for (stage, cell) in board.stages.iter().zip(&row.cells) {
            let cells = match cell {
                None => ["…".to_owned(), String::new(), String::new(), String::new()],
                Some(cell) => [cell.outcome.to_owned(), cell.took.clone(), cell.trace.clone(), cell.told.clone()],
            };
            let [outcome, took, trace, counts] = cells;
            table.row([std::mem::take(&mut name), (*stage).to_owned(), outcome, took, trace, counts]);
        }
    }
    let mut text = format!("night {night}: {}, {} agents\n", board.state, board.rows.len());
    if !table.is_empty() {
        let _ = write!(text, "\n{table}\n");
    }
    for (stage, counts) in &board.totals {
        let _ = writeln!(text, "total {stage}: {}", if counts.is_empty() { "nothing" } else { counts });
    }
    for line in &board.lines {
        let _ = writeln!(text, "{line}");
    }
    for (said, advice) in &board.concerns {
        let _ = writeln!(text, "look at this: {said}\n  → {advice}");
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
