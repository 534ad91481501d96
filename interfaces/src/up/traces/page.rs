//! The pages: the traces of late as a list, and one trace as a tree with a bar for each span. No script; every text that
//! came from elsewhere is escaped.

use std::{
    collections::BTreeSet,
    fmt::{self, Display, Write},
};

use jiff::{Timestamp, tz::TimeZone};

use super::kept::{Span, Trace};
use crate::{night::board::duration, trace::order};

/// Traces of the list.
const LISTED: usize = 200;
/// Spans that a page shows.
const SHOWN: usize = 2_000;
/// Colours of services in the style sheet; beyond, they come again.
const COLOURS: usize = 6;

/// What the pages look like.
pub(super) const STYLE: &str = include_str!("page.css");

/// A text of somebody else's, as HTML.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// The newest traces.
pub(super) fn list<'a>(newest: impl Iterator<Item = (&'a str, &'a Trace)>, zone: &TimeZone) -> String {
    let mut rows = String::new();
    for (id, trace) in newest.take(LISTED) {
        let Some(root) = trace.root() else { continue };
        let (began, took) = trace.time();
        let services: BTreeSet<&str> = trace.spans.values().map(|span| span.service.as_str()).collect();
        let services = services.into_iter().collect::<Vec<_>>().join(", ");
        let failed = if trace.spans.values().any(|span| span.failed) { "failed" } else { "" };
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td><a href=\"/trace/{}\">{}</a></td><td>{}</td><td class=n>{}</td><td class=n>{}</td>\
             <td class=failed>{failed}</td></tr>",
            date(began, zone),
            Text(id),
            Text(&root.name),
            Text(&services),
            trace.spans.len(),
            duration(took),
        );
    }
    if rows.is_empty() {
        return whole(
            "Traces",
            "<h1>Traces</h1>\n<p>None yet: run a night (<code>commune night run</code>) and come back.</p>",
        );
    }
    let body = format!(
        "<h1>Traces</h1>\n<p>The newest first. They are in memory alone, the oldest go first, and all end with \
         <code>commune up</code>. An agent's night is the trace <code>night AGENT</code>.</p>\n<div class=wide role=region aria-label=Traces tabindex=0>\
         <table>\n<thead><tr><th>Began</th><th>Begins with</th><th>Services</th><th class=n>Spans</th><th class=n>Took</th><th>Outcome</th>\
         </tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    );
    whole("Traces", &body)
}

/// One trace.
pub(super) fn trace(id: &str, trace: &Trace, zone: &TimeZone) -> String {
    let mut spans: Vec<&Span> = trace.spans.values().collect();
    spans.sort_by_key(|span| (span.start_us, &span.span_id));
    let places: Vec<(&str, &str)> = spans.iter().map(|span| (span.span_id.as_str(), span.parent.as_str())).collect();
    let services: Vec<&str> =
        spans.iter().map(|span| span.service.as_str()).collect::<BTreeSet<_>>().into_iter().collect();
    let colour = |span: &Span| services.iter().position(|one| *one == span.service).unwrap_or(0) % COLOURS;
    let time = trace.time();
    let mut rows = String::new();
    for (place, depth) in order(&places).into_iter().take(SHOWN) {
        row(&mut rows, spans[place], depth, colour(spans[place]), time);
    }
    let root = trace.root().map_or("", |root| root.name.as_str());
    let more = match trace.left_out + spans.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("<p>{more} more spans are not shown.</p>"),
    };
    let body = format!(
        "<p><a href=\"/\">All traces</a></p>\n<h1>{}</h1>\n<p>{} · took {} · {} spans · services: {} · <code>{}</code> · \
         <a href=\"/api/traces/{}\">JSON</a></p>\n{more}\n<ol class=tree>\n<li class=head aria-hidden=true><span>Span</span><span>Service</span>\
         <span class=n>Took</span>{}</li>\n{rows}</ol>",
        Text(root),
        date(time.0, zone),
        duration(time.1),
        spans.len(),
        Text(&services.join(", ")),
        Text(id),
        Text(id),
        scale(time.1),
    );
    whole(root, &body)
}

/// A trace that is not kept.
pub(super) fn not_found(id: &str) -> String {
    let body = format!(
        "<p><a href=\"/\">All traces</a></p>\n<h1>No such trace</h1>\n<p><code>{}</code> is not kept here: the oldest traces go first, and \
         none outlives <code>commune up</code>. Its services export half a second after a step has ended.</p>",
        Text(id)
    );
    whole("No such trace", &body)
}

fn row(rows: &mut String, span: &Span, depth: usize, colour: usize, (began, whole): (u64, u64)) {
    let part = |us: u64| percent(us, whole);
    let (left, wide) = (part(span.start_us.saturating_sub(began)), part(span.took_us).max(0.2));
    let failed = if span.failed { " <b class=failed>failed</b>" } else { "" };
    let _ = write!(
        rows,
        "<li><details id=\"s{id}\"><summary><span class=\"name d{depth}\">{name}{failed}</span><span class=\"service c{colour}\">{service}</span>\
         <span class=n>{took}</span><svg class=\"bar c{colour}\" aria-hidden=true><rect x=\"{left:.2}%\" width=\"{wide:.2}%\" height=\"100%\" rx=\"2\"/></svg>\
         </summary>\n<dl><dt>began after</dt><dd>{after}</dd><dt>kind</dt><dd>{kind}</dd><dt>span</dt><dd>{id}</dd>",
        id = Text(&span.span_id),
        depth = depth.min(16),
        name = Text(&span.name),
        service = Text(&span.service),
        took = duration(span.took_us),
        after = duration(span.start_us.saturating_sub(began)),
        kind = span.kind,
    );
    for (trace, linked) in &span.links {
        let (trace, linked) = (Text(trace), Text(linked));
        let _ = write!(rows, "<dt>linked to</dt><dd><a href=\"/trace/{trace}#s{linked}\">{linked}</a></dd>");
    }
    for (key, value) in &span.tags {
        let _ = write!(rows, "<dt>{}</dt><dd>{}</dd>", Text(key), Text(value));
    }
    rows.push_str("</dl></details></li>\n");
}

/// The times below which the bars stand: none, a half and all of what the trace took.
fn scale(took: u64) -> String {
    format!("<span class=scale><i>0</i><i>{}</i><i>{}</i></span>", duration(took / 2), duration(took))
}

#[allow(clippy::cast_precision_loss, reason = "a place on a screen")]
fn percent(us: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { us as f64 * 100.0 / whole as f64 }
}

fn date(us: u64, zone: &TimeZone) -> String {
    let began = i64::try_from(us).ok().and_then(|us| Timestamp::from_microsecond(us).ok()).unwrap_or_default();
    began.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=en>\n<head><meta charset=utf-8><meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{} · commune</title><link rel=icon href=\"data:,\"><link rel=stylesheet href=\"/page.css\"></head>\n<body><main>\n{body}\n\
         </main></body>\n</html>\n",
        Text(title)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(span: Span) -> Trace {
        let mut trace = Trace::default();
        trace.spans.insert(span.span_id.clone(), span);
        trace
    }

    #[test]
    fn what_came_from_elsewhere_is_text() {
        let hostile = "<script>alert(\"1\")</script>'&";
        let text = || hostile.to_owned();
        let trace_of = one(Span {
            span_id: text(),
            name: text(),
            service: text(),
            tags: vec![(text(), text())],
            links: vec![(text(), text())],
            ..Span::default()
        });
        for page in
            [trace(hostile, &trace_of, &TimeZone::UTC), list([(hostile, &trace_of)].into_iter(), &TimeZone::UTC)]
        {
            assert!(!page.contains("<script") && !page.contains("\"1\""), "{page}");
            assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;"), "{page}");
        }
    }

    #[test]
    fn a_bar_stands_where_its_span_was() {
        let mut of = one(Span { span_id: "1".to_owned(), start_us: 1_000, took_us: 200, ..Span::default() });
        let inner =
            Span { span_id: "2".to_owned(), parent: "1".to_owned(), start_us: 1_050, took_us: 100, ..Span::default() };
        of.spans.insert("2".to_owned(), inner);
        let page = trace("t", &of, &TimeZone::UTC);
        assert!(page.contains("<rect x=\"25.00%\" width=\"50.00%\""), "{page}");
        assert!(page.find("id=\"s1\"") < page.find("id=\"s2\"") && page.contains("name d1"), "{page}");
    }
}
