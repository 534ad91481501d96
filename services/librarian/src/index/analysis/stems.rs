//! The stem of a word: what its forms have in common, by the rules of its language.
//!
//! The script tells the language, or nearly: a word in Cyrillic letters is stemmed as Russian is. Latin letters do not, so those words have a
//! stem in every language, and a page has those of its own.

mod arabic;
mod russian;

use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::{
    language::Language,
    words::{JOINERS, Word, folded},
};

/// Words that no page in Latin letters is told by (those that Lucene leaves out).
const UNTOLD: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];
/// Letters of the longest of them.
const LONGEST_UNTOLD: usize = 5;
/// Up to so many letters a word is the same in every language.
const SHORT: usize = 2;

/// The term under which a page in a language has a word of `text`; none for a word that no page is told by.
pub fn term(text: &str, word: &Word, language: Language) -> Option<String> {
    let Some(first) = word.text.chars().next().filter(|_| !word.single) else { return Some(word.text.clone()) };
    let stem = |algorithm| Stemmer::new(algorithm).stem(&word.text).into_owned();
    Some(match first {
        _ if is_latin(&word.text) => return latin(&text[word.from..word.to], &word.text, language),
        '\u{0370}'..='\u{03FF}' => stem(Algorithm::Greek),
        '\u{0400}'..='\u{052F}' => russian::derived(&stem(Algorithm::Russian)).to_owned(),
        '\u{0530}'..='\u{058F}' => stem(Algorithm::Armenian),
        '\u{0600}'..='\u{077F}' => arabic::stem(&word.text),
        '\u{0900}'..='\u{097F}' => stem(Algorithm::Hindi),
        '\u{0B80}'..='\u{0BFF}' => stem(Algorithm::Tamil),
        _ => word.text.clone(),
    })
}

/// What a word and its term in a language both begin with: words that differ in it have no term in common. Of a term of one letter the
/// second is `None`, and it may be that of a word with any second letter. None where stemming may change the first letter, too.
pub fn start(word: &str, language: Language) -> Option<(char, Option<char>)> {
    let letters = match language {
        Language::English => 2,
        // "ue" is taken for "ü"
        Language::German | Language::French | Language::Spanish | Language::Italian | Language::Portuguese => 1,
        // "ge" is taken away
        Language::Dutch => return None,
    };
    let word = word.strip_prefix(language.prefix()).unwrap_or(word);
    if !is_latin(word) {
        return None;
    }
    // "dying" is "die"
    let mut stable = word.chars().take(letters).map(|c| if c == 'y' { 'i' } else { c });
    Some((stable.next()?, stable.next()))
}

/// True for a word that may be in any of the languages that are told apart by their words.
fn is_latin(word: &str) -> bool {
    word.chars().next().is_some_and(|c| c.is_ascii() || ('\u{C0}'..='\u{24F}').contains(&c))
}

fn latin(written: &str, word: &str, language: Language) -> Option<String> {
    if word.len() <= LONGEST_UNTOLD && UNTOLD.contains(&word) {
        return None;
    }
    let stemmer = Stemmer::new(language.algorithm());
    let everywhere = word.len() <= SHORT || word.bytes().any(|byte| byte.is_ascii_digit());
    if language == Language::English || everywhere {
        return Some(Stemmer::new(Algorithm::English).stem(word).into_owned());
    }
    // the rules go by the accents; whoever asks often leaves them out
    let written = if written.is_ascii() {
        accented(word, language)
    } else {
        written.chars().filter(|c| !JOINERS.contains(c)).nfkc().flat_map(char::to_lowercase).collect()
    };
    Some(format!("{}{}", language.prefix(), folded(&stemmer.stem(&written))))
}

/// A word with the accent that its ending has, where only an accent is possible.
fn accented(word: &str, language: Language) -> String {
    let endings: &[(&str, &str)] = match language {
        Language::French => &[("ees", "ées"), ("ee", "ée")],
        Language::Spanish => &[("cion", "ción"), ("sion", "sión")],
        Language::Portuguese => &[("cao", "ção"), ("coes", "ções"), ("sao", "são"), ("soes", "sões")],
        Language::Italian => &[("ita", "ità")],
        Language::English | Language::German | Language::Dutch => &[],
    };
    let ending = endings.iter().find_map(|(bare, right)| Some(format!("{}{right}", word.strip_suffix(bare)?)));
    ending.unwrap_or_else(|| word.to_owned())
}
