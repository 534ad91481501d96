//! Jaeger's answer as a tree: each span below its parent, in the order of their beginnings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

/// Deeper than any night; what is deeper is told at this depth.
const DEEPEST: usize = 64;

/// One span, at its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    /// What was done.
    pub(super) name: String,
    /// By whom.
    pub(super) service: String,
    /// How many spans it stands below.
    pub(super) depth: usize,
    /// How long it took, microseconds.
    pub(super) took_us: u64,
    /// How long after the beginning of the trace it began, microseconds.
    pub(super) after_us: u64,
    /// Whether it failed.
    pub(super) failed: bool,
    /// The id of the span, and of the one that it stands below.
    id: String,
    parent: String,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    spans: Vec<Told>,
    #[serde(default)]
    processes: BTreeMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(rename = "spanID")]
    span_id: String,
    operation_name: String,
    #[serde(default)]
    references: Vec<Reference>,
    start_time: u64,
    duration: u64,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default, rename = "processID")]
    process_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
}

/// The spans of the answer in the order of the tree; none when it is no answer of Jaeger's.
pub(super) fn read(body: &str) -> Option<Vec<Span>> {
    let answer: Answer = serde_json::from_str(body).ok()?;
    let Some(found) = answer.data.into_iter().next() else { return Some(Vec::new()) };
    let began = found.spans.iter().map(|span| span.start_time).min().unwrap_or(0);
    let mut spans: Vec<Span> = found
        .spans
        .iter()
        .map(|told| Span {
            name: told.operation_name.clone(),
            service: found.processes.get(&told.process_id).map(|p| p.service_name.clone()).unwrap_or_default(),
            depth: 0,
            took_us: told.duration,
            after_us: told.start_time - began,
            failed: told.tags.iter().any(is_failure),
            id: told.span_id.clone(),
            parent: parent(told),
        })
        .collect();
    spans.sort_by(|l, r| (l.after_us, &l.id).cmp(&(r.after_us, &r.id)));
    let places: Vec<(&str, &str)> = spans.iter().map(|span| (span.id.as_str(), span.parent.as_str())).collect();
    Some(order(&places).into_iter().map(|(place, depth)| Span { depth, ..spans[place].clone() }).collect())
}

/// The places of spans in the order of the tree, each with how many it stands below. They are given by id and parent, in the
/// order of their beginnings; one whose parent is not among them stands for itself.
pub(crate) fn order(spans: &[(&str, &str)]) -> Vec<(usize, usize)> {
    let known: BTreeSet<&str> = spans.iter().map(|(id, _)| *id).collect();
    let mut below: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (_, parent)) in spans.iter().enumerate() {
        let parent = if known.contains(parent) { *parent } else { "" };
        below.entry(parent).or_default().push(place);
    }
    let mut order = Vec::new();
    let mut next: Vec<(usize, usize)> = below.get("").into_iter().flatten().rev().map(|place| (*place, 0)).collect();
    while let Some((place, depth)) = next.pop() {
        order.push((place, depth));
        let deeper = below.get(spans[place].0).into_iter().flatten().rev();
        next.extend(deeper.filter(|inner| **inner != place).map(|inner| (*inner, (depth + 1).min(DEEPEST))));
    }
    order
}

fn parent(told: &Told) -> String {
    let parent = told.references.iter().find(|reference| reference.ref_type == "CHILD_OF");
    parent.map(|reference| reference.span_id.clone()).unwrap_or_default()
}

fn is_failure(tag: &Tag) -> bool {
    match tag.key.as_str() {
        "error" => tag.value == json!(true) || tag.value == json!("true"),
        "otel.status_code" => tag.value == json!("ERROR"),
        _ => false,
    }
}

impl Span {
    /// As JSON.
    pub(super) fn json(&self) -> Value {
        json!({
            "span_id": self.id,
            "parent": self.parent,
            "name": self.name,
            "service": self.service,
            "depth": self.depth,
            "took_us": self.took_us,
            "after_us": self.after_us,
            "failed": self.failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(id: &str, parent: &str, start: u64) -> Value {
        let follows = json!({"refType": "FOLLOWS_FROM", "traceID": "t", "spanID": "elsewhere"});
        let child = json!({"refType": "CHILD_OF", "traceID": "t", "spanID": parent});
        let references = if parent.is_empty() { vec![] } else { vec![follows, child] };
        json!({"traceID": "t", "spanID": id, "operationName": id, "references": references, "startTime": start,
            "duration": 5, "processID": "p1", "tags": [{"key": "otel.status_code", "type": "string", "value": "ERROR"}]})
    }

    fn check(spans: &[Value], expected: &[(&str, usize)]) {
        let body =
            json!({"data": [{"traceID": "t", "spans": spans, "processes": {"p1": {"serviceName": "selfcare"}}}]});
        let read = read(&body.to_string()).unwrap();
        assert_eq!(read.iter().map(|s| (s.name.as_str(), s.depth)).collect::<Vec<_>>(), expected);
        assert!(read.iter().all(|s| s.service == "selfcare" && s.took_us == 5 && s.failed));
    }

    #[test]
    fn each_span_is_below_its_parent_in_the_order_of_time() {
        let all = [span("c", "a", 30), span("a", "", 10), span("d", "b", 25), span("b", "a", 20)];
        check(&all, &[("a", 0), ("b", 1), ("d", 2), ("c", 1)]);
        check(&[span("lost", "gone", 3)], &[("lost", 0)]);
        check(&[], &[]);
    }

    #[test]
    fn what_is_no_answer_of_jaeger_is_known() {
        assert_eq!(read("<html>"), None);
        assert_eq!(read(r#"{"data": null, "errors": []}"#), None);
        assert_eq!(read(r#"{"data": []}"#), Some(Vec::new()));
    }
}
