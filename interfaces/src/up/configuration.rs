//! The configuration of the managed nats-server: written through, and who is let in.

use std::{net::IpAddr, path::Path};

use commune_bus::accounts::ServerConfiguration;

use super::keys::{Keys, OWNERS};

/// Who is let in.
#[derive(Debug, Clone, Copy)]
pub(super) enum LetIn<'a> {
    /// Services with keys, and as an agent whoever is on this machine.
    ThisMachine(&'a Keys),
    /// Whom the authority signed; its accounts are in a file of this name beside the configuration.
    Signed(&'a str),
}

/// The configuration file.
pub(super) fn render(listen: IpAddr, (port, monitor): (u16, u16), store: &Path, let_in: LetIn<'_>) -> String {
    let base = ServerConfiguration {
        listen: listen.to_string(),
        port,
        monitor_port: Some(monitor),
        store_dir: store.to_owned(),
        ..ServerConfiguration::default()
    };
    match let_in {
        LetIn::ThisMachine(keys) => ServerConfiguration {
            members: OWNERS.iter().map(|owner| (*owner, keys.public(owner.name()).to_owned())).collect(),
            // only loopback is listened on: whoever can connect is on this machine
            trust_local_agents: true,
            ..base
        },
        LetIn::Signed(accounts) => ServerConfiguration { signed: Some(accounts.to_owned()), ..base },
    }
    .render()
}
