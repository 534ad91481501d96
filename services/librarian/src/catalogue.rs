//! The catalogue: the view of the library and the index over it, kept equal.
//!
//! **The index equals the store**: whoever asks for the index gets it with everything that the view has taken in.

use std::{
    collections::{BTreeSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commune_bus::View;
use commune_knowledge::embedding::Vector;
use commune_runtime::health::Part;
use tokio::{sync::OnceCell, task::spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::{
    index::{Index, IndexError, Page, Saving, Snapshot},
    library::{Article, Library, Revision},
    meaning::Meanings,
};

/// Snapshots that are kept, so that who turns a page sees the answer of which the first page was.
const KEPT: usize = 4;
/// Pages that change before the index is saved again: what a librarian that is killed reads anew at the next start.
const SAVED_AFTER: usize = 1_000;

/// The library and its index. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Catalogue {
    library: View<Library>,
    indexed: Arc<Mutex<Indexed>>,
    /// Where the index is saved; none to make it anew at every start.
    file: Option<Arc<PathBuf>>,
    /// Set when what was saved has been taken up, or not.
    begun: Arc<OnceCell<()>>,
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
    /// Pages that changed since it was saved.
    unsaved: usize,
    /// How often something was withdrawn: what is being written meanwhile holds it, and is not kept.
    withdrawn: u64,
    /// How often it had been when what lay there unread was last rewritten.
    purged: u64,
}

impl Catalogue {
    /// A catalogue of this view; the index is filled when it is first asked for.
    ///
    /// # Errors
    /// [`IndexError`] when no index can be made.
    pub fn new(library: View<Library>) -> Result<Self, IndexError> {
        let indexed = Arc::new(Mutex::new(Indexed::of(Index::new()?, 0)));
        Ok(Self { library, indexed, file: None, begun: Arc::default() })
    }

    /// The same, which begins with the index that was saved in a file, and saves it there.
    pub fn saved_in(self, file: PathBuf) -> Self {
        Self { file: Some(Arc::new(file)), ..self }
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
        self.begun.get_or_init(|| self.begin()).await;
        {
            let indexed = self.lock();
            if indexed.through == self.library.read(Library::last_sequence) {
                return Ok(indexed.index.snapshot());
            }
        }
        let this = self.clone();
        spawn_blocking(move || this.catch_up()).await.unwrap_or_else(|failed| {
            Err(IndexError::from(tantivy::TantivyError::InternalError(format!("indexing was interrupted: {failed}"))))
        })
    }

    /// Takes up what was saved, once the library is known that it is compared with.
    async fn begin(&self) {
        let Some(file) = self.file.clone() else { return };
        let read = Arc::clone(&file);
        let loaded = spawn_blocking(move || Index::load(&read)).await;
        self.library.caught_up().await;
        let index = match loaded {
            Ok(Ok(None)) => return,
            Ok(Ok(Some(index))) => index,
            Ok(Err(problem)) => {
                tracing::warn!(file = %file.display(), reason = %problem, "the saved index is not used; every page is read anew");
                return;
            }
            Err(failed) => return tracing::error!(error = %failed, "reading the saved index was interrupted"),
        };
        let this = self.clone();
        match spawn_blocking(move || this.take_up(index)).await {
            Ok(Ok(anew)) => tracing::info!(file = %file.display(), anew, "the saved index is taken up"),
            Ok(Err(problem)) => {
                tracing::warn!(error = %problem, "the saved index is not used; every page is read anew")
            }
            Err(failed) => tracing::error!(error = %failed, "taking up the saved index was interrupted"),
        }
    }

    /// Makes a saved index equal to the library, and answers from it; says how many pages had to be read anew.
    fn take_up(&self, mut index: Index) -> Result<usize, IndexError> {
        let mut indexed = self.lock();
        let (standing, through) = self.library.read(|library| (library.changed_since(0), library.last_sequence()));
        let standing: Vec<&Article> =
            standing.iter().map(|revision| &revision.article).filter(|article| article.stands()).collect();
        let paths: BTreeSet<_> = standing.iter().map(|article| &article.path).collect();
        let out: Vec<_> = index.paths().filter(|path| !paths.contains(path)).cloned().collect();
        let anew: Vec<Page<'_>> = standing.into_iter().map(page).filter(|page| !index.holds(page)).collect();
        let changed = anew.len() + out.len();
        if changed > 0 {
            index.change(anew, &out)?;
        }
        *indexed = Indexed { made: indexed.made, ..Indexed::of(index, through) };
        indexed.unsaved = changed;
        indexed.keep();
        if !out.is_empty() {
            self.forget(&mut indexed);
        }
        Ok(changed)
    }

    /// Something was withdrawn: what is on disk holds it, and goes.
    fn forget(&self, indexed: &mut Indexed) {
        let Some(file) = self.file.as_ref() else { return };
        self.library.keep_no_more();
        indexed.withdrawn += 1;
        indexed.unsaved = indexed.unsaved.max(SAVED_AFTER);
        match std::fs::remove_file(file.as_path()) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                tracing::error!(file = %file.display(), error = %problem, "the saved index holds what was withdrawn and cannot be removed");
            }
            _ => {}
        }
    }

    /// Saves the index when `least` pages changed since it last was. Answers go on meanwhile.
    fn save(&self, least: usize) {
        let Some(file) = self.file.as_ref().filter(|_| self.lock().unsaved >= least.max(1)) else { return };
        let saved = self.purge().and_then(|()| {
            let indexed = self.lock();
            Ok(indexed.index.saving()?.map(|saving| (saving, indexed.unsaved, indexed.withdrawn)))
        });
        let written = match saved {
            Ok(None) => return,
            Ok(Some((saving, unsaved, withdrawn))) => saving.write(file).and_then(|bytes| {
                let mut indexed = self.lock();
                if indexed.withdrawn == withdrawn {
                    Saving::keep(file)?;
                    indexed.unsaved = indexed.unsaved.saturating_sub(unsaved);
                }
                Ok(bytes)
            }),
            Err(problem) => return tracing::warn!(error = %problem, "the index is not saved"),
        };
        match written {
            Ok(bytes) => tracing::info!(file = %file.display(), bytes, "the index is saved"),
            Err(problem) => tracing::warn!(file = %file.display(), error = %problem, "the index is not saved"),
        }
    }

    /// After a withdrawal, rewrites what holds it in the index, without holding anybody up.
    fn purge(&self) -> Result<(), IndexError> {
        let (merging, withdrawn) = {
            let mut indexed = self.lock();
            if indexed.purged == indexed.withdrawn {
                return Ok(());
            }
            (indexed.index.purge()?, indexed.withdrawn)
        };
        merging.map_or(Ok(()), |merge| merge())?;
        let mut indexed = self.lock();
        indexed.purged = withdrawn;
        indexed.index.refresh()
    }

    /// Keeps the index warm and its health known, until stopped: nobody has to wait for a night's batch.
    pub async fn follow(self, health: Part, stop: CancellationToken) {
        let mut position = self.library.position();
        tokio::select! {
            () = stop.cancelled() => return,
            _ = self.begun.get_or_init(|| self.begin()) => {}
        }
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
            self.save_beside(SAVED_AFTER).await;
            tokio::select! {
                () = stop.cancelled() => break,
                changed = position.changed() => if changed.is_err() { break },
            }
        }
        self.save_beside(1).await;
    }

    /// Saves beside the threads that answer.
    async fn save_beside(&self, least: usize) {
        let this = self.clone();
        if let Err(failed) = spawn_blocking(move || this.save(least)).await {
            tracing::error!(error = %failed, "saving the index was interrupted");
        }
    }

    fn catch_up(&self) -> Result<Arc<Snapshot>, IndexError> {
        let mut indexed = self.lock();
        let (changed, through) =
            self.library.read(|library| (library.changed_since(indexed.through), library.last_sequence()));
        let (out, pages): (Vec<_>, Vec<_>) =
            changed.iter().map(|revision| &revision.article).partition(|article| !article.stands());
        let withdrawn =
            changed.iter().any(|revision| revision.article.is_withdrawn() || !revision.withdrawn.is_empty());
        let out = out.into_iter().map(|article| &article.path);
        // what happens to a proposal is no change of a page
        if !changed.is_empty()
            && let Err(problem) = indexed.index.change(pages.into_iter().map(page), out)
        {
            *indexed = Indexed {
                made: indexed.made + 1,
                withdrawn: indexed.withdrawn,
                unsaved: SAVED_AFTER,
                ..Indexed::of(Index::new()?, 0)
            };
            return Err(problem);
        }
        indexed.through = through;
        indexed.unsaved += changed.len();
        indexed.keep();
        if withdrawn {
            self.forget(&mut indexed);
        }
        Ok(indexed.index.snapshot())
    }

    /// Pages that changed and are not in the index yet, as searches see it.
    pub fn behind(&self) -> usize {
        let through = self.lock().through;
        self.library.read(
            |library| {
                if library.last_sequence() == through { 0 } else { library.changed_since(through).len() }
            },
        )
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
    fn of(index: Index, through: u64) -> Self {
        Self { index, through, made: 0, kept: VecDeque::new(), unsaved: 0, withdrawn: 0, purged: 0 }
    }

    fn keep(&mut self) {
        self.kept.push_back((self.through, self.index.snapshot()));
        while self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}

impl Meanings for Catalogue {
    fn take(&self, vectors: &[(Arc<Revision>, Vector)]) -> Option<u64> {
        self.begun.initialized().then_some(())?;
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
