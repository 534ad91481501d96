//! `commune skill install`: a version of a skill into a folder, with a diff against what is there.

use std::path::PathBuf;

use clap::Args;
use commune_knowledge::skill::{self, File};
use commune_proto::AgentId;
use serde_json::json;

use super::{
    get,
    needs::{Needs, tell},
    place::{Manifest, Place},
    plan::{Action, Present, Step, diff, hash, plan},
};
use crate::{connect::Session, failure::Failure, output::Output};

#[derive(Debug, Args)]
pub(super) struct Install {
    /// Its name, or its name and a version: rotate-the-logs, rotate-the-logs@2
    #[arg(value_name = "NAME[@VERSION]")]
    skill: String,
    /// The folder of skills; a folder of the skill's name is made in it
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace also what was changed by hand
    #[arg(long, visible_alias = "yes")]
    force: bool,
    /// The agent that installs it: the skill's contributors hear with the night that somebody read it
    #[arg(long = "as", value_name = "AGENT")]
    reader: Option<AgentId>,
}

impl Install {
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let (name, version) = named(&self.skill)?;
        let (name, article) = get(session, name, version, self.reader.as_ref()).await?;
        let files = files(&name, &article.body)?;
        let place = Place { dir: self.to.clone(), name: name.clone() };
        let before = place.manifest()?;
        let present = place.present(files.iter().map(|file| &file.path).chain(before.files.keys()))?;
        let steps = plan(&files, &before.files, &present);
        let needs = Needs::of(session, &files, Some(&self.to)).await?;
        let changes = steps.iter().any(|step| step.action != Action::Same);
        if let Some(step) = steps.iter().find(|step| step.before == Some(Present::Folder)) {
            let file = place.folder().join(&step.path);
            return Err(Failure::Refused(format!("{} is a folder, and is to be a file: move it away", file.display())));
        }
        let by_hand: Vec<&str> = steps.iter().filter(|step| step.by_hand).map(|step| step.path.as_str()).collect();
        let refused = !by_hand.is_empty() && !self.force;
        let writes = !self.dry_run && !refused;
        if writes {
            if changes {
                place.carry_out(&steps)?;
            }
            let hashes = files.iter().map(|file| (file.path.clone(), hash(file.text.as_bytes())));
            let after = Manifest { skill: name.clone(), version: article.revision, files: hashes.collect() };
            if after != before {
                place.keep(&after)?;
            }
        }
        show(output, &place, (&name, article.revision), &steps, &needs, writes && changes);
        if refused {
            return Err(Failure::Refused(format!(
                "changed by hand since it was installed, or not installed at all: {}. Nothing was written; --force replaces what is \
                 there",
                by_hand.join(", ")
            )));
        }
        if !output.is_json() {
            let folder = place.folder();
            let (folder, version) = (folder.display(), article.revision);
            output.say(&match (changes, self.dry_run) {
                (false, _) => format!("{name} (version {version}) is in {folder} already"),
                (true, true) => format!("{name} (version {version}) would be put into {folder}; nothing was written"),
                (true, false) => {
                    format!("{name} (version {version}) is in {folder}; text to read, never run by the commune")
                }
            });
            tell(output, &needs);
        }
        Ok(())
    }
}

/// A name and the version that is pinned.
fn named(text: &str) -> Result<(&str, Option<u32>), Failure> {
    match text.split_once('@') {
        None => Ok((text, None)),
        Some((name, version)) => match version.trim_start_matches('v').parse() {
            Ok(number) if number > 0 => Ok((name, Some(number))),
            _ => Err(Failure::Usage(format!("`{version}` is not a version: write the number, such as {name}@2"))),
        },
    }
}

/// The files of a skill's page, checked once more: whoever serves them, they lead nowhere but into the skill's folder.
fn files(name: &str, body: &str) -> Result<Vec<File>, Failure> {
    let Some(files) = skill::unpack(body) else {
        // shared as one text
        return Ok(vec![File { path: skill::MAIN.to_owned(), text: body.to_owned() }]);
    };
    let skill = skill::check(&files).map_err(|error| Failure::Refused(format!("{error}; nothing was written")))?;
    if skill.name != name {
        let found = skill.name;
        return Err(Failure::Refused(format!("the page of `{name}` holds the skill `{found}`: nothing was written")));
    }
    Ok(skill.files)
}

fn show(output: &Output, place: &Place, (name, version): (&str, u32), steps: &[Step], needs: &[Needs], written: bool) {
    let changes = || steps.iter().filter(|step| step.action != Action::Same);
    if output.is_json() {
        let files: Vec<_> = steps
            .iter()
            .map(|step| {
                json!({"path": step.path, "action": step.action.name(), "by_hand": step.by_hand, "diff": if step.action == Action::Same { String::new() } else { diff(step) }})
            })
            .collect();
        output.json(&json!({
            "skill": name, "version": version, "folder": place.folder().display().to_string(), "written": written,
            "files": files, "requires": needs.iter().map(Needs::json).collect::<Vec<_>>(),
        }));
        return;
    }
    let shown: String = changes().map(diff).collect();
    if !shown.is_empty() {
        output.text(&shown);
    }
    for step in changes() {
        let by_hand = if step.by_hand { "  (changed by hand)" } else { "" };
        output.say(&format!("{:>6}  {}{by_hand}", step.action.name(), step.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_may_be_pinned() {
        assert_eq!(named("rotate-logs").unwrap(), ("rotate-logs", None));
        assert_eq!(named("rotate-logs@3").unwrap(), ("rotate-logs", Some(3)));
        assert_eq!(named("rotate-logs@v3").unwrap(), ("rotate-logs", Some(3)));
        for bad in ["rotate-logs@", "rotate-logs@0", "rotate-logs@new", "rotate-logs@-1"] {
            assert!(matches!(named(bad), Err(Failure::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn what_leads_out_of_the_folder_is_refused_whoever_serves_it() {
        let body = |path: &str| {
            format!(
                "# rotate-logs\n\nRotates logs.\n\n## SKILL.md\n\n```md\n---\nname: rotate-logs\ndescription: Rotates logs.\n---\n# Rotate\n```\n\n## {path}\n\n```\nx\n```\n"
            )
        };
        assert_eq!(files("rotate-logs", &body("scripts/x.sh")).unwrap().len(), 2);
        for path in ["../x", "/etc/x", "scripts/../../x", ".ssh/x", "a\\b", "a/b/c/d/e/f"] {
            let refused = files("rotate-logs", &body(path)).unwrap_err().to_string();
            assert!(refused.contains("skill:path") && refused.contains("nothing was written"), "{path}: {refused}");
        }
        assert!(files("other", &body("x")).is_err());
        // a page that is no folder of files is its text
        assert_eq!(files("x", "# X\n\nDo x.\n").unwrap()[0].path, "SKILL.md");
    }
}
