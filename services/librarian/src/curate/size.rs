//! Bounds of sizes, each with a clear refusal.

use commune_proto::ArticlePath;

use super::Piece;

/// Most bytes of an article's body.
pub const BODY_LIMIT: usize = 512 * 1024;
/// Most bytes of a revision's reason.
pub(super) const REASON_LIMIT: usize = 4096;

/// An empty contribution says nothing.
pub(super) fn gate(piece: &Piece) -> Option<String> {
    piece.text.trim().is_empty().then(|| "the contribution has no text".to_owned())
}

/// Refuses a body over the bound.
pub(super) fn bound(path: &ArticlePath, body: &str) -> Result<(), String> {
    if body.len() <= BODY_LIMIT {
        return Ok(());
    }
    Err(format!(
        "`{path}` would have {} bytes and an article may have {BODY_LIMIT}: log the note again, shorter or under another title",
        body.len()
    ))
}

/// At most `limit` bytes, cut between characters, with an ellipsis where something was cut.
pub(super) fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_of_the_bound_fits_and_one_byte_more_does_not() {
        let path: ArticlePath = "how-to/water".parse().unwrap();
        assert_eq!(bound(&path, &"x".repeat(BODY_LIMIT)), Ok(()));
        let refused = bound(&path, &"x".repeat(BODY_LIMIT + 1)).unwrap_err();
        assert!(
            refused.starts_with("`how-to/water` would have 524289 bytes and an article may have 524288"),
            "{refused}"
        );
    }
}
