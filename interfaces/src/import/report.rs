//! What an import did: found, new, already there, left alone, refused with reasons.

use std::{collections::BTreeMap, fmt::Write};

use commune_proto::AgentId;
use serde_json::{Value, json};

use super::{
    Layout,
    plan::{Item, What},
};
use crate::output::Output;

/// Files shown by name for each reason.
const SHOWN: usize = 12;

/// What an import did.
#[derive(Debug)]
pub(super) struct Report {
    agent: String,
    layout: Layout,
    dry_run: bool,
    files: Vec<Value>,
    found: usize,
    new: usize,
    updated: usize,
    already: usize,
    alone: BTreeMap<String, Vec<String>>,
    refused: Vec<(String, String)>,
}

/// What became of an article.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// It was not there.
    New,
    /// It was there with another text.
    Updated,
    /// It was there, word for word.
    AlreadyThere,
}

/// What became of a file's notes.
#[derive(Debug, Default)]
pub(super) struct Noted {
    /// Notes that were not there.
    pub(super) new: usize,
    /// Notes that were there.
    pub(super) already: usize,
    /// Why one was refused.
    pub(super) refused: Option<String>,
}

impl Report {
    /// Nothing was done yet.
    pub(super) fn new(agent: &AgentId, layout: Layout, dry_run: bool) -> Self {
        Self {
            agent: agent.to_string(),
            layout,
            dry_run,
            files: Vec::new(),
            found: 0,
            new: 0,
            updated: 0,
            already: 0,
            alone: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// A file that is left as it is: left alone, refused, or of a dry run.
    pub(super) fn planned(&mut self, item: Item) {
        let Item { path, what } = item;
        match what {
            What::Notes(pieces) => {
                self.found += pieces.len();
                let notes: Vec<Value> = pieces
                    .iter()
                    .map(|piece| json!({"id": piece.id, "kind": piece.note.kind, "title": piece.note.title}))
                    .collect();
                self.files.push(json!({"path": path, "outcome": "found", "notes": notes}));
            }
            What::Article(article) => {
                self.found += 1;
                self.files.push(json!({"path": path, "outcome": "found", "article": article.path}));
            }
            What::LeftAlone(reason) => {
                self.files.push(json!({"path": path, "outcome": "left_alone", "reason": reason}));
                self.alone.entry(reason).or_default().push(path);
            }
            What::Refused(reason) => {
                self.files.push(json!({"path": path, "outcome": "refused", "reason": reason}));
                self.refused.push((path, reason));
            }
        }
    }

    /// True when something was brought in, or found to be there.
    pub(super) fn is_begun(&self) -> bool {
        self.new + self.updated + self.already > 0
    }

    /// A file whose notes were published.
    pub(super) fn notes(&mut self, path: String, noted: Noted) {
        let Noted { new, already, refused } = noted;
        self.found += new + already;
        self.new += new;
        self.already += already;
        self.files.push(json!({"path": path, "outcome": "imported", "new": new, "already_there": already}));
        if let Some(reason) = refused {
            self.refused.push((path, reason));
        }
    }

    /// A file that became an article.
    pub(super) fn article(&mut self, path: String, outcome: Outcome) {
        self.found += 1;
        let outcome = match outcome {
            Outcome::New => {
                self.new += 1;
                "new"
            }
            Outcome::Updated => {
                self.updated += 1;
                "updated"
            }
            Outcome::AlreadyThere => {
                self.already += 1;
                "already_there"
            }
        };
        self.files.push(json!({"path": path, "outcome": outcome}));
    }

    /// Shows it.
    pub(super) fn print(&self, output: &Output) {
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent,
                "layout": self.what(),
                "dry_run": self.dry_run,
                "found": self.found,
                "new": self.new,
                "updated": self.updated,
                "already_there": self.already,
                "left_alone": self.alone.values().map(Vec::len).sum::<usize>(),
                "refused": self.refused.len(),
                "files": self.files,
            }));
        } else {
            output.text(&self.render());
            if !self.dry_run && self.new + self.updated > 0 && self.layout.gives_notes() {
                output.say("the next night tidies them; `commune night run` runs one now");
            }
        }
    }

    fn what(&self) -> &'static str {
        if self.layout.gives_notes() { "notes" } else { "articles" }
    }

    fn render(&self) -> String {
        let mut text = match self.dry_run {
            true => format!("{} {} found; nothing was changed (dry run)\n", self.found, self.what()),
            false => {
                let updated = if self.updated > 0 { format!("{} updated, ", self.updated) } else { String::new() };
                format!(
                    "{} {} found: {} new, {updated}{} already there\n",
                    self.found,
                    self.what(),
                    self.new,
                    self.already
                )
            }
        };
        for (reason, paths) in &self.alone {
            let _ = write!(text, "left alone, {reason}: {}", paths[..paths.len().min(SHOWN)].join(", "));
            let more = paths.len().saturating_sub(SHOWN);
            text.push_str(&if more > 0 { format!(" and {more} more\n") } else { "\n".to_owned() });
        }
        for (path, reason) in &self.refused {
            let _ = writeln!(text, "refused {path}: {reason}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_accounts_for_every_file() {
        let mut report = Report::new(&"ada".parse().unwrap(), Layout::Workspace, false);
        report.notes("memory/a.md".into(), Noted { new: 2, already: 1, refused: None });
        report.planned(Item { path: "SOUL.md".into(), what: What::LeftAlone("identity".into()) });
        report.planned(Item { path: "b.md".into(), what: What::Refused("not UTF-8".into()) });
        assert_eq!(
            report.render(),
            "3 notes found: 2 new, 1 already there\nleft alone, identity: SOUL.md\nrefused b.md: not UTF-8\n"
        );
    }
}
