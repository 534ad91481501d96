//! The repository that an export writes into, through the program git.
//!
//! **Nothing of the folder's own making runs**: no hooks, no monitor, none of the user's settings. The repository is named in every call, so
//! that none around it is meant.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::Context as _;
use commune_proto::librarian::v1::ArticleCurated;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufWriter},
    process::{Child, ChildStdin, Command},
};

use super::commit::{REF, REVISION, SEQUENCE, named};
use crate::failure::Failure;

/// The branch of a new repository.
const BRANCH: &str = "main";
/// What would lead git elsewhere.
const FOREIGN: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
];

/// A repository with its files beside it.
#[derive(Debug)]
pub(super) struct Repository {
    dir: PathBuf,
}

/// The last commit of an earlier export.
#[derive(Debug)]
pub(super) struct Tip {
    /// Its id.
    pub(super) commit: String,
    /// The sequence of its revision.
    pub(super) sequence: u64,
    revision: String,
}

impl Tip {
    /// Whether it is the commit of this revision.
    pub(super) fn is(&self, sequence: u64, revision: &ArticleCurated) -> bool {
        self.sequence == sequence && self.revision == named(revision)
    }
}

impl Repository {
    /// Opens the repository of an earlier export, or makes one in a folder that is empty.
    pub(super) async fn open(dir: &Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let repository = Self { dir };
        let git = repository.dir.join(".git");
        match std::fs::symlink_metadata(&git) {
            Ok(about) if about.is_dir() => {}
            Ok(_) => {
                let git = git.display();
                return Err(Failure::Refused(format!("{git} is no folder: export into an empty folder")));
            }
            Err(_) if std::fs::read_dir(&repository.dir)?.next().is_some() => {
                let dir = repository.dir.display();
                return Err(Failure::Refused(format!(
                    "{dir} is neither empty nor a git repository: export into an empty folder"
                )));
            }
            Err(_) => {
                drop(repository.git(&["init", "--quiet", "--template=", &format!("--initial-branch={BRANCH}")]).await?)
            }
        }
        Ok(repository)
    }

    /// The last commit of an earlier export; none where there was none.
    pub(super) async fn tip(&self) -> Result<Option<Tip>, Failure> {
        let format = format!(
            "--format=%H%n%(trailers:key={REVISION},valueonly,separator=%x20)%n%(trailers:key={SEQUENCE},valueonly,separator=%x20)"
        );
        let Some(commit) = self.commit(REF).await? else {
            return match self.commit("HEAD").await? {
                None => Ok(None),
                Some(_) => {
                    let dir = self.dir.display();
                    Err(Failure::Refused(format!("{dir} has commits that no export made: export into an empty folder")))
                }
            };
        };
        let told = self.git(&["log", "-1", &format, &commit]).await?;
        let lines: Vec<&str> = told.lines().collect();
        match (lines.get(1), lines.get(2).and_then(|sequence| sequence.parse().ok())) {
            (Some(revision), Some(sequence)) => Ok(Some(Tip { commit, sequence, revision: (*revision).to_owned() })),
            _ => Err(Failure::Refused(format!(
                "{REF} in {} is no commit of an export: export into an empty folder",
                self.dir.display()
            ))),
        }
    }

    /// Begins to take in commits.
    pub(super) async fn import(&self) -> Result<Import, Failure> {
        let mut command = self.command(&["fast-import", "--quiet", "--done", "--date-format=raw"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(missing)?;
        let input = child.stdin.take().map(BufWriter::new);
        Ok(Import { child, input })
    }

    /// Brings the branch and the files to the last commit. Gives the files that were changed by hand, which stay as they are.
    pub(super) async fn bring_up(&self) -> Result<Vec<String>, Failure> {
        if self.commit(REF).await?.is_none() {
            return Ok(Vec::new());
        }
        let merged = self.git(&["merge", "--ff-only", "--quiet", REF]).await;
        if let Err(Failure::Error(error)) = merged {
            return Err(Failure::Refused(format!(
                "the commits are at {REF}, but {} was changed by hand, and its branch and files stay as they are ({error:#}). Put your changes away \
                 (`git stash`, a branch of your own), and export again",
                self.dir.display()
            )));
        }
        merged?;
        let status = self.git(&["status", "--porcelain", "--untracked-files=no", "-z"]).await?;
        Ok(status.split('\0').filter_map(|line| line.get(3..)).map(str::to_owned).collect())
    }

    async fn commit(&self, name: &str) -> Result<Option<String>, Failure> {
        let wanted = format!("{name}^{{commit}}");
        let output = self.command(&["rev-parse", "--verify", "--quiet", &wanted]).output().await.map_err(missing)?;
        let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Some(found).filter(|found| output.status.success() && !found.is_empty()))
    }

    /// Runs git to its end, and gives what it printed.
    async fn git(&self, arguments: &[&str]) -> Result<String, Failure> {
        let output = self.command(arguments).output().await.map_err(missing)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(failed(arguments[0], &String::from_utf8_lossy(&output.stderr)))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg(format!("--git-dir={}", self.dir.join(".git").display()));
        command.arg(format!("--work-tree={}", self.dir.display()));
        for setting in ["core.hooksPath=/dev/null", "core.fsmonitor=false", "core.autocrlf=false", "gc.auto=0"] {
            command.args(["-c", setting]);
        }
        command.args(arguments).current_dir(&self.dir).stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        FOREIGN.iter().for_each(|name| _ = command.env_remove(name));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("LC_ALL", "C");
        for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            command.env(format!("{who}_NAME"), "librarian").env(format!("{who}_EMAIL"), "librarian@commune.invalid");
        }
        command
    }
}

/// Commits on their way into the repository; **all of them, or none**: without the word at the end git keeps nothing.
#[derive(Debug)]
pub(super) struct Import {
    child: Child,
    input: Option<BufWriter<ChildStdin>>,
}

impl Import {
    /// Writes a commit.
    pub(super) async fn write(&mut self, commit: &[u8]) -> Result<(), Failure> {
        let Some(input) = &mut self.input else { return Err(Failure::error("git does not listen")) };
        match input.write_all(commit).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended().await),
        }
    }

    /// Ends with what was written; only now is it there.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        self.write(b"done\n").await?;
        if let Some(mut input) = self.input.take()
            && input.shutdown().await.is_err()
        {
            return Err(self.ended().await);
        }
        let mut complaint = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            stderr.read_to_string(&mut complaint).await?;
        }
        match self.child.wait().await?.success() {
            true => Ok(()),
            false => Err(failed("fast-import", &complaint)),
        }
    }

    /// What git said when it went.
    async fn ended(&mut self) -> Failure {
        self.input = None;
        let mut complaint = String::new();
        if let Some(stderr) = &mut self.child.stderr {
            let _ = stderr.read_to_string(&mut complaint).await;
        }
        failed("fast-import", &complaint)
    }
}

fn failed(what: &str, complaint: &str) -> Failure {
    let first = complaint.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing");
    Failure::Error(anyhow::anyhow!("git {what} failed: {first}"))
}

fn missing(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::NotFound(
            "the program git was not found, and this export is made with it: install git (2.28 or newer), or use `commune export vault`".to_owned(),
        ),
        _ => Failure::Error(anyhow::Error::from(error).context("git cannot be run")),
    }
}
