//! The pages on the desk: as they stand, as they are to be, and what was found on them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use commune_knowledge::{embedding::Vector, placement::Reading};
use commune_proto::ArticlePath;

use super::{Facts, Finding, Known, MENDED, Memory, Shelved, Stock, Tended, Wanted, revision};
use crate::{curate::Planned, library::Article};

/// A page on the desk.
pub(super) struct Sheet<'a> {
    shelved: &'a Shelved,
    since: u64,
    draft: Option<Article>,
    facts: Arc<Facts>,
    vector: OnceLock<Option<Vector>>,
    /// By check, what it mended.
    mended: BTreeMap<&'static str, Vec<String>>,
    /// What is asked for links that it takes out.
    wanted: Vec<String>,
}

impl Sheet<'_> {
    /// The page as it is to be.
    pub(super) fn article(&self) -> &Article {
        self.draft.as_ref().unwrap_or(&self.shelved.newest.article)
    }

    /// What was read of it.
    pub(super) fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// The sequence since which it says what it says.
    pub(super) fn since(&self) -> u64 {
        self.since
    }

    /// True when it is mended, or a contribution of this night is in it.
    pub(super) fn changes_in(&self, night: &str) -> bool {
        !self.mended.is_empty() || self.article().night == night
    }

    /// False when it was mended in this night already: what is found now is mended in the next.
    pub(super) fn may_be_mended(&self) -> bool {
        !self.shelved.tended
    }
}

/// All pages.
pub(super) struct Desk<'a> {
    /// What stands, by path.
    pub(super) sheets: Vec<Sheet<'a>>,
    /// The pages of sections, by path.
    pub(super) sections: BTreeMap<&'a ArticlePath, &'a Shelved>,
    pub(super) memory: &'a mut Memory,
    pub(super) wanted: Vec<Wanted>,
    pub(super) duplicates: Vec<(ArticlePath, ArticlePath)>,
    pub(super) long: Vec<ArticlePath>,
    /// Something is left for another night.
    pub(super) waits: bool,
    findings: Vec<Finding>,
    /// Pages of sections as they are to be.
    pages: Vec<Planned>,
}

impl<'a> Desk<'a> {
    pub(super) fn of(stock: &'a Stock<'_>, memory: &'a mut Memory) -> Self {
        let (sections, pages): (Vec<&Shelved>, Vec<&Shelved>) =
            stock.pages.iter().partition(|shelved| shelved.newest.article.is_section());
        let mut sheets: Vec<Sheet<'a>> = pages
            .into_iter()
            .map(|shelved| {
                let article = &shelved.newest.article;
                let known = memory.facts.get(&article.path).filter(|known| known.holds_for(&shelved.newest));
                let (since, facts) = match known {
                    Some(known) => (known.since, Arc::clone(&known.facts)),
                    None => (shelved.sequence, Arc::new(Facts::of(article))),
                };
                let known = Known { newest: Arc::clone(&shelved.newest), since, facts: Arc::clone(&facts) };
                memory.facts.insert(article.path.clone(), known);
                Sheet {
                    shelved,
                    since,
                    draft: None,
                    facts,
                    vector: OnceLock::new(),
                    mended: BTreeMap::new(),
                    wanted: Vec::new(),
                }
            })
            .collect();
        sheets.sort_by(|one, other| one.article().path.cmp(&other.article().path));
        let sections = sections.into_iter().map(|shelved| (&shelved.newest.article.path, shelved)).collect();
        Self {
            sheets,
            sections,
            memory,
            wanted: Vec::new(),
            duplicates: Vec::new(),
            long: Vec::new(),
            waits: false,
            findings: Vec::new(),
            pages: Vec::new(),
        }
    }

    /// Where a page is on the desk.
    pub(super) fn find(&self, path: &ArticlePath) -> Option<usize> {
        self.sheets.binary_search_by(|sheet| sheet.article().path.cmp(path)).ok()
    }

    /// Says what a check found and does not mend.
    pub(super) fn report(&mut self, at: usize, check: &'static str, what: String) {
        let path = self.sheets[at].article().path.clone();
        self.findings.push(Finding { path, check, what, mended: false });
    }

    /// Mends a page, unless it was mended in this night already; says what either way.
    pub(super) fn mend(&mut self, at: usize, check: &'static str, what: String, mend: impl FnOnce(&mut Article)) {
        let sheet = &mut self.sheets[at];
        let mended = sheet.may_be_mended();
        if mended {
            let draft = sheet.draft.get_or_insert_with(|| sheet.shelved.newest.article.clone());
            let before = (draft.title.clone(), draft.body.clone());
            mend(draft);
            if (&draft.title, &draft.body) != (&before.0, &before.1) {
                sheet.facts = Arc::new(Facts::of(draft));
                sheet.vector = OnceLock::new();
            }
            sheet.mended.entry(check).or_default().push(what.clone());
        }
        self.waits |= !mended;
        let path = self.sheets[at].article().path.clone();
        self.findings.push(Finding { path, check, what, mended });
    }

    /// Writes the page of a section.
    pub(super) fn page(&mut self, article: Article, check: &'static str, what: String, stock: &Stock<'_>) {
        let there = self.sections.get(&article.path).copied().or_else(|| stock.absent.get(&article.path));
        let before = there.map(|shelved| (shelved, &shelved.newest.article));
        let mended = before.is_none_or(|(shelved, _)| !shelved.tended);
        self.waits |= !mended;
        self.findings.push(Finding { path: article.path.clone(), check, what: what.clone(), mended });
        if mended {
            self.pages.push(revision(before, article, &BTreeMap::from([(check, vec![what])]), stock));
        }
    }

    /// What a page means as it is to be.
    pub(super) fn vector(&self, at: usize, stock: &Stock<'_>) -> Option<Vector> {
        let sheet = &self.sheets[at];
        let (article, stands) = (sheet.article(), &sheet.shelved.newest.article);
        let vector = sheet.vector.get_or_init(|| match article.body == stands.body && article.title == stands.title {
            true => (stock.vector)(&article.path),
            false => Reading::of(&article.title, &article.body).vector().cloned(),
        });
        vector.clone()
    }

    /// The pages to which nothing leads, neither a link in a text nor what a page names to be seen, too: as the library stands
    /// (but for what is mended of links), and as it is to be.
    pub(super) fn orphans(&self, redirects: &BTreeMap<ArticlePath, ArticlePath>) -> [BTreeSet<usize>; 2] {
        let all: BTreeSet<usize> = (0..self.sheets.len()).collect();
        let mut orphans = [all.clone(), all];
        for (at, sheet) in self.sheets.iter().enumerate() {
            let linked: Vec<ArticlePath> =
                sheet.facts.links.iter().filter_map(|link| link.target.parse().ok()).collect();
            let named = [&sheet.shelved.newest.article.see_also, &sheet.article().see_also];
            for (orphans, named) in orphans.iter_mut().zip(named) {
                for path in linked.iter().chain(named) {
                    let path = redirects.get(path).unwrap_or(path);
                    if let Some(to) = self.find(path).filter(|to| *to != at) {
                        orphans.remove(&to);
                    }
                }
            }
        }
        orphans
    }

    /// A page asks for this.
    pub(super) fn wants(&mut self, at: usize, question: String) {
        let wanted = &mut self.sheets[at].wanted;
        if !wanted.contains(&question) {
            wanted.push(question);
        }
    }

    /// Says what a check found and another mended.
    pub(super) fn mended(&mut self, at: usize, check: &'static str, what: String) {
        let path = self.sheets[at].article().path.clone();
        self.findings.push(Finding { path, check, what, mended: true });
    }

    /// The plan. Of more pages than are mended in one night those come first whose links are mended.
    pub(super) fn into_plan(self, stock: &Stock<'_>) -> Tended {
        let mut mended: Vec<&Sheet<'_>> = self.sheets.iter().filter(|sheet| !sheet.mended.is_empty()).collect();
        mended.sort_by_key(|sheet| !sheet.mended.contains_key("links"));
        mended.truncate(MENDED);
        let mut revisions: Vec<Planned> = mended
            .into_iter()
            .map(|sheet| {
                let before = Some((sheet.shelved, &sheet.shelved.newest.article));
                let mut planned = revision(before, sheet.article().clone(), &sheet.mended, stock);
                planned.revision.wanted.clone_from(&sheet.wanted);
                planned
            })
            .collect();
        revisions.extend(self.pages);
        revisions.sort_by(|one, other| one.revision.article.path.cmp(&other.revision.article.path));
        let mut findings = self.findings;
        findings.sort();
        findings.dedup();
        Tended { revisions, wanted: self.wanted, findings, duplicates: self.duplicates, long: self.long }
    }
}
