//! `commune agent`: lets agents into a secure commune, lists them, and shuts them out.

use std::{fs, net::IpAddr, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use commune_bus::accounts::{Principal, ServerConfiguration};
use commune_proto::AgentId;
use commune_runtime::access::{Role, TokensFile};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    members::{ACCOUNTS_FILE, Members, write_secret},
    output::Output,
    table::Table,
    token,
};

/// Let agents in, list them, and shut them out; for a commune that was started with `commune up --secure`.
#[derive(Debug, Args)]
pub(crate) struct Agent {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Let an agent in: writes its credentials and tells how to connect with them
    Add {
        /// Its id: 1 to 63 of a-z, 0-9 and `-`
        agent: AgentId,
    },
    /// List the agents that are let in
    List,
    /// Shut an agent out; what it said stays
    Remove {
        /// Its id
        agent: AgentId,
    },
    /// Write the configuration of a nats-server of your own, and the services' credentials, into the data folder
    Server(Server),
}

#[derive(Debug, Args)]
struct Server {
    /// The address it listens on
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The port it listens on
    #[arg(long, value_name = "N", default_value_t = 4222)]
    port: u16,
    /// The folder of its streams
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
}

impl Agent {
    /// Runs the command.
    pub(crate) fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match self.command {
            Command::Add { agent } => add(session, output, &agent),
            Command::List => list(session, output),
            Command::Remove { agent } => remove(session, output, &agent),
            Command::Server(server) => server.write(session, output),
        }
    }
}

fn add(session: &Session, output: &Output, agent: &AgentId) -> Result<(), Failure> {
    let mut members = Members::open(session.home.path())?;
    let file = members.add(agent)?;
    let token = members.token_file(agent);
    let (secret, holder) = token::make(Role::Member, agent.as_str())?;
    change_tokens(session, |tokens| tokens.add(holder))?;
    write_secret(&token, &format!("{}\n", secret.expose()))?;
    let url = url(session)?;
    if output.is_json() {
        output.json(&json!({
            "agent": agent.as_str(), "creds": file, "token_file": token, "url": url,
            "inbox_prefix": format!("_INBOX_{agent}"),
        }));
        return Ok(());
    }
    output.say(&format!(
        "{agent} is let in. Whoever has these files is {agent}, so hand them to nobody else: the credentials for NATS, \
         and the token for gRPC (COMMUNE_TOKEN, or `authorization: Bearer …`)"
    ));
    output.text(&format!("{}\n{}", file.display(), token.display()));
    let file = file.display();
    output.say(&format!(
        "to connect:\n  \
         commune  commune --nats {url} --creds {file} note {agent} \"…\"\n  \
         nats     nats --server {url} --creds {file} --inbox-prefix _INBOX_{agent} pub commune.agent.{agent}.note \"…\"\n  \
         Rust     ConnectOptions::with_credentials_file(\"{file}\").await?.custom_inbox_prefix(\"_INBOX_{agent}\")\n  \
         Python   nats.connect(\"{url}\", user_credentials=\"{file}\", inbox_prefix=b\"_INBOX_{agent}\")\n\
         it may publish below commune.agent.{agent}. and listen below commune.inbox.{agent}."
    ));
    Ok(())
}

fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let members = Members::open(session.home.path())?;
    if output.is_json() {
        for (agent, member) in members.agents() {
            let since = member.since.to_string();
            output.json(&json!({"agent": agent, "key": member.key, "since": since, "creds": members.file(agent)}));
        }
    } else if members.agents().is_empty() {
        output.say("no agent is let in yet; `commune agent add ID` lets one in");
    } else {
        let mut table = Table::new(&["AGENT", "SINCE", "KEY"]);
        for (agent, member) in members.agents() {
            table.row([agent.clone(), member.since.strftime("%Y-%m-%d %H:%M").to_string(), member.key.clone()]);
        }
        output.text(&table.to_string());
    }
    Ok(())
}

fn remove(session: &Session, output: &Output, agent: &AgentId) -> Result<(), Failure> {
    let mut members = Members::open(session.home.path())?;
    members.remove(agent)?;
    change_tokens(session, |tokens| {
        tokens.remove(|holder| holder.role == Role::Member && holder.name == agent.as_str());
    })?;
    members.write_accounts()?;
    let told = tell_the_server(session)?;
    output.say(&match told {
        true => format!("{agent} is shut out; its connection is closed"),
        false => format!("{agent} is shut out as soon as the server reads {ACCOUNTS_FILE} again"),
    });
    if output.is_json() {
        output.json(&json!({"agent": agent.as_str(), "server_told": told}));
    }
    Ok(())
}

/// Changes who holds a token for gRPC; the services take it up within a second.
fn change_tokens(session: &Session, change: impl FnOnce(&mut TokensFile)) -> Result<(), Failure> {
    let path = session.home.path().join("tokens");
    let mut tokens = if path.exists() { TokensFile::read(&path)? } else { TokensFile::default() };
    change(&mut tokens);
    Ok(tokens.write(&path)?)
}

/// Lets the server of a running `commune up` read its accounts again; false when none runs.
fn tell_the_server(session: &Session) -> Result<bool, Failure> {
    // who can have the folder's lock is alone: what the file names may be another process by now
    if session.home.lock().is_ok() {
        return Ok(false);
    }
    let Some(running) = session.home.running()? else { return Ok(false) };
    let pid = running.pids.get("nats").and_then(|pid| i32::try_from(*pid).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ok(false) };
    kill_process(pid, Signal::HUP).map_err(std::io::Error::from)?;
    Ok(true)
}

fn url(session: &Session) -> Result<String, Failure> {
    let running = session.home.running()?.map(|running| running.nats_url);
    Ok(session.global.nats.clone().or(running).unwrap_or_else(|| "nats://127.0.0.1:4222".to_owned()))
}

impl Server {
    fn write(&self, session: &Session, output: &Output) -> Result<(), Failure> {
        let home = session.home.path();
        let members = Members::open_or_make(home)?;
        members.write_accounts()?;
        let mut files = Vec::new();
        for principal in Principal::WITH_STREAMS {
            files.push(members.of_service(principal)?);
        }
        let file = home.join("nats.conf");
        let configuration = ServerConfiguration {
            listen: self.listen.to_string(),
            port: self.port,
            store_dir: self.store.clone(),
            signed: Some(ACCOUNTS_FILE.to_owned()),
            ..ServerConfiguration::default()
        };
        fs::write(&file, configuration.render()).with_context(|| format!("cannot write {}", file.display()))?;
        if output.is_json() {
            output.json(&json!({"configuration": file, "accounts": home.join(ACCOUNTS_FILE), "creds": files}));
        } else {
            output.say("the server needs these two; nothing in them is secret:");
            output.text(&format!("{}\n{}", file.display(), home.join(ACCOUNTS_FILE).display()));
            output.say("and each service its own (nats.nkey_seed_file); the last is for `commune --operator-key`:");
            output.text(&files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join("\n"));
        }
        Ok(())
    }
}
