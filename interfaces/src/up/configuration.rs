//! The configuration of the managed nats-server: written through, services and operator with keys, agents on this
//! machine trusted.

use std::path::Path;

use commune_bus::accounts::ServerConfiguration;

use super::keys::{Keys, OWNERS};

/// The configuration file.
pub(super) fn render(port: u16, store: &Path, keys: &Keys) -> String {
    ServerConfiguration {
        port,
        store_dir: store.to_owned(),
        services: OWNERS.iter().map(|owner| ((*owner).to_owned(), keys.public(owner).to_owned())).collect(),
        // only loopback is listened on: whoever can connect is on this machine
        trust_local_agents: true,
        ..ServerConfiguration::default()
    }
    .render()
}
