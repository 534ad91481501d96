//! The connection to the bus that all calls share: made when it is needed, and made anew when it was lost.

use std::time::Instant;

use commune_bus::{Bus, Connection};
use tokio::sync::Mutex;

use crate::{connect::Session, failure::Failure};

/// The connection.
#[derive(Debug, Default)]
pub(crate) struct Line(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bus: Option<Bus>,
    /// When nobody was reached last, and why.
    missed: Option<(Instant, String)>,
}

impl Line {
    /// The bus, connected. **A call that waited while another one reached nobody does not try once more**: an outage is told to
    /// all of them at once. A call that is under way over a lost connection ends over it.
    pub(crate) async fn bus(&self, session: &Session) -> Result<Bus, Failure> {
        let asked = Instant::now();
        let mut state = self.0.lock().await;
        if let Some(bus) = state.bus.as_ref().filter(|bus| *bus.connection().borrow() == Connection::Up) {
            return Ok(bus.clone());
        }
        if let Some((_, why)) = state.missed.as_ref().filter(|(at, _)| *at > asked) {
            return Err(Failure::Unavailable(why.clone()));
        }
        state.bus = None;
        match session.bus().await {
            Ok(bus) => {
                state.bus = Some(bus.clone());
                Ok(bus)
            }
            Err(failure) => {
                if let Failure::Unavailable(why) = &failure {
                    state.missed = Some((Instant::now(), why.clone()));
                }
                Err(failure)
            }
        }
    }

    /// Closes it.
    pub(crate) async fn close(&self) {
        if let Some(bus) = self.0.lock().await.bus.take() {
            bus.drain().await;
        }
    }
}
