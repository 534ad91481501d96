//! The settings of mutualaid; every key is in `defaults.toml`, with its meaning.

use std::path::PathBuf;

use anyhow::Context as _;
use commune_knowledge::secrets::Key;
use commune_runtime::{
    access::Token,
    grpc::{Channel, channel},
    settings::{Access, Common, Commune, Listen, Nats, ServiceSettings, Telemetry},
};
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
    /// Who is let in.
    pub access: Access,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The commune as a whole.
    pub commune: Commune,
    /// What is shared, and how much.
    pub share: Share,
    /// What is asked, and how much.
    pub needs: Needs,
}

/// `[needs]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// Most questions of one agent on one day, 1 to 10,000.
    pub per_day: usize,
}

/// `[share]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Most contributions of one agent in one night, 0 to 500.
    pub cap: usize,
    /// Where the librarian answers gRPC.
    pub librarian: String,
    /// The certificate of the authority that the librarian's is of (PEM); empty: those that the machine trusts.
    pub librarian_ca_file: String,
    /// File with the token by which the librarian knows mutualaid; empty where it asks for none.
    pub librarian_token_file: String,
    /// File with the commune's key for fingerprints of secrets; empty: none are given.
    pub fingerprint_key_file: String,
    /// Nights that one replica handles at a time, 1 to 64.
    pub concurrency: usize,
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
        self.share.problems().into_iter().chain(self.needs.problems()).collect()
    }
}

impl Needs {
    /// Every value that is out of its bounds.
    fn problems(&self) -> Vec<String> {
        match self.per_day {
            1..=10_000 => Vec::new(),
            per_day => vec![format!("needs.per_day is {per_day}: use 1 to 10000")],
        }
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
        let bare = self.librarian.strip_prefix("http://").or_else(|| self.librarian.strip_prefix("https://"));
        if !bare.is_some_and(|rest| rest.contains(':')) {
            problems.push(format!(
                "share.librarian is `{}`: use `http://host:port` or `https://host:port`",
                self.librarian
            ));
        }
        problems
    }

    /// The commune's key for fingerprints; none where no file is named.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key. Never says what it holds.
    pub fn fingerprint_key(&self) -> anyhow::Result<Option<Key>> {
        let file = &self.fingerprint_key_file;
        if file.is_empty() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("share.fingerprint_key_file: cannot read `{file}`"))?;
        let key = Key::parse(&text).with_context(|| format!("share.fingerprint_key_file: `{file}`"))?;
        Ok(Some(key))
    }

    /// The way to the librarian.
    ///
    /// # Errors
    /// When a file cannot be used, or the token would go over the network in the clear.
    pub fn channel(&self) -> anyhow::Result<Channel> {
        let file = |name: &str| Some(PathBuf::from(name)).filter(|_| !name.is_empty());
        let token = file(&self.librarian_token_file).map(|file| Token::read(&file)).transpose();
        let token = token.context("share.librarian_token_file")?;
        channel(&self.librarian, file(&self.librarian_ca_file).as_deref(), token.as_ref()).context("share.librarian")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_settings() {
        let settings: Settings = commune_runtime::settings::load(DEFAULTS, None).unwrap();
        assert_eq!((settings.share.cap, settings.common().listen.grpc.port()), (10, 7402));
        assert_eq!(settings.needs.per_day, 50);
    }

    #[test]
    fn bounds_are_said() {
        let share = Share {
            cap: 501,
            librarian: "here".into(),
            librarian_ca_file: String::new(),
            librarian_token_file: String::new(),
            fingerprint_key_file: "/nowhere".into(),
            concurrency: 0,
        };
        let problems = share.problems();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert_eq!(problems[0], "share.cap is 501: use 0 to 500");
        let problem = share.fingerprint_key().unwrap_err().to_string();
        assert_eq!(problem, "share.fingerprint_key_file: cannot read `/nowhere`");
        for (per_day, allowed) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
            assert_eq!(Needs { per_day }.problems().is_empty(), allowed, "{per_day}");
        }
    }
}
