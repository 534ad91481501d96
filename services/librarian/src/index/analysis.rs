//! How text becomes terms: words for every script, stems for English, whole tokens for code.
//!
//! Splitting is by character properties alone, so no language is needed to index one: scripts without spaces give
//! one term for each character (and pairs of neighbours, which keep their order). English stop words and stems are
//! applied on top; they leave other scripts as they are.

mod code;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use tantivy::tokenizer::{
    Language, RawTokenizer, Stemmer, StopWordFilter, TextAnalyzer, Token, TokenStream, Tokenizer,
};

use code::code_tokens;
pub use code::humps;
use words::pairs;
pub use words::{Word, is_spelled, spellings, words};

/// What a question asks for, beside the words that every question has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Terms with how often they were said.
    pub terms: BTreeMap<String, u32>,
    /// Code tokens and character pairs.
    pub exact: BTreeMap<String, u32>,
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
}

/// Makes terms. Cheap to clone.
#[derive(Clone)]
pub struct Analyzer {
    text: TextAnalyzer,
    stem: TextAnalyzer,
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer")
    }
}

impl Default for Analyzer {
    fn default() -> Self {
        let words = TextAnalyzer::builder(Splitter).dynamic();
        let words = match StopWordFilter::new(Language::English) {
            Some(stop) => words.filter_dynamic(stop),
            None => words,
        };
        Self {
            text: words.filter_dynamic(Stemmer::new(Language::English)).build(),
            stem: TextAnalyzer::builder(RawTokenizer::default()).filter(Stemmer::new(Language::English)).build(),
        }
    }
}

impl Analyzer {
    /// The terms of a text, in order: what the field of words holds.
    pub fn terms(&mut self, text: &str) -> Vec<String> {
        drain(self.text.token_stream(text))
    }

    /// The stem under which a word is indexed.
    pub fn stem(&mut self, word: &str) -> String {
        drain(self.stem.token_stream(word)).pop().unwrap_or_default()
    }

    /// What a question asks for. Words that every question has (how, what, do, …) are left out, unless
    /// there are no others.
    pub fn asked(&mut self, question: &str) -> Asked {
        let words = words(question);
        let helper = |word: &Word| !word.single && is_helper(&word.text);
        let all_helpers = words.iter().all(helper);
        let mut asked = Asked::default();
        let as_written = |from: usize, to: usize| question[from..to].to_owned();
        for (at, word) in words.iter().enumerate() {
            if helper(word) && !all_helpers {
                continue;
            }
            let Some(term) = self.terms(&word.text).pop() else { continue };
            *asked.terms.entry(term.clone()).or_default() += 1;
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
        asked
    }
}

/// The tokens of the exact field: identifiers, flags, paths and versions whole, and pairs of neighbouring
/// characters of scripts without spaces.
pub fn exact(text: &str) -> Vec<String> {
    let mut tokens = code_tokens(text);
    tokens.extend(pairs(&words(text)).into_iter().map(|(pair, _, _)| pair));
    tokens
}

/// Words that questions have in common, folded. Not content in any of these languages.
fn is_helper(word: &str) -> bool {
    HELPERS.contains(word) || word.chars().count() == 1 && word.chars().all(|c| c.is_ascii_alphabetic())
}

static HELPERS: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("analysis/helpers.txt").split_whitespace().collect());

/// Splits as [`words`] does, for tantivy's filters.
#[derive(Clone)]
struct Splitter;

struct Split {
    words: std::vec::IntoIter<Word>,
    token: Token,
}

impl Tokenizer for Splitter {
    type TokenStream<'a> = Split;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Split {
        Split { words: words(text).into_iter(), token: Token::default() }
    }
}

impl TokenStream for Split {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.offset_from = word.from;
        self.token.offset_to = word.to;
        self.token.text = word.text;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

fn drain(mut stream: tantivy::tokenizer::BoxTokenStream<'_>) -> Vec<String> {
    let mut terms = Vec::new();
    while stream.advance() {
        terms.push(std::mem::take(&mut stream.token_mut().text));
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, terms: &[&str]) {
        assert_eq!(Analyzer::default().terms(text), terms, "{text}");
    }

    #[test]
    fn every_script_gives_terms() {
        check("Renewing the Zertifikate, naïvely", &["renew", "zertifik", "naiv"]);
        check("E0308 in snake_case", &["e0308", "snake", "case"]);
        check("更新证书", &["更", "新", "证", "书"]);
        check("नमस्ते दुनिया", &["नमस्ते", "दुनिया"]);
        check("تجديد الشهادة", &["تجديد", "الشهادة"]);
        check("обновить сертификат", &["обновить", "сертификат"]);
        check("각 인증서", &["각", "인", "증", "서"]);
    }

    #[test]
    fn composed_and_decomposed_are_one() {
        assert_eq!(Analyzer::default().terms("café й"), Analyzer::default().terms("cafe\u{301} и\u{306}"));
    }

    #[test]
    fn code_stays_whole() {
        let tokens = exact("run `git --no-pager log`, see src/lib.rs:12 (v1.2.3), E0308. snake_case! C++ ok.");
        for token in ["--no-pager", "no-pager", "src/lib.rs:12", "v1.2.3", "e0308", "snake_case", "c++"] {
            assert!(tokens.iter().any(|t| t == token), "{token} in {tokens:?}");
        }
        assert!(!tokens.iter().any(|t| t == "ok" || t == "run" || t == "see"), "{tokens:?}");
        assert_eq!(exact("更新证"), ["更新", "新证"]);
    }

    #[test]
    fn helpers_are_left_out() {
        assert!(HELPERS.iter().all(|helper| words(helper)[0].text == *helper), "helpers are folded");
        let asked = Analyzer::default().asked("How do I renew a wildcard certificate?");
        assert_eq!(asked.terms.keys().collect::<Vec<_>>(), ["certif", "renew", "wildcard"]);
        assert_eq!(Analyzer::default().asked("how is it").terms.len(), 1, "`is` and `it` are stop words");
        let cjk = Analyzer::default().asked("更新证书");
        assert_eq!(cjk.units.len(), 3, "{:?}", cjk.units);
    }
}
