//! The last gate against secrets: **no secret enters the library**, whoever brings it.

use commune_knowledge::secrets;

use super::Piece;

pub(super) fn gate(piece: &Piece) -> Option<String> {
    check(&format!("{}\n{}", piece.title, piece.text))
}

/// Why a text may not enter; never the secret itself.
pub fn check(text: &str) -> Option<String> {
    let finding = secrets::scan(text).into_iter().next()?;
    Some(format!(
        "secret:{} in line {}: remove the secret from the text (and change it, since it was shared), then share it again",
        finding.rule, finding.line
    ))
}
