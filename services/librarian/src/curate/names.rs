//! Names of an article: tags, aliases and contributors, sorted where order says nothing, without repeats, bounded.

use std::collections::BTreeSet;

use commune_knowledge::normalize;

use crate::library::Article;

const TAGS: usize = 64;
const ALIASES: usize = 100;

pub(super) fn check(article: &mut Article) {
    article.tags = article.tags.iter().map(|t| t.trim().to_lowercase()).filter(|t| !t.is_empty()).collect();
    article.tags.sort();
    article.tags.dedup();
    article.tags.truncate(TAGS);
    article.contributors.sort();
    article.contributors.dedup();
    let mut seen = BTreeSet::from([normalize::identity(&article.title)]);
    article.aliases.retain(|alias| !alias.trim().is_empty() && seen.insert(normalize::identity(alias)));
    article.aliases.truncate(ALIASES);
}
