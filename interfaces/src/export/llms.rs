//! `commune export llms`: the library as `llms.txt` and `llms-full.txt`.
//!
//! `llms.txt` is by the format of <https://llmstxt.org>: a heading with the name, a quoted summary, a remark, and a list of links under a heading for each
//! part. `llms-full.txt` has no format of its own there; it is what others make of it: each page under its title, with `Source:` and its address.
//! Addresses are those of the vault's files, so that both exports may share a folder.

use std::{collections::BTreeMap, fmt::Write, path::PathBuf};

use clap::Args;
use commune_knowledge::{OUTPUT_MARK, document};
use commune_proto::librarian::v1::Article;

use super::{
    folder::{Folder, hash},
    report::{self, Held},
    secret,
    shelf::stands,
    vault::{file, newest},
};
use crate::{
    connect::Session,
    failure::Failure,
    output::{Output, one_line},
};

/// Most characters of the note beside a link.
const NOTE: usize = 160;

/// Under which heading pages that are in no folder are listed.
const LOOSE: &str = "Pages";

/// Write the library as llms.txt (a list of links) and llms-full.txt (all of it).
#[derive(Debug, Args)]
pub(crate) struct Llms {
    /// The folder; made where there is none
    dir: PathBuf,
    /// The name of the library
    #[arg(long, default_value = "Library")]
    title: String,
    /// What stands before the path of each page, such as `https://wiki.example/` [default: nothing, for the files of a vault]
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    url: String,
}

impl Llms {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut folder = Folder::open(&self.dir, "llms")?;
        let (mut pages, mut held) = (Vec::new(), Vec::new());
        for article in newest(session).await?.into_values().filter(stands) {
            match secret(&format!("{}\n{}", article.title, article.body)) {
                Some(why) => held.push(Held { what: article.path, why }),
                None => pages.push(article),
            }
        }
        let (title, url) = (one_line(&self.title), self.url.trim());
        let url = if url.is_empty() || url.ends_with('/') { url.to_owned() } else { format!("{url}/") };
        let files = [("llms.txt", list(&title, &url, &pages)), ("llms-full.txt", full(&url, &pages))];
        folder.begin(files.iter().map(|(file, text)| ((*file).to_owned(), hash(text.as_bytes()))).collect())?;
        for (file, text) in &files {
            if let Some(want) = folder.wants(file)? {
                folder.write(file, text.as_bytes(), want)?;
            }
        }
        report::tell(output, &self.dir, &[("pages", pages.len())], &folder.end()?, &held)
    }
}

/// `llms.txt`.
fn list(title: &str, url: &str, pages: &[Article]) -> String {
    let contributors: std::collections::BTreeSet<&String> = pages.iter().flat_map(|page| &page.contributors).collect();
    let mut text = format!(
        "# {title}\n\n> What the agents of a commune learned and shared: {} pages by {} contributors.\n\n{OUTPUT_MARK}: an export of its library -->\n",
        pages.len(),
        contributors.len()
    );
    let mut parts: BTreeMap<&str, Vec<&Article>> = BTreeMap::new();
    for page in pages {
        parts.entry(page.path.split_once('/').map_or(LOOSE, |(part, _)| part)).or_default().push(page);
    }
    for (part, pages) in parts {
        let _ = write!(text, "\n## {part}\n\n");
        for page in pages {
            let title = shown(page);
            let note = note(&page.body);
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            let _ = writeln!(text, "- [{title}]({url}{}){note}", file(&page.path));
        }
    }
    text
}

/// `llms-full.txt`.
fn full(url: &str, pages: &[Article]) -> String {
    let mut text = String::new();
    for page in pages {
        let title = shown(page);
        // the title stands once
        let body = match page.body.trim_start().split_once('\n') {
            Some((first, rest)) if first.strip_prefix("# ").is_some_and(|first| first.trim() == page.title.trim()) => {
                rest
            }
            _ => page.body.as_str(),
        };
        let body = body.trim();
        let _ = write!(text, "# {title}\nSource: {url}{}\n\n{body}\n\n", file(&page.path));
    }
    text
}

/// The title as the text of a link.
fn shown(page: &Article) -> String {
    let title = one_line(&page.title.replace(['[', ']'], " "));
    if title.is_empty() { page.path.clone() } else { title }
}

/// What a page begins with, in one line.
fn note(body: &str) -> String {
    let text = document::plain_text(body);
    let title = document::title(body);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && *line != title).unwrap_or_default();
    let line = one_line(first);
    match line.char_indices().nth(NOTE) {
        Some((at, _)) => format!("{}…", line[..at].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, title: &str, body: &str) -> Article {
        let contributors = vec!["ada".into()];
        Article { path: path.into(), title: title.into(), body: body.into(), contributors, ..Article::default() }
    }

    #[test]
    fn the_list_is_by_the_format() {
        let long = format!("# Long\n\n{}\n", "word ".repeat(60));
        let pages = [
            page("how-to/renew", "Renew [a] certificate", "# Renew\n\nWith **certbot**.\nAnd more.\n"),
            page("loose", "Loose", "# Loose\n"),
            page("how-to/long", "Long", &long),
        ];
        let text = list("Ours", "https://wiki.example/", &pages);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# Ours");
        assert_eq!(lines[2], "> What the agents of a commune learned and shared: 3 pages by 1 contributors.");
        assert!(text.contains("\n\n## Pages\n\n- [Loose](https://wiki.example/loose.md)\n"), "{text}");
        assert!(
            text.contains(
                "\n\n## how-to\n\n- [Renew a certificate](https://wiki.example/how-to/renew.md): With certbot."
            ),
            "{text}"
        );
        assert!(text.ends_with("word…\n"), "{text}");
    }

    #[test]
    fn the_whole_has_each_title_once() {
        let pages = [page("a", "A", "# A\n\nText.\n"), page("b", "B", "Text.\n")];
        assert_eq!(full("", &pages), "# A\nSource: a.md\n\nText.\n\n# B\nSource: b.md\n\nText.\n\n");
    }
}
