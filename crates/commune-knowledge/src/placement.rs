//! Placement: how well a piece of knowledge belongs to an article, and when that is well enough.
//!
//! The chance that a piece belongs to an article of the library is told by [`Compared`], which the librarian answers the
//! sharer with; [`score`] compares two texts without a library, as the librarian does with what one night created twice.

mod addition;
mod likeness;
mod reading;
mod rule;
mod section;
mod shelf;
mod standing;
mod stop;

use crate::document;
use crate::normalize;
use crate::similarity;
use std::collections::BTreeMap;

pub use addition::{addition, has_headings, paragraphs};
pub use reading::{Piece, Reading};
pub use rule::{BY_MEANING, BY_WORDS, CREATE_ALONE, Compared, EVEN, NAMES, RANKED_BY, UPDATE_ALONE, WEIGHED, Weighed};
pub use section::{Ranked, SECTION_FEATURES, SECTION_NAMED, SECTION_TAKEN, Sections, section};
pub use shelf::Shelf;
pub use standing::{Standing, Standings, reworded, standings, unsaid};

/// From this score on a contribution strengthens the article instead of founding a new one.
pub const UPDATE_FLOOR: f64 = 0.45;

/// What titles that agree in full are worth; above [`UPDATE_FLOOR`], so that the same title is always an update.
const TITLE_WEIGHT: f64 = 0.5;
/// What content words in full agreement are worth.
const WORDS_WEIGHT: f64 = 0.4;
/// What a piece that the article contains word for word is worth.
const SHINGLES_WEIGHT: f64 = 0.6;

/// A text as placement sees it; made once and compared often.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Hashed title words, sorted.
    pub title: Vec<u64>,
    /// Hashed content words (no stop words) with their counts, sorted.
    pub words: Vec<(u64, u32)>,
    /// Word shingles, sorted.
    pub shingles: Vec<u64>,
}

/// The profile of a title and a Markdown body.
pub fn profile(title: &str, body: &str) -> Profile {
    let plain = document::plain_text(body);
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    for word in content_words(&plain) {
        *counts.entry(similarity::hash_word(&word)).or_default() += 1;
    }
    let mut title_words: Vec<u64> = content_words(title).iter().map(|word| similarity::hash_word(word)).collect();
    if title_words.is_empty() {
        // A title of stop words alone is still a title.
        title_words = normalize::words(title).iter().map(|word| similarity::hash_word(word)).collect();
    }
    title_words.sort_unstable();
    title_words.dedup();
    Profile { title: title_words, words: counts.into_iter().collect(), shingles: similarity::shingles(&plain) }
}

impl Profile {
    /// True when each of two texts has a word in its title that the other says nowhere, as "Restart the printer" and "Restart the mail service": texts of
    /// one form on two things.
    pub fn is_of_another_thing(&self, other: &Self) -> bool {
        let says = |text: &Self, word: &u64| {
            text.title.binary_search(word).is_ok() || text.words.binary_search_by_key(word, |(word, _)| *word).is_ok()
        };
        self.title.iter().any(|word| !says(other, word)) && other.title.iter().any(|word| !says(self, word))
    }
}

/// How well `piece` belongs to `article`, 0 to 1: title agreement, cosine of the content words, containment of shingles.
/// The same title gives at least [`UPDATE_FLOOR`]; nothing in common gives 0.
pub fn score(piece: &Profile, article: &Profile) -> f64 {
    let shared = Shared {
        title: similarity::common(&piece.title, &article.title),
        shingles: similarity::common(&piece.shingles, &article.shingles),
    };
    whole(without_words(piece, article, shared), piece, article)
}

/// What two texts are known to have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shared {
    /// Words of their titles.
    pub title: usize,
    /// Word shingles.
    pub shingles: usize,
}

/// The [`score`] of two texts of which it is known what they share, when it reaches [`UPDATE_FLOOR`]; all other words are compared only where they
/// can make it so.
pub fn score_knowing(piece: &Profile, article: &Profile, shared: Shared) -> Option<f64> {
    let known = without_words(piece, article, shared);
    // a little more than what words in full agreement are worth: a sum of many parts is not exact
    let may = known + WORDS_WEIGHT + 1e-6 >= UPDATE_FLOOR;
    may.then(|| whole(known, piece, article)).filter(|score| *score >= UPDATE_FLOOR)
}

fn without_words(piece: &Profile, article: &Profile, shared: Shared) -> f64 {
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    // the Dice index; squared: titles of one domain share a word or two, titles of one topic share most
    let title = share(2 * shared.title, piece.title.len() + article.title.len());
    TITLE_WEIGHT * title * title + SHINGLES_WEIGHT * share(shared.shingles, piece.shingles.len())
}

fn whole(without_words: f64, piece: &Profile, article: &Profile) -> f64 {
    (without_words + WORDS_WEIGHT * cosine(&piece.words, &article.words)).clamp(0.0, 1.0)
}

/// The cosine of two bags of words, each count damped.
fn cosine(left: &[(u64, u32)], right: &[(u64, u32)]) -> f64 {
    let weight = |count: u32| 1.0 + f64::from(count).ln();
    let norm = |words: &[(u64, u32)]| words.iter().map(|(_, count)| weight(*count).powi(2)).sum::<f64>().sqrt();
    let (mut i, mut j, mut product) = (0, 0, 0.0);
    while let (Some((a, x)), Some((b, y))) = (left.get(i), right.get(j)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                product += weight(*x) * weight(*y);
                i += 1;
                j += 1;
            }
        }
    }
    let norms = norm(left) * norm(right);
    if norms == 0.0 { 0.0 } else { product / norms }
}

/// Words without stop words, plural and singular as one.
pub(crate) fn content_words(text: &str) -> Vec<String> {
    let mut words = normalize::words(text);
    words.retain(|word| !stop::is_stop_word(word));
    words.into_iter().map(stem).collect()
}

/// The endings of an ASCII word taken off, so that `rotating`, `rotation` and `rotates` are one; all else stays.
fn stem(mut word: String) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word;
    }
    if word.ends_with("ies") {
        word.truncate(word.len() - 3);
        word.push('y');
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") {
        word.pop();
    }
    if let Some(ending) =
        ["ing", "ion", "ed", "e"].iter().find(|ending| word.ends_with(**ending) && word.len() >= ending.len() + 4)
    {
        word.truncate(word.len() - ending.len());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(piece: (&str, &str), article: (&str, &str), update: bool) {
        let found = score(&profile(piece.0, piece.1), &profile(article.0, article.1));
        assert_eq!(found >= UPDATE_FLOOR, update, "{found} for {piece:?} and {article:?}");
    }

    #[test]
    fn titles_of_one_form_on_two_things_are_told_apart() {
        let of_two = |one: (&str, &str), other: (&str, &str)| {
            let (one, other) = (profile(one.0, one.1), profile(other.0, other.1));
            assert_eq!(one.is_of_another_thing(&other), other.is_of_another_thing(&one));
            one.is_of_another_thing(&other)
        };
        let printer = ("Restart the printer", "Hold the green button until the lamp goes out.");
        assert!(of_two(printer, ("Restart the mail service", "Run the command as root.")));
        assert!(!of_two(printer, ("Restart the label printer", "Hold its button.")), "one says more");
        assert!(!of_two(printer, ("The green lamp", "It tells that the printer was restarted.")), "it speaks of it");
        assert!(!of_two(printer, printer));
    }

    #[test]
    fn the_same_topic_updates_and_another_creates() {
        let rotation = (
            "Rotating the NATS log",
            "The server writes its log without a bound. Rotate it by size and keep seven files.",
        );
        check(rotation, rotation, true);
        check(("Rotating the NATS log", "Completely other words here."), rotation, true);
        check(
            ("NATS log rotation by size", "Logs of the server grow without a bound; rotate by size, keep seven files."),
            rotation,
            true,
        );
        check(
            ("Restoring a NATS stream", "A stream is restored from a snapshot with the server stopped."),
            rotation,
            false,
        );
        check(("Baking bread", "Flour, water, salt and time."), rotation, false);
        check(("日志轮换", "服务器的日志没有上限，请按大小轮换。"), ("日志轮换", "按大小轮换日志。"), true);
        check(("端口冲突", "两个服务占用同一个端口。"), ("日志轮换", "服务器的日志没有上限，请按大小轮换。"), false);
        check(
            ("Ports en conflit", "Deux services prennent le même port."),
            ("Rotation des journaux", "Le journal grossit sans limite."),
            false,
        );
        assert_eq!(score(&profile("a", "b c"), &profile("x", "y z")), 0.0);
    }

    proptest! {
        #[test]
        fn scores_are_bounded(title in "\\PC{0,30}", body in "\\PC{0,80}", other in "\\PC{0,80}") {
            let (one, two) = (profile(&title, &body), profile(&title, &other));
            let found = score(&one, &two);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!(one.title.is_empty() || found >= UPDATE_FLOOR);
        }
    }
}
