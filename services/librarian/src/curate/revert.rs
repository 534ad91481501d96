//! Reverting: what one revision changed, or several in a row, is taken back, and what came later stays.
//!
//! Where nothing came later the page is what it was. Else it is taken back **statement by statement, where that is clear**: what was added goes, what was
//! removed comes back under its heading. Where a later revision changed or confirmed the same, nothing is done, and it is said which one stands in the way.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::statement::{self, Statement, statements};

use super::{article_check, size, skill};
use crate::library::{Article, Sayings};

/// What is taken back, and what came after it.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The page before it.
    pub before: &'a Article,
    /// The page with it.
    pub with: &'a Article,
    /// The revisions that followed, oldest first; empty where `with` is the newest.
    pub later: &'a [Article],
    /// Who said what in the page.
    pub said: &'a Sayings,
    /// Something was withdrawn since: nothing of before comes back, and what was added goes.
    pub closed: bool,
}

/// The page without the change, not numbered yet; none where nothing is left to be taken back.
///
/// # Errors
/// Which later revision stands in the way, and what to do.
pub fn revert(change: &Change<'_>) -> Result<Option<Article>, String> {
    let Change { before, with, later, .. } = *change;
    if later.is_empty() && !change.closed {
        return Ok((!is_same(before, with)).then(|| before.clone()));
    }
    let newest = later.last().unwrap_or(with);
    if let Some(article) = [before, with, newest].into_iter().find(|article| !article.stands()) {
        let (path, first) = (&article.path, later.first().unwrap_or(newest).revision);
        return Err(format!(
            "`{path}` was no page at revision {}: only its newest change can be taken back, and revision {first} came after it",
            article.revision
        ));
    }
    if [before, with, newest].into_iter().any(|article| skill::is_packed(&article.body)) {
        return Err(format!("a skill is taken back version by version: revert revision {} first", newest.revision));
    }
    let mut article = without(change, newest)?;
    if change.closed {
        article_check(&mut article);
        return Ok((!is_same(&article, newest)).then_some(article));
    }
    article.tags = names(&newest.tags, &before.tags, &with.tags);
    article.aliases = names(&newest.aliases, &before.aliases, &with.aliases);
    article.confirmed_by = names(&newest.confirmed_by, &before.confirmed_by, &with.confirmed_by);
    article.contributors = names(&newest.contributors, &before.contributors, &with.contributors);
    let later_by = |agent: &String| later_said(change, |_| true).any(|(by, _)| by == agent);
    article.contributors.extend(with.contributors.iter().filter(|agent| later_by(agent)).cloned());
    article_check(&mut article);
    size::bound(&article.path, &article.body)?;
    Ok((!is_same(&article, newest)).then_some(article))
}

/// The newest page without what was added, and with what was removed.
fn without(change: &Change<'_>, newest: &Article) -> Result<Article, String> {
    let Change { before, with, later, .. } = *change;
    let blocked = |number: u32, why: &str| {
        Err(format!(
            "revision {number} {why} revision {} changed: revert revision {number} first, or say in a note what is right",
            with.revision
        ))
    };
    let (was, had, has) = (said_in(&before.body), said_in(&with.body), said_in(&newest.body));
    let added: BTreeSet<String> = had.keys().filter(|said| !was.contains_key(*said)).cloned().collect();
    let gone: BTreeSet<String> = was.keys().filter(|said| !had.contains_key(*said)).cloned().collect();
    let removed = if change.closed { BTreeSet::new() } else { gone };
    let lacking: BTreeSet<String> = removed.iter().filter(|said| !has.contains_key(*said)).cloned().collect();
    let standing: BTreeSet<String> = added.iter().filter(|said| has.contains_key(*said)).cloned().collect();
    let headings = before.title != with.title || added.is_empty() && removed.is_empty() && before.body != with.body;
    if headings && !change.closed {
        return blocked(later.first().unwrap_or(newest).revision, "came after the headings or the order that");
    }
    let changed_on = added.iter().find(|said| !has.contains_key(*said)).filter(|_| !lacking.is_empty());
    if let Some(gone) = changed_on {
        let at = later.iter().find(|article| !said_in(&article.body).contains_key(gone));
        return blocked(at.unwrap_or(newest).revision, "changed once more what");
    }
    let again = standing.iter().filter_map(|identity| Some((identity, had.get(identity)?.id())));
    for (_, id) in again {
        if let Some((_, number)) = later_said(change, |place| change.said.of(id).any(|other| other == place)).next() {
            return blocked(number, "has confirmed what");
        }
    }
    let left = statement::without(&newest.body, &standing);
    let others: BTreeSet<String> = was.keys().filter(|said| !lacking.contains(*said)).cloned().collect();
    let (body, _) = match lacking.is_empty() {
        true => (left, true),
        false => statement::merge_and_check(&left, &statement::without(&before.body, &others)),
    };
    let wanted: BTreeSet<&String> = has.keys().filter(|said| !standing.contains(*said)).chain(&lacking).collect();
    if said_in(&body).keys().collect::<BTreeSet<_>>() != wanted {
        return blocked(newest.revision, "cannot be told apart from what");
    }
    Ok(Article { body, ..newest.clone() })
}

/// Who said something after the change that counts still, by agent and revision; of those whose places pass.
fn later_said<'a>(
    change: &Change<'a>,
    passes: impl Fn(usize) -> bool + 'a,
) -> impl Iterator<Item = (&'a String, u32)> + 'a {
    let through = change.with.revision;
    let newest = change.later.last().map_or(through, |article| article.revision);
    let all = change.said.all().iter().enumerate();
    all.filter(move |(place, saying)| saying.revision > through && saying.counts_at(newest) && passes(*place))
        .map(|(_, saying)| (&saying.agent, saying.revision))
}

/// Whether a body holds no statement.
pub fn says_nothing(body: &str) -> bool {
    statements(body).is_empty()
}

fn said_in(body: &str) -> BTreeMap<String, Statement> {
    statements(body).into_iter().map(|statement| (statement.identity.clone(), statement)).collect()
}

/// The newest names without those that came with the change, and with those that went.
fn names(newest: &[String], before: &[String], with: &[String]) -> Vec<String> {
    let stays = newest.iter().filter(|name| before.contains(name) || !with.contains(name));
    let back = before.iter().filter(|name| !with.contains(name) && !newest.contains(name));
    stays.chain(back).cloned().collect()
}

/// Whether two revisions of a page say the same to a reader.
fn is_same(one: &Article, other: &Article) -> bool {
    let undated = |article: &Article| article.clone().following(None, "", "");
    undated(one) == undated(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Kind;

    fn page(revision: u32, body: &str) -> Article {
        Article {
            title: "T".into(),
            body: body.into(),
            revision,
            ..Article::blank("a".parse().unwrap(), Kind::Article)
        }
    }

    #[track_caller]
    fn check(bodies: &[&str], expected: Result<Option<&str>, &str>) {
        let pages: Vec<Article> = bodies.iter().zip(1..).map(|(body, number)| page(number, body)).collect();
        let said = Sayings::default();
        let change = Change { before: &pages[0], with: &pages[1], later: &pages[2..], said: &said, closed: false };
        match (revert(&change), expected) {
            (Ok(article), Ok(body)) => {
                let found = article.map(|article| format!("{}\n", article.body.trim_end()));
                assert_eq!(found.as_deref(), body);
            }
            (Err(why), Err(words)) => assert!(why.contains(words), "{why}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    const ONE: &str = "# T\n\n## A\n\nOne is.\n\n## B\n\nTwo is.\n";

    #[test]
    fn the_newest_change_is_taken_back_whole() {
        check(&[ONE, "# T\n\nAll is other.\n"], Ok(Some(ONE)));
        check(&[ONE, ONE], Ok(None));
    }

    #[test]
    fn what_later_revisions_say_stays() {
        let added = "# T\n\n## A\n\nOne is. And so.\n\n## B\n\nTwo is.\n\n## C\n\nThree.\n";
        let later = added.replace("Two is.", "Two is. Four is new.");
        let left = "# T\n\n## A\n\nOne is.\n\n## B\n\nTwo is. Four is new.\n";
        check(&[ONE, added, &later], Ok(Some(left)));
        let cut = ONE.replace("Two is.", "");
        check(
            &[ONE, &cut, &cut.replace("One is.", "One is. Five.")],
            Ok(Some(&ONE.replace("One is.", "One is. Five."))),
        );
        check(&[ONE, added, ONE], Ok(None));
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let other = ONE.replace("Two is.", "Two was.");
        check(&[ONE, &other, &other, &ONE.replace("Two is.", "Two is no more.")], Err("revision 4 changed once more"));
        check(&[ONE, &ONE.replace("## A", "## Z"), ONE], Err("revision 3 came after the headings"));
        let mut gone = page(2, "");
        gone.redirect_to = Some("b".parse().unwrap());
        let (one, said) = (page(1, ONE), Sayings::default());
        let refused = revert(&Change { before: &one, with: &gone, later: &[page(3, ONE)], said: &said, closed: false })
            .unwrap_err();
        assert!(refused.starts_with("`a` was no page at revision 2"), "{refused}");
    }
}
