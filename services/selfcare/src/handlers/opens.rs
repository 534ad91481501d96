//! Opens nights: when the schedule says so, when somebody asks, and once for what was missed. Arms the next one.
//!
//! No replica leads: each arms the schedule, and compare-and-set lets one of them win.

use std::collections::BTreeSet;

use commune_bus::{
    CLOCK_DIFFERENCE, Delivery, Failure, Handled, Handler, Outgoing, Point, Points, PublishError, Stored, StreamName,
    subject,
};
use commune_proto::{
    AgentId, NightId, content_id,
    night::v1::{NightBegun, NightDue, NightOpened, NightRequested},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{SELFCARE, Shared, bus, published};
use crate::{figures, memory::Cutoffs};

/// Most begun messages in one batch.
const CHUNK: usize = 900;
/// Reads in flight.
const READS: usize = 16;
/// How early by our clock a schedule may fire, and how late.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);
/// How often an opening that lost a race is tried again at once.
const ROUNDS: usize = 3;

/// Opens nights.
#[derive(Debug)]
pub struct Opens {
    shared: Shared,
}

impl Opens {
    /// Works with what is shared.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }

    /// Makes sure that the next night is scheduled, and that a night missed while nothing ran is made up for, once.
    ///
    /// # Errors
    /// Why it could not be made sure, for a reader; nothing is half done.
    pub async fn keep_schedule(&self) -> Result<(), Failure> {
        let standing = self.shared.bus.last(StreamName::Nights, subject::NIGHT_SCHEDULE).await.map_err(bus)?;
        let now = self.shared.clock.now();
        let ahead = self.shared.bus.server_ahead(now).await.map_err(bus)?;
        let due = standing.as_ref().and_then(Stored::due_at).and_then(|due| due.checked_sub(ahead).ok());
        if due.is_some_and(|due| due <= now && now.duration_since(due) < CLOCK_SLACK) {
            return Ok(()); // the server is about to produce it
        }
        self.catch_up(now, standing.as_ref()).await?;
        self.arm(now, standing.map_or(0, |standing| standing.sequence), due, ahead).await
    }

    /// Publishes the latest due night if the last night that was opened, or else the first that was scheduled, is an
    /// earlier one or the same.
    async fn catch_up(&self, now: Timestamp, standing: Option<&Stored>) -> Result<(), Failure> {
        let night = NightId::of(self.shared.schedule.ended(now));
        let last = self.shared.bus.last(StreamName::Nights, subject::NIGHT_OPENED_ALL).await.map_err(bus)?;
        let missed = match last {
            Some(last) => {
                let last: NightOpened = last.event().map_err(Failure::reject)?;
                last.night.parse::<NightId>().map_err(Failure::reject)? < night && self.opened(night).await?.is_none()
            }
            // before the first night there is nothing to make up for, unless it was scheduled and never came
            None => standing
                .and_then(|standing| standing.event::<NightDue>().ok()?.night.parse::<NightId>().ok())
                .is_some_and(|scheduled| scheduled <= night),
        };
        if !missed {
            return Ok(());
        }
        tracing::info!(%night, "a night was missed and is made up for");
        let due = NightDue { night: night.to_string() };
        let message = Outgoing::event(subject::NIGHT_DUE.to_owned(), &format!("due-{night}"), SELFCARE, now, &due);
        self.shared.bus.publish(message).await.map(|_| ()).map_err(published)
    }

    async fn arm(
        &self,
        now: Timestamp,
        after: u64,
        standing: Option<Timestamp>,
        ahead: SignedDuration,
    ) -> Result<(), Failure> {
        let (day, at) = self.next(now).await?;
        if standing.is_some_and(|standing| standing.duration_since(at).abs() < CLOCK_DIFFERENCE) {
            return Ok(());
        }
        let there = at.checked_add(ahead).map_err(Failure::reject)?;
        let night = NightId::of(day).to_string();
        let id = content_id(&["schedule", &night, &there.to_string(), &after.to_string()]);
        let due = NightDue { night: night.clone() };
        let message = Outgoing::event(subject::NIGHT_SCHEDULE.to_owned(), &id, SELFCARE, now, &due)
            .in_context(&opentelemetry::Context::new())
            .due_at(there, subject::NIGHT_DUE)
            .after(after);
        match self.shared.bus.publish(message).await {
            Ok(_) => {
                tracing::info!(night, due = %at, "the next night is scheduled");
                Ok(())
            }
            Err(PublishError::Conflict { .. }) => Ok(()), // another replica was first
            Err(error) => Err(published(error)),
        }
    }

    /// The next night and when it is due; of one that was opened a little early, the one after it.
    async fn next(&self, now: Timestamp) -> Result<(Date, Timestamp), Failure> {
        let (day, at) = self.shared.schedule.next(now);
        let early = at.duration_since(now) < CLOCK_SLACK && self.opened(NightId::of(day)).await?.is_some();
        Ok(if early { self.shared.schedule.next(at) } else { (day, at) })
    }

    /// The night that is due now: the latest day that ended by our clock, or the schedule's own where the server's
    /// clock is a little ahead. None where ours was set back since: the schedule's night is still to come.
    fn due_night(&self, message: &Stored, now: Timestamp) -> Result<Option<NightId>, Failure> {
        let due: NightDue = message.event().map_err(Failure::reject)?;
        let ended = NightId::of(self.shared.schedule.ended(now));
        Ok(match due.night.parse::<NightId>() {
            Ok(said) if said > ended => {
                (self.shared.schedule.due(said.date()).duration_since(now) < CLOCK_SLACK).then_some(said)
            }
            _ => Some(ended),
        })
    }

    /// The night that somebody asked for, and for whom; nobody named means every member.
    fn requested(&self, message: &Stored, now: Timestamp) -> Result<(NightId, Vec<AgentId>), Failure> {
        let request: NightRequested = message.event().map_err(Failure::reject)?;
        let night: NightId = request.night.parse().map_err(Failure::reject)?;
        let today = self.shared.schedule.day(now);
        if night.date() > today {
            return Err(Failure::reject(format!(
                "the night {night} lies ahead, today is {today}: ask for a day that has begun"
            )));
        }
        let agents: Result<BTreeSet<AgentId>, _> = request.agents.iter().map(|agent| agent.parse()).collect();
        Ok((night, agents.map_err(Failure::reject)?.into_iter().collect()))
    }

    /// How far the streams reach now; the views have reached it too.
    async fn through(&self) -> Result<Cutoffs, Failure> {
        let through = Cutoffs {
            agents: self.shared.bus.last_sequence(StreamName::Agents).await.map_err(bus)?,
            drops: self.shared.bus.last_sequence(StreamName::Drops).await.map_err(bus)?,
        };
        self.shared.log_reached(through).await?;
        Ok(through)
    }

    async fn open(&self, night: NightId, points: &Points) -> Handled {
        let now = self.through().await?;
        let members = self.shared.log.members();
        for _ in 0..ROUNDS {
            if let Some(opened) = self.opened(night).await? {
                let opened_for = opened.members.iter().filter_map(|agent| agent.parse().ok());
                let wanted: BTreeSet<AgentId> = opened_for.chain(members).collect();
                return self.begin_rest(night, &opened, &Vec::from_iter(wanted), now, points).await;
            }
            // all in one batch where it fits; else the opening first, so that who takes part is settled
            let mut batch = vec![self.opening(night, &members, now)];
            if members.len() <= CHUNK && self.missing(night, &members).await?.len() == members.len() {
                batch.extend(members.iter().map(|agent| self.begun(night, agent, now)));
            }
            let whole = batch.len() > members.len();
            points.reach(Point::AfterDecide);
            match self.shared.bus.publish_batch(batch).await {
                Ok(_) => {
                    points.reach(Point::AfterState);
                    tracing::info!(%night, members = members.len(), "night opened");
                    if whole {
                        figures::begun(members.len());
                        return Ok(());
                    }
                }
                Err(PublishError::Conflict { .. }) => {}
                Err(error) => return Err(published(error)),
            }
        }
        Err(Failure::retry(format!("the opening of {night} was contended {ROUNDS} times")))
    }

    async fn opened(&self, night: NightId) -> Result<Option<NightOpened>, Failure> {
        match self.shared.bus.last(StreamName::Nights, &subject::night_opened(night)).await.map_err(bus)? {
            Some(stored) => stored.event().map(Some).map_err(Failure::reject),
            None => Ok(None),
        }
    }

    /// Begins what an opened night still lacks: its members with its own cutoffs, everybody else with the present.
    async fn begin_rest(
        &self,
        night: NightId,
        opened: &NightOpened,
        wanted: &[AgentId],
        now: Cutoffs,
        points: &Points,
    ) -> Handled {
        let then = Cutoffs { agents: opened.agents_through, drops: opened.drops_through };
        let members: BTreeSet<&str> = opened.members.iter().map(String::as_str).collect();
        let (first, newer): (Vec<AgentId>, Vec<AgentId>) =
            wanted.iter().cloned().partition(|agent| members.contains(agent.as_str()));
        self.begin(night, &first, then, points).await?;
        self.begin(night, &newer, now, points).await
    }

    /// Begins the night of those for whom it has not begun.
    async fn begin(&self, night: NightId, agents: &[AgentId], through: Cutoffs, points: &Points) -> Handled {
        for _ in 0..ROUNDS {
            let missing = self.missing(night, agents).await?;
            let mut contended = false;
            for chunk in missing.chunks(CHUNK) {
                let batch = chunk.iter().map(|agent| self.begun(night, agent, through)).collect();
                points.reach(Point::AfterDecide);
                match self.shared.bus.publish_batch(batch).await {
                    Ok(_) => {
                        points.reach(Point::AfterState);
                        figures::begun(chunk.len());
                    }
                    Err(PublishError::Conflict { .. }) => contended = true,
                    Err(error) => return Err(published(error)),
                }
            }
            if !contended {
                return Ok(());
            }
        }
        Err(Failure::retry(format!("the beginning of {night} was contended {ROUNDS} times")))
    }

    async fn missing(&self, night: NightId, agents: &[AgentId]) -> Result<Vec<AgentId>, Failure> {
        let reads = agents.iter().cloned().map(|agent| async move {
            let begun =
                self.shared.bus.last(StreamName::Nights, &subject::night_begun(night, &agent)).await.map_err(bus)?;
            Ok(begun.is_none().then_some(agent))
        });
        stream::iter(reads).buffered(READS).try_filter_map(|agent| async { Ok(agent) }).try_collect().await
    }

    fn opening(&self, night: NightId, members: &[AgentId], through: Cutoffs) -> Outgoing {
        let now = self.shared.clock.now();
        let opened = NightOpened {
            night: night.to_string(),
            members: members.iter().map(ToString::to_string).collect(),
            agents_through: through.agents,
            drops_through: through.drops,
            opened_at: now.to_string(),
        };
        let id = content_id(&["opened", &opened.night]);
        Outgoing::event(subject::night_opened(night), &id, SELFCARE, now, &opened).once()
    }

    /// The beginning of one agent's night, in a trace of its own.
    fn begun(&self, night: NightId, agent: &AgentId, through: Cutoffs) -> Outgoing {
        let begun = NightBegun {
            night: night.to_string(),
            agent: agent.to_string(),
            agents_through: through.agents,
            drops_through: through.drops,
        };
        let id = content_id(&["begun", &begun.night, &begun.agent]);
        let subject = subject::night_begun(night, agent);
        let now = self.shared.clock.now();
        tracing::info_span!(parent: None, "night", otel.name = format!("night {agent}"), otel.kind = "producer", %agent, %night)
            .in_scope(|| Outgoing::event(subject, &id, SELFCARE, now, &begun).once())
    }
}

impl Handler for Opens {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let Delivery { message, points, .. } = &delivery;
        let now = self.shared.clock.now();
        if message.subject == subject::NIGHT_DUE {
            match self.due_night(message, now)? {
                Some(night) => self.open(night, points).await?,
                None => tracing::warn!("a night was due by the server's clock and is not by ours: scheduled again"),
            }
            self.keep_schedule().await?;
            points.reach(Point::AfterPublish);
            return Ok(());
        }
        match self.requested(message, now)? {
            (night, agents) if agents.is_empty() => self.open(night, points).await,
            (night, agents) => {
                let now = self.through().await?;
                match self.opened(night).await? {
                    Some(opened) => self.begin_rest(night, &opened, &agents, now, points).await,
                    None => self.begin(night, &agents, now, points).await,
                }
            }
        }
    }

    async fn dead(&self, _delivery: &Delivery, _reason: &str) -> Handled {
        // a night that could not be opened must not be the last one
        self.keep_schedule().await
    }
}
