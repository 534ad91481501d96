//! What the intake of selfcare would refuse by itself, told to who logs it instead of to a dead letter: bounds of the fields, and what a
//! reader cannot see.

use commune_knowledge::hostile;
use commune_proto::agent::v1 as wire;
use prost::Message;

use crate::failure::Failure;

/// Most bytes of a note with all that it says.
const WHOLE: usize = 256 * 1024;
/// Most tags.
const TAGS: usize = 32;

/// Refuses a note that would not be taken in.
pub(super) fn check(note: &wire::Note) -> Result<(), Failure> {
    let refuse = |words: String| Err(Failure::Refused(words));
    let kind = note.kind.replace([' ', '_'], "-");
    if kind.len() > 32 || !kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return refuse("kind: use 1 to 32 of a-z, 0-9 and `-`, such as lesson, decision, fix".to_owned());
    }
    let fields = [("title", &note.title, 256), ("key", &note.key, 256), ("source", &note.source, 512)];
    let tags = note.tags.iter().map(|tag| ("tags", tag, 64));
    for (name, text, most) in fields.into_iter().chain(tags) {
        if text.len() > most || text.contains('\n') {
            return refuse(format!("{name}: one line of at most {most} bytes; this one has {}", text.len()));
        }
    }
    if note.tags.len() > TAGS {
        return refuse(format!("tags: at most {TAGS}; these are {}", note.tags.len()));
    }
    for text in [&note.title, &note.text] {
        if let Some(finding) = hostile::unseen(text) {
            return refuse(format!("the note holds what its reader cannot see ({}): {}", finding.rule, finding.advice));
        }
    }
    if let Some(deep) = hostile::too_deep(&note.text) {
        return refuse(format!("the note is nested too deeply: {deep}"));
    }
    match note.encoded_len() {
        whole if whole > WHOLE => refuse(format!(
            "the note has {whole} bytes with its title, tags and so on; at most {WHOLE} are allowed. Split it, or store it with \
             `commune artifact`"
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut wire::Note), words: &str) {
        let mut note = wire::Note { text: "The board listens on port 8080.".into(), ..wire::Note::default() };
        assert!(check(&note).is_ok());
        change(&mut note);
        let ended = check(&note);
        assert!(matches!(&ended, Err(Failure::Refused(said)) if said.contains(words)), "{ended:?}: {words}");
    }

    #[test]
    fn what_would_not_be_taken_in_is_refused() {
        refused(|note| note.kind = "a lesson!".into(), "kind: use 1 to 32");
        refused(|note| note.title = "t".repeat(257), "title: one line of at most 256 bytes");
        refused(|note| note.key = "two\nlines".into(), "key: one line");
        refused(|note| note.tags = vec!["é".repeat(33)], "tags: one line of at most 64 bytes; this one has 66");
        refused(|note| note.tags = (0..33).map(|n| n.to_string()).collect(), "tags: at most 32");
        refused(|note| note.text = "see\u{E0041}\u{E0042}".into(), "cannot see");
        refused(|note| note.text = format!("{}x", "> ".repeat(100)), "nested too deeply");
        refused(|note| note.text = "x".repeat(256 * 1024), "with its title");
    }
}
