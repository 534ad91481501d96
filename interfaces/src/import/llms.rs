//! Reads an `llms.txt` as articles: the list itself, and the pages beside it to which it leads. Nothing is written here, and nothing is fetched.
//!
//! The format is that of <https://llmstxt.org>: a heading of level 1 with the name, a quoted summary, and lists of links, `- [name](url): note`, under
//! headings of level 2.

use std::{
    collections::BTreeSet,
    path::{Component, Path},
};

use commune_knowledge::{document, normalize};
use commune_proto::librarian::v1::Article;

use super::{
    plan::{self, File, Item, Plan, What},
    vault,
};

/// The name of such a file.
pub(super) const NAME: &str = "llms.txt";

/// True for a file of that name.
pub(super) fn is_one(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name == NAME)
}

/// The list and every page to which it leads.
pub(super) fn read(list: &Path) -> Plan {
    let mut plan = Plan::default();
    let file = File::of(list);
    let text = match file.text() {
        Ok(text) => text,
        Err(reason) => {
            plan.items.push(Item { path: file.path, what: What::Refused(reason) });
            return plan;
        }
    };
    let what = match plan::is_own_list(&text) {
        true => What::LeftAlone("the commune wrote it: that is nothing that was learned".to_owned()),
        false => page(&text),
    };
    plan.items.push(Item { path: file.path, what });
    let folder = list.parent().unwrap_or(Path::new("."));
    let mut seen = BTreeSet::new();
    for link in text.lines().filter_map(link).filter(|link| seen.insert(link.url.to_owned())) {
        let what = match beside(folder, link.url) {
            Err(why) => What::LeftAlone(why.to_owned()),
            Ok(file) => match file.text() {
                Ok(text) => titled(vault::article(link.url, &text), link.name, &text),
                Err(reason) => What::Refused(reason),
            },
        };
        plan.items.push(Item { path: link.url.to_owned(), what });
    }
    plan
}

/// The list as an article under its own name.
fn page(text: &str) -> What {
    let title = document::title(text);
    let name = normalize::slug(if title.is_empty() { NAME } else { &title });
    vault::article(&format!("{name}.md"), text)
}

/// A page that has no title of its own is called as the list calls it.
fn titled(what: What, name: &str, text: &str) -> What {
    let named = !name.is_empty() && !document::sections(text).iter().any(|section| section.level == 1);
    match what {
        What::Article(article) if named && !text.starts_with("---") => {
            What::Article(Box::new(Article { title: name.to_owned(), ..*article }))
        }
        what => what,
    }
}

/// `- [name](url): note`.
#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    name: &'a str,
    url: &'a str,
}

fn link(line: &str) -> Option<Link<'_>> {
    let line = line.trim();
    let inner = line.strip_prefix("- [").or_else(|| line.strip_prefix("* ["))?;
    let (name, rest) = inner.split_once("](")?;
    let (url, _) = rest.split_once(')')?;
    (!url.trim().is_empty()).then(|| Link { name: name.trim(), url: url.trim() })
}

/// The file that a link leads to, below the folder of the list. **Nothing elsewhere is read.**
fn beside(folder: &Path, url: &str) -> Result<File, &'static str> {
    if url.contains("://") || url.starts_with("//") || url.starts_with("mailto:") {
        return Err("it lies elsewhere, and nothing is fetched");
    }
    let path = Path::new(url);
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("it leads out of the folder");
    }
    if !vault::is_markdown(url) {
        return Err("not Markdown");
    }
    let mut at = folder.to_owned();
    for part in path.components() {
        at.push(part);
        match std::fs::symlink_metadata(&at) {
            Err(_) => return Err("it is not there"),
            Ok(about) if about.is_symlink() => return Err("a link is not followed"),
            Ok(_) => {}
        }
    }
    if at.is_file() { Ok(File::at(url, &at)) } else { Err("it is not there") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_and_what_lies_beside_it_are_articles() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.md", "Water the plants.\n");
        write("b.md", "# Of its own\n\nText.\n");
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("c.md")).unwrap();
        let list = "# Our Garden\n\n> A garden.\n\n## Docs\n\n- [Plants](a.md): water\n- [B](b.md)\n- [Out](../x.md)\n- [Link](c.md)\n- [Web](https://example.org/x.md)\n- [None](d.md)\n";
        write(NAME, list);
        let plan = read(&folder.path().join(NAME));
        let shown: Vec<String> = plan
            .items
            .iter()
            .map(|item| match &item.what {
                What::Article(article) => format!("{} {}", article.path, article.title),
                What::LeftAlone(why) => format!("{}: {why}", item.path),
                what => format!("{what:?}"),
            })
            .collect();
        assert_eq!(
            shown,
            [
                "our-garden Our Garden",
                "a Plants",
                "b Of its own",
                "../x.md: it leads out of the folder",
                "c.md: a link is not followed",
                "https://example.org/x.md: it lies elsewhere, and nothing is fetched",
                "d.md: it is not there",
            ]
        );
    }

    #[test]
    fn an_own_list_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join(NAME);
        std::fs::write(&list, "# Library\n\n> x\n\n<!-- written by commune: an export -->\n").unwrap();
        assert!(matches!(read(&list).items[0].what, What::LeftAlone(_)));
    }
}
