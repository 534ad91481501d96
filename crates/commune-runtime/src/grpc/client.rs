//! The client's side of gRPC: a channel that knows whom it trusts and says who calls.

use std::{
    net::IpAddr,
    path::Path,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use futures::future::BoxFuture;
use tonic::{
    Code, Request, Status,
    body::Body,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, ClientTlsConfig, Endpoint},
};
use tower::{BoxError, Service};
use tracing::Instrument as _;

use super::{
    CALL_TIMEOUT,
    measure::{Call, Peer},
};
use crate::access::Token;

/// How long one connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection to a service, with the caller's token and trace context in every call, and an end to its patience.
pub type Channel = Timed<InterceptedService<tonic::transport::Channel, Bearer>>;

/// Puts the token into a call.
#[derive(Debug, Clone)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(value) = &self.0 {
            request.metadata_mut().insert("authorization", value.clone());
        }
        Ok(request)
    }
}

/// Calls that end with DEADLINE_EXCEEDED when no answer has begun within [`CALL_TIMEOUT`]; whoever was asked is told to
/// stop. The transport's own timeout would say CANCELLED, as if the caller had lost interest.
#[derive(Debug, Clone)]
pub struct Timed<S> {
    inner: S,
    peer: Arc<Peer>,
}

impl<S, B, R> Service<http::Request<B>> for Timed<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    R: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = http::Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let mut call = Call::made(&path, &self.peer, request.headers_mut());
        let span = call.span();
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(async move {
            match tokio::time::timeout(CALL_TIMEOUT, answer.instrument(span)).await {
                Ok(Ok(answer)) => Ok(call.follow(answer)),
                Ok(Err(error)) => {
                    call.end(Code::Unavailable);
                    Err(error.into())
                }
                Err(_) => {
                    call.end(Code::DeadlineExceeded);
                    let seconds = CALL_TIMEOUT.as_secs();
                    Err(Status::deadline_exceeded(format!("no answer within {seconds} s")).into())
                }
            }
        })
    }
}

/// A channel to a service that connects when it is first used and reconnects for ever. Calls end after
/// [`CALL_TIMEOUT`]; they carry the trace context of their span, and the token. For
/// `https://` the server must have a certificate of the authority in `ca_file` (PEM), or of one that the machine trusts.
///
/// # Errors
/// When the address is not a URL, the file is no PEM, or the token would go over the network in the clear.
pub fn channel(address: &str, ca_file: Option<&Path>, token: Option<&Token>) -> anyhow::Result<Channel> {
    let refuse = || format!("`{address}` is not an address of gRPC: write `http://host:port` or `https://host:port`");
    let uri: http::Uri = address.parse().with_context(refuse)?;
    let (Some(scheme @ ("http" | "https")), Some(host)) = (uri.scheme_str(), uri.host()) else {
        anyhow::bail!(refuse());
    };
    let mut endpoint = Endpoint::from_shared(address.to_owned()).with_context(refuse)?;
    if scheme == "https" {
        let tls = match ca_file {
            None => ClientTlsConfig::new().with_native_roots(),
            Some(file) => {
                let pem = std::fs::read(file)
                    .with_context(|| format!("cannot read the certificate of the authority, {}", file.display()))?;
                ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
            }
        };
        endpoint = endpoint.tls_config(tls).with_context(|| format!("no TLS with `{address}`"))?;
    } else if token.is_some() && !is_this_machine(host) {
        anyhow::bail!("the token would go to `{address}` in the clear: use `https://`");
    }
    let bearer = token.map(|token| {
        let mut value: MetadataValue<Ascii> =
            format!("Bearer {}", token.expose()).parse().context("a token is ASCII")?;
        // not shown by Debug, not kept in the tables of HPACK
        value.set_sensitive(true);
        anyhow::Ok(value)
    });
    let channel = endpoint.connect_timeout(CONNECT_TIMEOUT).connect_lazy();
    let peer = Arc::new(Peer { host: host.to_owned(), port: uri.port_u16() });
    Ok(Timed { inner: InterceptedService::new(channel, Bearer(bearer.transpose()?)), peer })
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;

    #[tokio::test]
    async fn a_channel_needs_a_url_and_connects_later() {
        assert!(channel("http://127.0.0.1:1", None, None).is_ok());
        for bad in ["", "127.0.0.1:7403", "ftp://example:1", "http://", "http://a b"] {
            let error = format!("{:#}", channel(bad, None, None).unwrap_err());
            assert!(error.contains("http://host:port"), "{bad}: {error}");
        }
    }

    #[tokio::test]
    async fn a_token_does_not_leave_the_machine_in_the_clear() {
        let token = Token::generate(Role::Member).unwrap();
        for near in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"] {
            let channel = channel(near, None, Some(&token)).unwrap();
            assert!(!format!("{channel:?}").contains(&token.expose()[6..]), "{near}");
        }
        for far in ["http://librarian:1", "http://10.0.0.1:1", "http://localhost.example:1"] {
            let error = channel(far, None, Some(&token)).unwrap_err().to_string();
            assert!(error.contains("in the clear"), "{far}: {error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let made = rcgen::generate_simple_self_signed(["librarian".to_owned()]).unwrap();
        std::fs::write(&ca, made.cert.pem()).unwrap();
        assert!(channel("https://librarian:1", Some(&ca), Some(&token)).is_ok());
        assert!(channel("https://librarian:1", Some(&folder.path().join("none")), None).is_err());
    }
}
