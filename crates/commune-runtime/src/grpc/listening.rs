//! Where gRPC listens, and what guards it: checked before anything else is begun.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use crate::{
    access::{Rates, Tokens},
    settings::{Access, Listen},
};

/// How long a client has for its part of the handshake of TLS.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A listener of gRPC, the tokens by which calls are let in, and the server with its certificate.
#[derive(Debug)]
pub struct Listening {
    pub(super) listener: TcpListener,
    pub(super) server: Server,
    /// None where everybody on the machine is trusted.
    pub(super) tokens: Option<Tokens>,
    /// How often each caller may call.
    pub(super) rates: Rates,
}

impl Listening {
    /// Reads the tokens file and the certificate, and says in one line of the log who is let in.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub(crate) fn new(
        listener: TcpListener,
        address: SocketAddr,
        listen: &Listen,
        access: &Access,
    ) -> anyhow::Result<Self> {
        let tokens = match access.tokens_file.as_str() {
            "" => None,
            file => Some(Tokens::read(Path::new(file)).context("setting access.tokens_file")?),
        };
        let tls = !listen.tls_cert_file.is_empty();
        let server = if tls { with_tls(listen)? } else { Server::builder() };
        match &tokens {
            None => tracing::warn!(
                grpc.address = %address,
                tls,
                "no tokens file: whoever reaches gRPC, which listens on this machine alone, is trusted and may speak for any agent"
            ),
            Some(_) => tracing::info!(grpc.address = %address, tls, "gRPC asks for a token"),
        }
        Ok(Self { listener, server, tokens, rates: Rates::new(access.calls_per_second) })
    }
}

fn with_tls(listen: &Listen) -> anyhow::Result<Server> {
    let read =
        |setting: &str, file: &str| std::fs::read(file).with_context(|| format!("{setting}: cannot read `{file}`"));
    let certificate = read("listen.tls_cert_file", &listen.tls_cert_file)?;
    let key = read("listen.tls_key_file", &listen.tls_key_file)?;
    let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key)).timeout(HANDSHAKE);
    Server::builder().tls_config(tls).with_context(|| {
        let (certificate, key) = (&listen.tls_cert_file, &listen.tls_key_file);
        format!(
            "the certificate `{certificate}` and the key `{key}` cannot be used: both must be PEM, and of each other"
        )
    })
}
