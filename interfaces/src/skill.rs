//! `commune skill`: shares the folder of an Agent Skill, lists what the library has, shows and installs one, and says how it went. Nothing is
//! ever run.

mod install;
mod needs;
mod outcome;
mod place;
mod plan;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use commune_knowledge::skill::{self, File};
use commune_proto::{
    AgentId,
    agent::v1 as wire,
    librarian::v1::{Article, ArticleKind, GetArticleRequest, GetRevisionRequest, ListArticlesRequest},
};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    say::{Said, say},
    table::Table,
};

/// Most folders below each other.
const DEEP: usize = 16;

/// Share the folder of an Agent Skill, list the library's skills, show or install one, or say how it went.
#[derive(Debug, Args)]
pub(crate) struct Skill {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Share a folder with a SKILL.md: its text files, checked; the next night looks at them
    Share(Share),
    /// List the skills of the library
    List,
    /// Show the files of a skill as text
    Show(Show),
    /// Put a skill into a folder, with a diff against what is there; what was changed by hand is left alone
    Install(install::Install),
    /// Say whether a skill worked or failed: those who wrote it hear of it
    Outcome(outcome::Outcome),
}

#[derive(Debug, Args)]
struct Share {
    /// The folder; its name is the skill's
    dir: PathBuf,
    /// Who shares it
    #[arg(long)]
    agent: AgentId,
}

#[derive(Debug, Args)]
struct Show {
    /// Its name, such as rotate-the-logs
    name: String,
    /// An older version
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    version: Option<u32>,
}

impl Skill {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match self.command {
            Command::Share(share) => share.run(session, output).await,
            Command::List => list(session, output).await,
            Command::Show(show) => show.run(session, output).await,
            Command::Install(install) => install.run(session, output).await,
            Command::Outcome(outcome) => outcome.run(session, output).await,
        }
    }
}

impl Share {
    async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut files = Vec::new();
        read_folder(&self.dir, "", &mut files)?;
        let skill = skill::check(&files).map_err(|error| Failure::Refused(error.to_string()))?;
        let folder = fs::canonicalize(&self.dir).with_context(|| format!("cannot read {}", self.dir.display()))?;
        let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if folder != skill.name {
            let name = &skill.name;
            return Err(Failure::Refused(format!(
                "skill:name: SKILL.md: its name is `{name}` and its folder is `{folder}`: give both one name"
            )));
        }
        let packed = skill::pack(&skill);
        let day = Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string();
        let count = skill.files.len();
        let files = skill.files.into_iter().map(|file| wire::SkillFile { path: file.path, text: file.text }).collect();
        let note = wire::Note { kind: "skill".to_owned(), files, ..wire::Note::default() };
        let bus = session.bus().await?;
        let (id, said) = say(&bus, &self.agent, "note", &["skill", &packed, &day], &note).await?;
        bus.drain().await;
        output.say(&match said {
            Said::New => format!("{} with {count} files is logged; the next night shares it", skill.name),
            Said::Already => "already logged today".to_owned(),
        });
        if output.is_json() {
            output.json(&json!({
                "agent": self.agent.as_str(), "id": id.as_str(), "skill": skill.name, "files": count, "new": said == Said::New,
            }));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }
}

/// The text files of a folder by their paths; whatever is no plain text file is refused by name.
fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), Failure> {
    let refuse = |path: &str, problem: &str| Err(Failure::Refused(format!("skill:file: {path}: {problem}")));
    if prefix.matches('/').count() > DEEP {
        return refuse(prefix, "too many folders below each other");
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            return refuse(&entry.path().to_string_lossy(), "its name is not UTF-8: name it anew");
        };
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if name.starts_with('.') {
            return refuse(&path, "hidden files and folders are not shared: take it out of the folder");
        }
        if kind.is_symlink() {
            return refuse(&path, "a symbolic link: put the file itself there");
        }
        if kind.is_dir() {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
            continue;
        }
        // what is longer is refused whole; a pipe or a device has no end
        if !kind.is_file() || entry.metadata()?.len() > skill::BYTES_LIMIT as u64 {
            return refuse(&path, "not a file of at most 256 KiB");
        }
        if files.len() >= skill::FILES_LIMIT {
            return refuse(&path, "a skill has at most 64 files");
        }
        match String::from_utf8(fs::read(entry.path()).with_context(|| format!("cannot read {path}"))?) {
            Ok(text) => files.push(File { path, text }),
            Err(_) => return refuse(&path, "not UTF-8 text: only text files are shared"),
        }
    }
    Ok(())
}

impl Show {
    async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let (name, article) = get(session, &self.name, self.version, None).await?;
        // a skill that was shared as one text has that as its SKILL.md
        let alone = || vec![File { path: skill::MAIN.to_owned(), text: article.body.clone() }];
        let files = skill::unpack(&article.body).unwrap_or_else(alone);
        let needs = needs::Needs::of(session, &files, None).await?;
        let said = outcome::outcomes(session, &name).await?;
        if output.is_json() {
            let files: Vec<_> = files.iter().map(|file| json!({"path": file.path, "text": file.text})).collect();
            output.json(&json!({
                "name": name, "version": article.revision, "contributors": article.contributors, "files": files,
                "requires": needs.iter().map(needs::Needs::json).collect::<Vec<_>>(),
                "outcomes": said.iter().map(outcome::json).collect::<Vec<_>>(),
            }));
            return Ok(());
        }
        let shown: Vec<String> = files.iter().map(|file| format!("==> {} <==\n{}", file.path, file.text)).collect();
        output.text(&shown.join("\n"));
        output.say(&format!(
            "— {name} (version {}), by {}; text to read, never run",
            article.revision,
            article.contributors.join(", ")
        ));
        needs::tell(output, &needs);
        outcome::tell(output, &said);
        Ok(())
    }
}

/// A skill's name as a person writes it: with or without `skills/` and slashes around it.
fn bare(name: &str) -> Result<&str, Failure> {
    let bare = name.trim_matches('/');
    let bare = bare.strip_prefix("skills/").unwrap_or(bare);
    if skill::is_name(bare) {
        return Ok(bare);
    }
    Err(Failure::Usage(format!("`{bare}` is not a skill's name: 1 to 64 of a-z, 0-9 and `-`")))
}

/// The page of a skill, at a version or as it stands, and its name.
async fn get(
    session: &Session,
    name: &str,
    version: Option<u32>,
    reader: Option<&AgentId>,
) -> Result<(String, Article), Failure> {
    let bare = bare(name)?.to_owned();
    let name = format!("articles/skills/{bare}");
    let mut library = session.library()?;
    let reader = reader.map(ToString::to_string).unwrap_or_default();
    let article = match version {
        None => library.get_article(GetArticleRequest { name, reader, ..Default::default() }).await?.into_inner(),
        Some(version) => {
            let name = format!("{name}/revisions/{version}");
            library.get_revision(GetRevisionRequest { name }).await?.into_inner().article.unwrap_or_default()
        }
    };
    if article.kind() != ArticleKind::Skill {
        return Err(Failure::Refused(format!(
            "`{}` is an article, and no skill: `commune read` shows it",
            article.path
        )));
    }
    if !article.withdrawn_on.is_empty() {
        let on = article.withdrawn_on;
        return Err(Failure::NotFound(format!(
            "nothing is left of version {} of {bare}: it was withdrawn on {on}",
            article.revision
        )));
    }
    Ok((bare, article))
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let mut library = session.library()?;
    let mut table = Table::new(&["SKILL", "VERSION", "BY", "NIGHT"]);
    let mut page_token = String::new();
    loop {
        let page = library
            .list_articles(ListArticlesRequest { page_size: 1000, page_token, ..Default::default() })
            .await?
            .into_inner();
        for skill in page.articles.into_iter().filter(|article| article.kind() == ArticleKind::Skill) {
            let Article { path, revision, contributors, night, .. } = skill;
            let name = path.strip_prefix("skills/").unwrap_or(&path).to_owned();
            if output.is_json() {
                output.json(&json!({"name": name, "version": revision, "contributors": contributors, "night": night}));
            } else {
                table.row([name, revision.to_string(), contributors.join(","), night]);
            }
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if !output.is_json() {
        match table.is_empty() {
            true => output.say("no skills yet: `commune skill share DIR --agent AGENT` shares one"),
            false => output.text(&table.to_string()),
        }
    }
    Ok(())
}
