//! Names of people that the commune's roster knows: whole words, in any case, in any form of writing that Unicode holds for the same.

use aho_corasick::AhoCorasick;
use unicode_normalization::UnicodeNormalization;

use super::Found;
use crate::normalize::is_unspaced;

/// Names to look for. Cheap to look with, however many they are.
#[derive(Debug, Clone, Default)]
pub struct Names(Option<AhoCorasick>);

impl Names {
    /// A search for these names. Names that are too many for one search, which takes millions, are not looked for.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Self {
        let folded: Vec<String> =
            names.iter().map(|name| folded(name.as_ref()).text).filter(|name| !name.is_empty()).collect();
        Self(if folded.is_empty() { None } else { AhoCorasick::new(folded).ok() })
    }

    pub(super) fn find(&self, text: &str, found: &mut Found<'_>) {
        let Some(search) = &self.0 else { return };
        let folded = folded(text);
        for name in search.find_overlapping_iter(&folded.text) {
            if folded.is_word(name.start(), name.end()) {
                found(
                    folded.origin(name.start()),
                    "name",
                    "it names a person whom the roster knows: say what they do instead, and log the note again",
                );
            }
        }
    }
}

/// A text in lower case and NFKC with single spaces, and where each piece of it comes from.
struct Folded {
    text: String,
    /// First byte here, and there.
    origins: Vec<(usize, usize)>,
}

fn folded(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), origins: Vec::new() };
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim();
        if !bare.is_empty() {
            if !folded.text.is_empty() {
                folded.text.push(' ');
            }
            folded.origins.push((folded.text.len(), at));
            if bare.is_ascii() {
                folded.text.extend(bare.chars().map(|char| char.to_ascii_lowercase()));
            } else {
                folded.text.extend(
                    bare.nfkc()
                        .filter(|char| !matches!(char, '\u{200b}'..='\u{200d}' | '\u{ad}'))
                        .flat_map(char::to_lowercase),
                );
            }
        }
        at += word.len();
    }
    folded
}

impl Folded {
    fn origin(&self, at: usize) -> usize {
        let index = self.origins.partition_point(|(here, _)| *here <= at);
        index.checked_sub(1).map_or(0, |index| self.origins[index].1)
    }

    /// True where neither letters nor the signs of an identifier join what was found to what stands beside it.
    fn is_word(&self, start: usize, end: usize) -> bool {
        let mut before = self.text[..start].chars().rev();
        let mut after = self.text[end..].chars();
        let (first, last) = (self.text[start..end].chars().next(), self.text[start..end].chars().next_back());
        let joins = |beside: Option<char>, next: Option<char>, own: Option<char>| match beside {
            Some(char) if char.is_alphanumeric() => !(is_unspaced(char) || own.is_some_and(is_unspaced)),
            Some('_' | '$' | '\\') => true,
            Some('-' | '.' | '/' | ':' | '@' | '#' | '=') => next.is_some_and(char::is_alphanumeric),
            _ => false,
        };
        !joins(before.next(), before.next(), first) && !joins(after.next(), after.next(), last)
    }
}
