//! Tending: the checks that keep the library true, over the whole of it once a night.
//!
//! Each check reports and, where that is safe, mends. **An article gets one revision at most for all that is mended of it in a
//! night**, its reason says which check mended what, and it counts for nobody: it has no contribution, confirms nothing and is no
//! evidence. What the librarian links of its own accord stands beside the body (`Article::see_also`) or on a page of its own kind, so
//! that **no word of the librarian's is ever a statement of anybody's**. What is mended is found no more: a second look changes nothing.

mod desk;
mod duplicates;
mod facts;
mod footnotes;
mod form;
mod headings;
mod links;
mod names;
mod orphans;
mod sections;
mod see_also;
mod stale;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::embedding::Vector;
use commune_proto::ArticlePath;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Existing, Planned, article_check, size};
use crate::library::{Article, Revision};
use desk::Desk;
pub use facts::Facts;
pub use see_also::MOST as SEE_ALSO_MOST;

/// Looks at the pages on a desk, says what it finds and mends what it may.
type Check = fn(&mut Desk<'_>, &Stock<'_>);

/// The checks by their names, in the order in which they are made: what one mends the next sees mended.
const CHECKS: &[(&str, Check)] = &[
    ("form", form::check),
    ("headings", headings::check),
    ("links", links::check),
    ("footnotes", footnotes::check),
    ("stale", stale::check),
    ("duplicates", duplicates::check),
    ("see-also", see_also::check),
    ("orphans", orphans::check),
    ("sections", sections::check),
];

/// Articles that are mended in one night; the rest waits for the next.
pub const MENDED: usize = 5_000;
/// A library of fewer pages is seen at one glance: nothing in it needs to be led to.
pub const SMALL: usize = 12;

/// The names of the checks, in their order.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|(name, _)| *name)
}

/// A page of the library with what the library knows beside it.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// Its newest revision.
    pub newest: Arc<Revision>,
    /// The sequence of that.
    pub sequence: u64,
    /// It was mended in this night already.
    pub tended: bool,
}

/// What is tended.
pub struct Stock<'a> {
    /// All that stands, and the pages of sections, by path.
    pub pages: Vec<Shelved>,
    /// Pages of which nothing is left or that lead elsewhere: a page of a section follows what was there.
    pub absent: BTreeMap<ArticlePath, Shelved>,
    /// Where pages went that redirect.
    pub redirects: BTreeMap<ArticlePath, ArticlePath>,
    /// What a page means as it is now.
    pub vector: &'a dyn Fn(&ArticlePath) -> Option<Vector>,
    /// Whether somebody asked this already, in whatever words.
    pub is_asked: &'a dyn Fn(&str) -> bool,
    /// The night.
    pub night: &'a str,
    /// When.
    pub now: Timestamp,
}

impl std::fmt::Debug for Stock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stock({} pages)", self.pages.len())
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The page.
    pub path: ArticlePath,
    /// The check.
    pub check: &'static str,
    /// What it found, for a reader.
    pub what: String,
    /// True when it is mended by the plan that tells of it.
    pub mended: bool,
}

/// Something that a page links to and nobody has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who wrote the link: the first of those who contributed to the page.
    pub asker: String,
    /// What is to be known.
    pub question: String,
}

/// What is to be done, and what was found.
#[derive(Debug, Clone, Default)]
pub struct Tended {
    /// Revisions that mend, by path.
    pub revisions: Vec<Planned>,
    /// What is asked for the dead links that these take out.
    pub wanted: Vec<Wanted>,
    /// All that was found, by page.
    pub findings: Vec<Finding>,
    /// Pairs of articles on the same thing: what goes, and what it goes into.
    pub duplicates: Vec<(ArticlePath, ArticlePath)>,
    /// Pages that are longer than an article should be.
    pub long: Vec<ArticlePath>,
}

/// What was read of pages, kept from one look to the next: a page that says what it said is not read again.
#[derive(Debug, Default)]
pub struct Memory {
    facts: BTreeMap<ArticlePath, Known>,
    /// Pairs that were compared, with the sequences since which both said what they said then.
    compared: BTreeMap<(ArticlePath, ArticlePath), (u64, u64, Option<bool>)>,
    /// The library in which nothing was to be mended, on a day, with what was found there.
    rest: Option<(u64, Date, Tended)>,
}

/// A page that was read.
#[derive(Debug)]
struct Known {
    newest: Arc<Revision>,
    /// The sequence since which it says that: a revision may only name other pages beside it, or who confirmed it.
    since: u64,
    facts: Arc<Facts>,
}

impl Known {
    /// Whether what was read of it holds for this revision.
    fn holds_for(&self, newest: &Arc<Revision>) -> bool {
        let (one, other) = (&self.newest.article, &newest.article);
        let same =
            || (&one.title, one.kind, &one.body, &one.tags) == (&other.title, other.kind, &other.body, &other.tags);
        Arc::ptr_eq(&self.newest, newest) || same()
    }
}

impl Memory {
    /// What was found when the library ended at a sequence and nothing was to be mended on that day.
    fn at_rest(&self, through: u64, day: Date) -> Option<&Tended> {
        self.rest.as_ref().filter(|(at, on, _)| (*at, *on) == (through, day)).map(|(_, _, found)| found)
    }
}

/// Looks at the whole library, which ends at the sequence `through`. Only what changed since `memory` is read.
pub fn tend(stock: &Stock<'_>, memory: &mut Memory, through: u64) -> Tended {
    let day = stock.now.to_zoned(TimeZone::UTC).date();
    if let Some(found) = memory.at_rest(through, day) {
        return found.clone();
    }
    let mut desk = Desk::of(stock, memory);
    for (_, check) in CHECKS {
        check(&mut desk, stock);
    }
    let waits = desk.waits;
    let tended = desk.into_plan(stock);
    let known: BTreeSet<&ArticlePath> = stock.pages.iter().map(|page| &page.newest.article.path).collect();
    memory.facts.retain(|path, _| known.contains(path));
    memory.compared.retain(|(one, other), _| known.contains(one) && known.contains(other));
    memory.rest = (tended.revisions.is_empty() && !waits).then(|| (through, day, tended.clone()));
    tended
}

/// The revision that mends a page.
fn revision(
    before: Option<(&Shelved, &Article)>,
    mut article: Article,
    mended: &BTreeMap<&'static str, Vec<String>>,
    stock: &Stock<'_>,
) -> Planned {
    article_check(&mut article);
    let article = article.following(before.map(|(_, before)| before), stock.night, &stock.now.to_string());
    let told: Vec<String> = mended.iter().map(|(check, what)| format!("{check}: {}", what.join(", "))).collect();
    let reason = size::shortened(&format!("tended; {}", told.join("; ")), size::REASON_LIMIT);
    // where it stood when this night last looked still holds: what is mended is not what it is found by
    let findability = before
        .filter(|(_, before)| before.night == stock.night)
        .map(|(shelved, _)| shelved.newest.findability.clone())
        .unwrap_or_default();
    let mended = mended.keys().map(|check| (*check).to_owned()).collect();
    Planned {
        revision: Revision { findability, mended, ..Revision::of(article, reason) },
        before: before.map(|(shelved, before)| Existing { article: before.clone(), sequence: shelved.sequence }),
    }
}
