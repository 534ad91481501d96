//! The data folder of a commune on this machine, and `commune.json`, by which other commands find the running one.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{cli::Global, failure::Failure};

/// A data folder; it need not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct Home(PathBuf);

/// What `commune up` writes for other commands (`commune.json`).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Running {
    /// `nats://host:port`.
    pub(crate) nats_url: String,
    /// Where the server tells of itself, `http://host:port`; empty where that is not known.
    #[serde(default)]
    pub(crate) monitor_url: String,
    /// gRPC of selfcare, `http://host:port`.
    pub(crate) selfcare_grpc: String,
    /// gRPC of librarian, `http://host:port`.
    pub(crate) librarian_grpc: String,
    /// HTTP health by service, `http://host:port`.
    pub(crate) health: BTreeMap<String, String>,
    /// The file with the operator's seed or credentials; empty where the server asks for none.
    pub(crate) operator_key_file: String,
    /// The file with the operator's token; empty where the services ask for none.
    #[serde(default)]
    pub(crate) operator_token_file: String,
    /// Nobody is let in without credentials.
    #[serde(default)]
    pub(crate) secure: bool,
    /// Where the traces are shown, `http://host:port`; empty without `--traces`.
    #[serde(default)]
    pub(crate) traces_url: String,
    /// IANA name of the commune's time zone.
    pub(crate) time_zone: String,
    /// Process ids: `up`, `nats`, and the services.
    pub(crate) pids: BTreeMap<String, u32>,
}

/// Held while `commune up` uses a folder.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "held, not read: the lock ends with the file")] File);

impl Home {
    /// The folder of these flags: `--home`, else the user's data folder.
    pub(crate) fn resolve(global: &Global) -> Result<Self, Failure> {
        if let Some(home) = &global.home {
            return Ok(Self(std::path::absolute(home)?));
        }
        let data = match &global.xdg_data_home {
            Some(data) if data.is_absolute() => data.clone(),
            _ => std::env::home_dir()
                .filter(|home| !home.as_os_str().is_empty())
                .ok_or_else(|| Failure::Usage("no home folder is known: say where with --home DIR".to_owned()))?
                .join(".local/share"),
        };
        Ok(Self(data.join("commune")))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What runs here; none when `commune up` does not run.
    pub(crate) fn running(&self) -> Result<Option<Running>, Failure> {
        let path = self.0.join("commune.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::error(format!("{}: {error}", path.display()))),
        };
        let running = serde_json::from_str(&text)
            .with_context(|| format!("{} is not what `commune up` writes: start it again", path.display()))?;
        Ok(Some(running))
    }

    /// Writes `commune.json`, whole or not at all.
    pub(crate) fn announce(&self, running: &Running) -> anyhow::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(serde_json::to_string_pretty(running)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.persist(self.0.join("commune.json"))?;
        Ok(())
    }

    /// Takes `commune.json` away.
    pub(crate) fn withdraw(&self) {
        let _ = fs::remove_file(self.0.join("commune.json"));
    }

    /// Returns when the folder is no longer there.
    pub(crate) async fn gone(&self) {
        while self.0.join("up.lock").exists() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// Makes the folder and takes it for this process.
    pub(crate) fn lock(&self) -> Result<Lock, Failure> {
        fs::create_dir_all(&self.0).with_context(|| format!("cannot make the data folder {}", self.0.display()))?;
        let path = self.0.join("up.lock");
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Failure::Refused(format!(
                "another `commune up` uses the data folder {}. Stop it first, or give this one a folder of its own: \
                 commune up --home DIR",
                self.0.display()
            ))),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(path: &Path) -> Home {
        Home(path.to_owned())
    }

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(&folder.path().join("deep/er"));
        let lock = home.lock().unwrap();
        assert!(matches!(home.lock(), Err(Failure::Refused(_))));
        drop(lock);
        assert!(home.lock().is_ok());
    }

    #[test]
    fn what_runs_is_found_and_withdrawn() {
        let folder = tempfile::tempdir().unwrap();
        let home = home(folder.path());
        assert!(home.running().unwrap().is_none());
        home.announce(&Running { nats_url: "nats://127.0.0.1:1".into(), ..Running::default() }).unwrap();
        assert_eq!(home.running().unwrap().unwrap().nats_url, "nats://127.0.0.1:1");
        home.withdraw();
        assert!(home.running().unwrap().is_none());
        fs::write(folder.path().join("commune.json"), "{").unwrap();
        assert!(home.running().is_err());
    }
}
