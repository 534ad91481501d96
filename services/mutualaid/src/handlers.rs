//! Reactions: a tidied memory is shared; what agents ask becomes a need; what they withdraw is drawn from no more.
//!
//! Generated types end here. **Handled twice is handled once**: every message of a night is written with "only if
//! there is none yet", and what exists is the answer.

mod needs;
mod told;
mod withdraw;

use std::{sync::Arc, time::Duration};

use commune_bus::{
    Bus, Delivery, Failure, Handled, Handler, Outgoing, Point, Points, Project, PublishError, StreamName, View,
    metrics::night_ended, subject,
};
use commune_knowledge::placement::Standings;
use commune_proto::{
    AgentId, ArticlePath, NightId,
    librarian::v1::{ArticleKind, SuggestPlacementRequest, library_service_client::LibraryServiceClient},
    mutualaid::v1::HeldNote,
    night::v1::{Outcome, Stage, TrailRecord},
    selfcare::v1::MemoryTidied,
};
use commune_runtime::{clock::Clock, grpc::Channel, roster::Roster};
use jiff::{Timestamp, tz::TimeZone};
use tonic::{Code, Request};

pub use needs::NeedAskedHandler;
pub use withdraw::WithdrawHandler;

use told::{knowledge_shared, session};

use crate::{
    figures,
    share::{
        self, Piece, Plan,
        clear::Guard,
        pace::Candidate,
        place::{Action, Considered, Placing, place, place_skill},
    },
    views::{Session, Sources, Views},
};

/// The name under which this service writes.
pub const SOURCE: &str = "mutualaid";
/// How long a handler waits for a view before it asks for another delivery.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most bytes of a text that the librarian compares.
const COMPARED: usize = 250 * 1024;

/// What the handlers share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MutualAid {
    /// The bus.
    pub bus: Bus,
    /// What this replica knows.
    pub views: Views,
    /// The librarian.
    pub librarian: LibraryServiceClient<Channel>,
    /// The clock.
    pub clock: Clock,
    /// The commune's time zone.
    pub zone: TimeZone,
    /// Most contributions of one agent in one night.
    pub cap: usize,
    /// What the clearing knows beside the text.
    pub guard: Arc<Guard>,
    /// Whose agents are whose.
    pub roster: Arc<Roster>,
    /// Most questions of one agent on one day.
    pub needs_per_day: usize,
}

impl MutualAid {
    /// Waits until a view holds everything that its stream holds now; where that ends.
    async fn current<P: Project>(&self, view: &View<P>, stream: StreamName) -> Result<u64, Failure> {
        let last = self.bus.last_sequence(stream).await.map_err(Failure::retry)?;
        if last > 0 {
            view.reached(last, PATIENCE).await.map_err(Failure::retry)?;
        }
        Ok(last)
    }
}

/// Shares what a tidied memory offers.
#[derive(Debug)]
pub struct MemoryTidiedHandler(pub Arc<MutualAid>);

/// One agent's night, read from its event.
struct Night {
    agent: AgentId,
    night: NightId,
    event: MemoryTidied,
    began: Timestamp,
    trace: String,
    points: Points,
}

/// How the stage ended.
struct Ended {
    outcome: Outcome,
    session: Session,
    detail: String,
}

impl Handler for MemoryTidiedHandler {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let night = self.read(&delivery)?;
        let ended = self.share(&night, delivery.message.sequence).await?;
        tracing::info!(
            agent = %night.agent, night = %night.night, outcome = ended.outcome.as_str_name(), shared = ended.session.shared,
            held = ended.session.held, waiting = ended.session.waiting, "mutual aid ended"
        );
        self.write_trail(&night, ended).await?;
        night.points.reach(Point::AfterPublish);
        Ok(())
    }

    async fn dead(&self, delivery: &Delivery, reason: &str) -> Handled {
        // what cannot be read names no night to record it for
        let Ok(night) = self.read(delivery) else { return Ok(()) };
        let session = Session::default();
        self.write_trail(&night, Ended { outcome: Outcome::Failed, session, detail: reason.to_owned() }).await
    }
}

impl MemoryTidiedHandler {
    fn read(&self, Delivery { message, points, .. }: &Delivery) -> Result<Night, Failure> {
        let event: MemoryTidied = message.event().map_err(Failure::reject)?;
        let agent = event.agent.parse().map_err(Failure::reject)?;
        let night = event.night.parse().map_err(Failure::reject)?;
        let (trace, points) = (message.trace_id(), points.clone());
        Ok(Night { agent, night, event, began: self.0.clock.now(), trace, points })
    }

    async fn share(&self, night: &Night, tidied: u64) -> Result<Ended, Failure> {
        let aid = &self.0;
        aid.views.memory.reached(tidied, PATIENCE).await.map_err(Failure::retry)?;
        aid.current(&aid.views.aid, StreamName::Aid).await?;
        aid.current(&aid.views.library, StreamName::Library).await?;
        let (agent, id) = (night.agent.as_str(), night.night.to_string());
        if let Some(session) = aid.views.aid.read(|view| view.session(agent, &id)) {
            return Ok(Ended::of(session, night));
        }
        if !night.event.resting_until.is_empty() || !night.event.stopped.is_empty() {
            return self.store(night, Plan::default(), Vec::new(), &Sources::new()).await;
        }
        let (pieces, sources) = aid.views.drawn(agent);
        let mut before = aid.views.aid.read(|view| view.before(agent));
        let (views, roster, of, this_night) =
            (aid.views.clone(), Arc::clone(&aid.roster), agent.to_owned(), night.night);
        let (open, cap, guard) = (aid.views.open_needs(), aid.cap, Arc::clone(&aid.guard));
        // away from the threads that serve: what waits may be much
        let plan = tokio::task::spawn_blocking(move || {
            let all = pieces.iter().flat_map(Piece::all);
            let new: Vec<Piece> = all.filter(|piece| !before.shared.contains(&piece.id)).cloned().collect();
            before.quoting = views.quoting((&of, this_night), &new, &roster);
            share::plan(pieces, &before, &open, cap, &guard)
        })
        .await
        .map_err(|error| Failure::retry(format!("planning ended early: {error}")))?;
        let mut placings = Vec::with_capacity(plan.share.len());
        for candidate in &plan.share {
            placings.push(self.place(candidate).await?);
        }
        self.store(night, plan, placings, &sources).await
    }

    /// Asks the librarian where a piece belongs, and decides.
    async fn place(&self, candidate: &Candidate) -> Result<Placing, Failure> {
        let piece = &candidate.piece;
        let request = Request::new(SuggestPlacementRequest {
            title: piece.title.clone(),
            text: piece.text[..piece.text.floor_char_boundary(COMPARED)].to_owned(),
            kind: piece.kind.as_str().to_owned(),
        });
        let answer = self.0.librarian.clone().suggest_placement(request).await.map_err(|status| {
            let reason = format!("the librarian did not say where contribution {} belongs: {status}", piece.id);
            if status.code() == Code::InvalidArgument { Failure::reject(reason) } else { Failure::retry(reason) }
        })?;
        let considered = answer.into_inner().candidates.into_iter().filter_map(|c| {
            let path = c.name.strip_prefix("articles/").unwrap_or(&c.name).parse::<ArticlePath>().ok()?;
            let skill = c.kind() == ArticleKind::Skill;
            let standings = Standings {
                statements: c.statements as usize,
                repeated: c.repeated_statements as usize,
                reworded: c.reworded_statements as usize,
                from_page: c.from_page,
            };
            let path = path.to_string();
            Some(Considered { path, title: c.title, chance: c.score, skill, section: c.section, standings })
        });
        let considered: Vec<Considered> = considered.collect();
        let skill = place_skill(&piece.text, &considered);
        Ok(skill.unwrap_or_else(|| place(piece.kind, &piece.title, considered)))
    }

    /// Writes the contributions and the session as one atomic batch, then tells the agent what was held.
    async fn store(
        &self,
        night: &Night,
        mut plan: Plan,
        placings: Vec<Placing>,
        sources: &Sources,
    ) -> Result<Ended, Failure> {
        let now = self.0.clock.now();
        let share = std::mem::take(&mut plan.share);
        let placed: Vec<(Candidate, Placing)> = share.into_iter().zip(placings).collect();
        let (echoes, placed): (Vec<_>, Vec<_>) =
            placed.into_iter().partition(|(_, placing)| placing.action == Action::Echo);
        let creations = placed.iter().filter(|(_, placing)| placing.action == Action::Create).count() as u64;
        let actions: Vec<Action> = placed.iter().chain(&echoes).map(|(_, placing)| placing.action).collect();
        let session = session(night, &plan, &placed, &echoes);
        let summary = Session {
            sequence: 0,
            shared: session.shared.len() as u64,
            held: session.held.len() as u64,
            waiting: session.waiting.len() as u64,
            echo: session.echo.len() as u64,
            updates: placed.len() as u64 - creations,
            creations,
            resting: !session.resting_until.is_empty(),
        };
        let mut batch = Vec::with_capacity(placed.len() + 1);
        for (candidate, placing) in placed {
            let notes =
                sources.get(&candidate.piece.note).cloned().unwrap_or_else(|| vec![candidate.piece.note.clone()]);
            let event = knowledge_shared(night, candidate, placing, notes);
            let Some(id) = event.contribution.as_ref().map(|c| c.id.clone()) else { continue };
            let span = tracing::info_span!("share", agent = %night.agent, contribution = %id);
            let subject = subject::knowledge_shared(&night.agent, &id);
            batch.push(span.in_scope(|| Outgoing::event(subject, &format!("shared-{id}"), SOURCE, now, &event).once()));
        }
        let id = format!("aid-session-{}-{}", night.agent, night.night);
        batch.push(Outgoing::event(subject::aid_session(&night.agent, night.night), &id, SOURCE, now, &session).once());
        night.points.reach(Point::AfterDecide);
        let stored = self.0.bus.publish_batch(batch).await.map_err(publish_failure)?;
        night.points.reach(Point::AfterState);
        actions.into_iter().for_each(figures::placed);
        session.held.iter().for_each(|held| figures::held(&held.rule));
        self.tell_held(night, &session.held).await;
        Ok(Ended::of(Session { sequence: stored.sequence, ..summary }, night))
    }

    /// Tells the agent of each held note, without its text. Nobody has to be listening.
    async fn tell_held(&self, night: &Night, held: &[HeldNote]) {
        for held in held {
            tracing::info!(agent = %night.agent, note = held.note, rule = held.rule, fingerprint = held.fingerprint, "held");
            let body = serde_json::json!({
                "night": night.night.to_string(), "note": held.note, "rule": held.rule, "advice": held.advice,
                "fingerprint": held.fingerprint,
            });
            if let Err(error) =
                self.0.bus.tell(subject::inbox(&night.agent, "held"), body.to_string().into_bytes()).await
            {
                tracing::warn!(agent = %night.agent, %error, "the agent could not be told of a held note");
            }
        }
    }

    async fn write_trail(&self, night: &Night, ended: Ended) -> Handled {
        let now = self.0.clock.now();
        let session = ended.session;
        let mut counts = vec![
            ("shared", session.shared),
            ("held", session.held),
            ("waiting", session.waiting),
            ("updates", session.updates),
            ("creations", session.creations),
            ("echo", session.echo),
        ];
        // a night without echoes says nothing of them
        counts.retain(|(name, count)| *name != "echo" || *count > 0);
        let record = TrailRecord {
            night: night.night.to_string(),
            agent: night.agent.to_string(),
            stage: Stage::Mutualaid.into(),
            outcome: ended.outcome.into(),
            counts: counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            duration_us: u64::try_from(now.duration_since(night.began).as_micros()).unwrap_or(0),
            trace_id: night.trace.clone(),
            detail: ended.detail,
            stream_sequence: session.sequence,
            ended_at: now.to_string(),
        };
        let subject = subject::trail(night.night, &night.agent, Stage::Mutualaid);
        let id = format!("trail-{}-{}-mutualaid", night.night, night.agent);
        match self.0.bus.publish(Outgoing::event(subject.clone(), &id, SOURCE, now, &record).once()).await {
            Ok(stored) => {
                if !stored.duplicate {
                    night_ended(Stage::Mutualaid, record.outcome());
                }
                Ok(())
            }
            // the record is there already: a stage writes it once, but a replay that went well replaces a failure
            Err(PublishError::Conflict { .. }) if record.outcome() == Outcome::Failed => Ok(()),
            Err(PublishError::Conflict { .. }) => {
                let last = self.0.bus.last(StreamName::Nights, &subject).await.map_err(Failure::retry)?;
                let Some(last) = last else { return Err(Failure::retry("the trail changed at this moment")) };
                let there: TrailRecord = last.event().map_err(Failure::reject)?;
                if there.outcome() != Outcome::Failed {
                    return Ok(());
                }
                let id = format!("{id}-after-{}", last.sequence);
                let message = Outgoing::event(subject, &id, SOURCE, now, &record).after(last.sequence);
                self.0.bus.publish(message).await.map(|_| ()).map_err(publish_failure)
            }
            Err(error) => Err(publish_failure(error)),
        }
    }
}

impl Ended {
    fn of(session: Session, night: &Night) -> Self {
        let stopped = &night.event.stopped;
        let outcome = if session.resting {
            Outcome::Resting
        } else if !stopped.is_empty() {
            Outcome::Stopped
        } else if session.shared + session.held + session.waiting + session.echo == 0 {
            Outcome::Nothing
        } else {
            Outcome::Done
        };
        // self-care first: nothing is shared from a memory that was not tidied that night
        let detail =
            if outcome == Outcome::Stopped { format!("the memory was not tidied: {stopped}") } else { String::new() };
        Self { outcome, session, detail }
    }
}

/// Somebody else was first, or the bus is away: look again. What the stream refuses will be refused again.
fn publish_failure(error: PublishError) -> Failure {
    match error {
        PublishError::Refused { .. } => Failure::reject(error),
        PublishError::Conflict { .. } | PublishError::Unavailable(_) => Failure::retry(error),
    }
}
