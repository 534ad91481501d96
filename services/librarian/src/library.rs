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
}

/// An article with its history.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The newest revision.
    pub newest: Arc<Revision>,
    /// The sequences of all revisions, oldest first.
    pub sequences: Vec<u64>,
}

impl Entry {
    /// The sequence of the newest revision.
    pub fn sequence(&self) -> u64 {
        self.sequences.last().copied().unwrap_or(0)
    }
}

/// Where a contribution went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The article.
    pub path: ArticlePath,
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

/// The whole library.
#[derive(Debug, Clone, Default)]
pub struct Library {
    articles: BTreeMap<ArticlePath, Entry>,
    log: BTreeMap<u64, ArticlePath>,
    applied: BTreeMap<String, Applied>,
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
            let answer = self
                .answers
                .entry(answered.need.clone())
                .or_insert_with(|| Answer { path: path.clone(), contributors: BTreeSet::new() });
            answer.contributors.extend(by_contribution.get(answered.contribution.as_str()).map(|a| (*a).to_owned()));
        }
        for provenance in revision.provenance.iter().filter(|p| !p.contribution.is_empty()) {
            self.applied.entry(provenance.contribution.clone()).or_insert_with(|| Applied {
                path: path.clone(),
                revision: revision.article.revision,
                sequence,
                statements_added: provenance.statements_added,
            });
        }
        let newest = Arc::new(revision);
        let entry =
            self.articles.entry(path).or_insert_with(|| Entry { newest: Arc::clone(&newest), sequences: Vec::new() });
        entry.newest = newest;
        entry.sequences.push(sequence);
    }

    /// An article.
    pub fn get(&self, path: &ArticlePath) -> Option<&Entry> {
        self.articles.get(path)
    }

    /// How many articles there are.
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// True while there is no article.
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// Articles after a path, by path, at most `limit`.
    pub fn after(&self, path: Option<&ArticlePath>, limit: usize) -> Vec<Arc<Revision>> {
        let from = path.map_or(Bound::Unbounded, Bound::Excluded);
        self.articles
            .range::<ArticlePath, _>((from, Bound::Unbounded))
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

    /// Who answered a need.
    pub fn answer(&self, need: &str) -> Option<&Answer> {
        self.answers.get(need)
    }

    /// Articles that a night created or changed.
    pub fn touched_in(&self, night: &str) -> impl Iterator<Item = &Entry> {
        self.touched.get(night).into_iter().flatten().filter_map(|path| self.articles.get(path))
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
            },
            reason: String::new(),
            answered: vec![Answered { need: "n".into(), question: "?".into(), contribution: contribution.into() }],
            provenance: vec![provenance],
            findability: vec![],
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
}
