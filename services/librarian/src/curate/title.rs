//! The title: one line within its bound.

use super::size;
use crate::library::Article;

const TITLE_LIMIT: usize = 256;

pub(super) fn check(article: &mut Article) {
    let line = article.title.split_whitespace().collect::<Vec<_>>().join(" ");
    article.title = size::shortened(&line, TITLE_LIMIT);
}
