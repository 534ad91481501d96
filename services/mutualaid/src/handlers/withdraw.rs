//! A note that its agent withdraws: said once for all, to mutual aid itself and to the library.
//!
//! **Private stays private**, also what was shared before its agent thought better of it. Nothing here needs the note: its id is
//! enough, and what is not known here is withdrawn before it comes.

use std::sync::Arc;

use commune_bus::{
    DecodeError, Delivery, Handled, Handler, Outgoing, Point, PublishError, Stored, StreamName, attribute, subject,
};
use commune_knowledge::{
    document::{self, Document},
    normalize,
};
use commune_proto::{AgentId, NoteId, agent::v1::Withdraw, content_id, mutualaid::v1::NoteWithdrawn};
use prost::{Message, Name};

use super::{Failure, MutualAid, SOURCE, publish_failure};

/// Most bytes of a reason.
const REASON: usize = 1024;

/// Records what agents withdraw.
#[derive(Debug)]
pub struct WithdrawHandler(pub Arc<MutualAid>);

impl Handler for WithdrawHandler {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let (aid, message) = (&self.0, &delivery.message);
        let said = subject::parse_said(&message.subject)
            .ok_or_else(|| Failure::reject(format!("`{}` is not a subject on which agents speak", message.subject)))?;
        let agent: AgentId = said.agent.parse().map_err(Failure::reject)?;
        let note = note(message).map_err(Failure::reject)?;
        // what was merged or shared until now is found; what comes later names the note itself
        aid.current(&aid.views.memory, StreamName::Memory).await?;
        aid.current(&aid.views.aid, StreamName::Aid).await?;
        let event = NoteWithdrawn {
            agent: agent.to_string(),
            note: note.to_string(),
            notes: aid.views.withdrawn_with(agent.as_str(), note.as_str()),
            withdrawn_at: message.stored_at.to_string(),
        };
        let id = content_id(&["withdrawn", agent.as_str(), note.as_str()]);
        let outgoing = Outgoing::event(subject::note_withdrawn(&agent, &note), &id, SOURCE, aid.clock.now(), &event);
        delivery.points.reach(Point::AfterDecide);
        match aid.bus.publish(outgoing.once()).await {
            Ok(_) => {
                delivery.points.reach(Point::AfterState);
                tracing::info!(agent = %agent, note = %note, "a note was withdrawn");
                Ok(())
            }
            // withdrawn before
            Err(PublishError::Conflict { .. }) => Ok(()),
            Err(error) => Err(publish_failure(error)),
        }
    }
}

/// The note that a message withdraws, whatever form its agent chose.
fn note(message: &Stored) -> Result<NoteId, String> {
    let withdraw = match message.media_type().as_str() {
        "text/markdown" | "text/plain" => from_markdown(&message.payload)?,
        "application/json" => from_json(&message.payload)?,
        "application/protobuf" => {
            if let Some(found) = message.header(attribute::TYPE).filter(|found| *found != Withdraw::full_name()) {
                let (found, wanted) = (found.to_owned(), Withdraw::full_name());
                return Err(DecodeError::Type { found, wanted }.to_string());
            }
            Withdraw::decode(message.payload.as_ref())
                .map_err(|e| format!("the body is not a valid commune.agent.v1.Withdraw: {e}"))?
        }
        other => {
            return Err(format!(
                "content type `{other}` is not known: use text/markdown, application/json or application/protobuf"
            ));
        }
    };
    if withdraw.reason.len() > REASON {
        let bytes = withdraw.reason.len();
        return Err(format!("the reason has {bytes} bytes; at most {REASON} are allowed: say it shorter"));
    }
    match withdraw.note.trim() {
        "" => Err("no note is named: write its id into the body".to_owned()),
        note => note.parse().map_err(|error| format!("note: {error}")),
    }
}

/// The body is the note's id; where the front matter names the note, it is the reason.
fn from_markdown(body: &[u8]) -> Result<Withdraw, String> {
    let document = Document::parse(&normalize::text(utf8(body)?)).map_err(|e| e.to_string())?;
    let field = |name: &str| document.text_field(name).unwrap_or_default().to_owned();
    Ok(match field("note") {
        note if note.is_empty() => Withdraw { note: document.body.clone(), reason: field("reason") },
        note => Withdraw { note, reason: document.body.trim().to_owned() },
    })
}

fn from_json(body: &[u8]) -> Result<Withdraw, String> {
    let value: serde_json::Value = serde_json::from_str(utf8(body)?)
        .map_err(|e| format!("the body is not valid JSON: {}", document::without_values(&e.to_string())))?;
    let serde_json::Value::Object(fields) = value else {
        return Err("the body is not a JSON object: send {\"note\": \"…\"}".to_owned());
    };
    if let Some(unknown) = fields.keys().find(|key| !["note", "reason"].contains(&key.as_str())) {
        let unknown: String = unknown.chars().take(100).collect();
        return Err(format!("field `{unknown}` is not known: a withdrawal has `note` and `reason`"));
    }
    let text = |name: &str| match fields.get(name) {
        None => Ok(String::new()),
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("field `{name}` is not text: send {{\"{name}\": \"…\"}}")),
    };
    Ok(Withdraw { note: text("note")?, reason: text("reason")? })
}

fn utf8(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body).map_err(|e| format!("the body is not UTF-8 (byte {}): send UTF-8 text", e.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(media_type: Option<&str>, body: &[u8], expected: Result<&str, &str>) {
        let message = Stored {
            stream: StreamName::Drops,
            subject: "commune.agent.ada.withdraw".into(),
            sequence: 1,
            stored_at: jiff::Timestamp::UNIX_EPOCH,
            headers: media_type.map(|t| ("Content-Type".to_owned(), t.to_owned())).into_iter().collect(),
            payload: body.to_vec().into(),
        };
        match (note(&message), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.as_str(), expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "`{found}` does not say `{expected}`"),
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_withdrawal_is_read_in_every_form() {
        check(None, b"n1\n", Ok("n1"));
        check(None, b"---\nreason: it names a customer\n---\nn1", Ok("n1"));
        check(None, b"---\nnote: n1\n---\nIt names a customer.\n", Ok("n1"));
        check(Some("application/json"), br#"{"note": "n1", "reason": "wrong"}"#, Ok("n1"));
        let withdraw = Withdraw { note: "n1".into(), reason: "r".repeat(REASON) };
        check(Some("application/protobuf"), &withdraw.encode_to_vec(), Ok("n1"));
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        check(None, b"\xff", Err("send UTF-8"));
        check(None, b" \n", Err("no note is named"));
        check(None, b"the note of yesterday", Err("is not a note id"));
        check(Some("application/json"), br#"{"id": "n1"}"#, Err("field `id` is not known"));
        check(Some("application/json"), br#"{"note": 7}"#, Err("field `note` is not text"));
        check(Some("application/json"), br#"["n1"]"#, Err("not a JSON object"));
        check(Some("image/png"), b"x", Err("content type `image/png` is not known"));
        let withdraw = Withdraw { note: "n1".into(), reason: "r".repeat(REASON + 1) };
        check(Some("application/protobuf"), &withdraw.encode_to_vec(), Err("1025 bytes; at most 1024"));
    }
}
