//! `commune import`: brings in what an agent or a person already has: memories as notes, pages as articles.
//!
//! Ids derive from the path, the place in the file and the content, so that a second import adds nothing, and one that was stopped goes on.

mod basic_memory;
mod llms;
mod plan;
mod records;
mod report;
mod split;
#[cfg(test)]
mod tests;
mod vault;
mod workspace;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use commune_proto::{
    AgentId, NoteId,
    librarian::v1::{Article, ImportArticleRequest},
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    progress,
    say::{Said, say_as},
};
use plan::{Item, Piece, Plan, What};
use records::Format;
use report::{Noted, Outcome, Report};

/// Messages in flight at a time.
const IN_FLIGHT: usize = 16;

/// Bring in what an agent or a person already has: memories as notes, pages as articles.
///
/// A workspace of OpenClaw or Claude Code (MEMORY.md, memory/, skills/), the notes of Basic Memory, and JSON exports of mem0 and
/// mcp-memory-service become notes of the agent; files that say who the agent is (SOUL.md, AGENTS.md, …) are left alone. Any other folder of
/// Markdown (Obsidian, Quartz), and an llms.txt with the pages beside it, become articles of the library. A second import adds nothing.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The folder or file
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

/// What is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    /// An agent's workspace: notes
    Workspace,
    /// A folder of Markdown: articles
    Library,
    /// The notes of Basic Memory: notes
    BasicMemory,
    /// A JSON export of mem0: notes
    Mem0,
    /// A JSON export of mcp-memory-service: notes
    McpMemoryService,
    /// An llms.txt and the pages beside it: articles
    LlmsTxt,
}

impl Layout {
    /// In words.
    fn what(self) -> &'static str {
        match self {
            Self::Workspace => "an agent's workspace",
            Self::Library => "a folder of Markdown, as articles",
            Self::BasicMemory => "the notes of Basic Memory",
            Self::Mem0 => "an export of mem0",
            Self::McpMemoryService => "an export of mcp-memory-service",
            Self::LlmsTxt => "a list for language models, as articles",
        }
    }

    /// True when notes come of it, and not articles.
    fn gives_notes(self) -> bool {
        !matches!(self, Self::Library | Self::LlmsTxt)
    }

    fn is_folder(self) -> bool {
        matches!(self, Self::Workspace | Self::Library | Self::BasicMemory)
    }

    /// What a path holds; none where it holds nothing that is known.
    fn of(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return match path {
                path if path.join(".commune-vault.json").is_file() => Some(Self::Library),
                path if workspace::is_one(path) => Some(Self::Workspace),
                path if !path.join(".obsidian").is_dir() && basic_memory::is_one(path) => Some(Self::BasicMemory),
                path if vault::is_one(path) => Some(Self::Library),
                _ => None,
            };
        }
        if llms::is_one(path) {
            return Some(Self::LlmsTxt);
        }
        match records::format(&plan::File::of(path).text().ok()?)? {
            Format::Mem0 => Some(Self::Mem0),
            Format::McpMemoryService => Some(Self::McpMemoryService),
        }
    }

    fn read(self, path: &Path, agent: &AgentId) -> Plan {
        let records = |format| {
            let file = plan::File::of(path);
            match file.text() {
                Ok(text) => records::read(&file.path, &text, format, agent),
                Err(reason) => Plan { items: vec![Item { path: file.path, what: What::Refused(reason) }] },
            }
        };
        match self {
            Self::Workspace => workspace::read(path, agent),
            Self::Library => vault::read(path),
            Self::BasicMemory => basic_memory::read(path, agent),
            Self::Mem0 => records(Format::Mem0),
            Self::McpMemoryService => records(Format::McpMemoryService),
            Self::LlmsTxt => llms::read(path),
        }
    }
}

impl Import {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let shown = self.path.display();
        let path = self.path.canonicalize().map_err(|error| {
            Failure::NotFound(format!("cannot look into {shown}: {error}. Give an existing folder or file"))
        })?;
        let layout = match self.layout {
            Some(layout) => layout,
            None => Layout::of(&path).ok_or_else(|| match path.is_dir() {
                true => Failure::NotFound(format!("{shown} holds neither an agent's workspace nor Markdown: nothing to import")),
                false => Failure::Usage(format!(
                    "{shown} is neither a JSON export of a memory nor an llms.txt. One file is logged with `commune note {} --file FILE`",
                    self.agent
                )),
            })?,
        };
        if layout.is_folder() != path.is_dir() {
            let (is, wants) = if path.is_dir() { ("a folder", "a file") } else { ("a file", "a folder") };
            return Err(Failure::Usage(format!("{shown} is {is}, and {} is {wants}", layout.what())));
        }
        output.say(&format!("reading {shown} as {}", layout.what()));
        let plan = layout.read(&path, &self.agent);
        let mut report = Report::new(&self.agent, layout, self.dry_run);
        let done = match (self.dry_run, layout.gives_notes()) {
            (true, _) => {
                plan.items.into_iter().for_each(|item| report.planned(item));
                Ok(())
            }
            (false, true) => self.notes(session, plan, &mut report).await,
            (false, false) => self.articles(session, plan, &mut report).await,
        };
        report.print(output);
        if done.is_err() && report.is_begun() {
            output.say("it was stopped; the same command again goes on where it was");
        }
        done
    }

    async fn notes(&self, session: &Session, plan: Plan, report: &mut Report) -> Result<(), Failure> {
        let mut items: Vec<(String, Vec<Piece>)> = Vec::new();
        for Item { path, what } in plan.items {
            match what {
                What::Notes(pieces) => items.push((path, pieces)),
                what => report.planned(Item { path, what }),
            }
        }
        let bus = session.bus().await?;
        let bar = progress::bar(items.iter().map(|(_, pieces)| pieces.len()).sum::<usize>() as u64, "notes");
        let mut noted: Vec<Noted> = items.iter().map(|_| Noted::default()).collect();
        let pieces = items.iter().enumerate().flat_map(|(at, (_, pieces))| pieces.iter().map(move |piece| (at, piece)));
        let send = |(at, piece): (usize, &Piece)| {
            let (bus, agent, id, note) = (&bus, &self.agent, piece.id.parse::<NoteId>(), piece.note.clone());
            async move {
                match say_as(bus, agent, "note", &id.map_err(Failure::error)?, &note).await {
                    Err(Failure::Refused(reason)) => Ok((at, Err(reason))),
                    Err(failure) => Err(failure),
                    Ok(said) => Ok((at, Ok(said))),
                }
            }
        };
        let mut all = stream::iter(pieces.map(send).collect::<Vec<_>>()).buffered(IN_FLIGHT);
        let done = loop {
            match all.try_next().await {
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
                Ok(Some((at, said))) => match said {
                    Ok(Said::New) => noted[at].new += 1,
                    Ok(Said::Already) => noted[at].already += 1,
                    Err(reason) => noted[at].refused = Some(reason),
                },
            }
            bar.inc(1);
        };
        drop(all);
        bar.finish_and_clear();
        bus.drain().await;
        items.into_iter().zip(noted).for_each(|((path, _), noted)| report.notes(path, noted));
        done
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
            let request = self.request(article, path.clone());
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

    fn request(&self, article: Article, source: String) -> ImportArticleRequest {
        ImportArticleRequest { article: Some(article), agent: self.agent.to_string(), source }
    }
}
