//! The three services as children: their programs, settings and addresses.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use serde::Deserialize;

use super::{Up, fingerprint, keys::Keys, log::Log, nats::is_free, supervise::Spec, tokens::Tokens};
use crate::failure::Failure;

/// Who is started when; mutualaid asks librarian, whose address has to be known first.
pub(super) const ORDER: &[&[&str]] = &[&["selfcare", "librarian"], &["mutualaid"]];

/// A service, its usual ports of gRPC and HTTP, the colour of its log.
const SERVICES: [(&str, u16, u16, u8); 3] =
    [("selfcare", 7401, 7411, 36), ("mutualaid", 7402, 7412, 33), ("librarian", 7403, 7413, 32)];

/// The folder in which each service remembers which store it works with.
const STORE: &str = "store";

/// A setting of one service (`--set`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    service: String,
    variable: String,
    value: String,
}

/// Where a service listens.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Addresses {
    /// gRPC.
    pub(super) grpc: String,
    /// HTTP health.
    pub(super) http: String,
}

/// The services of one commune.
pub(super) struct Services {
    programs: PathBuf,
    home: PathBuf,
    free_ports: bool,
    environment: BTreeMap<&'static str, Vec<(String, String)>>,
    /// Where each was found to listen: it listens there again after a new start.
    known: Arc<Mutex<BTreeMap<String, Addresses>>>,
}

/// Reads `SERVICE.SECTION.KEY=VALUE`.
pub(crate) fn setting(text: &str) -> Result<Setting, String> {
    let (path, value) = text.split_once('=').ok_or("write it as SERVICE.SECTION.KEY=VALUE")?;
    let (service, key) = path.split_once('.').ok_or("write it as SERVICE.SECTION.KEY=VALUE")?;
    if !SERVICES.iter().any(|(name, ..)| *name == service) {
        return Err(format!("`{service}` is not a service: use selfcare, mutualaid or librarian"));
    }
    let variable = format!("COMMUNE_{}", key.replace('.', "__").to_uppercase());
    Ok(Setting { service: service.to_owned(), variable, value: value.to_owned() })
}

impl Services {
    /// Finds the programs, which lie beside this one. With a server of the home's own, the services remember its store.
    pub(super) fn new(home: &Path, up: &Up, nats_url: &str, keys: &Keys, own_server: bool) -> Result<Self, Failure> {
        let exe = std::env::current_exe()?;
        let programs = exe.parent().unwrap_or(Path::new(".")).to_owned();
        if let Some((missing, ..)) = SERVICES.iter().find(|(name, ..)| !programs.join(name).is_file()) {
            return Err(Failure::error(format!(
                "the program {missing} is not beside {}. In the repository: cargo build --workspace",
                exe.display()
            )));
        }
        for folder in ["run", "logs", STORE] {
            fs::create_dir_all(home.join(folder))
                .with_context(|| format!("cannot make {}", home.join(folder).display()))?;
        }
        let mut environment = BTreeMap::new();
        for (name, ..) in SERVICES {
            let key = keys.file(name).map(|path| path.display().to_string()).unwrap_or_default();
            let mut of_one = vec![
                ("COMMUNE_NATS__URL".to_owned(), nats_url.to_owned()),
                ("COMMUNE_NATS__NKEY_SEED_FILE".to_owned(), key),
                ("COMMUNE_COMMUNE__TIME_ZONE".to_owned(), up.zone.clone()),
                ("COMMUNE_LISTEN__ADDRESSES_FILE".to_owned(), file(home, name).display().to_string()),
            ];
            if own_server {
                of_one.push(("COMMUNE_NATS__STORE_FILE".to_owned(), store_file(home, name).display().to_string()));
            }
            if name == "librarian" {
                let file = home.join(STORE).join("librarian.index");
                of_one.push(("COMMUNE_LIBRARY__INDEX_FILE".to_owned(), file.display().to_string()));
            }
            if name == "mutualaid" {
                let key = fingerprint::own(home)?.display().to_string();
                of_one.push(("COMMUNE_SHARE__FINGERPRINT_KEY_FILE".to_owned(), key));
            }
            if up.secure {
                let tokens = Tokens::of(home);
                of_one.push(("COMMUNE_ACCESS__TOKENS_FILE".to_owned(), tokens.file.display().to_string()));
                if name == "mutualaid" {
                    let token = tokens.mutualaid.display().to_string();
                    of_one.push(("COMMUNE_SHARE__LIBRARIAN_TOKEN_FILE".to_owned(), token));
                }
            }
            if let Some(traces) = &up.traces {
                of_one.push(("COMMUNE_TELEMETRY__OTLP_ENDPOINT".to_owned(), traces.clone()));
            }
            let own = up.settings.iter().filter(|setting| setting.service == name);
            of_one.extend(own.map(|setting| (setting.variable.clone(), setting.value.clone())));
            environment.insert(name, of_one);
        }
        let known = Arc::default();
        Ok(Self { programs, home: home.to_owned(), free_ports: up.free_ports, environment, known })
    }

    /// How to run a service.
    pub(super) fn spec(&self, service: &'static str, show: bool) -> Spec {
        let (_, grpc, http, color) =
            SERVICES.into_iter().find(|(name, ..)| *name == service).unwrap_or((service, 0, 0, 37));
        let given = self.environment.get(service).cloned().unwrap_or_default();
        let known = self.known.clone();
        let addresses_file = file(&self.home, service);
        let usual = |port: u16, free_ports: bool| if !free_ports && is_free(port) { port } else { 0 };
        let free_ports = self.free_ports;
        let environment = move || {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            let listen = known.get(service).cloned().unwrap_or_else(|| {
                let _ = fs::remove_file(&addresses_file);
                Addresses {
                    grpc: format!("127.0.0.1:{}", usual(grpc, free_ports)),
                    http: format!("127.0.0.1:{}", usual(http, free_ports)),
                }
            });
            let mut variables = vec![
                ("COMMUNE_LISTEN__GRPC".to_owned(), listen.grpc),
                ("COMMUNE_LISTEN__HTTP".to_owned(), listen.http),
            ];
            if service == "mutualaid"
                && let Some(librarian) = known.get("librarian")
            {
                variables.push(("COMMUNE_SHARE__LIBRARIAN".to_owned(), format!("http://{}", librarian.grpc)));
            }
            // what was asked for on the command line counts most
            variables.extend(given.iter().cloned());
            variables
        };
        // an old file must not be taken for the new one
        let _ = fs::remove_file(file(&self.home, service));
        Spec {
            name: service,
            program: self.programs.join(service),
            arguments: Vec::new(),
            environment: Box::new(environment),
            log: Log::new(&self.home.join("logs"), service, color, show),
        }
    }

    /// Where a service listens; none until it has said so.
    pub(super) fn addresses(&self, service: &str) -> Option<Addresses> {
        let text = fs::read_to_string(file(&self.home, service)).ok()?;
        let addresses: Addresses = serde_json::from_str(&text).ok()?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(service.to_owned(), addresses.clone());
        Some(addresses)
    }
}

/// Refuses a home whose services have worked with a store that is not there any more: they would refuse it too, and
/// this says it at once and once.
pub(super) fn store_is_there(home: &Path) -> Result<(), Failure> {
    let remembered = SERVICES.iter().any(|(name, ..)| store_file(home, name).exists());
    let streams = home.join("nats").join("jetstream");
    let empty = fs::read_dir(&streams).map_or(true, |mut entries| entries.next().is_none());
    if remembered && empty {
        return Err(Failure::Refused(format!(
            "the store of this commune is gone: {} holds nothing, and the services have worked with what was there. \
             Begin with a backup (--restore DIR), or put the folder back; if the commune is meant to begin anew, remove {} \
             and start again",
            streams.display(),
            home.join(STORE).display()
        )));
    }
    Ok(())
}

/// Forgets which store the services have worked with: the one that is there was restored.
pub(super) fn forget_store(home: &Path) -> Result<(), Failure> {
    for (name, ..) in SERVICES {
        let file = store_file(home, name);
        if file.exists() {
            fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        }
    }
    Ok(())
}

fn store_file(home: &Path, service: &str) -> PathBuf {
    home.join(STORE).join(format!("{service}.json"))
}

fn file(home: &Path, service: &str) -> PathBuf {
    home.join("run").join(format!("{service}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_gone_is_refused_when_a_service_remembers_it() {
        let home = tempfile::tempdir().unwrap();
        assert!(store_is_there(home.path()).is_ok(), "a new home");
        fs::create_dir(home.path().join(STORE)).unwrap();
        fs::write(store_file(home.path(), "librarian"), "{}").unwrap();
        let said = store_is_there(home.path()).unwrap_err().to_string();
        assert!(said.contains("backup") && said.contains("remove"), "{said}");
        fs::create_dir_all(home.path().join("nats/jetstream/COMMUNE")).unwrap();
        assert!(store_is_there(home.path()).is_ok());
        fs::remove_dir(home.path().join("nats/jetstream/COMMUNE")).unwrap();
        forget_store(home.path()).unwrap();
        assert!(store_is_there(home.path()).is_ok(), "nobody remembers it");
    }

    #[test]
    fn a_setting_of_a_service_is_a_variable_of_its_environment() {
        let found = setting("selfcare.night.time=03:30").unwrap();
        assert_eq!((found.variable.as_str(), found.value.as_str()), ("COMMUNE_NIGHT__TIME", "03:30"));
        assert!(setting("nobody.night.time=1").is_err());
        assert!(setting("selfcare.night").is_err());
    }
}
