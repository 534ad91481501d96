//! The settings of selfcare: those that every service has, and `[night]`.

use commune_runtime::settings::{Common, Commune, Listen, Nats, Telemetry};
use serde::Deserialize;

use crate::{brief::Budget, tidy::Limits};

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
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The commune as a whole.
    pub commune: Commune,
    /// The night.
    pub night: Night,
}

/// `[night]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// The hour of the night in the commune's time zone.
    pub time: String,
    /// Agents tidied at a time by this replica.
    pub concurrency: usize,
    /// Most lines of a brief.
    pub brief_lines: usize,
    /// Most bytes of a brief.
    pub brief_bytes: usize,
    /// Most of a working set that one night may archive, in percent.
    pub archive_percent: usize,
    /// The bound counts from this size of the working set on.
    pub archive_from: usize,
}

impl Settings {
    /// What the runtime needs.
    pub fn common(&self) -> Common {
        Common {
            nats: self.nats.clone(),
            listen: self.listen.clone(),
            telemetry: self.telemetry.clone(),
            commune: self.commune.clone(),
        }
    }
}

impl Night {
    /// What a run may do.
    ///
    /// # Errors
    /// Every value that is out of its range, in one message.
    pub fn limits(&self) -> anyhow::Result<Limits> {
        let ranges = [
            ("concurrency", self.concurrency as f64, 1.0, 256.0),
            ("brief_lines", self.brief_lines as f64, 10.0, 10_000.0),
            ("brief_bytes", self.brief_bytes as f64, 1_000.0, 500_000.0),
            ("archive_percent", self.archive_percent as f64, 0.0, 100.0),
        ];
        let problems: Vec<String> = ranges
            .into_iter()
            .filter(|(_, value, least, most)| !(*least..=*most).contains(value))
            .map(|(key, value, least, most)| format!("  - night.{key} is {value}, it must be {least} to {most}"))
            .collect();
        anyhow::ensure!(problems.is_empty(), "the settings cannot be used:\n{}", problems.join("\n"));
        Ok(Limits {
            brief: Budget { lines: self.brief_lines, bytes: self.brief_bytes },
            archive_percent: self.archive_percent,
            archive_from: self.archive_from,
        })
    }
}
