//! Settings: commented defaults embedded in the binary, then a file, then `COMMUNE_…` variables.
//!
//! The defaults name every key there is, and the type of its value: whatever a file or a variable says is checked
//! against them, one value at a time, so that every problem is found at once and each says where it comes from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use config::{Config, File, FileFormat, Value, ValueKind};
use serde::{Deserialize, de::DeserializeOwned};

/// Variables with the prefix `COMMUNE_` that are no settings of a service: the program `commune`, the
/// command line of the services and the life of a service read them.
pub const NOT_SETTINGS: [&str; 18] = [
    "COMMUNE_AGENT",
    "COMMUNE_BIN",
    "COMMUNE_CA",
    "COMMUNE_CLOCK_FILE",
    "COMMUNE_CREDS",
    "COMMUNE_DATA",
    "COMMUNE_FAULT",
    "COMMUNE_HOME",
    "COMMUNE_JAEGER",
    "COMMUNE_LIBRARIAN",
    "COMMUNE_LIBRARY",
    "COMMUNE_MEMORY",
    "COMMUNE_MONITOR",
    "COMMUNE_NATS",
    "COMMUNE_OPERATOR_KEY",
    "COMMUNE_SERVICES",
    "COMMUNE_SETTINGS",
    "COMMUNE_TOKEN",
];

/// Tables that belong to one service each. A variable of another service's table is left alone, so that all three
/// may be started from one environment.
pub const TABLES_OF_ONE: [&str; 3] = ["library", "night", "share"];

const PREFIX: &str = "COMMUNE_";

/// Every problem of the settings in one message.
#[derive(Debug, thiserror::Error)]
#[error("the settings cannot be used:\n{}", .0.iter().map(|p| format!("  - {p}")).collect::<Vec<_>>().join("\n"))]
pub struct SettingsError(pub Vec<String>);

/// Settings that every service has; a service flattens them into its own under the same top-level keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The bus.
    pub nats: Nats,
    /// Where the service listens.
    pub listen: Listen,
    /// Who is let in.
    pub access: Access,
    /// Logs and traces.
    pub telemetry: Telemetry,
    /// The commune as a whole.
    pub commune: Commune,
}

/// `[nats]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// `nats://host:port`, several joined by commas.
    pub url: String,
    /// File with the seed of the service's nkey; empty where the server trusts the connection.
    pub nkey_seed_file: String,
    /// Copies of each stream: 1 on one server, 3 in a cluster.
    pub replicas: usize,
    /// File that keeps which store the server has, so that another one is refused; empty: another store is noticed
    /// only while the service runs.
    pub store_file: String,
}

impl Nats {
    /// The seed of the service's nkey; none where the server trusts the connection.
    ///
    /// # Errors
    /// When the file that is named cannot be read.
    pub fn nkey_seed(&self) -> anyhow::Result<Option<String>> {
        let file = &self.nkey_seed_file;
        if file.is_empty() {
            return Ok(None);
        }
        let seed =
            std::fs::read_to_string(file).with_context(|| format!("nats.nkey_seed_file: cannot read `{file}`"))?;
        Ok(Some(seed.trim().to_owned()))
    }
}

/// `[listen]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address of gRPC, `127.0.0.1:0` for a free port.
    pub grpc: std::net::SocketAddr,
    /// Address of `/livez`, `/readyz` and `/metrics`.
    pub http: std::net::SocketAddr,
    /// A file to write the bound addresses to (JSON `{"grpc": "...", "http": "..."}`), written once both listen; empty: none.
    pub addresses_file: String,
    /// The certificate of gRPC, with its chain (PEM); empty: no TLS, on the loopback address only.
    pub tls_cert_file: String,
    /// The key of the certificate (PEM).
    pub tls_key_file: String,
}

/// `[access]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// Who holds a token (`commune token add` writes it); empty: whoever reaches gRPC is trusted, on the loopback
    /// address only.
    pub tokens_file: String,
    /// How often each member may call; services, operators and the machine where it is trusted 20 times as often.
    pub calls_per_second: u32,
}

/// `[telemetry]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// `human` or `json`.
    pub log_format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,selfcare=debug`.
    pub log_level: String,
    /// A file that goes before `log_level` as long as it is there, looked at every second; empty: none.
    pub log_level_file: String,
    /// OTLP gRPC endpoint, `http://127.0.0.1:4317`; empty: no traces are exported.
    pub otlp_endpoint: String,
    /// OTLP gRPC endpoint of metrics; empty: none are exported, `/metrics` is there for whoever reads it.
    pub otlp_metrics_endpoint: String,
}

/// The form of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// `[commune]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commune {
    /// IANA name of the commune's time zone.
    pub time_zone: String,
    /// Whose agents are whose, and known names ([`crate::roster`]); empty: none.
    pub roster_file: String,
}

/// The settings of a service, as the runtime reads and checks them.
pub trait ServiceSettings: DeserializeOwned {
    /// What every service has.
    fn common(&self) -> Common;

    /// Every value of the service's own that cannot be used: its key, what it is, and what it may be.
    fn problems(&self) -> Vec<String>;
}

impl Common {
    /// Every value that cannot be used: its key, what it is, and what it may be.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.nats.url.split(',').all(|url| url.trim().contains("://")) {
            problems.push(format!("nats.url is `{}`: use `nats://host:port`, several joined by commas", self.nats.url));
        }
        if !matches!(self.nats.replicas, 1 | 3 | 5) {
            problems.push(format!("nats.replicas is {}: use 1, 3 or 5", self.nats.replicas));
        }
        problems.extend(self.listen.problems(&self.access));
        let pace = self.access.calls_per_second;
        if !(1..=100_000).contains(&pace) {
            problems.push(format!("access.calls_per_second is {pace}: use 1 to 100000"));
        }
        let zone = &self.commune.time_zone;
        if jiff::tz::TimeZone::get(zone).is_err() {
            problems.push(format!("commune.time_zone is `{zone}`: use an IANA name such as Europe/Paris"));
        }
        for directive in self.telemetry.log_level.split(',').map(str::trim) {
            let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
            if level.parse::<tracing_subscriber::filter::LevelFilter>().is_err() {
                problems.push(format!(
                    "telemetry.log_level has `{directive}`: use error, warn, info, debug or trace, or such as `info,selfcare=debug`"
                ));
            }
        }
        let Telemetry { otlp_endpoint, otlp_metrics_endpoint, .. } = &self.telemetry;
        for (key, endpoint) in [("otlp_endpoint", otlp_endpoint), ("otlp_metrics_endpoint", otlp_metrics_endpoint)] {
            if !endpoint.is_empty() && !endpoint.starts_with("http://") {
                problems.push(format!("telemetry.{key} is `{endpoint}`: use `http://host:4317`, or nothing"));
            }
        }
        problems
    }
}

impl Listen {
    /// **What others reach asks who they are, and cannot be read on the way**: gRPC beyond the loopback address needs both
    /// a tokens file and TLS.
    fn problems(&self, access: &Access) -> Vec<String> {
        let mut problems = Vec::new();
        if self.tls_cert_file.is_empty() != self.tls_key_file.is_empty() {
            problems
                .push("listen.tls_cert_file and listen.tls_key_file need each other: give both, or none".to_owned());
        }
        if !self.grpc.ip().to_canonical().is_loopback() {
            let missing: Vec<&str> = [
                ("access.tokens_file", &access.tokens_file),
                ("listen.tls_cert_file", &self.tls_cert_file),
                ("listen.tls_key_file", &self.tls_key_file),
            ]
            .into_iter()
            .filter_map(|(key, value)| value.is_empty().then_some(key))
            .collect();
            if !missing.is_empty() {
                problems.push(format!(
                    "listen.grpc is `{}`, which others reach: give {}, or listen on 127.0.0.1",
                    self.grpc,
                    missing.join(" and ")
                ));
            }
        }
        problems
    }
}

/// Reads settings of a service: `defaults` (TOML, embedded, every key present and commented), then the file (if given, it must exist),
/// then variables `COMMUNE_<SECTION>__<KEY>` (two underscores between levels), values parsed as the default's type
/// (lists: joined by commas). Variables of [`NOT_SETTINGS`] and of other services'
/// tables ([`TABLES_OF_ONE`]) are left alone.
///
/// # Errors
/// [`SettingsError`] with **all** problems: unknown keys (file and environment), wrong types, values that cannot be used,
/// missing file.
pub fn load<S: ServiceSettings>(defaults: &str, file: Option<PathBuf>) -> Result<S, SettingsError> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    load_from(defaults, file.as_deref(), variables)
}

/// [`load`] with the variables as an argument.
///
/// # Errors
/// As [`load`].
pub fn load_from<S: ServiceSettings>(
    defaults: &str,
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<S, SettingsError> {
    let embedded = Config::builder()
        .add_source(File::from_str(defaults, FileFormat::Toml))
        .build()
        .map_err(|error| SettingsError(vec![format!("the embedded defaults: {error}")]))?;
    let known = leaves(&embedded.cache);
    let mut given = Vec::new();
    let mut problems = Vec::new();
    if let Some(path) = file {
        from_file(path, &known, &mut given, &mut problems);
    }
    let mut variables: Vec<(String, String)> = variables.into_iter().collect();
    variables.sort();
    for (name, value) in variables {
        from_variable(&name, value, &known, &mut given, &mut problems);
    }
    // each value alone over the defaults: serde stops at the first problem, and we want them all
    given.retain(|one| match with::<S>(defaults, std::slice::from_ref(one)) {
        Ok(_) => true,
        Err(error) => {
            problems.push(format!("{}: {error}", one.origin));
            false
        }
    });
    match with::<S>(defaults, &given) {
        Ok(settings) => {
            problems.extend(settings.common().problems());
            problems.extend(settings.problems());
            if problems.is_empty() { Ok(settings) } else { Err(SettingsError(problems)) }
        }
        Err(error) => {
            problems.push(error);
            Err(SettingsError(problems))
        }
    }
}

/// A value that a file or a variable gives to a known key.
struct Given {
    key: String,
    value: Value,
    /// Where it comes from, for messages.
    origin: String,
}

/// The settings with these values over the defaults.
fn with<S: DeserializeOwned>(defaults: &str, given: &[Given]) -> Result<S, String> {
    let mut builder = Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    for one in given {
        builder = builder.set_override(&one.key, one.value.clone()).map_err(|error| error.to_string())?;
    }
    builder.build().and_then(Config::try_deserialize).map_err(|error| error.to_string())
}

fn from_file(path: &Path, known: &BTreeMap<String, Value>, given: &mut Vec<Given>, problems: &mut Vec<String>) {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => return problems.push(format!("the settings file {shown} cannot be read: {error}")),
    };
    let file = match Config::builder().add_source(File::from_str(&text, FileFormat::Toml)).build() {
        Ok(file) => file,
        Err(error) => return problems.push(format!("the settings file {shown} is not TOML: {error}")),
    };
    for (key, value) in leaves(&file.cache) {
        let origin = format!("{shown}: `{key}`");
        match known.get(&key) {
            None => problems.push(format!("{origin} is not a setting{}", nearest(&key, known, str::to_owned))),
            Some(default) if !fits(default, &value) => {
                problems.push(format!("{origin} is {}, but must be {}", kind(&value), kind(default)));
            }
            Some(_) => given.push(Given { key, value, origin }),
        }
    }
}

fn from_variable(
    name: &str,
    value: String,
    known: &BTreeMap<String, Value>,
    given: &mut Vec<Given>,
    problems: &mut Vec<String>,
) {
    let Some(path) = name.strip_prefix(PREFIX).filter(|_| !NOT_SETTINGS.contains(&name)) else { return };
    let key = path.to_ascii_lowercase().replace("__", ".");
    let table = key.split('.').next().unwrap_or_default();
    if TABLES_OF_ONE.contains(&table) && !known.keys().any(|key| key.starts_with(&format!("{table}."))) {
        return;
    }
    let origin = format!("variable {name}");
    match known.get(&key).filter(|_| variable(&key) == name) {
        None => problems.push(format!("{origin} is not a setting{}", nearest(&key, known, variable))),
        Some(default) => match parse(default, &value) {
            Some(value) => given.push(Given { key, value, origin }),
            None => problems.push(format!("{origin} is `{}`, but must be {}", shorten(&value), kind(default))),
        },
    }
}

/// The name of the variable for a key.
fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Every value that is no table, by its dotted key.
fn leaves(root: &Value) -> BTreeMap<String, Value> {
    fn collect(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
        match &value.kind {
            ValueKind::Table(table) if prefix.is_empty() || !table.is_empty() => {
                for (name, value) in table {
                    let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                    collect(&key, value, into);
                }
            }
            _ => {
                into.insert(prefix.to_owned(), value.clone());
            }
        }
    }
    let mut all = BTreeMap::new();
    collect("", root, &mut all);
    all
}

/// A variable's text as a value of the default's type.
fn parse(default: &Value, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    let kind = match &default.kind {
        ValueKind::Boolean(_) => ValueKind::Boolean(trimmed.parse().ok()?),
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            ValueKind::I64(trimmed.parse().ok()?)
        }
        ValueKind::Float(_) => ValueKind::Float(trimmed.parse().ok().filter(|number: &f64| number.is_finite())?),
        ValueKind::Array(items) => {
            let text_item = Value::new(None, ValueKind::String(String::new()));
            let item = items.first().unwrap_or(&text_item);
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            ValueKind::Array(parts.map(|part| parse(item, part)).collect::<Option<_>>()?)
        }
        ValueKind::Nil | ValueKind::String(_) => ValueKind::String(text.to_owned()),
        ValueKind::Table(_) => return None,
    };
    Some(Value::new(None, kind))
}

/// Whether a file's value is of the default's type; a whole number may stand for one with decimals.
fn fits(default: &Value, value: &Value) -> bool {
    kind(default) == kind(value)
        || (matches!(default.kind, ValueKind::Float(_)) && matches!(value.kind, ValueKind::I64(_)))
}

fn kind(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "true or false",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => "a whole number",
        ValueKind::Float(_) => "a number",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a section",
        ValueKind::Array(_) => "a list",
    }
}

/// `: did you mean …?`, when a known key is near; else where to look.
fn nearest(key: &str, known: &BTreeMap<String, Value>, spell: impl Fn(&str) -> String) -> String {
    let best = known.keys().map(|k| (distance(key, k), k)).min();
    match best {
        Some((far, best)) if far * 2 <= best.chars().count().max(key.chars().count()) => {
            format!("; did you mean `{}`?", spell(best))
        }
        _ => "; the subcommand `settings` prints every one".to_owned(),
    }
}

/// How many characters have to be put in, taken out or replaced (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
