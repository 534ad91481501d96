//! What a skill needs beside itself: other skills and articles, named in `metadata.requires` of its `SKILL.md`.
//!
//! The specification leaves `metadata` to whoever writes it, a mapping of texts; `requires` is one text with names in it, separated
//! by commas or spaces: `requires: find-the-disk, how-to/rotate-logs`.

use super::is_name;
use crate::document::Document;

/// Names that are looked at.
pub const REQUIRED_LIMIT: usize = 32;
/// Most bytes of a word that is shown.
const SHOWN: usize = 80;

/// Something that a skill needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// Another skill, by its name.
    Skill(String),
    /// An article, by its path.
    Article(String),
    /// A word that is neither.
    Unknown(String),
}

/// What a `SKILL.md` says that it needs, in its order, each once; the skill itself and what is beyond [`REQUIRED_LIMIT`] are left out.
pub fn requirements(main: &str) -> Vec<Requirement> {
    let Ok(document) = Document::parse(main) else { return Vec::new() };
    let own = document.text_field("name").unwrap_or_default().trim().to_owned();
    let said = document.texts_of("metadata").remove("requires").unwrap_or_default();
    let mut found = Vec::new();
    for word in said.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
        let requirement = requirement(word);
        if !found.contains(&requirement) && requirement != Requirement::Skill(own.clone()) {
            found.push(requirement);
        }
    }
    found.truncate(REQUIRED_LIMIT);
    found
}

fn requirement(word: &str) -> Requirement {
    let path = word.strip_prefix("articles/").unwrap_or(word);
    let skill = path.strip_prefix("skills/").unwrap_or(path);
    let segment = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if is_name(skill) {
        Requirement::Skill(skill.to_owned())
    } else if path.contains('/') && path.split('/').all(segment) {
        Requirement::Article(path.to_owned())
    } else {
        Requirement::Unknown(word.chars().take(SHOWN).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(metadata: &str, expected: &[Requirement]) {
        let main = format!("---\nname: rotate-logs\ndescription: Rotates.\n{metadata}---\n# Rotate\n");
        assert_eq!(requirements(&main), expected, "{metadata}");
    }

    #[test]
    fn skills_and_articles_are_named_in_the_metadata() {
        let [disk, logs] =
            [Requirement::Skill("find-the-disk".into()), Requirement::Article("how-to/rotate-logs".into())];
        check("metadata:\n  requires: find-the-disk, how-to/rotate-logs\n", &[disk.clone(), logs.clone()]);
        check(
            "metadata: {version: 1.0, requires: \"skills/find-the-disk articles/how-to/rotate-logs\"}\n",
            &[disk.clone(), logs.clone()],
        );
        check("metadata:\n  requires:\n    - find-the-disk\n    - find-the-disk\n    - rotate-logs\n", &[disk]);
        check("metadata:\n  author: ada\n", &[]);
        check("metadata: none\nlicense: MIT\n", &[]);
        check("", &[]);
        check("metadata:\n  requires: Python>=3\n", &[Requirement::Unknown("Python>=3".into())]);
    }

    #[test]
    fn so_many_are_looked_at() {
        let names: Vec<String> = (0..40).map(|n| format!("skill-{n}")).collect();
        let main = format!("---\nname: x\nmetadata:\n  requires: {}\n---\n", names.join(", "));
        assert_eq!(requirements(&main).len(), REQUIRED_LIMIT);
        assert!(requirements("no front matter").is_empty());
    }
}
