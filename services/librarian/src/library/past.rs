//! The past of the library: which revision of an article stood when, and what of it may still be read so.
//!
//! **What was withdrawn does not come back by looking back**: a page of which something was withdrawn is answered as the withdrawal left
//! it, whichever page the text had gone to meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::{ArticlePath, NightId};
use jiff::Timestamp;

use super::{Entry, Library, Revision};

/// A moment of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// When the newest message had this sequence.
    Sequence(u64),
    /// A time of the librarian's clock.
    Time(Timestamp),
}

/// What is kept of each revision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made {
    at: Timestamp,
    stands: bool,
}

impl Made {
    /// What is kept of a revision that the server stored at a time.
    pub(super) fn of(revision: &Revision, stored_at: Timestamp) -> Self {
        // a time that cannot be read is that of the server
        let at = revision.article.curated_at.parse().unwrap_or(stored_at);
        Self { at, stands: revision.article.stands() }
    }
}

/// The revisions of an article that one night, or one proposal, made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    first: u32,
    last: u32,
    count: u32,
}

impl Stretch {
    /// Those after one revision, through another.
    pub fn range(self) -> (u32, u32) {
        (self.first - 1, self.last)
    }

    /// Whether no other revision came in between.
    pub fn is_whole(self) -> bool {
        self.last - self.first + 1 == self.count
    }
}

/// By night and by proposal, the revisions that it made.
#[derive(Debug, Clone, Default)]
pub(super) struct Makers(BTreeMap<String, BTreeMap<ArticlePath, Stretch>>);

impl Makers {
    pub(super) fn take(&mut self, revision: &Revision) {
        let article = &revision.article;
        let maker = match revision.proposal.as_str() {
            "" if article.night.parse::<NightId>().is_ok() => article.night.as_str(),
            "" => return,
            proposal => proposal,
        };
        let made = self.0.entry(maker.to_owned()).or_default();
        let new = Stretch { first: article.revision, last: article.revision, count: 0 };
        let stretch = made.entry(article.path.clone()).or_insert(new);
        (stretch.last, stretch.count) = (article.revision, stretch.count + 1);
    }
}

/// Where texts went: by page, the others that took in what was contributed to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Carried(BTreeMap<ArticlePath, BTreeSet<ArticlePath>>);

impl Carried {
    /// What one page has, and what it took in, goes into another.
    pub(super) fn goes(&mut self, from: &ArticlePath, into: &ArticlePath) {
        self.0.entry(from.clone()).or_default();
        for (origin, carriers) in &mut self.0 {
            if origin == from || carriers.contains(from) {
                carriers.insert(into.clone());
            }
        }
    }

    fn carriers(&self, origin: &ArticlePath) -> impl Iterator<Item = &ArticlePath> {
        self.0.get(origin).into_iter().flatten()
    }
}

impl Entry {
    /// The revision that is read as of a moment; none when the article was not there yet.
    pub fn number_at(&self, as_of: AsOf) -> Option<u32> {
        let number = match as_of {
            AsOf::Sequence(sequence) => self.sequences.partition_point(|at| *at <= sequence),
            AsOf::Time(time) => self.made.iter().rposition(|made| made.at <= time).map_or(0, |place| place + 1),
        };
        let number = u32::try_from(number).ok().filter(|number| *number > 0)?;
        Some(number.max(self.withdrawn_at))
    }

    fn stood_at(&self, number: u32) -> bool {
        (number as usize).checked_sub(1).and_then(|place| self.made.get(place)).is_some_and(|made| made.stands)
    }
}

impl Library {
    /// The articles that stood at a moment, by path, each with the revision that is read then.
    pub fn stood(&self, as_of: AsOf) -> impl Iterator<Item = (&ArticlePath, u32)> {
        let all = self.articles.iter().filter_map(move |(path, entry)| Some((path, entry, entry.number_at(as_of)?)));
        all.filter(|(_, entry, number)| entry.stood_at(*number)).map(|(path, _, number)| (path, number))
    }

    /// The sequence of the newest revision of a night and those before it; none where there is no such night yet.
    pub fn night_ended(&self, night: NightId) -> Option<u64> {
        self.night_ends.range(..=night).map(|(_, sequence)| *sequence).max()
    }

    /// The articles that a night, or a proposal, made revisions of, by path, with those.
    pub fn made_by(&self, maker: &str) -> Vec<(Entry, Stretch)> {
        let made = self.makers.0.get(maker).into_iter().flatten();
        made.filter_map(|(path, stretch)| Some((self.articles.get(path)?.clone(), *stretch))).collect()
    }

    /// A revision leads elsewhere, or is a part of another page: what is contributed there is in both.
    pub(super) fn carry(&mut self, revision: &Revision) {
        let path = &revision.article.path;
        if let Some(to) = &revision.article.redirect_to {
            self.carried.goes(path, to);
        }
        if let Some(whole) = &revision.split_from {
            self.carried.goes(whole, path);
        }
    }

    /// Something is withdrawn: every page that its text went to says nothing of before.
    pub(super) fn close_the_past(&mut self, withdrawn: &[String]) {
        let mut closed: BTreeSet<ArticlePath> = BTreeSet::new();
        for origin in withdrawn.iter().filter_map(|contribution| self.applied.get(contribution)).map(|a| &a.path) {
            closed.insert(origin.clone());
            closed.extend(self.carried.carriers(origin).cloned());
        }
        for path in closed {
            if let Some(entry) = self.articles.get_mut(&path) {
                entry.withdrawn_at = entry.newest.article.revision;
            }
        }
    }
}
