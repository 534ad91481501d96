//! The folder that an export writes into: what stands there, what is ours, and how a file becomes another.
//!
//! **Nothing is written outside the folder, and no link in it is followed**: every step down to a file is opened below the one before, as a
//! folder and no link, and a new file takes the place of the old one in one step. **Only what an export wrote is replaced or removed**: a manifest
//! beside the files says what that was, and it names what is coming before it comes, so that an export that was killed is taken up by the
//! next. A file that somebody changed is theirs; it is kept, and told.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use rustix::{
    fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, flock, fstat, mkdirat, open, openat, renameat, unlinkat},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// Most bytes of a manifest.
const MANIFEST_BYTES: u64 = 256 << 20;

/// What an export wrote, and what the one that runs is about to write.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    /// The SHA-256 of each file, by path.
    files: BTreeMap<String, String>,
    /// The same of what is coming; empty when an export came to its end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    coming: BTreeMap<String, String>,
}

impl Manifest {
    fn is_ours(&self, path: &str, hash: &str) -> bool {
        [&self.files, &self.coming].into_iter().any(|files| files.get(path).is_some_and(|ours| ours == hash))
    }
}

/// What became of a folder's files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Files that came new.
    pub(super) new: usize,
    /// Files that became others.
    pub(super) changed: usize,
    /// Files that were there already.
    pub(super) same: usize,
    /// Files that went.
    pub(super) removed: usize,
    /// Files that were kept as they are, with the reason.
    pub(super) kept: Vec<(String, &'static str)>,
}

impl Done {
    /// As JSON.
    pub(super) fn json(&self) -> Value {
        let kept: Vec<Value> = self.kept.iter().map(|(file, why)| json!({"file": file, "reason": why})).collect();
        json!({"new": self.new, "changed": self.changed, "same": self.same, "removed": self.removed, "kept": kept})
    }
}

/// The folder, while one export writes into it.
#[derive(Debug)]
pub(super) struct Folder {
    root: OwnedFd,
    shown: PathBuf,
    manifest_file: String,
    before: Manifest,
    coming: BTreeMap<String, String>,
    done: Done,
}

/// How a file comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// Nothing stands there.
    New,
    /// In the place of another, which was ours.
    Change,
}

/// What stands where a file is to be.
enum Stands {
    Nothing,
    File(String),
    Other(&'static str),
}

impl Folder {
    /// Opens the folder for one kind of export, and makes it where there is none.
    pub(super) fn open(dir: &Path, kind: &str) -> Result<Self, Failure> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let root = open(dir, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(std::io::Error::from)
            .with_context(|| format!("cannot open the folder {}", dir.display()))?;
        match flock(&root, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let dir = dir.display();
                return Err(Failure::Unavailable(format!(
                    "another export is writing into {dir}: try again when it is done"
                )));
            }
            Err(error) => return Err(std::io::Error::from(error).into()),
        }
        let mut folder = Self {
            root,
            shown: dir.to_owned(),
            manifest_file: format!(".commune-{kind}.json"),
            before: Manifest::default(),
            coming: BTreeMap::new(),
            done: Done::default(),
        };
        folder.before = folder.manifest()?;
        Ok(folder)
    }

    /// Says what is coming: the SHA-256 of each file, by path. What an export wrote before and is not among it goes at the end.
    pub(super) fn begin(&mut self, coming: BTreeMap<String, String>) -> Result<(), Failure> {
        self.coming = coming;
        self.before.coming = self.coming.clone();
        self.keep(&self.before)
    }

    /// How a file is to be written; none when it is there as it is to be, or is somebody else's.
    pub(super) fn wants(&mut self, path: &str) -> Result<Option<Want>, Failure> {
        let wanted = self.coming.get(path).map(String::as_str).unwrap_or_default();
        match self.stands(path)? {
            Stands::Nothing => return Ok(Some(Want::New)),
            Stands::File(hash) if hash == wanted => self.done.same += 1,
            Stands::File(hash) if self.before.is_ours(path, &hash) => return Ok(Some(Want::Change)),
            Stands::File(_) => self.kept(path, "changed by hand, or not of an export"),
            Stands::Other(what) => self.kept(path, what),
        }
        Ok(None)
    }

    /// Writes a file that is wanted.
    pub(super) fn write(&mut self, path: &str, bytes: &[u8], want: Want) -> Result<(), Failure> {
        let told = || format!("cannot write {}", self.shown.join(path).display());
        let (folders, name) = split(path)?;
        let folder = self.down(&folders, true).with_context(told)?.with_context(told)?;
        put(&folder, name, bytes).with_context(told)?;
        match want {
            Want::New => self.done.new += 1,
            Want::Change => self.done.changed += 1,
        }
        Ok(())
    }

    /// A file does not come after all.
    pub(super) fn forget(&mut self, path: &str) {
        self.coming.remove(path);
    }

    /// Takes away what an earlier export wrote and this one did not, and keeps what this one wrote. Gives what became of all.
    pub(super) fn end(mut self) -> Result<Done, Failure> {
        let mut gone: Vec<String> = self.before.files.keys().cloned().collect();
        gone.retain(|path| !self.coming.contains_key(path));
        for path in gone {
            match self.stands(&path)? {
                Stands::Nothing => {}
                Stands::File(hash) if self.before.is_ours(&path, &hash) => {
                    self.remove(&path)?;
                    self.done.removed += 1;
                }
                Stands::File(_) => self.kept(&path, "changed by hand, and no longer a part of the export"),
                Stands::Other(what) => self.kept(&path, what),
            }
        }
        let mut files = std::mem::take(&mut self.coming);
        for (path, _) in &self.done.kept {
            // what was ours of it once does not make it ours
            match self.before.files.get(path).filter(|_| files.contains_key(path)) {
                Some(hash) => drop(files.insert(path.clone(), hash.clone())),
                None => drop(files.remove(path)),
            }
        }
        self.keep(&Manifest { files, coming: BTreeMap::new() })?;
        Ok(self.done)
    }

    fn kept(&mut self, path: &str, why: &'static str) {
        self.done.kept.push((path.to_owned(), why));
    }

    fn manifest(&self) -> Result<Manifest, Failure> {
        let file = &self.manifest_file;
        let refuse = |problem: &str| {
            let file = self.shown.join(file);
            Failure::Refused(format!(
                "{}: {problem}. Remove it, and what stands in the folder is taken for made by hand",
                file.display()
            ))
        };
        let opened = match read(&self.root, file) {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(Manifest::default()),
            Err(what) => return Err(refuse(&what)),
        };
        let mut text = Vec::new();
        opened.take(MANIFEST_BYTES).read_to_end(&mut text)?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| refuse(&format!("no manifest: {error}")))?;
        match manifest.files.keys().chain(manifest.coming.keys()).find(|path| split(path).is_err()) {
            Some(path) => Err(refuse(&format!("`{path}` is no file of an export"))),
            None => Ok(manifest),
        }
    }

    fn keep(&self, manifest: &Manifest) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(manifest).map_err(std::io::Error::from)?;
        text.push(b'\n');
        let told = || format!("cannot write {}", self.shown.join(&self.manifest_file).display());
        put(&self.root, &self.manifest_file, &text).with_context(told)?;
        Ok(())
    }

    fn stands(&self, path: &str) -> Result<Stands, Failure> {
        let (folders, name) = split(path)?;
        let folder = match self.down(&folders, false) {
            Ok(Some(folder)) => folder,
            Ok(None) => return Ok(Stands::Nothing),
            Err(error) if is_in_the_way(&error) => {
                return Ok(Stands::Other("a link or a file stands where its folder is to be"));
            }
            Err(error) => return Err(error.into()),
        };
        let mut file = match read(&folder, name) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(Stands::Nothing),
            Err(_) => return Ok(Stands::Other("a link, a folder or a device stands there")),
        };
        let mut hash = Sha256::new();
        std::io::copy(&mut file, &mut hash)
            .with_context(|| format!("cannot read {}", self.shown.join(path).display()))?;
        Ok(Stands::File(hex::encode(hash.finalize())))
    }

    /// The folder below the root; none when it is not there and is not to be made. **Follows no link.**
    fn down(&self, folders: &[&str], make: bool) -> std::io::Result<Option<OwnedFd>> {
        let mut at = self.root.try_clone()?;
        for folder in folders {
            if make {
                match mkdirat(&at, *folder, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            at = match openat(&at, *folder, flags, Mode::empty()) {
                Ok(inner) => inner,
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Some(at))
    }

    /// Takes a file away, and the folders that it leaves empty.
    fn remove(&self, path: &str) -> Result<(), Failure> {
        let told = || format!("cannot remove {}", self.shown.join(path).display());
        let (folders, name) = split(path)?;
        let Some(folder) = self.down(&folders, false).with_context(told)? else { return Ok(()) };
        unlinkat(&folder, name, AtFlags::empty()).map_err(std::io::Error::from).with_context(told)?;
        for depth in (1..=folders.len()).rev() {
            let Some(outer) = self.down(&folders[..depth - 1], false).with_context(told)? else { break };
            if unlinkat(&outer, folders[depth - 1], AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// The SHA-256 of a file, as the manifest has it.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The folders and the name of a path; **refused is whatever could lead elsewhere**.
fn split(path: &str) -> Result<(Vec<&str>, &str), Failure> {
    let mut parts: Vec<&str> = path.split('/').collect();
    let leads_out = |part: &&str| matches!(*part, "" | "." | "..") || part.contains(['\\', '\0']) || part.len() > 255;
    match parts.pop() {
        Some(name) if !parts.iter().chain([&name]).any(leads_out) => Ok((parts, name)),
        _ => Err(Failure::Refused(format!("`{path}` is no path of a file in the folder: nothing is written there"))),
    }
}

/// Opens a file below a folder to be read; none when there is none. What is no file is refused with what it may be.
fn read(folder: &OwnedFd, name: &str) -> Result<Option<File>, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    match fstat(&file) {
        Ok(about) if FileType::from_raw_mode(about.st_mode) == FileType::RegularFile => Ok(Some(File::from(file))),
        Ok(_) => Err("it is no file".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Writes a file beside the place where it is to be, and puts it there in one step.
fn put(folder: &OwnedFd, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let beside = format!(".{name}.coming");
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let new = || openat(folder, beside.as_str(), flags, Mode::from_raw_mode(0o644));
    let file = match new() {
        // of an export that was killed
        Err(Errno::EXIST) => {
            unlinkat(folder, beside.as_str(), AtFlags::empty())?;
            new()?
        }
        file => file?,
    };
    File::from(file).write_all(bytes)?;
    Ok(renameat(folder, beside.as_str(), folder, name)?)
}

/// Whether something that is no folder stands on the way.
fn is_in_the_way(error: &std::io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTDIR | Errno::LOOP))
}
