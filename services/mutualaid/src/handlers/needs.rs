//! A question that an agent could not answer becomes a need, once for each agent and day, up to a bound for each agent and day.

use std::sync::Arc;

use commune_bus::{
    DecodeError, Delivery, Handled, Handler, Outgoing, Point, Points, PublishError, Stored, StreamName, attribute,
    subject,
};
use commune_knowledge::{document::Document, normalize, secrets};
use commune_proto::{AgentId, agent::v1::Need, content_id, mutualaid::v1::NeedAsked};
use jiff::Timestamp;
use prost::{Message, Name};

use super::{Failure, MutualAid, SOURCE, publish_failure};
use crate::needs::asked_that_day;

/// Most bytes of a question.
const LONGEST: usize = 1024;

/// Times that an asking is counted anew because somebody else wrote to AID meanwhile, before it is given back.
const TRIES: usize = 20;

/// Records what agents ask.
#[derive(Debug)]
pub struct NeedAskedHandler(pub Arc<MutualAid>);

impl Handler for NeedAskedHandler {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let message = &delivery.message;
        let said = subject::parse_said(&message.subject)
            .ok_or_else(|| Failure::reject(format!("`{}` is not a subject on which agents speak", message.subject)))?;
        let agent: AgentId = said.agent.parse().map_err(Failure::reject)?;
        let question = question(message).map_err(Failure::reject)?;
        let need = content_id(&["need", &normalize::question(&question)]);
        let day = message.stored_at.to_zoned(self.0.zone.clone()).date();
        let ask = content_id(&["ask", &need, agent.as_str(), &day.to_string()]);
        let event = NeedAsked { need, question, asker: agent.to_string(), asked_at: message.stored_at.to_string() };
        for _ in 0..TRIES {
            if self.record(&agent, &ask, &event, message.stored_at, &delivery.points).await? {
                return Ok(());
            }
        }
        Err(Failure::retry("AID moved on each time that a need was to be recorded"))
    }
}

impl NeedAskedHandler {
    /// Records an asking unless it is there; false when AID has moved on since it was read. **The bound holds whoever else
    /// records at the same time**: an asking is stored only at the end of the AID that it was counted in.
    async fn record(
        &self,
        agent: &AgentId,
        ask: &str,
        event: &NeedAsked,
        at: Timestamp,
        points: &Points,
    ) -> Result<bool, Failure> {
        let aid = &self.0;
        let seen = aid.current(&aid.views.aid, StreamName::Aid).await?;
        let (known, that_day) = aid.views.aid.read(|view| {
            let known = view.asked_by(agent.as_str()).any(|(known, _)| known == ask);
            (known, asked_that_day(view.asked_by(agent.as_str()).map(|(_, at)| at), at, &aid.zone))
        });
        if known {
            // asked before on the same day
            return Ok(true);
        }
        if that_day >= aid.needs_per_day {
            return Err(Failure::reject(format!(
                "{agent} has asked {that_day} questions on this day, and {} are allowed (needs.per_day): ask again tomorrow",
                aid.needs_per_day
            )));
        }
        let subject = subject::need_asked(&event.need, ask);
        let outgoing = Outgoing::event(subject, &format!("need-{ask}"), SOURCE, aid.clock.now(), event).once();
        points.reach(Point::AfterDecide);
        match aid.bus.publish(outgoing.at_the_end(seen)).await {
            Ok(_) => {
                points.reach(Point::AfterState);
                tracing::info!(agent = %agent, need = %event.need, "a need was recorded");
                Ok(true)
            }
            Err(PublishError::Conflict { .. }) => Ok(false),
            Err(error) => Err(publish_failure(error)),
        }
    }
}

/// The question in a message, whatever form its agent chose.
fn question(message: &Stored) -> Result<String, String> {
    let raw = match message.media_type().as_str() {
        "text/markdown" | "text/plain" => from_markdown(&message.payload)?,
        "application/json" => from_json(&message.payload)?,
        "application/protobuf" => {
            if let Some(found) = message.header(attribute::TYPE).filter(|found| *found != Need::full_name()) {
                let (found, wanted) = (found.to_owned(), Need::full_name());
                return Err(DecodeError::Type { found, wanted }.to_string());
            }
            Need::decode(message.payload.as_ref())
                .map_err(|e| format!("the body is not a valid commune.agent.v1.Need: {e}"))?
                .question
        }
        other => {
            return Err(format!(
                "content type `{other}` is not known: use text/markdown, application/json or application/protobuf"
            ));
        }
    };
    checked(&raw)
}

fn from_markdown(body: &[u8]) -> Result<String, String> {
    let text = utf8(body)?;
    Ok(Document::parse(text).map_err(|e| e.to_string())?.body)
}

fn from_json(body: &[u8]) -> Result<String, String> {
    let value: serde_json::Value =
        serde_json::from_str(utf8(body)?).map_err(|e| format!("the body is not valid JSON: {e}"))?;
    let serde_json::Value::Object(fields) = value else {
        return Err("the body is not a JSON object: send {\"question\": \"…\"}".to_owned());
    };
    if let Some(unknown) = fields.keys().find(|key| *key != "question") {
        return Err(format!("field `{unknown}` is not known: a need has only `question`"));
    }
    match fields.get("question") {
        Some(serde_json::Value::String(question)) => Ok(question.clone()),
        _ => Err("field `question` is missing or is not text: send {\"question\": \"…\"}".to_owned()),
    }
}

fn utf8(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body).map_err(|e| format!("the body is not UTF-8 (byte {}): send UTF-8 text", e.valid_up_to()))
}

/// The question on one line, within its bounds; a question is read by all, so it must hold no secret.
fn checked(raw: &str) -> Result<String, String> {
    let raw = normalize::text(raw);
    let question = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    let question = question.trim_start_matches(['#', ' ']).to_owned();
    if question.len() > LONGEST {
        return Err(format!("the question has {} bytes; at most {LONGEST} are allowed: ask shorter", question.len()));
    }
    if !normalize::question(&question).chars().any(char::is_alphanumeric) {
        return Err("the question is empty: say in one line what is not known".to_owned());
    }
    if let Some(finding) = secrets::scan(&question).first() {
        return Err(format!("the question seems to hold a secret ({}): ask again without it", finding.rule));
    }
    Ok(question)
}

#[cfg(test)]
mod tests {
    use commune_bus::StreamName;

    use super::*;

    fn check(media_type: Option<&str>, body: &[u8], expected: Result<&str, &str>) {
        let message = Stored {
            stream: StreamName::Drops,
            subject: "commune.agent.ada.need".into(),
            sequence: 1,
            stored_at: jiff::Timestamp::UNIX_EPOCH,
            headers: media_type.map(|t| ("Content-Type".to_owned(), t.to_owned())).into_iter().collect(),
            payload: body.to_vec().into(),
        };
        match (question(&message), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "`{found}` does not say `{expected}`"),
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_question_is_read_in_every_form() {
        check(None, "How do I\nrenew it?\n".as_bytes(), Ok("How do I renew it?"));
        check(Some("text/plain; charset=utf-8"), "Où est-ce ?".as_bytes(), Ok("Où est-ce ?"));
        check(Some("application/json"), br#"{"question": "Where?"}"#, Ok("Where?"));
        let need = Need { question: "Why?".into() };
        check(Some("application/protobuf"), &need.encode_to_vec(), Ok("Why?"));
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        check(None, b"\xff", Err("send UTF-8"));
        check(None, b"  \n", Err("the question is empty"));
        check(None, "?".as_bytes(), Err("the question is empty"));
        check(None, "a ".repeat(600).as_bytes(), Err("ask shorter"));
        check(Some("application/json"), br#"{"questions": "x"}"#, Err("field `questions` is not known"));
        check(Some("application/json"), br#"["x"]"#, Err("not a JSON object"));
        check(Some("image/png"), b"x", Err("content type `image/png` is not known"));
        let secret = format!("Why does {}{} fail?", "AKIA", "Z7QX3MNB5TRW2LKD");
        check(None, secret.as_bytes(), Err("seems to hold a secret"));
    }
}
