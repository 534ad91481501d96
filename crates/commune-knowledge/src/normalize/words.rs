//! Words: UAX 29, with what is technical kept whole.

use super::{is_unspaced, lower};
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text; most stand in it as they are.
pub(super) fn words(text: &str) -> Vec<Cow<'_, str>> {
    let mut words = Vec::with_capacity(text.len() / 6);
    for chunk in text.split_whitespace() {
        // most chunks are one word, with a mark behind it or none
        let bare = chunk.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            words.push(lower(bare));
            continue;
        }
        let core = chunk
            .trim_matches(is_wrapping)
            .trim_end_matches(['.', ',', ';', ':', '!', '?', '*', '_', '`', '"', '\'', ')'])
            .trim_matches(is_wrapping);
        if is_technical(core) {
            words.push(lower(core));
        } else {
            for word in chunk.unicode_words() {
                if !word.is_ascii() && word.chars().any(is_unspaced) {
                    let signs = word.graphemes(true).filter(|sign| sign.chars().any(char::is_alphanumeric));
                    words.extend(signs.map(lower));
                } else {
                    words.push(lower(word));
                }
            }
        }
    }
    words
}

/// True for a number, version, path, flag, identifier or address in ASCII.
pub(super) fn is_technical(core: &str) -> bool {
    if !core.is_ascii() || core.len() < 2 || core.len() > 400 || !core.bytes().any(|byte| byte.is_ascii_alphanumeric())
    {
        return false;
    }
    let flag =
        core.starts_with('-') && core.trim_start_matches('-').starts_with(|char: char| char.is_ascii_alphanumeric());
    let inner = core.contains(['/', '_', '\\', '@', '=', '$', '%', '~']) || core.contains("::");
    let digits = core.bytes().any(|byte| byte.is_ascii_digit());
    flag || inner || (digits && core.contains(['.', ':', '-', '+', ',']))
}

fn is_wrapping(char: char) -> bool {
    matches!(char, '`' | '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '*' | ',' | ';' | '!' | '?' | '|')
}
