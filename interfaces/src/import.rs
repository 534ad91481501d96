//! `commune import`: brings in an agent's workspace as notes, or a folder of Markdown as articles.
//!
//! Ids derive from the path, the place in the file and the content, so that a second import adds nothing.

mod plan;
mod report;
mod split;
mod vault;
mod workspace;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use commune_proto::{AgentId, NoteId, librarian::v1::ImportArticleRequest};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    progress,
    say::{Said, say_as},
};
use plan::{Item, Plan, What};
use report::{Outcome, Report};

/// Messages in flight at a time.
const IN_FLIGHT: usize = 16;

/// Bring in an agent's workspace as notes, or a folder of Markdown as articles.
///
/// A workspace (MEMORY.md, memory/, skills/) becomes notes of the agent: daily logs are cut at their headings;
/// files that say who the agent is (SOUL.md, AGENTS.md, …) are left alone. Any other folder of Markdown becomes
/// articles of the library. A second import adds nothing.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The folder
    path: PathBuf,
    /// Whose it is
    #[arg(long)]
    agent: AgentId,
    /// What it is [default: seen from its files]
    #[arg(long = "as", value_enum)]
    layout: Option<Layout>,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
}

/// What a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// An agent's workspace: notes
    Workspace,
    /// A folder of Markdown: articles
    Library,
}

impl Import {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let root = self.path.canonicalize().map_err(|error| {
            Failure::NotFound(format!("cannot look into {}: {error}. Give an existing folder", self.path.display()))
        })?;
        if !root.is_dir() {
            return Err(Failure::Usage(format!(
                "{} is not a folder. One file is logged with `commune note {} --file FILE`",
                self.path.display(),
                self.agent
            )));
        }
        let layout = match self.layout {
            Some(layout) => layout,
            None => detect(&root).ok_or_else(|| {
                Failure::NotFound(format!(
                    "{} holds neither an agent's workspace nor Markdown: nothing to import",
                    self.path.display()
                ))
            })?,
        };
        let (what, plan) = match layout {
            Layout::Workspace => ("an agent's workspace", workspace::read(&root, &self.agent)),
            Layout::Library => ("a folder of Markdown, as articles", vault::read(&root)),
        };
        output.say(&format!("reading {} as {what}", self.path.display()));
        let mut report = Report::new(&self.agent, layout, self.dry_run);
        match (self.dry_run, layout) {
            (true, _) => plan.items.into_iter().for_each(|item| report.planned(item)),
            (false, Layout::Workspace) => self.notes(session, plan, &mut report).await?,
            (false, Layout::Library) => self.articles(session, plan, &mut report).await?,
        }
        report.print(output);
        Ok(())
    }

    async fn notes(&self, session: &Session, plan: Plan, report: &mut Report) -> Result<(), Failure> {
        let bus = session.bus().await?;
        let count = |item: &Item| if let What::Notes(pieces) = &item.what { pieces.len() } else { 0 };
        let bar = progress::bar(plan.items.iter().map(count).sum::<usize>() as u64, "notes");
        for Item { path, what } in plan.items {
            let pieces = match what {
                What::Notes(pieces) => pieces,
                what => {
                    report.planned(Item { path, what });
                    continue;
                }
            };
            let send = |piece: plan::Piece| {
                let (bus, agent, bar) = (&bus, &self.agent, &bar);
                async move {
                    let id: NoteId = piece.id.parse().map_err(Failure::error)?;
                    let said = match say_as(bus, agent, "note", &id, &piece.note).await {
                        Err(Failure::Refused(reason)) => Err(reason),
                        Err(failure) => return Err(failure),
                        Ok(said) => Ok(said),
                    };
                    bar.inc(1);
                    Ok(said)
                }
            };
            let said: Vec<Result<Said, String>> =
                stream::iter(pieces).map(send).buffered(IN_FLIGHT).try_collect().await?;
            let new = said.iter().filter(|said| **said == Ok(Said::New)).count();
            let already = said.iter().filter(|said| **said == Ok(Said::Already)).count();
            let refused = said.into_iter().find_map(Result::err);
            report.notes(path, new, already, refused);
        }
        bar.finish_and_clear();
        bus.drain().await;
        Ok(())
    }

    async fn articles(&self, session: &Session, plan: Plan, report: &mut Report) -> Result<(), Failure> {
        let mut library = session.library()?;
        let bar = progress::bar(plan.items.len() as u64, "articles");
        for Item { path, what } in plan.items {
            bar.inc(1);
            let article = match what {
                What::Article(article) => *article,
                what => {
                    report.planned(Item { path, what });
                    continue;
                }
            };
            let request =
                ImportArticleRequest { article: Some(article), agent: self.agent.to_string(), source: path.clone() };
            match library.import_article(request).await.map_err(Failure::from) {
                Ok(answer) => {
                    let answer = answer.into_inner();
                    let revision = answer.article.map_or(0, |article| article.revision);
                    let outcome = match (answer.changed, revision) {
                        (false, _) => Outcome::AlreadyThere,
                        (true, 0 | 1) => Outcome::New,
                        (true, _) => Outcome::Updated,
                    };
                    report.article(path, outcome);
                }
                Err(Failure::Refused(reason)) => report.planned(Item { path, what: What::Refused(reason) }),
                Err(failure) => return Err(failure),
            }
        }
        bar.finish_and_clear();
        Ok(())
    }
}

fn detect(root: &std::path::Path) -> Option<Layout> {
    if workspace::is_one(root) { Some(Layout::Workspace) } else { vault::is_one(root).then_some(Layout::Library) }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn check(files: &[&str], layout: Option<Layout>) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text\n").unwrap();
        }
        assert_eq!(detect(folder.path()), layout, "{files:?}");
    }

    #[test]
    fn a_folder_tells_what_it_is() {
        check(&["MEMORY.md"], Some(Layout::Workspace));
        check(&["memory/2026-02-12.md", ".obsidian/app.json"], Some(Layout::Workspace));
        check(&["SOUL.md", "notes/a.md"], Some(Layout::Workspace));
        check(&[".obsidian/app.json", "a.md"], Some(Layout::Library));
        check(&["deep/er/a.md"], Some(Layout::Library));
        check(&["picture.png"], None);
    }

    /// The notes of a workspace by path, with the bytes that they hold together.
    fn notes(plan: &Plan) -> Vec<(&str, &Vec<plan::Piece>)> {
        plan.items
            .iter()
            .filter_map(|item| match &item.what {
                What::Notes(pieces) => Some((item.path.as_str(), pieces)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_workspace_is_read_the_same_way_twice() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("memory")).unwrap();
        fs::create_dir_all(folder.path().join("skills/renew")).unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("MEMORY.md", "# Memory\n## Servers\nport 5433\n## Lessons\nalways dry-run\n");
        write("memory/2026-02-12.md", "---\ntags: [Ops]\n---\n# Day\n## a\nsame\n## a\nsame\n");
        write("skills/renew/SKILL.md", "---\nname: renew-certs\ndescription: Renews.\n---\n# Renew\nrun it\n");
        write("SOUL.md", "I am.\n");
        fs::write(folder.path().join("memory/bad.md"), b"\xff\xfe").unwrap();
        let agent: AgentId = "ada".parse().unwrap();
        let plan = workspace::read(folder.path(), &agent);
        let notes = notes(&plan);
        assert_eq!(
            notes.iter().map(|(path, _)| *path).collect::<Vec<_>>(),
            ["MEMORY.md", "memory/2026-02-12.md", "skills/renew/SKILL.md"]
        );
        let memory = &notes[0].1;
        assert_eq!((memory[0].note.kind.as_str(), memory[1].note.kind.as_str()), ("fact", "lesson"));
        assert_eq!(memory[0].note.key, "file:MEMORY.md#Servers");
        let daily = &notes[1].1;
        assert_eq!(daily.len(), 2);
        assert_ne!(daily[0].id, daily[1].id, "the place in the file is part of the id");
        assert_eq!(
            (daily[0].note.logged_at.as_str(), &daily[0].note.tags[..]),
            ("2026-02-12", &["ops".to_owned()][..])
        );
        let skill = &notes[2].1[0].note;
        assert_eq!((skill.kind.as_str(), skill.title.as_str()), ("skill", "renew-certs"));
        assert_eq!(skill.text, "Renews.\n\n# Renew\nrun it\n");
        let refused = |plan: &Plan| plan.items.iter().filter(|item| matches!(item.what, What::Refused(_))).count();
        assert_eq!(refused(&plan), 1);
        let ids = |plan: &Plan| -> Vec<String> {
            plan.items
                .iter()
                .flat_map(|item| match &item.what {
                    What::Notes(pieces) => pieces.iter().map(|piece| piece.id.clone()).collect(),
                    _ => Vec::new(),
                })
                .collect()
        };
        assert_eq!(ids(&plan), ids(&workspace::read(folder.path(), &agent)));
    }

    #[test]
    fn every_byte_of_the_real_workspace_is_in_one_note() {
        let root = Path::new("/work/shared/data/workspaces/lobsterops");
        if !root.is_dir() {
            eprintln!("skipped: {} is not on this machine", root.display());
            return;
        }
        let plan = workspace::read(root, &"ralph".parse().unwrap());
        let mut files = 0;
        for (path, pieces) in notes(&plan) {
            let text = fs::read_to_string(root.join(path)).unwrap();
            let body = commune_knowledge::document::Document::parse(&text).unwrap().body;
            assert_eq!(pieces.iter().map(|piece| piece.note.text.as_str()).collect::<String>(), body, "{path}");
            files += 1;
        }
        assert_eq!(files, 21, "all memory files");
        assert!(!plan.items.iter().any(|item| matches!(item.what, What::Refused(_))), "nothing is refused");
        let alone = plan.items.iter().filter(|item| matches!(item.what, What::LeftAlone(_))).count();
        assert_eq!(plan.items.len(), files + alone, "every file is accounted for");
    }
}
