//! A library in memory that is tended as the service does it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::{document, embedding::Vector, placement::Reading};
use commune_proto::ArticlePath;
use jiff::Timestamp;
use librarian::{
    curate::{
        self, Existing,
        tend::{self, Memory, Shelved, Stock, Tended},
    },
    library::{Article, Contested, Entry, Library, Revision},
};

/// When it is: later than every page.
const NOW: &str = "2026-02-14T03:00:00Z";

/// The library, and what its checks remember.
pub(crate) struct House {
    library: Library,
    memory: Memory,
    vectors: BTreeMap<ArticlePath, (u32, Option<Vector>)>,
}

impl House {
    /// With these revisions, in their order.
    pub(crate) fn of(revisions: &[Revision]) -> Self {
        let mut house = Self { library: Library::default(), memory: Memory::default(), vectors: BTreeMap::new() };
        revisions.iter().cloned().for_each(|revision| house.take(revision));
        house
    }

    fn take(&mut self, revision: Revision) {
        self.library.take(self.library.last_sequence() + 1, Timestamp::UNIX_EPOCH, revision);
    }

    /// What the checks find, and what they would mend.
    pub(crate) fn look(&mut self, night: &str) -> Tended {
        self.read();
        let shelved = |entry: &Entry| Shelved {
            newest: Arc::clone(&entry.newest),
            sequence: entry.sequence(),
            tended: entry.tended_in == night,
        };
        let absent = self.library.absent().map(|entry| (entry.newest.article.path.clone(), shelved(entry)));
        let stock = Stock {
            pages: self.library.to_be_tended().map(shelved).collect(),
            absent: absent.collect(),
            redirects: self.library.all_redirects().map(|(from, to)| (from.clone(), to.clone())).collect(),
            vector: &|path| self.vectors.get(path).and_then(|(_, vector)| vector.clone()),
            is_asked: &|_| false,
            night,
            now: NOW.parse().unwrap(),
        };
        tend::tend(&stock, &mut self.memory, self.library.last_sequence())
    }

    /// The vectors of the pages as they are, as the index has them.
    fn read(&mut self) {
        for entry in self.library.to_be_tended() {
            let article = &entry.newest.article;
            let known = self.vectors.get(&article.path).is_some_and(|(revision, _)| *revision == article.revision);
            if !known {
                let vector = Reading::of(&article.title, &article.body).vector().cloned();
                self.vectors.insert(article.path.clone(), (article.revision, vector));
            }
        }
    }

    /// One night of the checks; says what was done.
    pub(crate) fn night(&mut self, night: &str) -> Tended {
        let tended = self.look(night);
        tended.revisions.iter().for_each(|planned| self.take(planned.revision.clone()));
        tended
    }

    /// What stands, by path.
    pub(crate) fn standing(&self) -> BTreeMap<String, Article> {
        let all = self.library.after(None, usize::MAX);
        all.iter().map(|revision| (revision.article.path.to_string(), revision.article.clone())).collect()
    }

    /// The pages to which some other page leads.
    pub(crate) fn led_to(&self) -> BTreeSet<String> {
        let mut led_to = BTreeSet::new();
        for (path, article) in self.standing() {
            let links = document::wikilinks(&article.body).into_iter();
            let beside = article.see_also.iter().map(ToString::to_string);
            led_to.extend(links.chain(beside).filter(|target| *target != path));
        }
        led_to
    }

    /// What is contested in a page.
    pub(crate) fn contested(&self, path: &str) -> Vec<Contested> {
        let entry = self.library.get(&path.parse().unwrap()).unwrap();
        let article = &entry.newest.article;
        curate::contested(&article.body, &entry.said, article.revision)
    }

    /// The body of a page.
    pub(crate) fn body(&self, path: &ArticlePath) -> String {
        self.library.get(path).unwrap().newest.article.body.clone()
    }

    /// Merges a page into another.
    pub(crate) fn merge(&mut self, absorbed: &ArticlePath, into: &ArticlePath) -> Result<(), String> {
        let existing = |path: &ArticlePath| {
            let entry = self.library.standing(path).ok_or_else(|| format!("{path} does not stand any more"))?;
            Ok::<_, String>(Existing { article: entry.newest.article.clone(), sequence: entry.sequence() })
        };
        let (gone, stays) = (existing(absorbed)?, existing(into)?);
        let there: Vec<Existing> = self
            .library
            .redirects_to(absorbed)
            .map(|entry| Existing { article: entry.newest.article.clone(), sequence: entry.sequence() })
            .collect();
        let planned = curate::merge(&gone, &stays, &there, &ToString::to_string, ("2026-02-17", NOW))?;
        planned.into_iter().for_each(|planned| self.take(planned.revision));
        Ok(())
    }
}
