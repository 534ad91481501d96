//! The last gate for personal data: **what names or finds a person stays with its agent**, also under a rule or a roster that is
//! newer here than where it was shared.

use commune_knowledge::personal::{self, Names};

use super::Piece;

pub(super) fn gate(piece: &Piece, names: &Names) -> Option<String> {
    let finding = personal::scan(&format!("{}\n{}", piece.title, piece.text), names).into_iter().next()?;
    Some(format!("personal:{} in line {}: {}, then share it again", finding.rule, finding.line, finding.advice))
}
