//! The words of a text, by character properties alone.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Longest word in characters; longer ones are data, not words.
const LONGEST_WORD: usize = 40;

/// A word of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: lower case, compatibility forms decomposed, marks on Latin letters dropped.
    pub text: String,
    /// Where it begins, in bytes.
    pub from: usize,
    /// Where it ends, in bytes.
    pub to: usize,
    /// A character of a script without spaces.
    pub single: bool,
}

/// The words of a text.
pub fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let close = |open: &mut Option<Word>, words: &mut Vec<Word>| {
        if let Some(word) = open.take().filter(|w| !w.text.is_empty() && w.text.chars().count() <= LONGEST_WORD) {
            words.push(word);
        }
    };
    for (at, c) in text.char_indices() {
        let mark = is_combining_mark(c);
        if !c.is_alphanumeric() && !(mark && (open.is_some() || without_spaces(c))) {
            close(&mut open, &mut words);
            continue;
        }
        let end = at + c.len_utf8();
        if without_spaces(c) {
            close(&mut open, &mut words);
            let mut single = Word { text: String::new(), from: at, to: end, single: true };
            fold(c, &mut single.text);
            words.push(single);
            continue;
        }
        let word = open.get_or_insert_with(|| Word { text: String::new(), from: at, to: end, single: false });
        fold(c, &mut word.text);
        word.to = end;
    }
    close(&mut open, &mut words);
    words
}

/// The words of a text as they are written, folded, to compare a misspelled one with.
pub fn spellings(text: &str) -> Vec<String> {
    words(text).into_iter().filter(is_spelled).map(|word| word.text).collect()
}

/// True for a word that can be misspelled: of an alphabet, without digits, and not short.
pub fn is_spelled(word: &Word) -> bool {
    const SHORTEST: usize = 4;
    !word.single && word.text.chars().count() >= SHORTEST && word.text.chars().all(char::is_alphabetic)
}

/// Lower case, compatibility forms decomposed, and no marks after a Latin letter.
fn fold(c: char, into: &mut String) {
    if c.is_ascii() {
        into.push(c.to_ascii_lowercase());
        return;
    }
    if ('\u{AC00}'..='\u{D7AF}').contains(&c) {
        into.push(c);
        return;
    }
    decompose_compatible(c, |part| {
        if is_combining_mark(part) && into.chars().next_back().is_none_or(|last| last.is_ascii()) {
            return;
        }
        into.extend(part.to_lowercase());
    });
}

/// Scripts that write no spaces between words.
fn without_spaces(c: char) -> bool {
    matches!(c,
        '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}' | '\u{20000}'..='\u{3FFFF}')
}

/// Neighbours in a script without spaces, and where they begin and end.
pub(super) fn pairs(words: &[Word]) -> Vec<(String, usize, usize)> {
    words
        .windows(2)
        .filter(|w| w[0].single && w[1].single && w[0].to == w[1].from)
        .map(|w| (format!("{}{}", w[0].text, w[1].text), w[0].from, w[1].to))
        .collect()
}
