//! `commune web`: the library, what waits for consent, the nights and an agent's own memory as pages for a browser.
//!
//! A client as every other command: it asks the librarian, selfcare and the bus with the caller's own token and key, and keeps no state
//! of the commune. Every page is made whole here and works without JavaScript.

mod answer;
mod article;
mod assets;
mod door;
mod fields;
mod history;
mod home;
mod markdown;
mod memory;
mod needs;
mod nights;
mod picture;
mod proposals;
mod search;
mod show;
mod site;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use clap::Args;
use commune_proto::AgentId;
use commune_runtime::signals;

use crate::{connect::Session, failure::Failure, output::Output};
use site::Site;

/// Bytes of a form: an answer of the greatest length, each of its bytes escaped, and what stands beside it.
const FORM: usize = 8 << 10;

/// Serve the library, what waits for consent, the nights and an agent's own memory as pages for a browser.
#[derive(Debug, Args)]
pub(crate) struct Web {
    /// Where to listen; port 0 takes a free one. The address is printed
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7420")]
    listen: SocketAddr,
    /// The agent whose memory is shown and in whose name is objected; without one the pages are for reading
    #[arg(long, env = "COMMUNE_AGENT")]
    agent: Option<AgentId>,
    /// Where Jaeger's pages are, such as http://127.0.0.1:16686: the board of a night links to its traces
    #[arg(long, value_name = "URL", env = "COMMUNE_JAEGER")]
    jaeger: Option<String>,
    /// A name under which it is reached, beside its address and localhost; may be given again
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Listen beyond this machine. Nobody is asked who they are: a proxy that lets people in and speaks TLS has to stand before it
    #[arg(long)]
    behind_proxy: bool,
}

impl Web {
    /// Serves until a signal comes.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() && !self.behind_proxy {
            return Err(Failure::Refused(format!(
                "{} can be reached from other machines, and whoever reaches it would read and object as you: listen on 127.0.0.1, or \
                 put a proxy with TLS and a login before it and say so with --behind-proxy and --host NAME",
                self.listen
            )));
        }
        let stop = signals::drain_token()?;
        let session = Session::new(session.global.clone(), session.home.clone());
        let site = Site::new(session, self.agent, self.jaeger.as_deref())?;
        let door = door::Door::new(self.listen, self.hosts);
        let served = door::serve(routes(site.clone()), door, stop, output).await;
        site.sky().close().await;
        served
    }
}

/// Every page there is.
fn routes(site: Site) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/sections/{*path}", get(home::section))
        .route("/tags/{tag}", get(home::tag))
        .route("/search", get(search::search))
        .route("/articles/{*path}", get(article::article))
        .route("/history/{*path}", get(history::history))
        .route("/revisions/{number}/{*path}", get(history::revision))
        .route("/blame/{*path}", get(history::blame))
        .route("/needs", get(needs::needs))
        .route("/proposals", get(proposals::proposals))
        .route("/proposals/{id}", get(proposals::proposal))
        .route("/proposals/{id}/object", post(proposals::object))
        .route("/proposals/{id}/answer", post(proposals::answer))
        .route("/nights", get(nights::nights))
        .route("/nights/{night}", get(nights::one_night))
        .route("/memory", get(memory::memory))
        .route("/memory/diary", get(memory::diary))
        .route("/memory/notes", get(memory::notes))
        .route("/memory/notes/{note}", get(memory::one_note))
        .route("/assets/{name}", get(assets::asset))
        .layer(DefaultBodyLimit::max(FORM))
        .fallback(answer::no_such_page)
        .method_not_allowed_fallback(answer::no_such_method)
        .with_state(site)
}
