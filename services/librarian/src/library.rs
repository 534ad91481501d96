//! The library: what the stream LIBRARY says, newest revision of each article in memory, older ones by sequence.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
    sync::Arc,
};

use commune_proto::ArticlePath;

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
    /// The contribution that answers it.
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

/// Who answered a need, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The article.
    pub path: ArticlePath,
    /// Who contributed the answer.
    pub contributors: BTreeSet<String>,
}

/// One contribution's answer to a need.
#[derive(Debug, Clone)]
struct Answering {
    contribution: String,
    agent: Option<String>,
    path: ArticlePath,
}

/// The whole library.
#[derive(Debug, Clone, Default)]
pub struct Library {
    articles: BTreeMap<ArticlePath, Entry>,
    withdrawn: BTreeSet<ArticlePath>,
    log: BTreeMap<u64, ArticlePath>,
    applied: BTreeMap<String, Applied>,
    taken_out: BTreeSet<String>,
    answering: BTreeMap<String, Vec<Answering>>,
    answers: BTreeMap<String, Answer>,
    touched: BTreeMap<String, BTreeSet<ArticlePath>>,
}

impl Library {
    /// Takes in a revision that is stored at a sequence.
    pub fn take(&mut self, sequence: u64, revision: Revision) {
        if self.log.contains_key(&sequence) {
            return;
        }
        let path = revision.article.path.clone();
        self.log.insert(sequence, path.clone());
        self.touched.entry(revision.article.night.clone()).or_default().insert(path.clone());
        let by_contribution: BTreeMap<&str, &str> =
            revision.provenance.iter().map(|p| (p.contribution.as_str(), p.agent.as_str())).collect();
        for answered in &revision.answered {
            let agent = by_contribution.get(answered.contribution.as_str()).map(|a| (*a).to_owned());
            let answering = Answering { contribution: answered.contribution.clone(), agent, path: path.clone() };
            self.answering.entry(answered.need.clone()).or_default().push(answering.clone());
            self.answer_with(&answered.need, answering);
        }
        self.take_out(&revision.withdrawn);
        if revision.article.is_withdrawn() {
            self.withdrawn.insert(path.clone());
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

    fn answer_with(&mut self, need: &str, answering: Answering) {
        let new = || Answer { path: answering.path, contributors: BTreeSet::new() };
        self.answers.entry(need.to_owned()).or_insert_with(new).contributors.extend(answering.agent);
    }

    /// Contributions that are in the library no more: what they alone answered is open again.
    fn take_out(&mut self, contributions: &[String]) {
        if contributions.is_empty() {
            return;
        }
        self.taken_out.extend(contributions.iter().cloned());
        let gone = |answering: &Answering| contributions.contains(&answering.contribution);
        let changed: Vec<String> =
            self.answering.iter().filter(|(_, by)| by.iter().any(gone)).map(|(need, _)| need.clone()).collect();
        for need in changed {
            let mut left = self.answering.remove(&need).unwrap_or_default();
            left.retain(|answering| !gone(answering));
            self.answers.remove(&need);
            for answering in &left {
                self.answer_with(&need, answering.clone());
            }
            if !left.is_empty() {
                self.answering.insert(need, left);
            }
        }
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

    /// Who answered a need.
    pub fn answer(&self, need: &str) -> Option<&Answer> {
        self.answers.get(need)
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
        library.take(3, revision("a", 1, "c1"));
        library.take(4, revision("b", 1, "c2"));
        library.take(9, revision("a", 2, "c3"));
        library.take(9, revision("a", 2, "c3"));
        let a = library.get(&"a".parse().unwrap()).unwrap();
        assert_eq!((a.newest.article.revision, a.sequences.as_slice()), (2, [3, 9].as_slice()));
        assert_eq!(library.changed_since(3).len(), 2);
        assert_eq!(library.changed_since(4).len(), 1);
        assert_eq!(library.sequences_after(3, 10), [4, 9]);
        assert_eq!(library.applied("c1").map(|a| a.sequence), Some(3));
        assert_eq!(library.answer("n").map(|a| a.path.as_str()), Some("a"));
        assert_eq!(library.touched_in("2026-02-14").count(), 2);
        assert_eq!(library.after(Some(&"a".parse().unwrap()), 5).len(), 1);
    }

    #[test]
    fn what_is_withdrawn_answers_no_more_and_its_page_can_be_founded_anew() {
        let mut library = Library::default();
        library.take(1, revision("a", 1, "c1"));
        library.take(2, revision("b", 1, "c2"));
        let path: ArticlePath = "a".parse().unwrap();
        let out = |number, withdrawn: &str, on: &str| {
            let mut out = revision("a", number, "");
            (out.provenance, out.answered, out.withdrawn) = (vec![], vec![], vec![withdrawn.to_owned()]);
            out.article.withdrawn_on = on.to_owned();
            out
        };
        library.take(3, out(2, "c1", "2026-02-16"));
        assert!(library.standing(&path).is_none() && library.get(&path).unwrap().sources.is_empty());
        assert_eq!((library.len(), library.after(None, 9).len(), library.touched_in("2026-02-14").count()), (1, 1, 1));
        assert!(library.is_taken_out("c1") && library.applied("c1").is_some(), "it is not taken in again");
        assert_eq!(library.answer("n").map(|a| a.path.as_str()), Some("b"), "another answers the need");
        library.take(4, revision("a", 3, "c3"));
        assert_eq!((library.len(), library.standing(&path).unwrap().sources.len()), (2, 1));
        library.take(5, out(4, "c3", ""));
        library.take(6, out(5, "c2", ""));
        assert!(library.answer("n").is_none(), "nothing answers it any more");
    }
}
