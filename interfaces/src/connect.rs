//! Who is asked: the running commune of the data folder, or what the flags say.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use commune_bus::{Bus, BusOptions, Connection, Project, StreamName, View};
use commune_proto::{
    librarian::v1::library_service_client::LibraryServiceClient,
    selfcare::v1::memory_service_client::MemoryServiceClient,
};
use commune_runtime::{access::Token, grpc::Channel};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::Global,
    failure::Failure,
    home::{Home, Running},
};

/// How long a command waits for a server before it says that it is not available.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of one gRPC answer.
const ANSWER_LIMIT: usize = 64 << 20;

/// The connections of one command, made when they are needed.
#[derive(Debug)]
pub(crate) struct Session {
    /// The flags.
    pub(crate) global: Global,
    /// The data folder.
    pub(crate) home: Home,
}

impl Session {
    /// Nothing is connected yet.
    pub(crate) fn new(global: Global, home: Home) -> Self {
        Self { global, home }
    }

    /// The commune that runs in the data folder.
    pub(crate) fn running(&self) -> Result<Running, Failure> {
        self.home.running()?.ok_or_else(|| {
            Failure::Unavailable(format!(
                "no commune runs in {}. Start one with `commune up{}`, or say where it is (--home, --nats, --library, \
                 --memory)",
                self.home.path().display(),
                self.global.home.as_ref().map(|home| format!(" --home {}", home.display())).unwrap_or_default()
            ))
        })
    }

    /// The bus, connected. As an agent with its credentials, as the operator where a key is known, else as this
    /// machine's agents.
    pub(crate) async fn bus(&self) -> Result<Bus, Failure> {
        let (url, key) = match &self.global.nats {
            Some(url) => (url.clone(), None),
            None => {
                let running = self.running()?;
                (running.nats_url, Some(running.operator_key_file).filter(|file| !file.is_empty()).map(PathBuf::from))
            }
        };
        let key = self.global.operator_key.clone().or(key);
        // the server gives the operator an inbox by this name
        let who = if self.global.creds.is_none() && key.is_some() { "operator" } else { "commune-cli" };
        bus_at(&url, who, self.global.creds.clone().or(key).as_deref()).await
    }

    /// librarian.
    pub(crate) fn library(&self) -> Result<LibraryServiceClient<Channel>, Failure> {
        let channel = self.channel(self.global.library.as_deref(), |running| running.librarian_grpc)?;
        Ok(LibraryServiceClient::new(channel).max_decoding_message_size(ANSWER_LIMIT))
    }

    /// selfcare.
    pub(crate) fn memory(&self) -> Result<MemoryServiceClient<Channel>, Failure> {
        let channel = self.channel(self.global.memory.as_deref(), |running| running.selfcare_grpc)?;
        Ok(MemoryServiceClient::new(channel).max_decoding_message_size(ANSWER_LIMIT))
    }

    /// The way to a service, with the token: as given, else of the data folder, else of the operator of what runs there. **The
    /// operator's is for the running commune alone**, not for an address that was given.
    fn channel(&self, asked: Option<&str>, found: impl FnOnce(Running) -> String) -> Result<Channel, Failure> {
        let own = self.home.path().join("token");
        let (address, operator) = match asked {
            Some(address) => (address.to_owned(), None),
            None => {
                let running = self.running()?;
                let operator = Some(PathBuf::from(&running.operator_token_file));
                (found(running), operator.filter(|file| !file.as_os_str().is_empty()))
            }
        };
        let token = match (&self.global.token, operator) {
            (Some(given), _) => {
                Some(Token::parse(&given.0).map_err(|error| Failure::Usage(format!("--token: {error}")))?)
            }
            (None, _) if own.exists() => Some(Token::read(&own)?),
            (None, Some(operator)) => Some(Token::read(&operator)?),
            (None, None) => None,
        };
        commune_runtime::grpc::channel(&address, self.global.ca.as_deref(), token.as_ref())
            .map_err(|error| Failure::Usage(format!("`{address}`: {error:#}")))
    }

    /// The commune's time zone: as asked, else of the running commune, else the default.
    pub(crate) fn time_zone(&self, asked: Option<&str>) -> Result<jiff::tz::TimeZone, Failure> {
        let name = match asked {
            Some(name) => name.to_owned(),
            None => self
                .home
                .running()?
                .map(|running| running.time_zone)
                .filter(|zone| !zone.is_empty())
                .unwrap_or_else(|| DEFAULT_TIME_ZONE.to_owned()),
        };
        jiff::tz::TimeZone::get(&name).map_err(|_| {
            Failure::Usage(format!("`{name}` is not a time zone: use an IANA name such as America/Los_Angeles"))
        })
    }
}

/// The bus at an address, as whoever has this key.
pub(crate) async fn bus_at(url: &str, who: &str, key: Option<&Path>) -> Result<Bus, Failure> {
    let nkey_seed = match key {
        None => None,
        Some(file) => {
            let secret =
                std::fs::read_to_string(file).with_context(|| format!("cannot read the key {}", file.display()))?;
            Some(secret.trim().to_owned())
        }
    };
    let name = format!("{who}@{}", std::process::id());
    let bus = Bus::connect(BusOptions { url: url.to_owned(), name, nkey_seed, replicas: 1, fault: None }).await?;
    let mut connection = bus.connection();
    let up = connection.wait_for(|state| *state == Connection::Up);
    if !matches!(tokio::time::timeout(PATIENCE, up).await, Ok(Ok(_))) {
        return Err(Failure::Unavailable(format!(
            "no NATS server lets us in at {url}. Is it running? `commune status` tells; `commune up` starts one"
        )));
    }
    Ok(bus)
}

/// The time zone of a commune that did not choose one.
pub(crate) const DEFAULT_TIME_ZONE: &str = "America/Los_Angeles";

/// A view that has taken in everything the stream holds now.
pub(crate) async fn view<P: Project>(
    bus: &Bus,
    stream: StreamName,
    filters: Vec<String>,
    projection: P,
) -> Result<View<P>, Failure> {
    let view = View::start(bus, stream, filters, projection, CancellationToken::new());
    match tokio::time::timeout(PATIENCE * 3, view.caught_up()).await {
        Ok(()) => Ok(view),
        Err(_) => Err(Failure::Unavailable(format!(
            "the stream {} cannot be read now. Reading it needs the operator's key where the server asks for one \
             (--operator-key FILE)",
            stream.as_str()
        ))),
    }
}
