//! A skill's folder among what agents say: its files are checked, and become one text.

use commune_knowledge::skill::{self, File, Skill};

use super::{IntakeError, NoteFields};

/// The note of a skill: its text holds the files, its title is the skill's name, and its key makes the newest version take the place of
/// an earlier one. Every other note as it is.
pub(super) fn packed(fields: NoteFields) -> Result<NoteFields, IntakeError> {
    let is_skill = matches!(fields.kind.trim().to_lowercase().as_str(), "skill" | "skills");
    if fields.files.is_empty() {
        let Some(files) = skill::unpack(&fields.text).filter(|_| is_skill) else { return Ok(fields) };
        return checked(&files).map(|skill| named(fields, &skill));
    }
    let refuse = |field, problem: &str| Err(IntakeError::Field { field, problem: problem.to_owned() });
    if !is_skill && !fields.kind.trim().is_empty() {
        return refuse("kind", "files belong to a note of kind `skill`; send other files as artifacts");
    }
    if !(fields.text.trim().is_empty() && fields.key.trim().is_empty() && fields.title.trim().is_empty()) {
        return refuse(
            "files",
            "a skill's text is its SKILL.md, and its name there is its title: leave text, key and title empty",
        );
    }
    let files: Vec<File> =
        fields.files.iter().map(|file| File { path: file.path.clone(), text: file.text.clone() }).collect();
    checked(&files).map(|skill| named(fields, &skill))
}

fn checked(files: &[File]) -> Result<Skill, IntakeError> {
    skill::check(files).map_err(|error| IntakeError::Field { field: "files", problem: error.to_string() })
}

fn named(fields: NoteFields, skill: &Skill) -> NoteFields {
    NoteFields {
        text: skill::pack(skill),
        kind: "skill".to_owned(),
        key: format!("skill/{}", skill.name),
        title: skill.name.clone(),
        files: Vec::new(),
        ..fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::FileFields;

    const MAIN: &str = "---\nname: rotate-logs\ndescription: Rotates logs.\n---\nRun scripts/rotate.sh.\n";

    fn note(kind: &str, files: &[(&str, &str)]) -> NoteFields {
        let file = |(path, text): &(&str, &str)| FileFields { path: (*path).into(), text: (*text).into() };
        NoteFields { kind: kind.into(), files: files.iter().map(file).collect(), ..NoteFields::default() }
    }

    #[test]
    fn a_folder_becomes_one_text_and_is_known_by_its_name() {
        for kind in ["skill", "", "Skill "] {
            let packed = packed(note(kind, &[("scripts/rotate.sh", "rotate"), ("SKILL.md", MAIN)])).unwrap();
            assert_eq!(
                (packed.title.as_str(), packed.key.as_str(), packed.kind.as_str()),
                ("rotate-logs", "skill/rotate-logs", "skill")
            );
            assert_eq!(skill::unpack(&packed.text).map(|files| files.len()), Some(2));
            assert_eq!(super::packed(packed.clone()), Ok(packed), "said as its text it is the same skill");
        }
        let plain = NoteFields { text: "# Rotate\n\nAs it was.".into(), ..note("skill", &[]) };
        assert_eq!(packed(plain.clone()), Ok(plain), "a text of its own is a skill as it is");
    }

    #[test]
    fn what_is_no_skill_is_refused_with_its_rule() {
        let check = |fields: NoteFields, words: &str| {
            let error = packed(fields).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        };
        check(note("lesson", &[("SKILL.md", MAIN)]), "kind: files belong to a note of kind `skill`");
        check(note("skill", &[("readme.md", "x")]), "files: skill:main: SKILL.md: the folder has no such file");
        check(note("skill", &[("SKILL.md", MAIN), ("../x", "x")]), "skill:path: ../x: ");
        check(
            NoteFields { text: "x".into(), ..note("skill", &[("SKILL.md", MAIN)]) },
            "leave text, key and title empty",
        );
        let text =
            packed(note("skill", &[("SKILL.md", MAIN)])).unwrap().text.replace("name: rotate-logs", "name: Rotate");
        check(NoteFields { text, ..note("skill", &[]) }, "skill:name: SKILL.md");
    }
}
