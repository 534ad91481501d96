//! Who is let into a secure commune: the authority's keys, the agents, and those who are shut out.
//!
//! All of it is in the data folder: `keys/authority.json` signs, `keys/<service>.creds` and `agents/<id>.creds` are
//! handed to their owners, `agents/members.json` tells who there is. The server is given `accounts.conf`, in which
//! nothing is secret.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::Write,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use commune_bus::accounts::{Authority, Principal, Revoked};
use commune_proto::AgentId;
use commune_runtime::clock::Clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The file that the server's configuration includes.
pub(crate) const ACCOUNTS_FILE: &str = "accounts.conf";

/// The members of the commune in a data folder. One process at a time has them.
pub(crate) struct Members {
    home: PathBuf,
    authority: Authority,
    register: Register,
    _lock: File,
}

/// An agent that is let in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Member {
    /// The public key of its credentials.
    pub(crate) key: String,
    /// When it was let in.
    #[serde(with = "as_text")]
    pub(crate) since: Timestamp,
}

/// `agents/members.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Register {
    agents: BTreeMap<String, Member>,
    shut_out: Vec<ShutOut>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ShutOut {
    agent: String,
    key: String,
    #[serde(with = "as_text")]
    at: Timestamp,
}

/// A time as RFC 3339.
mod as_text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Members {
    /// True when the commune in this folder lets nobody in without credentials.
    pub(crate) fn are_in(home: &Path) -> bool {
        authority_file(home).exists()
    }

    /// The members of a secure commune.
    pub(crate) fn open(home: &Path) -> Result<Self, Failure> {
        if !Self::are_in(home) {
            return Err(Failure::NotFound(format!(
                "the commune in {} trusts every program of its machine and has no members with credentials: start it \
                 with `commune up --secure` first",
                home.display()
            )));
        }
        Self::open_or_make(home)
    }

    /// The members; the authority's keys are made when there are none.
    pub(crate) fn open_or_make(home: &Path) -> Result<Self, Failure> {
        for folder in [home.join("keys"), home.join("agents")] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(home.join("agents/lock"))?;
        lock.lock()?;
        let file = authority_file(home);
        if !file.exists() {
            write_secret(&file, &Authority::generate().map_err(Failure::error)?.to_json())?;
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let authority = Authority::from_json(&text).with_context(|| file.display().to_string())?;
        let register = match fs::read_to_string(register_file(home)) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} cannot be read", register_file(home).display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Register::default(),
            Err(error) => return Err(error.into()),
        };
        Ok(Self { home: home.to_owned(), authority, register, _lock: lock })
    }

    /// The file with the credentials of a service or of the operator; made when there is none.
    pub(crate) fn of_service(&self, principal: Principal) -> Result<PathBuf, Failure> {
        let file = self.home.join("keys").join(format!("{principal}.creds"));
        if !file.exists() {
            let made = self.authority.admit(principal, principal.name(), now()).map_err(Failure::error)?;
            write_secret(&file, &made.text)?;
        }
        Ok(file)
    }

    /// Lets an agent in: the file with its credentials.
    pub(crate) fn add(&mut self, agent: &AgentId) -> Result<PathBuf, Failure> {
        let file = self.file(agent);
        if self.register.agents.contains_key(agent.as_str()) || file.exists() {
            return Err(Failure::Refused(format!(
                "{agent} is a member already; its credentials were written to {}. `commune agent remove {agent}` shuts \
                 it out, and then it can be added anew",
                file.display()
            )));
        }
        let at = now();
        let made = self.authority.admit(Principal::Agent, agent.as_str(), at).map_err(Failure::error)?;
        // the register first: whom it does not know could not be shut out
        self.register.agents.insert(agent.to_string(), Member { key: made.public_key, since: at });
        self.keep()?;
        write_secret(&file, &made.text)?;
        Ok(file)
    }

    /// The agents that are let in.
    pub(crate) fn agents(&self) -> &BTreeMap<String, Member> {
        &self.register.agents
    }

    /// Where an agent's token for gRPC was written.
    pub(crate) fn token_file(&self, agent: &AgentId) -> PathBuf {
        self.home.join("agents").join(format!("{agent}.token"))
    }

    /// Where an agent's credentials were written.
    pub(crate) fn file(&self, agent: impl std::fmt::Display) -> PathBuf {
        self.home.join("agents").join(format!("{agent}.creds"))
    }

    /// Shuts an agent out; the server has to be told ([`Members::write_accounts`]).
    pub(crate) fn remove(&mut self, agent: &AgentId) -> Result<(), Failure> {
        let Some(member) = self.register.agents.remove(agent.as_str()) else {
            return Err(Failure::NotFound(format!("{agent} is no member; `commune agent list` shows who is")));
        };
        self.register.shut_out.push(ShutOut { agent: agent.to_string(), key: member.key, at: now() });
        self.keep()?;
        for file in [self.file(agent), self.token_file(agent)] {
            match fs::remove_file(file) {
                // it was handed on
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                done => done?,
            }
        }
        Ok(())
    }

    /// Writes what the server is given; the name of the account that has the streams.
    pub(crate) fn write_accounts(&self) -> Result<String, Failure> {
        let shut_out = &self.register.shut_out;
        let revoked: Vec<Revoked> =
            shut_out.iter().map(|one| Revoked { public_key: one.key.clone(), at: one.at }).collect();
        let accounts = self.authority.accounts(&revoked, now()).map_err(Failure::error)?;
        write_secret(&self.home.join(ACCOUNTS_FILE), &accounts.render())?;
        Ok(accounts.commune)
    }

    fn keep(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.register).map_err(Failure::error)?;
        write_secret(&register_file(&self.home), &format!("{text}\n"))
    }
}

fn authority_file(home: &Path) -> PathBuf {
    home.join("keys/authority.json")
}

fn register_file(home: &Path) -> PathBuf {
    home.join("agents/members.json")
}

fn now() -> Timestamp {
    Clock::system().now()
}

/// Writes a file that its owner alone can read, whole or not at all.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || -> std::io::Result<()> {
        // a temporary file has the mode 0600
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    Ok(write().with_context(|| format!("cannot write {}", path.display()))?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_agent_is_let_in_once_and_its_secret_is_its_own() {
        let home = tempfile::tempdir().unwrap();
        assert!(matches!(Members::open(home.path()), Err(Failure::NotFound(_))));
        let mut members = Members::open_or_make(home.path()).unwrap();
        let ada: AgentId = "ada".parse().unwrap();
        let file = members.add(&ada).unwrap();
        assert!(matches!(members.add(&ada), Err(Failure::Refused(_))));
        let service = members.of_service(Principal::Selfcare).unwrap();
        assert_eq!(members.of_service(Principal::Selfcare).unwrap(), service);
        for secret in [file, service, authority_file(home.path()), register_file(home.path())] {
            assert_eq!(fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600, "{}", secret.display());
        }
    }

    #[test]
    fn who_was_shut_out_stays_so_and_may_come_anew() {
        let home = tempfile::tempdir().unwrap();
        let mut members = Members::open_or_make(home.path()).unwrap();
        let ada: AgentId = "ada".parse().unwrap();
        members.add(&ada).unwrap();
        let first = members.agents()["ada"].key.clone();
        members.remove(&ada).unwrap();
        assert!(matches!(members.remove(&ada), Err(Failure::NotFound(_))));
        members.add(&ada).unwrap();
        drop(members);
        let members = Members::open(home.path()).unwrap();
        assert_ne!(members.agents()["ada"].key, first);
        assert_eq!(members.register.shut_out[0].key, first);
    }
}
