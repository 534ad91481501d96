//! Links: every `[[link]]` leads to a page that stands.
//!
//! What nearly names a page is mended: in another case or spelling, by its title or another name, through a redirect. **What names
//! nothing becomes plain text and a need**, asked in the name of the first who contributed to the page; the page's history keeps the
//! link. No more are taken out of one contributor's pages in a night than leave it questions of its own; the rest waits.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::{document, document::WikiLink, normalize};
use commune_proto::ArticlePath;

use super::{
    Desk, Stock, Wanted,
    names::{Meant, Names},
};

const CHECK: &str = "links";
/// Needs that are asked in one contributor's name in one night, of the 50 that it may ask in a day.
const ASKED: usize = 20;

pub(super) fn check(desk: &mut Desk<'_>, stock: &Stock<'_>) {
    let mut names = Names::new(&stock.redirects);
    desk.sections.keys().for_each(|path| names.section(path));
    for article in desk.sheets.iter().map(|sheet| sheet.article()) {
        names.page(&article.path, &article.title, &article.aliases);
    }
    let mut meant: BTreeMap<String, Meant> = BTreeMap::new();
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    let mut questions: BTreeSet<String> = BTreeSet::new();
    for at in 0..desk.sheets.len() {
        let facts = std::sync::Arc::clone(desk.sheets[at].facts());
        if facts.links.is_empty() {
            continue;
        }
        let article = desk.sheets[at].article();
        let asker = article.contributors.first().cloned().unwrap_or_default();
        let mut rewritten: Vec<(&WikiLink, String)> = Vec::new();
        let mut wanted: Vec<String> = Vec::new();
        let (mut mended, mut dead, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for link in &facts.links {
            let means = meant.entry(link.target.clone()).or_insert_with(|| names.meant(&link.target));
            match means {
                Meant::Page => {}
                Meant::Nearly(path) => {
                    mended.push(format!("“{}” is {path}", link.target));
                    rewritten.push((link, to_page(link, path)));
                }
                Meant::Nothing => {
                    let question = question(link);
                    let identity = normalize::question(&question);
                    let known = questions.contains(&identity) || (stock.is_asked)(&question);
                    let times = asked.entry(asker.clone()).or_default();
                    if !known && (asker.is_empty() || *times >= ASKED || !desk.sheets[at].may_be_mended()) {
                        waiting.push(link.target.clone());
                        continue;
                    }
                    if !known {
                        *times += 1;
                        questions.insert(identity);
                        desk.wanted.push(Wanted { asker: asker.clone(), question: question.clone() });
                    }
                    wanted.push(question);
                    dead.push(format!("“{}”", link.target));
                    rewritten.push((link, plain(link)));
                }
            }
        }
        if !waiting.is_empty() {
            desk.waits = true;
            desk.report(at, CHECK, format!("links to nothing, which wait: {}", waiting.join(", ")));
        }
        let Some(body) = rewrite(&desk.sheets[at].article().body, &rewritten) else {
            if !rewritten.is_empty() {
                desk.report(at, CHECK, "links that cannot be mended where they stand".to_owned());
            }
            continue;
        };
        wanted.into_iter().for_each(|question| desk.wants(at, question));
        let mut what = Vec::new();
        if !mended.is_empty() {
            what.push(format!("mended {}", mended.join(", ")));
        }
        if !dead.is_empty() {
            what.push(format!("asked for {}", dead.join(", ")));
        }
        desk.mend(at, CHECK, what.join("; "), |article| article.body = body);
    }
}

/// The link as it leads to a page, showing what it showed.
fn to_page(link: &WikiLink, path: &ArticlePath) -> String {
    let anchor = if link.anchor.is_empty() { String::new() } else { format!("#{}", link.anchor) };
    let shown = if link.label.is_empty() { &link.target } else { &link.label };
    if shown == path.as_str() {
        return format!("[[{path}{anchor}]]");
    }
    format!("[[{path}{anchor}{}{shown}]]", if link.in_table { "\\|" } else { "|" })
}

/// What is left of a link to nothing.
fn plain(link: &WikiLink) -> String {
    if link.label.is_empty() { link.target.clone() } else { link.label.clone() }
}

/// What is to be known where a link leads to nothing.
fn question(link: &WikiLink) -> String {
    let end = link.target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let named = end.strip_suffix(".md").unwrap_or(end).replace(['-', '_'], " ");
    let named = named.split_whitespace().collect::<Vec<_>>().join(" ");
    if named.ends_with('?') { named } else { format!("What is {named}?") }
}

/// The body with links rewritten; none when there is nothing to rewrite, or when what comes of it reads otherwise than it should.
fn rewrite(body: &str, links: &[(&WikiLink, String)]) -> Option<String> {
    if links.is_empty() {
        return None;
    }
    let mut rewritten = String::with_capacity(body.len());
    let mut reached = 0;
    for (link, text) in links {
        rewritten.push_str(body.get(reached..link.range.start)?);
        rewritten.push_str(text);
        reached = link.range.end;
    }
    rewritten.push_str(body.get(reached..)?);
    let gone = links.iter().filter(|(_, text)| !text.starts_with("[[")).count();
    let same = document::wikilinks(&rewritten).len() + gone == document::wikilinks(body).len();
    same.then_some(rewritten)
}
