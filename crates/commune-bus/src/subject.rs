//! Every subject of the commune, built and parsed in one place.

use commune_proto::{AgentId, ArticlePath, NightId, NoteId, night::v1::Stage};

use crate::StreamName;

/// The schedule of the next night: the `@at` message itself.
pub const NIGHT_SCHEDULE: &str = "commune.night.schedule";
/// Where the schedule's message arrives when the night is due.
pub const NIGHT_DUE: &str = "commune.night.due";
/// Every request for a night by hand.
pub const NIGHT_REQUESTED_ALL: &str = "commune.night.requested.>";
/// Every opened night.
pub const NIGHT_OPENED_ALL: &str = "commune.night.opened.>";
/// Every begun night of every agent.
pub const NIGHT_BEGUN_ALL: &str = "commune.night.begun.>";
/// The whole trail.
pub const TRAIL_ALL: &str = "commune.night.trail.>";
/// Every page of notes of every agent.
pub const NOTES_ALL: &str = "commune.memory.*.notes.>";
/// Every memory-tidied event.
pub const MEMORY_TIDIED_ALL: &str = "commune.event.memory-tidied.>";
/// Every knowledge-shared event.
pub const KNOWLEDGE_SHARED_ALL: &str = "commune.event.knowledge-shared.>";
/// Every session of mutual aid.
pub const AID_SESSION_ALL: &str = "commune.aid.session.>";
/// Every need that was asked.
pub const NEED_ALL: &str = "commune.aid.need.>";
/// Every withdrawn note.
pub const WITHDRAWN_ALL: &str = "commune.aid.withdrawn.>";
/// Every revision of every article.
pub const ARTICLE_CURATED_ALL: &str = "commune.event.article-curated.>";
/// What happened to every proposal.
pub const PROPOSAL_ALL: &str = "commune.library.proposal.*";
/// Every proposal whose window is over.
pub const PROPOSAL_DUE_ALL: &str = "commune.night.proposal-due.*";

/// Where an agent says something: with an id it is kept once for ever (stream AGENTS), without one every
/// message counts (stream DROPS).
pub fn said(agent: &AgentId, kind: &str, id: Option<&NoteId>) -> String {
    match id {
        Some(id) => format!("commune.agent.{agent}.{kind}.{id}"),
        None => format!("commune.agent.{agent}.{kind}"),
    }
}

/// What the subject of a stored message of AGENTS or DROPS says. The tokens are not checked yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    /// Who spoke.
    pub agent: &'a str,
    /// note, artifact, need, feedback, rest, withdraw or voice.
    pub kind: &'a str,
    /// The id, in AGENTS only.
    pub id: Option<&'a str>,
}

/// Reads the subject of a stored message of AGENTS (after its transform) or of DROPS.
pub fn parse_said(subject: &str) -> Option<Said<'_>> {
    let tokens: Vec<&str> = subject.split('.').collect();
    match tokens.as_slice() {
        ["commune", "agent", agent, kind] => Some(Said { agent, kind, id: None }),
        ["commune", "agent", agent, kind, id] => Some(Said { agent, kind, id: Some(id) }),
        ["commune", "log", _partition, agent, kind, id] => Some(Said { agent, kind, id: Some(id) }),
        _ => None,
    }
}

/// Stored messages of one kind in AGENTS (after the transform).
pub fn kind_in_agents(kind: &str) -> String {
    format!("commune.log.*.*.{kind}.*")
}

/// Stored messages of one kind in DROPS.
pub fn kind_in_drops(kind: &str) -> String {
    format!("commune.agent.*.{kind}")
}

/// Everything of one agent in a stream of what agents said (AGENTS after its transform, or DROPS); none for any other stream.
pub fn said_by(stream: StreamName, agent: &AgentId) -> Option<String> {
    match stream {
        StreamName::Agents => Some(format!("commune.log.*.{agent}.*.*")),
        StreamName::Drops => Some(format!("commune.agent.{agent}.*")),
        _ => None,
    }
}

/// A request for a night by hand.
pub fn night_requested(night: NightId) -> String {
    format!("commune.night.requested.{night}")
}

/// The opening of a night.
pub fn night_opened(night: NightId) -> String {
    format!("commune.night.opened.{night}")
}

/// The beginning of one agent's night.
pub fn night_begun(night: NightId, agent: &AgentId) -> String {
    format!("commune.night.begun.{night}.{agent}")
}

/// The trail of one agent's night at one stage.
pub fn trail(night: NightId, agent: &AgentId, stage: Stage) -> String {
    format!("commune.night.trail.{night}.{agent}.{}", stage_token(stage))
}

/// The trail of one night.
pub fn trail_of(night: NightId) -> String {
    format!("commune.night.trail.{night}.>")
}

/// A stage as a token: the name of its service.
pub fn stage_token(stage: Stage) -> &'static str {
    match stage {
        Stage::Selfcare => "selfcare",
        Stage::Mutualaid => "mutualaid",
        Stage::Librarian => "librarian",
        Stage::Unspecified => "unspecified",
    }
}

/// A page of changed notes.
pub fn notes_page(agent: &AgentId, night: NightId, page: usize) -> String {
    format!("commune.memory.{agent}.notes.{night}.{page}")
}

/// A page of one note that was restored by hand.
pub fn notes_restored(agent: &AgentId, note: &NoteId) -> String {
    format!("commune.memory.{agent}.notes.restored.{note}")
}

/// A page of notes as they were before a night that is undone.
pub fn notes_undone(agent: &AgentId, night: NightId, page: usize) -> String {
    format!("commune.memory.{agent}.notes.undone.{night}.{page}")
}

/// That one agent's night was undone.
pub fn night_undone(agent: &AgentId, night: NightId) -> String {
    format!("commune.memory.{agent}.undone.{night}")
}

/// Every night of one agent that was undone.
pub fn nights_undone_of(agent: &AgentId) -> String {
    format!("commune.memory.{agent}.undone.*")
}

/// All of one agent's memory but the memory-tidied events.
pub fn memory_of(agent: &AgentId) -> String {
    format!("commune.memory.{agent}.>")
}

/// That one agent recalled something: one message for each question.
pub fn notes_recalled(agent: &AgentId, question: &str) -> String {
    format!("commune.memory.{agent}.recalled.{question}")
}

/// An agent's brief.
pub fn brief(agent: &AgentId) -> String {
    format!("commune.memory.{agent}.brief")
}

/// One day of an agent's diary.
pub fn diary(agent: &AgentId, date: jiff::civil::Date) -> String {
    format!("commune.memory.{agent}.diary.{date}")
}

/// The memory-tidied event of one agent and night.
pub fn memory_tidied(agent: &AgentId, night: NightId) -> String {
    format!("commune.event.memory-tidied.{agent}.{night}")
}

/// Every memory-tidied event of one agent.
pub fn memory_tidied_of(agent: &AgentId) -> String {
    format!("commune.event.memory-tidied.{agent}.*")
}

/// The knowledge-shared event of one contribution.
pub fn knowledge_shared(agent: &AgentId, contribution: &str) -> String {
    format!("commune.event.knowledge-shared.{agent}.{contribution}")
}

/// The session of mutual aid of one agent and night.
pub fn aid_session(agent: &AgentId, night: NightId) -> String {
    format!("commune.aid.session.{agent}.{night}")
}

/// One asking of a need.
pub fn need_asked(need: &str, ask: &str) -> String {
    format!("commune.aid.need.{need}.{ask}")
}

/// The withdrawal of one note.
pub fn note_withdrawn(agent: &AgentId, note: &NoteId) -> String {
    format!("commune.aid.withdrawn.{agent}.{note}")
}

/// The revisions of an article.
pub fn article_curated(path: &ArticlePath) -> String {
    let mut subject = String::from("commune.event.article-curated");
    for segment in path.segments() {
        subject.push('.');
        subject.push_str(segment);
    }
    subject
}

/// What happened to a proposal.
pub fn proposal(id: &str) -> String {
    format!("commune.library.proposal.{id}")
}

/// The window of a proposal: the `@at` message itself.
pub fn proposal_window(id: &str) -> String {
    format!("commune.night.proposal.{id}")
}

/// Where that message arrives when the window is over.
pub fn proposal_due(id: &str) -> String {
    format!("commune.night.proposal-due.{id}")
}

/// What an agent said of an article.
pub fn feedback_given(agent: &AgentId, id: &str) -> String {
    format!("commune.use.feedback.{agent}.{id}")
}

/// A batch of what an agent read.
pub fn articles_read(agent: &AgentId, batch: &str) -> String {
    format!("commune.use.read.{agent}.{batch}")
}

/// A page of a night's receipts, from 1.
pub fn receipts_given(night: NightId, page: usize) -> String {
    format!("commune.use.receipts.{night}.{page}")
}

/// A message that a stage could not handle; one dead letter for each message of a stream.
pub fn dead(stage: &str, stream: &str, sequence: u64) -> String {
    format!("commune.dead.{stage}.{stream}.{sequence}")
}

/// Where one agent hears back.
pub fn inbox(agent: &AgentId, what: &str) -> String {
    format!("commune.inbox.{agent}.{what}")
}

/// Every subject that is published on or stored, with its ids left open; `{path}` at the end stands for one part or more.
const TEMPLATES: [&str; 32] = [
    NIGHT_SCHEDULE,
    NIGHT_DUE,
    "commune.night.proposal.{proposal}",
    "commune.night.proposal-due.{proposal}",
    "commune.library.proposal.{proposal}",
    "commune.night.requested.{night}",
    "commune.night.opened.{night}",
    "commune.night.begun.{night}.{agent}",
    "commune.night.trail.{night}.{agent}.{stage}",
    "commune.agent.{agent}.{kind}",
    "commune.agent.{agent}.{kind}.{id}",
    "commune.log.{partition}.{agent}.{kind}.{id}",
    "commune.memory.{agent}.brief",
    "commune.memory.{agent}.diary.{date}",
    "commune.memory.{agent}.recalled.{question}",
    "commune.memory.{agent}.undone.{night}",
    "commune.memory.{agent}.notes.restored.{note}",
    "commune.memory.{agent}.notes.{night}.{page}",
    "commune.memory.{agent}.notes.undone.{night}.{page}",
    "commune.event.memory-tidied.{agent}.{night}",
    "commune.event.knowledge-shared.{agent}.{contribution}",
    "commune.event.article-curated.{path}",
    "commune.use.feedback.{agent}.{id}",
    "commune.use.read.{agent}.{batch}",
    "commune.use.receipts.{night}.{page}",
    "commune.aid.session.{agent}.{night}",
    "commune.aid.need.{need}.{ask}",
    "commune.aid.withdrawn.{agent}.{note}",
    "commune.dead.{stage}.{stream}.{sequence}",
    "commune.inbox.{agent}.{what}",
    "$O.ARTIFACTS.C.{path}",
    "$O.ARTIFACTS.M.{path}",
];

/// A subject without its ids, for names of spans and labels of metrics, of which there must not be many.
pub fn template(subject: &str) -> &'static str {
    TEMPLATES.into_iter().find(|template| fits(template, subject)).unwrap_or("other")
}

fn fits(template: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in template.split('.') {
        match tokens.next() {
            Some(_) if wanted == "{path}" => return true,
            Some(found) if wanted == found || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_has_a_template_that_names_no_id() {
        let (agent, night): (AgentId, NightId) = ("ada".parse().unwrap(), "2026-02-14".parse().unwrap());
        let (note, date): (NoteId, _) = ("n1".parse().unwrap(), jiff::civil::date(2026, 2, 14));
        for (subject, wanted) in [
            (NIGHT_DUE.to_owned(), NIGHT_DUE),
            (said(&agent, "note", Some(&note)), "commune.agent.{agent}.{kind}.{id}"),
            (said(&agent, "note", None), "commune.agent.{agent}.{kind}"),
            ("commune.log.3.ada.note.n1".to_owned(), "commune.log.{partition}.{agent}.{kind}.{id}"),
            (proposal("p"), "commune.library.proposal.{proposal}"),
            (proposal_window("p"), "commune.night.proposal.{proposal}"),
            (proposal_due("p"), "commune.night.proposal-due.{proposal}"),
            (night_requested(night), "commune.night.requested.{night}"),
            (night_opened(night), "commune.night.opened.{night}"),
            (night_begun(night, &agent), "commune.night.begun.{night}.{agent}"),
            (trail(night, &agent, Stage::Selfcare), "commune.night.trail.{night}.{agent}.{stage}"),
            (notes_page(&agent, night, 0), "commune.memory.{agent}.notes.{night}.{page}"),
            (notes_restored(&agent, &note), "commune.memory.{agent}.notes.restored.{note}"),
            (notes_undone(&agent, night, 0), "commune.memory.{agent}.notes.undone.{night}.{page}"),
            (night_undone(&agent, night), "commune.memory.{agent}.undone.{night}"),
            (notes_recalled(&agent, "q"), "commune.memory.{agent}.recalled.{question}"),
            (brief(&agent), "commune.memory.{agent}.brief"),
            (diary(&agent, date), "commune.memory.{agent}.diary.{date}"),
            (memory_tidied(&agent, night), "commune.event.memory-tidied.{agent}.{night}"),
            (knowledge_shared(&agent, "c"), "commune.event.knowledge-shared.{agent}.{contribution}"),
            (aid_session(&agent, night), "commune.aid.session.{agent}.{night}"),
            (need_asked("n", "a"), "commune.aid.need.{need}.{ask}"),
            (note_withdrawn(&agent, &note), "commune.aid.withdrawn.{agent}.{note}"),
            (article_curated(&"how-to/restart/it".parse().unwrap()), "commune.event.article-curated.{path}"),
            (feedback_given(&agent, "f"), "commune.use.feedback.{agent}.{id}"),
            (articles_read(&agent, "b"), "commune.use.read.{agent}.{batch}"),
            (receipts_given(night, 1), "commune.use.receipts.{night}.{page}"),
            (dead("selfcare", "DROPS", 4), "commune.dead.{stage}.{stream}.{sequence}"),
            (inbox(&agent, "held"), "commune.inbox.{agent}.{what}"),
            ("elsewhere".to_owned(), "other"),
        ] {
            assert_eq!(template(&subject), wanted, "{subject}");
        }
    }
}
