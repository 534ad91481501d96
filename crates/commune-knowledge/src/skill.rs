//! Skills: folders with a `SKILL.md`, by the Agent Skills specification (agentskills.io), as text and nothing else.
//!
//! **A skill is data**: its files are checked, compared and shown; nothing here, or anywhere in the commune, runs one. A folder travels as
//! one Markdown text ([`pack`]) from which the same files come again ([`unpack`]), so that every rule for texts reads all of it.

mod links;
mod packed;
mod requires;

use std::collections::BTreeSet;

use crate::{
    document::{Document, Value},
    normalize,
};

pub use packed::{pack, unpack};
pub use requires::{REQUIRED_LIMIT, Requirement, requirements};

/// The file that makes a folder a skill.
pub const MAIN: &str = "SKILL.md";
/// Most files of a skill.
pub const FILES_LIMIT: usize = 64;
/// Most bytes of a skill as one text: as much as a note has.
pub const BYTES_LIMIT: usize = 256 * 1024;
/// Most lines of the body of `SKILL.md`, as the specification recommends.
pub const LINES_LIMIT: usize = 500;
/// Most bytes of a path, and most folders and names in it.
const PATH_BYTES: usize = 200;
const PATH_SEGMENTS: usize = 5;
/// Bounds of the specification, in characters.
const NAME_CHARS: usize = 64;
const DESCRIPTION_CHARS: usize = 1024;
const COMPATIBILITY_CHARS: usize = 500;

/// One text file of a skill.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct File {
    /// Its path in the folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// A skill whose every file was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Its name, which is that of its folder.
    pub name: String,
    /// What it does and when it helps.
    pub description: String,
    /// Its files: `SKILL.md`, then the others by path; in NFC, with `\n`, and with a line end at the end.
    pub files: Vec<File>,
}

/// Why files are no skill: the rule, the file, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("skill:{rule}: {file}: {problem}")]
pub struct SkillError {
    /// The rule, such as `name` or `link`.
    pub rule: &'static str,
    /// The file, as given.
    pub file: String,
    /// What is wrong and what is allowed.
    pub problem: String,
}

impl SkillError {
    fn new(rule: &'static str, file: &str, problem: impl Into<String>) -> Self {
        Self { rule, file: file.chars().take(PATH_BYTES).collect(), problem: problem.into() }
    }
}

/// Checks the files of a folder and brings them into their form. Does not depend on their order.
///
/// # Errors
/// [`SkillError`] for the first thing that is not as the specification says, in the order of the paths.
pub fn check(files: &[File]) -> Result<Skill, SkillError> {
    if files.len() > FILES_LIMIT {
        let problem = format!("{} files; at most {FILES_LIMIT} are allowed", files.len());
        return Err(SkillError::new("files", MAIN, problem));
    }
    let mut files: Vec<File> =
        files.iter().map(|file| File { path: file.path.clone(), text: stored(&file.text) }).collect();
    files.sort_by(|l, r| (l.path != MAIN, &l.path).cmp(&(r.path != MAIN, &r.path)));
    let mut seen = BTreeSet::new();
    for file in &files {
        check_path(&file.path)?;
        if !seen.insert(file.path.to_lowercase()) {
            return Err(SkillError::new("path", &file.path, "two files have this path, but for upper and lower case"));
        }
        if let Some(control) = file.text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            let problem = format!("it holds U+{:04X}: only text files can be shared", u32::from(control));
            return Err(SkillError::new("text", &file.path, problem));
        }
    }
    let main = files.first().filter(|file| file.path == MAIN);
    let main =
        main.ok_or_else(|| SkillError::new("main", MAIN, "the folder has no such file: a skill begins with it"))?;
    let (name, description) = check_main(main)?;
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for file in files.iter().filter(|file| file.path.to_lowercase().ends_with(".md")) {
        links::check(file, &paths)?;
    }
    let skill = Skill { name, description, files };
    match pack(&skill).len() {
        0..=BYTES_LIMIT => Ok(skill),
        bytes => {
            let problem = format!("together the files have {bytes} bytes; at most {BYTES_LIMIT} are allowed");
            Err(SkillError::new("size", MAIN, problem))
        }
    }
}

/// A text in the form in which it is kept.
fn stored(text: &str) -> String {
    let mut text = normalize::text(text);
    text.push('\n');
    text
}

fn check_path(path: &str) -> Result<(), SkillError> {
    let refuse = |problem: &str| Err(SkillError::new("path", path, problem));
    let segments: Vec<&str> = path.split('/').collect();
    if path.len() > PATH_BYTES || segments.len() > PATH_SEGMENTS {
        return refuse("a path has at most 200 bytes and 5 parts");
    }
    for segment in segments {
        if segment.is_empty() || segment == "." || segment == ".." {
            return refuse("a path leads from the skill's folder down to a file: no leading `/`, no `.`, no `..`");
        }
        if segment.starts_with('.') {
            return refuse("hidden files and folders are not shared: leave it out");
        }
        if !segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')) {
            return refuse("a path has letters, digits, `.`, `_` and `-` of ASCII only: name it so");
        }
    }
    Ok(())
}

fn check_main(main: &File) -> Result<(String, String), SkillError> {
    let refuse = |rule, problem: String| SkillError::new(rule, MAIN, problem);
    let document = Document::parse(&main.text).map_err(|error| refuse("front-matter", error.to_string()))?;
    if document.front_matter_raw.is_empty() {
        return Err(refuse("front-matter", "it begins with front matter that has `name` and `description`".to_owned()));
    }
    let field = |key: &'static str, most: usize| match document.front_matter.get(key) {
        None => Ok(String::new()),
        Some(Value::Text(text)) if text.chars().count() <= most => Ok(text.trim().to_owned()),
        Some(Value::Text(text)) => {
            Err(refuse(key, format!("`{key}` has {} characters; at most {most} are allowed", text.chars().count())))
        }
        Some(_) => Err(refuse(key, format!("`{key}` is not a text"))),
    };
    let name = field("name", NAME_CHARS)?;
    if !is_name(&name) {
        let problem = "`name` has 1 to 64 of a-z, 0-9 and `-`, none at its ends and no two together".to_owned();
        return Err(refuse("name", problem));
    }
    let description = field("description", DESCRIPTION_CHARS)?;
    if description.is_empty() {
        return Err(refuse(
            "description",
            "`description` says in 1 to 1,024 characters what the skill does and when".to_owned(),
        ));
    }
    field("license", DESCRIPTION_CHARS)?;
    field("compatibility", COMPATIBILITY_CHARS)?;
    let lines = document.body.trim().lines().count();
    if lines == 0 || lines > LINES_LIMIT {
        let problem =
            format!("the body has {lines} lines; 1 to {LINES_LIMIT} are allowed: move the rest into `references/`");
        return Err(refuse("body", problem));
    }
    Ok((name, description.split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// Whether a path leads from a skill's folder down to a file of it, as [`check`] wants it.
pub fn is_path(path: &str) -> bool {
    check_path(path).is_ok()
}

/// Whether a skill, and so its folder, may have this name.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests;
