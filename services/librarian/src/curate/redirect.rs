//! Redirects: a page that went elsewhere leads there.
//!
//! **No chains and no cycles**: what led to the page leads to where it went, and nothing is led to what does not stand.

use super::{Existing, Planned};
use crate::library::{Article, Revision};

/// The revisions that make of `from` a redirect to the article `to`, and of all that redirected to it until now. Whoever writes
/// them writes what `to` takes in from it before, in the same batch. `night` is what makes them, `now` when.
///
/// # Errors
/// When one of them is no page that stands, or both are the same.
pub fn redirect(
    from: &Existing,
    to: &Article,
    redirected_there: &[Existing],
    reason: &str,
    (night, now): (&str, &str),
) -> Result<Vec<Planned>, String> {
    let path = &from.article.path;
    if *path == to.path {
        return Err(format!("`{path}` cannot go to itself: name another page"));
    }
    if let Some(article) = [&from.article, to].into_iter().find(|article| !article.stands()) {
        return Err(format!("`{}` is no page any more: look where it went, or what was withdrawn", article.path));
    }
    let redirects = redirected_there.iter().filter(|existing| existing.article.redirect_to.as_ref() == Some(path));
    Ok(std::iter::once(from)
        .chain(redirects)
        .map(|existing| {
            let before = &existing.article;
            let article = Article {
                title: before.title.clone(),
                redirect_to: Some(to.path.clone()),
                ..Article::blank(before.path.clone(), before.kind)
            };
            let article = article.following(Some(before), night, now);
            Planned { revision: Revision::of(article, reason.to_owned()), before: Some(existing.clone()) }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Kind;

    fn page(path: &str, to: Option<&str>) -> Existing {
        let redirect_to = to.map(|to| to.parse().unwrap());
        let article = Article {
            title: path.into(),
            body: format!("# {path}\n\nText.\n"),
            revision: 3,
            redirect_to,
            ..Article::blank(path.parse().unwrap(), Kind::Article)
        };
        Existing { article, sequence: 7 }
    }

    #[test]
    fn what_led_to_the_page_leads_to_where_it_went() {
        let (from, to) = (page("a", None), page("b", None));
        let planned =
            redirect(&from, &to.article, &[page("old", Some("a")), page("other", Some("c"))], "merged", ("n", "t"));
        let planned = planned.unwrap();
        let told: Vec<(&str, u32, Option<&str>)> = planned
            .iter()
            .map(|planned| &planned.revision.article)
            .map(|a| (a.path.as_str(), a.revision, a.redirect_to.as_ref().map(|to| to.as_str())))
            .collect();
        assert_eq!(told, [("a", 4, Some("b")), ("old", 4, Some("b"))]);
        let redirect = &planned[0].revision.article;
        assert!(redirect.body.is_empty() && redirect.title == "a" && !redirect.stands());
    }

    #[test]
    fn nothing_is_led_in_a_circle_or_to_what_does_not_stand() {
        let (a, b) = (page("a", None), page("b", Some("a")));
        for (from, to) in [(&a, &a), (&a, &b), (&b, &a)] {
            assert!(
                redirect(from, &to.article, &[], "", ("n", "t")).is_err(),
                "{} to {}",
                from.article.path,
                to.article.path
            );
        }
    }
}
