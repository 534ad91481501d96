//! `commune night`: runs a night, looks at one, or undoes one.

pub(crate) mod board;
mod details;
pub(crate) mod judge;
mod load;
mod run;
mod state;
mod undo;
mod watch;

use clap::{Args, Subcommand};
use commune_bus::{Bus, StreamName, View, subject};
use commune_proto::{NightId, night::v1::Stage};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::{Session, view},
    failure::Failure,
    output::Output,
    table::Table,
};
pub(crate) use state::{Nights, Told};

/// The stages in their order.
pub(crate) const STAGES: [Stage; 3] = [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian];

/// Run a night, look at one, or undo one for an agent.
#[derive(Debug, Args)]
pub(crate) struct Night {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask for a night now, wait until it is done, and show its board
    Run(run::Run),
    /// Show the board of a night
    Status(Status),
    /// Follow the trail as it is written; Ctrl-C ends it
    Watch(watch::Watch),
    /// List the nights
    List,
    /// Bring an agent's memory of before a night back
    Undo(undo::Undo),
}

/// Show the board of a night: agents and stages with outcome, counts, duration and trace.
#[derive(Debug, Args)]
struct Status {
    /// The night, such as 2026-02-14 [default: the newest]
    night: Option<NightId>,
    /// Also what was shared and where it was placed, and what was held back and why
    #[arg(long)]
    details: bool,
}

impl Night {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        match self.command {
            Command::Run(command) => command.run(session, output).await,
            Command::Status(command) => command.run(session, output).await,
            Command::Watch(command) => command.run(session, output).await,
            Command::List => list(session, output).await,
            Command::Undo(command) => command.run(session, output).await,
        }
    }
}

impl Status {
    async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let bus = session.bus().await?;
        let nights = all_nights(&bus).await?;
        let night = match self.night {
            Some(night) => night,
            None => nights
                .read(Nights::newest)
                .ok_or_else(|| Failure::NotFound("no night ran yet; `commune night run` runs one now".to_owned()))?,
        };
        show(&bus, &nights, night, self.details, output).await
    }
}

/// Prints the board of a night.
async fn show(bus: &Bus, nights: &View<Nights>, night: NightId, details: bool, output: &Output) -> Result<(), Failure> {
    let one = nights
        .read(|nights| nights.get(night).cloned())
        .ok_or_else(|| Failure::NotFound(format!("the night {night} did not run; `commune night list` shows all")))?;
    let details = match details {
        true => Some(details::read(bus, night).await?),
        false => None,
    };
    let concerns = concerns(bus, nights, night).await?;
    if output.is_json() {
        let mut value = board::json(night, &one, &concerns);
        if let Some(details) = &details {
            value["shared"] = details.shared.iter().map(details::Shared::json).collect();
            value["held"] = details.held.iter().map(details::Held::json).collect();
            value["waiting"] = json!(details.waiting);
        }
        output.json(&value);
    } else {
        output.text(&board::render(night, &one, &concerns));
        if let Some(details) = &details {
            output.text(&details.render());
        }
    }
    Ok(())
}

/// What is the matter with a night.
async fn concerns(bus: &Bus, nights: &View<Nights>, night: NightId) -> Result<Vec<judge::Concern>, Failure> {
    let (scheduled, now) = (judge::scheduled(bus).await?, Clock::system().now());
    let (mut concerns, newest) = nights.read(|nights| (judge::concerns(nights, scheduled, now), nights.newest()));
    concerns.retain(|concern| concern.belongs_to(night, newest == Some(night)));
    Ok(concerns)
}

/// The board of a night; none when it did not run.
pub(crate) async fn board(bus: &Bus, nights: &View<Nights>, night: NightId) -> Result<Option<board::Board>, Failure> {
    let Some(one) = nights.read(|nights| nights.get(night).cloned()) else { return Ok(None) };
    Ok(Some(board::Board::of(&one, &concerns(bus, nights, night).await?)))
}

async fn list(session: &Session, output: &Output) -> Result<(), Failure> {
    let bus = session.bus().await?;
    let nights = all_nights(&bus).await?;
    if output.is_json() {
        let all: Vec<serde_json::Value> =
            nights.read(|nights| nights.iter().map(|(night, one)| board::summary(*night, one)).collect());
        all.iter().for_each(|night| output.json(night));
        return Ok(());
    }
    let all = nights.read(Nights::told);
    if all.is_empty() {
        output.say("no night ran yet; `commune night run` runs one now");
    } else {
        let mut table = Table::new(&["NIGHT", "AGENTS", "STATE", "OPENED"]);
        for told in all {
            table.row([told.night.to_string(), told.agents.to_string(), told.state.to_owned(), told.opened_at]);
        }
        output.text(&table.to_string());
    }
    Ok(())
}

/// Everything known of all nights.
pub(crate) async fn all_nights(bus: &Bus) -> Result<View<Nights>, Failure> {
    view(bus, StreamName::Nights, filters(), Nights::default()).await
}

/// What is read of the stream NIGHTS.
pub(crate) fn filters() -> Vec<String> {
    [subject::NIGHT_OPENED_ALL, subject::NIGHT_BEGUN_ALL, subject::TRAIL_ALL].map(str::to_owned).to_vec()
}
