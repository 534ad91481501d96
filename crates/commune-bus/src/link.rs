//! The link to the server: how it is kept, and what is said about it.

use std::{
    sync::Mutex,
    sync::PoisonError,
    time::{Duration, Instant},
};

use async_nats::{ConnectOptions, Event};
use tokio::sync::{broadcast, watch};

use crate::{BusError, BusOptions, Connection, accounts};

/// How long one request may take.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_RECONNECT_DELAY: Duration = Duration::from_secs(2);
/// Refusals to publish that are kept for who waits for one.
const DENIED_KEPT: usize = 64;
/// At most one line of a kind in this time.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// What a connection tells of itself.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Where it stands.
    pub(crate) connection: watch::Sender<Connection>,
    /// Each subject on which the server did not let it publish.
    pub(crate) denied: broadcast::Sender<String>,
}

impl Default for Told {
    fn default() -> Self {
        Self { connection: watch::Sender::new(Connection::Down), denied: broadcast::Sender::new(DENIED_KEPT) }
    }
}

/// A client that connects in the background.
pub(crate) async fn connect(options: &BusOptions, told: Told) -> Result<async_nats::Client, BusError> {
    let connect = connect_options(options, told)?;
    let urls: Vec<&str> = options.url.split(',').map(str::trim).filter(|url| !url.is_empty()).collect();
    if urls.is_empty() {
        return Err(BusError::Options("no URL: give `nats://host:port`".to_owned()));
    }
    connect
        .connect(urls.as_slice())
        .await
        .map_err(|e| BusError::Options(format!("`{}`: {e}; give `nats://host:port`", options.url)))
}

/// The client's options: it tries for as long as it takes, and tells where it stands.
fn connect_options(options: &BusOptions, told: Told) -> Result<ConnectOptions, BusError> {
    let events = Events { told, quiet: Quiet::default() };
    let events = std::sync::Arc::new(events);
    let mut connect = ConnectOptions::new()
        .name(&options.name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .request_timeout(Some(REQUEST_TIMEOUT))
        .reconnect_delay_callback(reconnect_delay)
        .event_callback(move |event| {
            events.take(&event);
            async {}
        });
    if let Some(secret) = options.nkey_seed.as_deref().map(str::trim) {
        // answers come to an inbox of one's own: nobody else may listen to it
        let mut known = accounts::rights::principal_of(&options.name).map(|principal| principal.name().to_owned());
        if secret.contains("NATS USER JWT") {
            let invalid =
                || BusError::Options("the credentials are not valid: take the file as it was made".to_owned());
            known = Some(accounts::name_in(secret).ok_or_else(invalid)?);
            connect = connect.credentials(&format!("{secret}\n")).map_err(|_| invalid())?;
        } else {
            nkeys::KeyPair::from_seed(secret)
                .map_err(|e| BusError::Options(format!("the nkey seed is not valid ({e}): it begins with `SU`")))?;
            connect = connect.nkey(secret.to_owned());
        }
        if let Some(known) = known {
            connect = connect.custom_inbox_prefix(accounts::rights::inbox_prefix(&known));
        }
    }
    Ok(connect)
}

/// At once, then slower and slower.
fn reconnect_delay(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(2)).unwrap_or(u32::MAX).min(10);
    if attempt <= 1 {
        Duration::ZERO
    } else {
        (Duration::from_millis(50) * 2_u32.pow(doublings)).min(LONGEST_RECONNECT_DELAY)
    }
}

struct Events {
    told: Told,
    quiet: Quiet,
}

impl Events {
    fn take(&self, event: &Event) {
        match event {
            Event::Connected => {
                self.told.connection.send_replace(Connection::Up);
                tracing::info!("connected to the bus");
            }
            Event::Disconnected => {
                self.told.connection.send_replace(Connection::Down);
                tracing::warn!("lost the connection to the bus; trying again for as long as it takes");
            }
            Event::Closed => {
                self.told.connection.send_replace(Connection::Down);
            }
            Event::Draining => {}
            other => {
                if let Event::ServerError(async_nats::ServerError::Other(words)) = other
                    && let Some(subject) = denied(words)
                {
                    // nobody has to be publishing
                    let _ = self.told.denied.send(subject.to_owned());
                }
                if let Some(unsaid) = self.quiet.may_speak() {
                    tracing::warn!(bus.event = %other, bus.unsaid = unsaid, "the bus reports a problem");
                }
            }
        }
    }
}

/// The subject on which the server does not let us publish, when that is what it says.
fn denied(words: &str) -> Option<&str> {
    let words = words.trim_matches('\'');
    // the words are the server's; it has changed their capitals before
    let (says, subject) = words.split_once('"')?;
    says.to_ascii_lowercase().contains("permissions violation for publish").then(|| subject.trim_end_matches('"'))
}

/// Keeps a repeated log line rare.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    state: Mutex<(Option<Instant>, u64)>,
}

impl Quiet {
    /// How many lines were left unsaid since the last one; none while it is too early for another.
    pub(crate) fn may_speak(&self) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, unsaid) = *state;
        if last.is_some_and(|last| last.elapsed() < LOG_EVERY) {
            state.1 = unsaid + 1;
            return None;
        }
        *state = (Some(Instant::now()), 0);
        Some(unsaid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_are_bounded() {
        let delays: Vec<u64> = (0..12).map(|n| reconnect_delay(n).as_millis() as u64).collect();
        assert_eq!(delays, [0, 0, 50, 100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000]);
        assert_eq!(reconnect_delay(usize::MAX), LONGEST_RECONNECT_DELAY);
    }

    #[test]
    fn the_server_says_where_one_may_not_publish() {
        assert_eq!(denied("'Permissions Violation for Publish to \"a.b\"'"), Some("a.b"));
        assert_eq!(denied("'Permissions Violation for Subscription to \"a.b\"'"), None);
        assert_eq!(denied("'Stale Connection'"), None);
    }

    #[test]
    fn repeated_lines_are_counted_instead_of_said() {
        let quiet = Quiet::default();
        assert_eq!(quiet.may_speak(), Some(0));
        assert_eq!(quiet.may_speak(), None);
    }
}
