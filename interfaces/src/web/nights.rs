//! The nights, and the board of one: each agent by each stage, with links to its trace.

use std::time::Duration;

use askama::Template;
use axum::{
    extract::{Path, State},
    http::Uri,
};
use commune_bus::{Bus, StreamName, View};
use commune_proto::NightId;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address},
    show,
    site::{Chrome, Site},
};
use crate::{
    connect::Session,
    failure::Failure,
    line::Line,
    night::{self, Nights, board::Board},
};

/// Nights on one page.
const NIGHTS: usize = 60;
/// Agents on one board.
const AGENTS: usize = 500;
/// How long a page waits for the nights to be read.
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Template)]
#[template(path = "nights.html")]
struct NightsPage {
    chrome: Chrome,
    nights: Vec<Night>,
    older: String,
}

struct Night {
    night: String,
    state: &'static str,
    agents: usize,
    opened: String,
}

#[derive(Template)]
#[template(path = "night.html")]
struct NightPage {
    chrome: Chrome,
    site: Site,
    night: String,
    agents: String,
    board: Board,
    /// Agents that are not on the page.
    cut: usize,
}

impl NightPage {
    fn trace(&self, id: &str) -> String {
        self.site.trace(id)
    }
}

/// What is known of the nights: the stream is read once, and followed from then on.
#[derive(Debug, Default)]
pub(super) struct Sky {
    line: Line,
    followed: Mutex<Option<Followed>>,
}

#[derive(Debug)]
struct Followed {
    view: View<Nights>,
    stop: CancellationToken,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Sky {
    /// The nights as they stand, and the bus.
    async fn nights(&self, session: &Session) -> Result<(Bus, View<Nights>), Failure> {
        let bus = self.line.bus(session).await?;
        let mut followed = self.followed.lock().await;
        if let Some(known) = followed.as_ref().filter(|known| known.view.is_current()) {
            return Ok((bus, known.view.clone()));
        }
        // of before the connection was lost, or never begun
        *followed = None;
        let stop = CancellationToken::new();
        let view = View::start(&bus, StreamName::Nights, night::filters(), Nights::default(), stop.clone());
        let begun = Followed { view: view.clone(), stop };
        if tokio::time::timeout(PATIENCE, view.caught_up()).await.is_err() {
            return Err(Failure::Unavailable(
                "the nights cannot be read now: reading the stream NIGHTS needs the operator's key where the server asks for one \
                 (--operator-key FILE)"
                    .to_owned(),
            ));
        }
        *followed = Some(begun);
        Ok((bus, view))
    }

    /// Lets the bus go.
    pub(super) async fn close(&self) {
        *self.followed.lock().await = None;
        self.line.close().await;
    }
}

pub(super) async fn nights(State(site): State<Site>, uri: Uri) -> Answer {
    let (_, view) = site.sky().nights(site.session()).await?;
    let mut all = view.read(Nights::told);
    all.reverse();
    if let Ok(before) = Fields::of(&uri).get("before").parse::<NightId>() {
        all.retain(|night| night.night < before);
    }
    let more = all.len() > NIGHTS;
    all.truncate(NIGHTS);
    let older = all.last().filter(|_| more).map(|last| address("/nights", &[("before", &last.night.to_string())]));
    let night = |told: night::Told| Night {
        night: told.night.to_string(),
        state: told.state,
        agents: told.agents,
        opened: show::time(&told.opened_at),
    };
    page(&NightsPage {
        chrome: site.chrome("nights"),
        nights: all.into_iter().map(night).collect(),
        older: older.unwrap_or_default(),
    })
}

pub(super) async fn one_night(State(site): State<Site>, Path(asked): Path<String>) -> Answer {
    let night: NightId = asked.parse().map_err(|_| Trouble::not_found(format!("`{asked}` is no night.")))?;
    let (bus, view) = site.sky().nights(site.session()).await?;
    let board = night::board(&bus, &view, night).await?;
    let mut board = board.ok_or_else(|| Trouble::not_found(format!("The night {night} did not run.")))?;
    let agents = board.rows.len();
    board.rows.truncate(AGENTS);
    page(&NightPage {
        chrome: site.chrome("nights"),
        night: night.to_string(),
        agents: show::count(agents, "agent", "agents"),
        cut: agents - board.rows.len(),
        board,
        site,
    })
}
