//! Merging two articles on the same thing: the broader stays, the other leads there.
//!
//! **Everything that only the absorbed page said stands in the one that stays**, under the heading that both have or under its own; the absorbed page
//! keeps its history. Nothing is merged without consent: this is the plan of it.

use std::collections::BTreeSet;

use commune_knowledge::{normalize, statement};

use super::{Existing, Planned, article_check, redirect, size, skill, split::LINES};
use crate::library::{Article, Kind, Revision};

/// The revisions that merge `absorbed` into `into`: first the page that stays, then the redirects, to be written in one batch.
/// `redirected_there` are the pages that redirect to the absorbed one.
///
/// # Errors
/// When one of them is no page that stands, is a skill, or what comes of it is longer than an article may be.
pub fn merge(
    absorbed: &Existing,
    into: &Existing,
    redirected_there: &[Existing],
    owner_of: &dyn Fn(&str) -> String,
    (night, now): (&str, &str),
) -> Result<Vec<Planned>, String> {
    let (gone, stays) = (&absorbed.article, &into.article);
    for article in [gone, stays] {
        if article.kind != Kind::Article || skill::is_packed(&article.body) {
            return Err(format!("`{}` is no page: only pages are merged", article.path));
        }
    }
    let reason = format!("merged with {}", gone.path);
    let redirects = redirect(absorbed, stays, redirected_there, &format!("merged into {}", stays.path), (night, now))?;
    let missing = statement::missing(&stays.body, &gone.body).len();
    let (body, whole) = statement::merge_and_check(&stays.body, &gone.body);
    if !whole {
        return Err(format!("`{}` cannot take in all that `{}` says: merge them by hand", stays.path, gone.path));
    }
    size::bound(&stays.path, &body)?;
    let lines = body.lines().count();
    if lines > LINES {
        return Err(format!("`{}` would have {lines} lines, and an article has {LINES} at most", stays.path));
    }
    let mut article = Article { body, ..stays.clone() };
    if normalize::identity(&gone.title) != normalize::identity(&stays.title) {
        article.aliases.push(gone.title.clone());
    }
    article.aliases.extend(gone.aliases.iter().cloned());
    article.tags.extend(gone.tags.iter().cloned());
    article.contributors.extend(gone.contributors.iter().cloned());
    article.confirmed_by = confirmed(&article, gone, owner_of);
    article_check(&mut article);
    let added = if missing == 1 { "1 statement".to_owned() } else { format!("{missing} statements") };
    let mut revision = Revision::of(article.following(Some(stays), night, now), format!("{reason}: adds {added}"));
    revision.absorbed = vec![gone.path.clone()];
    Ok(std::iter::once(Planned { revision, before: Some(into.clone()) }).chain(redirects).collect())
}

/// Who confirmed one of the two: an owner once, and none who wrote in what comes of them.
fn confirmed(merged: &Article, gone: &Article, owner_of: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut heard: BTreeSet<String> = merged.contributors.iter().map(|agent| owner_of(agent)).collect();
    let mut confirmed: Vec<String> = merged
        .confirmed_by
        .iter()
        .chain(&gone.confirmed_by)
        .filter(|agent| heard.insert(owner_of(agent)))
        .cloned()
        .collect();
    confirmed.sort();
    confirmed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(path: &str, title: &str, body: &str) -> Existing {
        let article = Article {
            title: title.into(),
            body: body.into(),
            revision: 2,
            contributors: vec!["ada".into()],
            confirmed_by: vec!["bo".into()],
            ..Article::blank(path.parse().unwrap(), Kind::Article)
        };
        Existing { article, sequence: 7 }
    }

    fn own(agent: &str) -> String {
        agent.to_owned()
    }

    #[test]
    fn the_page_that_stays_says_all_and_the_other_leads_there() {
        let mut absorbed = page(
            "fixes/pool",
            "The pool hangs",
            "# The pool hangs\n\n## Restart\n\nDrain it first.\n\n## Why\n\nA lock.\n",
        );
        absorbed.article.contributors = vec!["bo".into()];
        absorbed.article.confirmed_by = vec!["cy".into()];
        let into = page("how-to/pool", "The pool", "# The pool\n\n## Restart\n\nUse systemctl.\n");
        let planned = merge(&absorbed, &into, &[], &own, ("2026-02-14", "now")).unwrap();
        let [stays, redirect] = planned.as_slice() else { panic!("{planned:?}") };
        let article = &stays.revision.article;
        assert_eq!(
            article.body,
            "# The pool\n\n## Restart\n\nUse systemctl.\n\nDrain it first.\n\n## Why\n\nA lock.\n"
        );
        assert_eq!((article.aliases.as_slice(), article.revision), (["The pool hangs".to_owned()].as_slice(), 3));
        assert_eq!(article.contributors, ["ada", "bo"]);
        assert_eq!(article.confirmed_by, ["cy"], "who wrote in it does not confirm it");
        assert_eq!(stays.revision.reason, "merged with fixes/pool: adds 2 statements");
        assert_eq!(redirect.revision.article.redirect_to.as_ref().map(|to| to.as_str()), Some("how-to/pool"));
        assert!(merge(&absorbed, &absorbed, &[], &own, ("n", "t")).is_err());
    }

    #[test]
    fn what_would_be_too_long_is_not_merged() {
        let lines = |word: &str| (0..300).map(|n| format!("- {word} {n}\n")).collect::<String>();
        let (one, other) = (page("a", "A", &lines("one")), page("b", "B", &lines("other")));
        let refused = merge(&one, &other, &[], &own, ("n", "t")).unwrap_err();
        assert!(refused.starts_with("`b` would have 60"), "{refused}");
    }

    const PARTS: &[&str] = &[
        "Use the staging environment first. The limit is 50 a week.",
        "## Steps\n\n- stop the server\n- copy the store\n  - and look at it",
        "## Steps\n\n1. wait\n2. start it",
        "```sh\n# restore\ntar xf store.tar\n```",
        "| port | use |\n|---|---|\n| 80 | web |\n| 443 | tls |",
        "> quoted. All of it.",
        "See [[how-to/pool|the pool]] and `[[code]]`.",
        "## Why\n\nIt has its own text.",
    ];

    proptest! {
        #[test]
        fn nothing_that_one_of_them_said_is_lost(one in prop::collection::vec(0..PARTS.len(), 1..6), other in prop::collection::vec(0..PARTS.len(), 1..6)) {
            let of = |title: &str, parts: &[usize]| {
                format!("# {title}\n\n{}\n", parts.iter().map(|part| PARTS[*part]).collect::<Vec<_>>().join("\n\n"))
            };
            let (absorbed, into) = (page("a", "A", &of("A", &one)), page("b", "B", &of("B", &other)));
            let planned = merge(&absorbed, &into, &[], &own, ("n", "t")).unwrap();
            let body = &planned[0].revision.article.body;
            for before in [&absorbed.article.body, &into.article.body] {
                prop_assert_eq!(statement::missing(body, before), vec![], "{}", body);
            }
        }
    }
}
