//! How long calls take and how they end, and their spans, by the RPC conventions of OpenTelemetry, on both sides.
//!
//! **Every error tells its trace**: whoever gets one finds the id of the server's trace in its metadata ([`TRACE_ID`]).

use std::{
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};
use opentelemetry::{
    KeyValue, global,
    metrics::Histogram,
    propagation::{Extractor, Injector},
    trace::TraceContextExt as _,
};
use tonic::{Code, body::Body};
use tower::{BoxError, Layer, Service};
use tracing::{Instrument as _, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::access::Table;

/// Bounds of durations in seconds, by the conventions.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Made when the first is used, which must come after telemetry has started.
static SERVER: LazyLock<Histogram<f64>> =
    LazyLock::new(|| duration("rpc.server.call.duration", "Calls that were served"));
static CLIENT: LazyLock<Histogram<f64>> =
    LazyLock::new(|| duration("rpc.client.call.duration", "Calls that were made"));

fn duration(name: &'static str, says: &'static str) -> Histogram<f64> {
    let meter = global::meter("commune-runtime");
    meter.f64_histogram(name).with_unit("s").with_description(says).with_boundaries(BOUNDS.to_vec()).build()
}

/// The metadata of an error in which a server tells the id of its trace, 32 hexadecimal digits.
pub const TRACE_ID: &str = "commune-trace-id";

/// On which side of a call we are.
#[derive(Debug, Clone, Copy)]
enum Side {
    Server,
    Client,
}

/// Whom a client calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Peer {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
}

/// One call; told once, when it ends.
#[derive(Debug)]
pub(crate) struct Call {
    side: Side,
    method: String,
    began: Instant,
    span: Span,
    told: bool,
}

impl Call {
    /// A call that is served: the rpc's path, `/package.Service/Method`, as far as there is such an rpc, and the caller's trace.
    pub(crate) fn served(path: Option<&str>, headers: &HeaderMap) -> Self {
        let method = path.map_or("_OTHER", |path| path.trim_start_matches('/'));
        // probes come every few seconds, and strangers are not to fill anybody's traces
        let has_span = path.is_some() && !method.starts_with("grpc.");
        let span = if has_span {
            tracing::info_span!(
                parent: None,
                "grpc",
                otel.name = method,
                otel.kind = "server",
                otel.status_code = field::Empty,
                error.type = field::Empty,
                rpc.system.name = "grpc",
                rpc.method = method,
                rpc.response.status_code = field::Empty,
            )
        } else {
            Span::none()
        };
        let parent = global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&opentelemetry::Context::new(), &Carried(headers))
        });
        if has_span && let Err(error) = span.set_parent(parent) {
            tracing::debug!(%error, rpc.method = method, "the call's trace context was not taken up");
        }
        Self { side: Side::Server, method: method.to_owned(), began: Instant::now(), span, told: false }
    }

    /// A call that is made; its context goes with it.
    pub(crate) fn made(path: &str, peer: &Peer, headers: &mut HeaderMap) -> Self {
        let method = path.trim_start_matches('/');
        let span = tracing::info_span!(
            "grpc",
            otel.name = method,
            otel.kind = "client",
            otel.status_code = field::Empty,
            error.type = field::Empty,
            rpc.system.name = "grpc",
            rpc.method = method,
            rpc.response.status_code = field::Empty,
            server.address = peer.host,
            server.port = peer.port,
        );
        let context = span.context();
        global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut Carrying(headers)));
        Self { side: Side::Client, method: method.to_owned(), began: Instant::now(), span, told: false }
    }

    /// Its span.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The id of its trace, for the metadata of an error.
    fn trace_id(&self) -> Option<HeaderValue> {
        let context = self.span.context();
        let span = context.span().span_context().clone();
        (matches!(self.side, Side::Server) && span.is_valid())
            .then(|| HeaderValue::from_str(&span.trace_id().to_string()).ok())
            .flatten()
    }

    /// Adds what an error tells besides its status.
    fn explain(&self, code: Code, headers: &mut HeaderMap) {
        if code != Code::Ok
            && let Some(trace_id) = self.trace_id()
        {
            headers.insert(TRACE_ID, trace_id);
        }
    }

    /// It has ended with this status.
    pub(crate) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.told, true) {
            return;
        }
        let mut labels = vec![
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method.clone()),
            KeyValue::new("rpc.response.status_code", name(code)),
        ];
        self.span.record("rpc.response.status_code", name(code));
        if is_failure(self.side, code) {
            self.span.record("otel.status_code", "ERROR");
            self.span.record("error.type", name(code));
            labels.push(KeyValue::new("error.type", name(code)));
        }
        let figures = match self.side {
            Side::Server => &SERVER,
            Side::Client => &CLIENT,
        };
        figures.record(self.began.elapsed().as_secs_f64(), &labels);
    }

    /// Follows an answer to its end: its status is in its head, or behind its body.
    pub(crate) fn follow<B>(mut self, mut answer: http::Response<B>) -> http::Response<Body>
    where
        B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        match code_in(answer.headers()) {
            Some(code) => {
                self.explain(code, answer.headers_mut());
                self.end(code);
                answer.map(Body::new)
            }
            None => answer.map(|inner| Body::new(Followed { inner: Body::new(inner), call: self })),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // whoever asked went away, or stopped listening
        self.end(Code::Cancelled);
    }
}

/// The body of an answer whose end is told.
struct Followed {
    inner: Body,
    call: Call,
}

impl http_body::Body for Followed {
    type Data = bytes::Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut polled = Pin::new(&mut self.inner).poll_frame(context);
        match &mut polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_mut()
                    && let Some(code) = code_in(trailers)
                {
                    self.call.explain(code, trailers);
                    self.call.end(code);
                }
            }
            Poll::Ready(Some(Err(status))) => {
                let code = status.code();
                self.call.end(code);
            }
            Poll::Ready(None) => self.call.end(Code::Unknown),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|status| Code::from_bytes(status.as_bytes()))
}

/// What of a caller's own doing is no failure of a server, by the conventions.
fn is_failure(side: Side, code: Code) -> bool {
    match side {
        Side::Client => code != Code::Ok,
        Side::Server => matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        ),
    }
}

/// A status as gRPC spells it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Measures every call of a server, those that the guard refuses too.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    /// The rpcs that there are: whatever else is asked for is told as one.
    known: Arc<Table>,
}

impl Measure {
    /// Of a server with these rpcs.
    pub(crate) fn new(known: Arc<Table>) -> Self {
        Self { known }
    }
}

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { measure: self.clone(), inner }
    }
}

/// A service whose calls are measured.
#[derive(Debug, Clone)]
pub(crate) struct Measured<S> {
    measure: Measure,
    inner: S,
}

impl<S, B> Service<http::Request<B>> for Measured<S>
where
    S: Service<http::Request<B>, Response = http::Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let path = Some(request.uri().path()).filter(|path| self.measure.known.has(path));
        let call = Call::served(path, request.headers());
        let span = call.span();
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(async move { answer.instrument(span).await.map(|answer| call.follow(answer)) })
    }
}

/// The trace context that a call carries.
struct Carrying<'a>(&'a mut HeaderMap);

impl Injector for Carrying<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (HeaderName::from_bytes(key.as_bytes()), HeaderValue::from_str(&value)) {
            self.0.insert(key, value);
        }
    }
}

struct Carried<'a>(&'a HeaderMap);

impl Extractor for Carried<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}
