//! The lines of the log: for people, or one JSON object a line; both with the trace and span ids.

use std::fmt::{self, Write as _};

use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use crate::settings::LogFormat;

/// Writes one event as one line.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) format: LogFormat,
    pub(crate) service: &'static str,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let line = Line {
            time: &time,
            level: event.metadata().level().as_str(),
            service: self.service,
            target: event.metadata().target(),
            fields,
            ids: ids(),
        };
        writer.write_str(&match self.format {
            LogFormat::Human => line.human(),
            LogFormat::Json => line.json(),
        })?;
        writer.write_char('\n')
    }
}

/// What a line is made of.
struct Line<'a> {
    time: &'a str,
    level: &'a str,
    service: &'a str,
    target: &'a str,
    fields: Fields,
    ids: Option<(String, String, u8)>,
}

impl Line<'_> {
    fn human(&self) -> String {
        let mut line = format!("{} {:>5} {}: {}", self.time, self.level, self.service, visible(&self.fields.message));
        for (name, value) in &self.fields.others {
            // writing to a string cannot fail
            let _ = match value {
                Value::String(text) if text.is_empty() || text.contains([' ', '"', '=']) => {
                    write!(line, " {name}={}", Value::from(visible(text)))
                }
                Value::String(text) => write!(line, " {name}={}", visible(text)),
                other => write!(line, " {name}={other}"),
            };
        }
        if let Some((trace_id, _, _)) = &self.ids {
            let _ = write!(line, " trace_id={trace_id}");
        }
        line
    }

    fn json(self) -> String {
        let mut object = Map::new();
        object.insert("timestamp".to_owned(), self.time.into());
        object.insert("level".to_owned(), self.level.to_lowercase().into());
        object.insert("service".to_owned(), self.service.into());
        object.insert("target".to_owned(), self.target.into());
        object.insert("message".to_owned(), self.fields.message.into());
        if let Some((trace_id, span_id, flags)) = self.ids {
            object.insert("trace_id".to_owned(), trace_id.into());
            object.insert("span_id".to_owned(), span_id.into());
            object.insert("trace_flags".to_owned(), format!("{flags:02x}").into());
        }
        for (name, value) in self.fields.others {
            object.entry(name).or_insert(value);
        }
        Value::Object(object).to_string()
    }
}

/// Trace id, span id and flags of the span that is entered.
fn ids() -> Option<(String, String, u8)> {
    let context = opentelemetry::Context::current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| (span.trace_id().to_string(), span.span_id().to_string(), span.trace_flags().to_u8()))
}

/// Control characters as escapes, so that one event is one line and a terminal is not steered.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// The message and the other fields of an event, in order.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(String, Value)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.others.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line<'static> {
        let others = vec![
            ("agent".to_owned(), Value::from("ada")),
            ("notes.new".to_owned(), Value::from(3)),
            ("error".to_owned(), Value::from("two\nlines")),
            ("path".to_owned(), Value::from("a b")),
        ];
        Line {
            time: "2026-02-14T04:00:00Z",
            level: "INFO",
            service: "selfcare",
            target: "selfcare::handlers",
            fields: Fields { message: "night done".to_owned(), others },
            ids: Some(("4bf92f3577b34da6a3ce929d0e0e4736".to_owned(), "00f067aa0ba902b7".to_owned(), 1)),
        }
    }

    #[test]
    fn a_line_for_people_stays_one_line() {
        assert_eq!(
            line().human(),
            "2026-02-14T04:00:00Z  INFO selfcare: night done agent=ada notes.new=3 error=two\\nlines path=\"a b\" \
             trace_id=4bf92f3577b34da6a3ce929d0e0e4736"
        );
    }

    #[test]
    fn a_json_line_has_the_ids_at_the_top() {
        let line: Value = serde_json::from_str(&line().json()).unwrap();
        assert_eq!(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(line["span_id"], "00f067aa0ba902b7");
        assert_eq!(line["trace_flags"], "01");
        assert_eq!(line["message"], "night done");
        assert_eq!(line["notes.new"], 3);
        assert_eq!(line["error"], "two\nlines");
    }
}
