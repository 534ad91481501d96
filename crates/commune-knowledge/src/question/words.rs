//! The words of questions and of texts that may answer them.

use std::{borrow::Cow, sync::LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::lexicon::{ASKING, DIRECTIONS, PHRASES, STOP, SYNONYMS};
use crate::{
    heading::fold::{fold, is_unspaced},
    normalize, similarity,
};

static STOP_WORDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| STOP.iter().copied().collect());

/// Groups of words for the same.
struct Groups {
    /// The group of each member; of a word in two, the first.
    of: FxHashMap<&'static str, usize>,
    /// Members by how they begin, in the order of the lexicon.
    beginning: FxHashMap<String, Vec<&'static str>>,
}

static GROUPS: LazyLock<Groups> = LazyLock::new(|| {
    let mut groups = Groups { of: FxHashMap::default(), beginning: FxHashMap::default() };
    for (group, members) in SYNONYMS.iter().enumerate() {
        for member in *members {
            groups.of.entry(*member).or_insert(group);
            groups.beginning.entry(beginning(member)).or_default().push(member);
        }
    }
    groups
});

/// Characters that two endings of one stem have in common at least.
const STEM: usize = 4;

/// A word, folded, with the group of words for the same that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    text: String,
    group: Option<usize>,
    begins: u64,
}

impl Word {
    fn of(text: String) -> Self {
        let begins = beginning(&text);
        let like = || GROUPS.beginning.get(&begins)?.iter().find(|member| same_stem(member, &text));
        let group = GROUPS.of.get(text.as_str()).or_else(|| GROUPS.of.get(like()?)).copied();
        Self { begins: similarity::hash_word(&begins), group, text }
    }

    /// The same word whatever its ending, or one for the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.group.is_some() && self.group == other.group)
            || (self.begins == other.begins && same_stem(&self.text, &other.text))
    }

    /// Keys of which two words have one in common whenever [`Word::is`] holds for them: how it begins, and its group.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        self.group.map(|group| group as u64).into_iter().chain([self.begins])
    }
}

fn beginning(word: &str) -> String {
    word.chars().take(STEM).collect()
}

/// True for a word that asks, or has no topic of its own.
pub(super) fn is_stop(folded: &str) -> bool {
    STOP_WORDS.contains(folded)
}

/// All words of a text, folded, cut at apostrophes.
pub(super) fn folded(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for word in normalize::words(text) {
        let word = fold(&word);
        all.extend(word.split(['\'', '’']).filter(|part| !part.is_empty()).map(str::to_owned));
    }
    all
}

/// The text without what only asks, in scripts without spaces.
pub(super) fn without_asking(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unspaced) {
        return text.into();
    }
    let mut plain = text.to_owned();
    for asking in ASKING {
        plain = plain.replace(asking, " ");
    }
    plain.into()
}

/// The words that a text is about, in their order, each once.
pub(super) fn content(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    for word in sequence(text) {
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The words that a text is about, one after the other.
pub(super) fn sequence(text: &str) -> Vec<Word> {
    let all = folded(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let phrase = PHRASES
            .iter()
            .find(|(words, _)| all[at..].iter().map(String::as_str).take(words.len()).eq(words.iter().copied()));
        if let Some((words, one)) = phrase {
            found.push(Word::of((*one).to_owned()));
            at += words.len();
            continue;
        }
        if is_topic(&all[at]) {
            found.push(Word::of(all[at].clone()));
        }
        at += 1;
    }
    found
}

/// The first word of content after each word of direction.
pub(super) fn directions(text: &str) -> Vec<(&'static str, Word)> {
    let all = folded(text);
    let mut found = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let Some((_, direction)) = DIRECTIONS.iter().find(|(known, _)| known == word) else { continue };
        let next = all[at + 1..].iter().find(|word| is_topic(word));
        found.extend(next.map(|next| (*direction, Word::of(next.clone()))));
    }
    found
}

fn is_topic(word: &str) -> bool {
    let mut chars = word.chars();
    let (first, second) = (chars.next(), chars.next());
    let says = match (first, second) {
        (None, _) => false,
        (Some(only), None) => only.is_numeric() || (is_unspaced(only) && !is_kana(only)),
        _ => word.chars().any(char::is_alphanumeric),
    };
    says && !is_stop(word)
}

/// A single kana is an ending, no word.
fn is_kana(char: char) -> bool {
    matches!(char, '\u{3040}'..='\u{309F}')
}

/// The same word, whatever its ending: `renew` and `renewing`, `certificat` and `certificats`.
pub(super) fn same_stem(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    if left.chars().chain(right.chars()).any(|c| !c.is_alphabetic()) {
        return false;
    }
    let common = left.chars().zip(right.chars()).take_while(|(l, r)| l == r).count();
    let (left, right) = (left.chars().count(), right.chars().count());
    let (short, long) = (left.min(right), left.max(right));
    // a plural or a verb's ending, or two endings of one stem
    (common == short && short >= STEM && long - short <= 3)
        || (common >= 5 && long - common <= 3 && short - common <= 2)
}
