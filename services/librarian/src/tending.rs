//! What is to be tended in the library as it is now; looked at by night to mend it, and by whoever asks what there is to mend.
//!
//! What was read of a page is kept until the page changes: a library that did not change costs next to nothing.

use std::sync::{Arc, Mutex, PoisonError};

use commune_bus::View;
use commune_proto::ArticlePath;
use jiff::Timestamp;

use crate::{
    catalogue::Catalogue,
    commons::Commons,
    curate::tend::{self, Memory, Shelved, Stock, Tended},
    index::IndexError,
    library::{Entry, Library},
};

/// Looks at the library. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tending {
    catalogue: Catalogue,
    commons: View<Commons>,
    memory: Arc<Mutex<Memory>>,
}

/// What is to be done, in a library that ends at a sequence.
#[derive(Debug)]
pub struct Seen {
    /// What is to be done, and what was found.
    pub tended: Tended,
    /// The sequence of the newest revision that was looked at.
    pub through: u64,
}

impl Tending {
    /// A look at this library, and at what is asked already.
    pub fn new(catalogue: Catalogue, commons: View<Commons>) -> Self {
        Self { catalogue, commons, memory: Arc::default() }
    }

    /// What is to be done in a night at a time. It may take seconds where much has changed, beside the threads that answer.
    ///
    /// # Errors
    /// [`IndexError`] when the index failed.
    pub async fn look(&self, night: &str, now: Timestamp) -> Result<Seen, IndexError> {
        let index = self.catalogue.index().await?;
        let (this, night) = (self.clone(), night.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let (pages, absent, redirects, through) = this.catalogue.library().read(|library| {
                let shelved = |entry: &Entry| Shelved {
                    newest: Arc::clone(&entry.newest),
                    sequence: entry.sequence(),
                    // whoever only asks is in no night
                    tended: !night.is_empty() && entry.tended_in == night,
                };
                let pages: Vec<Shelved> = library.to_be_tended().map(shelved).collect();
                let absent =
                    library.absent().map(|entry| (entry.newest.article.path.clone(), shelved(entry))).collect();
                let redirects = library.all_redirects().map(|(from, to)| (from.clone(), to.clone())).collect();
                (pages, absent, redirects, Library::last_sequence(library))
            });
            let vector = |path: &ArticlePath| index.shelf().vectors().at(index.place_of(path)?);
            let is_asked = |question: &str| this.commons.read(|commons| commons.asked().like(question).is_some());
            let stock = Stock { pages, absent, redirects, vector: &vector, is_asked: &is_asked, night: &night, now };
            let mut memory = this.memory.lock().unwrap_or_else(PoisonError::into_inner);
            Seen { tended: tend::tend(&stock, &mut memory, through), through }
        });
        looked.await.map_err(|failed| {
            IndexError::from(tantivy::TantivyError::InternalError(format!("tending was interrupted: {failed}")))
        })
    }
}
