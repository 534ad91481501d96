//! `commune mcp`: the commune as a server of the Model Context Protocol, for one agent, over stdin and stdout or HTTP.
//!
//! **Only the protocol goes to stdout**; words go to stderr.

mod answer;
mod arguments;
mod asking;
mod consent;
mod http;
mod prompts;
mod quote;
mod reading;
mod resources;
mod saying;
mod schemas;
mod server;
mod tools;

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;
use commune_proto::AgentId;
use commune_runtime::{access::Token, signals};
use rmcp::{
    ServiceExt,
    service::ServerInitializeError,
    transport::{async_rw::AsyncRwTransport, stdio_pipes},
};

use crate::{connect::Session, failure::Failure, output::Output};
use server::Server;

/// Most bytes of one message to us: a note of the greatest size, each of its bytes escaped.
const MESSAGE_LIMIT: usize = 2 << 20;

/// Serve the Model Context Protocol to one agent, over stdin and stdout: what an agent's program starts by itself.
#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// The agent that speaks through it
    #[arg(long, env = "COMMUNE_AGENT")]
    agent: AgentId,
    /// Serve HTTP at http://ADDRESS/mcp instead
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = "HTTP")]
    listen: Option<SocketAddr>,
    /// A file with the token (`commune token add`) that whoever comes over HTTP has to show; needed beyond this machine
    #[arg(long, value_name = "FILE", requires = "listen", help_heading = "HTTP")]
    bearer: Option<PathBuf>,
    /// A name under which it is reached, beside its address and localhost; may be given again
    #[arg(long = "host", value_name = "NAME", requires = "listen", help_heading = "HTTP")]
    hosts: Vec<String>,
    /// An origin whose pages may ask in a browser, beside this machine's, such as `https://example.org:443`
    #[arg(long = "origin", value_name = "ORIGIN", requires = "listen", help_heading = "HTTP")]
    origins: Vec<String>,
}

impl Mcp {
    /// Serves until the other side has gone, or a signal comes.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let session = Session::new(session.global.clone(), session.home.clone());
        let server = Server::new(session, self.agent.clone(), output.clone());
        let stop = signals::drain_token()?;
        if let Some(listen) = self.listen {
            let bearer = self.bearer.as_deref().map(Token::read).transpose()?;
            let door = http::Door { listen, bearer, hosts: self.hosts, origins: self.origins };
            return http::serve(server, door, stop, output).await;
        }
        output.say(&format!("commune mcp: speaks for {} on stdin and stdout", self.agent));
        let (read, write) = stdio_pipes();
        let transport = AsyncRwTransport::new_server(read, write).with_max_line_length(MESSAGE_LIMIT);
        let running = match server.clone().serve_with_ct(transport, stop).await {
            Ok(running) => running,
            // nobody came, or nobody waits any more
            Err(ServerInitializeError::ConnectionClosed(_) | ServerInitializeError::Cancelled) => return Ok(()),
            Err(error) => return Err(Failure::error(format!("this is no client of MCP: {error}"))),
        };
        let ended = running.waiting().await;
        server.close().await;
        ended.map(|_| ()).map_err(Failure::error)
    }
}
