//! What a skill needs beside itself, and whether it is there.

use std::path::Path;

use commune_knowledge::skill::{self, File, Requirement, requirements};
use commune_proto::librarian::v1::GetArticleRequest;
use serde_json::{Value, json};
use tonic::Code;

use crate::{connect::Session, failure::Failure, output::Output};

/// Something that a skill needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Needs {
    requirement: Requirement,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the folder of skills, or an article of the library.
    There,
    /// In the library, and not in the folder.
    InTheLibrary,
    /// Nowhere.
    Missing,
}

impl Needs {
    /// What the `SKILL.md` of these files names, looked for in a folder of skills, where one is given, and in the library.
    pub(super) async fn of(session: &Session, files: &[File], folder: Option<&Path>) -> Result<Vec<Self>, Failure> {
        let main = files.iter().find(|file| file.path == skill::MAIN);
        let mut needs = Vec::new();
        for requirement in main.map(|main| requirements(&main.text)).unwrap_or_default() {
            let path = match &requirement {
                Requirement::Skill(name) => format!("skills/{name}"),
                Requirement::Article(path) => path.clone(),
                Requirement::Unknown(_) => String::new(),
            };
            let installed = match (&requirement, folder) {
                (Requirement::Skill(name), Some(folder)) => folder.join(name).join(skill::MAIN).is_file(),
                _ => false,
            };
            let state = if installed {
                State::There
            } else if path.is_empty() || !in_the_library(session, &path).await? {
                State::Missing
            } else if folder.is_some() && matches!(requirement, Requirement::Skill(_)) {
                State::InTheLibrary
            } else {
                State::There
            };
            needs.push(Self { requirement, state });
        }
        Ok(needs)
    }

    pub(super) fn json(&self) -> Value {
        let (kind, name) = match &self.requirement {
            Requirement::Skill(name) => ("skill", name),
            Requirement::Article(path) => ("article", path),
            Requirement::Unknown(word) => ("unknown", word),
        };
        let state = match self.state {
            State::There => "there",
            State::InTheLibrary => "in-the-library",
            State::Missing => "missing",
        };
        json!({"kind": kind, "name": name, "state": state})
    }

    fn told(&self) -> String {
        match (&self.requirement, self.state) {
            (Requirement::Skill(name), State::There) => format!("it needs the skill {name}, which is there"),
            (Requirement::Skill(name), State::InTheLibrary) => {
                format!(
                    "it needs the skill {name}, which is not installed there: `commune skill install {name} --to …`"
                )
            }
            (Requirement::Skill(name), State::Missing) => {
                format!("it needs the skill {name}, which is missing: the library does not have it")
            }
            (Requirement::Article(path), State::Missing) => {
                format!("it needs the article {path}, which is missing: the library does not have it")
            }
            (Requirement::Article(path), _) => format!("it needs the article {path}: `commune read {path}`"),
            (Requirement::Unknown(word), _) => {
                format!("it needs `{word}`, which is neither a skill's name nor an article's path")
            }
        }
    }
}

/// Says what a skill needs.
pub(super) fn tell(output: &Output, needs: &[Needs]) {
    needs.iter().for_each(|needs| output.say(&needs.told()));
}

async fn in_the_library(session: &Session, path: &str) -> Result<bool, Failure> {
    let get = GetArticleRequest { name: format!("articles/{path}"), ..GetArticleRequest::default() };
    match session.library()?.get_article(get).await {
        Ok(_) => Ok(true),
        Err(status) if status.code() == Code::NotFound => Ok(false),
        Err(status) => Err(status.into()),
    }
}
