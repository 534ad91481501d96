//! `commune token`: gives out the tokens by which the services know who calls them over gRPC, and takes them back.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use commune_proto::AgentId;
use commune_runtime::{
    access::{Entry, Role, Token as Secret, TokensFile},
    clock::Clock,
};
use serde_json::json;

use crate::{connect::Session, failure::Failure, output::Output, table::Table};

/// Give out tokens for gRPC, list their holders, and take them back.
///
/// A member reads the whole library, asks, and has its own memory and artifacts; a service does the work of one; an operator
/// may do everything. The services take up a change within a second.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The tokens file, which the setting `access.tokens_file` names [default: `tokens` in the data folder]
    #[arg(long, value_name = "FILE", global = true)]
    file: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a token and print it, once: only its hash is kept
    Add {
        /// member, service or operator
        role: Role,
        /// Who holds it: the agent's id, the service, or a name for the operator
        name: AgentId,
    },
    /// List who holds a token
    List,
    /// Take tokens back
    Remove {
        /// Their ids, as `list` shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

impl Token {
    /// Runs the command.
    pub(crate) fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let path = self.file.unwrap_or_else(|| session.home.path().join("tokens"));
        // an empty beginning is no reason to fail, an unreadable file is
        let mut file = if path.exists() { TokensFile::read(&path)? } else { TokensFile::default() };
        match self.command {
            Command::Add { role, name } => {
                let (secret, entry) = make(role, name.as_str())?;
                file.add(entry.clone());
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                file.write(&path)?;
                output.say(&format!(
                    "{role} {name} holds this token from now on; it is shown only now. Use it as COMMUNE_TOKEN, or in the \
                     metadata of a call: `authorization: Bearer …`"
                ));
                if output.is_json() {
                    output.json(&json!({
                        "role": role.as_str(), "name": name.as_str(), "id": entry.id(), "token": secret.expose(),
                    }));
                } else {
                    output.text(secret.expose());
                }
                Ok(())
            }
            Command::List => {
                list(&file, output);
                Ok(())
            }
            Command::Remove { ids } => {
                for id in &ids {
                    if !file.entries().any(|entry| entry.id() == *id) {
                        let place = path.display();
                        return Err(Failure::NotFound(format!(
                            "no token has the id `{id}` in {place}; nothing was removed"
                        )));
                    }
                }
                let gone = file.remove(|entry| ids.contains(&entry.id()));
                file.write(&path)?;
                output.say(&format!("removed: {gone}; no service lets them in a second from now"));
                Ok(())
            }
        }
    }
}

/// A new token, and what is kept of it.
pub(crate) fn make(role: Role, name: &str) -> Result<(Secret, Entry), Failure> {
    let secret = Secret::generate(role)?;
    // to the second: it is for people
    let created = Clock::system().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let entry = Entry { role, name: name.to_owned(), hash: secret.hash(), created };
    Ok((secret, entry))
}

fn list(file: &TokensFile, output: &Output) {
    let mut table = Table::new(&["id", "role", "name", "made"]);
    for entry in file.entries() {
        let Entry { role, name, created, .. } = entry;
        if output.is_json() {
            output.json(&json!({ "id": entry.id(), "role": role.as_str(), "name": name, "made": created }));
        } else {
            table.row([entry.id(), role.to_string(), name.clone(), created.clone()]);
        }
    }
    if output.is_json() {
        return;
    }
    if table.is_empty() {
        output.say("nobody holds a token; `commune token add member ada` makes one");
    } else {
        output.text(&table.to_string());
    }
}
