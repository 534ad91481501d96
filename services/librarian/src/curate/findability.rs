//! Findability: an article that cannot be found does not help. Each touched article is searched by its title and by
//! the questions that it answers: those of needs, those that once did not lead to it, and headings that ask something. A question that does
//! not lead to it becomes another name of it.

use commune_knowledge::document;

use super::Planned;
use crate::library::Ranked;

/// The place up to which a question counts as answered.
pub const GOOD_RANK: u32 = 3;
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

/// What to search for a revision: the title first, then the questions that it answers.
pub fn queries(planned: &Planned) -> Vec<String> {
    let article = &planned.revision.article;
    let answered = planned.revision.answered.iter().map(|answered| answered.question.clone());
    let headings = document::sections(&article.body).into_iter().map(|section| section.heading);
    let asking = headings.filter(|heading| heading.trim_end().ends_with(['?', '？', '؟']));
    let mut queries = Vec::new();
    for query in [article.title.clone()].into_iter().chain(answered).chain(article.aliases.clone()).chain(asking) {
        if !queries.contains(&query) {
            queries.push(query);
        }
    }
    queries.truncate(QUERIES);
    queries
}

/// Adds the questions that do not lead to the article as its aliases; true when one was added. Only questions that it
/// answers or asks itself are ever searched, so every alias is true.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{Answered, Article, Kind, Revision};

    fn planned(body: &str, aliases: &[&str], answered: &[&str]) -> Planned {
        let answered = answered.iter().map(|question| Answered {
            need: "n".into(),
            question: question.to_string(),
            contribution: "c".into(),
        });
        let article = Article {
            title: "Renew a certificate".into(),
            body: body.into(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            revision: 1,
            night: "2026-02-14".into(),
            ..Article::blank("how-to/renew".parse().unwrap(), Kind::Article)
        };
        let revision = Revision { answered: answered.collect(), ..Revision::of(article, String::new()) };
        Planned { revision, before: None }
    }

    #[test]
    fn an_article_is_searched_by_all_that_it_should_answer() {
        let body = "# Renew a certificate\n\n## When does it run out?\n\nIn May.\n\n## Steps\n\nOne.\n";
        let planned = planned(body, &["wildcard soon gone"], &["how do I renew?", "Renew a certificate"]);
        let expected = ["Renew a certificate", "how do I renew?", "wildcard soon gone", "When does it run out?"];
        assert_eq!(queries(&planned), expected);
    }

    #[test]
    fn what_does_not_lead_to_it_becomes_its_name_once() {
        let mut planned = planned("One.", &[], &["how do I renew?"]);
        let standing = |query: &str, rank, found| Standing { query: query.into(), rank, found };
        assert!(!add_aliases(&mut planned, &[standing("how do I renew?", GOOD_RANK, true)]));
        assert!(add_aliases(&mut planned, &[standing("how do I renew?", GOOD_RANK + 1, true)]));
        assert!(!add_aliases(&mut planned, &[standing("how do I renew?", 1, false)]), "it is its name already");
        assert!(!add_aliases(&mut planned, &[standing("Renew a certificate", 0, false)]), "a title is no other name");
        assert_eq!(planned.revision.article.aliases, ["how do I renew?"]);
    }
}
