//! The key by which the commune names secrets that it holds back, and nobody else can.

use std::{
    fs,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::failure::Failure;

/// The file of the key in a data folder, made when it is missing: 64 hexadecimal digits, its owner's alone.
pub(super) fn own(home: &Path) -> Result<PathBuf, Failure> {
    let path = home.join("keys").join("fingerprint.key");
    let failed = || format!("cannot write {}", path.display());
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(home.join("keys")).with_context(failed)?;
    let mut key = [0; 32];
    getrandom::fill(&mut key).context("the system gives no random bytes")?;
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(&path).with_context(failed)?;
    file.write_all(format!("{}\n", hex::encode(key)).as_bytes()).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = own(home.path()).unwrap();
        let key = fs::read_to_string(&path).unwrap();
        assert_eq!((key.trim().len(), fs::metadata(&path).unwrap().permissions().mode() & 0o777), (64, 0o600));
        own(home.path()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), key);
    }
}
