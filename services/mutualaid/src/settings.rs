//! The settings of mutualaid; every key is in `defaults.toml`, with its meaning.

use commune_runtime::settings::{Common, Commune, Listen, Nats, ServiceSettings, Telemetry};
use serde::Deserialize;

/// The commented defaults.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The bus.
    pub nats: Nats,
    /// Where the service listens.
    pub listen: Listen,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The commune as a whole.
    pub commune: Commune,
    /// What is shared, and how much.
    pub share: Share,
}

/// `[share]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Most contributions of one agent in one night, 0 to 500.
    pub cap: usize,
    /// Where the librarian answers gRPC.
    pub librarian: String,
    /// Nights that one replica handles at a time, 1 to 64.
    pub concurrency: usize,
}

impl ServiceSettings for Settings {
    fn common(&self) -> Common {
        Common {
            nats: self.nats.clone(),
            listen: self.listen.clone(),
            telemetry: self.telemetry.clone(),
            commune: self.commune.clone(),
        }
    }

    fn problems(&self) -> Vec<String> {
        self.share.problems()
    }
}

impl Share {
    /// Every value that is out of its bounds.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        // the contributions and the session are one atomic batch, which the server bounds
        if self.cap > 500 {
            problems.push(format!("share.cap is {}: use 0 to 500", self.cap));
        }
        if !(1..=64).contains(&self.concurrency) {
            problems.push(format!("share.concurrency is {}: use 1 to 64", self.concurrency));
        }
        if !self.librarian.strip_prefix("http://").is_some_and(|rest| rest.contains(':')) {
            problems.push(format!("share.librarian is `{}`: use `http://host:port`", self.librarian));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_settings() {
        let settings: Settings = commune_runtime::settings::load(DEFAULTS, None).unwrap();
        assert_eq!((settings.share.cap, settings.common().listen.grpc.port()), (10, 7402));
    }

    #[test]
    fn bounds_are_said() {
        let share = Share { cap: 501, librarian: "here".into(), concurrency: 0 };
        let problems = share.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "share.cap is 501: use 0 to 500");
    }
}
