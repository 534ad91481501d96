//! The detector of secrets. Doubt means held, never redacted and shared.
//!
//! A text is read in several views (as written, with its encodings undone, with its line wraps taken out), since a
//! secret that was written in pieces is a secret still. No view and no value leaves this module: what tells one secret from
//! another outside is its keyed fingerprint.

mod assignment;
mod base32;
mod fingerprint;
mod placeholder;
mod prose;
mod rules;
mod views;

use std::collections::BTreeSet;

pub use fingerprint::{Key, KeyError};

/// A secret that was found. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The line where it begins, from 1.
    pub line: usize,
    /// The rule, such as `aws-access-key`, `private-key`, `password-assignment`.
    pub rule: &'static str,
    /// The first 16 hexadecimal digits of HMAC-SHA-256 over the value as the view says it; empty without a key.
    pub fingerprint: String,
}

/// Secrets in a text: provider tokens by their public formats, key blocks, NATS seeds, credentials in URLs,
/// authorization headers, `key = value` with a placeholder filter, passwords in prose. In order of line.
pub fn scan(text: &str) -> Vec<Finding> {
    scan_with(text, None)
}

/// [`scan`], each finding with the fingerprint of its value under a key of the commune, so that an operator sees that one
/// secret stands in two notes.
pub fn scan_with(text: &str, key: Option<&Key>) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    let views = views::views(text);
    for view in &views.all {
        let mut find = |rule, at, value: &str| {
            let fingerprint = key.map_or_else(String::new, |key| key.fingerprint(value));
            findings.insert(Finding { line: view.line(at), rule, fingerprint });
        };
        rules::find(&view.text, view.loose, &mut find);
        if !view.loose {
            assignment::find(&view.text, &mut find);
            prose::find(&view.text, &mut find);
        }
    }
    if views.cut {
        // what was not read is not known to be harmless
        findings.insert(Finding { line: 1, rule: "expands-too-much", fingerprint: String::new() });
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests;
