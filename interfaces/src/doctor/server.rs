//! The server: its version, whether it writes through to disk, and how much room its streams have.

use commune_bus::{Bus, OLDEST_SERVER};
use serde::Deserialize;

use super::look::Looks;
use crate::http;

/// From this share of a bound on (percent) somebody should know.
pub(super) const NEARLY_FULL: u64 = 80;

/// What the server tells of itself at `/varz`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Told {
    #[serde(default)]
    jetstream: JetStream,
}

#[derive(Debug, Default, Deserialize)]
struct JetStream {
    config: Option<Configured>,
}

#[derive(Debug, Default, Deserialize)]
struct Configured {
    /// Most bytes of all streams together.
    #[serde(default)]
    max_storage: u64,
    #[serde(default)]
    store_dir: String,
    /// Nanoseconds between two writes to disk.
    #[serde(default)]
    sync_interval: u64,
    /// On disk before it is acknowledged.
    #[serde(default)]
    sync_always: bool,
}

impl Told {
    /// The folder of its streams, on its own machine.
    pub(super) fn store_dir(&self) -> Option<&str> {
        self.jetstream.config.as_ref().map(|config| config.store_dir.as_str()).filter(|dir| !dir.is_empty())
    }
}

/// What the server tells at its monitoring address; none when it says nothing that can be read.
pub(super) async fn ask(monitor: &str) -> Option<Told> {
    let (status, body) = http::get(monitor, "/varz").await?;
    if status == 200 { serde_json::from_str(&body).ok() } else { None }
}

/// Looks at the version and at how it writes.
pub(super) fn look(looks: &mut Looks, bus: Option<&Bus>, monitor: Option<&str>, told: Option<&Told>) {
    if let Some(bus) = bus {
        let (version, new_enough) = bus.server_version();
        let (major, minor) = OLDEST_SERVER;
        match new_enough {
            true => looks.well("server", format!("nats-server {version}, which has what the commune needs")),
            false => looks.wrong(
                "server",
                format!("nats-server {version} lacks what the commune needs"),
                format!("install {major}.{minor} or newer"),
            ),
        }
    }
    match (monitor, told) {
        (_, Some(told)) => durability(looks, told.jetstream.config.as_ref()),
        (Some(monitor), None) => looks.unknown(
            "durability",
            format!("the server tells nothing at {monitor}/varz"),
            "give the address of its `http` port (--monitor), and look from a machine that reaches it",
        ),
        (None, None) => looks.unknown(
            "durability",
            "how the server writes to disk is told at its monitoring address, which is not known",
            "give it: --monitor http://127.0.0.1:8222 (`http: \"127.0.0.1:8222\"` in the server's configuration)",
        ),
    }
}

fn durability(looks: &mut Looks, config: Option<&Configured>) {
    match config {
        None => looks.wrong("durability", "JetStream is off", "add a `jetstream` block to the server's configuration"),
        Some(config) if config.sync_always => {
            looks.well("durability", "what is acknowledged is on disk (sync_interval: always)");
        }
        Some(config) => looks.wrong(
            "durability",
            format!(
                "what was acknowledged in the last {} s is lost when the power fails",
                config.sync_interval / 1_000_000_000
            ),
            "set `sync_interval: always` in the `jetstream` block of the server's configuration, and restart it",
        ),
    }
}

/// Looks at how much room the streams have.
pub(super) async fn look_at_storage(looks: &mut Looks, bus: &Bus, told: Option<&Told>) {
    match bus.storage().await {
        Ok(storage) => {
            let of_server = told.and_then(|told| told.jetstream.config.as_ref()).map(|config| config.max_storage);
            let limit = storage.limit.into_iter().chain(of_server.filter(|limit| *limit > 0)).min();
            room(looks, storage.used, limit);
        }
        Err(error) => looks.failed("storage", error),
    }
}

fn room(looks: &mut Looks, used: u64, limit: Option<u64>) {
    let Some(limit) = limit else {
        return looks.well("storage", format!("the streams hold {} MiB", used >> 20));
    };
    let found = format!("the streams hold {} MiB of the {} MiB that they may", used >> 20, limit >> 20);
    if used.saturating_mul(100) >= limit.saturating_mul(NEARLY_FULL) {
        looks.wrong(
            "storage",
            found,
            "raise `max_file_store` in the `jetstream` block of the server's configuration; a full store takes nothing more",
        );
    } else {
        looks.well("storage", found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Verdict;

    fn told(varz: &str) -> Told {
        serde_json::from_str(varz).unwrap()
    }

    #[test]
    fn what_is_not_written_through_is_said_with_what_may_be_lost() {
        let check = |varz: &str, verdict: Verdict, words: &str| {
            let mut looks = Looks::default();
            durability(&mut looks, told(varz).jetstream.config.as_ref());
            assert_eq!(looks.0[0].verdict, verdict, "{varz}");
            assert!(looks.0[0].found.contains(words), "{}", looks.0[0].found);
        };
        // as server 2.15 tells it
        let always = r#"{"version":"2.15.1","jetstream":{"config":{"max_storage":64,"store_dir":"/d","sync_interval":120000000000,"sync_always":true}}}"#;
        check(always, Verdict::Well, "on disk");
        check(r#"{"jetstream":{"config":{"sync_interval":120000000000}}}"#, Verdict::Wrong, "last 120 s");
        check(r#"{"jetstream":{}}"#, Verdict::Wrong, "JetStream is off");
        check("{}", Verdict::Wrong, "JetStream is off");
        assert_eq!(told(always).store_dir(), Some("/d"));
    }

    #[test]
    fn a_store_that_is_nearly_full_is_told_before_it_refuses() {
        let check = |used: u64, limit: Option<u64>, verdict: Verdict| {
            let mut looks = Looks::default();
            room(&mut looks, used, limit);
            assert_eq!(looks.0[0].verdict, verdict, "{used} of {limit:?}");
        };
        check(79, Some(100), Verdict::Well);
        check(80, Some(100), Verdict::Wrong);
        check(u64::MAX, None, Verdict::Well);
    }
}
