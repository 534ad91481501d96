//! Normalisation: one form for texts that a reader would call the same.

mod identity;
mod slug;
mod words;

pub(crate) use identity::code_parts;
pub use slug::slug;

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Most bytes of a slug.
pub const SLUG_LIMIT: usize = 80;

/// The text as it is stored: Unicode NFC, line ends `\n`, no byte order mark, no trailing blanks at the very end.
/// Idempotent.
pub fn text(raw: &str) -> String {
    stored(raw).into_owned()
}

/// [`text`]; itself where it is in that form but for its ends, as most are.
fn stored(raw: &str) -> Cow<'_, str> {
    let raw = raw.trim_start_matches('\u{feff}');
    if !raw.contains('\r') && (raw.is_ascii() || is_nfc_quick(raw.chars()) == IsNormalized::Yes) {
        return raw.trim_end().into();
    }
    let mut stored = String::with_capacity(raw.len());
    let mut chars = raw.nfc().peekable();
    while let Some(char) = chars.next() {
        if char == '\r' {
            if chars.peek() == Some(&'\n') {
                chars.next();
            }
            stored.push('\n');
        } else {
            stored.push(char);
        }
    }
    stored.truncate(stored.trim_end().len());
    stored.into()
}

/// The key under which two texts count as identical: [`text`], then case folded, Markdown decoration
/// (emphasis, list bullets, heading marks) and runs of white space reduced. Code keeps its case. Idempotent.
pub fn identity(text: &str) -> String {
    identity::identity(text)
}

/// A question in the form under which two askings are one need: case folded, punctuation and white space reduced.
pub fn question(text: &str) -> String {
    let mut asked = words(&text.nfkc().collect::<String>()).join(" ");
    // What was inside a mark may be a mark itself; each pass takes some away.
    loop {
        let again = words(&asked).join(" ");
        if again == asked || again.is_empty() {
            break;
        }
        asked = again;
    }
    if !asked.is_empty() {
        return asked;
    }
    // Nothing but signs: they are the question.
    identity(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words of a text for comparison: lower case, Unicode word segmentation (UAX 29); scripts without spaces give
/// one word for each character; numbers, versions, paths and flags stay whole.
pub fn words(text: &str) -> Vec<String> {
    words::words(text).into_iter().map(Cow::into_owned).collect()
}

/// [`words`] that are copied only where they are not in lower case already.
pub(crate) fn borrowed_words(text: &str) -> Vec<Cow<'_, str>> {
    words::words(text)
}

/// A word in lower case; itself where it is in lower case already, as most are.
pub(crate) fn lower(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

/// True for a character of a script that is written without spaces between words.
pub(crate) fn is_unspaced(char: char) -> bool {
    matches!(u32::from(char),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF | 0x20000..=0x3134F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(rule: fn(&str) -> String, input: &str, expected: &str) {
        assert_eq!(rule(input), expected, "for {input:?}");
    }

    #[test]
    fn text_is_stored_in_one_form() {
        check(text, "\u{feff}Cafe\u{301}\r\nune ligne\rfin \n\n", "Café\nune ligne\nfin");
        check(text, "", "");
        check(text, "👩\u{200d}👩\u{200d}👧 bleiben zusammen", "👩\u{200d}👩\u{200d}👧 bleiben zusammen");
    }

    #[test]
    fn identity_ignores_what_a_reader_does_not_see() {
        for (left, right) in [
            ("# Title\n\n- one\n- two", "## TITLE\n\n\n* one\n* two\n"),
            ("Some **bold** and _soft_ words", "some bold and soft words"),
            ("wrapped\nover lines", "wrapped over lines"),
            ("Größe  ÄNDERN", "größe ändern"),
            ("> quoted", "quoted"),
            ("~~~\nCode\n~~~", "```\nCode\n```"),
        ] {
            assert_eq!(identity(left), identity(right), "{left:?} and {right:?}");
        }
        for (left, right) in [
            ("use `Foo`", "use `foo`"),
            ("```\nA\n```", "```\na\n```"),
            ("snake_case_name", "snakecasename"),
            ("2 * 3 * 4", "2 3 4"),
            ("- [ ] open", "- [x] open"),
            ("run grep -v here", "run grep -V here"),
            ("端口 8080", "端口 9090"),
        ] {
            assert_ne!(identity(left), identity(right), "{left:?} and {right:?}");
        }
    }

    #[test]
    fn questions_lose_their_punctuation() {
        check(question, "  How do I  rotate the log?? ", "how do i rotate the log");
        check(question, "how do I rotate the log", "how do i rotate the log");
        check(question, "如何轮换日志？", "如 何 轮 换 日 志");
        check(question, "???", "???");
        check(question, "Wie heißt der Port 8080?", "wie heißt der port 8080");
    }

    #[test]
    fn words_keep_what_is_one() {
        let check = |input: &str, expected: &[&str]| assert_eq!(words(input), expected, "for {input:?}");
        check("Run `cargo test --all-features`, now.", &["run", "cargo", "test", "--all-features", "now"]);
        check("see /etc/nats.conf (v2.15.1)!", &["see", "/etc/nats.conf", "v2.15.1"]);
        check("端口是8080。", &["端", "口", "是", "8080"]);
        check("L'été est là", &["l'été", "est", "là"]);
        check("पोर्ट बदलें", &["पोर्ट", "बदलें"]);
        check("المنفذ الجديد", &["المنفذ", "الجديد"]);
        check("well-known **bold** words", &["well", "known", "bold", "words"]);
    }

    proptest! {
        #[test]
        fn text_and_identity_are_idempotent(raw in "(\\PC|[\n\r\t*_`#>~ -]|[0-9]\\. ){0,60}") {
            let once = text(&raw);
            prop_assert_eq!(text(&once), once.clone());
            let key = identity(&raw);
            prop_assert_eq!(identity(&key), key.clone());
            prop_assert_eq!(identity(&once), key);
        }

        #[test]
        fn any_text_has_words_and_a_question(raw in "\\PC{0,200}") {
            let _ = words(&raw);
            let asked = question(&raw);
            prop_assert_eq!(question(&asked), asked.clone());
        }
    }
}
