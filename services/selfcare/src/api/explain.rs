//! `ExplainNote`: what the rules say of a note, for the wire.

use commune_proto::selfcare::v1::{Neighbour, NoteExplanation, RuleVerdict};

use crate::{
    memory::Note,
    tidy::explain::{self, Explanation},
    translate,
};

/// The explanation of a note for the wire.
pub(super) fn to_wire(note: &Note, explanation: Explanation) -> NoteExplanation {
    let verdict =
        |said: explain::Said| RuleVerdict { rule: said.rule.to_owned(), moved: said.moved, verdict: said.verdict };
    let neighbour = |near: explain::Neighbour| Neighbour {
        note: near.note,
        title: near.title,
        likeness: near.likeness,
        reason: near.reason,
        meaning: near.meaning,
    };
    NoteExplanation {
        note: Some(translate::to_wire(note)),
        verdicts: explanation.said.into_iter().map(verdict).collect(),
        neighbours: explanation.neighbours.into_iter().map(neighbour).collect(),
    }
}
