//! Confirmation: an article is confirmed by owners, not by repeats.
//!
//! **An owner counts once**, and never one whose agent wrote in the article: many agents of one owner are one voice.

use std::collections::BTreeSet;

use crate::library::Article;

/// Counts an agent among those who confirmed the article, if it is the first of its owner to say anything there. To be asked
/// before the agent is one of the contributors.
pub(super) fn confirm(article: &mut Article, agent: &str, owner_of: &dyn Fn(&str) -> String) -> bool {
    let heard: BTreeSet<String> =
        article.contributors.iter().chain(&article.confirmed_by).map(|agent| owner_of(agent)).collect();
    if heard.contains(&owner_of(agent)) {
        return false;
    }
    article.confirmed_by.push(agent.to_owned());
    article.confirmed_by.sort();
    true
}
