//! The roster: whose agents are whose, and which names of people the commune knows.
//!
//! An operator writes it, in TOML:
//!
//! ```toml
//! names = ["Grace Hopper"]
//!
//! [owners]
//! "Ada Lovelace" = ["ada", "ada-2"]
//! ```
//!
//! It is read once, at the start of a service. A commune without one has agents that own themselves, and knows no name.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use config::{Config, File, FileFormat};
use serde::Deserialize;

use crate::{access::is_name, settings::Commune};

/// Largest roster in bytes: some 20,000 names.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Shortest and longest name of a person, in characters. Shorter ones stand in too many other words to be held by.
pub const NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=100;

/// Owners of agents, and names of people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster {
    owners: BTreeMap<String, String>,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    names: Vec<String>,
    #[serde(default)]
    owners: BTreeMap<String, Vec<String>>,
}

impl Roster {
    /// The roster that the settings name (`commune.roster_file`); an empty one where they name none.
    ///
    /// # Errors
    /// When the file cannot be read, or does not say what a roster says: which line, and what to write there.
    pub fn read(commune: &Commune) -> anyhow::Result<Self> {
        let file = &commune.roster_file;
        if file.is_empty() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(Path::new(file))
            .with_context(|| format!("commune.roster_file: cannot read `{file}`"))?;
        Self::parse(&text).map_err(|problem| anyhow::anyhow!("commune.roster_file: `{file}`: {problem}"))
    }

    /// What the text of a roster says.
    ///
    /// # Errors
    /// The first line that is wrong, and what to write there.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("{} bytes: a roster has {MAX_BYTES} at most", text.len()));
        }
        let written = Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build();
        let written: Written = written.and_then(Config::try_deserialize).map_err(|error| {
            let error = error.to_string();
            let form = "a roster is `names = [\"…\"]` and a table `[owners]` of `\"Name\" = [\"agent\"]`";
            format!("{}: {form}", error.trim_end())
        })?;
        let mut roster = Self::default();
        for name in &written.names {
            roster.names.push(name_at(text, name)?);
        }
        for (owner, agents) in &written.owners {
            let name = name_at(text, owner)?;
            for agent in agents {
                let line = line(text, agent);
                if !is_name(agent) {
                    return Err(format!("line {line}: `{agent}` is no agent: use a-z, 0-9 and `-`, 63 at most"));
                }
                if let Some(other) = roster.owners.insert(agent.clone(), name.clone()) {
                    return Err(format!(
                        "line {line}: the agent `{agent}` has two entries, of {other} and of {name}: leave one"
                    ));
                }
            }
            roster.names.push(name);
        }
        roster.names.sort();
        roster.names.dedup();
        Ok(roster)
    }

    /// Who owns an agent; one that nobody owns is its own owner.
    pub fn owner_of<'a>(&'a self, agent: &'a str) -> &'a str {
        self.owners.get(agent).map_or(agent, String::as_str)
    }

    /// Every name of a person: the owners' and the listed ones, sorted, each once.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

fn name_at(text: &str, name: &str) -> Result<String, String> {
    let trimmed = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if NAME_CHARS.contains(&trimmed.chars().count()) && trimmed.chars().any(char::is_alphabetic) {
        return Ok(trimmed);
    }
    Err(format!(
        "line {}: `{trimmed}` is no name: use {} to {} characters, letters among them",
        line(text, name),
        NAME_CHARS.start(),
        NAME_CHARS.end()
    ))
}

/// The last line, from 1, that says this in quotes.
fn line(text: &str, what: &str) -> usize {
    let quoted = |line: &str| [format!("\"{what}\""), format!("'{what}'")].iter().any(|quoted| line.contains(quoted));
    text.lines().collect::<Vec<_>>().into_iter().rposition(quoted).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, says: &str) {
        let problem = Roster::parse(text).unwrap_err();
        assert!(problem.contains(says), "{problem}");
    }

    #[test]
    fn owners_and_names_are_read() {
        let text =
            "names = [\"Grace  Hopper\", \"李 雷\"]\n[owners]\n\"Ada Lovelace\" = [\"ada\", \"ada-2\"]\n\"Bo\" = []\n";
        let roster = Roster::parse(text).unwrap();
        assert_eq!(roster.names(), ["Ada Lovelace", "Bo", "Grace Hopper", "李 雷"]);
        assert_eq!((roster.owner_of("ada"), roster.owner_of("ada-2")), ("Ada Lovelace", "Ada Lovelace"));
        assert_eq!(roster.owner_of("bo"), "bo", "an agent that nobody owns is its own owner");
        assert_eq!(Roster::parse("").unwrap(), Roster::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        refused("names = [\"Ada\"]\nowner = 1", "unknown field `owner`");
        refused("names = [\"Ada\",\n\"\"]", "line 2: `` is no name");
        refused("names = [\"42\"]", "line 1: `42` is no name");
        refused("[owners]\n\"Ada\" = \"ada\"", "owners.Ada");
        refused("[owners]\n\"Ada\" = [\"Ada\"]", "line 2: `Ada` is no agent");
        refused(
            "[owners]\n\"Ada\" = [\"ada\"]\n\"Bo\" = [\"bo\",\n \"ada\"]",
            "line 4: the agent `ada` has two entries",
        );
        refused("names = [", "line 1");
    }

    #[test]
    fn bounds_hold_at_their_edge() {
        let name = |length: usize| format!("names = [\"{}\"]", "a".repeat(length));
        assert!(Roster::parse(&name(100)).is_ok());
        refused(&name(101), "is no name");
        refused(&name(1), "is no name");
        let fill = |length: usize| format!("#{}", " ".repeat(length - 1));
        assert!(Roster::parse(&fill(MAX_BYTES)).is_ok());
        refused(&fill(MAX_BYTES + 1), "1048576 at most");
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let at = |file: &str| Commune { time_zone: "UTC".into(), roster_file: file.into() };
        assert_eq!(Roster::read(&at("")).unwrap(), Roster::default());
        let missing = Roster::read(&at("/nowhere/roster.toml")).unwrap_err().to_string();
        assert_eq!(missing, "commune.roster_file: cannot read `/nowhere/roster.toml`");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roster.toml");
        std::fs::write(&file, "names = 1").unwrap();
        let malformed = Roster::read(&at(&file.display().to_string())).unwrap_err().to_string();
        assert!(malformed.contains("roster.toml`: ") && malformed.contains("`names`"), "{malformed}");
    }
}
