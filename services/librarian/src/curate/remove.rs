//! Removing: a page that is no more, and keeps its history.

use super::{Existing, Planned};
use crate::library::{Article, Revision};

/// The revision that removes a page on a day. What led to it leads to nothing.
///
/// # Errors
/// When it is no page that stands.
pub fn remove(existing: &Existing, on: &str, reason: &str, (night, now): (&str, &str)) -> Result<Planned, String> {
    let before = &existing.article;
    if !before.stands() && !before.is_section() {
        return Err(format!("`{}` is no page any more: there is nothing to remove", before.path));
    }
    Ok(Planned {
        revision: Revision::of(removed(before, on).following(Some(before), night, now), reason.to_owned()),
        before: Some(existing.clone()),
    })
}

/// The page of which nothing is left, in place of another.
pub fn removed(before: &Article, on: &str) -> Article {
    Article {
        title: before.title.clone(),
        removed_on: on.to_owned(),
        ..Article::blank(before.path.clone(), before.kind)
    }
}
