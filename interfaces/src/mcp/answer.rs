//! What a call came to, in the two forms that the protocol has for it: words, and a structure.
//!
//! **Absence, low confidence and outage are three answers**: the first two are results, the third is an error.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::quote::BYTES_PER_TOKEN;
use crate::failure::Failure;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// It was stored, and the server has said so.
    Stored,
    /// It is there.
    Found,
    /// Something is there that may not be what was asked for.
    LowConfidence,
    /// All was looked at, and it is not there.
    NotKnown,
    /// It cannot be asked now: the same call again may go well.
    Unavailable,
    /// It was refused: the same call again will not go well.
    Refused,
    /// The arguments are wrong.
    Invalid,
    /// Something went wrong.
    Failed,
}

impl Status {
    /// All of them.
    pub(super) const ALL: [Self; 8] = [
        Self::Stored,
        Self::Found,
        Self::LowConfidence,
        Self::NotKnown,
        Self::Unavailable,
        Self::Refused,
        Self::Invalid,
        Self::Failed,
    ];

    /// As it stands in an answer.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Found => "found",
            Self::LowConfidence => "low_confidence",
            Self::NotKnown => "not_known",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }

    /// Whether the tool could not do its work.
    pub(super) fn is_failure(self) -> bool {
        matches!(self, Self::Unavailable | Self::Refused | Self::Invalid | Self::Failed)
    }
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    /// How it ended.
    pub(super) status: Status,
    /// In words.
    pub(super) text: String,
    /// As a structure, beside the status.
    pub(super) fields: Map<String, Value>,
}

impl Answer {
    /// An answer of words, and of the fields of an object.
    pub(super) fn new(status: Status, text: String, fields: Value) -> Self {
        let fields = if let Value::Object(fields) = fields { fields } else { Map::new() };
        Self { status, text, fields }
    }

    /// An answer of words alone.
    pub(super) fn words(status: Status, text: String) -> Self {
        let fields = json!({ "message": text });
        Self::new(status, text, fields)
    }

    /// The structure.
    fn structure(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("status".to_owned(), self.status.as_str().into());
        Value::Object(fields)
    }

    /// As the protocol has it.
    pub(super) fn into_result(self) -> CallToolResult {
        let structure = self.structure();
        let content = vec![ContentBlock::text(self.text)];
        let mut result =
            if self.status.is_failure() { CallToolResult::error(content) } else { CallToolResult::success(content) };
        result.structured_content = Some(structure);
        result
    }

    fn size(&self) -> usize {
        self.text.len().max(self.structure().to_string().len())
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        let words = failure.to_string();
        match failure {
            Failure::NotFound(_) => Self::words(Status::NotKnown, words),
            Failure::Unavailable(_) => Self::words(
                Status::Unavailable,
                format!(
                    "{words}. This is an outage and no answer: call again in a moment with the same arguments; what was stored is stored once"
                ),
            ),
            Failure::Refused(_) => Self::words(Status::Refused, words),
            Failure::Usage(_) => Self::words(Status::Invalid, words),
            Failure::Error(_) => Self::words(Status::Failed, words),
        }
    }
}

/// How much an answer may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget(usize);

impl Budget {
    /// Tokens of an answer when the caller does not say.
    pub(super) const DEFAULT: u64 = 4_000;
    /// Fewest tokens that a caller may set: the words around a quotation have to fit.
    pub(super) const LEAST: u64 = 500;
    /// Most tokens that a caller may set.
    pub(super) const MOST: u64 = 50_000;

    /// Of so many tokens.
    pub(super) fn tokens(tokens: Option<u64>) -> Self {
        let tokens = tokens.unwrap_or(Self::DEFAULT).clamp(Self::LEAST, Self::MOST);
        Self(usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN))
    }

    /// The greatest answer within the budget, of those that `make` makes of 0 to `most` parts: more parts make a greater
    /// answer. The one of no parts is taken in any case.
    pub(super) fn fit(self, most: usize, make: impl Fn(usize) -> Answer) -> Answer {
        let whole = make(most);
        if whole.size() <= self.0 {
            return whole;
        }
        // `fits` is known to fit, or is 0; `more` is known not to
        let (mut fits, mut more) = (0, most);
        while more - fits > 1 {
            let middle = fits + (more - fits) / 2;
            if make(middle).size() <= self.0 { fits = middle } else { more = middle }
        }
        make(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absence_doubt_and_outage_are_three_answers() {
        let check = |failure: Failure, status: &str, is_error: bool| {
            let result = Answer::from(failure).into_result();
            assert_eq!(result.structured_content.unwrap()["status"], status);
            assert_eq!(result.is_error, Some(is_error), "{status}");
        };
        check(Failure::NotFound("no page".into()), "not_known", false);
        check(Failure::Unavailable("down".into()), "unavailable", true);
        check(Failure::Refused("full".into()), "refused", true);
        check(Failure::Usage("a question".into()), "invalid", true);
        check(Failure::error("what"), "failed", true);
        let doubtful = Answer::words(Status::LowConfidence, "perhaps".into()).into_result();
        assert_eq!(doubtful.is_error, Some(false));
    }

    #[test]
    fn an_answer_keeps_within_its_budget_in_both_forms() {
        let make = |parts: usize| {
            // a line end is one byte in words, and two in the structure
            Answer::new(Status::Found, "\n".repeat(parts), json!({ "text": "\n".repeat(parts) }))
        };
        for tokens in [500, 501, 700, 4_000] {
            let answer = Budget::tokens(Some(tokens)).fit(1_000_000, make);
            let most = usize::try_from(tokens).unwrap() * BYTES_PER_TOKEN;
            assert!(answer.size() <= most && answer.size() + 2 > most, "{} of {most}", answer.size());
        }
        assert_eq!(Budget::tokens(None).fit(3, make).text, "\n\n\n");
        assert_eq!(Budget::tokens(None).fit(0, make).text, "");
        assert_eq!(Budget::tokens(Some(1)).0, 1500);
    }
}
