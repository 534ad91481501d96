//! Feedback in the words of its agent: Markdown with front matter, JSON or protobuf, within its bounds.

use commune_bus::{DecodeError, Stored, attribute};
use commune_knowledge::{
    document::{self, Document},
    normalize,
};
use commune_proto::{ArticlePath, agent::v1 as wire};
use prost::{Message, Name};
use serde::Deserialize;

use crate::{translate, uses::Verdict};

/// Most bytes of a reason.
const REASON: usize = 1024;
const VERDICTS: &str = "`helpful`, `wrong`, or of a skill `worked` or `failed`";

/// What an agent said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) path: ArticlePath,
    pub(super) verdict: Verdict,
    /// On one line.
    pub(super) reason: String,
    /// 0 for the one that stands.
    pub(super) version: u32,
}

/// The fields in any form, not checked yet.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Fields {
    article: String,
    verdict: String,
    reason: String,
    version: u32,
}

/// What an agent said; what is wrong with it.
pub(super) fn read(message: &Stored) -> Result<Said, String> {
    let (fields, verdict) = match message.media_type().as_str() {
        "text/markdown" | "text/plain" => spelled(from_markdown(&message.payload)?)?,
        "application/json" => spelled(from_json(&message.payload)?)?,
        "application/protobuf" => from_protobuf(message)?,
        other => {
            return Err(format!(
                "content type `{other}` is not known: use text/markdown, application/json or application/protobuf"
            ));
        }
    };
    let article = fields.article.trim().trim_matches('/');
    let article = article.strip_prefix("articles/").unwrap_or(article);
    if article.is_empty() {
        return Err("article: it is not said of which article: write its path, such as `how-to/renew`".to_owned());
    }
    let path: ArticlePath = article.parse().map_err(|error| format!("article: {error}"))?;
    let reason = normalize::text(&fields.reason).split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(control) = reason.chars().find(|c| c.is_control()) {
        return Err(format!("reason: it holds the control character U+{:04X}: remove it", u32::from(control)));
    }
    if reason.len() > REASON {
        return Err(format!("reason: {} bytes; at most {REASON} are allowed: say it shorter", reason.len()));
    }
    if verdict == Verdict::Wrong && reason.is_empty() {
        return Err("reason: say what is wrong, so that somebody can mend it".to_owned());
    }
    Ok(Said { path, verdict, reason, version: fields.version })
}

/// The fields with the verdict that they spell.
fn spelled(fields: Fields) -> Result<(Fields, Verdict), String> {
    let verdict = match fields.verdict.trim().to_lowercase().trim_start_matches("verdict_") {
        "helpful" => Verdict::Helpful,
        "wrong" => Verdict::Wrong,
        "worked" => Verdict::Worked,
        "failed" => Verdict::Failed,
        other => {
            let other: String = other.chars().filter(|c| !c.is_control()).take(60).collect();
            return Err(format!("verdict: `{other}` is none: say {VERDICTS}"));
        }
    };
    Ok((fields, verdict))
}

/// The front matter says of what and which; the body is the reason.
fn from_markdown(body: &[u8]) -> Result<Fields, String> {
    let document = Document::parse(&normalize::text(utf8(body)?)).map_err(|error| error.to_string())?;
    if document.front_matter_raw.is_empty() {
        return Err(format!(
            "the message has no front matter: begin with `---`, `article: PATH`, `verdict: …` ({VERDICTS}) and `---`; the text after it is the reason"
        ));
    }
    let field = |name: &str| document.text_field(name).unwrap_or_default().trim().to_owned();
    let version = match field("version").as_str() {
        "" => 0,
        version => version.parse().map_err(|_| "version: write the version as a number, such as 2".to_owned())?,
    };
    let reason = match document.body.trim() {
        "" => field("reason"),
        body => body.to_owned(),
    };
    Ok(Fields { article: field("article"), verdict: field("verdict"), reason, version })
}

fn from_json(body: &[u8]) -> Result<Fields, String> {
    let text = utf8(body)?;
    // a sequence would be taken for the fields by position
    if !text.trim_start().starts_with('{') {
        return Err("the body is not a JSON object: send {\"article\": \"…\", \"verdict\": \"…\"}".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        format!("the body is not the JSON of feedback: {}", document::without_values(&error.to_string()))
    })
}

fn from_protobuf(message: &Stored) -> Result<(Fields, Verdict), String> {
    if let Some(found) = message.header(attribute::TYPE).filter(|found| *found != wire::Feedback::full_name()) {
        let (found, wanted) = (found.to_owned(), wire::Feedback::full_name());
        return Err(DecodeError::Type { found, wanted }.to_string());
    }
    let wire::Feedback { article, verdict, reason, version } = wire::Feedback::decode(message.payload.as_ref())
        .map_err(|error| format!("the body is not a valid commune.agent.v1.Feedback: {error}"))?;
    let known = translate::verdict(verdict).ok_or_else(|| format!("verdict: {verdict} is none: say {VERDICTS}"))?;
    Ok((Fields { article, verdict: String::new(), reason, version }, known))
}

fn utf8(body: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(body)
        .map_err(|error| format!("the body is not UTF-8 (byte {}): send UTF-8 text", error.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use commune_bus::StreamName;

    use super::*;

    fn message(media_type: Option<&str>, body: &[u8]) -> Stored {
        Stored {
            stream: StreamName::Drops,
            subject: "commune.agent.ada.feedback".into(),
            sequence: 1,
            stored_at: jiff::Timestamp::UNIX_EPOCH,
            headers: media_type.map(|t| ("Content-Type".to_owned(), t.to_owned())).into_iter().collect(),
            payload: body.to_vec().into(),
        }
    }

    #[track_caller]
    fn check(media_type: Option<&str>, body: &[u8], expected: Result<(&str, Verdict, &str, u32), &str>) {
        match (read(&message(media_type, body)), expected) {
            (Ok(said), Ok(expected)) => {
                assert_eq!((said.path.as_str(), said.verdict, said.reason.as_str(), said.version), expected);
            }
            (Err(found), Err(expected)) => assert!(found.contains(expected), "`{found}` does not say `{expected}`"),
            (found, _) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    const JSON: Option<&str> = Some("application/json");

    #[test]
    fn feedback_is_read_in_every_form() {
        let helpful = Ok(("how-to/x", Verdict::Helpful, "", 0));
        check(None, b"---\narticle: how-to/x\nverdict: helpful\n---\n", helpful);
        check(
            None,
            b"---\narticle: /articles/how-to/x/\nverdict: Wrong\nversion: 2\n---\nStep 3\nis gone.\n",
            Ok(("how-to/x", Verdict::Wrong, "Step 3 is gone.", 2)),
        );
        check(JSON, br#"{"article": "how-to/x", "verdict": "helpful"}"#, helpful);
        check(
            JSON,
            br#"{"article": "skills/x", "verdict": "worked", "version": 3}"#,
            Ok(("skills/x", Verdict::Worked, "", 3)),
        );
        let failed = wire::Feedback {
            article: "skills/x".into(),
            verdict: wire::Verdict::Failed.into(),
            reason: "r".repeat(REASON),
            version: 1,
        };
        let reason = failed.reason.clone();
        check(Some("application/protobuf"), &failed.encode_to_vec(), Ok(("skills/x", Verdict::Failed, &reason, 1)));
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        check(None, b"\xff", Err("send UTF-8"));
        check(None, b"how-to/x was helpful", Err("begin with `---`"));
        check(None, b"---\nverdict: helpful\n---\n", Err("article: it is not said of which"));
        check(None, b"---\narticle: How To\nverdict: helpful\n---\n", Err("is not an article path"));
        check(None, b"---\narticle: x\nverdict: great\n---\n", Err("verdict: `great` is none: say `helpful`"));
        check(None, b"---\narticle: x\nverdict: wrong\n---\n\n", Err("reason: say what is wrong"));
        check(
            None,
            b"---\narticle: x\nverdict: worked\nversion: new\n---\n",
            Err("version: write the version as a number"),
        );
        check(JSON, br#"{"article": "x", "verdict": "helpful", "stars": 5}"#, Err("not the JSON of feedback"));
        check(JSON, br#"["x", "helpful"]"#, Err("not a JSON object"));
        check(Some("image/png"), b"x", Err("content type `image/png` is not known"));
        let long = wire::Feedback {
            article: "x".into(),
            verdict: wire::Verdict::Helpful.into(),
            reason: "r".repeat(REASON + 1),
            version: 0,
        };
        check(Some("application/protobuf"), &long.encode_to_vec(), Err("1025 bytes; at most 1024 are allowed"));
        let none = wire::Feedback { article: "x".into(), ..wire::Feedback::default() };
        check(Some("application/protobuf"), &none.encode_to_vec(), Err("verdict: 0 is none"));
    }
}
