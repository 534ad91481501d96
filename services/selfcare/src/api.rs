//! gRPC: questions about an agent's memory, putting a note back, and undoing a night.

mod explain;
mod recall;
mod undo;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use commune_bus::{Failure, Outgoing, PublishError, subject};
use commune_proto::{
    AgentId, NightId, NoteId, content_id,
    selfcare::v1::{
        Brief, DiaryEntry, ExplainNoteRequest, GetArtifactRequest, GetBriefRequest, GetDiaryEntryRequest,
        ListNotesRequest, ListNotesResponse, NightUndone, NoteExplanation, NoteState, NotesPage, PutArtifactRequest,
        PutArtifactResponse, RecallNotesRequest, RecallNotesResponse, RestoreNoteRequest, TidiedNote, UndoNightRequest,
        memory_service_server::MemoryService,
    },
};
use commune_runtime::{
    access::Caller,
    grpc::{invalid, page_size},
};
use prost::Message as _;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    artifacts, brief,
    handlers::{SELFCARE, Shared},
    memory::{Memory, Note, State},
    relations::Relations,
    tidy, translate,
    value::Values,
};

/// Most bytes of notes in one answer; a client takes 4 MiB by default.
const ANSWER_BYTES: usize = 3 * 1024 * 1024;
/// How long an answer waits until this replica's own view has what was written.
const READ_YOUR_WRITE: Duration = Duration::from_secs(5);

/// Answers `MemoryService`. Cheap to clone; UNAVAILABLE until it is given what to serve.
#[derive(Debug, Clone, Default)]
pub struct Api {
    shared: Arc<OnceLock<Shared>>,
    room: artifacts::Room,
}

impl Api {
    /// Serves from now on.
    pub fn serve(&self, shared: Shared) {
        // only the first call counts, and there is one
        let _ = self.shared.set(shared);
    }

    fn shared(&self) -> Result<&Shared, Status> {
        self.shared.get().ok_or_else(|| Status::unavailable("the memory is being read from the stream: try again soon"))
    }

    fn memory(&self, agent: &AgentId) -> Result<Arc<Memory>, Status> {
        let memory = self.shared()?.memories.read(|memories| memories.get(agent.as_str()));
        memory.ok_or_else(|| {
            Status::not_found(format!("agents/{agent} has no memory yet: it is made by its first night"))
        })
    }

    fn brief(&self, caller: &Caller, request: &GetBriefRequest) -> Result<Brief, Status> {
        let agent = match segments(&request.name).as_slice() {
            ["agents", agent, "brief"] => own(caller, agent)?,
            _ => return Err(malformed(&request.name, "agents/{agent}/brief")),
        };
        let memory = self.memory(&agent)?;
        let brief =
            memory.brief.as_ref().ok_or_else(|| Status::not_found(format!("agents/{agent} has no brief yet")))?;
        Ok(translate::brief_to_wire(agent.as_str(), brief))
    }

    fn diary(&self, caller: &Caller, request: &GetDiaryEntryRequest) -> Result<DiaryEntry, Status> {
        let (agent, date) = match segments(&request.name).as_slice() {
            ["agents", agent, "diaryEntries", date] => (own(caller, agent)?, *date),
            _ => return Err(malformed(&request.name, "agents/{agent}/diaryEntries/{date}")),
        };
        let day = date.parse().map_err(|_| invalid("name", format!("`{date}` is not a date, such as 2026-02-14")))?;
        let memory = self.memory(&agent)?;
        let entry = memory.diary.get(&day);
        let entry = entry.ok_or_else(|| Status::not_found(format!("agents/{agent} has no diary entry for {day}")))?;
        Ok(translate::diary_to_wire(agent.as_str(), entry))
    }

    fn notes(&self, caller: &Caller, request: &ListNotesRequest) -> Result<ListNotesResponse, Status> {
        let agent = match segments(&request.parent).as_slice() {
            ["agents", agent] => own(caller, agent)?,
            _ => return Err(invalid("parent", format!("`{}` is not `agents/{{agent}}`", request.parent))),
        };
        let state = match NoteState::try_from(request.state) {
            Ok(state) => state,
            Err(_) => return Err(invalid("state", format!("{} is not a state of a note", request.state))),
        };
        let size = page_size(request.page_size, 100, 1000)?;
        let after = PageToken::read(&request.page_token, state)?;
        let memory = self.memory(&agent)?;
        let matching = |note: &&Note| state == NoteState::Unspecified || translate::state_to_wire(note.state) == state;
        let total = memory.notes.values().filter(matching).count();
        let mut answer =
            ListNotesResponse { total_size: i32::try_from(total).unwrap_or(i32::MAX), ..Default::default() };
        let mut bytes = 0;
        for note in memory.notes.values().filter(matching).filter(|note| note.id > after) {
            let wire = translate::to_wire(note);
            bytes += wire.encoded_len();
            let full = answer.notes.len() == size || bytes > ANSWER_BYTES;
            if let Some(last) = answer.notes.last().filter(|_| full) {
                answer.next_page_token = PageToken::write(state, &last.id);
                break;
            }
            answer.notes.push(wire);
        }
        Ok(answer)
    }

    async fn restore(&self, caller: &Caller, request: &RestoreNoteRequest) -> Result<TidiedNote, Status> {
        let (agent, note) = own_note(caller, &request.name)?;
        let shared = self.shared()?;
        shared.memories_current().await.map_err(unavailable)?;
        let memory = self.memory(&agent)?;
        let found = memory.notes.get(note.as_str());
        let found = found.ok_or_else(|| no_note(&agent, &note))?;
        if found.state == State::Active {
            return Ok(translate::to_wire(found));
        }
        let Some(restored) = memory.restored(note.as_str()) else {
            return Err(no_note(&agent, &note));
        };
        let wire = translate::to_wire(&restored);
        let batch = restoration(shared, &agent, &note, &memory, restored);
        let stored = shared.bus.publish_batch(batch).await.map_err(|error| match error {
            PublishError::Conflict { .. } => {
                Status::aborted("a night changed the memory at the same moment: ask again")
            }
            PublishError::Refused { .. } => Status::failed_precondition(error.to_string()),
            PublishError::Unavailable(_) => Status::unavailable(error.to_string()),
        })?;
        tracing::info!(%agent, note = %note, "note restored");
        // so that whoever asks next sees it
        let _ = shared.memories.reached(stored.sequence, READ_YOUR_WRITE).await;
        Ok(wire)
    }

    /// What the rules say of a note, worked out away from the threads that serve.
    async fn explain(&self, caller: &Caller, request: &ExplainNoteRequest) -> Result<NoteExplanation, Status> {
        let (agent, note) = own_note(caller, &request.name)?;
        let memory = self.memory(&agent)?;
        let known = Arc::clone(&self.shared()?.known);
        let work = move || {
            let explanation = tidy::explain::explain_knowing(&known, &memory, note.as_str());
            let note = memory.notes.get(note.as_str()).zip(explanation).ok_or(note)?;
            Ok(explain::to_wire(note.0, note.1))
        };
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|error| Status::internal(format!("explaining ended early: {error}")))?;
        done.map_err(|note: NoteId| no_note(&agent, &note))
    }

    async fn recall(&self, caller: &Caller, request: &RecallNotesRequest) -> Result<RecallNotesResponse, Status> {
        let agent = match segments(&request.parent).as_slice() {
            ["agents", agent] => own(caller, agent)?,
            _ => return Err(invalid("parent", format!("`{}` is not `agents/{{agent}}`", request.parent))),
        };
        recall::answer(self.shared()?, &agent, request).await
    }

    async fn undo(&self, caller: &Caller, request: &UndoNightRequest) -> Result<NightUndone, Status> {
        let (agent, night) = match segments(&request.name).as_slice() {
            ["agents", agent, "nights", night] => {
                (own(caller, agent)?, night.parse::<NightId>().map_err(|error| invalid("name", error))?)
            }
            _ => return Err(malformed(&request.name, "agents/{agent}/nights/{night}")),
        };
        let shared = self.shared()?;
        shared.memories_current().await.map_err(unavailable)?;
        undo::undo(shared, caller, &agent, night, self.memory(&agent)?.as_ref()).await
    }
}

/// What puts a note back: the brief with it, then its page, which ends the batch.
fn restoration(shared: &Shared, agent: &AgentId, note: &NoteId, memory: &Memory, restored: Note) -> Vec<Outgoing> {
    let now = shared.clock.now();
    let night = memory.brief.as_ref().map(|brief| brief.night.clone()).unwrap_or_default();
    let others = memory.notes.values().filter(|other| other.id != restored.id);
    let notes = others.chain(std::iter::once(&restored));
    let values = Values::of(notes.clone(), shared.limits.retention, night.parse().ok(), &shared.known, &memory.recalls);
    let relations = Relations::of(notes.clone(), &shared.known);
    let faded = values.faded(notes.clone());
    let active = notes.filter(|note| note.is_active());
    let brief = brief::write(active, &values, &relations, &faded, &shared.limits.brief, &night);
    let sequence = memory.brief_sequence.to_string();
    let id = |what: &str| content_id(&["restored", what, agent.as_str(), note.as_str(), &sequence]);
    let brief = translate::brief_to_wire(agent.as_str(), &brief);
    let notes = vec![translate::to_wire(&restored)];
    let page = NotesPage { agent: agent.to_string(), night, notes, waiting: Vec::new() };
    vec![
        Outgoing::event(subject::brief(agent), &id("brief"), SELFCARE, now, &brief).after(memory.brief_sequence),
        Outgoing::event(subject::notes_restored(agent, note), &id("note"), SELFCARE, now, &page),
    ]
}

/// Where a list goes on. Stable: it names the last id that was answered, so that changes in between move nothing.
struct PageToken;

impl PageToken {
    fn write(state: NoteState, last: &str) -> String {
        hex::encode(format!("{}/{last}", i32::from(state)))
    }

    /// The last id that was answered; empty at the beginning.
    fn read(token: &str, state: NoteState) -> Result<String, Status> {
        if token.is_empty() {
            return Ok(String::new());
        }
        let text = hex::decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match text.as_deref().and_then(|text| text.split_once('/')) {
            Some((of, last)) if of == i32::from(state).to_string() && last.parse::<NoteId>().is_ok() => {
                Ok(last.to_owned())
            }
            _ => Err(invalid("page_token", "give the next_page_token of an answer to the same question, or none")),
        }
    }
}

fn segments(name: &str) -> Vec<&str> {
    name.split('/').collect()
}

/// The agent of a name, when the caller is that agent or may act for any. **Nothing of a memory is looked at before.**
fn own(caller: &Caller, text: &str) -> Result<AgentId, Status> {
    let agent: AgentId = text.parse().map_err(|error| invalid("name", error))?;
    caller.acts_for(&agent)?;
    Ok(agent)
}

/// The agent and the note of a name.
fn own_note(caller: &Caller, name: &str) -> Result<(AgentId, NoteId), Status> {
    match segments(name).as_slice() {
        ["agents", agent, "notes", note] => {
            Ok((own(caller, agent)?, note.parse().map_err(|error| invalid("name", error))?))
        }
        _ => Err(malformed(name, "agents/{agent}/notes/{note}")),
    }
}

fn no_note(agent: &AgentId, note: &NoteId) -> Status {
    Status::not_found(format!("agents/{agent} has no note {note}"))
}

fn malformed(name: &str, form: &str) -> Status {
    invalid("name", format!("`{}` is not `{form}`", name.chars().take(200).collect::<String>()))
}

fn unavailable(failure: Failure) -> Status {
    match failure {
        Failure::Retry(reason) | Failure::Reject(reason) => Status::unavailable(reason),
    }
}

#[tonic::async_trait]
impl MemoryService for Api {
    async fn get_brief(&self, request: Request<GetBriefRequest>) -> Result<Response<Brief>, Status> {
        self.brief(&Caller::of(&request), request.get_ref()).map(Response::new)
    }

    async fn get_diary_entry(&self, request: Request<GetDiaryEntryRequest>) -> Result<Response<DiaryEntry>, Status> {
        self.diary(&Caller::of(&request), request.get_ref()).map(Response::new)
    }

    async fn list_notes(&self, request: Request<ListNotesRequest>) -> Result<Response<ListNotesResponse>, Status> {
        self.notes(&Caller::of(&request), request.get_ref()).map(Response::new)
    }

    async fn restore_note(&self, request: Request<RestoreNoteRequest>) -> Result<Response<TidiedNote>, Status> {
        self.restore(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn explain_note(&self, request: Request<ExplainNoteRequest>) -> Result<Response<NoteExplanation>, Status> {
        self.explain(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn recall_notes(
        &self,
        request: Request<RecallNotesRequest>,
    ) -> Result<Response<RecallNotesResponse>, Status> {
        self.recall(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn undo_night(&self, request: Request<UndoNightRequest>) -> Result<Response<NightUndone>, Status> {
        self.undo(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn put_artifact(
        &self,
        request: Request<Streaming<PutArtifactRequest>>,
    ) -> Result<Response<PutArtifactResponse>, Status> {
        let caller = Caller::of(&request);
        let put = async { artifacts::put(self.shared()?, &self.room, &caller, request.into_inner()).await };
        put.await.map(Response::new)
    }

    type GetArtifactStream = artifacts::Pieces;

    async fn get_artifact(
        &self,
        request: Request<GetArtifactRequest>,
    ) -> Result<Response<Self::GetArtifactStream>, Status> {
        let get = async { artifacts::get(self.shared()?, &self.room, &Caller::of(&request), request.get_ref()).await };
        get.await.map(Response::new)
    }
}
