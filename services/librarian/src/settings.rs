//! The librarian's settings; every key stands with its comment in `defaults.toml`.

use commune_runtime::settings::{Access, Common, Commune, Listen, Nats, ServiceSettings, Telemetry};
use jiff::SignedDuration;
use serde::Deserialize;
use std::path::PathBuf;

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
    /// Changes that wait for consent.
    pub consent: ConsentSettings,
}

/// `[library]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Watchers served at a time.
    pub watchers: usize,
    /// Who reads pages and questions for their meaning.
    pub embeddings: Embeddings,
    /// Where the transformer's library and model are.
    pub model_folder: PathBuf,
    /// Where the index is saved, so that the next start need not read every page anew; empty: nowhere.
    pub index_file: PathBuf,
    /// After how many minutes a night that is not through all stages is late, as the metrics tell it.
    pub late_after_minutes: u32,
}

/// `[consent]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentSettings {
    /// Hours in which a member may object to a proposal before it is applied.
    pub window_hours: u32,
    /// Proposals of one owner that may stand at a time.
    pub standing: usize,
}

/// How members consent.
#[derive(Debug, Clone, Copy)]
pub struct Consent {
    /// How long a member may object to a proposal before it is applied.
    pub window: SignedDuration,
    /// Proposals of one owner that may stand at a time.
    pub standing: usize,
}

impl From<&ConsentSettings> for Consent {
    fn from(settings: &ConsentSettings) -> Self {
        Self { window: SignedDuration::from_hours(settings.window_hours.into()), standing: settings.standing }
    }
}

/// Who reads pages and questions for their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Embeddings {
    /// The static model reads both; no native library is loaded.
    Static,
    /// The transformer reads pages, in the background; the static model reads questions, unless one asks for the transformer.
    Documents,
    /// The transformer reads both.
    Both,
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
        let mut problems = Vec::new();
        if !(1..=100_000).contains(&self.library.watchers) {
            problems.push(format!("library.watchers is {}: use 1 to 100000", self.library.watchers));
        }
        if !(1..=10_080).contains(&self.library.late_after_minutes) {
            let minutes = self.library.late_after_minutes;
            problems.push(format!("library.late_after_minutes is {minutes}: use 1 to 10080"));
        }
        if !(1..=720).contains(&self.consent.window_hours) {
            problems.push(format!("consent.window_hours is {}: use 1 to 720", self.consent.window_hours));
        }
        if !(1..=1_000).contains(&self.consent.standing) {
            problems.push(format!("consent.standing is {}: use 1 to 1000", self.consent.standing));
        }
        if self.library.embeddings != Embeddings::Static && self.library.model_folder.as_os_str().is_empty() {
            problems.push(
                "library.model_folder is empty: say where the transformer is, or set library.embeddings to \"static\""
                    .to_owned(),
            );
        }
        problems
    }
}
