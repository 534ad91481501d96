//! What is in a backup: `manifest.json`, and whether the files are what it says.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    path::Path,
};

use anyhow::Context as _;
use commune_bus::{Extent, StreamName, Taken};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::owners_file;
use crate::failure::Failure;

/// The form that this version writes and reads.
pub(crate) const FORM: u32 = 1;
const NAME: &str = "manifest.json";
const PIECE: usize = 1 << 20;

/// A backup.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The form of the backup.
    pub(crate) form: u32,
    /// When it was made, RFC 3339.
    pub(crate) made_at: String,
    /// The version of the commune that made it.
    pub(crate) by: String,
    /// The version of the server that it was taken of.
    pub(crate) server: String,
    /// Its streams, in the order in which they were taken.
    pub(crate) streams: Vec<Kept>,
}

/// A stream of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Its name.
    pub(crate) stream: String,
    /// The file in the folder of the backup.
    pub(crate) file: String,
    /// The size of the file.
    pub(crate) bytes: u64,
    /// The SHA-256 of the file, 64 hexadecimal digits.
    pub(crate) sha256: String,
    /// What the server told of the stream.
    #[serde(flatten)]
    pub(crate) taken: Taken,
}

impl Kept {
    /// The stream; an error for one that this version does not know.
    pub(crate) fn name(&self) -> Result<StreamName, Failure> {
        StreamName::from_name(&self.stream).ok_or_else(|| {
            Failure::Refused(format!(
                "this version knows no stream `{}`: restore with the version that made it",
                self.stream
            ))
        })
    }

    /// How far the stream reached.
    pub(crate) fn extent(&self) -> Result<Extent, Failure> {
        Ok(self.taken.extent()?)
    }
}

impl Manifest {
    /// Reads the manifest of a folder.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Failure::NotFound(format!(
                    "{} is no backup: there is no {NAME}. It is written last, so a backup without one did not come to its end",
                    folder.display()
                )));
            }
            Err(error) => return Err(Failure::error(format!("{}: {error}", path.display()))),
        };
        let damaged = |error| Failure::Refused(format!("{} is damaged: {error}. Take another backup", path.display()));
        let manifest: Self = serde_json::from_str(&text).map_err(damaged)?;
        if manifest.form != FORM {
            return Err(Failure::Refused(format!(
                "{} is a backup of form {}, and this version reads {FORM}: restore with version {}",
                folder.display(),
                manifest.form,
                manifest.by
            )));
        }
        Ok(manifest)
    }

    /// Writes the manifest, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let (path, beside) = (folder.join(NAME), folder.join(format!("{NAME}.new")));
        let write = || -> anyhow::Result<()> {
            let mut file = owners_file(&beside)?;
            file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(folder)?.sync_all()?;
            Ok(())
        };
        Ok(write().with_context(|| format!("cannot write {}", path.display()))?)
    }

    /// Reads every file and holds it against what is written of it. **One that differs is named.**
    pub(crate) fn check(&self, folder: &Path) -> Result<(), Failure> {
        for kept in &self.streams {
            // the name is that of a file beside the manifest, and of nothing elsewhere
            let plain = Path::new(&kept.file).file_name().is_some_and(|name| name.to_str() == Some(kept.file.as_str()));
            let path = folder.join(&kept.file);
            let damaged = |what: String| {
                Failure::Refused(format!(
                    "{} is damaged: {what}. Nothing was made; take another backup",
                    path.display()
                ))
            };
            if !plain {
                return Err(damaged("the manifest names it by a path".to_owned()));
            }
            let (bytes, sha256) = digest(&path).map_err(|error| damaged(error.to_string()))?;
            if bytes != kept.bytes {
                return Err(damaged(format!("it has {bytes} bytes, and the manifest says {}", kept.bytes)));
            }
            if sha256 != kept.sha256 {
                return Err(damaged(format!("its SHA-256 is {sha256}, and the manifest says {}", kept.sha256)));
            }
        }
        Ok(())
    }

    /// The messages of all streams.
    pub(crate) fn messages(&self) -> Result<u64, Failure> {
        self.streams.iter().map(|kept| Ok(kept.extent()?.messages)).sum()
    }

    /// The bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.streams.iter().map(|kept| kept.bytes).sum()
    }
}

fn digest(path: &Path) -> std::io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((bytes, hex::encode(hash.finalize()))),
            read => {
                hash.update(&piece[..read]);
                bytes += u64::try_from(read).unwrap_or(u64::MAX);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(folder: &Path, file: &str) -> Manifest {
        fs::write(folder.join("MEMORY.snapshot"), "what was kept").unwrap();
        let (bytes, sha256) = digest(&folder.join("MEMORY.snapshot")).unwrap();
        let state =
            json!({"messages": 3, "bytes": 9, "first_seq": 1, "last_seq": 4, "consumer_count": 1, "first_ts": "x"});
        let taken = Taken { config: json!({"name": "MEMORY"}), state };
        let kept = Kept { stream: "MEMORY".to_owned(), file: file.to_owned(), bytes, sha256, taken };
        Manifest {
            form: FORM,
            made_at: String::new(),
            by: "0.1.0".into(),
            server: "2.15.1".into(),
            streams: vec![kept],
        }
    }

    fn refused(folder: &Path, words: &[&str]) {
        let said = Manifest::read(folder).and_then(|manifest| manifest.check(folder)).unwrap_err().to_string();
        for word in words {
            assert!(said.contains(word), "`{word}`: {said}");
        }
    }

    #[test]
    fn what_was_written_is_found_whole_and_a_file_that_changed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        refused(at, &["no backup", "manifest.json"]);
        manifest(at, "MEMORY.snapshot").write(at).unwrap();
        let read = Manifest::read(at).unwrap();
        read.check(at).unwrap();
        assert_eq!((read.messages().unwrap(), read.streams[0].extent().unwrap().last_sequence), (3, 4));
        fs::write(at.join("MEMORY.snapshot"), "what was Kept").unwrap();
        refused(at, &["MEMORY.snapshot is damaged", "SHA-256", "Nothing was made"]);
        fs::write(at.join("MEMORY.snapshot"), "what").unwrap();
        refused(at, &["MEMORY.snapshot is damaged", "4 bytes"]);
        fs::remove_file(at.join("MEMORY.snapshot")).unwrap();
        refused(at, &["MEMORY.snapshot is damaged"]);
        fs::write(at.join(NAME), "{").unwrap();
        refused(at, &["manifest.json is damaged"]);
    }

    #[test]
    fn a_manifest_names_files_beside_it_alone_and_streams_that_are_known() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["../MEMORY.snapshot", "/etc/passwd", ""] {
            manifest(folder.path(), file).write(folder.path()).unwrap();
            refused(folder.path(), &["by a path"]);
        }
        let mut newer = manifest(folder.path(), "MEMORY.snapshot");
        newer.streams[0].stream = "FUTURE".to_owned();
        assert!(newer.streams[0].name().is_err());
        newer.form = FORM + 1;
        newer.write(folder.path()).unwrap();
        refused(folder.path(), &["form 2", "version 0.1.0"]);
    }
}
