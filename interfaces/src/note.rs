//! `commune note`: logs a note for an agent.

use std::{
    io::{IsTerminal, Read},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use commune_proto::{AgentId, agent::v1 as wire};
use commune_runtime::clock::Clock;
use serde_json::json;

use crate::{
    connect::Session,
    failure::Failure,
    output::Output,
    say::{Said, say},
};

/// Most bytes of a note.
pub(crate) const TEXT_LIMIT: usize = 256 * 1024;

/// Log a note for an agent.
#[derive(Debug, Args)]
pub(crate) struct Note {
    /// Who logs it
    agent: AgentId,
    /// The Markdown text; `-` or nothing reads it from stdin
    #[arg(conflicts_with = "file")]
    text: Option<String>,
    /// Read the text from a file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// fact, lesson, decision, fix, how-to, skill, preference, log, … [default: log]
    #[arg(long, default_value = "", hide_default_value = true)]
    kind: String,
    /// What the note is about: a later note with the same key takes its place
    #[arg(long, default_value = "", hide_default_value = true)]
    key: String,
    /// The title [default: the first heading or line]
    #[arg(long, default_value = "", hide_default_value = true)]
    title: String,
    /// A tag; may be given again
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Who may read what is drawn from it [default: the kind decides]
    #[arg(long, value_enum)]
    visibility: Option<Visibility>,
    /// When it was logged: a date, or RFC 3339 [default: now]
    #[arg(long, default_value = "", hide_default_value = true)]
    date: String,
    /// Where it came from
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
}

/// Who may read what is drawn from a note.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Visibility {
    /// Stays in the agent's memory
    Private,
    /// May be shared with the commune
    Commune,
}

impl Note {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err(Failure::Usage("the note is empty: give it a text".to_owned()));
        }
        if text.len() > TEXT_LIMIT {
            return Err(Failure::Refused(format!(
                "the note has {} bytes; at most {TEXT_LIMIT} are allowed. Split it, or store it with `commune artifact`",
                text.len()
            )));
        }
        check_date(&self.date)?;
        let mut tags: Vec<String> = self.tags.iter().map(|tag| tag.trim().to_lowercase()).collect();
        tags.sort();
        tags.dedup();
        let visibility = match self.visibility {
            None => wire::Visibility::Unspecified,
            Some(Visibility::Private) => wire::Visibility::Private,
            Some(Visibility::Commune) => wire::Visibility::Commune,
        };
        let note = wire::Note {
            text,
            kind: self.kind.trim().to_lowercase(),
            key: self.key,
            title: self.title,
            visibility: visibility.into(),
            tags,
            logged_at: self.date,
            source: self.source,
        };
        // the same text said again on another day is another note
        let day = match note.logged_at.as_str() {
            "" => Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string(),
            date => date.to_owned(),
        };
        let tags = note.tags.join(",");
        let visibility = (visibility as i32).to_string();
        let parts = [&note.text, &day, &note.kind, &note.key, &note.title, &visibility, &tags, &note.source];
        let bus = session.bus().await?;
        let (id, said) = say(&bus, &self.agent, "note", &parts.map(String::as_str), &note).await?;
        bus.drain().await;
        output.say(match said {
            Said::New => "logged",
            Said::Already => "already logged",
        });
        if output.is_json() {
            output.json(&json!({"agent": self.agent.as_str(), "id": id.as_str(), "new": said == Said::New}));
        } else {
            output.text(id.as_str());
        }
        Ok(())
    }

    fn text(&self) -> Result<String, Failure> {
        let bytes = match (&self.file, self.text.as_deref()) {
            (Some(file), _) => std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?,
            (None, Some(text)) if text != "-" => return Ok(text.to_owned()),
            (None, given) => {
                if given.is_none() && std::io::stdin().is_terminal() {
                    return Err(Failure::Usage("give the note a text, or `-` to type it (end with Ctrl-D)".to_owned()));
                }
                let mut bytes = Vec::new();
                std::io::stdin().lock().take(TEXT_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
                bytes
            }
        };
        String::from_utf8(bytes).map_err(|error| {
            Failure::Refused(format!(
                "the text is not UTF-8 (byte {}): convert it first, for example with iconv",
                error.utf8_error().valid_up_to()
            ))
        })
    }
}

fn check_date(date: &str) -> Result<(), Failure> {
    let good = date.is_empty() || date.parse::<jiff::Timestamp>().is_ok() || date.parse::<jiff::civil::Date>().is_ok();
    if good {
        Ok(())
    } else {
        Err(Failure::Usage(format!("`{date}` is not a date: use 2026-02-14 or 2026-02-14T09:30:00Z")))
    }
}
