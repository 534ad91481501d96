//! The server's configuration as the commune wants it: accounts, permissions, writing through.
//!
//! **Agents live in an account of their own** that imports two things: they may publish below `commune.agent.` and
//! listen below `commune.inbox.`. Permissions inside one shared account would not hold them: forged reply
//! subjects, another's message id, schedules and roll-ups reach across. Who may do what is one table
//! ([`rights`]). It is given to the server in one of two forms: signed, where each member shows what an
//! [`Authority`] signed and no server has to be told of a new one; or as users with keys, in the file itself.

mod authority;
mod jwt;
pub mod rights;

use std::{fmt::Write, path::PathBuf};

pub use authority::{Authority, AuthorityError, Credentials, Revoked, SignedAccounts, name_in};
pub use rights::Principal;
use rights::Subjects;

/// What a nats-server for the commune is started with. [`ServerConfiguration::render`] gives the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfiguration {
    /// The name that the server gives itself.
    pub name: String,
    /// The address it listens on.
    pub listen: String,
    /// The port it listens on; 0: the server takes a free one.
    pub port: u16,
    /// The folder of the streams.
    pub store_dir: PathBuf,
    /// Most bytes of all streams together. It must hold the bounds of [`crate::topology`].
    pub max_file_store: u64,
    /// The port of `/healthz` and the other monitoring pages, on the loopback address: they ask for no credentials.
    pub monitor_port: Option<u16>,
    /// The name of a file beside this one with the accounts that an [`Authority`] signed
    /// ([`SignedAccounts::render`]). Then nobody else is let in: the users below are not rendered, and nobody comes
    /// without credentials.
    pub signed: Option<String>,
    /// Services and the operator with the rights of the table, each by the public key of an nkey user (`U…`).
    pub members: Vec<(Principal, String)>,
    /// Users of the services' account who may do everything, for tests and repairs: a name for people, and the
    /// public key.
    pub services: Vec<(String, String)>,
    /// Agents that have a key: the agent's id, and its public key. Such an agent can speak for itself alone.
    pub agents: Vec<(commune_proto::AgentId, String)>,
    /// Whoever connects without credentials is an agent, and may speak for any. For a server on the loopback
    /// address, where all who can connect are trusted; otherwise give each agent a key.
    pub trust_local_agents: bool,
    /// The other servers, when it is one of several.
    pub cluster: Option<ClusterConfiguration>,
    /// A folder in which the server writes its addresses, for tests.
    pub ports_dir: Option<PathBuf>,
}

/// How a server finds the others of its cluster. Streams are then kept on three of them (the setting
/// `nats.replicas`), and each server needs a name of its own, [`ServerConfiguration::name`].
///
/// **Who reaches the port can join**: it asks for no credentials, and belongs on a network of the servers alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfiguration {
    /// The name of the cluster, the same on each server.
    pub name: String,
    /// The address that the others reach this server at.
    pub listen: String,
    /// The port for the others.
    pub port: u16,
    /// Where the others are: `nats://host:port`, with their cluster ports.
    pub routes: Vec<String>,
    /// What the others are told to reach this server at, `host:port`, when it is not what it listens on.
    pub advertise: Option<String>,
    /// Clients are not told of the other servers: they know only the addresses that they were given.
    pub no_advertise: bool,
}

impl Default for ServerConfiguration {
    fn default() -> Self {
        Self {
            name: "commune".to_owned(),
            listen: "127.0.0.1".to_owned(),
            port: 4222,
            store_dir: PathBuf::from("jetstream"),
            max_file_store: 64 << 30,
            monitor_port: None,
            signed: None,
            members: Vec::new(),
            services: Vec::new(),
            agents: Vec::new(),
            trust_local_agents: false,
            cluster: None,
            ports_dir: None,
        }
    }
}

/// Largest message, headers included.
pub const MAX_PAYLOAD: u64 = 1 << 20;

impl ServerConfiguration {
    /// The text of the configuration file.
    pub fn render(&self) -> String {
        let mut text = String::from("# Written by the commune; a change by hand is lost.\n");
        let port = if self.port == 0 { "-1".to_owned() } else { self.port.to_string() };
        let mut line = |line: String| {
            text.push_str(&line);
            text.push('\n');
        };
        line(format!("server_name: {}", quoted(&self.name)));
        line(format!("listen: {}", quoted(&format!("{}:{port}", bracketed(&self.listen)))));
        if let Some(port) = self.monitor_port {
            line(format!("http: {}", quoted(&format!("127.0.0.1:{port}"))));
        }
        if let Some(dir) = &self.ports_dir {
            line(format!("ports_file_dir: {}", quoted(&dir.to_string_lossy())));
        }
        line(format!("max_payload: {MAX_PAYLOAD}"));
        line("jetstream {".to_owned());
        line(format!("  store_dir: {}", quoted(&self.store_dir.to_string_lossy())));
        line(format!("  max_file_store: {}", self.max_file_store));
        line("  # on disk before it is acknowledged: the default loses minutes when the power fails".to_owned());
        line("  sync_interval: always".to_owned());
        line("}".to_owned());
        if let Some(cluster) = &self.cluster {
            line(cluster.render());
        }
        if let Some(signed) = &self.signed {
            line(format!("include {}", quoted(signed)));
            return text;
        }
        line(self.accounts());
        line("system_account: SYS".to_owned());
        if self.trust_local_agents {
            line(format!("no_auth_user: {}", quoted(LOCAL_AGENT)));
        }
        text
    }

    fn accounts(&self) -> String {
        let members = self.members.iter().map(|(principal, key)| {
            let rights = permissions(&principal.subjects(principal.name()));
            format!("{{ nkey: {}, permissions: {rights} }} # {principal}", quoted(key))
        });
        let unbounded = self.services.iter().map(|(name, key)| format!("{{ nkey: {} }} # {name}", quoted(key)));
        let services = list(members.chain(unbounded));
        let mut agents = Vec::new();
        if self.trust_local_agents {
            let mut rights = Principal::Agent.subjects("*");
            rights.listen = vec!["commune.inbox.>".to_owned(), "_INBOX.>".to_owned()];
            let rights = permissions(&rights);
            // no secret: without credentials one is this user anyway, and a hash would not be accepted here
            agents.push(format!("{{ user: {LOCAL_AGENT}, password: {LOCAL_AGENT}, permissions: {rights} }}"));
        }
        for (agent, key) in &self.agents {
            let rights = permissions(&Principal::Agent.subjects(agent.as_str()));
            agents.push(format!("{{ nkey: {}, permissions: {rights} }} # {agent}", quoted(key)));
        }
        let agents = list(agents.into_iter());
        format!(
            "accounts {{
  COMMUNE {{
    jetstream: enabled
    users: [{services}]
    exports: [
      {{ service: \"commune.agent.>\" }}
      {{ stream: \"commune.inbox.>\" }}
    ]
  }}
  AGENTS {{
    users: [{agents}]
    imports: [
      {{ service: {{ account: COMMUNE, subject: \"commune.agent.>\" }} }}
      {{ stream: {{ account: COMMUNE, subject: \"commune.inbox.>\" }} }}
    ]
  }}
  SYS {{ }}
}}"
        )
    }
}

impl ClusterConfiguration {
    fn render(&self) -> String {
        let routes = list(self.routes.iter().map(|route| quoted(route)));
        let listen = quoted(&format!("{}:{}", bracketed(&self.listen), self.port));
        let advertise = self.advertise.as_ref().map(|to| format!("\n  advertise: {}", quoted(to)));
        format!(
            "cluster {{
  name: {}
  listen: {listen}{}
  no_advertise: {}
  routes: [{routes}]
}}",
            quoted(&self.name),
            advertise.unwrap_or_default(),
            self.no_advertise,
        )
    }
}

const LOCAL_AGENT: &str = "local-agent";

impl SignedAccounts {
    /// The text of the file that the server's configuration includes.
    pub fn render(&self) -> String {
        let accounts = list(self.accounts.iter().map(|(key, token)| format!("{key}: {}", quoted(token))));
        format!(
            "# Written by the commune; a change by hand is lost. Nothing here is secret.\noperator: {}\n\
             system_account: {}\nresolver: MEMORY\nresolver_preload {{{accounts}}}\n",
            quoted(&self.root),
            self.system
        )
    }
}

fn permissions(subjects: &Subjects) -> String {
    let all = |subjects: &[String]| subjects.iter().map(|subject| quoted(subject)).collect::<Vec<_>>().join(", ");
    let publish = match subjects.never_publish.as_slice() {
        [] => format!("[{}]", all(&subjects.publish)),
        never => format!("{{ allow: [{}], deny: [{}] }}", all(&subjects.publish), all(never)),
    };
    format!("{{ publish: {publish}, subscribe: [{}] }}", all(&subjects.listen))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for item in items {
        // writing to a string cannot fail
        let _ = write!(text, "\n      {item}");
    }
    if !text.is_empty() {
        text.push_str("\n    ");
    }
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(|c: char| c.is_control(), " "))
}

/// An IPv6 address as a host.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_agents_only_when_asked_for() {
        let with = |trust_local_agents| ServerConfiguration { trust_local_agents, ..Default::default() }.render();
        assert!(with(true).contains("no_auth_user"));
        assert!(!with(false).contains("no_auth_user"));
        assert!(!with(false).contains("_INBOX.>"));
    }

    #[test]
    fn an_agent_with_a_key_speaks_for_itself() {
        let ada = ("ada".parse().unwrap(), "UADA".to_owned());
        let text = ServerConfiguration { agents: vec![ada], ..Default::default() }.render();
        assert!(text.contains("publish: [\"commune.agent.ada.>\"]"), "{text}");
        assert!(text.contains("_INBOX_ada.>"), "{text}");
    }

    #[test]
    fn one_of_several_knows_the_others() {
        assert!(!ServerConfiguration::default().render().contains("cluster"));
        let cluster = ClusterConfiguration {
            name: "night".to_owned(),
            listen: "::1".to_owned(),
            port: 6222,
            routes: vec!["nats://b:6222".to_owned(), "nats://c:6222".to_owned()],
            advertise: None,
            no_advertise: true,
        };
        let text = ServerConfiguration { cluster: Some(cluster), ..Default::default() }.render();
        for line in ["listen: \"[::1]:6222\"", "no_advertise: true", "\"nats://b:6222\"", "\"nats://c:6222\""] {
            assert!(text.contains(line), "{line}: {text}");
        }
    }

    #[test]
    fn paths_are_quoted() {
        let text = ServerConfiguration { store_dir: "/a \"b\"".into(), ..Default::default() }.render();
        assert!(text.contains(r#"store_dir: "/a \"b\"""#), "{text}");
    }
}
