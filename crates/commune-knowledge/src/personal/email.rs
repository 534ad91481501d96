//! Addresses of people's mail. A role (`support@…`) and a domain of documentation (`example.org`) are no person.

use std::sync::LazyLock;

use regex::Regex;

use super::{Found, around};

static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?P<name>[\p{L}\p{N}._%+'-]+)(?:@|\s?[\[({]\s?(?:at|@)\s?[\])}]\s?|&#64;|%40)",
        r"(?P<host>(?:[\p{L}\p{N}-]+(?:\.|\s?[\[({]\s?(?:dot|punkt|\.)\s?[\])}]\s?))+\p{L}{2,24})"
    ))
    .ok()
});

/// Names before the at sign that are a role, a program or nobody.
#[rustfmt::skip]
const ROLES: &[&str] = &[
    "abuse", "accounts", "admin", "administrator", "alerts", "api", "app", "billing", "bot", "build", "careers", "ci", "contact",
    "contributors", "deploy", "dev", "developers", "devnull", "email", "events", "example", "feedback", "foo", "git", "hello", "help",
    "helpdesk", "hi", "hostmaster", "hr", "info", "issues", "it", "jobs", "legal", "list", "lists", "mail", "mailer-daemon", "maintainers",
    "marketing", "me", "media", "name", "news", "newsletter", "no-reply", "nobody", "noreply", "notifications", "notify", "office", "ops",
    "postmaster", "press", "privacy", "root", "sales", "security", "service", "someone", "somebody", "staff", "support", "sysadmin", "team",
    "test", "tester", "user", "username", "users", "webmaster", "you", "your-email", "youremail", "yourname", "your.name", "your_email",
];

/// Domains that belong to nobody (RFC 2606, RFC 6761) or that manuals use.
#[rustfmt::skip]
const NOBODYS: &[&str] = &[
    "example.com", "example.org", "example.net", "example.edu", "example", "test", "invalid", "localhost", "users.noreply.github.com",
    "domain.com", "domain.tld", "yourdomain.com", "mydomain.com", "foo.com", "bar.com", "users.noreply.gitlab.com", "gserviceaccount.com",
];

/// Endings of files and units, which follow an at sign, too.
#[rustfmt::skip]
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "js", "ts", "css", "html", "json", "md", "txt", "rs", "py", "go", "java", "service", "timer",
    "socket", "target", "mount", "conf", "yaml", "yml", "toml", "xml", "sh", "zip", "gz", "tgz", "lock", "mjs", "cjs", "tsx", "jsx", "vue",
];

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    if !text.contains('@') && !text.contains("at") && !text.contains("%40") {
        return;
    }
    for captures in ADDRESS.iter().flat_map(|address| address.captures_iter(text)) {
        let (Some(name), Some(host)) = (captures.name("name"), captures.name("host")) else { continue };
        let host_text: String =
            host.as_str().chars().filter(|char| char.is_alphanumeric() || "-.".contains(*char)).collect();
        let (before, after) = around(text, name.start(), host.end());
        let host_text = host_text.to_lowercase();
        let ending = host_text.rsplit('.').next().unwrap_or_default();
        let nobodys = NOBODYS
            .iter()
            .any(|known| host_text == *known || host_text.strip_suffix(known).is_some_and(|rest| rest.ends_with('.')));
        let name_text = name.as_str().trim_matches(['.', '\'', '-', '_']).to_lowercase();
        let role = ROLES.contains(&name_text.split(['+', '-', '.']).next().unwrap_or_default())
            && !name_text.contains('.')
            || ROLES.contains(&name_text.as_str())
            || name_text.starts_with("no-reply")
            || name_text.starts_with("do-not-reply");
        // a version of a package, a name in a URL, a path in code
        let technical =
            matches!(before, Some('/')) || matches!(after, Some('(' | ':')) && text[host.end()..].starts_with("::");
        if !name_text.is_empty() && !role && !nobodys && !technical && !FILES.contains(&ending) {
            found(
                name.start(),
                "email",
                "it has somebody's mail address: write `name@example.org` and log the note again",
            );
        }
    }
}

#[cfg(test)]
#[test]
fn the_expression_compiles() {
    assert!(ADDRESS.is_some());
}
