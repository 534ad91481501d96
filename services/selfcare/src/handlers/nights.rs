//! One agent's night: what waits is tidied into the memory, and memory-tidied says so.
//!
//! **One effective run for each agent and night**: the brief is written only after the one that was read, and the
//! event only once; everything of a night is one atomic batch. **No event before its state is durable.**

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commune_bus::{
    Delivery, Failure, Handled, Handler, Outgoing, Point, Points, PublishError, StreamName, metrics::night_ended,
    subject,
};
use commune_proto::{
    AgentId, NightId, content_id,
    night::v1::{NightBegun, Outcome, Stage, TrailRecord},
    selfcare::v1::MemoryTidied,
};
use jiff::Timestamp;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{SELFCARE, Shared, bus, published};
use crate::{
    figures,
    memory::{Cutoffs, Memory},
    tidy::{self, Tidied},
    translate,
};

/// Most messages of one night (the server's bound for one batch, with room to spare).
const BATCH_MESSAGES: usize = 990;

/// How long the record of a night waits for this replica's own view.
const READ_YOUR_NIGHT: Duration = Duration::from_secs(2);

/// Runs one agent's night.
#[derive(Debug)]
pub struct Nights {
    shared: Shared,
}

/// What a begun message asks for.
struct Run {
    night: NightId,
    agent: AgentId,
    through: Cutoffs,
    began: Timestamp,
    trace_id: String,
    points: Points,
}

impl Nights {
    /// Works with what is shared.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }

    fn run(&self, delivery: &Delivery) -> Result<Run, Failure> {
        let message = &delivery.message;
        let begun: NightBegun = message.event().map_err(Failure::reject)?;
        Ok(Run {
            night: begun.night.parse().map_err(Failure::reject)?,
            agent: begun.agent.parse().map_err(Failure::reject)?,
            through: Cutoffs { agents: begun.agents_through, drops: begun.drops_through },
            began: self.shared.clock.now(),
            trace_id: message.trace_id(),
            points: delivery.points.clone(),
        })
    }

    /// The event of a night that was run before.
    async fn earlier(&self, run: &Run) -> Result<Option<(MemoryTidied, u64)>, Failure> {
        let subject = subject::memory_tidied(&run.agent, run.night);
        match self.shared.bus.last(StreamName::Memory, &subject).await.map_err(bus)? {
            Some(stored) => Ok(Some((stored.event().map_err(Failure::reject)?, stored.sequence))),
            None => Ok(None),
        }
    }

    async fn night(&self, run: &Run) -> Handled {
        if let Some((event, sequence)) = self.earlier(run).await? {
            return self.trail(run, &event, sequence).await;
        }
        self.shared.log_reached(run.through).await?;
        self.shared.memories_current().await?;
        let memory = self.shared.memories.read(|memories| memories.get(run.agent.as_str())).unwrap_or_default();
        self.shared.log_whole(&run.agent).await?;
        let (tidied, event) = self.tidy(run, memory.clone()).await?;
        let batch = self.batch(run, &memory, &tidied, &event)?;
        run.points.reach(Point::AfterDecide);
        let sequence = match self.shared.bus.publish_batch(batch).await {
            Ok(stored) => stored.sequence,
            Err(conflict @ PublishError::Conflict { .. }) => {
                // another replica was first, or a note was put back or a night undone at the same moment
                let Some((event, sequence)) = self.earlier(run).await? else { return Err(Failure::retry(conflict)) };
                return self.trail(run, &event, sequence).await;
            }
            Err(error) => return Err(published(error)),
        };
        run.points.reach(Point::AfterState);
        let count = |name: &str| event.counts.get(name).copied().unwrap_or(0);
        figures::tidied(count("notes_new"), count("invalid"), &tidied.notes);
        tracing::info!(
            agent = %run.agent,
            night = %run.night,
            notes.new = count("notes_new"),
            notes.changed = tidied.notes.len(),
            unchanged = event.unchanged,
            stopped = event.stopped,
            "memory tidied"
        );
        self.trail(run, &event, sequence).await
    }

    /// Tidies, away from the threads that serve.
    async fn tidy(&self, run: &Run, memory: Arc<Memory>) -> Result<(Tidied, MemoryTidied), Failure> {
        let intake = self.shared.log.take(&run.agent, memory.cutoffs, run.through, memory.resting_until);
        let (night, limits, before) = (run.night, self.shared.limits.clone(), memory.cutoffs);
        let (invalid, through) = (intake.invalid, intake.through);
        let resting_until = intake.resting_until.filter(|until| *until >= night.date());
        let known = Arc::clone(&self.shared.known);
        let span = tracing::info_span!("tidy", agent = %run.agent, night = %run.night, notes.new = intake.notes.len());
        // the notes may be of traces of the agent's own
        intake.traces.iter().for_each(|trace| span.add_link(trace.clone()));
        let work = move || tidy::tidy_knowing(&known, &memory, &intake.notes, night, &limits);
        let tidied = tokio::task::spawn_blocking(work)
            .instrument(span)
            .await
            .map_err(|error| Failure::retry(format!("tidying ended early: {error}")))?;
        // a stopped run took nothing in: the same notes wait for the next night
        let through = if tidied.stopped.is_empty() { through } else { before };
        let mut counts = tidied.counts.clone();
        counts.insert("invalid".to_owned(), invalid);
        let event = MemoryTidied {
            agent: run.agent.to_string(),
            night: run.night.to_string(),
            counts,
            agents_through: through.agents,
            drops_through: through.drops,
            resting_until: resting_until.map(|date| date.to_string()).unwrap_or_default(),
            unchanged: tidied.unchanged,
            stopped: tidied.stopped.clone(),
            agents_from: before.agents,
            drops_from: before.drops,
        };
        Ok((tidied, event))
    }

    /// Everything that the night writes, the event last.
    fn batch(
        &self,
        run: &Run,
        memory: &Memory,
        tidied: &Tidied,
        event: &MemoryTidied,
    ) -> Result<Vec<Outgoing>, Failure> {
        let (agent, night) = (run.agent.as_str(), run.night.to_string());
        let now = self.shared.clock.now();
        let mut batch = Vec::new();
        if !tidied.unchanged {
            let id = content_id(&["brief", agent, &night, &memory.brief_sequence.to_string()]);
            let brief = translate::brief_to_wire(agent, &tidied.brief);
            batch.push(
                Outgoing::event(subject::brief(&run.agent), &id, SELFCARE, now, &brief).after(memory.brief_sequence),
            );
            for (page, notes) in translate::pages(agent, &night, &tidied.notes).iter().enumerate() {
                let id = content_id(&["notes", agent, &night, &page.to_string()]);
                batch.push(Outgoing::event(
                    subject::notes_page(&run.agent, run.night, page),
                    &id,
                    SELFCARE,
                    now,
                    notes,
                ));
            }
            for entry in &tidied.diary {
                let id = content_id(&["diary", agent, &night, &entry.date.to_string()]);
                let subject = subject::diary(&run.agent, entry.date);
                batch.push(Outgoing::event(subject, &id, SELFCARE, now, &translate::diary_to_wire(agent, entry)));
            }
        }
        let id = content_id(&["memory-tidied", agent, &night]);
        batch.push(Outgoing::event(subject::memory_tidied(&run.agent, run.night), &id, SELFCARE, now, event).once());
        if batch.len() > BATCH_MESSAGES {
            return Err(Failure::reject(format!(
                "the night has {} messages, at most {BATCH_MESSAGES} fit one batch",
                batch.len()
            )));
        }
        Ok(batch)
    }

    /// The trail record of a night whose event is stored. Who waits for the record reads the new memory from this
    /// replica; a view that is late does not hold the night up.
    async fn trail(&self, run: &Run, event: &MemoryTidied, sequence: u64) -> Handled {
        let _ = self.shared.memories.reached(sequence, READ_YOUR_NIGHT).await;
        let outcome = match (event.stopped.is_empty(), event.unchanged) {
            (false, _) => Outcome::Stopped,
            (true, true) => Outcome::Nothing,
            (true, false) => Outcome::Done,
        };
        self.record(run, outcome, event.counts.clone(), event.stopped.clone(), sequence).await
    }

    async fn record(
        &self,
        run: &Run,
        outcome: Outcome,
        counts: BTreeMap<String, u64>,
        detail: String,
        sequence: u64,
    ) -> Handled {
        let now = self.shared.clock.now();
        let record = TrailRecord {
            night: run.night.to_string(),
            agent: run.agent.to_string(),
            stage: Stage::Selfcare.into(),
            outcome: outcome.into(),
            counts,
            duration_us: u64::try_from(now.duration_since(run.began).as_micros()).unwrap_or(0),
            trace_id: run.trace_id.clone(),
            detail,
            stream_sequence: sequence,
            ended_at: now.to_string(),
        };
        let id = content_id(&["trail", &record.night, &record.agent, SELFCARE]);
        let subject = subject::trail(run.night, &run.agent, Stage::Selfcare);
        match self.shared.bus.publish(Outgoing::event(subject, &id, SELFCARE, now, &record).once()).await {
            Ok(stored) => {
                if !stored.duplicate {
                    night_ended(Stage::Selfcare, outcome);
                }
                Ok(())
            }
            Err(PublishError::Conflict { .. }) => Ok(()),
            Err(error) => Err(published(error)),
        }
    }
}

impl Handler for Nights {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let run = self.run(&delivery)?;
        self.night(&run).await?;
        run.points.reach(Point::AfterPublish);
        Ok(())
    }

    async fn dead(&self, delivery: &Delivery, reason: &str) -> Handled {
        // what cannot be read names no night to record
        let Ok(run) = self.run(delivery) else { return Ok(()) };
        self.record(&run, Outcome::Failed, BTreeMap::new(), reason.to_owned(), 0).await
    }
}
