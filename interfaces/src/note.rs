//! `commune note`: logs a note for an agent.

mod bounds;

use std::{
    io::{IsTerminal, Read},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use commune_bus::Bus;
use commune_knowledge::document::Document;
use commune_proto::{AgentId, NoteId, agent::v1 as wire};
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
    pub(crate) agent: AgentId,
    /// The Markdown text, front matter allowed; `-` or nothing reads it from stdin
    #[arg(conflicts_with = "file", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
    /// Read the text from a file
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// fact, lesson, decision, fix, how-to, skill, preference, log, … [default: log]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) kind: String,
    /// What the note is about: a later note with the same key takes its place
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) key: String,
    /// The title [default: the first heading or line]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) title: String,
    /// A tag; may be given again
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Who may read what is drawn from it [default: the kind decides]
    #[arg(long, value_enum)]
    pub(crate) visibility: Option<Visibility>,
    /// When it was logged: a date, or RFC 3339 [default: now]
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) date: String,
    /// Where it came from
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) source: String,
}

/// A note that can be logged.
#[derive(Debug)]
pub(crate) struct Ready {
    agent: AgentId,
    note: wire::Note,
    day: String,
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
        let ready = self.ready(&self.text()?, session)?;
        let bus = session.bus().await?;
        let (id, said) = ready.log(&bus).await?;
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

    /// The text as a note that can be logged: all of it is looked at before anybody is asked.
    pub(crate) fn ready(&self, raw: &str, session: &Session) -> Result<Ready, Failure> {
        fits(raw)?;
        let note = self.note(raw)?;
        bounds::check(&note)?;
        // the same text said again on another day is another note
        let day = match note.logged_at.as_str() {
            "" => Clock::system().now().to_zoned(session.time_zone(None)?).date().to_string(),
            date => date.to_owned(),
        };
        Ok(Ready { agent: self.agent.clone(), note, day })
    }

    /// The note that the text and the flags make; front matter speaks where no flag does.
    fn note(&self, raw: &str) -> Result<wire::Note, Failure> {
        let document = Document::parse(raw).map_err(|error| Failure::Refused(error.to_string()))?;
        if document.body.trim().is_empty() {
            return Err(Failure::Usage("the note is empty: give it a text".to_owned()));
        }
        let says = |flag: &str, keys: &[&str]| match flag.trim() {
            "" => keys.iter().find_map(|key| document.text_field(key)).unwrap_or_default().trim().to_owned(),
            flag => flag.to_owned(),
        };
        let visibility = match (self.visibility, document.text_field("visibility").map(str::trim)) {
            (Some(Visibility::Private), _) | (None, Some("private")) => wire::Visibility::Private,
            (Some(Visibility::Commune), _) | (None, Some("commune")) => wire::Visibility::Commune,
            (None, None | Some("")) => wire::Visibility::Unspecified,
            (None, Some(other)) => {
                return Err(Failure::Refused(format!("visibility `{other}` is not known: use private or commune")));
            }
        };
        let given = if self.tags.is_empty() { document.list_field("tags") } else { self.tags.clone() };
        let mut tags: Vec<String> = given.iter().map(|tag| tag.trim().to_lowercase()).collect();
        tags.retain(|tag| !tag.is_empty());
        tags.sort();
        tags.dedup();
        let logged_at = says(&self.date, &["date", "logged_at"]);
        check_date(&logged_at)?;
        Ok(wire::Note {
            kind: says(&self.kind, &["kind"]).to_lowercase(),
            key: says(&self.key, &["key"]),
            title: says(&self.title, &["title"]),
            visibility: visibility.into(),
            tags,
            logged_at,
            source: says(&self.source, &["source"]),
            text: document.body,
            files: Vec::new(),
        })
    }

    fn text(&self) -> Result<String, Failure> {
        match &self.file {
            Some(file) => utf8(std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?),
            None => given_text(self.text.as_deref()),
        }
    }
}

impl Ready {
    /// Logs it once: the id derives from all that it says, and its day.
    pub(crate) async fn log(&self, bus: &Bus) -> Result<(NoteId, Said), Failure> {
        let Self { agent, note, day } = self;
        let (tags, visibility) = (note.tags.join(","), note.visibility.to_string());
        let parts = [&note.text, day, &note.kind, &note.key, &note.title, &visibility, &tags, &note.source];
        say(bus, agent, "note", &parts.map(String::as_str), note).await
    }
}

/// The text that was given; `-` or nothing reads it from stdin. One byte more than a note may have is enough to refuse it.
pub(crate) fn given_text(text: Option<&str>) -> Result<String, Failure> {
    if let Some(text) = text.filter(|text| *text != "-") {
        return Ok(text.to_owned());
    }
    if text.is_none() && std::io::stdin().is_terminal() {
        return Err(Failure::Usage("give the note a text, or `-` to type it (end with Ctrl-D)".to_owned()));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(TEXT_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    utf8(bytes)
}

fn utf8(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|error| {
        Failure::Refused(format!(
            "the text is not UTF-8 (byte {}): convert it first, for example with iconv",
            error.utf8_error().valid_up_to()
        ))
    })
}

/// Refuses a text that is longer than a note may be.
pub(crate) fn fits(text: &str) -> Result<(), Failure> {
    if text.len() <= TEXT_LIMIT {
        return Ok(());
    }
    Err(Failure::Refused(format!(
        "the note has {} bytes; at most {TEXT_LIMIT} are allowed. Split it, or store it with `commune artifact`",
        text.len()
    )))
}

fn check_date(date: &str) -> Result<(), Failure> {
    let good = date.is_empty() || date.parse::<jiff::Timestamp>().is_ok() || date.parse::<jiff::civil::Date>().is_ok();
    if good {
        Ok(())
    } else {
        Err(Failure::Usage(format!("`{date}` is not a date: use 2026-02-14 or 2026-02-14T09:30:00Z")))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        note: Note,
    }

    fn note(raw: &str, flags: &[&str]) -> Result<wire::Note, Failure> {
        Line::try_parse_from(["note", "ada"].iter().chain(flags)).unwrap().note.note(raw)
    }

    #[test]
    fn front_matter_speaks_where_no_flag_does() {
        let raw = "---\nkind: Lesson\ntags: [B, a]\ndate: 2026-02-14\nvisibility: private\n---\ntext\n";
        let found = note(raw, &["--kind", "fix"]).unwrap();
        assert_eq!((found.kind.as_str(), found.text.as_str()), ("fix", "text\n"));
        assert_eq!((&found.tags[..], found.logged_at.as_str()), (&["a".to_owned(), "b".to_owned()][..], "2026-02-14"));
        assert_eq!(found.visibility(), wire::Visibility::Private);
        assert_eq!(note(raw, &["--visibility", "commune"]).unwrap().visibility(), wire::Visibility::Commune);
    }

    #[test]
    fn what_cannot_be_a_note_is_refused() {
        assert!(matches!(note("---\nkind: [\n---\nx", &[]), Err(Failure::Refused(_))));
        assert!(matches!(note("---\nvisibility: all\n---\nx", &[]), Err(Failure::Refused(_))));
        assert!(matches!(note("---\nkind: log\n---\n", &[]), Err(Failure::Usage(_))));
        assert!(matches!(note("x", &["--date", "tomorrow"]), Err(Failure::Usage(_))));
    }
}
