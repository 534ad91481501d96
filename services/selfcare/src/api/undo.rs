//! `UndoNight`: one batch that brings a memory back, and a trail that says so.
//!
//! The memory of before is what the stream tells up to the night: the same view reads it again, as far as that. The
//! brief is written only after the one that was read, like a night's, so that of an undoing and a night at the same
//! moment one wins; the event only once, so that asking again changes nothing.

use commune_bus::{BusError, Outgoing, Project, PublishError, Stored, StreamName, View, subject};
use commune_proto::{
    AgentId, NightId, content_id,
    night::v1::{Outcome, Stage, TrailRecord},
    selfcare::v1::{MemoryTidied, NightUndone},
};
use commune_runtime::access::Caller;
use prost::Name;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{READ_YOUR_WRITE, unavailable};
use crate::{
    handlers::{SELFCARE, Shared, VIEW_DEADLINE},
    log_view::Log,
    memory::Memory,
    memory_view::Memories,
    translate,
    undo::{self, Newest, Refusal, Step, Undo},
};

/// Most nights of one agent that are looked at.
const NIGHTS: usize = 100_000;
/// Most notes put back by hand that the answer names.
const NAMED: usize = 100;
/// How often a trail that changes at the same moment is written again.
const ROUNDS: usize = 3;

/// Undoes a night of an agent whose memory is `now`.
pub(super) async fn undo(
    shared: &Shared,
    caller: &Caller,
    agent: &AgentId,
    night: NightId,
    now: &Memory,
) -> Result<NightUndone, Status> {
    if let Some(event) = earlier(shared, agent, night).await? {
        return Ok(event);
    }
    let newest = match undo::newest(&steps(shared, agent).await?, night) {
        Ok(newest) => newest,
        // somebody else may have undone it since
        Err(refusal) => return earlier(shared, agent, night).await?.ok_or_else(|| refused(agent, &refusal)),
    };
    let before = before(shared, agent, newest.sequence).await?;
    let undo = Undo::of(now, &before);
    let event = told(shared, caller, agent, &newest, &undo, &before);
    let stored = match shared.bus.publish_batch(batch(shared, agent, night, now, &undo, &event)).await {
        Ok(stored) => stored,
        Err(PublishError::Conflict { .. }) => {
            let problem = "a night or a restored note changed the memory at the same moment: ask again";
            return earlier(shared, agent, night).await?.ok_or_else(|| Status::aborted(problem));
        }
        Err(error @ PublishError::Refused { .. }) => return Err(Status::failed_precondition(error.to_string())),
        Err(error @ PublishError::Unavailable(_)) => return Err(Status::unavailable(error.to_string())),
    };
    tracing::info!(
        %agent, %night, by = %event.undone_by, back_to = event.back_to, notes.waiting = undo.waiting.len(),
        notes.changed_back = undo.notes.len(), "night undone"
    );
    trail(shared, agent, night, &event, stored.sequence).await?;
    // so that whoever asks next sees it
    let _ = shared.memories.reached(stored.sequence, READ_YOUR_WRITE).await;
    Ok(event)
}

/// What was answered when this night was undone before, its trail made sure of; none when it was not.
async fn earlier(shared: &Shared, agent: &AgentId, night: NightId) -> Result<Option<NightUndone>, Status> {
    let last = shared.bus.last(StreamName::Memory, &subject::night_undone(agent, night)).await.map_err(bus)?;
    let Some(stored) = last else { return Ok(None) };
    let event: NightUndone = stored.event().map_err(|error| Status::failed_precondition(error.to_string()))?;
    trail(shared, agent, night, &event, stored.sequence).await?;
    Ok(Some(event))
}

/// What happened to the memory, in order.
async fn steps(shared: &Shared, agent: &AgentId) -> Result<Vec<Step>, Status> {
    let filters = [subject::memory_tidied_of(agent), subject::nights_undone_of(agent)];
    let messages = shared.bus.read(StreamName::Memory, &filters.each_ref().map(String::as_str), NIGHTS).await;
    Ok(messages.map_err(bus)?.iter().filter_map(step).collect())
}

/// None for what no night can be read of.
fn step(message: &Stored) -> Option<Step> {
    if message.header(commune_bus::attribute::TYPE) == Some(NightUndone::full_name().as_str()) {
        let undone: NightUndone = message.event().ok()?;
        return Some(Step::Undone { night: undone.night.parse().ok()? });
    }
    let tidied: MemoryTidied = message.event().ok()?;
    Some(Step::Tidied { night: tidied.night.parse().ok()?, changed: !tidied.unchanged, sequence: message.sequence })
}

/// The memory as it was before the message with this sequence.
async fn before(shared: &Shared, agent: &AgentId, end: u64) -> Result<Memory, Status> {
    let filters = vec![subject::memory_of(agent), subject::memory_tidied_of(agent)];
    let (stop, memories) = (CancellationToken::new(), Memories::new(Log::default()));
    let _stop = stop.clone().drop_guard();
    let view = View::start(&shared.bus, StreamName::Memory, filters, Until { memories, end }, stop);
    let read = tokio::time::timeout(VIEW_DEADLINE, view.caught_up()).await;
    read.map_err(|_| Status::unavailable(format!("the history of agents/{agent} could not be read in time")))?;
    Ok(view.read(|until| until.memories.get(agent.as_str())).map(|memory| memory.as_ref().clone()).unwrap_or_default())
}

/// The memories up to a message, which is left out.
struct Until {
    memories: Memories,
    end: u64,
}

impl Project for Until {
    fn apply(&mut self, message: &Stored) {
        if message.sequence < self.end {
            self.memories.apply(message);
        }
    }
}

fn told(
    shared: &Shared,
    caller: &Caller,
    agent: &AgentId,
    newest: &Newest,
    undo: &Undo,
    before: &Memory,
) -> NightUndone {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let counts = [
        ("waiting", undo.waiting.len()),
        ("changed_back", undo.notes.len()),
        ("diary_entries", undo.diary.len() + undo.no_diary.len()),
        ("put_back", undo.put_back.len()),
    ];
    NightUndone {
        agent: agent.to_string(),
        night: newest.night.to_string(),
        back_to: newest.back_to.map(|night| night.to_string()).unwrap_or_default(),
        undone_by: caller.to_string(),
        undone_at: shared.clock.now().to_string(),
        counts: counts.into_iter().map(|(name, count)| (name.to_owned(), number(count))).collect(),
        agents_through: before.cutoffs.agents,
        drops_through: before.cutoffs.drops,
        resting_until: before.resting_until.map(|date| date.to_string()).unwrap_or_default(),
        put_back: undo.put_back.iter().take(NAMED).cloned().collect(),
    }
}

/// Everything that is written, the event last.
fn batch(
    shared: &Shared,
    agent: &AgentId,
    night: NightId,
    now: &Memory,
    undo: &Undo,
    event: &NightUndone,
) -> Vec<Outgoing> {
    let (name, of) = (agent.as_str(), night.to_string());
    let at = shared.clock.now();
    let id = |what: &str, which: &str| content_id(&["undone", what, name, &of, which]);
    let (brief, pages, diary) = translate::undone_to_wire(name, &of, undo);
    // as a night names its brief: by what it comes after
    let brief_id = content_id(&["brief", name, &brief.night, &now.brief_sequence.to_string()]);
    let mut batch =
        vec![Outgoing::event(subject::brief(agent), &brief_id, SELFCARE, at, &brief).after(now.brief_sequence)];
    for (page, notes) in pages.iter().enumerate() {
        let subject = subject::notes_undone(agent, night, page);
        batch.push(Outgoing::event(subject, &id("notes", &page.to_string()), SELFCARE, at, notes));
    }
    for (date, entry) in &diary {
        let subject = subject::diary(agent, *date);
        batch.push(Outgoing::event(subject, &id("diary", &entry.date), SELFCARE, at, entry));
    }
    batch.push(Outgoing::event(subject::night_undone(agent, night), &id("night", ""), SELFCARE, at, event).once());
    batch
}

/// The night's own record says from now on that it was undone, and by whom.
async fn trail(
    shared: &Shared,
    agent: &AgentId,
    night: NightId,
    event: &NightUndone,
    sequence: u64,
) -> Result<(), Status> {
    let subject = subject::trail(night, agent, Stage::Selfcare);
    let at = shared.clock.now();
    for _ in 0..ROUNDS {
        let last = shared.bus.last(StreamName::Nights, &subject).await.map_err(bus)?;
        let after = last.as_ref().map_or(0, |last| last.sequence);
        let ended: TrailRecord = last.and_then(|last| last.event().ok()).unwrap_or_default();
        if ended.outcome() == Outcome::Undone {
            return Ok(());
        }
        let record = TrailRecord {
            night: night.to_string(),
            agent: agent.to_string(),
            stage: Stage::Selfcare.into(),
            outcome: Outcome::Undone.into(),
            counts: event.counts.clone(),
            detail: format!("undone by {} at {}", event.undone_by, event.undone_at),
            stream_sequence: sequence,
            ended_at: event.undone_at.clone(),
            ..ended
        };
        let id = content_id(&["trail", &record.night, &record.agent, SELFCARE]);
        let id = if after == 0 { id } else { format!("{id}-after-{after}") };
        match shared.bus.publish(Outgoing::event(subject.clone(), &id, SELFCARE, at, &record).after(after)).await {
            Ok(_) => return Ok(()),
            Err(PublishError::Conflict { .. }) => {}
            Err(error) => return Err(untold(&error.to_string())),
        }
    }
    Err(untold("it was contended"))
}

fn untold(why: &str) -> Status {
    Status::unavailable(format!("the night is undone, but its trail does not say so yet ({why}): ask again"))
}

fn refused(agent: &AgentId, refusal: &Refusal) -> Status {
    let said = format!("agents/{agent}: {refusal}");
    match refusal {
        Refusal::Absent { .. } => Status::not_found(said),
        Refusal::Unchanged { .. } | Refusal::NotNewest { .. } => Status::failed_precondition(said),
    }
}

fn bus(error: BusError) -> Status {
    unavailable(commune_bus::Failure::retry(error))
}
