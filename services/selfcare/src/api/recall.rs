//! `RecallNotes`: an agent asks its own memory; what was answered speaks for the notes that answered it.

use std::sync::Arc;

use commune_bus::{Outgoing, PublishError, subject};
use commune_knowledge::{document, normalize};
use commune_proto::{
    AgentId, content_id,
    selfcare::v1::{NotesRecalled, RecallNotesRequest, RecallNotesResponse, RecallStatus, RecalledNote},
};
use commune_runtime::grpc::{invalid, page_size};
use tonic::Status;

use super::READ_YOUR_WRITE;
use crate::{
    brief::{logged_text, shorten},
    handlers::{SELFCARE, Shared},
    memory::{Cutoffs, Note},
    recall::{Certainty, QUESTIONS_A_DAY, recall},
};

/// Most bytes of a question.
const QUESTION_BYTES: usize = 1024;
/// Most bytes of an excerpt.
const EXCERPT_BYTES: usize = 300;

/// Answers a question to a memory.
pub(super) async fn answer(
    shared: &Shared,
    agent: &AgentId,
    request: &RecallNotesRequest,
) -> Result<RecallNotesResponse, Status> {
    let most = page_size(request.page_size, 5, 50)?;
    let asked = normalize::question(&request.question);
    if !asked.chars().any(char::is_alphanumeric) || request.question.len() > QUESTION_BYTES {
        let bytes = request.question.len();
        return Err(invalid("question", format!("it has {bytes} bytes: ask something in 1 to {QUESTION_BYTES}")));
    }
    let memory = shared.memories.read(|memories| memories.get(agent.as_str())).unwrap_or_default();
    let to = Cutoffs { agents: u64::MAX, drops: u64::MAX };
    let (log, known, agent_id) = (shared.log.clone(), Arc::clone(&shared.known), agent.clone());
    let question = request.question.clone();
    let work = move || {
        let waiting = log.take(&agent_id, memory.cutoffs, to, None).notes;
        let recalled = recall(&memory, &waiting, &known, &question, most);
        let status = match recalled.certainty {
            Certainty::Found => RecallStatus::Found,
            Certainty::Low => RecallStatus::LowConfidence,
            Certainty::NotKnown => RecallStatus::NotKnown,
        };
        let notes = recalled.notes.iter();
        let notes = notes.map(|(note, score)| RecalledNote {
            waiting: !memory.notes.contains_key(&note.id),
            ..told(&agent_id, note, *score)
        });
        let answer = RecallNotesResponse { notes: notes.collect(), status: status.into() };
        (answer, recalled.answering.into_iter().map(|note| note.id.clone()).collect::<Vec<_>>())
    };
    let done = tokio::task::spawn_blocking(work).await;
    let (answer, answering) = done.map_err(|error| Status::internal(format!("recalling ended early: {error}")))?;
    if !answering.is_empty() {
        remember(shared, agent, &asked, answering).await;
    }
    Ok(answer)
}

fn told(agent: &AgentId, note: &Note, score: f64) -> RecalledNote {
    RecalledNote {
        name: format!("agents/{agent}/notes/{}", note.id),
        title: note.title.clone(),
        kind: note.kind.clone(),
        excerpt: shorten(&document::plain_text(logged_text(note)), EXCERPT_BYTES),
        logged_on: note.logged_on.to_string(),
        score,
        waiting: false,
    }
}

/// Says that these notes answered a question, once for each question. The answer stands without it: it is evidence of a note's
/// worth and nothing more.
async fn remember(shared: &Shared, agent: &AgentId, asked: &str, notes: Vec<String>) {
    let now = shared.clock.now();
    let question = content_id(&["recall", asked]);
    let counted = shared.memories.read(|memories| memories.questions_on(agent.as_str(), now));
    if counted >= QUESTIONS_A_DAY {
        tracing::debug!(%agent, "a recollection was not counted: {QUESTIONS_A_DAY} of this day were");
        return;
    }
    let id = content_id(&["recalled", agent.as_str(), &question]);
    let subject = subject::notes_recalled(agent, &question);
    let event = NotesRecalled { agent: agent.to_string(), question, notes, recalled_at: now.to_string() };
    match shared.bus.publish(Outgoing::event(subject, &id, SELFCARE, now, &event).once()).await {
        // so that the next question knows that this one was counted
        Ok(stored) => drop(shared.memories.reached(stored.sequence, READ_YOUR_WRITE).await),
        // asked before
        Err(PublishError::Conflict { .. }) => {}
        Err(error) => tracing::warn!(%agent, %error, "a recollection was answered and not counted"),
    }
}
