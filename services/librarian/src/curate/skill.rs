//! Skills of files: known by their name, a version each time they change, never merged statement by statement.

use std::collections::BTreeMap;

use commune_knowledge::{
    hostile, secrets,
    skill::{self, File, Skill},
};
use commune_proto::ArticlePath;

use super::Piece;

/// The folder of the library for skills.
const FOLDER: &str = "skills";

/// The last gate for a skill's files: each as the specification says, and each looked at as the file that it is.
pub(super) fn gate(piece: &Piece) -> Option<String> {
    let files = skill::unpack(&piece.text).filter(|_| piece.kind == "skill")?;
    let skill = match skill::check(&files) {
        Ok(skill) => skill,
        Err(error) => return Some(format!("{error}; mend it, then share it again")),
    };
    if skill::pack(&skill).trim_end() != piece.text.trim_end() {
        return Some("skill:form: the text is not as `commune skill share` writes it: share the folder".to_owned());
    }
    files.iter().find_map(|file| {
        let secret =
            secrets::scan(&file.text).into_iter().next().map(|f| format!("secret:{} in line {}", f.rule, f.line));
        let found =
            || hostile::scan(&file.text).into_iter().next().map(|f| format!("hostile:{} in line {}", f.rule, f.line));
        secret.or_else(found).map(|found| format!("{found} of {}: take it out, then share it again", file.path))
    })
}

/// The skill of files that a contribution brings; none for every other.
pub(super) fn of(piece: &Piece) -> Option<Skill> {
    skill::unpack(&piece.text).filter(|_| piece.kind == "skill").and_then(|files| skill::check(&files).ok())
}

/// The page of a skill of files; none for every other contribution.
pub fn path(piece: &Piece) -> Option<ArticlePath> {
    ArticlePath::from_segments([FOLDER, &of(piece)?.name]).ok()
}

/// Whether a page holds the files of a skill.
pub(super) fn is_packed(body: &str) -> bool {
    skill::unpack(body).is_some()
}

/// What a version changes, file by file; none when it changes nothing. A page that was no skill of files changes whole.
pub(super) fn changes(before: &str, after: &str) -> Option<(usize, String)> {
    let by_path = |body: &str| -> BTreeMap<String, String> {
        let files: Vec<File> = skill::unpack(body).unwrap_or_default();
        files.into_iter().map(|file| (file.path, file.text)).collect()
    };
    if before.trim_end() == after.trim_end() {
        return None;
    }
    let (before, after) = (by_path(before), by_path(after));
    let mut told = Vec::new();
    let mut tell = |what: &str, paths: Vec<&String>| {
        let paths: Vec<&str> = paths.into_iter().map(String::as_str).collect();
        if !paths.is_empty() {
            told.push(format!("{what} {}", paths.join(", ")));
        }
        paths.len()
    };
    let changed = tell(
        "changes",
        after.iter().filter(|(p, t)| before.get(*p).is_some_and(|b| b != *t)).map(|(p, _)| p).collect(),
    );
    let added = tell("adds", after.keys().filter(|p| !before.contains_key(*p)).collect());
    let removed = tell("removes", before.keys().filter(|p| !after.contains_key(*p)).collect());
    if told.is_empty() {
        told.push("changes the description".to_owned());
    }
    Some(((changed + added + removed).max(1), told.join(", ")))
}
