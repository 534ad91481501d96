//! Paths into the home folder of an account that has a name.

use super::Found;

/// Account names that name nobody.
#[rustfmt::skip]
const NOBODY: &[&str] = &[
    "user", "users", "username", "you", "your-user", "youruser", "yourname", "your-name", "me", "name", "someone", "example", "runner", "ubuntu",
    "root", "node", "app", "vscode", "ec2-user", "vagrant", "linuxbrew", "public", "shared", "default", "pi", "debian", "coder", "agent", "work",
    "test", "admin", "git", "jovyan", "postgres", "www-data", "nonroot", "dev", "builder", "deploy",
];

pub(super) fn find(text: &str, found: &mut Found<'_>) {
    for root in ["/home/", "/Users/", "\\Users\\", "\\\\Users\\\\", "/var/home/", "/export/home/"] {
        for (at, _) in text.match_indices(root) {
            let before = text[..at].chars().next_back();
            let inside_a_url = before.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '-');
            let drive = before == Some(':') || text[..at].ends_with("/mnt/c") || text[..at].ends_with("/var");
            let name: String = text[at + root.len()..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
                .collect();
            let name = name.trim_matches('.').to_lowercase();
            if (drive || !inside_a_url) && !name.is_empty() && !NOBODY.contains(&name.as_str()) {
                found(
                    at,
                    "home-path",
                    "it names somebody's home folder: write such paths as `~/…` and log the note again",
                );
            }
        }
    }
}
