//! The lexicon by word: everything that it says of a word at one look.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

use super::lexicon::{
    ARTICLES, CONTRARIES, ENVIRONMENTS, NEGATIONS, NUMBERS, OFF, ON, ORDER, PHRASES, QUALIFIERS, SYNONYMS, UNITS,
};

/// What the lexicon says of a word.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// It means `not`.
    pub(crate) negation: bool,
    /// It means `off`.
    pub(crate) off: bool,
    /// It means `on`.
    pub(crate) on: bool,
    /// It is left out where sentences are compared.
    pub(crate) article: bool,
    /// It limits what a sentence says.
    pub(crate) qualifier: bool,
    /// It is the first of two words for one.
    pub(crate) begins_phrase: bool,
    /// Which order it names.
    pub(crate) order: Option<&'static str>,
    /// Which environment it names.
    pub(crate) environment: Option<&'static str>,
    /// The group of words that exclude each other, and its side, by the first word of that.
    pub(crate) contrary: Option<(&'static str, &'static str)>,
    /// The number that it is.
    pub(crate) number: Option<&'static str>,
    /// The unit that it names.
    pub(crate) unit: Option<&'static str>,
    /// The first word of its group of words for the same.
    pub(crate) synonym: Option<&'static str>,
}

/// The words, and what is said of all others. Each word of each text is looked up, so it hashes fast, and nothing is copied.
static WORDS: LazyLock<(FxHashMap<&'static str, Known>, Known)> = LazyLock::new(|| {
    let mut words: FxHashMap<&'static str, Known> = FxHashMap::default();
    let mut flag = |list: &[&'static str], set: fn(&mut Known)| {
        for word in list {
            set(words.entry(word).or_default());
        }
    };
    flag(NEGATIONS, |known| known.negation = true);
    flag(OFF, |known| known.off = true);
    flag(ON, |known| known.on = true);
    flag(ARTICLES, |known| known.article = true);
    flag(QUALIFIERS, |known| known.qualifier = true);
    for (first, _, _) in PHRASES {
        words.entry(first).or_default().begins_phrase = true;
    }
    // of a word that is listed twice, the first counts
    for (word, order) in ORDER {
        words.entry(word).or_default().order.get_or_insert(order);
    }
    for (word, environment) in ENVIRONMENTS {
        words.entry(word).or_default().environment.get_or_insert(environment);
    }
    for (group, sides) in CONTRARIES {
        for side in *sides {
            for word in *side {
                words.entry(word).or_default().contrary.get_or_insert((group, side[0]));
            }
        }
    }
    for (word, number) in NUMBERS {
        words.entry(word).or_default().number.get_or_insert(number);
    }
    for (word, unit) in UNITS {
        words.entry(word).or_default().unit.get_or_insert(unit);
    }
    for group in SYNONYMS {
        for word in *group {
            words.entry(word).or_default().synonym.get_or_insert(group[0]);
        }
    }
    (words, Known::default())
});

/// What the lexicon says of a word in lower case.
pub(crate) fn known(word: &str) -> &'static Known {
    let (words, unknown) = &*WORDS;
    words.get(word).unwrap_or(unknown)
}

/// The place of a group of contraries in the lexicon.
pub(crate) fn group_of(group: &str) -> usize {
    CONTRARIES.iter().position(|(name, _)| *name == group).unwrap_or(CONTRARIES.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_all_its_meanings() {
        assert!(known("not").negation && !known("not").off);
        assert!(known("a").article && known("a").begins_phrase, "a single");
        assert_eq!((known("directory").synonym, known("directory").order), (Some("folder"), None));
        assert!(!known("ferret").negation && known("ferret").synonym.is_none());
    }
}
