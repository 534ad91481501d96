//! The catalogue: the view of the library and the index over it, kept equal.
//!
//! **The index equals the store**: whoever asks for the index gets it with everything that the view has taken in.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commune_bus::View;
use commune_knowledge::embedding::Vector;
use commune_runtime::health::Part;
use tokio_util::sync::CancellationToken;

use crate::{
    index::{Index, IndexError, Page, Snapshot},
    library::{Article, Library, Revision},
    meaning::Meanings,
};

/// Snapshots that are kept, so that who turns a page sees the answer of which the first page was.
const KEPT: usize = 4;

/// The library and its index. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    library: View<Library>,
    indexed: Arc<Mutex<Indexed>>,
}

#[derive(Debug)]
struct Indexed {
    index: Index,
    /// The sequence up to which the index has taken in the library.
    through: u64,
    /// How often it was made from nothing.
    made: u64,
    /// The last snapshots with their sequences, the newest last.
    kept: VecDeque<(u64, Arc<Snapshot>)>,
}

impl Catalogue {
    /// A catalogue of this view; the index is filled when it is first asked for.
    ///
    /// # Errors
    /// [`IndexError`] when no index can be made.
    pub fn new(library: View<Library>) -> Result<Self, IndexError> {
        let indexed =
            Arc::new(Mutex::new(Indexed { index: Index::new()?, through: 0, made: 0, kept: VecDeque::new() }));
        Ok(Self { library, indexed })
    }

    /// The view of the library.
    pub fn library(&self) -> &View<Library> {
        &self.library
    }

    /// The index with everything that the view has taken in.
    ///
    /// # Errors
    /// [`IndexError`] when the index failed; it is made anew for the next who asks.
    pub async fn index(&self) -> Result<Arc<Snapshot>, IndexError> {
        {
            let indexed = self.lock();
            if indexed.through == self.library.read(Library::last_sequence) {
                return Ok(indexed.index.snapshot());
            }
        }
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.catch_up()).await.unwrap_or_else(|failed| {
            Err(IndexError::from(tantivy::TantivyError::InternalError(format!("indexing was interrupted: {failed}"))))
        })
    }

    /// Keeps the index warm and its health known, until stopped: nobody has to wait for a night's batch.
    pub async fn follow(self, health: Part, stop: CancellationToken) {
        let mut position = self.library.position();
        self.library.caught_up().await;
        loop {
            position.borrow_and_update();
            match self.index().await {
                Ok(_) => health.ready(),
                Err(problem) => {
                    tracing::error!(error = %problem, "search index failed");
                    health.not_ready(problem.to_string());
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                changed = position.changed() => if changed.is_err() { return },
            }
        }
    }

    fn catch_up(&self) -> Result<Arc<Snapshot>, IndexError> {
        let mut indexed = self.lock();
        let (changed, through) =
            self.library.read(|library| (library.changed_since(indexed.through), library.last_sequence()));
        let (out, pages): (Vec<_>, Vec<_>) =
            changed.iter().map(|revision| &revision.article).partition(|article| article.is_withdrawn());
        let out = out.into_iter().map(|article| &article.path);
        if let Err(problem) = indexed.index.change(pages.into_iter().map(page), out) {
            *indexed = Indexed { index: Index::new()?, through: 0, made: indexed.made + 1, kept: VecDeque::new() };
            return Err(problem);
        }
        indexed.through = through;
        indexed.keep();
        Ok(indexed.index.snapshot())
    }

    /// The snapshot of a sequence, while it is kept.
    pub fn kept(&self, through: u64) -> Option<Arc<Snapshot>> {
        let indexed = self.lock();
        indexed.kept.iter().rev().find(|(kept, _)| *kept == through).map(|(_, snapshot)| Arc::clone(snapshot))
    }

    /// The sequence of a snapshot that is kept; 0 of another.
    pub fn sequence_of(&self, snapshot: &Arc<Snapshot>) -> u64 {
        let indexed = self.lock();
        indexed.kept.iter().find(|(_, kept)| Arc::ptr_eq(kept, snapshot)).map_or(0, |(through, _)| *through)
    }

    fn lock(&self) -> MutexGuard<'_, Indexed> {
        self.indexed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Indexed {
    fn keep(&mut self) {
        self.kept.push_back((self.through, self.index.snapshot()));
        while self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}

impl Meanings for Catalogue {
    fn take(&self, vectors: &[(Arc<Revision>, Vector)]) -> Option<u64> {
        // whatever is embedded has to stand in the index before its vector does
        self.catch_up().inspect_err(|problem| tracing::error!(error = %problem, "search index failed")).ok()?;
        let mut indexed = self.lock();
        let newest = |revision: &Revision| {
            let path = &revision.article.path;
            self.library.read(|library| {
                library.standing(path).is_some_and(|entry| {
                    entry.newest.article.revision == revision.article.revision && entry.sequence() <= indexed.through
                })
            })
        };
        let current: Vec<_> = vectors.iter().filter(|(revision, _)| newest(revision)).collect();
        let paths = current.iter().map(|(revision, vector)| (&revision.article.path, vector));
        indexed.index.mean(paths).inspect_err(|problem| tracing::error!(error = %problem, "vectors not taken")).ok()?;
        indexed.keep();
        Some(indexed.made)
    }
}

/// What the index reads of an article.
pub fn page(article: &Article) -> Page<'_> {
    Page {
        path: &article.path,
        title: &article.title,
        aliases: &article.aliases,
        body: &article.body,
        kind: article.kind,
        tags: &article.tags,
        contributors: &article.contributors,
        curated_at: &article.curated_at,
    }
}
