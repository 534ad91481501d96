//! The traces of late, in memory: **bounded**, and the oldest trace goes first, whole.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Most bytes of all spans together, as [`Span::size`] counts them.
const BYTES: usize = 64 << 20;
/// Most spans of one trace; a night of one agent has a few dozen.
const SPANS: usize = 10_000;
/// What a span takes beside its texts, about.
const OVERHEAD: usize = 256;

/// A span as it was told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// Lowercase hex, as is `trace_id`.
    pub(super) span_id: String,
    /// The span that it stands below; empty for a root.
    pub(super) parent: String,
    pub(super) trace_id: String,
    pub(super) name: String,
    pub(super) service: String,
    /// `producer`, `consumer`, `server`, `client` or `internal`.
    pub(super) kind: &'static str,
    /// When it began, microseconds since 1970.
    pub(super) start_us: u64,
    /// How long it took, microseconds.
    pub(super) took_us: u64,
    pub(super) failed: bool,
    /// What is said about it, in the order in which it was told.
    pub(super) tags: Vec<(String, String)>,
    /// Spans that it is linked to: trace and span.
    pub(super) links: Vec<(String, String)>,
}

impl Span {
    fn size(&self) -> usize {
        let texts = [&self.span_id, &self.parent, &self.trace_id, &self.name, &self.service];
        let pairs = self.tags.iter().chain(&self.links).map(|(one, other)| one.len() + other.len() + 48);
        OVERHEAD + texts.iter().map(|text| text.len()).sum::<usize>() + pairs.sum::<usize>()
    }
}

/// One trace, as far as it was told.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// By their ids: a span that is told twice is there once.
    pub(super) spans: BTreeMap<String, Span>,
    /// How many spans came when it was full.
    pub(super) left_out: usize,
    bytes: usize,
}

impl Trace {
    /// The first of its spans that stands below none of them.
    pub(super) fn root(&self) -> Option<&Span> {
        let roots = self.spans.values().filter(|span| !self.spans.contains_key(&span.parent));
        roots.min_by_key(|span| (span.start_us, &span.span_id))
    }

    /// When it began and how long it took, microseconds.
    pub(super) fn time(&self) -> (u64, u64) {
        let began = self.spans.values().map(|span| span.start_us).min().unwrap_or(0);
        let ended = self.spans.values().map(|span| span.start_us.saturating_add(span.took_us)).max().unwrap_or(0);
        (began, ended - began)
    }
}

/// All traces that are kept.
#[derive(Debug)]
pub(super) struct Kept {
    traces: HashMap<String, Trace>,
    /// Trace ids, the one that was first heard of the longest ago at the front.
    order: VecDeque<String>,
    bytes: usize,
    limit: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self::within(BYTES)
    }
}

impl Kept {
    fn within(limit: usize) -> Self {
        Self { traces: HashMap::new(), order: VecDeque::new(), bytes: 0, limit }
    }

    /// Takes a span in, and lets the oldest traces go until all fits.
    pub(super) fn take(&mut self, span: Span) {
        if !self.traces.contains_key(&span.trace_id) {
            self.order.push_back(span.trace_id.clone());
        }
        let trace = self.traces.entry(span.trace_id.clone()).or_default();
        if trace.spans.len() == SPANS && !trace.spans.contains_key(&span.span_id) {
            trace.left_out += 1;
            return;
        }
        let size = span.size();
        let before = trace.spans.insert(span.span_id.clone(), span).map_or(0, |before| before.size());
        trace.bytes = trace.bytes + size - before;
        self.bytes = self.bytes + size - before;
        while self.bytes > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.bytes -= self.traces.remove(&oldest).map_or(0, |trace| trace.bytes);
        }
    }

    /// The trace of this id.
    pub(super) fn trace(&self, id: &str) -> Option<&Trace> {
        self.traces.get(id)
    }

    /// The traces, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = (&str, &Trace)> {
        self.order.iter().rev().filter_map(|id| Some((id.as_str(), self.traces.get(id)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(trace: &str, id: &str, parent: &str) -> Span {
        let text = str::to_owned;
        Span { trace_id: text(trace), span_id: text(id), parent: text(parent), took_us: 5, ..Span::default() }
    }

    #[test]
    fn the_oldest_trace_goes_first_and_whole() {
        let one = span("a", "1", "").size();
        let mut kept = Kept::within(one * 3);
        for (trace, id) in [("a", "1"), ("b", "1"), ("a", "2"), ("c", "1")] {
            kept.take(span(trace, id, ""));
        }
        assert_eq!(kept.newest().map(|(id, _)| id).collect::<Vec<_>>(), ["c", "b"]);
        assert!(kept.trace("a").is_none());
        assert_eq!(kept.bytes, one * 2);
        // one that is greater than all that may be kept is not kept
        kept.take(Span { name: "x".repeat(one * 3), ..span("d", "1", "") });
        assert_eq!((kept.newest().count(), kept.bytes), (0, 0));
    }

    #[test]
    fn a_span_that_is_told_twice_is_there_once() {
        let mut kept = Kept::default();
        kept.take(span("a", "1", ""));
        let bytes = kept.bytes;
        kept.take(span("a", "1", ""));
        assert_eq!((kept.trace("a").unwrap().spans.len(), kept.bytes), (1, bytes));
    }

    #[test]
    fn a_trace_is_bounded_and_says_what_it_left_out() {
        let mut kept = Kept::default();
        for number in 0..SPANS + 3 {
            kept.take(span("a", &number.to_string(), ""));
        }
        let trace = kept.trace("a").unwrap();
        assert_eq!((trace.spans.len(), trace.left_out), (SPANS, 3));
    }

    #[test]
    fn the_root_is_the_first_span_below_none() {
        let mut trace = Trace::default();
        for (id, parent, start_us) in [("1", "2", 20), ("2", "gone", 10), ("3", "gone", 15)] {
            trace.spans.insert(id.to_owned(), Span { start_us, ..span("a", id, parent) });
        }
        assert_eq!(trace.root().unwrap().span_id, "2");
        assert_eq!(trace.time(), (10, 15));
    }
}
