//! Tools by which an agent says something: `remember`, `share`, `helpful`, `rest`. **Each answers only after the server's
//! acknowledgement**, and the same call again stores nothing twice.

use commune_proto::{NoteId, agent::v1::Verdict};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Status},
    server::Server,
};
use crate::{
    failure::Failure,
    feedback::Saying,
    note::{Note, Visibility},
    read::article_path,
    rest,
    say::Said,
};

/// A note for the agent's own memory.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Remember {
    text: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    date: String,
    #[serde(default)]
    private: bool,
}

/// A note for the others.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Share {
    text: String,
    #[serde(default = "lesson")]
    kind: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// The kind of what is shared when nothing is said.
pub(super) const LESSON: &str = "lesson";

fn lesson() -> String {
    LESSON.to_owned()
}

/// What an article was worth.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Helpful {
    path: String,
    #[serde(default)]
    verdict: Word,
    #[serde(default)]
    why: String,
    #[serde(default)]
    revision: u32,
}

/// A verdict.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    /// It helped.
    #[default]
    Helpful,
    /// It is wrong.
    Wrong,
}

/// A rest, or its end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rest {
    #[serde(default)]
    until: String,
    #[serde(default)]
    end: bool,
}

impl Server {
    pub(super) async fn remember(&self, asked: Remember) -> Result<Answer, Failure> {
        let visibility = asked.private.then_some(Visibility::Private);
        let Remember { text, kind, title, key, tags, date, .. } = asked;
        let note = self.note(kind, title, key, tags, date, visibility);
        let (id, said) = note.ready(&text, self.session())?.log(&self.bus().await?).await?;
        Ok(self.stored(&id, said, "Your memory is tidied by night; recall finds it from now on."))
    }

    pub(super) async fn share(&self, asked: Share) -> Result<Answer, Failure> {
        let Share { text, kind, title, key, tags } = asked;
        let note = self.note(kind, title, key, tags, String::new(), Some(Visibility::Commune));
        let (id, said) = note.ready(&text, self.session())?.log(&self.bus().await?).await?;
        Ok(self.stored(
            &id,
            said,
            "It is in your memory now. By night it is looked at once more, and goes into the library unless it holds a secret, \
             names a person or gives orders to its reader: then it stays with you, and you are told why.",
        ))
    }

    pub(super) async fn helpful(&self, asked: Helpful) -> Result<Answer, Failure> {
        let path = article_path(&asked.path)?;
        let verdict = match asked.verdict {
            Word::Helpful => Verdict::Helpful,
            Word::Wrong => Verdict::Wrong,
        };
        let saying = Saying { path, agent: self.agent().clone(), verdict, why: asked.why, version: asked.revision };
        let words = saying.words(self.session())?;
        let (id, said) = saying.say(&self.bus().await?, &words).await?;
        Ok(self.stored(&id, said, saying.became(said)))
    }

    pub(super) async fn rest(&self, asked: Rest) -> Result<Answer, Failure> {
        let until =
            match (asked.until.trim(), asked.end) {
                ("", true) => None,
                (date, false) if !date.is_empty() => Some(date.parse::<Date>().map_err(|_| {
                    Failure::Usage(format!("`until`: `{date}` is not a date, use one such as 2026-12-01"))
                })?),
                _ => {
                    return Err(Failure::Usage("give either `until`, the last day of rest, or `end`: true".to_owned()));
                }
            };
        let id = rest::rest(&self.bus().await?, self.agent(), until).await?;
        let words = rest::words(self.agent(), until);
        let fields = json!({ "message": words, "id": id.as_str(), "until": until.map(|date| date.to_string()) });
        Ok(Answer::new(Status::Stored, words, without_nulls(fields)))
    }

    fn note(
        &self,
        kind: String,
        title: String,
        key: String,
        tags: Vec<String>,
        date: String,
        visibility: Option<Visibility>,
    ) -> Note {
        let agent = self.agent().clone();
        Note { agent, text: None, file: None, kind, key, title, tags, visibility, date, source: "mcp".to_owned() }
    }

    /// What the server has acknowledged.
    fn stored(&self, id: &NoteId, said: Said, becomes: &str) -> Answer {
        let words = match said {
            Said::New => format!("Stored as {id}. {becomes}"),
            Said::Already => format!("Stored already as {id}: nothing was written again."),
        };
        let fields = json!({
            "message": words, "id": id.as_str(), "new": said == Said::New, "agent": self.agent().as_str(),
        });
        Answer::new(Status::Stored, words, fields)
    }
}

/// The fields that are there.
pub(super) fn without_nulls(mut fields: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.retain(|_, value| !value.is_null());
    }
    fields
}
