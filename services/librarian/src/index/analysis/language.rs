//! Which language a text is in, told by its function words.
//!
//! The script tells the language of a word, or nearly, but for Latin letters; so only languages in Latin letters are told apart here.

use std::{collections::BTreeSet, sync::LazyLock};

use frostem::Algorithm;
use rustc_hash::FxHashMap;

/// So many different function words make a page one in another language than English; one less where no word is English.
const TELLING: usize = 3;

/// A language in Latin letters whose words are stemmed by rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Not marked; what a text is taken for that is told to be in no other.
    English,
    /// Marked `de:`.
    German,
    /// Marked `fr:`.
    French,
    /// Marked `es:`.
    Spanish,
    /// Marked `it:`.
    Italian,
    /// Marked `pt:`.
    Portuguese,
    /// Marked `nl:`.
    Dutch,
}

impl Language {
    /// All of them, English first.
    pub const ALL: [Self; 7] =
        [Self::English, Self::German, Self::French, Self::Spanish, Self::Italian, Self::Portuguese, Self::Dutch];

    /// What stands before each term of a page in this language, so that it is taken for no other's: `de:`. None for English.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::English => "",
            Self::German => "de:",
            Self::French => "fr:",
            Self::Spanish => "es:",
            Self::Italian => "it:",
            Self::Portuguese => "pt:",
            Self::Dutch => "nl:",
        }
    }

    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::English => Algorithm::English,
            Self::German => Algorithm::German,
            Self::French => Algorithm::French,
            Self::Spanish => Algorithm::Spanish,
            Self::Italian => Algorithm::Italian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Dutch => Algorithm::Dutch,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "english" => Self::English,
            "german" => Self::German,
            "french" => Self::French,
            "spanish" => Self::Spanish,
            "italian" => Self::Italian,
            "portuguese" => Self::Portuguese,
            "dutch" => Self::Dutch,
            _ => return None,
        })
    }

    /// The language of a page: the one of which it has most different function words, if it has more of them than of English, and several.
    pub fn of_page<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let told = Told::by(words);
        let best = Self::ALL.into_iter().rev().max_by_key(|language| told.of(*language));
        let least = TELLING - usize::from(told.of(Self::English) == 0);
        best.filter(|language| told.of(*language) >= least).unwrap_or(Self::English)
    }
}

/// How many different function words of each language a text has.
#[derive(Debug, Default)]
struct Told([usize; Language::ALL.len()]);

impl Told {
    fn by<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut seen = BTreeSet::new();
        let mut told = Self::default();
        for word in words {
            // a letter that stands alone is a name as often as a word
            let Some(helper) = HELPERS.words.get(word).filter(|helper| word.len() > 1 && !helper.elsewhere) else {
                continue;
            };
            if seen.insert(word) {
                for language in Language::ALL.into_iter().filter(|language| helper.tells(*language)) {
                    told.0[language as usize] += 1;
                }
            }
        }
        told
    }

    fn of(&self, language: Language) -> usize {
        self.0[language as usize]
    }
}

/// In which languages a word is one that every question has.
#[derive(Debug, Clone, Copy, Default)]
struct Helper {
    /// One bit for each of [`Language::ALL`].
    languages: u8,
    /// In another script.
    elsewhere: bool,
    /// Tells English, and may be what a question is about.
    telling: bool,
}

impl Helper {
    /// Whether it tells a language.
    fn tells(self, language: Language) -> bool {
        self.is_of(language) || self.telling && language == Language::English
    }

    fn is_of(self, language: Language) -> bool {
        self.languages & 1 << language as u8 != 0
    }
}

/// The words that questions have in common, as they are folded.
struct Helpers {
    words: FxHashMap<&'static str, Helper>,
    /// Those of scripts without spaces.
    runs: BTreeSet<&'static str>,
}

static HELPERS: LazyLock<Helpers> = LazyLock::new(|| {
    let mut helpers = Helpers { words: FxHashMap::default(), runs: BTreeSet::new() };
    let mut section = "";
    for word in include_str!("helpers.txt").split_whitespace() {
        if let Some(name) = word.strip_suffix(':') {
            section = name;
            continue;
        }
        match Language::named(section) {
            Some(language) => helpers.words.entry(word).or_default().languages |= 1 << language as u8,
            None if section == "telling" => helpers.words.entry(word).or_default().telling = true,
            None if matches!(section, "chinese" | "japanese" | "korean") => _ = helpers.runs.insert(word),
            None => helpers.words.entry(word).or_default().elsewhere = true,
        }
    }
    helpers
});

/// Which words of one question every question has.
pub(super) struct Common {
    /// One bit for each language that the question may be in.
    languages: u8,
}

impl Common {
    /// Of a question in the language of which it has most function words; in doubt in all of those, or in English.
    pub(super) fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let told = Told::by(words);
        let most = told.0.into_iter().max().unwrap_or(0);
        if told.of(Language::English) == most {
            return Self { languages: 1 << Language::English as u8 };
        }
        let likely = Language::ALL.into_iter().filter(|language| told.of(*language) == most);
        Self { languages: likely.fold(0, |bits, language| bits | 1 << language as u8) }
    }

    /// True when the question has function words, and most are of another language than English.
    pub(super) fn is_foreign(&self) -> bool {
        self.languages & 1 << Language::English as u8 == 0
    }

    /// True for a word with spaces around it that is no content.
    pub(super) fn has(&self, word: &str) -> bool {
        let helper = HELPERS.words.get(word).copied().unwrap_or_default();
        helper.elsewhere
            || helper.languages & self.languages != 0
            || word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic())
    }
}

/// Which characters of a run of a script without spaces are no content. What stands in Hiragana is one word or a few, and
/// counts as no content only as a whole: particles are letters of words, too.
pub(super) fn empty(run: &[&str]) -> Vec<bool> {
    let mut empty = vec![false; run.len()];
    let mut at = 0;
    while at < run.len() {
        let hiragana = run[at..].iter().take_while(|c| is_hiragana(c)).count();
        if hiragana > 0 {
            let covered = covered(&run[at..at + hiragana]);
            empty[at..at + hiragana].fill(covered);
            at += hiragana;
        } else {
            let many = leading(&run[at..]);
            empty[at..at + many].fill(true);
            at += many.max(1);
        }
    }
    empty
}

fn covered(run: &[&str]) -> bool {
    let mut at = 0;
    while at < run.len() {
        match leading(&run[at..]) {
            0 => return false,
            many => at += many,
        }
    }
    true
}

fn is_hiragana(c: &str) -> bool {
    c.starts_with(|c| ('\u{3041}'..='\u{3096}').contains(&c))
}

/// How many of the characters that a run begins with are no content; 0 where it begins with content.
fn leading(run: &[&str]) -> usize {
    const LONGEST: usize = 6;
    let longest = run.len().min(LONGEST);
    (1..=longest).rev().find(|many| HELPERS.runs.contains(run[..*many].concat().as_str())).unwrap_or(0)
}
