//! What a night tells: its session, and the event of each contribution.

use std::collections::BTreeSet;

use commune_knowledge::placement::{CREATE_ALONE, UPDATE_ALONE};
use commune_proto::mutualaid::v1::{
    AidSession, Contribution, Echo, HeldNote, KnowledgeShared, Placement, PlacementAction, PlacementCandidate,
};

use super::Night;
use crate::share::{
    Plan,
    pace::Candidate,
    place::{Action, Placing},
};

/// The session of a night: what was shared, held back, left waiting, and what only repeated the library.
pub(super) fn session(
    night: &Night,
    plan: &Plan,
    placed: &[(Candidate, Placing)],
    echoes: &[(Candidate, Placing)],
) -> AidSession {
    let mut listed = BTreeSet::new();
    let waiting = plan.waiting.iter().map(|candidate| &candidate.piece.note);
    let waiting = waiting.filter(|note| listed.insert(*note)).cloned().collect();
    AidSession {
        agent: night.agent.to_string(),
        night: night.night.to_string(),
        shared: placed.iter().map(|(candidate, _)| candidate.piece.id.clone()).collect(),
        held: plan
            .held
            .iter()
            .map(|(note, hold)| HeldNote {
                note: note.clone(),
                rule: hold.rule.clone(),
                advice: hold.advice.clone(),
                fingerprint: hold.fingerprint.clone(),
            })
            .collect(),
        waiting,
        resting_until: night.event.resting_until.clone(),
        released: plan.released.iter().cloned().collect(),
        echo: echoes
            .iter()
            .map(|(candidate, placing)| Echo {
                contribution: candidate.piece.id.clone(),
                note: candidate.piece.note.clone(),
                path: placing.path.clone(),
                reason: placing.reason.clone(),
            })
            .collect(),
    }
}

/// The event of one contribution.
pub(super) fn knowledge_shared(
    night: &Night,
    candidate: Candidate,
    placing: Placing,
    notes: Vec<String>,
) -> KnowledgeShared {
    let Candidate { piece, answers } = candidate;
    let action = match placing.action {
        Action::Update => PlacementAction::Update,
        Action::Confirm => PlacementAction::Confirm,
        Action::Create | Action::Echo => PlacementAction::Create,
    };
    let candidates =
        placing.considered.into_iter().map(|c| PlacementCandidate { path: c.path, title: c.title, score: c.chance });
    let mut tags = piece.tags;
    tags.sort();
    tags.dedup();
    KnowledgeShared {
        contribution: Some(Contribution {
            id: piece.id,
            agent: night.agent.to_string(),
            night: night.night.to_string(),
            notes,
            title: piece.title,
            kind: piece.kind.as_str().to_owned(),
            text: piece.text,
            tags,
            learned_on: piece.learned_on,
            answers,
        }),
        placement: Some(Placement {
            action: action.into(),
            path: placing.path,
            reason: placing.reason,
            candidates: candidates.collect(),
            section: placing.section,
            chance: placing.chance,
            update_alone: UPDATE_ALONE,
            create_alone: CREATE_ALONE,
            left_to_librarian: placing.left_to_librarian,
            echoed_statements: u32::try_from(placing.echoed).unwrap_or(u32::MAX),
        }),
    }
}
