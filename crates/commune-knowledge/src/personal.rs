//! Personal data: what names or finds a person, and has no place in what others read. One rule a file. Doubt means held.
//!
//! Names cannot be found by their form: what protects them is the roster of those that the commune knows ([`Names`]).

mod address;
mod bank;
mod card;
mod email;
mod home;
mod host;
mod name;
mod phone;

use std::collections::BTreeSet;

pub use name::Names;

/// Personal data that was found. Never holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line where it begins, from 1.
    pub line: usize,
    /// What it is: `email`, `phone`, `card`, `bank-account`, `address`, `private-host`, `login-address`, `home-path` or `name`.
    pub rule: &'static str,
    /// What its agent can do about it.
    pub advice: &'static str,
}

/// What a rule calls with the first byte of what it found, its name and its advice.
type Found<'a> = dyn FnMut(usize, &'static str, &'static str) + 'a;

/// Every rule, in no order that matters.
const RULES: &[fn(&str, &mut Found<'_>)] =
    &[email::find, phone::find, card::find, bank::find, address::find, host::find, home::find];

/// Personal data in a text, with the names of the commune's roster. In order of line, each rule once a line.
pub fn scan(text: &str, names: &Names) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    let mut found = |at: usize, rule, advice| {
        let line = text.as_bytes()[..at.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        findings.insert(Finding { line, rule, advice });
    };
    for rule in RULES {
        rule(text, &mut found);
    }
    names.find(text, &mut found);
    findings.into_iter().collect()
}

/// The character before a byte, and the one from it on.
fn around(text: &str, start: usize, end: usize) -> (Option<char>, Option<char>) {
    (text[..start].chars().next_back(), text[end..].chars().next())
}

#[cfg(test)]
mod tests;
