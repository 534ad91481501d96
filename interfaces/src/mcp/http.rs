//! The streamable HTTP door: `POST /mcp`. No session is kept, so that a client goes on after a restart as if nothing had been.
//!
//! **Beyond the loopback address nobody is let in without the token**; a page of a strange origin is refused everywhere, as
//! is a name that is not ours (the protocol's answer to DNS rebinding).

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use commune_runtime::access::Token;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokio_util::sync::CancellationToken;

use super::{MESSAGE_LIMIT, server::Server};
use crate::{failure::Failure, output::Output};

/// Where it is served, and who is let in.
#[derive(Debug)]
pub(super) struct Door {
    /// The address.
    pub(super) listen: SocketAddr,
    /// The token that has to be shown.
    pub(super) bearer: Option<Token>,
    /// Names under which it is reached, beside the address and this machine's.
    pub(super) hosts: Vec<String>,
    /// Origins whose pages may ask, beside this machine's.
    pub(super) origins: Vec<String>,
}

/// Serves until it is stopped.
pub(super) async fn serve(server: Server, door: Door, stop: CancellationToken, output: &Output) -> Result<(), Failure> {
    if !door.listen.ip().is_loopback() && door.bearer.is_none() {
        return Err(Failure::Refused(format!(
            "{} can be reached from other machines, and whoever reaches it would speak as {}: give --bearer FILE with a token \
             (`commune token add`), or listen on 127.0.0.1. Put a proxy with TLS before it",
            door.listen,
            server.agent()
        )));
    }
    let listener = tokio::net::TcpListener::bind(door.listen)
        .await
        .map_err(|error| Failure::Unavailable(format!("cannot listen on {}: {error}", door.listen)))?;
    let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter();
    let hosts = hosts.chain([door.listen.ip().to_string()]).chain(door.hosts);
    let origins = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"].map(str::to_owned).into_iter();
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MESSAGE_LIMIT)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins.chain(door.origins))
        .enforce_origin_validation()
        .with_cancellation_token(stop.child_token());
    let ours = server.clone();
    let service =
        StreamableHttpService::new(move || Ok(ours.clone()), Arc::new(NeverSessionManager::default()), config);
    let wanted = door.bearer.as_ref().map(Token::hash);
    let routes = Router::new().route_service("/mcp", service).layer(middleware::from_fn_with_state(wanted, guard));
    output.say(&format!("commune mcp: speaks for {} at http://{}/mcp", server.agent(), listener.local_addr()?));
    axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await?;
    server.close().await;
    Ok(())
}

/// Lets in who shows the token, where one is wanted. **Hashes are compared**: how long it takes tells nothing of the token.
async fn guard(State(wanted): State<Option<[u8; 32]>>, request: Request, next: Next) -> Response {
    let Some(wanted) = wanted else { return next.run(request).await };
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        shown.and_then(|shown| shown.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    if token.and_then(|(_, token)| Token::parse(token).ok()).is_some_and(|token| token.hash() == wanted) {
        return next.run(request).await;
    }
    let words = "the token is missing or is not the one of this server: send `authorization: Bearer cmn_…`\n";
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], words).into_response()
}
