//! A first detector of secrets. Doubt means held, never redacted and shared.
//!
//! A text is read in several views (as written, with its encodings undone, with its line wraps taken out), since a
//! secret that was written in pieces is a secret still. No view and no value leaves this module.

mod assignment;
mod placeholder;
mod prose;
mod rules;
mod views;

/// A secret that was found. Never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, such as `aws-access-key`, `private-key`, `password-assignment`.
    pub rule: &'static str,
    /// The line where it begins, from 1.
    pub line: usize,
}

/// Secrets in a text: provider tokens by their public formats, key blocks, NATS seeds, credentials in URLs,
/// authorization headers, `key = value` with a placeholder filter, passwords in prose. In order of line.
pub fn scan(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for view in views::views(text) {
        let mut find = |rule, at| findings.push(Finding { rule, line: view.line(at) });
        rules::find(&view.text, view.loose, &mut find);
        if !view.loose {
            assignment::find(&view.text, &mut find);
            prose::find(&view.text, &mut find);
        }
    }
    findings.sort_by_key(|finding| (finding.line, finding.rule));
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests;
