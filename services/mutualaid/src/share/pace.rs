//! Pace: how much is shared in one night, in which order, and what waits.
//!
//! **Burnout is the limit**: a cap for each agent and night. What does not fit waits; nothing is lost.

use super::{Piece, order};

/// A cleared piece with the open needs that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The piece.
    pub piece: Piece,
    /// Needs, by id.
    pub answers: Vec<String>,
}

/// Puts what answers a need first, then what was learned first, and parts it at the cap: (shared, waiting).
/// Does not depend on the order of the input.
pub fn pace(mut candidates: Vec<Candidate>, cap: usize) -> (Vec<Candidate>, Vec<Candidate>) {
    candidates.sort_by(|a, b| (a.answers.is_empty(), order(&a.piece)).cmp(&(b.answers.is_empty(), order(&b.piece))));
    let waiting = candidates.split_off(cap.min(candidates.len()));
    (candidates, waiting)
}
