//! The library: what the stream LIBRARY says, newest revision of each article in memory, older ones by sequence.

mod entry;
mod past;
mod redirects;
mod revision;
mod said;
mod span;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use commune_knowledge::normalize;
use commune_proto::{ArticlePath, NightId};
use jiff::Timestamp;

use crate::consent::{Happened, Proposals};
pub use entry::{Answer, Applied, Entry, Source, Tiding};
pub use past::{AsOf, Stretch};
use past::{Carried, Made, Makers};
pub use revision::{Answered, Article, Kind, Provenance, Ranked, Reverted, Revision, WITHDRAWAL};
pub use said::{Contested, Disputed, Saying, Sayings, line_id, statement_ids};

/// The whole library.
#[derive(Debug, Clone, Default)]
pub struct Library {
    articles: BTreeMap<ArticlePath, Entry>,
    /// Articles that do not stand: they were withdrawn, or redirect to others.
    absent: BTreeSet<ArticlePath>,
    /// By page, those that redirect to it.
    redirects: BTreeMap<ArticlePath, BTreeSet<ArticlePath>>,
    /// By page, those that were split from it.
    parts: BTreeMap<ArticlePath, BTreeSet<ArticlePath>>,
    log: BTreeMap<u64, ArticlePath>,
    applied: BTreeMap<String, Applied>,
    taken_out: BTreeSet<String>,
    answers: BTreeMap<String, Vec<Answer>>,
    tidings: BTreeMap<u64, Arc<Tiding>>,
    touched: BTreeMap<String, BTreeSet<ArticlePath>>,
    /// By page, what it asked for.
    wanted: BTreeMap<ArticlePath, BTreeSet<String>>,
    /// By night, the pages that tending mended.
    tended: BTreeMap<String, BTreeSet<ArticlePath>>,
    /// By night, the sequence of its newest revision.
    night_ends: BTreeMap<NightId, u64>,
    /// Where texts went.
    carried: Carried,
    makers: Makers,
    proposals: Proposals,
    /// The sequence of the newest message of any kind.
    end: u64,
}

impl Library {
    /// Takes in a revision that is stored at a sequence, at a time of the server's.
    pub fn take(&mut self, sequence: u64, at: Timestamp, revision: Revision) {
        if self.log.contains_key(&sequence) {
            return;
        }
        self.passed(sequence);
        let path = revision.article.path.clone();
        self.log.insert(sequence, path.clone());
        self.makers.take(&revision);
        if revision.mended.is_empty() {
            self.touched.entry(revision.article.night.clone()).or_default().insert(path.clone());
        } else {
            self.tended.entry(revision.article.night.clone()).or_default().insert(path.clone());
        }
        if let Ok(night) = revision.article.night.parse() {
            self.night_ends.insert(night, sequence);
        }
        self.tell(sequence, at, &revision);
        self.carry(&revision);
        self.take_out(&path, &revision.withdrawn);
        self.close_the_past(&revision.withdrawn);
        if let Some(reverted) = &revision.reverted {
            self.answer_no_more(&path, &reverted.contributions, false);
        }
        match revision.article.stands() {
            true => self.absent.remove(&path),
            false => self.absent.insert(path.clone()),
        };
        if revision.article.is_withdrawn() {
            self.tidings.retain(|_, tiding| tiding.path != path);
        }
        self.redirect(&path, revision.article.redirect_to.as_ref());
        if !revision.wanted.is_empty() {
            let wanted = self.wanted.entry(path.clone()).or_default();
            wanted.extend(revision.wanted.iter().map(|question| normalize::question(question)));
        }
        if let Some(whole) = &revision.split_from {
            self.parts.entry(whole.clone()).or_default().insert(path.clone());
        }
        for provenance in revision.provenance.iter().filter(|p| !p.contribution.is_empty()) {
            self.applied.entry(provenance.contribution.clone()).or_insert_with(|| Applied {
                path: path.clone(),
                agent: provenance.agent.clone(),
                revision: revision.article.revision,
                sequence,
                statements_added: provenance.statements_added,
            });
        }
        let made = Made::of(&revision, at);
        let absorbed: Vec<(Arc<Sayings>, u32)> = revision
            .absorbed
            .iter()
            .filter_map(|path| self.articles.get(path))
            .map(|entry| (Arc::clone(&entry.said), entry.newest.article.revision))
            .collect();
        let newest = Arc::new(revision);
        let entry = self.articles.entry(path).or_insert_with(|| Entry {
            newest: Arc::clone(&newest),
            brought: Arc::clone(&newest),
            tended_in: String::new(),
            // most articles have one revision
            sequences: Vec::with_capacity(1),
            made: Vec::with_capacity(1),
            withdrawn_at: 0,
            sources: Vec::new(),
            said: Arc::default(),
            contested: Arc::default(),
        });
        entry.take_sources(sequence, &newest);
        entry.take_said(&newest);
        for (said, at) in absorbed {
            Arc::make_mut(&mut entry.said).absorb(&said, at, &newest);
        }
        match newest.mended.is_empty() {
            true => entry.brought = Arc::clone(&newest),
            false => entry.tended_in.clone_from(&newest.article.night),
        }
        if newest.is_withdrawal() {
            entry.withdrawn_at = newest.article.revision;
        }
        entry.newest = newest;
        entry.sequences.push(sequence);
        entry.made.push(made);
    }

    /// Takes in what happened to a proposal.
    pub fn take_happened(&mut self, sequence: u64, happened: Happened) {
        self.passed(sequence);
        self.proposals.take(sequence, happened);
    }

    /// A message was read, whatever it says.
    pub fn passed(&mut self, sequence: u64) {
        self.end = self.end.max(sequence);
    }

    /// The proposals.
    pub fn proposals(&self) -> &Proposals {
        &self.proposals
    }

    /// Contributions that are in an article no more: what they alone answered is open again, and nobody is told of them. What
    /// the article knew already may have been theirs.
    fn take_out(&mut self, path: &ArticlePath, contributions: &[String]) {
        if contributions.is_empty() {
            return;
        }
        self.taken_out.extend(contributions.iter().cloned());
        self.answer_no_more(path, contributions, true);
        self.tidings.retain(|_, tiding| {
            if tiding.contributions.keys().any(|id| contributions.contains(id)) {
                let left = Arc::make_mut(tiding);
                left.contributions.retain(|id, _| !contributions.contains(id));
                left.answered.retain(|answered| !contributions.contains(&answered.contribution));
            }
            !tiding.contributions.is_empty() || !tiding.answered.is_empty()
        });
    }

    /// What these contributions answered is open again; and, where `knew` says so, what the article knew already.
    fn answer_no_more(&mut self, path: &ArticlePath, contributions: &[String], knew: bool) {
        let here = self.redirects.get(path);
        self.answers.retain(|_, answers| {
            for answer in answers.iter_mut() {
                let of_here = answer.path == *path || here.is_some_and(|here| here.contains(&answer.path));
                answer.by.retain(|by, _| !(contributions.contains(by) || knew && of_here && by.is_empty()));
            }
            answers.retain(|answer| !answer.by.is_empty());
            !answers.is_empty()
        });
    }

    /// An article that stands; none where everything was withdrawn, and for a redirect.
    pub fn standing(&self, path: &ArticlePath) -> Option<&Entry> {
        self.articles.get(path).filter(|entry| entry.newest.article.stands())
    }

    /// An article with its history, also one of which nothing is left.
    pub fn get(&self, path: &ArticlePath) -> Option<&Entry> {
        self.articles.get(path)
    }

    /// How many articles stand.
    pub fn len(&self) -> usize {
        self.articles.len() - self.absent.len()
    }

    /// True while no article stands.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Articles that stand after a path, by path, at most `limit`.
    pub fn after(&self, path: Option<&ArticlePath>, limit: usize) -> Vec<Arc<Revision>> {
        let from = path.map_or(Bound::Unbounded, Bound::Excluded);
        self.articles
            .range::<ArticlePath, _>((from, Bound::Unbounded))
            .filter(|(path, _)| !self.absent.contains(*path))
            .take(limit)
            .map(|(_, e)| Arc::clone(&e.newest))
            .collect()
    }

    /// Articles whose newest revision came after a sequence: what an index that stands there has to take in.
    pub fn changed_since(&self, sequence: u64) -> Vec<Arc<Revision>> {
        let changed: BTreeSet<&ArticlePath> =
            self.log.range((Bound::Excluded(sequence), Bound::Unbounded)).map(|(_, path)| path).collect();
        changed.into_iter().filter_map(|path| self.articles.get(path)).map(|e| Arc::clone(&e.newest)).collect()
    }

    /// Sequences of revisions after a sequence, at most `limit`.
    pub fn sequences_after(&self, sequence: u64, limit: usize) -> Vec<u64> {
        self.log.range((Bound::Excluded(sequence), Bound::Unbounded)).take(limit).map(|(s, _)| *s).collect()
    }

    /// The sequence of the newest message of all, a revision or not: where the stream ends.
    pub fn last_sequence(&self) -> u64 {
        self.end
    }

    /// Where a contribution went; none while it is not applied.
    pub fn applied(&self, contribution: &str) -> Option<&Applied> {
        self.applied.get(contribution)
    }

    /// Whether a contribution was taken in and is out again.
    pub fn is_taken_out(&self, contribution: &str) -> bool {
        self.taken_out.contains(contribution)
    }

    /// The answers to a need, oldest first.
    pub fn answers(&self, need: &str) -> &[Answer] {
        self.answers.get(need).map_or(&[], Vec::as_slice)
    }

    /// What revisions have to tell, newest first, up to a sequence.
    pub fn tidings(&self, through: u64) -> impl Iterator<Item = &Arc<Tiding>> {
        self.tidings.range(..=through).rev().map(|(_, tiding)| tiding)
    }

    fn tell(&mut self, sequence: u64, at: Timestamp, revision: &Revision) {
        let article = &revision.article;
        let contributions: BTreeMap<String, String> = revision
            .provenance
            .iter()
            .filter(|p| !p.contribution.is_empty())
            .map(|p| (p.contribution.clone(), p.agent.clone()))
            .collect();
        for answered in &revision.answered {
            let (by, contributors) = match contributions.get(&answered.contribution) {
                Some(agent) => (answered.contribution.clone(), BTreeSet::from([agent.clone()])),
                None => (String::new(), article.contributors.iter().cloned().collect()),
            };
            let answers = self.answers.entry(answered.need.clone()).or_default();
            match answers.iter_mut().find(|a| a.sequence == sequence && a.question == answered.question) {
                Some(answer) => answer.by.entry(by).or_default().extend(contributors),
                None => answers.push(Answer {
                    sequence,
                    at,
                    night: article.night.clone(),
                    path: article.path.clone(),
                    question: answered.question.clone(),
                    by: BTreeMap::from([(by, contributors)]),
                }),
            }
        }
        if !contributions.is_empty() || !revision.answered.is_empty() {
            let tiding = Tiding {
                sequence,
                at,
                night: article.night.clone(),
                path: article.path.clone(),
                title: article.title.clone(),
                revision: article.revision,
                contributors: article.contributors.clone(),
                contributions,
                answered: revision.answered.clone(),
            };
            self.tidings.insert(sequence, Arc::new(tiding));
        }
    }

    /// Whether a page asked for this itself: it is no answer to it.
    pub fn wants(&self, path: &ArticlePath, question: &str) -> bool {
        self.wanted.get(path).is_some_and(|wanted| wanted.contains(&normalize::question(question)))
    }

    /// Pages that a night's tending mended last, pages of sections among them.
    pub fn tended_in(&self, night: &str) -> impl Iterator<Item = &Entry> {
        self.tended.get(night).into_iter().flatten().filter_map(|path| self.articles.get(path))
    }

    /// Pages of which nothing is left or that lead elsewhere, by path.
    pub fn absent(&self) -> impl Iterator<Item = &Entry> {
        let absent = self.absent.iter().filter_map(|path| self.articles.get(path));
        absent.filter(|entry| !entry.newest.article.is_section())
    }

    /// Everything that is tended, by path: what stands, and the pages of sections.
    pub fn to_be_tended(&self) -> impl Iterator<Item = &Entry> {
        self.articles.values().filter(|entry| entry.newest.article.stands() || entry.newest.article.is_section())
    }

    /// Articles that a night created or changed, and that stand.
    pub fn touched_in(&self, night: &str) -> impl Iterator<Item = &Entry> {
        self.touched.get(night).into_iter().flatten().filter_map(|path| self.standing(path))
    }
}

#[cfg(test)]
mod tests;
