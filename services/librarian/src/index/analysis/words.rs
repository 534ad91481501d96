//! The words of a text, by character properties alone.

use unicode_normalization::{
    UnicodeNormalization as _,
    char::{decompose_compatible, is_combining_mark},
};

/// Longest word in characters; longer ones are data, not words.
const LONGEST_WORD: usize = 40;

/// Stand within a word and show nothing of themselves: joiners and the soft hyphen.
pub(super) const JOINERS: [char; 3] = ['\u{200C}', '\u{200D}', '\u{AD}'];
/// Makes an Arabic word longer to the eye.
const TATWEEL: char = '\u{640}';
const CANDRABINDU: char = '\u{901}';
const ANUSVARA: char = '\u{902}';

/// A word of a text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded: lower case, compatibility forms decomposed, no marks but those that make another letter.
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
        if let Some(mut word) = open.take().filter(|w| !w.text.is_empty() && w.text.chars().count() <= LONGEST_WORD) {
            compose(&mut word.text);
            words.push(word);
        }
    };
    for (at, c) in text.char_indices() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                let word = open.get_or_insert_with(|| Word { text: String::new(), from: at, to: at, single: false });
                word.text.push(c.to_ascii_lowercase());
                word.to = at + 1;
            } else {
                close(&mut open, &mut words);
            }
            continue;
        }
        if JOINERS.contains(&c) {
            continue;
        }
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
            compose(&mut single.text);
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

/// True for a word that can be misspelled: of an alphabet, without digits, and not short.
pub fn is_spelled(word: &Word) -> bool {
    const SHORTEST: usize = 4;
    !word.single && word.text.chars().count() >= SHORTEST && word.text.chars().all(char::is_alphabetic)
}

/// A word folded as those of a text are.
pub(super) fn folded(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    word.chars().for_each(|c| fold(c, &mut text));
    compose(&mut text);
    text
}

/// Marks that were kept make one character with their letter where there is one.
fn compose(text: &mut String) {
    if !text.is_ascii() {
        *text = text.nfc().collect();
    }
}

/// Lower case, compatibility forms decomposed, without marks that readers leave out ([`keeps`]).
fn fold(c: char, into: &mut String) {
    if c.is_ascii() {
        into.push(c.to_ascii_lowercase());
        return;
    }
    if ('\u{AC00}'..='\u{D7AF}').contains(&c) {
        into.push(c);
        return;
    }
    decompose_compatible(c, |part| match part {
        TATWEEL => {}
        'ß' | 'ẞ' => into.push_str("ss"),
        'æ' | 'Æ' => into.push_str("ae"),
        'œ' | 'Œ' => into.push_str("oe"),
        'ø' | 'Ø' => into.push('o'),
        'ł' | 'Ł' => into.push('l'),
        // one sound, written either way
        CANDRABINDU => into.push(ANUSVARA),
        mark if is_combining_mark(mark) && !into.chars().next_back().is_some_and(|letter| keeps(letter, mark)) => {}
        part => into.extend(part.to_lowercase()),
    });
}

/// Whether a letter is another with a mark: a vowel of an Indic script, the breve of `й`. Accents, vowel points and the dots of
/// `ё` are left out as often as they are written.
fn keeps(letter: char, mark: char) -> bool {
    const BREVE: char = '\u{306}';
    const DIAERESIS: char = '\u{308}';
    const NUKTA: char = '\u{93C}';
    match letter {
        c if c.is_ascii() => false,
        '\u{370}'..='\u{3FF}' | '\u{590}'..='\u{5FF}' | '\u{600}'..='\u{77F}' => false,
        '\u{400}'..='\u{52F}' => mark == BREVE || mark == DIAERESIS && letter != 'е',
        _ => mark != NUKTA,
    }
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
