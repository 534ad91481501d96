//! The door: who is let in, and what every answer says to a browser.
//!
//! **A name that is not ours is refused**, so that no page elsewhere can reach this one under a name of its own (DNS rebinding), and
//! nothing is loaded from anywhere else. A form is taken only from a page of ours, which holds its seal.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio_util::sync::CancellationToken;

use super::answer::Trouble;
use crate::{failure::Failure, output::Output};

/// What every answer says beside its words.
const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // a form tells its origin only where the policy lets it
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Where it is served, and under which names.
#[derive(Debug)]
pub(super) struct Door {
    listen: SocketAddr,
    hosts: Vec<String>,
}

impl Door {
    /// This machine's names, the address, and those that are given.
    pub(super) fn new(listen: SocketAddr, more: Vec<String>) -> Self {
        let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).into_iter();
        let address = if listen.is_ipv6() { format!("[{}]", listen.ip()) } else { listen.ip().to_string() };
        let hosts = own.chain([address]).chain(more.iter().map(|name| name.to_ascii_lowercase())).collect();
        Self { listen, hosts }
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        self.hosts.iter().any(|known| *known == name_of(host))
    }
}

/// The name in `name:port`, in lower case.
fn name_of(host: &str) -> String {
    let port = |(_, port): &(&str, &str)| port.bytes().all(|byte| byte.is_ascii_digit());
    host.rsplit_once(':').filter(port).map_or(host, |(name, _)| name).to_ascii_lowercase()
}

/// Serves until it is stopped.
pub(super) async fn serve(routes: Router, door: Door, stop: CancellationToken, output: &Output) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind(door.listen)
        .await
        .map_err(|error| Failure::Unavailable(format!("cannot listen on {}: {error}", door.listen)))?;
    let address = listener.local_addr()?;
    let routes = routes.layer(middleware::from_fn_with_state(Arc::new(door), guard));
    match output.is_json() {
        true => output.json(&serde_json::json!({ "address": format!("http://{address}/") })),
        false => output.text(&format!("http://{address}/")),
    }
    output.say("commune web: Ctrl-C ends it");
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}

/// Lets in who asks under a name of ours and, where something is sent, from a page of ours.
async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut answer = if !door.knows(request.headers()) {
        let words = "This page is not served under that name: `commune web --host NAME` says under which it is.";
        Trouble::new(StatusCode::FORBIDDEN, words).into_response()
    } else if !reads && !is_own(request.headers()) {
        let words =
            "This was sent from a page of another origin, and was not taken. Open the page here, and send it again.";
        Trouble::new(StatusCode::FORBIDDEN, words).into_response()
    } else {
        next.run(request).await
    };
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // what is shown is the token's holder's
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

/// Whether a form comes from a page of this server, as far as its client tells. A client that tells nothing is no browser, and has no
/// page to be misled by; the seal of the form is asked for beside.
fn is_own(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = said("host").unwrap_or_default().to_ascii_lowercase();
    let site = said("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let origin = said("origin").is_none_or(|origin| {
        let origin = origin.to_ascii_lowercase();
        ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host.as_str()))
    });
    site && origin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(said: &[(&'static str, &'static str)]) -> HeaderMap {
        said.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_name_that_is_not_ours_is_not_known() {
        let door = Door::new("127.0.0.1:7420".parse().unwrap(), vec!["Board.Example".to_owned()]);
        for host in ["127.0.0.1:7420", "localhost", "LOCALHOST:80", "[::1]:7420", "board.example"] {
            let host = HeaderValue::from_static(host);
            assert!(door.knows(&[(header::HOST, host.clone())].into_iter().collect()), "{host:?}");
        }
        for host in ["evil.example", "evil.example:7420", "localhost.evil.example", "", "127.0.0.1:x"] {
            assert!(!door.knows(&headers(&[("host", host)])), "{host}");
        }
        assert!(!door.knows(&HeaderMap::new()));
    }

    #[test]
    fn a_form_of_another_page_is_not_ours() {
        let from =
            |more: &[(&'static str, &'static str)]| is_own(&headers(&[&[("host", "127.0.0.1:7420")], more].concat()));
        assert!(from(&[("origin", "http://127.0.0.1:7420"), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[]));
        assert!(!from(&[("origin", "http://127.0.0.1:7421")]));
        assert!(!from(&[("origin", "null")]));
        assert!(!from(&[("origin", "https://evil.example")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("origin", "http://127.0.0.1:7420"), ("sec-fetch-site", "same-site")]));
    }
}
