//! Links of a skill's Markdown: what is meant to be in the folder has to be there.

use std::collections::BTreeSet;

use comrak::nodes::{AstNode, NodeValue};

use super::{File, MAIN, SkillError};
use crate::markdown;

/// Every relative link leads to a file of the skill; those of `SKILL.md` at most one folder down.
pub(super) fn check(file: &File, paths: &BTreeSet<&str>) -> Result<(), SkillError> {
    let refuse = |link: &str, problem: &str| {
        let link: String = link.chars().take(100).collect();
        Err(SkillError::new("link", &file.path, format!("`{link}` {problem}")))
    };
    for link in targets(&file.text) {
        let target = link.split(['#', '?']).next().unwrap_or_default();
        if target.is_empty() || leads_elsewhere(target) {
            continue;
        }
        if target.starts_with('/') || target.contains('\\') {
            return refuse(&link, "is an absolute path: link to a file of the folder");
        }
        let Some(path) = resolved(&file.path, target) else {
            return refuse(&link, "leads out of the skill's folder");
        };
        if !paths.contains(path.as_str()) {
            return refuse(&link, "leads to no file of the skill");
        }
        if file.path == MAIN && path.matches('/').count() > 1 {
            return refuse(&link, "is more than one folder below SKILL.md: move the file up");
        }
    }
    Ok(())
}

fn targets(text: &str) -> Vec<String> {
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(text, |(_, body)| body);
    markdown::with_tree(body, links_of).unwrap_or_default()
}

fn links_of<'a>(root: &'a AstNode<'a>) -> Vec<String> {
    let mut found = Vec::new();
    for node in root.descendants() {
        if let NodeValue::Link(link) | NodeValue::Image(link) = &node.data().value {
            found.push(link.url.clone());
        }
    }
    found
}

/// A URL with a scheme, or one of another host.
fn leads_elsewhere(target: &str) -> bool {
    let scheme = target.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    is_scheme || target.starts_with("//")
}

/// The path of a link from a file; none when it leads out of the folder.
fn resolved(from: &str, target: &str) -> Option<String> {
    let mut path: Vec<&str> = from.split('/').collect();
    path.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                path.pop()?;
            }
            part => path.push(part),
        }
    }
    Some(path.join("/"))
}
