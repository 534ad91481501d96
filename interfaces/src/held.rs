//! `commune held`: what is held back from an agent's memory, and why, never the text; and what the agent can do about it.

use clap::{Args, Subcommand};
use commune_proto::{
    AgentId, NoteId,
    agent::v1 as wire,
    librarian::v1::{HeldBack, ListHeldRequest},
    selfcare::v1::ExplainNoteRequest,
};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    note::{fits, given_text},
    output::Output,
    say::say,
    table::Table,
    withdraw::withdraw,
};

/// Of one answer.
const PAGE: i32 = 1000;

/// List what is held back from an agent's memory, and why; reword it for the others, or drop it.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Held {
    /// The agent
    #[arg(required = true)]
    agent: Option<AgentId>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Log what the others may read in the place of a held note, which stays in the memory and is never shared
    Reword(Reword),
    /// Never look at a held note again: it stays in the memory and is never shared
    Drop(Drop),
}

#[derive(Debug, Args)]
struct Reword {
    /// The note that is held
    note: NoteId,
    /// The text for the others, Markdown; `-` or nothing reads it from stdin
    #[arg(allow_hyphen_values = true)]
    text: Option<String>,
    /// Whose note it is
    #[arg(long)]
    agent: AgentId,
}

#[derive(Debug, Args)]
struct Drop {
    /// The note that is held
    note: NoteId,
    /// Whose note it is
    #[arg(long)]
    agent: AgentId,
}

impl Held {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match (self.command, self.agent) {
            (Some(Command::Reword(reword)), _) => reword.run(session, output).await,
            (Some(Command::Drop(drop)), _) => drop.run(session, output).await,
            (None, Some(agent)) => list(session, &agent, output).await,
            (None, None) => Err(Failure::Usage("name an agent".to_owned())),
        }
    }
}

impl Reword {
    async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let text = given_text(self.text.as_deref())?;
        fits(&text)?;
        if text.trim().is_empty() {
            return Err(Failure::Usage("the note is empty: give it a text".to_owned()));
        }
        let kind = kind_of(session, &self.agent, &self.note).await?;
        let day = Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string();
        // its own key: a later wording takes the place of this one, and the memory never merges it with the held note
        let key = format!("reworded:{}", self.note);
        let visibility = wire::Visibility::Commune.into();
        let note = wire::Note { text, kind, key, visibility, ..wire::Note::default() };
        let bus = session.bus().await?;
        // first what is to be read, then what is not
        let (id, _) = say(&bus, &self.agent, "note", &[&note.text, &day, &note.kind, &note.key], &note).await?;
        withdraw(&bus, &self.agent, &self.note, "reworded".to_owned()).await?;
        bus.drain().await;
        output.say(&format!(
            "logged in the place of {}, which stays in the memory and is never shared; the next night looks at the new wording",
            self.note
        ));
        tell(output, &self.agent, &self.note, Some(&id));
        Ok(())
    }
}

impl Drop {
    async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        kind_of(session, &self.agent, &self.note).await?;
        let bus = session.bus().await?;
        withdraw(&bus, &self.agent, &self.note, "dropped".to_owned()).await?;
        bus.drain().await;
        output.say(&format!("{} stays in the memory; it is never shared, and you are not told of it again", self.note));
        tell(output, &self.agent, &self.note, None);
        Ok(())
    }
}

fn tell(output: &Output, agent: &AgentId, note: &NoteId, reworded: Option<&NoteId>) {
    if output.is_json() {
        let reworded = reworded.map(NoteId::as_str);
        output.json(&json!({"agent": agent.as_str(), "note": note.as_str(), "reworded": reworded}));
    } else if let Some(id) = reworded {
        output.text(id.as_str());
    }
}

/// The kind of a note of the agent's memory; not found when there is no such note.
async fn kind_of(session: &Session, agent: &AgentId, note: &NoteId) -> Result<String, Failure> {
    let name = format!("agents/{agent}/notes/{note}");
    let explained = session.memory()?.explain_note(ExplainNoteRequest { name }).await?.into_inner();
    Ok(explained.note.map(|note| note.kind).unwrap_or_default())
}

async fn list(session: &Session, agent: &AgentId, output: &Output) -> Result<(), Failure> {
    let mut library = session.library()?;
    let mut held: Vec<HeldBack> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListHeldRequest { parent: format!("agents/{agent}"), page_size: PAGE, page_token };
        let page = library.list_held(request).await?.into_inner();
        if page.nights == 0 {
            return Err(Failure::NotFound(format!("no night of mutual aid is on record for {agent}")));
        }
        held.extend(page.held);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if output.is_json() {
        for one in held {
            let note = note_of(&one.name);
            output.json(&json!({
                "agent": agent.as_str(), "since": one.since, "night": one.night, "note": note, "rule": one.rule, "advice": one.advice,
                "fingerprint": one.fingerprint,
            }));
        }
    } else if held.is_empty() {
        output.say("nothing is held back");
    } else {
        let mut table = Table::new(&["SINCE", "NOTE", "RULE", "FINGERPRINT", "WHAT TO DO"]);
        for one in held {
            let note = note_of(&one.name).to_owned();
            table.row([one.since, note, one.rule, one.fingerprint, one.advice]);
        }
        output.text(&table.to_string());
        output.say(&format!(
            "`commune held reword NOTE --agent {agent} TEXT` logs what the others may read; `commune held drop NOTE --agent {agent}` \
             lets it rest"
        ));
    }
    Ok(())
}

/// The last part of a note's name.
fn note_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
