//! Where links and footnotes stand.

use crate::markdown;
use comrak::nodes::NodeValue;
use std::{collections::BTreeSet, ops::Range};

/// A `[[target#anchor|label]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WikiLink {
    /// Where it stands in the body, brackets included.
    pub range: Range<usize>,
    /// Its target as written, without the anchor.
    pub target: String,
    /// What follows the `#`; empty for none.
    pub anchor: String,
    /// What is shown instead of the target; empty for none.
    pub label: String,
    /// True in a table, where a label needs an escaped bar before it.
    pub in_table: bool,
}

pub(super) fn links(body: &str) -> Vec<WikiLink> {
    if !body.contains("[[") {
        return Vec::new();
    }
    let starts: Vec<usize> =
        std::iter::once(0).chain(body.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1)).collect();
    let found = markdown::with_tree(body, |root| {
        let mut found = Vec::new();
        for node in root.descendants() {
            let data = node.data();
            if let NodeValue::WikiLink(_) = data.value {
                let in_table = node.ancestors().any(|above| matches!(above.data().value, NodeValue::TableCell));
                let start = data.sourcepos.start;
                if let Some(line) = starts.get(start.line.saturating_sub(1)) {
                    found.push((line + start.column.saturating_sub(1), in_table));
                }
            }
        }
        found
    });
    found.unwrap_or_default().into_iter().filter_map(|(at, in_table)| link_at(body, at, in_table)).collect()
}

/// The link that begins at a byte; none where the parser's place is not that of a link.
fn link_at(body: &str, at: usize, in_table: bool) -> Option<WikiLink> {
    let inner = body.get(at..)?.strip_prefix("[[")?;
    let inner = &inner[..inner.find("]]")?];
    let (address, label) = inner.split_once('|').unwrap_or((inner, ""));
    let (target, anchor) =
        address.trim_end_matches('\\').split_once('#').unwrap_or((address.trim_end_matches('\\'), ""));
    let plain = !inner.contains(['\n', '[']) && !target.trim().is_empty();
    plain.then(|| WikiLink {
        range: at..at + inner.len() + 4,
        target: target.trim().to_owned(),
        anchor: anchor.trim().to_owned(),
        label: label.trim().to_owned(),
        in_table,
    })
}

pub(super) fn loose_footnotes(body: &str) -> (Vec<String>, Vec<String>) {
    if !body.contains("[^") {
        return (Vec::new(), Vec::new());
    }
    let read = markdown::with_tree(body, |root| {
        let (mut missing, mut used, mut defined) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::FootnoteReference(reference) => drop(used.insert(reference.name.to_lowercase())),
                NodeValue::FootnoteDefinition(definition) => drop(defined.insert(definition.name.to_lowercase())),
                // what refers to nothing stays text
                NodeValue::Text(text) => missing.extend(labels(text)),
                _ => {}
            }
        }
        (missing, used, defined)
    });
    let Some((missing, used, defined)) = read else { return (Vec::new(), Vec::new()) };
    let unused = defined.difference(&used).cloned().collect();
    (missing.into_iter().filter(|label| !defined.contains(&label.to_lowercase())).collect(), unused)
}

/// The labels in a text such as `as measured[^1]`.
fn labels(text: &str) -> Vec<String> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("[^") {
        rest = &rest[open + 2..];
        let Some(close) = rest.find(']') else { break };
        let label = &rest[..close];
        let is_label = !label.is_empty() && label.len() <= 64 && !label.contains(char::is_whitespace);
        // a class of characters, such as `[^a-z]+`, is no label
        if is_label && label.chars().all(|char| char.is_alphanumeric() || char == '_') {
            labels.push(label.to_owned());
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, &str, &str, &str)]) {
        let found = links(body);
        let found: Vec<_> = found
            .iter()
            .map(|link| (&body[link.range.clone()], link.target.as_str(), link.anchor.as_str(), link.label.as_str()))
            .collect();
        assert_eq!(found, expected, "{body:?}");
    }

    #[test]
    fn links_are_where_they_stand() {
        check(
            "See [[a b|the page]] and [[c#d]].\n",
            &[("[[a b|the page]]", "a b", "", "the page"), ("[[c#d]]", "c", "d", "")],
        );
        check("`[[a]]` and [[a]], `[[a]]`\n\n```\n[[b]]\n```\n\n    [[c]]\n", &[("[[a]]", "a", "", "")]);
        check("端口 [[日志]] и [[b]]\n", &[("[[日志]]", "日志", "", ""), ("[[b]]", "b", "", "")]);
        check(
            "- one [[a]]\n  - two **[[b]]**\n\n> quoted [[c]]\n",
            &[("[[a]]", "a", "", ""), ("[[b]]", "b", "", ""), ("[[c]]", "c", "", "")],
        );
        check("| x | y |\n|---|---|\n| [[a\\|b]] | [[c]] |\n", &[("[[a\\|b]]", "a", "", "b"), ("[[c]]", "c", "", "")]);
        check("No [[link\nhere]], [link](x), [[ ]].\n", &[]);
        let body = "`[[a]]` then [[a]]";
        assert_eq!(links(body)[0].range, 13..18);
    }

    #[test]
    fn loose_footnotes_are_told() {
        let body = "One[^1] and two[^two], `[^code]`, [^a-z].\n\n[^1]: here\n\n[^old]: nobody asks\n";
        assert_eq!(loose_footnotes(body), (vec!["two".to_owned()], vec!["old".to_owned()]));
        assert_eq!(loose_footnotes("No footnotes."), (vec![], vec![]));
    }

    proptest! {
        #[test]
        fn what_is_given_as_a_link_is_one(body in "(\\[\\[|\\]\\]|[a-z|#`\n> *-]|é){0,40}") {
            for link in links(&body) {
                let text = &body[link.range.clone()];
                prop_assert!(text.starts_with("[[") && text.ends_with("]]") && text.contains(&link.target));
            }
            let _ = loose_footnotes(&body);
        }
    }
}
