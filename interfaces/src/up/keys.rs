//! The keys of the services and of the operator: made once, kept in the data folder, readable by its owner alone.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use commune_bus::accounts::Principal;
use nkeys::KeyPair;

use crate::{failure::Failure, members::Members};

/// Who has a key.
pub(super) const OWNERS: [Principal; 4] = Principal::WITH_STREAMS;

/// The files with the seeds or credentials, and the public keys.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<&'static str, (PathBuf, String)>);

impl Keys {
    /// The keys in the folder; those that are missing are generated.
    pub(super) fn own(folder: &Path) -> Result<Self, Failure> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot make the folder of keys {}", folder.display()))?;
        let mut keys = BTreeMap::new();
        for owner in OWNERS {
            let path = folder.join(format!("{owner}.nk"));
            let public = public_key(&path)?;
            keys.insert(owner.name(), (path, public));
        }
        Ok(Self(keys))
    }

    /// Credentials that the commune's authority signed.
    pub(super) fn signed(members: &Members) -> Result<Self, Failure> {
        let file = |owner: Principal| Ok((owner.name(), (members.of_service(owner)?, String::new())));
        OWNERS.into_iter().map(file).collect::<Result<_, Failure>>().map(Self)
    }

    /// For a server of somebody else: one key for all, or none.
    pub(super) fn foreign(key: Option<&Path>) -> Result<Self, Failure> {
        let Some(key) = key else { return Ok(Self::default()) };
        let path = std::path::absolute(key)?;
        let public = public_of(&read(&path)?, &path)?;
        Ok(Self(OWNERS.into_iter().map(|owner| (owner.name(), (path.clone(), public.clone()))).collect()))
    }

    /// The file with the seed of an owner; none where no key is used.
    pub(super) fn file(&self, owner: &str) -> Option<&Path> {
        self.0.get(owner).map(|(path, _)| path.as_path())
    }

    /// The public key of an owner.
    pub(super) fn public(&self, owner: &str) -> &str {
        self.0.get(owner).map_or("", |(_, public)| public)
    }
}

fn public_key(path: &Path) -> Result<String, Failure> {
    if !path.exists() {
        let seed = KeyPair::new_user().seed().map_err(Failure::error)?;
        let mut file = fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot write the key {}", path.display()))?;
        file.write_all(format!("{seed}\n").as_bytes())?;
        file.sync_all()?;
    }
    public_of(&read(path)?, path)
}

fn read(path: &Path) -> Result<String, Failure> {
    Ok(fs::read_to_string(path).with_context(|| format!("cannot read the key {}", path.display()))?)
}

fn public_of(seed: &str, path: &Path) -> Result<String, Failure> {
    let pair = KeyPair::from_seed(seed.trim()).map_err(|_| {
        Failure::error(format!(
            "{} does not hold the seed of an nkey: delete the file to have it made anew",
            path.display()
        ))
    })?;
    Ok(pair.public_key())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_and_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::own(&folder.path().join("keys")).unwrap();
        let again = Keys::own(&folder.path().join("keys")).unwrap();
        for owner in OWNERS.map(Principal::name) {
            assert!(first.public(owner).starts_with('U'));
            assert_eq!(first.public(owner), again.public(owner));
            let mode = fs::metadata(first.file(owner).unwrap()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(Keys::foreign(None).unwrap().file("operator").is_none());
        fs::write(folder.path().join("bad"), "not a seed").unwrap();
        assert!(Keys::foreign(Some(&folder.path().join("bad"))).is_err());
    }
}
