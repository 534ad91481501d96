//! The librarian's settings; every key stands with its comment in `defaults.toml`.

use commune_runtime::settings::{Access, Common, Commune, Listen, Nats, ServiceSettings, Telemetry};
use serde::Deserialize;

/// The defaults, commented.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// All settings.
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
    /// The commune.
    pub commune: Commune,
    /// The librarian's own.
    pub library: Library,
}

/// `[library]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Watchers served at a time.
    pub watchers: usize,
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
        match self.library.watchers {
            1..=100_000 => Vec::new(),
            watchers => vec![format!("library.watchers is {watchers}: use 1 to 100000")],
        }
    }
}
