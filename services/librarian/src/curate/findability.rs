//! Findability: an article that cannot be found does not help. Each touched article is searched by its title and by
//! the questions that it answers; a question that does not lead to it becomes another name of it.

use super::Planned;
use crate::library::Ranked;

/// The place up to which a question counts as answered.
const GOOD_RANK: u32 = 3;
/// Most questions searched for one revision.
const QUERIES: usize = 50;

/// Where an article stood in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What was searched.
    pub query: String,
    /// The place, from 1; 0 when not among the first 20.
    pub rank: u32,
    /// The answer counted as found.
    pub found: bool,
}

/// What to search for a revision: the title first, then the questions it answers.
pub fn queries(planned: &Planned) -> Vec<String> {
    let mut queries = vec![planned.revision.article.title.clone()];
    for answered in &planned.revision.answered {
        if !queries.contains(&answered.question) {
            queries.push(answered.question.clone());
        }
    }
    queries.truncate(QUERIES);
    queries
}

/// Adds the questions that do not lead to the article as its aliases; true when one was added. Only questions that a
/// contribution answers are ever searched, so every alias is true.
pub fn add_aliases(planned: &mut Planned, standings: &[Standing]) -> bool {
    let mut added = false;
    for standing in standings {
        let good = (1..=GOOD_RANK).contains(&standing.rank) && standing.found;
        let article = &mut planned.revision.article;
        if !good && standing.query != article.title && !article.aliases.contains(&standing.query) {
            article.aliases.push(standing.query.clone());
            added = true;
        }
    }
    added
}

/// Records the places in the revision.
pub fn record(planned: &mut Planned, standings: Vec<Standing>) {
    planned.revision.findability = standings.into_iter().map(|s| Ranked { query: s.query, rank: s.rank }).collect();
}
