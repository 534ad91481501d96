//! The settings of selfcare: those that every service has, and `[night]`.

use commune_runtime::settings::{Access, Common, Commune, Listen, Nats, ServiceSettings, Telemetry};
use serde::Deserialize;

use crate::{brief::Budget, schedule::Schedule, tidy::Limits, value};

/// Every setting with its default and its meaning.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The settings of selfcare.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The bus.
    pub nats: Nats,
    /// Where it listens.
    pub listen: Listen,
    /// Who is let in.
    pub access: Access,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The commune as a whole.
    pub commune: Commune,
    /// The night.
    pub night: Night,
    /// For how long notes are good.
    pub retention: Retention,
}

/// `[retention]`: days, by class of kinds ([`value::Class`]).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "as in value::Retention")]
pub struct Retention {
    pub decision: u32,
    pub lesson: u32,
    pub pattern: u32,
    pub error: u32,
    pub passing: u32,
}

/// `[night]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// The hour of the night in the commune's time zone.
    pub time: String,
    /// Agents tidied at a time by this replica.
    pub concurrency: usize,
    /// Most notes that one agent logs in one day with an id, and as many without.
    pub notes_per_day: usize,
    /// Most lines of a brief.
    pub brief_lines: usize,
    /// Most bytes of a brief.
    pub brief_bytes: usize,
    /// Most of a working set that one night may archive, in percent.
    pub archive_percent: usize,
    /// The bound counts from this size of the working set on.
    pub archive_from: usize,
}

impl ServiceSettings for Settings {
    fn common(&self) -> Common {
        Common {
            nats: self.nats.clone(),
            listen: self.listen.clone(),
            access: self.access.clone(),
            telemetry: self.telemetry.clone(),
            commune: self.commune.clone(),
        }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.night.problems();
        if let Err(problem) = Schedule::new(&self.night.time, "UTC") {
            problems.push(format!("night.time: {problem}"));
        }
        problems.extend(self.retention.problems());
        problems
    }
}

impl Night {
    /// Every value that is out of its range.
    fn problems(&self) -> Vec<String> {
        let ranges = [
            ("concurrency", self.concurrency, 1, 256),
            ("notes_per_day", self.notes_per_day, 1, 1_000_000),
            ("brief_lines", self.brief_lines, 10, 10_000),
            ("brief_bytes", self.brief_bytes, 1_000, 500_000),
            ("archive_percent", self.archive_percent, 0, 100),
        ];
        ranges
            .into_iter()
            .filter(|(_, value, least, most)| !(least..=most).contains(&value))
            .map(|(key, value, least, most)| format!("night.{key} is {value}: use {least} to {most}"))
            .collect()
    }
}

impl Retention {
    /// Every value that is out of its range.
    fn problems(&self) -> Vec<String> {
        let Self { decision, lesson, pattern, error, passing } = *self;
        let days =
            [("decision", decision), ("lesson", lesson), ("pattern", pattern), ("error", error), ("passing", passing)];
        days.into_iter()
            .filter(|(_, days)| !(1..=36_500).contains(days))
            .map(|(key, days)| format!("retention.{key} is {days}: use 1 to 36500 days"))
            .collect()
    }
}

impl Settings {
    /// What a run may do.
    pub fn limits(&self) -> Limits {
        let Retention { decision, lesson, pattern, error, passing } = self.retention;
        Limits {
            brief: Budget { lines: self.night.brief_lines, bytes: self.night.brief_bytes },
            retention: value::Retention { decision, lesson, pattern, error, passing },
            archive_percent: self.night.archive_percent,
            archive_from: self.night.archive_from,
        }
    }
}
