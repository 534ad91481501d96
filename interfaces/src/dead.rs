//! `commune dead`: what could not be handled.

use clap::{Args, Subcommand};
use commune_bus::{Bus, DeadLetter};
use serde_json::{Value, json};

use crate::{connect::Session, failure::Failure, output::Output, table::Table, tail};

const LIMIT: usize = 10_000;

/// Look at what could not be handled, and replay it.
#[derive(Debug, Args)]
pub(crate) struct Dead {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the dead letters
    List,
    /// Show one, with its headers and body
    Show {
        /// Its number
        number: u64,
    },
    /// Publish its message again, so that its stage handles it anew
    Replay {
        /// Its number
        number: u64,
    },
}

impl Dead {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let bus = session.bus().await?;
        match self.command {
            Command::List => list(&bus, output).await,
            Command::Show { number } => show(&letter(&bus, number).await?, output),
            Command::Replay { number } => {
                let letter = letter(&bus, number).await?;
                let stored = bus.replay(&letter).await?;
                output.say(&format!("replayed; stored as message {} of its stream", stored.sequence));
                if output.is_json() {
                    output.json(&json!({"number": number, "sequence": stored.sequence}));
                }
                Ok(())
            }
        }
    }
}

async fn list(bus: &Bus, output: &Output) -> Result<(), Failure> {
    let letters = bus.dead_letters(LIMIT).await?;
    if output.is_json() {
        letters.iter().for_each(|letter| output.json(&about(letter)));
    } else if letters.is_empty() {
        output.say("no dead letters");
    } else {
        let mut table = Table::new(&["NUMBER", "STAGE", "FROM", "ATTEMPTS", "SUBJECT", "WHY"]);
        for letter in letters {
            table.row([
                letter.sequence.to_string(),
                letter.stage,
                format!("{} {}", letter.original_stream, letter.original_sequence),
                letter.attempts.to_string(),
                letter.original_subject,
                letter.reason,
            ]);
        }
        output.text(&table.to_string());
    }
    Ok(())
}

async fn letter(bus: &Bus, number: u64) -> Result<DeadLetter, Failure> {
    bus.dead_letter(number)
        .await?
        .ok_or_else(|| Failure::NotFound(format!("there is no dead letter {number}; `commune dead list` shows all")))
}

fn show(letter: &DeadLetter, output: &Output) -> Result<(), Failure> {
    let body = tail::body(&letter.message);
    if output.is_json() {
        let mut value = about(letter);
        value["headers"] = letter.message.headers.iter().map(|(name, value)| json!([name, value])).collect();
        value["body"] = body;
        output.json(&value);
        return Ok(());
    }
    let mut text = format!(
        "stage     {}\nreason    {}\nattempts  {}\nmessage   {} {}\nsubject   {}\n",
        letter.stage,
        letter.reason,
        letter.attempts,
        letter.original_stream,
        letter.original_sequence,
        letter.original_subject
    );
    if !letter.trace_id.is_empty() {
        text.push_str(&format!("trace     {}\n", letter.trace_id));
    }
    for (name, value) in &letter.message.headers {
        text.push_str(&format!("header    {name}: {value}\n"));
    }
    text.push('\n');
    match body {
        Value::String(body) => text.push_str(&body),
        body => text.push_str(&serde_json::to_string_pretty(&body).map_err(anyhow::Error::from)?),
    }
    output.text(&text);
    Ok(())
}

fn about(letter: &DeadLetter) -> Value {
    json!({
        "number": letter.sequence,
        "stage": letter.stage,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "original_stream": letter.original_stream,
        "original_sequence": letter.original_sequence,
        "original_subject": letter.original_subject,
        "trace_id": letter.trace_id,
        "dead_at": letter.message.stored_at.to_string(),
    })
}
