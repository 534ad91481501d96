//! A trace in the form of Jaeger's query API (`GET /api/traces/{id}`), which `commune trace` and other tools read.

use serde_json::{Map, Value, json};

use super::kept::{Span, Trace};

/// The answer with this trace.
pub(super) fn answer(id: &str, trace: &Trace) -> Value {
    let process = |span: &Span| (span.service.clone(), json!({"serviceName": span.service, "tags": []}));
    let processes: Map<String, Value> = trace.spans.values().map(process).collect();
    let spans: Vec<Value> = trace.spans.values().map(span).collect();
    json!({"data": [{"traceID": id, "spans": spans, "processes": processes, "warnings": null}], "errors": null})
}

/// The answer when there is none.
pub(super) fn not_found() -> Value {
    json!({"data": null, "errors": [{"code": 404, "msg": "trace not found"}]})
}

fn span(span: &Span) -> Value {
    let reference = |kind: &str, trace: &str, id: &str| json!({"refType": kind, "traceID": trace, "spanID": id});
    let parent = (!span.parent.is_empty()).then(|| reference("CHILD_OF", &span.trace_id, &span.parent));
    let links = span.links.iter().map(|(trace, id)| reference("FOLLOWS_FROM", trace, id));
    let tag = |key: &str, value: &str| json!({"key": key, "type": "string", "value": value});
    let mut tags: Vec<Value> = span.tags.iter().map(|(key, value)| tag(key, value)).collect();
    tags.push(tag("span.kind", span.kind));
    if span.failed {
        tags.push(json!({"key": "error", "type": "bool", "value": true}));
    }
    json!({
        "traceID": span.trace_id,
        "spanID": span.span_id,
        "operationName": span.name,
        "references": parent.into_iter().chain(links).collect::<Vec<_>>(),
        "startTime": span.start_us,
        "duration": span.took_us,
        "tags": tags,
        "logs": [],
        "processID": span.service,
        "warnings": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_as_jaeger_tells_it() {
        let one = Span {
            trace_id: "t".to_owned(),
            span_id: "2".to_owned(),
            parent: "1".to_owned(),
            service: "selfcare".to_owned(),
            kind: "consumer",
            start_us: 10,
            took_us: 5,
            failed: true,
            tags: vec![("a".to_owned(), "b".to_owned())],
            links: vec![("t".to_owned(), "1".to_owned())],
            ..Span::default()
        };
        let mut trace = Trace::default();
        trace.spans.insert("2".to_owned(), one);
        let told = answer("t", &trace);
        let span = &told["data"][0]["spans"][0];
        assert_eq!((&span["startTime"], &span["duration"]), (&10.into(), &5.into()));
        assert_eq!(span["references"][0], json!({"refType": "CHILD_OF", "traceID": "t", "spanID": "1"}));
        assert_eq!(span["references"][1]["refType"], "FOLLOWS_FROM");
        assert_eq!(span["tags"][2], json!({"key": "error", "type": "bool", "value": true}));
        assert_eq!(told["data"][0]["processes"]["selfcare"]["serviceName"], "selfcare");
    }
}
