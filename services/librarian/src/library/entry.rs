//! What the library keeps of an article and of its revisions beside the newest text.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use commune_proto::ArticlePath;
use jiff::Timestamp;

use super::{
    past::Made,
    revision::{Answered, Provenance, Revision},
    said::{Contested, Sayings},
    span::Span,
};

/// What an article was made from, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A contribution, by its id.
    Contribution(String),
    /// A page that was imported: where, and the revision of that.
    Import(ArticlePath, u32),
}

/// Something that an article was made from.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// The sequence of the revision that took it in.
    pub(super) sequence: u64,
    /// The revisions in which it counts.
    pub(super) span: Span,
    pub(super) source: Source,
}

/// An article with its history.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The newest revision.
    pub newest: Arc<Revision>,
    /// The newest that tending did not make: what others brought, as they brought it.
    pub brought: Arc<Revision>,
    /// The last night in which it was tended; empty for none.
    pub tended_in: String,
    /// The sequences of all revisions, oldest first.
    pub sequences: Vec<u64>,
    /// When each revision was made, and whether the article stood then.
    pub(super) made: Vec<Made>,
    /// The newest revision at which something of its text was withdrawn: what was before it does not come back. 0 for none.
    pub withdrawn_at: u32,
    /// What it was made from since it was founded, in order; what was withdrawn of it stays in this list. What was made from at a page that
    /// redirects here is in `Library::sources`.
    pub(super) sources: Vec<Taken>,
    /// Who said what stands in it.
    pub said: Arc<Sayings>,
    /// What contradicts in the newest revision, once somebody asked.
    pub contested: Arc<OnceLock<Vec<Contested>>>,
}

impl Entry {
    /// The sequence of the newest revision.
    pub fn sequence(&self) -> u64 {
        self.sequences.last().copied().unwrap_or(0)
    }

    /// The sequence of a revision, from 1.
    pub fn sequence_of(&self, revision: u32) -> Option<u64> {
        self.sequences.get((revision as usize).checked_sub(1)?).copied()
    }

    /// The day on which a statement was last said in it, by who counts still; none where it is not known.
    pub fn said_on(&self, statement: u64) -> Option<String> {
        let newest = self.newest.article.revision;
        let all = self.said.of(statement).filter_map(|place| self.said.all().get(place));
        all.filter(|saying| saying.counts_at(newest))
            .map(|saying| saying.on.clone())
            .max()
            .filter(|day| !day.is_empty())
    }

    /// Takes in what a revision says of its statements, while `newest` is still the one before.
    pub(super) fn take_said(&mut self, revision: &Revision) {
        let before = if self.sequences.is_empty() { "" } else { self.newest.article.body.as_str() };
        Arc::make_mut(&mut self.said).take(revision, before);
        self.contested = Arc::default();
    }

    pub(super) fn take_sources(&mut self, sequence: u64, revision: &Revision) {
        if revision.article.is_withdrawn() {
            self.sources.clear();
        }
        let article = &revision.article;
        if article.is_removed() {
            self.sources.iter_mut().for_each(|taken| taken.span.take_out(article.revision));
        }
        if let Some(reverted) = &revision.reverted {
            self.sources.iter_mut().for_each(|taken| taken.span.revert(reverted.range(), article.revision));
        }
        let source = |provenance: &Provenance| match provenance.contribution.as_str() {
            "" => Source::Import(article.path.clone(), article.revision),
            contribution => Source::Contribution(contribution.to_owned()),
        };
        if self.sources.is_empty() {
            // most articles have one revision, and most revisions one source
            self.sources.reserve_exact(revision.provenance.len());
        }
        self.sources.extend(revision.provenance.iter().map(|provenance| Taken {
            sequence,
            span: Span::from(article.revision),
            source: source(provenance),
        }));
    }

    /// What it is made from at its newest revision, each with the sequence of the revision that took it in.
    pub(super) fn made_from(&self) -> impl Iterator<Item = (u64, &Source)> {
        let newest = self.newest.article.revision;
        let counts = self.sources.iter().filter(move |taken| taken.span.counts_at(newest));
        counts.map(|taken| (taken.sequence, &taken.source))
    }

    /// Contributions that would count no more were the changes after a revision, through another, taken back; sorted.
    pub fn brought_between(&self, after: u32, through: u32) -> Vec<String> {
        let newest = self.newest.article.revision;
        let goes = |taken: &&Taken| {
            taken.span.counts_at(newest) && taken.span.counts_at(through) && !taken.span.counts_at(after)
        };
        let mut brought: Vec<String> = self
            .sources
            .iter()
            .filter(goes)
            .filter_map(|taken| match &taken.source {
                Source::Contribution(contribution) => Some(contribution.clone()),
                Source::Import(..) => None,
            })
            .collect();
        brought.sort();
        brought.dedup();
        brought
    }
}

/// Where a contribution went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The article.
    pub path: ArticlePath,
    /// Who contributed it.
    pub agent: String,
    /// The revision that took it in.
    pub revision: u32,
    /// The sequence of that revision.
    pub sequence: u64,
    /// Statements that were new.
    pub statements_added: u32,
}

/// Who answered a need, where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The sequence of the revision.
    pub sequence: u64,
    /// When the server stored it.
    pub at: Timestamp,
    /// The night that made it.
    pub night: String,
    /// The article.
    pub path: ArticlePath,
    /// The question that it answers.
    pub question: String,
    /// By contribution, who contributed the answer; under no contribution, for what the article knew already, all who contributed to it.
    pub by: BTreeMap<String, BTreeSet<String>>,
}

impl Answer {
    /// Who contributed the answer, sorted.
    pub fn contributors(&self) -> BTreeSet<String> {
        self.by.values().flatten().cloned().collect()
    }
}

/// What a revision has to tell agents.
#[derive(Debug, Clone)]
pub struct Tiding {
    /// The sequence of the revision.
    pub sequence: u64,
    /// When the server stored it.
    pub at: Timestamp,
    /// The night that made it.
    pub night: String,
    /// The article.
    pub path: ArticlePath,
    /// Its title.
    pub title: String,
    /// Its revision.
    pub revision: u32,
    /// Who contributed to the article so far, sorted.
    pub contributors: Vec<String>,
    /// What went into the revision: contributions with their agents.
    pub contributions: BTreeMap<String, String>,
    /// Needs that it answers.
    pub answered: Vec<Answered>,
}
