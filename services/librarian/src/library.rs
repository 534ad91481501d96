//! The library: what the stream LIBRARY says, newest revision of each article in memory, older ones by sequence.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use commune_proto::ArticlePath;
use jiff::Timestamp;

/// Which page of the library it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Article,
    /// An Agent Skill.
    Skill,
}

/// A page at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Where it stands.
    pub path: ArticlePath,
    /// The title.
    pub title: String,
    /// Which page it is.
    pub kind: Kind,
    /// The Markdown body.
    pub body: String,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Other names and questions under which it is to be found.
    pub aliases: Vec<String>,
    /// Who contributed so far, sorted.
    pub contributors: Vec<String>,
    /// Who confirmed it, sorted: no two of one owner, and none of an owner whose agent wrote in it.
    pub confirmed_by: Vec<String>,
    /// From 1.
    pub revision: u32,
    /// The night or the import that made it.
    pub night: String,
    /// When, RFC 3339 UTC.
    pub curated_at: String,
    /// The day on which nothing was left of it; empty for a page that stands.
    pub withdrawn_on: String,
}

impl Article {
    /// Whether all that went into it was withdrawn: the page says so, and nothing else.
    pub fn is_withdrawn(&self) -> bool {
        !self.withdrawn_on.is_empty()
    }
}

/// One contribution in a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The contribution; empty for an imported page.
    pub contribution: String,
    /// Who contributed.
    pub agent: String,
    /// The night.
    pub night: String,
    /// The trace of that agent's night.
    pub trace_id: String,
    /// Statements that were new to the article.
    pub statements_added: u32,
}

/// A need that a revision answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The need.
    pub need: String,
    /// Its question.
    pub question: String,
    /// The contribution that answers it; empty when the article knew it already.
    pub contribution: String,
}

/// What was searched, and where the article stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The question.
    pub query: String,
    /// The place, from 1; 0 when not among the first 20.
    pub rank: u32,
}

/// One immutable version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The page.
    pub article: Article,
    /// Why it was made.
    pub reason: String,
    /// What went into it.
    pub provenance: Vec<Provenance>,
    /// Needs it answers.
    pub answered: Vec<Answered>,
    /// Its findability.
    pub findability: Vec<Ranked>,
    /// Contributions that it takes out.
    pub withdrawn: Vec<String>,
}

/// What an article was made from, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A contribution, by its id.
    Contribution(String),
    /// A page that was imported: the revision of that.
    Import(u32),
}

/// An article with its history.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The newest revision.
    pub newest: Arc<Revision>,
    /// The sequences of all revisions, oldest first.
    pub sequences: Vec<u64>,
    /// What it was made from since it was founded, in order; what was taken out again stays in this list.
    pub sources: Vec<Source>,
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

    fn take_sources(&mut self, revision: &Revision) {
        if revision.article.is_withdrawn() {
            self.sources.clear();
        }
        self.sources.extend(revision.provenance.iter().map(|provenance| match provenance.contribution.as_str() {
            "" => Source::Import(revision.article.revision),
            contribution => Source::Contribution(contribution.to_owned()),
        }));
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

/// The whole library.
#[derive(Debug, Clone, Default)]
pub struct Library {
    articles: BTreeMap<ArticlePath, Entry>,
    withdrawn: BTreeSet<ArticlePath>,
    log: BTreeMap<u64, ArticlePath>,
    applied: BTreeMap<String, Applied>,
    taken_out: BTreeSet<String>,
    answers: BTreeMap<String, Vec<Answer>>,
    tidings: BTreeMap<u64, Arc<Tiding>>,
    touched: BTreeMap<String, BTreeSet<ArticlePath>>,
}

impl Library {
    /// Takes in a revision that is stored at a sequence, at a time of the server's.
    pub fn take(&mut self, sequence: u64, at: Timestamp, revision: Revision) {
        if self.log.contains_key(&sequence) {
            return;
        }
        let path = revision.article.path.clone();
        self.log.insert(sequence, path.clone());
        self.touched.entry(revision.article.night.clone()).or_default().insert(path.clone());
        self.tell(sequence, at, &revision);
        self.take_out(&path, &revision.withdrawn);
        if revision.article.is_withdrawn() {
            self.withdrawn.insert(path.clone());
            self.tidings.retain(|_, tiding| tiding.path != path);
        } else {
            self.withdrawn.remove(&path);
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
        let newest = Arc::new(revision);
        let entry = self.articles.entry(path).or_insert_with(|| Entry {
            newest: Arc::clone(&newest),
            sequences: Vec::new(),
            sources: Vec::new(),
        });
        entry.take_sources(&newest);
        entry.newest = newest;
        entry.sequences.push(sequence);
    }

    /// Contributions that are in an article no more: what they alone answered is open again, and nobody is told of them. What
    /// the article knew already may have been theirs.
    fn take_out(&mut self, path: &ArticlePath, contributions: &[String]) {
        if contributions.is_empty() {
            return;
        }
        self.taken_out.extend(contributions.iter().cloned());
        self.answers.retain(|_, answers| {
            for answer in answers.iter_mut() {
                let knew = answer.path == *path;
                answer.by.retain(|by, _| !(contributions.contains(by) || knew && by.is_empty()));
            }
            answers.retain(|answer| !answer.by.is_empty());
            !answers.is_empty()
        });
        self.tidings.retain(|_, tiding| {
            if tiding.contributions.keys().any(|id| contributions.contains(id)) {
                let left = Arc::make_mut(tiding);
                left.contributions.retain(|id, _| !contributions.contains(id));
                left.answered.retain(|answered| !contributions.contains(&answered.contribution));
            }
            !tiding.contributions.is_empty() || !tiding.answered.is_empty()
        });
    }

    /// An article that stands; none where everything was withdrawn.
    pub fn standing(&self, path: &ArticlePath) -> Option<&Entry> {
        self.articles.get(path).filter(|entry| !entry.newest.article.is_withdrawn())
    }

    /// An article with its history, also one of which nothing is left.
    pub fn get(&self, path: &ArticlePath) -> Option<&Entry> {
        self.articles.get(path)
    }

    /// How many articles stand.
    pub fn len(&self) -> usize {
        self.articles.len() - self.withdrawn.len()
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
            .filter(|(path, _)| !self.withdrawn.contains(*path))
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

    /// The sequence of the newest revision of all.
    pub fn last_sequence(&self) -> u64 {
        self.log.last_key_value().map_or(0, |(s, _)| *s)
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

    /// Articles that a night created or changed, and that stand.
    pub fn touched_in(&self, night: &str) -> impl Iterator<Item = &Entry> {
        self.touched.get(night).into_iter().flatten().filter_map(|path| self.standing(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(path: &str, revision: u32, contribution: &str) -> Revision {
        let provenance = Provenance {
            contribution: contribution.into(),
            agent: "ada".into(),
            night: "2026-02-14".into(),
            trace_id: String::new(),
            statements_added: 1,
        };
        Revision {
            article: Article {
                path: path.parse().unwrap(),
                title: path.into(),
                kind: Kind::Article,
                body: String::new(),
                tags: vec![],
                aliases: vec![],
                contributors: vec!["ada".into()],
                confirmed_by: Vec::new(),
                revision,
                night: "2026-02-14".into(),
                curated_at: String::new(),
                withdrawn_on: String::new(),
            },
            reason: String::new(),
            answered: vec![Answered { need: "n".into(), question: "?".into(), contribution: contribution.into() }],
            provenance: vec![provenance],
            findability: vec![],
            withdrawn: vec![],
        }
    }

    #[test]
    fn history_changes_and_answers_follow_the_stream() {
        let mut library = Library::default();
        library.take(3, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
        library.take(4, Timestamp::UNIX_EPOCH, revision("b", 1, "c2"));
        library.take(9, Timestamp::UNIX_EPOCH, revision("a", 2, "c3"));
        library.take(9, Timestamp::UNIX_EPOCH, revision("a", 2, "c3"));
        let a = library.get(&"a".parse().unwrap()).unwrap();
        assert_eq!((a.newest.article.revision, a.sequences.as_slice()), (2, [3, 9].as_slice()));
        assert_eq!(library.changed_since(3).len(), 2);
        assert_eq!(library.changed_since(4).len(), 1);
        assert_eq!(library.sequences_after(3, 10), [4, 9]);
        assert_eq!(library.applied("c1").map(|a| a.sequence), Some(3));
        let answers: Vec<(u64, &str)> = library.answers("n").iter().map(|a| (a.sequence, a.path.as_str())).collect();
        assert_eq!(answers, [(3, "a"), (4, "b"), (9, "a")]);
        assert_eq!(library.tidings(8).map(|tiding| tiding.sequence).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(library.touched_in("2026-02-14").count(), 2);
        assert_eq!(library.after(Some(&"a".parse().unwrap()), 5).len(), 1);
    }

    #[test]
    fn what_is_withdrawn_answers_no_more_and_its_page_can_be_founded_anew() {
        let mut library = Library::default();
        library.take(1, Timestamp::UNIX_EPOCH, revision("a", 1, "c1"));
        library.take(2, Timestamp::UNIX_EPOCH, revision("b", 1, "c2"));
        let path: ArticlePath = "a".parse().unwrap();
        let out = |number, withdrawn: &str, on: &str| {
            let mut out = revision("a", number, "");
            (out.provenance, out.answered, out.withdrawn) = (vec![], vec![], vec![withdrawn.to_owned()]);
            out.article.withdrawn_on = on.to_owned();
            out
        };
        library.take(3, Timestamp::UNIX_EPOCH, out(2, "c1", "2026-02-16"));
        assert!(library.standing(&path).is_none() && library.get(&path).unwrap().sources.is_empty());
        assert_eq!((library.len(), library.after(None, 9).len(), library.touched_in("2026-02-14").count()), (1, 1, 1));
        assert!(library.is_taken_out("c1") && library.applied("c1").is_some(), "it is not taken in again");
        let answers: Vec<&str> = library.answers("n").iter().map(|answer| answer.path.as_str()).collect();
        assert_eq!(answers, ["b"], "another answers the need");
        assert_eq!(library.tidings(9).map(|tiding| tiding.sequence).collect::<Vec<_>>(), [2], "nobody is told of it");
        library.take(4, Timestamp::UNIX_EPOCH, revision("a", 3, "c3"));
        assert_eq!((library.len(), library.standing(&path).unwrap().sources.len()), (2, 1));
        library.take(5, Timestamp::UNIX_EPOCH, out(4, "c3", ""));
        library.take(6, Timestamp::UNIX_EPOCH, out(5, "c2", ""));
        assert!(library.answers("n").is_empty(), "nothing answers it any more");
    }
}
