//! Keeps the mark of the NATS server's store (`nats.store_file`) from one start of a service to the next.
//!
//! What the mark says is the bus's business; here it is text that is there as a whole or not at all.

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::Path,
};

use anyhow::Context as _;

use crate::settings::Nats;

/// The file, and what was in it.
#[derive(Debug, Clone)]
pub struct StoreFile {
    /// Empty: nothing is kept.
    path: String,
    kept: Option<String>,
}

impl StoreFile {
    /// Reads the file of these settings. That there is none is a first start; that it cannot be read is not.
    ///
    /// # Errors
    /// When there is a file that cannot be read.
    pub fn read(nats: &Nats) -> anyhow::Result<Self> {
        let path = nats.store_file.clone();
        if path.is_empty() {
            return Ok(Self { path, kept: None });
        }
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("nats.store_file: cannot read `{path}`")),
        };
        Ok(Self { path, kept })
    }

    /// What was kept; none at the first start, or when nothing is kept.
    pub fn kept(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// Where it is kept; empty when nothing is.
    pub fn place(&self) -> &str {
        &self.path
    }

    /// Keeps the text. Whoever sees the file sees all of it: it is written beside and renamed.
    ///
    /// # Errors
    /// When it cannot be written: a service that forgets its store would not know it again.
    pub fn keep(&self, text: &str) -> anyhow::Result<()> {
        if self.path.is_empty() || self.kept.as_deref() == Some(text) {
            return Ok(());
        }
        let (path, beside) = (Path::new(&self.path), format!("{}.new", self.path));
        let write = || {
            let mut file = File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, path)?;
            // the name is durable with its folder
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        };
        write().with_context(|| format!("nats.store_file: cannot write `{}`", self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nats(path: &Path) -> Nats {
        Nats { url: String::new(), nkey_seed_file: String::new(), replicas: 1, store_file: path.display().to_string() }
    }

    #[test]
    fn what_is_kept_is_found_again_and_no_file_is_a_first_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.json");
        let first = StoreFile::read(&nats(&path)).unwrap();
        assert_eq!((first.kept(), first.place()), (None, path.to_str().unwrap()));
        first.keep("a mark").unwrap();
        assert_eq!(StoreFile::read(&nats(&path)).unwrap().kept(), Some("a mark"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_cannot_be_read_or_written_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let said = StoreFile::read(&nats(folder.path())).unwrap_err().to_string();
        assert!(said.contains("nats.store_file: cannot read"), "{said}");
        let nowhere = StoreFile::read(&nats(&folder.path().join("no/store.json"))).unwrap();
        let said = nowhere.keep("a mark").unwrap_err().to_string();
        assert!(said.contains("nats.store_file: cannot write"), "{said}");
    }

    #[test]
    fn without_the_setting_nothing_is_kept() {
        let none = StoreFile::read(&nats("".as_ref())).unwrap();
        none.keep("a mark").unwrap();
        assert_eq!((none.kept(), none.place()), (None, ""));
    }
}
