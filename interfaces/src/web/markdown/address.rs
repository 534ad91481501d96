//! Where a link may lead: out by `http`, `https` and `mailto`, to a page of the library, or within the page. Nowhere else.

use commune_proto::ArticlePath;

/// Bytes of an address; a longer one is not followed.
const LIMIT: usize = 2048;
/// What the ids of headings begin with, so that none is an id of the page's own.
const HEADING: &str = "s-";

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    href: String,
    out: bool,
}

impl Target {
    /// A page of the library, and a heading of it.
    pub(super) fn page(path: &str, anchor: &str) -> Self {
        let anchor = if anchor.is_empty() { String::new() } else { format!("#{}", slug(anchor)) };
        Self { href: format!("/articles/{path}{anchor}"), out: false }
    }

    /// A heading of this page.
    pub(super) fn here(anchor: &str) -> Self {
        Self { href: format!("#{}", slug(anchor)), out: false }
    }

    /// The address, not escaped yet.
    pub(super) fn href(&self) -> &str {
        &self.href
    }

    /// True for an address that is not of this commune.
    pub(super) fn leads_out(&self) -> bool {
        self.out
    }
}

/// Reads an address as it is written in a text; none for one that is not followed.
pub(super) fn read(url: &str) -> Option<Target> {
    let url = url.trim();
    if url.is_empty() || url.len() > LIMIT || url.chars().any(char::is_control) {
        return None;
    }
    if let Some(anchor) = url.strip_prefix('#') {
        return Some(Target::here(anchor));
    }
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        Some("http" | "https") if url.contains("://") => Some(Target { href: url.to_owned(), out: true }),
        Some("mailto") => Some(Target { href: url.to_owned(), out: true }),
        Some(_) => None,
        None => in_library(url),
    }
}

/// A path to a page, as a file of an export or of a vault names it.
fn in_library(url: &str) -> Option<Target> {
    let (path, anchor) = url.split_once('#').unwrap_or((url, ""));
    if path.starts_with("//") {
        return None;
    }
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix("../")) {
        path = rest;
    }
    let path = path.trim_start_matches('/').strip_prefix("articles/").unwrap_or(path.trim_start_matches('/'));
    let path: ArticlePath = path.strip_suffix(".md").unwrap_or(path).parse().ok()?;
    Some(Target::page(path.as_str(), anchor))
}

/// The id of a heading.
pub(super) fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    format!("{HEADING}{}", words.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<&str>) {
        assert_eq!(read(url).as_ref().map(Target::href), expected, "{url:?}");
    }

    #[test]
    fn an_address_leads_out_into_the_library_or_nowhere() {
        check("https://example.org/a?b=c#d", Some("https://example.org/a?b=c#d"));
        check("HTTP://example.org", Some("HTTP://example.org"));
        check("mailto:ada@example.org", Some("mailto:ada@example.org"));
        check("#Before you Begin", Some("#s-before-you-begin"));
        check("how-to/renew", Some("/articles/how-to/renew"));
        check("../how-to/renew.md#step 2", Some("/articles/how-to/renew#s-step-2"));
        check("/articles/how-to/renew", Some("/articles/how-to/renew"));
        for nowhere in [
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "http:/x",
            "//evil.example/x",
            "/search?q=x",
            "picture.png",
            "\\\\evil",
        ] {
            check(nowhere, None);
        }
    }
}
