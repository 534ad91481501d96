//! The folder into which a skill is installed: what stands there, and how it becomes another, all at once.
//!
//! **Nothing is written through a link, and nothing outside the folder**: the new folder is built beside the old one from files that are made
//! new there, and takes its place in one step. What is not the skill's stays in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, symlink},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use commune_knowledge::skill::{BYTES_LIMIT, is_path};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use super::plan::{Action, Present, Step};
use crate::failure::Failure;

/// Most files, folders and links that a folder may hold beside the skill.
const ENTRIES_LIMIT: usize = 10_000;
/// Most bytes of a manifest: a skill's paths with their hashes.
const MANIFEST_BYTES: u64 = 256 * 1024;

/// What an install brought, kept beside the folder as `.<name>.skill.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The skill.
    pub(super) skill: String,
    /// Its version.
    pub(super) version: u32,
    /// The SHA-256 of each file, by path.
    pub(super) files: BTreeMap<String, String>,
}

/// Where a skill is installed: a folder of its name in a folder.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder that holds it.
    pub(super) dir: PathBuf,
    /// The skill.
    pub(super) name: String,
}

impl Place {
    /// The skill's own folder.
    pub(super) fn folder(&self) -> PathBuf {
        self.dir.join(&self.name)
    }

    fn manifest_file(&self) -> PathBuf {
        self.dir.join(format!(".{}.skill.json", self.name))
    }

    /// What was installed there; nothing where none was.
    pub(super) fn manifest(&self) -> Result<Manifest, Failure> {
        let file = self.manifest_file();
        let refuse = |problem: String| {
            let file = file.display();
            Failure::Refused(format!("{file}: {problem}. Remove it, and what stands there is taken for made by hand"))
        };
        let about = match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::default()),
            about => about.with_context(|| format!("cannot read {}", file.display()))?,
        };
        if !about.is_file() || about.len() > MANIFEST_BYTES {
            return Err(refuse("not a manifest of at most 256 KiB".to_owned()));
        }
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| refuse(format!("no manifest: {error}")))?;
        match manifest.files.keys().find(|path| !is_path(path)) {
            Some(path) => Err(refuse(format!("`{path}` is no file of a skill"))),
            None if manifest.skill != self.name => Err(refuse(format!("it is of the skill `{}`", manifest.skill))),
            None => Ok(manifest),
        }
    }

    /// Writes what was installed, in one step.
    pub(super) fn keep(&self, manifest: &Manifest) -> Result<(), Failure> {
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        serde_json::to_writer_pretty(&mut file, manifest).map_err(std::io::Error::from)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(self.manifest_file()).map_err(|error| error.error)?;
        Ok(())
    }

    /// What stands where these files are to be. Follows no link.
    pub(super) fn present<'a>(
        &self,
        paths: impl Iterator<Item = &'a String>,
    ) -> Result<BTreeMap<String, Present>, Failure> {
        let folder = self.folder();
        match kind_of(&folder)? {
            None => return Ok(BTreeMap::new()),
            Some(Kind::Folder) => {}
            Some(_) => {
                let folder = folder.display();
                return Err(Failure::Refused(format!(
                    "{folder} is no folder (a symbolic link is none either): move it away"
                )));
            }
        }
        let mut present = BTreeMap::new();
        for path in paths {
            if let Some(found) = stands(&folder, path)? {
                present.insert(path.clone(), found);
            }
        }
        Ok(present)
    }

    /// Carries the steps out: all of them, or none.
    pub(super) fn carry_out(&self, steps: &[Step]) -> Result<(), Failure> {
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot make {}", self.dir.display()))?;
        // beside it, on the same file system; whatever is left of it goes with the end of this function
        let beside = tempfile::Builder::new().prefix(&format!(".{}.", self.name)).tempdir_in(&self.dir)?;
        let new = beside.path().join("new");
        fs::DirBuilder::new().mode(0o755).create(&new)?;
        let folder = self.folder();
        let stands = kind_of(&folder)?.is_some();
        if stands {
            Rest::of(steps).copy(&folder, &new)?;
        }
        for step in steps.iter().filter(|step| step.action != Action::Same) {
            let Some(text) = &step.after else { continue };
            let file = new.join(&step.path);
            fs::create_dir_all(file.parent().unwrap_or(&new))?;
            let mut file = fs::File::create_new(&file)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        for gone in steps.iter().filter(|step| step.action == Action::Remove) {
            // a folder that has become empty goes, too; one that has not stays
            let mut above = Path::new(&gone.path).parent();
            while let Some(path) = above.filter(|path| !path.as_os_str().is_empty()) {
                if fs::remove_dir(new.join(path)).is_err() {
                    break;
                }
                above = path.parent();
            }
        }
        let how = if stands { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
        renameat_with(CWD, &new, CWD, &folder, how)
            .map_err(std::io::Error::from)
            .with_context(|| format!("cannot put {} in place", folder.display()))?;
        Ok(())
    }
}

enum Kind {
    Folder,
    File,
    Link,
    Other,
}

fn kind_of(path: &Path) -> Result<Option<Kind>, Failure> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        about => about.with_context(|| format!("cannot look at {}", path.display()))?,
    };
    let kind = about.file_type();
    Ok(Some(match () {
        () if kind.is_symlink() => Kind::Link,
        () if kind.is_dir() => Kind::Folder,
        () if kind.is_file() => Kind::File,
        () => Kind::Other,
    }))
}

/// What stands at a path of the folder, step by step down to it.
fn stands(folder: &Path, path: &str) -> Result<Option<Present>, Failure> {
    let mut at = folder.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let last = parts.peek().is_none();
        match (kind_of(&at)?, last) {
            (None, _) => return Ok(None),
            (Some(Kind::Folder), false) => {}
            (Some(Kind::Folder), true) => return Ok(Some(Present::Folder)),
            (Some(Kind::Link), _) => return Ok(Some(Present::Other("a symbolic link"))),
            (Some(Kind::File), true) if fs::symlink_metadata(&at)?.size() > 4 * BYTES_LIMIT as u64 => {
                return Ok(Some(Present::Other("a large file")));
            }
            (Some(Kind::File), true) => return Ok(Some(Present::File(fs::read(&at)?))),
            (Some(Kind::File), false) => return Ok(Some(Present::Other("a file"))),
            (Some(Kind::Other), _) => return Ok(Some(Present::Other("a pipe or a device"))),
        }
    }
    Ok(None)
}

/// What is carried over from the old folder: all that the steps do not touch.
struct Rest {
    /// Files that are made anew, or go.
    touched: BTreeSet<String>,
    /// Folders that new files need.
    folders: BTreeSet<String>,
    entries: usize,
}

impl Rest {
    fn of(steps: &[Step]) -> Self {
        let touched: BTreeSet<String> =
            steps.iter().filter(|step| step.action != Action::Same).map(|step| step.path.clone()).collect();
        let above =
            |path: &String| -> Vec<String> { path.match_indices('/').map(|(at, _)| path[..at].to_owned()).collect() };
        let folders = steps.iter().filter(|step| step.after.is_some()).flat_map(|step| above(&step.path)).collect();
        Self { touched, folders, entries: 0 }
    }

    fn copy(mut self, from: &Path, to: &Path) -> Result<(), Failure> {
        self.folder(from, to, "")
    }

    fn folder(&mut self, from: &Path, to: &Path, prefix: &str) -> Result<(), Failure> {
        for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
            let entry = entry?;
            self.entries += 1;
            if self.entries > ENTRIES_LIMIT {
                return Err(Failure::Refused(format!(
                    "the folder holds more than {ENTRIES_LIMIT} files beside the skill: move them away"
                )));
            }
            // a name that is no UTF-8 is none of the skill's
            let path = entry.file_name().to_str().map(|name| format!("{prefix}{name}"));
            let (old, new) = (entry.path(), to.join(entry.file_name()));
            let is = |paths: &BTreeSet<String>| path.as_ref().is_some_and(|path| paths.contains(path));
            match kind_of(&old)? {
                None => {}
                Some(Kind::Folder) => {
                    fs::DirBuilder::new().mode(fs::symlink_metadata(&old)?.mode() & 0o7777).create(&new)?;
                    let prefix = path.map_or_else(|| "\u{0}/".to_owned(), |path| format!("{path}/"));
                    self.folder(&old, &new, &prefix)?;
                }
                Some(_) if is(&self.touched) || is(&self.folders) => {}
                // the same file under a second name: nothing of it is read or written
                Some(Kind::File) => fs::hard_link(&old, &new)
                    .or_else(|_| fs::copy(&old, &new).map(|_| ()))
                    .with_context(|| format!("cannot carry {} over", old.display()))?,
                Some(Kind::Link) => symlink(fs::read_link(&old)?, &new)?,
                Some(Kind::Other) => {
                    let old = old.display();
                    return Err(Failure::Refused(format!("{old} is a pipe or a device: move it away")));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
