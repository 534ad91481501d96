//! Bounds of sizes: what is too large alone is refused in words, what is too much together is taken in one part after the other.

use commune_proto::ArticlePath;

use super::Piece;

/// Most bytes of an article's body.
pub const BODY_LIMIT: usize = 512 * 1024;
/// Most bytes of a revision's reason.
pub(super) const REASON_LIMIT: usize = 4096;

/// Most contributions that are folded at a time: one atomic batch.
const GROUP: usize = 200;
/// Most bytes of their text.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Whether a group of so many contributions, and bytes of text, takes one more of this size; if not, the next group has it.
pub fn group_takes(count: usize, bytes: usize, more: usize) -> bool {
    // no text is as large as that, but one that stayed out of every group would hold up all that follow
    count == 0 || (count < GROUP && bytes + more <= GROUP_BYTES)
}

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

    #[test]
    fn a_group_is_full_with_so_many_contributions_or_so_much_text() {
        assert!(group_takes(199, 199, 1) && !group_takes(200, 200, 1));
        let note = 256 * 1024;
        assert!(group_takes(31, 31 * note, note) && !group_takes(31, 31 * note, note + 1));
        assert!(!group_takes(32, 32 * note, 1));
        assert!(group_takes(0, 0, 33 * note), "what is larger than a group is a group of its own");
    }
}
