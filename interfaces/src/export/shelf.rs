//! What stands in the library, as far as the pages that list others need it. Pure.
//!
//! **Every path has one file, `<path>.md`**, so that `[[path]]` leads to it in Obsidian as in Quartz: a page that stands, a page that went
//! elsewhere, or else, for a folder, a page that lists what is in it. The first page is `index.md`, which Quartz asks for. Quartz lists
//! its folders itself, beside these.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::librarian::v1::{Article, ArticleKind};

use super::page;

/// Pages and folders that are listed by name.
const LISTED: usize = 400;

/// The place of the first page.
pub(super) const HOME: &str = "index";

/// The pages that stand.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Pages with their titles.
    titles: BTreeMap<String, String>,
    /// Pages that went elsewhere.
    redirects: BTreeSet<String>,
    /// Sections of which the library keeps a page: what leads there is no dead link.
    sections: BTreeSet<String>,
    /// What is in each folder; the outermost is "".
    folders: BTreeMap<String, Folder>,
}

#[derive(Debug, Default)]
struct Folder {
    /// The pages right in it, with their titles.
    pages: BTreeMap<String, String>,
    /// The folders right in it, with how many pages each has.
    folders: BTreeMap<String, usize>,
}

/// Whether a page is one that is written as what it says.
pub(super) fn stands(article: &Article) -> bool {
    article.withdrawn_on.is_empty() && article.redirect_to.is_empty() && article.kind() != ArticleKind::Section
}

/// Whether a page went elsewhere.
pub(super) fn redirects(article: &Article) -> bool {
    article.withdrawn_on.is_empty() && !article.redirect_to.is_empty()
}

impl Shelf {
    /// Takes in a page as it is now; `held` when it is not to be seen. Gives the places whose files are others now: the page's own first of
    /// all, and those that list it.
    pub(super) fn take(&mut self, article: &Article, held: bool) -> BTreeSet<String> {
        let path = article.path.as_str();
        let after = (stands(article) && !held).then(|| article.title.clone());
        let section = article.kind() == ArticleKind::Section && article.withdrawn_on.is_empty();
        put(&mut self.sections, path, section);
        put(&mut self.redirects, path, redirects(article) && !held);
        let before = self.titles.get(path).cloned();
        let mut touched = BTreeSet::new();
        match (&before, &after) {
            (Some(_), None) => self.count(path, None, &mut touched),
            (None, Some(title)) => self.count(path, Some(title), &mut touched),
            (Some(old), Some(new)) if old != new => {
                let folder = above(path);
                self.folders.entry(folder.to_owned()).or_default().pages.insert(path.to_owned(), new.clone());
                touched.insert(place(folder));
            }
            _ => {}
        }
        match after {
            Some(title) => drop(self.titles.insert(path.to_owned(), title)),
            None => drop(self.titles.remove(path)),
        }
        touched.retain(|place| !self.is_taken(place));
        touched.insert(path.to_owned());
        touched
    }

    /// The page that lists what is in a folder; none where a page of the library stands, and where nothing is in it.
    pub(super) fn listing(&self, place: &str) -> Option<String> {
        if self.is_taken(place) {
            return None;
        }
        if place == HOME {
            let nothing = Folder::default();
            return Some(self.list(HOME, "Library", self.folders.get("").unwrap_or(&nothing)));
        }
        match self.folders.get(place) {
            Some(folder) => Some(self.list(place, &name(place), folder)),
            None => self.sections.contains(place).then(|| self.list(place, &name(place), &Folder::default())),
        }
    }

    /// Every place that lists others.
    pub(super) fn listings(&self) -> BTreeSet<String> {
        let folders = self.folders.keys().map(|folder| place(folder));
        folders.chain(self.sections.iter().cloned()).chain([HOME.to_owned()]).collect()
    }

    fn is_taken(&self, place: &str) -> bool {
        self.titles.contains_key(place) || self.redirects.contains(place)
    }

    /// Counts a page in, or out, in every folder above it.
    fn count(&mut self, path: &str, title: Option<&str>, touched: &mut BTreeSet<String>) {
        let mut inner = path;
        loop {
            let outer = above(inner);
            let folder = self.folders.entry(outer.to_owned()).or_default();
            match (inner == path, title) {
                (true, Some(title)) => drop(folder.pages.insert(path.to_owned(), title.to_owned())),
                (true, None) => drop(folder.pages.remove(path)),
                (false, Some(_)) => *folder.folders.entry(inner.to_owned()).or_default() += 1,
                (false, None) => {
                    if let Some(pages) = folder.folders.get_mut(inner) {
                        *pages -= 1;
                        if *pages == 0 {
                            folder.folders.remove(inner);
                        }
                    }
                }
            }
            if folder.pages.is_empty() && folder.folders.is_empty() {
                self.folders.remove(outer);
            }
            touched.insert(place(outer));
            if outer.is_empty() {
                return;
            }
            inner = outer;
        }
    }

    fn list(&self, place: &str, title: &str, folder: &Folder) -> String {
        let mut body = String::new();
        let mut part = |heading: &str, total: usize, lines: &mut dyn Iterator<Item = String>| {
            if total == 0 {
                return;
            }
            body.push_str(&format!("{}## {heading}\n\n", if body.is_empty() { "" } else { "\n" }));
            lines.take(LISTED).for_each(|line| body.push_str(&line));
            if total > LISTED {
                body.push_str(&format!("\nAnd {} more.\n", total - LISTED));
            }
        };
        let section = |(inner, pages): (&String, &usize)| {
            let pages = if *pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
            let name = self.titles.get(inner).map_or_else(|| name(inner), |title| shown(title));
            format!("- [[{inner}|{name}]] ({pages})\n")
        };
        part("Sections", folder.folders.len(), &mut folder.folders.iter().map(section));
        let page = |(path, title): (&String, &String)| match shown(title) {
            title if title.is_empty() => format!("- [[{path}]]\n"),
            title => format!("- [[{path}|{title}]]\n"),
        };
        part("Pages", folder.pages.len(), &mut folder.pages.iter().map(page));
        if body.is_empty() {
            body.push_str("No pages yet.\n");
        }
        page::section(place, title, &body)
    }
}

fn put(set: &mut BTreeSet<String>, path: &str, is_in: bool) {
    match is_in {
        true => drop(set.insert(path.to_owned())),
        false => drop(set.remove(path)),
    }
}

/// The folder that a path is in; "" for the outermost.
fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The place of the page that lists a folder.
fn place(folder: &str) -> String {
    if folder.is_empty() { HOME.to_owned() } else { folder.to_owned() }
}

/// A title as what a link shows: without what would end it.
fn shown(title: &str) -> String {
    title.replace(['[', ']', '|', '\n', '\r'], " ").trim().to_owned()
}

/// A folder's name for a reader.
fn name(folder: &str) -> String {
    let last = folder.rsplit('/').next().unwrap_or_default().replace('-', " ");
    let mut chars = last.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> Article {
        Article { path: path.into(), title: format!("The {path}"), body: "x\n".into(), ..Article::default() }
    }

    fn check(touched: &BTreeSet<String>, places: &[&str]) {
        assert_eq!(touched.iter().map(String::as_str).collect::<Vec<_>>(), places);
    }

    #[test]
    fn a_page_is_listed_in_every_folder_above_it() {
        let mut shelf = Shelf::default();
        check(&shelf.take(&page("a/b/c"), false), &["a", "a/b", "a/b/c", "index"]);
        check(&shelf.take(&page("a/b/d"), false), &["a", "a/b", "a/b/d", "index"]);
        check(&shelf.take(&page("a/b/d"), false), &["a/b/d"]);
        let other = Article { title: "Other [x|y]".into(), ..page("a/b/d") };
        check(&shelf.take(&other, false), &["a/b", "a/b/d"]);
        assert!(shelf.listing("index").unwrap().ends_with("## Sections\n\n- [[a|A]] (2 pages)\n"));
        assert!(shelf.listing("a").unwrap().ends_with("## Sections\n\n- [[a/b|B]] (2 pages)\n"));
        let listing = shelf.listing("a/b").unwrap();
        assert!(listing.ends_with("## Pages\n\n- [[a/b/c|The a/b/c]]\n- [[a/b/d|Other  x y]]\n"), "{listing}");
        assert_eq!(shelf.listing("a/b/c"), None);
        assert_eq!(shelf.listings(), ["a", "a/b", "index"].map(str::to_owned).into());
    }

    #[test]
    fn a_page_takes_the_place_of_a_listing_and_gives_it_back() {
        let mut shelf = Shelf::default();
        shelf.take(&page("a/b"), false);
        check(&shelf.take(&page("a"), false), &["a", "index"]);
        assert_eq!(shelf.listing("a"), None);
        check(&shelf.take(&page("a/c"), false), &["a/c", "index"]);
        assert!(shelf.listing("index").unwrap().contains("- [[a|The a]] (2 pages)\n"));
        let gone = Article { withdrawn_on: "2026-02-14".into(), ..page("a") };
        check(&shelf.take(&gone, false), &["a", "index"]);
        assert!(shelf.listing("a").unwrap().contains("[[a/b|The a/b]]"));
        shelf.take(&page("index"), false);
        assert_eq!(shelf.listing("index"), None, "a page of that name is the first page");
    }

    #[test]
    fn what_went_or_is_held_is_not_listed() {
        let mut shelf = Shelf::default();
        shelf.take(&page("a/b"), false);
        shelf.take(&page("a/c"), false);
        shelf.take(&Article { redirect_to: "a/c".into(), ..page("a/b") }, false);
        check(&shelf.take(&page("a/c"), true), &["a", "a/c", "index"]);
        assert_eq!((shelf.listing("a"), shelf.listing("a/b")), (None, None), "nothing is left to be listed");
        // a section of the library is no dead end, even before it is taken away
        let section = Article { kind: ArticleKind::Section.into(), ..page("a") };
        shelf.take(&section, false);
        assert!(shelf.listing("a").unwrap().ends_with("No pages yet.\n"));
    }
}
