//! Renaming: a page goes to another path, and the old one leads there.

use commune_proto::ArticlePath;

use super::{Existing, Planned, redirect, skill};
use crate::library::{Article, Kind, Revision};

/// The revisions that bring a page to a free path: first the page there, then the redirects, to be written in one batch. `there` is what stood at that path
/// before, and stands no more; `redirected_there` are the pages that redirect to the one that goes.
///
/// # Errors
/// When it is no page that stands, is a skill, or the path is taken.
pub fn rename(
    existing: &Existing,
    (to, there): (&ArticlePath, Option<&Existing>),
    redirected_there: &[Existing],
    (night, now): (&str, &str),
) -> Result<Vec<Planned>, String> {
    let before = &existing.article;
    if before.kind != Kind::Article || !before.stands() || skill::is_packed(&before.body) {
        return Err(format!("`{}` is no page: only pages are renamed", before.path));
    }
    if there.is_some_and(|there| there.article.redirect_to.is_some() || there.article.stands()) {
        return Err(format!("`{to}` is taken: name a path that is free"));
    }
    let article = Article { path: to.clone(), ..before.clone() };
    let article = article.following(there.map(|there| &there.article), night, now);
    let mut revision = Revision::of(article.clone(), format!("was {}", before.path));
    revision.absorbed = vec![before.path.clone()];
    let redirects = redirect(existing, &article, redirected_there, &format!("went to {to}"), (night, now))?;
    Ok(std::iter::once(Planned { revision, before: there.cloned() }).chain(redirects).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, body: &str, to: Option<&str>) -> Existing {
        let article = Article {
            title: path.into(),
            body: body.into(),
            revision: 3,
            redirect_to: to.map(|to| to.parse().unwrap()),
            ..Article::blank(path.parse().unwrap(), Kind::Article)
        };
        Existing { article, sequence: 7 }
    }

    #[test]
    fn a_page_goes_to_a_free_path_and_what_led_to_it_leads_there() {
        let (from, old, to) = (page("a", "# A\n\nOne is.\n", None), page("old", "", Some("a")), "b".parse().unwrap());
        let planned = rename(&from, (&to, None), &[old], ("proposal", "now")).unwrap();
        let told: Vec<(&str, u32, Option<&str>)> = planned
            .iter()
            .map(|planned| &planned.revision.article)
            .map(|a| (a.path.as_str(), a.revision, a.redirect_to.as_ref().map(ArticlePath::as_str)))
            .collect();
        assert_eq!(told, [("b", 1, None), ("a", 4, Some("b")), ("old", 4, Some("b"))]);
        assert_eq!(planned[0].revision.article.body, from.article.body);
        for taken in [page("b", "# B\n", None), page("b", "", Some("c"))] {
            assert!(rename(&from, (&to, Some(&taken)), &[], ("n", "t")).unwrap_err().starts_with("`b` is taken"));
        }
    }
}
