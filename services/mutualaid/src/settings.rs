//! The settings of mutualaid; every key is in `defaults.toml`, with its meaning.

use commune_runtime::settings::{Common, Commune, Listen, Nats, Telemetry};
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

impl Settings {
    /// The settings that every service has.
    pub fn common(&self) -> Common {
        Common {
            nats: self.nats.clone(),
            listen: self.listen.clone(),
            telemetry: self.telemetry.clone(),
            commune: self.commune.clone(),
        }
    }
}

impl Share {
    /// Checks the bounds.
    ///
    /// # Errors
    /// When a value is out of its bounds; the message names the key.
    pub fn checked(&self) -> anyhow::Result<()> {
        // the contributions and the session are one atomic batch, which the server bounds
        anyhow::ensure!(self.cap <= 500, "share.cap is {}: use 0 to 500", self.cap);
        anyhow::ensure!((1..=64).contains(&self.concurrency), "share.concurrency is {}: use 1 to 64", self.concurrency);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_settings() {
        let settings: Settings = commune_runtime::settings::load(DEFAULTS, None).unwrap();
        settings.share.checked().unwrap();
        assert_eq!((settings.share.cap, settings.common().listen.grpc.port()), (10, 7402));
    }

    #[test]
    fn bounds_are_said() {
        let share = Share { cap: 501, librarian: String::new(), concurrency: 1 };
        assert_eq!(share.checked().unwrap_err().to_string(), "share.cap is 501: use 0 to 500");
    }
}
