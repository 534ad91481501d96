//! Reads the JSON exports of other memories as notes: mem0 and mcp-memory-service. Nothing is written here.
//!
//! mem0 gives `{"results": [{"id", "memory", "created_at", "categories", …}]}`
//! (<https://docs.mem0.ai/api-reference/memory/get-memories>); its tools write the same under `memories` or `records`, or as a bare list.
//! mcp-memory-service writes `{"export_metadata": {…}, "memories": [{"content", "content_hash", "tags", "created_at", "memory_type", …}]}`
//! (`src/mcp_memory_service/sync/importer.py` of <https://github.com/doobidoo/mcp-memory-service>).

use commune_knowledge::document;
use commune_proto::{AgentId, agent::v1 as wire, content_id};
use serde_json::Value;

use super::{
    plan::{self, Item, Piece, Plan, What},
    workspace::{NAME_LIMIT, SOURCE_LIMIT, shorten},
};
use crate::note::TEXT_LIMIT;

/// Whose export it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// mem0.
    Mem0,
    /// mcp-memory-service.
    McpMemoryService,
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Mem0 => "mem0",
            Self::McpMemoryService => "mcp-memory-service",
        }
    }
}

/// Whose export a text is; none of nobody's.
pub(super) fn format(text: &str) -> Option<Format> {
    let value: Value = serde_json::from_str(text).ok()?;
    if value.get("export_metadata").is_some_and(Value::is_object) && value.get("memories").is_some_and(Value::is_array)
    {
        return Some(Format::McpMemoryService);
    }
    let is_record = |record: &Value| ["memory", "data"].iter().any(|key| record.get(key).is_some_and(Value::is_string));
    records(&value)?.iter().any(is_record).then_some(Format::Mem0)
}

/// Every record of the export, with the note that it gives.
pub(super) fn read(name: &str, text: &str, format: Format, agent: &AgentId) -> Plan {
    let refused = |why: String| Plan { items: vec![Item { path: name.to_owned(), what: What::Refused(why) }] };
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return refused(format!("no JSON (line {}): export it again", error.line())),
    };
    let Some(records) = records(&value) else {
        return refused(format!("no list of memories in it: this is no export of {}", format.name()));
    };
    let mut plan = Plan::default();
    for (ordinal, record) in records.iter().enumerate() {
        let id = string(record, &["id", "content_hash"]).map_or_else(|| ordinal.to_string(), shown);
        let what = note(&format!("{name}#{id}"), &id, record, format, agent);
        plan.items.push(Item { path: format!("{name}#{id}"), what });
    }
    plan
}

fn records(value: &Value) -> Option<&Vec<Value>> {
    let inner = |key: &&str| value.get(key).and_then(Value::as_array);
    value
        .as_array()
        .or_else(|| ["memories", "results", "records"].iter().find_map(inner))
        .or_else(|| value.get("data").filter(|data| data.is_object() || data.is_array()).and_then(records))
}

fn note(source: &str, id: &str, record: &Value, format: Format, agent: &AgentId) -> What {
    let Some(text) = ["memory", "content", "data"].iter().find_map(|key| record.get(key)?.as_str()) else {
        return What::Refused("it has no text: `memory` or `content` is missing".to_owned());
    };
    if document::is_empty(text) {
        return What::LeftAlone("empty".to_owned());
    }
    if let Some(own) = plan::written(text) {
        return own;
    }
    if text.len() > TEXT_LIMIT {
        return What::Refused(format!("it has {} bytes, at most {TEXT_LIMIT} are allowed: divide it", text.len()));
    }
    let words = |key: &str| -> Vec<String> {
        match record.get(key) {
            Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(words)) => words.split(',').map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let tags = plan::tags(words("tags").into_iter().chain(words("categories")));
    let kind = match string(record, &["memory_type"]) {
        Some(word) => plan::kind(word),
        None => tags.iter().map(|tag| plan::kind(tag)).find(|kind| *kind == "preference").unwrap_or("fact"),
    };
    let private = tags.iter().any(|tag| tag == "private");
    let note = wire::Note {
        text: text.to_owned(),
        title: shorten(&document::title(text), NAME_LIMIT),
        kind: kind.to_owned(),
        // a memory of mem0 is changed where it is; one of the other is another with another text
        key: if format == Format::Mem0 { shorten(&format!("mem0:{id}"), NAME_LIMIT) } else { String::new() },
        logged_at: logged_at(record),
        source: shorten(source, SOURCE_LIMIT),
        visibility: if private { wire::Visibility::Private } else { wire::Visibility::Unspecified }.into(),
        tags,
        ..wire::Note::default()
    };
    let id = content_id(&["import", agent.as_str(), format.name(), id, text]);
    What::Notes(vec![Piece { id, note }])
}

/// When a memory was made; empty when nothing tells.
fn logged_at(record: &Value) -> String {
    match record.get("created_at").filter(|at| !at.is_null()).or_else(|| record.get("created_at_iso")) {
        Some(Value::String(at)) => plan::moment(at),
        Some(at) => at.as_f64().map_or_else(String::new, plan::moment_of_seconds),
        None => String::new(),
    }
}

fn string<'a>(record: &'a Value, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| record.get(key)?.as_str()).filter(|text| !text.is_empty())
}

/// An id as a part of a name.
fn shown(id: &str) -> String {
    shorten(&id.split_whitespace().collect::<Vec<_>>().join(" "), 128)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Vec<(String, wire::Note)> {
        let format = format(text).expect("a format");
        let plan = read("x.json", text, format, &"ada".parse().unwrap());
        plan.items
            .into_iter()
            .filter_map(|item| match item.what {
                What::Notes(mut pieces) => Some((item.path, pieces.remove(0).note)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_list_in_any_wrapping_is_read() {
        let record = r#"{"id": "m1", "memory": "Likes tea", "categories": ["user_preferences"], "created_at": "2026-01-05T08:00:00-07:00"}"#;
        for text in [
            format!("[{record}]"),
            format!(r#"{{"results": [{record}]}}"#),
            format!(r#"{{"memories": [{record}, {{"id": "m2"}}]}}"#),
            format!(r#"{{"data": {{"records": [{record}]}}}}"#),
        ] {
            let found = notes(&text);
            assert_eq!(found.len(), 1, "{text}");
            let (path, note) = &found[0];
            assert_eq!((path.as_str(), note.kind.as_str(), note.key.as_str()), ("x.json#m1", "preference", "mem0:m1"));
            assert_eq!(note.logged_at, "2026-01-05T15:00:00Z");
        }
        assert_eq!((format("{}"), format("[1]"), format("no")), (None, None, None));
    }

    #[test]
    fn a_memory_says_its_type_and_its_time() {
        let text = r#"{"export_metadata": {}, "memories": [
            {"content": "Port 5433", "content_hash": "ab", "tags": ["DB", "private"], "created_at": 1767600000.5, "memory_type": "decision"},
            {"content": " ", "content_hash": "cd"}]}"#;
        let found = notes(text);
        assert_eq!(found.len(), 1);
        let note = &found[0].1;
        assert_eq!(
            (note.kind.as_str(), note.key.as_str(), note.tags.as_slice()),
            ("decision", "", ["db", "private"].map(str::to_owned).as_slice())
        );
        assert_eq!((note.visibility(), note.logged_at.as_str()), (wire::Visibility::Private, "2026-01-05T08:00:00.5Z"));
    }
}
