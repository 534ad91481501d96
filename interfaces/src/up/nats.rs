//! The managed nats-server: where the program is, which port, its configuration.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{
    configuration::{self, LetIn},
    log::Log,
    supervise::Spec,
};
use crate::failure::Failure;

/// The usual port.
const PORT: u16 = 4222;

/// The oldest server that has what the commune needs.
const OLDEST: (u32, u32) = (2, 14);

/// A server that is ready to be started.
#[derive(Debug)]
pub(super) struct Nats {
    program: PathBuf,
    configuration: PathBuf,
    listen: IpAddr,
    port: u16,
    monitor: u16,
}

impl Nats {
    /// Finds the program and writes the configuration.
    pub(super) fn prepare(
        home: &Path,
        asked: Option<&Path>,
        port: Option<u16>,
        free_ports: bool,
        (listen, let_in): (IpAddr, LetIn<'_>),
    ) -> Result<Self, Failure> {
        let program = program(asked)?;
        let port = match port {
            Some(port) if !is_free(port) => {
                return Err(Failure::Refused(format!(
                    "port {port} is taken. Give another one, none (any free one is used), or the server that is \
                     there: --nats nats://127.0.0.1:{port}"
                )));
            }
            Some(port) => port,
            None if !free_ports && is_free(PORT) => PORT,
            None => free_port()?,
        };
        let mut monitor = free_port()?;
        while monitor == port {
            monitor = free_port()?;
        }
        for folder in ["nats", "logs"] {
            let folder = home.join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let configuration = home.join("nats.conf");
        fs::write(&configuration, configuration::render(listen, (port, monitor), &home.join("nats"), let_in))
            .with_context(|| format!("cannot write {}", configuration.display()))?;
        Ok(Self { program, configuration, listen, port, monitor })
    }

    /// Where it is reached from this machine.
    pub(super) fn url(&self) -> String {
        match self.listen {
            listen if listen.is_unspecified() => format!("nats://127.0.0.1:{}", self.port),
            listen => format!("nats://{}", SocketAddr::new(listen, self.port)),
        }
    }

    /// Where it tells of itself, for this machine alone.
    pub(super) fn monitor_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.monitor)
    }

    /// How to run it.
    pub(super) fn spec(&self, home: &Path, show: bool) -> Spec {
        Spec {
            name: "nats",
            program: self.program.clone(),
            arguments: vec!["--config".into(), self.configuration.clone().into()],
            environment: Box::new(Vec::new),
            log: Log::new(&home.join("logs"), "nats", 35, show),
        }
    }
}

/// True when nobody listens on the port of this machine.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn program(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(asked) = asked.filter(|path| !path.as_os_str().is_empty()) {
        let path = std::path::absolute(asked)?;
        return match version(&path) {
            Some(found) => new_enough(path, found),
            None => Err(Failure::Usage(format!("{} is not a nats-server that runs here", path.display()))),
        };
    }
    let exe = std::env::current_exe()?;
    let mut places: Vec<PathBuf> = exe.parent().map(|folder| folder.join("nats-server")).into_iter().collect();
    for start in [exe.parent().map(Path::to_owned), std::env::current_dir().ok()].into_iter().flatten() {
        places.extend(start.ancestors().map(|folder| folder.join(".tools/bin/nats-server")));
    }
    places.retain(|path| path.is_file());
    places.push(PathBuf::from("nats-server"));
    for place in places {
        if let Some(found) = version(&place) {
            return new_enough(place, found);
        }
    }
    Err(Failure::Error(anyhow::anyhow!(
        "no nats-server was found. In the commune's repository `make nats` installs the pinned one into .tools/bin; \
         or install nats-server 2.14 or newer (https://nats.io/download) and say where: commune up --nats-server PATH"
    )))
}

fn new_enough(program: PathBuf, (major, minor): (u32, u32)) -> Result<PathBuf, Failure> {
    if (major, minor) >= OLDEST {
        return Ok(program);
    }
    Err(Failure::Error(anyhow::anyhow!(
        "{} is version {major}.{minor}; the commune needs {}.{} or newer",
        program.display(),
        OLDEST.0,
        OLDEST.1
    )))
}

fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().rsplit_once('v')?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_its_version() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert_eq!(parse_version("something else"), None);
        assert!(new_enough("x".into(), (2, 10)).is_err());
        assert!(new_enough("x".into(), (3, 0)).is_ok());
    }
}
