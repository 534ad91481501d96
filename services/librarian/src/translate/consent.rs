//! Between the wire and proposals.

use commune_bus::{Outgoing, subject};
use commune_proto::{ArticlePath, NightId, content_id, librarian::v1 as wire};
use jiff::Timestamp;

use super::TranslateError;
use crate::{
    consent::{Change, Happened, Proposal, State, Step},
    handlers::STAGE,
};

/// What is proposed.
///
/// # Errors
/// What is wrong with it, beginning with the field, and what to write there.
pub fn change(change: &wire::ProposedChange) -> Result<Change, String> {
    let path = || change.path.parse::<ArticlePath>().map_err(|problem| format!("change.path: {problem}"));
    let to = || change.to.parse::<ArticlePath>().map_err(|problem| format!("change.to: {problem}"));
    Ok(match change.kind() {
        wire::ChangeKind::Unspecified => return Err("change.kind: say what is to be done".to_owned()),
        wire::ChangeKind::Remove => Change::Remove(path()?),
        wire::ChangeKind::Redirect => Change::Redirect(path()?, to()?),
        wire::ChangeKind::Merge => Change::Merge(path()?, to()?),
        wire::ChangeKind::Rename => Change::Rename(path()?, to()?),
        wire::ChangeKind::Split => Change::Split(path()?),
        wire::ChangeKind::Revert => {
            let is_id = change.made.len() == 32 && change.made.bytes().all(|b| b.is_ascii_hexdigit());
            if !is_id {
                change.made.parse::<NightId>().map_err(|problem| format!("change.made: {problem}"))?;
            }
            Change::Revert(change.made.clone())
        }
    })
}

/// What is proposed, for the wire.
fn change_to_wire(change: &Change) -> wire::ProposedChange {
    use wire::ChangeKind as Kind;
    let (kind, path, to, made) = match change {
        Change::Remove(path) => (Kind::Remove, path.as_str(), "", ""),
        Change::Redirect(path, to) => (Kind::Redirect, path.as_str(), to.as_str(), ""),
        Change::Merge(path, into) => (Kind::Merge, path.as_str(), into.as_str(), ""),
        Change::Rename(path, to) => (Kind::Rename, path.as_str(), to.as_str(), ""),
        Change::Split(path) => (Kind::Split, path.as_str(), "", ""),
        Change::Revert(made) => (Kind::Revert, "", "", made.as_str()),
    };
    wire::ProposedChange { kind: kind.into(), path: path.into(), to: to.into(), made: made.into() }
}

/// What happened to a proposal.
///
/// # Errors
/// [`TranslateError`] when a part of it is missing or cannot be read.
pub(super) fn happened(event: wire::ProposalChanged) -> Result<Happened, TranslateError> {
    let time = |time: &str| time.parse::<Timestamp>().map_err(|_| TranslateError::Missing("time"));
    let proposed = || {
        let proposed = event.change.as_ref().ok_or(TranslateError::Missing("change"))?;
        change(proposed).map_err(|_| TranslateError::Missing("change"))
    };
    let step = match event.step() {
        wire::ProposalStep::Unspecified => return Err(TranslateError::Missing("step")),
        wire::ProposalStep::Made => Step::Made(proposed()?, time(&event.applies_at)?),
        wire::ProposalStep::Objected => Step::Objected,
        wire::ProposalStep::Answered => Step::Answered(event.objection as usize, time(&event.applies_at)?),
        wire::ProposalStep::Amended => Step::Amended(proposed()?, time(&event.applies_at)?),
        wire::ProposalStep::TakenBack => Step::TakenBack,
        wire::ProposalStep::Applied => Step::Applied(event.revisions.clone()),
        wire::ProposalStep::Failed => Step::Failed,
    };
    Ok(Happened { at: time(&event.at)?, proposal: event.proposal, agent: event.agent, reason: event.reason, step })
}

fn happened_to_wire(happened: &Happened) -> wire::ProposalChanged {
    let mut event = wire::ProposalChanged {
        proposal: happened.proposal.clone(),
        agent: happened.agent.clone(),
        at: happened.at.to_string(),
        reason: happened.reason.clone(),
        ..wire::ProposalChanged::default()
    };
    let step = match &happened.step {
        Step::Made(..) => wire::ProposalStep::Made,
        Step::Objected => wire::ProposalStep::Objected,
        Step::Answered(..) => wire::ProposalStep::Answered,
        Step::Amended(..) => wire::ProposalStep::Amended,
        Step::TakenBack => wire::ProposalStep::TakenBack,
        Step::Applied(_) => wire::ProposalStep::Applied,
        Step::Failed => wire::ProposalStep::Failed,
    };
    event.set_step(step);
    match &happened.step {
        Step::Made(change, due) | Step::Amended(change, due) => {
            (event.change, event.applies_at) = (Some(change_to_wire(change)), due.to_string());
        }
        Step::Answered(objection, due) => {
            event.objection = u32::try_from(*objection).unwrap_or(u32::MAX);
            event.applies_at = due.to_string();
        }
        Step::Applied(revisions) => event.revisions.clone_from(revisions),
        Step::Objected | Step::TakenBack | Step::Failed => {}
    }
    event
}

/// What happened, as the message that follows what happened to the proposal before; 0 for the first.
pub fn proposal_event(happened: &Happened, after: u64) -> Outgoing {
    let event = happened_to_wire(happened);
    let step = event.step().as_str_name();
    let id = content_id(&["proposal", &happened.proposal, step, &happened.agent, &happened.reason, &after.to_string()]);
    Outgoing::event(subject::proposal(&happened.proposal), &id, STAGE, happened.at, &event).after(after)
}

/// A proposal for the wire, where it is at a time.
pub fn proposal_to_wire(proposal: &Proposal, now: Timestamp) -> wire::Proposal {
    let state = match proposal.state(now) {
        State::Waiting | State::Due => wire::ProposalState::Waiting,
        State::Objected => wire::ProposalState::Objected,
        State::Applied => wire::ProposalState::Applied,
        State::Failed => wire::ProposalState::Failed,
        State::TakenBack => wire::ProposalState::TakenBack,
    };
    let objections = (1..).zip(&proposal.objections).map(|(number, objection)| {
        let (answered_by, answer, at) = match objection.answer.clone() {
            Some((by, answer, at)) => (by, answer, at.to_string()),
            None => Default::default(),
        };
        wire::Objection {
            number,
            agent: objection.agent.clone(),
            reason: objection.reason.clone(),
            objected_at: objection.at.to_string(),
            answer,
            answered_by,
            answered_at: at,
        }
    });
    let ended = proposal.ended.as_ref();
    wire::Proposal {
        name: format!("proposals/{}", proposal.id),
        change: Some(change_to_wire(&proposal.change)),
        proposer: proposal.agent.clone(),
        reason: proposal.reason.clone(),
        state: state.into(),
        made_at: proposal.made_at.to_string(),
        applies_at: proposal.due.to_string(),
        objections: objections.collect(),
        ended_at: ended.map(|ended| ended.at.to_string()).unwrap_or_default(),
        outcome: ended.map(|ended| ended.reason.clone()).unwrap_or_default(),
        revisions: match ended.map(|ended| &ended.step) {
            Some(Step::Applied(revisions)) => revisions.clone(),
            _ => Vec::new(),
        },
    }
}
