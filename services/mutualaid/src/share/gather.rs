//! Gather: the short things under one heading of a log are one piece, with the log's matter for a title.
//!
//! A line on a page of its own says nothing of where it was learned, and its title only says it again. What is longer, or has a heading
//! of its own that tells what it is about, stays a piece by itself.

use std::ops::Range;

use commune_knowledge::{heading::fold::tokens, normalize, statement};

use super::blocks::{BlockKind, blocks, item_text};

/// Most words of what is short.
const BRIEF: usize = 60;
/// Most statements of it.
const STATEMENTS: usize = 2;
/// How headings begin that say how something went, and not what.
#[rustfmt::skip]
const HOW_IT_WENT: &[&[&str]] = &[
    &["what", "worked"], &["what", "went"], &["what", "did"], &["what", "didn"], &["what", "failed"], &["what", "helped"],
    &["ce", "qui"], &["was", "gut"], &["was", "schlecht"], &["lo", "que"], &["cosa", "ha"], &["wat", "goed"],
];

/// What is gathered of a section: its short items, and the sections below it that are parts of a whole.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    items: Vec<String>,
    sections: Vec<String>,
    /// Where the pieces are that it takes the place of.
    places: Vec<usize>,
}

impl Gathered {
    /// A short item, and the place of its piece.
    pub(super) fn item(&mut self, place: usize, text: &str) {
        let below = text.trim().replace('\n', "\n  ");
        let is_list = item_text(text.trim_start()).is_some();
        self.items.push(if is_list { text.trim().to_owned() } else { format!("- {below}") });
        self.places.push(place);
    }

    /// A section with its heading, and the places of its pieces.
    pub(super) fn section(&mut self, places: Range<usize>, text: &str) {
        self.sections.push(text.trim().to_owned());
        self.places.extend(places);
    }

    /// The text of all, and the places of what it takes the place of; none of one thing alone.
    pub(super) fn whole(self) -> Option<(String, Vec<usize>)> {
        let items = (!self.items.is_empty()).then(|| self.items.join("\n"));
        let parts: Vec<String> = items.into_iter().chain(self.sections).collect();
        (self.places.len() > 1).then(|| (parts.join("\n\n"), self.places))
    }
}

/// True for what says one thing, in a few words.
pub(super) fn is_brief(text: &str) -> bool {
    let plain = blocks(text).iter().all(|block| matches!(block.kind, BlockKind::Paragraph | BlockKind::Item));
    plain && normalize::words(text).len() <= BRIEF && statement::said(text).len() <= STATEMENTS
}

/// Of the headings below one, which are parts of a whole: those that collect or say how it went, and those that are numbered.
pub(super) fn parts_of_a_whole(headings: &[&str], is_collection: impl Fn(&str) -> bool) -> Vec<bool> {
    let numbered: Vec<bool> = headings.iter().map(|heading| is_numbered(heading)).collect();
    let series = numbered.iter().filter(|numbered| **numbered).count() > 1;
    let parts = headings.iter().zip(numbered);
    parts.map(|(heading, numbered)| is_collection(heading) || says_how_it_went(heading) || series && numbered).collect()
}

fn says_how_it_went(heading: &str) -> bool {
    let tokens = tokens(heading);
    HOW_IT_WENT.iter().any(|beginning| {
        tokens.len() > beginning.len() && tokens.iter().zip(*beginning).all(|(token, word)| token == word)
    })
}

/// A number before the colon, the full stop or the dash: `L1: …`, `2. …`, `Lesson 3 — …`.
fn is_numbered(heading: &str) -> bool {
    let heading = heading.trim();
    let Some(at) = heading.find([':', '.', ')', '—', '–']) else { return false };
    let number = heading[..at].trim_end();
    number.len() <= 12 && number.ends_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_in_a_few_words_is_brief() {
        assert!(is_brief("**Retries:** wait as long as the header says"));
        assert!(!is_brief("Before:\n\n```sh\nnginx -t\n```"));
        assert!(!is_brief("One is. Two are. Three were."));
        assert!(!is_brief(&"word ".repeat(61)));
    }

    #[test]
    fn parts_have_headings_that_name_no_matter() {
        let parts = |headings: &[&str]| parts_of_a_whole(headings, |heading| heading.ends_with("Insights"));
        assert_eq!(parts(&["Technical Insights", "Grok Reliability"]), [true, false]);
        assert_eq!(parts(&["What worked exceptionally well", "Ce qui a bien fonctionné", "What"]), [true, true, false]);
        assert_eq!(parts(&["L1: Sessions", "L2: Restarts", "Lesson 3 — Tests"]), [true, true, true]);
        assert_eq!(parts(&["1. Sessions", "Restarts at 6:00"]), [false, false]);
    }
}
