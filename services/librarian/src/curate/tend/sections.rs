//! Sections: each folder of several pages has a page that lists them. It stands where no other does, is no article, and gives way to one.

use std::collections::BTreeMap;

use commune_proto::ArticlePath;

use super::{Desk, SMALL, Stock};
use crate::library::{Article, Kind};

const CHECK: &str = "sections";
/// Pages that make a section worth a page.
const SEVERAL: usize = 3;
/// Pages that are listed.
const LISTED: usize = 400;

/// What is in a folder.
#[derive(Debug, Default)]
struct Folder {
    /// The pages right in it, with their titles.
    pages: BTreeMap<ArticlePath, String>,
    /// The folders right in it, with how many pages each has.
    folders: BTreeMap<ArticlePath, usize>,
}

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    let mut folders: BTreeMap<ArticlePath, Folder> = BTreeMap::new();
    if desk.sheets.len() >= SMALL {
        for article in desk.sheets.iter().map(|sheet| sheet.article()) {
            let Some(folder) = above(&article.path) else { continue };
            folders.entry(folder.clone()).or_default().pages.insert(article.path.clone(), article.title.clone());
            let mut inner = folder;
            while let Some(outer) = above(&inner) {
                *folders.entry(outer.clone()).or_default().folders.entry(inner).or_default() += 1;
                inner = outer;
            }
        }
        folders.retain(|path, folder| {
            let pages = folder.pages.len() + folder.folders.values().sum::<usize>();
            pages >= SEVERAL && desk.find(path).is_none() && !stock.redirects.contains_key(path)
        });
    }
    for (path, folder) in &folders {
        let article = page(path, folder, &folders);
        let stands = desk.sections.get(path).map(|shelved| &shelved.newest.article);
        if stands.is_some_and(|stands| stands.body == article.body && stands.title == article.title) {
            continue;
        }
        let what = match stands {
            None => "the page of a section".to_owned(),
            Some(_) => "lists what is there now".to_owned(),
        };
        desk.page(article, CHECK, what, stock);
    }
    let gone: Vec<ArticlePath> =
        desk.sections.keys().filter(|path| !folders.contains_key(**path)).map(|path| (*path).clone()).collect();
    for path in gone {
        // where an article took its place there is nothing to be done
        if desk.find(&path).is_none() {
            let withdrawn_on = stock.night.get(..10).unwrap_or(stock.night).to_owned();
            let article = Article { withdrawn_on, ..Article::blank(path, Kind::Section) };
            desk.page(article, CHECK, "too few pages are left for a page of their section".to_owned(), stock);
        }
    }
}

/// The folder that a path is in.
fn above(path: &ArticlePath) -> Option<ArticlePath> {
    let (folder, _) = path.as_str().rsplit_once('/')?;
    folder.parse().ok()
}

fn page(path: &ArticlePath, folder: &Folder, all: &BTreeMap<ArticlePath, Folder>) -> Article {
    let title = name(path);
    let mut body = format!("# {title}\n");
    if !folder.folders.is_empty() {
        body.push_str("\n## Sections\n\n");
        for (inner, pages) in folder.folders.iter().take(LISTED) {
            let shown = match all.contains_key(inner) {
                true => format!("[[{inner}|{}]]", name(inner)),
                false => name(inner),
            };
            let pages = if *pages == 1 { "1 page".to_owned() } else { format!("{pages} pages") };
            body.push_str(&format!("- {shown} ({pages})\n"));
        }
    }
    if !folder.pages.is_empty() {
        body.push_str("\n## Pages\n\n");
        for (page, title) in folder.pages.iter().take(LISTED) {
            // a title may hold what would end a link
            let title = title.replace(['[', ']', '|'], " ");
            body.push_str(&format!("- [[{page}|{}]]\n", title.trim()));
        }
        if folder.pages.len() > LISTED {
            body.push_str(&format!("\nAnd {} more.\n", folder.pages.len() - LISTED));
        }
    }
    Article { title, body, ..Article::blank(path.clone(), Kind::Section) }
}

/// A folder's name for a reader.
fn name(path: &ArticlePath) -> String {
    let last = path.segments().last().unwrap_or_default().replace('-', " ");
    let mut chars = last.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}
