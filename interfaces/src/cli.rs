//! The command line: what there is, and which file does it.

use clap::{Args, Parser, Subcommand};

use crate::{
    agent, articles, artifact, backup, blame, completions, connect::Session, dead, diff, doctor, export,
    failure::Failure, feedback, held, history, home::Home, import, inbox, library, mcp, memory, need, needs, night,
    note, output::Output, proposals, read, recall, rest, restore, revert, search, skill, status, tail, token, trace,
    up, web, withdraw,
};

const AFTER_HELP: &str = "\
Begin with `commune up` in one terminal; then, in another:
  commune note ada \"the staging database moves to port 5433 on Monday\" --kind decision
  commune night run
  commune search \"staging database port\"

Data go to stdout, words to stderr; --json gives JSON everywhere.
Exit codes: 0 done, 1 error, 2 usage, 3 not found or not known here, 4 not available now, 5 refused.";

/// A commons of knowledge for fleets of AI agents.
#[derive(Debug, Parser)]
#[command(name = "commune", version, after_help = AFTER_HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The data folder of the commune [default: ~/.local/share/commune]
    #[arg(long, global = true, env = "COMMUNE_HOME", value_name = "DIR", help_heading = "Where")]
    pub(crate) home: Option<std::path::PathBuf>,
    /// The NATS server, instead of the one of the running commune
    #[arg(long, global = true, env = "COMMUNE_NATS", value_name = "URL", help_heading = "Where")]
    pub(crate) nats: Option<String>,
    /// The gRPC address of librarian, such as http://127.0.0.1:7403
    #[arg(long, global = true, env = "COMMUNE_LIBRARY", value_name = "URL", help_heading = "Where")]
    pub(crate) library: Option<String>,
    /// The gRPC address of selfcare, such as http://127.0.0.1:7401
    #[arg(long, global = true, env = "COMMUNE_MEMORY", value_name = "URL", help_heading = "Where")]
    pub(crate) memory: Option<String>,
    /// A file with the seed of an operator's nkey, for a server that asks for one
    #[arg(long, global = true, env = "COMMUNE_OPERATOR_KEY", value_name = "FILE", help_heading = "Where")]
    pub(crate) operator_key: Option<std::path::PathBuf>,
    /// An agent's credentials (`commune agent add`), to speak as that agent and no other
    #[arg(long, global = true, env = "COMMUNE_CREDS", value_name = "FILE", help_heading = "Where")]
    pub(crate) creds: Option<std::path::PathBuf>,
    /// The token by which the services know you (`commune token add`); else the file `token` in the data folder
    #[arg(
        long,
        global = true,
        env = "COMMUNE_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        help_heading = "Where"
    )]
    pub(crate) token: Option<Secret>,
    /// The certificate of the authority that the services' certificates are of (PEM), for https:// addresses
    #[arg(long, global = true, env = "COMMUNE_CA", value_name = "FILE", help_heading = "Where")]
    pub(crate) ca: Option<std::path::PathBuf>,
    /// JSON on stdout: one object, or one object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long = "xdg-data-home", global = true, hide = true, env = "XDG_DATA_HOME", hide_env = true)]
    pub(crate) xdg_data_home: Option<std::path::PathBuf>,
}

/// A secret of the command line, which no message shows.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the commune on this machine: NATS and the three services, until Ctrl-C
    Up(up::Up),
    /// Tell whether every part is ready
    Status(status::Status),
    /// Look at everything that an operator would, and say what to do
    Doctor(doctor::Doctor),
    /// Put all streams and artifacts into one folder
    Backup(backup::Backup),
    /// Make an empty commune what a backup says
    Restore(restore::Restore),
    /// Let agents in, list them, and shut them out
    Agent(agent::Agent),
    /// Give out tokens for gRPC, list their holders, and take them back
    Token(token::Token),
    /// Log a note for an agent
    Note(note::Note),
    /// Store a file that an agent made, or read one back
    Artifact(artifact::Artifact),
    /// Ask the commune what an agent could not answer
    Need(need::Need),
    /// Let an agent rest: nothing is shared from its memory until then
    Rest(rest::Rest),
    /// Take back what was drawn from a note
    Withdraw(withdraw::Withdraw),
    /// Bring in an agent's workspace as notes, or a folder of Markdown as articles
    Import(import::Import),
    /// Write the library, how it came to be, or an agent's memory into a folder
    Export(export::Export),
    /// Run a night, look at one, or undo one for an agent
    Night(night::Night),
    /// Show the trace of an agent's night as a tree
    Trace(trace::Trace),
    /// Look at an agent's memory: brief, notes, diary, and why a note is where it is
    Memory(memory::Memory),
    /// Find what an agent noted, by a question to its own memory
    Recall(recall::Recall),
    /// Search the library
    Search(search::Search),
    /// Read an article
    Read(read::Read),
    /// Say that an article helped: its contributors hear of it with the night
    Helpful(feedback::Helpful),
    /// Say what is wrong in an article, to its contributors and its readers
    Wrong(feedback::Wrong),
    /// List the articles of the library
    Articles(articles::Articles),
    /// Look for what is wrong with the library's pages
    Library(library::Library),
    /// List the revisions of an article
    History(history::History),
    /// Show what changed between two revisions of an article
    Diff(diff::Diff),
    /// Take back what one revision of an article changed
    Revert(revert::Revert),
    /// Propose a change that takes something away or moves it
    Propose(proposals::Propose),
    /// Object to a proposal, with a reason
    Object(proposals::Object),
    /// Answer an objection
    Answer(proposals::Answer),
    /// Propose another change instead
    Amend(proposals::Amend),
    /// Take a proposal back
    TakeBack(proposals::TakeBack),
    /// List the proposals that stand, or show one
    Proposals(proposals::Proposals),
    /// Show who said what stands in an article, line by line
    Blame(blame::Blame),
    /// Share a skill's folder, list the library's skills, show or install one, or say how it went
    Skill(skill::Skill),
    /// List questions that the library could not answer
    Needs(needs::Needs),
    /// Show what an agent was told: answers to what it asked, thanks for what it shared
    Inbox(inbox::Inbox),
    /// List what was held back from an agent's memory, and why
    Held(held::Held),
    /// Look at what could not be handled, and replay it
    Dead(dead::Dead),
    /// Follow the messages of the bus, decoded
    Tail(tail::Tail),
    /// Serve the Model Context Protocol to one agent
    Mcp(mcp::Mcp),
    /// Serve pages for a browser
    Web(web::Web),
    /// Print the completions of a shell
    Completions(completions::Completions),
    #[command(name = up::child::COMMAND, hide = true)]
    Child(up::child::Exec),
}

/// Runs the command.
pub(crate) async fn dispatch(cli: Cli, output: &Output) -> Result<(), Failure> {
    let home = Home::resolve(&cli.global)?;
    let session = Session::new(cli.global, home);
    match cli.command {
        Command::Up(command) => command.run(&session, output).await,
        Command::Status(command) => command.run(&session, output).await,
        Command::Doctor(command) => command.run(&session, output).await,
        Command::Backup(command) => command.run(&session, output).await,
        Command::Restore(command) => command.run(&session, output).await,
        Command::Agent(command) => command.run(&session, output),
        Command::Token(command) => command.run(&session, output),
        Command::Note(command) => command.run(&session, output).await,
        Command::Artifact(command) => command.run(&session, output).await,
        Command::Need(command) => command.run(&session, output).await,
        Command::Rest(command) => command.run(&session, output).await,
        Command::Withdraw(command) => command.run(&session, output).await,
        Command::Import(command) => command.run(&session, output).await,
        Command::Export(command) => command.run(&session, output).await,
        Command::Night(command) => command.run(&session, output).await,
        Command::Trace(command) => command.run(&session, output).await,
        Command::Memory(command) => command.run(&session, output).await,
        Command::Search(command) => command.run(&session, output).await,
        Command::Recall(command) => command.run(&session, output).await,
        Command::Read(command) => command.run(&session, output).await,
        Command::Helpful(command) => command.run(&session, output).await,
        Command::Wrong(command) => command.run(&session, output).await,
        Command::Articles(command) => command.run(&session, output).await,
        Command::Library(command) => command.run(&session, output).await,
        Command::History(command) => command.run(&session, output).await,
        Command::Diff(command) => command.run(&session, output).await,
        Command::Revert(command) => command.run(&session, output).await,
        Command::Propose(command) => command.run(&session, output).await,
        Command::Object(command) => command.run(&session, output).await,
        Command::Answer(command) => command.run(&session, output).await,
        Command::Amend(command) => command.run(&session, output).await,
        Command::TakeBack(command) => command.run(&session, output).await,
        Command::Proposals(command) => command.run(&session, output).await,
        Command::Blame(command) => command.run(&session, output).await,
        Command::Skill(command) => command.run(&session, output).await,
        Command::Needs(command) => command.run(&session, output).await,
        Command::Inbox(command) => command.run(&session, output).await,
        Command::Held(command) => command.run(&session, output).await,
        Command::Dead(command) => command.run(&session, output).await,
        Command::Tail(command) => command.run(&session, output).await,
        Command::Mcp(command) => command.run(&session, output).await,
        Command::Web(command) => command.run(&session, output).await,
        Command::Completions(command) => command.run(output),
        Command::Child(command) => command.run(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
