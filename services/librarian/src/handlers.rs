//! What the librarian does with messages: when a night's sharing is complete, it curates the night as a whole; what is withdrawn it
//! takes out at once.

mod feedback;
mod known;
mod plan;
mod proposals;
mod receipts;
mod revisions;
mod tell;
mod tend;
mod trail;
mod withdrawals;

pub use feedback::FeedbackHandler;
pub(crate) use feedback::held;
pub(crate) use plan::{Planner, Unplanned};
pub use proposals::ProposalsHandler;
pub(crate) use revisions::revision_id;
pub use withdrawals::Withdrawals;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use commune_bus::{Bus, Delivery, Failure, Handled, Handler, Point, Points, PublishError, Stored, StreamName, View};
use commune_knowledge::personal::Names;
use commune_proto::{ArticlePath, mutualaid::v1::KnowledgeShared, night::v1::TrailRecord};
use commune_runtime::{clock::Clock, roster::Roster};
use futures::{StreamExt, stream};
use jiff::tz::TimeZone;

use crate::{
    catalogue::Catalogue,
    commons::{Commons, Shared},
    curate::{self, Piece, Tonight},
    library::Library,
    nights::{Done, Nights},
    settings::Consent,
    tending::Tending,
    translate::{self, Ends},
    uses::reads::Reads,
};

/// The stage's name.
pub const STAGE: &str = "librarian";
/// How long a view may take to reach a message that is already stored.
const VIEW_WAIT: Duration = Duration::from_secs(20);
/// Plans that may fail against another replica's before the message is given back.
const TRIES: usize = 20;
/// Contributions that are fetched at a time.
const AT_A_TIME: usize = 16;

/// Curates nights. All replicas may: compare-and-set decides.
#[derive(Debug)]
pub struct Curator {
    bus: Bus,
    catalogue: Catalogue,
    commons: View<Commons>,
    nights: View<Nights>,
    reads: Reads,
    tending: Tending,
    clock: Clock,
    time_zone: TimeZone,
    /// Names of people that the roster knows.
    names: Arc<Names>,
    roster: Arc<Roster>,
    consent: Consent,
    /// One night at a time in this replica: two would only run into each other.
    one: tokio::sync::Mutex<()>,
    /// What that night has touched so far.
    tonight: Arc<Mutex<Tonight>>,
}

/// What the librarian reads, by night and when it is asked.
#[derive(Debug, Clone)]
pub struct Views {
    /// The library and its index.
    pub catalogue: Catalogue,
    /// What was shared, withdrawn and asked.
    pub commons: View<Commons>,
    /// Which nights are complete.
    pub nights: View<Nights>,
    /// How the library is used.
    pub reads: Reads,
    /// What is to be tended: nothing is read twice, whoever looks.
    pub tending: Tending,
}

/// A contribution with the message it came in.
struct Received {
    piece: Piece,
    message: Stored,
}

impl Handler for Curator {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let record: TrailRecord = delivery.message.event().map_err(Failure::reject)?;
        if !matches!(translate::ends_sharing(&record), Ends::Sharing { .. }) {
            return Ok(());
        }
        self.nights.reached(delivery.message.sequence, VIEW_WAIT).await.map_err(Failure::retry)?;
        self.night(&record.night, &delivery.points).await
    }

    async fn dead(&self, delivery: &Delivery, reason: &str) -> Handled {
        let Ok(record) = delivery.message.event::<TrailRecord>() else { return Ok(()) };
        if !matches!(translate::ends_sharing(&record), Ends::Sharing { .. }) {
            return Ok(());
        }
        let done = Done { context: delivery.message.context(), trace_id: record.trace_id.clone(), aid_sequence: 0 };
        let agents = self
            .nights
            .read(|nights| nights.complete(&record.night))
            .unwrap_or_else(|| BTreeMap::from([(record.agent.clone(), done)]));
        self.write_failed(&record.night, &agents, reason).await
    }
}

impl Curator {
    /// A curator over these views.
    pub fn new(
        bus: Bus,
        views: Views,
        clock: Clock,
        time_zone: TimeZone,
        (roster, names): (Arc<Roster>, Arc<Names>),
        consent: Consent,
    ) -> Self {
        let Views { catalogue, commons, nights, reads, tending } = views;
        let (one, tonight) = (tokio::sync::Mutex::new(()), Arc::default());
        Self { bus, catalogue, commons, nights, reads, tending, clock, time_zone, names, roster, consent, one, tonight }
    }

    /// Curates a night once everybody is done with sharing; before, there is nothing to do: the last record calls again.
    async fn night(&self, night: &str, points: &Points) -> Handled {
        let _one = self.one.lock().await;
        let Some(agents) = self.nights.read(|nights| nights.complete(night)) else { return Ok(()) };
        let began = self.clock.now();
        let aid = agents.values().map(|done| done.aid_sequence).max().unwrap_or(0);
        if aid > 0 {
            self.commons.reached(aid, VIEW_WAIT).await.map_err(Failure::retry)?;
        }
        self.catch_up().await?;

        let mut refused = BTreeSet::new();
        let mut tries = 0;
        loop {
            let (waiting, seen) = self.waiting(night, &refused);
            if waiting.is_empty() {
                break;
            }
            let group = self.receive(waiting, &mut refused).await?;
            match self.curate(night, &group, seen, &mut refused, points).await {
                Ok(()) => tries = 0,
                Err(PublishError::Conflict { subject }) if tries < TRIES => {
                    tracing::debug!(night, subject, "another replica was first");
                    tries += 1;
                    self.catch_up().await?;
                }
                Err(PublishError::Refused { subject, reason }) => {
                    return Err(Failure::reject(format!("the library refused `{subject}`: {reason}")));
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
        *self.tonight.lock().unwrap_or_else(PoisonError::into_inner) = Tonight::default();
        self.take_out_all(points).await?;
        // a night whose trail is written was looked up and told of before
        if !self.nights.read(|nights| nights.all_curated(night, agents.keys())) {
            self.answer_from_the_library(night, points).await?;
            self.tend(night, points).await?;
            self.tell(night).await?;
            self.ask_the_steward().await?;
            self.give_receipts(night, points).await?;
        }
        self.write_trail(night, &agents, began).await?;
        points.reach(Point::AfterPublish);
        Ok(())
    }

    /// Contributions of the night that the library does not have yet, in their order, and up to where the library was
    /// read for that: they are waiting only while it ends there.
    fn waiting(&self, night: &str, refused: &BTreeSet<String>) -> (Vec<Shared>, u64) {
        let shared: Vec<Shared> = self.commons.read(|commons| {
            commons.of_night(night).into_iter().filter(|shared| !commons.is_withdrawn(&shared.id)).collect()
        });
        // taken before the library is read: at worst it is too early, and the plan is made again
        let seen = *self.catalogue.library().position().borrow();
        let waits = |library: &Library, s: &Shared| library.applied(&s.id).is_none() && !refused.contains(&s.id);
        let waiting =
            self.catalogue.library().read(|library| shared.into_iter().filter(|s| waits(library, s)).collect());
        (waiting, seen)
    }

    /// Fetches the first group. A message that cannot be read becomes a dead letter.
    async fn receive(&self, waiting: Vec<Shared>, refused: &mut BTreeSet<String>) -> Result<Vec<Received>, Failure> {
        let mut group: Vec<Received> = Vec::new();
        let mut bytes = 0;
        let fetched =
            stream::iter(waiting).map(async |shared| (self.bus.get(StreamName::Aid, shared.sequence).await, shared));
        let mut fetched = pin!(fetched.buffered(AT_A_TIME));
        while let Some((message, shared)) = fetched.next().await {
            let message = message
                .map_err(Failure::retry)?
                .ok_or_else(|| Failure::retry(format!("message {} of AID is gone", shared.sequence)))?;
            let trace_id = message.trace_id();
            let piece = message
                .event::<KnowledgeShared>()
                .map_err(|e| e.to_string())
                .and_then(|event| translate::piece(event, trace_id).map_err(|e| e.to_string()));
            match piece {
                Ok(piece) if !curate::group_takes(group.len(), bytes, piece.text.len()) => break,
                // each version of a skill is a revision of its own
                Ok(piece) if curate::skill_path(&piece).is_some_and(|path| holds(&group, &path)) => break,
                Ok(piece) => {
                    bytes += piece.text.len();
                    group.push(Received { piece, message });
                }
                Err(reason) => self.bury(&message, &shared.id, &reason, refused).await?,
            }
        }
        Ok(group)
    }

    async fn bury(
        &self,
        message: &Stored,
        contribution: &str,
        reason: &str,
        refused: &mut BTreeSet<String>,
    ) -> Result<(), Failure> {
        tracing::warn!(contribution, sequence = message.sequence, reason, "contribution not taken in");
        match self.bus.bury(STAGE, message, 1, reason).await {
            Ok(_) | Err(PublishError::Conflict { .. }) => {
                refused.insert(contribution.to_owned());
                Ok(())
            }
            Err(problem) => Err(Failure::retry(problem)),
        }
    }

    /// Waits until the view has everything that the library holds now.
    async fn catch_up(&self) -> Result<(), Failure> {
        let last = self.bus.last_sequence(StreamName::Library).await.map_err(Failure::retry)?;
        if last > self.catalogue.library().read(Library::last_sequence) {
            self.catalogue.library().reached(last, VIEW_WAIT).await.map_err(Failure::retry)?;
        }
        Ok(())
    }
}

/// Whether a version of this skill is in the group.
fn holds(group: &[Received], path: &ArticlePath) -> bool {
    group.iter().any(|received| curate::skill_path(&received.piece).as_ref() == Some(path))
}
