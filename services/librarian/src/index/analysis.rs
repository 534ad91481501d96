//! How text becomes terms: words for every script, the stems of their language, whole tokens for code.
//!
//! Splitting is by character properties alone, so no language is needed to index one: scripts without spaces give
//! one term for each character (and pairs of neighbours, which keep their order). **A page has each word by the rules of its own language**,
//! marked with it (`de:`) where Latin letters leave that open; a question looks for each word by the rules of every language. So a word
//! of a question that stands in a page is found there, whatever language either was taken for.

mod code;
mod language;
mod stems;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use code::code_tokens;
pub use code::humps;
pub use language::Language;
use language::{Common, empty};
pub use stems::{start, term};
use words::pairs;
pub use words::{Word, is_spelled, words};

/// What a question asks for, beside the words that every question has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Terms as pages in English have them, with how often they were said.
    pub terms: BTreeMap<String, u32>,
    /// What pages in other languages have for a term.
    pub others: BTreeMap<String, BTreeSet<String>>,
    /// Code tokens and character pairs.
    pub exact: BTreeMap<String, u32>,
    /// True for a question in another language than English.
    pub foreign: bool,
    /// The units of meaning, what an answer has to cover, each as it was written.
    pub units: BTreeMap<Unit, String>,
}

/// One unit of meaning of a question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// A term of the field of words.
    Word(String),
    /// A pair of neighbours in a script without spaces, of the exact field.
    Pair(String),
}

impl Unit {
    /// As it is indexed.
    pub fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Pair(text) => text,
        }
    }

    /// The pair, if it is one.
    pub fn pair(&self) -> Option<&str> {
        match self {
            Self::Pair(pair) => Some(pair),
            Self::Word(_) => None,
        }
    }
}

impl Asked {
    /// What a question asks for of pages in some languages. Words that every question has (how, what, do, …) are left out,
    /// unless there are no others.
    pub fn of(question: &str, languages: &[Language]) -> Self {
        let words = words(question);
        let common = Common::of(words.iter().map(|word| word.text.as_str()));
        let words = content(words, &common);
        let mut asked = Self::default();
        let as_written = |from: usize, to: usize| question[from..to].to_owned();
        for (at, word) in words.iter().enumerate() {
            let Some(term) = asked.say(question, word, languages) else { continue };
            let pairs =
                |other: Option<&Word>| other.is_some_and(|o| o.single && (o.from == word.to || o.to == word.from));
            let in_pair = word.single && (pairs(words.get(at + 1)) || at > 0 && pairs(words.get(at - 1)));
            if !in_pair {
                asked.units.insert(Unit::Word(term), as_written(word.from, word.to));
            }
        }
        for (pair, from, to) in pairs(&words) {
            asked.units.insert(Unit::Pair(pair.clone()), as_written(from, to));
            *asked.exact.entry(pair).or_default() += 1;
        }
        for token in code_tokens(question) {
            *asked.exact.entry(token).or_default() += 1;
        }
        let elsewhere = asked.units.keys().filter(|unit| !unit.text().is_ascii()).count();
        asked.foreign = common.is_foreign() || 2 * elsewhere > asked.units.len();
        asked
    }

    /// Asks for a word of a text once more, and says its term.
    pub fn say(&mut self, text: &str, word: &Word, languages: &[Language]) -> Option<String> {
        let main = term(text, word, Language::English)?;
        *self.terms.entry(main.clone()).or_default() += 1;
        let others = languages.iter().filter_map(|language| term(text, word, *language)).filter(|other| *other != main);
        for other in others {
            self.others.entry(main.clone()).or_default().insert(other);
        }
        Some(main)
    }

    /// All that pages have for a term of [`Asked::terms`].
    pub fn forms<'a>(&'a self, term: &'a str) -> impl Iterator<Item = &'a str> {
        std::iter::once(term).chain(self.others.get(term).into_iter().flatten().map(String::as_str))
    }
}

/// The terms of a text in a language, in order: what the field of words holds.
pub fn terms(text: &str, language: Language) -> Vec<String> {
    words(text).iter().filter_map(|word| term(text, word, language)).collect()
}

/// The words that say what a question is about; all, where none does.
fn content(words: Vec<Word>, common: &Common) -> Vec<Word> {
    let mut helper: Vec<bool> = words.iter().map(|word| !word.single && common.has(&word.text)).collect();
    let mut from = 0;
    while from < words.len() {
        let many = run(&words[from..]);
        let texts: Vec<&str> = words[from..from + many].iter().map(|word| word.text.as_str()).collect();
        for (at, empty) in empty(&texts).into_iter().enumerate() {
            helper[from + at] |= empty;
        }
        from += many.max(1);
    }
    if helper.iter().all(|helper| *helper) {
        return words;
    }
    words.into_iter().zip(helper).filter(|(_, helper)| !helper).map(|(word, _)| word).collect()
}

/// How many characters of a script without spaces follow each other from the first on.
fn run(words: &[Word]) -> usize {
    let first = words.iter().take(1).filter(|word| word.single).count();
    first + words.windows(2).take_while(|w| first > 0 && w[1].single && w[0].to == w[1].from).count()
}

/// The tokens of the exact field: identifiers, flags, paths and versions whole, and pairs of neighbouring
/// characters of scripts without spaces. `words` are those of the text.
pub fn exact(text: &str, words: &[Word]) -> Vec<String> {
    let mut tokens = code_tokens(text);
    tokens.extend(pairs(words).into_iter().map(|(pair, _, _)| pair));
    tokens
}

#[cfg(test)]
mod tests;
