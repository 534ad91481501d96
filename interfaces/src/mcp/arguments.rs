//! The arguments of a call: how they are described to a client, and how they are read. **What is described is what holds**:
//! bounds are read from the description, in one place.

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::{Budget, Status};
use crate::failure::Failure;

/// A text of so many characters.
pub(super) fn text(description: &str, least: usize, most: usize) -> Value {
    json!({ "type": "string", "description": description, "minLength": least, "maxLength": most })
}

/// One of a few words.
pub(super) fn choice(description: &str, words: &[&str], default: &str) -> Value {
    json!({ "type": "string", "description": description, "enum": words, "default": default })
}

/// A whole number.
pub(super) fn number(description: &str, least: u64, most: u64, default: Option<u64>) -> Value {
    let mut number = json!({ "type": "integer", "description": description, "minimum": least, "maximum": most });
    if let Some(default) = default {
        number["default"] = default.into();
    }
    number
}

/// Yes or no; no when it is not said.
pub(super) fn flag(description: &str) -> Value {
    json!({ "type": "boolean", "description": description, "default": false })
}

/// Words, such as tags.
pub(super) fn words(description: &str) -> Value {
    let word = json!({ "type": "string", "minLength": 1, "maxLength": 64 });
    json!({ "type": "array", "description": description, "items": word, "maxItems": 32 })
}

/// The budget of an answer.
pub(super) fn max_tokens() -> Value {
    number(
        "Most tokens of the answer, at 3 bytes a token: what does not fit is left out, and the answer says how to get it",
        Budget::LEAST,
        Budget::MOST,
        Some(Budget::DEFAULT),
    )
}

/// The schema of a tool's arguments.
pub(super) fn input(properties: Value, required: &[&str]) -> JsonObject {
    object(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    }))
}

/// The schema of a tool's structured answer: how it ended, and more when it ended well.
pub(super) fn output(mut properties: Value) -> JsonObject {
    properties["status"] = json!({
        "type": "string", "enum": Status::ALL.map(Status::as_str),
        "description": "stored, found: done. low_confidence: what is there may not be what was asked for. not_known: all was \
            looked at, and it is not there. unavailable: an outage, call again later. refused, invalid, failed: see the message",
    });
    properties["message"] = json!({ "type": "string", "description": "What it came to, in words, and what to do" });
    object(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object", "properties": properties, "required": ["status"],
    }))
}

/// Reads the arguments of a call by their schema.
///
/// # Errors
/// What is wrong, and what is asked for.
pub(super) fn read<A: DeserializeOwned>(schema: &JsonObject, arguments: JsonObject) -> Result<A, Failure> {
    for (name, value) in &arguments {
        let of = schema.get("properties").and_then(|properties| properties.get(name));
        if let Some(problem) = of.and_then(|of| out_of_bounds(of, value)) {
            return Err(Failure::Usage(format!("`{name}`: {problem}")));
        }
    }
    serde_json::from_value(Value::Object(arguments)).map_err(|error| Failure::Usage(format!("arguments: {error}")))
}

/// What is wrong with a value by the bounds of its schema. Its type is looked at when it is read.
fn out_of_bounds(schema: &Value, value: &Value) -> Option<String> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    let outside = |size: u64, least: Option<u64>, most: Option<u64>, what: &str| {
        let (least, most) = (least.unwrap_or(0), most.unwrap_or(u64::MAX));
        (size < least || size > most).then(|| format!("{least} to {most}{what}; this is {size}"))
    };
    let length = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    match value {
        Value::String(text) => {
            let of = schema.get("enum").and_then(Value::as_array).filter(|of| !of.contains(value));
            let shown = |of: &Vec<Value>| of.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
            of.map(|of| format!("one of {}", shown(of))).or_else(|| {
                outside(length(text.chars().count()), bound("minLength"), bound("maxLength"), " characters")
            })
        }
        Value::Number(number) => {
            let number = number.as_u64();
            number.and_then(|number| outside(number, bound("minimum"), bound("maximum"), ""))
        }
        Value::Array(items) => {
            outside(length(items.len()), bound("minItems"), bound("maxItems"), " items").or_else(|| {
                let of = schema.get("items")?;
                items.iter().find_map(|item| out_of_bounds(of, item))
            })
        }
        _ => None,
    }
}

fn object(value: Value) -> JsonObject {
    if let Value::Object(object) = value { object } else { JsonObject::new() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        question: String,
        #[serde(default)]
        limit: Option<u64>,
        #[serde(default)]
        tags: Vec<String>,
        #[serde(default)]
        kind: Option<String>,
    }

    #[test]
    fn what_is_described_is_what_holds() {
        let schema = input(
            json!({
                "question": text("a question", 1, 3), "limit": number("how many", 1, 50, None), "tags": words("tags"),
                "kind": choice("kind", &["fix", "log"], "log"),
            }),
            &["question"],
        );
        let check = |arguments: Value, problem: &str| {
            let error = read::<Asked>(&schema, object(arguments)).unwrap_err();
            assert!(matches!(&error, Failure::Usage(words) if words.contains(problem)), "{error}: {problem}");
        };
        check(json!({}), "question");
        check(json!({ "question": "" }), "1 to 3 characters; this is 0");
        check(json!({ "question": "four" }), "1 to 3 characters");
        check(json!({ "question": 7 }), "expected a string");
        check(json!({ "question": "x", "limit": 0 }), "`limit`: 1 to 50; this is 0");
        check(json!({ "question": "x", "limit": -1 }), "expected u64");
        check(json!({ "question": "x", "tags": [""] }), "`tags`: 1 to 64 characters");
        check(json!({ "question": "x", "tags": vec!["x"; 33] }), "items");
        check(json!({ "question": "x", "kind": "poem" }), "one of \"fix\", \"log\"");
        check(json!({ "question": "x", "more": 1 }), "unknown field `more`");
        // three characters, nine bytes
        let asked: Asked =
            read(&schema, object(json!({ "question": "日本語", "limit": 50, "tags": ["x"], "kind": "fix" }))).unwrap();
        assert_eq!(
            (asked.question.as_str(), asked.limit, asked.tags.len(), asked.kind.as_deref()),
            ("日本語", Some(50), 1, Some("fix"))
        );
    }
}
