//! What an import found: every file, and what is to become of it.

use std::path::{Path, PathBuf};

use commune_proto::{agent::v1::Note, librarian::v1::Article};
use walkdir::{DirEntry, WalkDir};

/// Folders that are never looked into: they belong to tools.
const SKIPPED: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// Most bytes of a file that is looked at; larger ones are refused.
const FILE_LIMIT: u64 = 16 << 20;

/// Every file of a folder, in order.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The files.
    pub(super) items: Vec<Item>,
}

/// A file.
#[derive(Debug)]
pub(super) struct Item {
    /// Its path in the folder, with `/`.
    pub(super) path: String,
    /// What it gives.
    pub(super) what: What,
}

/// What becomes of a file.
#[derive(Debug)]
pub(super) enum What {
    /// Notes of an agent.
    Notes(Vec<Piece>),
    /// An article of the library.
    Article(Box<Article>),
    /// Nothing, and why that is right.
    LeftAlone(String),
    /// Nothing, and what to do about it.
    Refused(String),
}

/// A note with its id.
#[derive(Debug)]
pub(super) struct Piece {
    /// Derived from the path, the place in the file and the content.
    pub(super) id: String,
    /// The note.
    pub(super) note: Note,
}

/// A file that can be read.
#[derive(Debug)]
pub(super) struct File {
    /// Its path in the folder, with `/`.
    pub(super) path: String,
    at: PathBuf,
}

impl File {
    /// Its text.
    pub(super) fn text(&self) -> Result<String, String> {
        let size = std::fs::metadata(&self.at).map_err(|error| error.to_string())?.len();
        if size > FILE_LIMIT {
            return Err(format!("the file has {size} bytes; at most {FILE_LIMIT} are looked at: divide it"));
        }
        let bytes = std::fs::read(&self.at).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|error| {
            format!("not UTF-8 (byte {}): convert it first, for example with iconv", error.utf8_error().valid_up_to())
        })
    }
}

/// The files of a folder in order, hidden ones and links left out; what cannot be read is put into the plan.
pub(super) fn files(root: &Path, plan: &mut Plan) -> Vec<File> {
    let mut files = Vec::new();
    let walk =
        WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(|entry| entry.depth() == 0 || wanted(entry));
    for entry in walk {
        let refuse = |path: &Path, why: String| Item { path: relative(root, path), what: What::Refused(why) };
        match entry {
            Err(error) => plan.items.push(refuse(error.path().unwrap_or(root), error.to_string())),
            Ok(entry) if entry.file_type().is_file() => match entry.path().to_str() {
                Some(_) => files.push(File { path: relative(root, entry.path()), at: entry.into_path() }),
                None => plan.items.push(refuse(entry.path(), "its name is not UTF-8: rename it".to_owned())),
            },
            Ok(_) => {}
        }
    }
    files
}

fn wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !name.starts_with('.') && !SKIPPED.contains(&name.as_ref())
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
