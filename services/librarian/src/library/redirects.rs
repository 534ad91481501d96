//! Redirects: pages that went elsewhere.
//!
//! A redirect keeps its history and what it was made from; what led to it leads to where it went. **No chains and no cycles** are
//! written (`curate/redirect.rs`); should two writers make one between them, it is followed up to a bound.

use std::collections::BTreeSet;

use commune_proto::ArticlePath;

use super::{Entry, Library, Source};

/// Redirects that are followed one after another.
const HOPS: usize = 8;

impl Library {
    /// The page that a path leads to: itself where it stands, else where it went; none where nothing stands there.
    pub fn resolved(&self, path: &ArticlePath) -> Option<&Entry> {
        let mut entry = self.articles.get(path)?;
        for _ in 0..HOPS {
            match &entry.newest.article.redirect_to {
                Some(to) => entry = self.articles.get(to)?,
                None => break,
            }
        }
        Some(entry).filter(|entry| entry.newest.article.stands() || entry.newest.article.is_section())
    }

    /// All redirects that lead somewhere, with where they lead.
    pub fn all_redirects(&self) -> impl Iterator<Item = (&ArticlePath, &ArticlePath)> {
        let all = self.redirects.values().flatten();
        all.filter_map(|from| Some((from, &self.resolved(from)?.newest.article.path)))
    }

    /// The pages that redirect to this one, by path.
    pub fn redirects_to(&self, path: &ArticlePath) -> impl Iterator<Item = &Entry> {
        self.redirects.get(path).into_iter().flatten().filter_map(|from| self.articles.get(from))
    }

    /// What an article was made from, in order, with what those were made from that redirect to it: that comes after what the
    /// article had then, and before what came to it later. What was taken out again stays in this list.
    pub fn sources(&self, path: &ArticlePath) -> Vec<Source> {
        let mut sources: Vec<(u64, &Source)> = self.articles.get(path).into_iter().flat_map(Entry::made_from).collect();
        for from in self.redirects_to(path) {
            let went = from.sequence();
            sources.extend(from.made_from().map(|(_, source)| (went, source)));
        }
        sources.sort_by_key(|(sequence, _)| *sequence);
        sources.into_iter().map(|(_, source)| source.clone()).collect()
    }

    /// A page that was split, and the parts of it that stand; none for any other page. It is found by itself and by each of its parts.
    pub fn split(&self, path: &ArticlePath) -> Option<(&Entry, Vec<&Entry>)> {
        let is_whole = |(whole, parts): &(&ArticlePath, &BTreeSet<ArticlePath>)| *whole == path || parts.contains(path);
        self.parts.iter().filter(is_whole).find_map(|(whole, parts)| {
            let parts: Vec<&Entry> = parts.iter().filter_map(|part| self.standing(part)).collect();
            let affected = whole == path || parts.iter().any(|part| part.newest.article.path == *path);
            Some((self.resolved(whole)?, parts)).filter(|(_, parts)| affected && !parts.is_empty())
        })
    }

    /// A page redirects from now on, or stands.
    pub(super) fn redirect(&mut self, path: &ArticlePath, to: Option<&ArticlePath>) {
        let before = self.articles.get(path).and_then(|entry| entry.newest.article.redirect_to.as_ref());
        if before == to {
            return;
        }
        if let Some(from) = before.and_then(|before| self.redirects.get_mut(before)) {
            from.remove(path);
        }
        if let Some(to) = to {
            self.redirects.entry(to.clone()).or_default().insert(path.clone());
        }
    }
}
