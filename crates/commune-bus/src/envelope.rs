//! The envelope: CloudEvents attributes in binary mode, the content type, the W3C trace context.

use bytes::Bytes;
use jiff::Timestamp;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use prost::{Message, Name};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::StreamName;

/// Header names.
pub mod attribute {
    /// The event's id; equals `Nats-Msg-Id`.
    pub const ID: &str = "ce-id";
    /// The event's type: the full name of its protobuf message.
    pub const TYPE: &str = "ce-type";
    /// The service that made it.
    pub const SOURCE: &str = "ce-source";
    /// What it is about.
    pub const SUBJECT: &str = "ce-subject";
    /// When it was made, RFC 3339.
    pub const TIME: &str = "ce-time";
    /// The CloudEvents version.
    pub const SPEC_VERSION: &str = "ce-specversion";
    /// The media type of the body.
    pub const CONTENT_TYPE: &str = "ce-datacontenttype";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
    /// Media type of protobuf bodies.
    pub const PROTOBUF: &str = "application/protobuf";
    /// The server's message id: a repeat within the stream's window is not stored again.
    pub const MESSAGE_ID: &str = "Nats-Msg-Id";
}

/// A message to publish.
#[derive(Debug, Clone)]
pub struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Bytes,
    pub(crate) expected_last: Option<u64>,
    /// What the whole stream must end with.
    pub(crate) expected_end: Option<u64>,
}

impl Outgoing {
    /// An event of the contract, in protobuf, with the envelope; carries the trace context of the current span.
    /// `id` must derive from content or from (agent, night, stage, ordinal), and differ from the ids of all other
    /// messages of the stream.
    pub fn event<M: Message + Name>(subject: String, id: &str, source: &str, at: Timestamp, event: &M) -> Self {
        let about = subject.clone();
        let message = Self::raw(subject, event.encode_to_vec())
            .header(attribute::SPEC_VERSION, "1.0")
            .header(attribute::ID, &encoded(id))
            .header(attribute::TYPE, &encoded(&M::full_name()))
            .header(attribute::SOURCE, &encoded(source))
            .header(attribute::SUBJECT, &encoded(&about))
            .header(attribute::TIME, &at.to_string())
            .header(attribute::CONTENT_TYPE, attribute::PROTOBUF)
            .header(attribute::MESSAGE_ID, &encoded(id));
        message.in_context(&tracing::Span::current().context())
    }

    /// A message as it is, without an envelope.
    pub fn raw(subject: String, payload: impl Into<Bytes>) -> Self {
        Self { subject, headers: Vec::new(), payload: payload.into(), expected_last: None, expected_end: None }
    }

    /// With one more header. Control characters in the value are replaced by a space.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.replace(|c: char| c.is_control(), " ")));
        self
    }

    /// Only if nothing was ever stored on the subject.
    #[must_use]
    pub fn once(self) -> Self {
        self.after(0)
    }

    /// Only if the subject's newest message has this sequence of the stream (0: none).
    #[must_use]
    pub fn after(mut self, sequence: u64) -> Self {
        self.expected_last = Some(sequence);
        self
    }

    /// Only if the newest message of the whole stream has this sequence (0: none): for what was decided by everything that the stream
    /// held. In a batch, the first message alone may say so (ADR-50).
    #[must_use]
    pub fn at_the_end(mut self, sequence: u64) -> Self {
        self.expected_end = Some(sequence);
        self
    }

    /// As a JetStream schedule: stored now, produced once on `target` at `at`.
    #[must_use]
    pub fn due_at(self, at: Timestamp, target: &str) -> Self {
        self.header("Nats-Schedule", &format!("@at {at}")).header("Nats-Schedule-Target", target)
    }

    /// With this trace context instead of the current span's; an empty context leaves none.
    #[must_use]
    pub fn in_context(mut self, context: &opentelemetry::Context) -> Self {
        self.carry(context);
        self
    }

    /// Carries this trace context from now on.
    pub(crate) fn carry(&mut self, context: &opentelemetry::Context) {
        self.headers.retain(|(name, _)| name != attribute::TRACEPARENT);
        let value = traceparent(context.span().span_context());
        self.headers.extend(value.map(|value| (attribute::TRACEPARENT.to_owned(), value)));
    }

    /// The subject it will be published on.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The size of the body in bytes.
    pub fn size(&self) -> usize {
        self.payload.len()
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// A message as a stream holds it.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The stream.
    pub stream: StreamName,
    /// The subject it is stored under (after the stream's transform).
    pub subject: String,
    /// Its sequence in the stream, from 1.
    pub sequence: u64,
    /// When the server stored it.
    pub stored_at: Timestamp,
    /// Headers, in the order of their names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Bytes,
}

/// Why an event could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// It is of another type or a version that this build does not know.
    #[error(
        "the message is a `{found}`, and this service reads `{wanted}`: upgrade this service, then replay the message"
    )]
    Type {
        /// What it says it is.
        found: String,
        /// What was expected.
        wanted: String,
    },
    /// It is not in protobuf.
    #[error("the body is `{0}`; events are `application/protobuf`")]
    ContentType(String),
    /// Its body is malformed.
    #[error("the body is not a valid `{wanted}`: {source}")]
    Body {
        /// What was expected.
        wanted: String,
        /// The decoder's reason.
        source: prost::DecodeError,
    },
}

impl Stored {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// When the message is due that this one schedules; none where it schedules none.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.header("Nats-Schedule")?.strip_prefix("@at ")?.parse().ok()
    }

    /// The media type of what an agent said, in lower case and without parameters; `text/markdown` when the message does not say.
    pub fn media_type(&self) -> String {
        let said = self.header("Content-Type").or_else(|| self.header(attribute::CONTENT_TYPE)).unwrap_or_default();
        match said.split(';').next().unwrap_or_default().trim() {
            "" => "text/markdown".to_owned(),
            said => said.to_ascii_lowercase(),
        }
    }

    /// The event of the contract in this message.
    ///
    /// # Errors
    /// [`DecodeError`] when it is of another type, of a future version, or malformed.
    pub fn event<M: Message + Name + Default>(&self) -> Result<M, DecodeError> {
        let wanted = M::full_name();
        let found = self.header(attribute::TYPE).unwrap_or("message without a type");
        if found != wanted {
            return Err(DecodeError::Type { found: shortened(found), wanted });
        }
        let content_type = self.header(attribute::CONTENT_TYPE).unwrap_or("without a content type");
        if content_type != attribute::PROTOBUF {
            return Err(DecodeError::ContentType(shortened(content_type)));
        }
        M::decode(self.payload.clone()).map_err(|source| DecodeError::Body { wanted, source })
    }

    /// The trace context that the message carries; an empty context when it carries none.
    pub fn context(&self) -> opentelemetry::Context {
        match self.span_context() {
            Some(span) => opentelemetry::Context::new().with_remote_span_context(span),
            None => opentelemetry::Context::new(),
        }
    }

    /// The trace id that the message carries, 32 hexadecimal digits; empty when it carries none.
    pub fn trace_id(&self) -> String {
        self.span_context().map(|span| span.trace_id().to_string()).unwrap_or_default()
    }

    /// The span that the message names as its own; none when it names none.
    pub fn span_context(&self) -> Option<SpanContext> {
        self.header(attribute::TRACEPARENT).and_then(parse_traceparent)
    }
}

/// The W3C form of a span's context; none for an invalid one.
fn traceparent(span: &SpanContext) -> Option<String> {
    span.is_valid()
        .then(|| format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags() & TraceFlags::SAMPLED))
}

pub(crate) fn parse_traceparent(value: &str) -> Option<SpanContext> {
    let mut parts = value.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hexadecimal = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    // a later version may add parts after the flags; `ff` is forbidden
    let known = version == "00" && parts.next().is_none() || version != "00" && version != "ff";
    if !(known && hexadecimal(version, 2) && hexadecimal(trace, 32) && hexadecimal(span, 16) && hexadecimal(flags, 2)) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags & TraceFlags::SAMPLED, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

/// A value as CloudEvents wants it in a header: space, `"`, `%` and all outside printable ASCII percent-encoded.
fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if (0x21..=0x7e).contains(&byte) && byte != b'"' && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What a stranger wrote, short enough for a message.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use commune_proto::night::v1::NightBegun;

    use super::*;

    fn stored(headers: &[(&str, &str)], payload: &[u8]) -> Stored {
        Stored {
            stream: StreamName::Nights,
            subject: "commune.night.begun.2026-02-14.ada".to_owned(),
            sequence: 1,
            stored_at: Timestamp::UNIX_EPOCH,
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            payload: Bytes::copy_from_slice(payload),
        }
    }

    #[test]
    fn a_traceparent_is_read_or_left_alone() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let span = parse_traceparent(good).unwrap();
        assert!(span.is_remote() && span.is_sampled());
        assert_eq!(traceparent(&span).as_deref(), Some(good));
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert!(parse_traceparent(bad).is_none(), "{bad}");
        }
        assert!(parse_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later").is_some());
    }

    #[test]
    fn an_event_says_what_it_is() {
        let event = NightBegun::default();
        let out = Outgoing::event("commune.night.x".to_owned(), "ïd 1", "selfcare", Timestamp::UNIX_EPOCH, &event);
        assert_eq!(out.value(attribute::TYPE), Some("commune.night.v1.NightBegun"));
        assert_eq!(out.value(attribute::ID), Some("%C3%AFd%201"));
        assert_eq!(out.value(attribute::TIME), Some("1970-01-01T00:00:00Z"));
        assert_eq!(out.value(attribute::TRACEPARENT), None, "no layer is installed");
    }

    #[test]
    fn a_future_version_says_to_upgrade() {
        let protobuf = (attribute::CONTENT_TYPE, attribute::PROTOBUF);
        let future = stored(&[(attribute::TYPE, "commune.night.v2.NightBegun"), protobuf], b"");
        let error = future.event::<NightBegun>().unwrap_err().to_string();
        assert!(error.contains("upgrade") && error.contains("commune.night.v2.NightBegun"), "{error}");
        let ours = (attribute::TYPE, "commune.night.v1.NightBegun");
        assert!(stored(&[ours, protobuf], b"").event::<NightBegun>().is_ok());
        assert!(matches!(stored(&[ours, protobuf], b"\xff").event::<NightBegun>(), Err(DecodeError::Body { .. })));
        assert!(matches!(
            stored(&[ours, (attribute::CONTENT_TYPE, "application/json")], b"{}").event::<NightBegun>(),
            Err(DecodeError::ContentType(_))
        ));
    }

    proptest::proptest! {
        #[test]
        fn encoded_values_are_plain_ascii(value in ".*") {
            proptest::prop_assert!(encoded(&value).bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'"'));
        }

        #[test]
        fn any_traceparent_is_survived(value in ".*") {
            let _ = parse_traceparent(&value);
        }
    }
}
