//! Links and images that run something, carry something out, or only look like another name.

use super::Finding;
use super::parts::{Kind, Parts, codes, line};
use crate::markdown;
use comrak::nodes::NodeValue;
use regex::bytes::Regex;
use std::sync::LazyLock;

const RUNS: &str = "a link of this kind runs something when it is opened: link to a page";
const CARRIES: &str = "a link that asks its reader to put something into it carries that out: link to a page as it is";
const LOOKS: &str = "a name mixes letters of several alphabets that look alike: write it in one";

/// What a reader is to put in: a template, or words that stand for what is to be put in.
static TEMPLATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)[?&#/][\w.-]*=?[^&\s]*(\{\{[^}]*\}\}|\$\{[^}]*\}|\{[^}]*\}|\[[a-z_]*\]|<[^>]*>)|=(?-i:[A-Z0-9]+(_[A-Z0-9]+)+)|=$|%s$",
    )
    .ok()
});

/// What is private: in a link that is only to be followed, a template of something else is documentation.
static PRIVATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)(note|memor|diary|context|secret|token|prompt|conversation|history|credential|password|private|summary|session|cookie|environ)").ok()
});

/// A bare link that ends where something is to be put in.
static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)\b(https?|ftp)://[^\s<>()\x22]{1,400}[?&]\w+=(\[[a-z_]+\]|\{\{[\w\s]+\}\}|>|\s*$)").ok()
});

pub(super) fn find(text: &str, parts: &Parts) -> Vec<Finding> {
    let mut findings = markdown::with_tree(text, |root| {
        let mut findings = Vec::new();
        for node in root.descendants() {
            let data = node.data();
            let line = data.sourcepos.start.line;
            let found = match &data.value {
                NodeValue::Link(link) => url(&link.url, false),
                NodeValue::Image(link) => url(&link.url, true),
                NodeValue::WikiLink(link) => mixed(&link.url).then_some(("look-alike", LOOKS)),
                _ => None,
            };
            findings.extend(found.map(|(rule, advice)| Finding { line, rule, advice }));
        }
        findings
    })
    .unwrap_or_default();
    for found in BARE.iter().flat_map(|bare| bare.find_iter(&parts.said)) {
        if PRIVATE.as_ref().is_some_and(|private| private.is_match(found.as_bytes()))
            || found.as_bytes().ends_with(b">")
        {
            findings.push(Finding { line: line(&parts.said, found.start()), rule: "carries-out", advice: CARRIES });
        }
    }
    // paths and addresses that are written out
    for (kind, range) in &parts.stretches {
        if *kind == Kind::Plain {
            let stretch = &text[range.clone()];
            let mut tokens =
                stretch.split(char::is_whitespace).filter(|token| token.contains("://") || token.contains("]]"));
            if let Some(token) = tokens.find(|token| mixed(token)) {
                let at = range.start + (token.as_ptr() as usize - stretch.as_ptr() as usize);
                let line = 1 + text[..at].bytes().filter(|byte| *byte == b'\n').count();
                findings.push(Finding { line, rule: "look-alike", advice: LOOKS });
            }
        }
    }
    findings
}

fn url(url: &str, image: bool) -> Option<(&'static str, &'static str)> {
    let undone: String = codes(url).chars().filter(|char| !char.is_whitespace() && !char.is_control()).collect();
    let lower = undone.to_lowercase();
    let scheme = lower.split(':').next().unwrap_or_default();
    if matches!(scheme, "javascript" | "vbscript")
        || scheme == "data" && !(image && lower.starts_with("data:image/") && !lower.starts_with("data:image/svg"))
    {
        return Some(("script-link", RUNS));
    }
    let template = TEMPLATE.as_ref().is_some_and(|template| template.is_match(undone.as_bytes()));
    let private = || PRIVATE.as_ref().is_some_and(|private| private.is_match(undone.as_bytes()));
    let remote = lower.starts_with("http") || lower.starts_with("//") || lower.starts_with("ftp");
    if remote && template && (private() || image && undone.contains('?') || undone.ends_with('=')) {
        return Some(("carries-out", CARRIES));
    }
    if remote
        && host(&lower).is_some_and(|host| host.bytes().all(|byte| byte.is_ascii_digit()) || host.starts_with("0x"))
    {
        return Some(("look-alike", LOOKS));
    }
    if mixed(url) { Some(("look-alike", LOOKS)) } else { None }
}

fn host(url: &str) -> Option<&str> {
    let rest = &url[url.find("//")? + 2..];
    let host = rest.split(['/', '?', '#', ':']).next()?;
    Some(host.rsplit('@').next().unwrap_or(host)).filter(|host| !host.is_empty())
}

/// True when one word has Latin letters and letters of another alphabet that look like Latin ones, and no others.
fn mixed(name: &str) -> bool {
    name.split(|char: char| !char.is_alphabetic()).any(|word| {
        let latin = word.chars().any(|char| char.is_ascii_alphabetic());
        let mut others = word.chars().filter(|char| !char.is_ascii()).peekable();
        latin
            && others.peek().is_some()
            && others.all(|char| char > '\u{36f}' && super::parts::look_alike(char).is_some())
    })
}
