//! Better vectors, made in the background: a page is found at once by its words and by its static vector, and later by that of
//! the transformer.
//!
//! Pages are embedded in the order of their paths, a few at a time, beside the threads that answer. **What a replica has not come to yet is
//! found by its static vector**, in the same space; so two replicas may rank a little differently until both are through. Nothing is kept: a
//! replica that starts, with another model or the same, embeds all pages anew.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use commune_bus::View;
use commune_knowledge::embedding::{Embedder, Vector};
use commune_proto::ArticlePath;
use tokio::task;
use tokio_util::sync::CancellationToken;

use crate::library::{Article, Library, Revision};

/// Pages that are embedded before their vectors are handed over together.
const TOGETHER: usize = 32;
/// How long to wait after vectors could not be taken.
const PAUSE: Duration = Duration::from_secs(1);

/// Where vectors go: the index.
pub trait Meanings: Send + Sync + 'static {
    /// Takes the vectors of revisions, and passes over those that are no longer the newest of their page. Says how often the index was made from
    /// nothing so far: it then lacks what it was given before. None when it cannot take them now; then they come again.
    fn take(&self, vectors: &[(Arc<Revision>, Vector)]) -> Option<u64>;
}

/// What of an article is embedded.
pub fn text(article: &Article) -> String {
    format!("{}\n{}", article.title, article.body)
}

/// Embeds what stands in the library, and whatever changes in it, until stopped.
pub async fn follow(
    embedder: Arc<dyn Embedder>,
    library: View<Library>,
    meanings: Arc<dyn Meanings>,
    stop: CancellationToken,
) {
    let mut position = library.position();
    let mut backlog = Backlog::default();
    let changed = |since: u64| library.read(|library| (library.changed_since(since), library.last_sequence()));
    library.caught_up().await;
    loop {
        position.borrow_and_update();
        backlog.take_in(changed);
        let many = backlog.waiting.len() > TOGETHER;
        if many {
            tracing::info!(pages = backlog.waiting.len(), model = embedder.name(), "embedding pages in the background");
        }
        backlog.work_off(&embedder, changed, &meanings, &stop).await;
        if many && !stop.is_cancelled() {
            tracing::info!(model = embedder.name(), "every page is embedded");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            changed = position.changed() => if changed.is_err() { return },
        }
    }
}

/// What is still to be embedded.
#[derive(Debug, Default)]
struct Backlog {
    waiting: BTreeMap<ArticlePath, Arc<Revision>>,
    /// The sequence of the library up to which it knows.
    through: u64,
    /// How often the index had been made from nothing when it last took something.
    made: Option<u64>,
}

impl Backlog {
    /// Takes in what changed in the library: the newest revisions after a sequence, and the last sequence of all.
    fn take_in(&mut self, changed: impl Fn(u64) -> (Vec<Arc<Revision>>, u64)) {
        let (revisions, through) = changed(self.through);
        for revision in revisions {
            match revision.article.stands() {
                true => self.waiting.insert(revision.article.path.clone(), revision),
                false => self.waiting.remove(&revision.article.path),
            };
        }
        self.through = through;
    }

    /// Takes the next out, by their paths.
    fn next(&mut self, most: usize) -> Vec<Arc<Revision>> {
        std::iter::from_fn(|| self.waiting.pop_first()).take(most).map(|(_, revision)| revision).collect()
    }

    /// Works until nothing is left, or it is stopped.
    async fn work_off(
        &mut self,
        embedder: &Arc<dyn Embedder>,
        changed: impl Fn(u64) -> (Vec<Arc<Revision>>, u64),
        meanings: &Arc<dyn Meanings>,
        stop: &CancellationToken,
    ) {
        loop {
            let next = self.next(TOGETHER);
            if next.is_empty() || stop.is_cancelled() {
                return;
            }
            let (embedder, meanings, stopped) = (Arc::clone(embedder), Arc::clone(meanings), stop.clone());
            let batch = next.clone();
            let work = task::spawn_blocking(move || {
                let vectors = embed(embedder.as_ref(), batch, || stopped.is_cancelled());
                meanings.take(&vectors)
            });
            let taken = work.await.unwrap_or_else(|failed| {
                tracing::error!(error = %failed, "embedding was interrupted");
                None
            });
            self.settle(next, taken);
            self.take_in(&changed);
            if taken.is_none() {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// Puts back what was not taken, and begins again where the index was made from nothing.
    fn settle(&mut self, batch: Vec<Arc<Revision>>, taken: Option<u64>) {
        match taken {
            None => {
                for revision in batch {
                    self.waiting.entry(revision.article.path.clone()).or_insert(revision);
                }
            }
            Some(made) => {
                if self.made.replace(made).is_some_and(|before| before != made) {
                    self.through = 0;
                }
            }
        }
    }
}

/// The vectors of revisions; of those that have none, and of those that were not come to when it was stopped, there is none.
fn embed(
    embedder: &dyn Embedder,
    revisions: Vec<Arc<Revision>>,
    stopped: impl Fn() -> bool,
) -> Vec<(Arc<Revision>, Vector)> {
    let running = revisions.into_iter().take_while(|_| !stopped());
    running.filter_map(|revision| Some((Arc::clone(&revision), embedder.document(&text(&revision.article))?))).collect()
}

#[cfg(test)]
mod tests;
