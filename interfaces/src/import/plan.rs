//! What an import found: every file, and what is to become of it.

use std::path::{Path, PathBuf};

use commune_knowledge::{OUTPUT_MARK, heading};
use commune_proto::{agent::v1::Note, librarian::v1::Article};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use walkdir::{DirEntry, WalkDir};

/// Folders that are never looked into: they belong to tools.
const SKIPPED: [&str; 3] = ["node_modules", "target", "__pycache__"];

/// Most bytes of a file that is looked at; larger ones are refused.
const FILE_LIMIT: u64 = 64 << 20;

/// Tags of a note or an article, and most bytes of each.
const TAGS: usize = 32;
const TAG_LIMIT: usize = 64;

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
    /// One file.
    pub(super) fn of(path: &Path) -> Self {
        let name = path.file_name().map_or_else(|| "?".to_owned(), |name| name.to_string_lossy().into_owned());
        Self::at(&name, path)
    }

    /// A file that is known under another path.
    pub(super) fn at(path: &str, at: &Path) -> Self {
        Self { path: path.to_owned(), at: at.to_owned() }
    }

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

/// What the commune itself wrote is not brought back as if it had been learned: **outputs are never inputs.**
pub(super) fn written(text: &str) -> Option<What> {
    let own = text.trim_start().starts_with(OUTPUT_MARK);
    own.then(|| What::LeftAlone("the commune wrote it: that is nothing that was learned".to_owned()))
}

/// True when a list for language models is an export of a library.
pub(super) fn is_own_list(text: &str) -> bool {
    text.lines().take(10).any(|line| line.starts_with(OUTPUT_MARK))
}

/// Tags as the commune keeps them: lower case, sorted, each once, without `#`.
pub(super) fn tags(tags: impl IntoIterator<Item = String>) -> Vec<String> {
    let tags = tags.into_iter().map(|tag| tag.trim().trim_start_matches('#').to_lowercase());
    let mut tags: Vec<String> = tags.filter(|tag| (1..=TAG_LIMIT).contains(&tag.len())).collect();
    tags.sort();
    tags.dedup();
    tags.truncate(TAGS);
    tags
}

/// A time as others write it, as RFC 3339 or a date; empty for what is neither. Without a zone it is UTC.
pub(super) fn moment(text: &str) -> String {
    let text = text.trim();
    let timestamp = text.parse::<Timestamp>().ok();
    let utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => date.to_string(),
        _ => timestamp.or_else(utc).map(|at| at.to_string()).unwrap_or_default(),
    }
}

/// Seconds since 1970, or milliseconds where they are that many, as RFC 3339; empty for what is no time.
pub(super) fn moment_of_seconds(seconds: f64) -> String {
    let seconds = if seconds > 100_000_000_000.0 { seconds / 1000.0 } else { seconds };
    let milliseconds = (seconds * 1000.0).round();
    #[allow(clippy::cast_possible_truncation, reason = "the bounds are looked at before")]
    let at = (milliseconds.abs() < 1e15).then(|| Timestamp::from_millisecond(milliseconds as i64).ok()).flatten();
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// The kind that a word of another memory means: what others may be told, if it says so, else a fact.
pub(super) fn kind(word: &str) -> &'static str {
    let word = word.trim().to_lowercase().replace(['_', '-'], " ");
    match word.as_str() {
        "preference" | "preferences" | "user preference" | "user preferences" | "user" | "feedback" => "preference",
        "log" | "diary" | "session" | "task" => "log",
        "pattern" => "pattern",
        "error" => "error",
        "technique" | "method" | "procedure" => "how-to",
        word => match heading::announcement(word).filter(heading::Announcement::is_only_a_kind) {
            Some(announced) => announced.kind.as_str(),
            None => "fact",
        },
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
