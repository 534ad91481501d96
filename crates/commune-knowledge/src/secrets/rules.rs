//! Secrets by their shape. A sieve of fixed beginnings (Aho-Corasick) says which shapes are worth looking for, so that ordinary text
//! is read once and compared with next to nothing.

mod cloud;
mod code;
mod keys;
mod models;
mod people;
mod sum;

use super::placeholder::is_placeholder;
use aho_corasick::AhoCorasick;
use regex::Regex;
use std::sync::{LazyLock, OnceLock};

/// What a match must pass besides its shape; the group `v`, or the whole match, is the value.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// Not a placeholder.
    Value,
    /// Nothing: the shape alone is enough.
    Certain,
    /// Neither a placeholder nor words: what a generator of keys makes.
    Random,
    /// Letters and digits, and no placeholder.
    Mixed,
    /// What a person chose: neither a placeholder nor a variable.
    Account,
    /// Ends with the CRC-32 of the rest in base 62 (GitHub, npm). A valid sum is certain; without one it is a value.
    Sum62,
    /// A seed of NATS with a valid check sum.
    Seed,
}

/// A shape: its name, what a text must have for it to be worth a look, its expression, its check, and whether its beginning is so rare
/// that it is looked for in pieces that were put together, too.
type Shape = (&'static str, &'static [&'static str], &'static str, Check, bool);

/// A shape and its expressions, which are compiled when a text first has what they are worth a look for: hardly any text has, and
/// to compile them all takes long.
struct Rule {
    shape: &'static Shape,
    strict: OnceLock<Option<Regex>>,
    loose: OnceLock<Option<Regex>>,
}

impl Rule {
    fn of(shape: &'static Shape) -> Self {
        Self { shape, strict: OnceLock::new(), loose: OnceLock::new() }
    }

    /// The expression for a view; a shape that fails to compile finds nothing, and a test holds that each compiles.
    fn expression(&self, loose: bool) -> Option<&Regex> {
        let (_, _, shape, _, rare) = self.shape;
        let compiled = match loose {
            true => self.loose.get_or_init(|| if *rare { Regex::new(shape).ok() } else { None }),
            false => self.strict.get_or_init(|| Regex::new(&strict(shape)).ok()),
        };
        compiled.as_ref()
    }
}

/// Every rule, and the sieves before them: of what is written in one way only, and of what is written in any case.
struct Rules {
    rules: Vec<Rule>,
    exact: Sieve,
    folded: Sieve,
}

/// Words to look for, each with the rule that it stands for.
struct Sieve {
    words: Option<AhoCorasick>,
    rules: Vec<usize>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let rules: Vec<Rule> = shapes().map(Rule::of).collect();
    let sieve = |folded: bool| {
        let words = rules.iter().enumerate().filter(|(_, rule)| rule.shape.2.contains("(?i)") == folded);
        let words: Vec<(usize, &str)> =
            words.flat_map(|(index, rule)| rule.shape.1.iter().map(move |word| (index, *word))).collect();
        let patterns = words.iter().map(|(_, word)| word);
        Sieve {
            words: AhoCorasick::builder().ascii_case_insensitive(folded).build(patterns).ok(),
            rules: words.iter().map(|(rule, _)| *rule).collect(),
        }
    };
    let (exact, folded) = (sieve(false), sieve(true));
    Rules { rules, exact, folded }
});

fn shapes() -> impl Iterator<Item = &'static Shape> {
    [code::SHAPES, cloud::SHAPES, models::SHAPES, people::SHAPES, keys::SHAPES].into_iter().flatten()
}

/// The shape with a word's beginning kept apart from what stands before it, where it begins with a word.
fn strict(shape: &str) -> String {
    let begins_with_word = shape.starts_with(|char: char| char.is_alphanumeric()) || shape.starts_with("(?:gh");
    let tokens = shape.starts_with("(?:") && shape[3..].starts_with(|char: char| char.is_alphanumeric());
    if begins_with_word || tokens || shape.starts_with("[A-Z") || shape.starts_with("[a-z") {
        format!(r"\b(?:{shape})")
    } else {
        shape.to_owned()
    }
}

impl Sieve {
    fn look(&self, text: &str, worth: &mut [bool]) {
        for found in self.words.iter().flat_map(|words| words.find_overlapping_iter(text)) {
            worth[self.rules[found.pattern().as_usize()]] = true;
        }
    }
}

/// Finds secrets by shape: rule, first byte, value. A loose view was put together from pieces: only rare beginnings are looked for.
pub(super) fn find(text: &str, loose: bool, found: &mut impl FnMut(&'static str, usize, &str)) {
    let mut worth = vec![false; RULES.rules.len()];
    RULES.exact.look(text, &mut worth);
    if !loose {
        RULES.folded.look(text, &mut worth);
    }
    for (rule, _) in RULES.rules.iter().zip(worth).filter(|(_, worth)| *worth) {
        let Some(expression) = rule.expression(loose) else { continue };
        let (name, _, _, check, _) = *rule.shape;
        for captures in expression.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let value = captures.name("v").unwrap_or(whole).as_str();
            if holds(check, value, loose) {
                found(name, whole.start(), value);
            }
        }
    }
}

fn holds(check: Check, value: &str, loose: bool) -> bool {
    let real = || !is_placeholder(value) && (!loose || is_random(value));
    match check {
        Check::Certain => !loose || is_random(value),
        Check::Value => real(),
        Check::Random => real() && is_random(value),
        Check::Mixed => real() && is_random(value) && value.bytes().any(|byte| byte.is_ascii_digit()),
        Check::Account => real() && !value.starts_with("//") && value.bytes().any(|byte| !byte.is_ascii_digit()),
        Check::Sum62 => sum::is_sum62(value) || real(),
        Check::Seed => sum::is_seed(value),
    }
}

/// True for what words that were put together hardly make: characters that change between lower case, upper case and digits often,
/// or upper case and digits alone.
pub(super) fn is_random(value: &str) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    // what stands before the last sign of the beginning names the provider
    let kinds: Vec<u8> = value.bytes().rev().map(kind).filter(|kind| *kind > 0).take(48).collect();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let digits = kinds.iter().filter(|kind| **kind == 3).count();
    let often = if digits > 0 { 5 } else { 2 };
    changes * often >= kinds.len() && changes >= 4 || (digits > 0 && !kinds.contains(&1) && changes >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_compiles_and_can_be_reached() {
        for rule in &RULES.rules {
            let (name, _, _, _, rare) = rule.shape;
            assert!(rule.expression(false).is_some() && rule.expression(true).is_some() == *rare, "{name}");
        }
        assert!(RULES.exact.words.is_some() && RULES.folded.words.is_some());
        for (name, words, ..) in shapes() {
            assert!(!words.is_empty() && words.iter().all(|word| word.len() >= 2), "{name}");
        }
    }

    #[test]
    fn words_are_not_random() {
        for words in
            ["returnsthreeresultsof2024and2025", "task-queue-worker-production-eu-west-1", "GitHubActionsRunner"]
        {
            assert!(!is_random(words), "{words}");
        }
        assert!(is_random("aB3dE5fG7hJ9kL1mN3pQ5rS7") && is_random("AKIAQXJ7RTVB2LMN4WYZ"));
    }
}
