//! Revisions as a history tells them, kept for whoever asks again.
//!
//! **A revision never changes**, so what was read of it once is right for ever. What is kept is bounded: the half that was not asked for lately goes.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use commune_proto::librarian::v1::ArticleCurated;
use prost::Message as _;

/// Bytes of revisions, as they are sent, of which each half is kept.
const HALF: usize = 4 << 20;
/// What a revision takes beside that.
const BESIDE: usize = 512;

/// Revisions without their bodies, by their sequences. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<Halves>>);

#[derive(Debug, Default)]
struct Halves {
    young: HashMap<u64, Arc<ArticleCurated>>,
    old: HashMap<u64, Arc<ArticleCurated>>,
    /// Bytes of the young.
    bytes: usize,
}

impl Told {
    /// The revision that is stored at a sequence, where it is kept.
    pub(super) fn at(&self, sequence: u64) -> Option<Arc<ArticleCurated>> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(revision) = halves.young.get(&sequence) {
            return Some(Arc::clone(revision));
        }
        let revision = halves.old.remove(&sequence)?;
        halves.keep(sequence, Arc::clone(&revision));
        Some(revision)
    }

    /// Keeps a revision.
    pub(super) fn keep(&self, sequence: u64, revision: &ArticleCurated) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(sequence, Arc::new(revision.clone()));
    }
}

impl Halves {
    fn keep(&mut self, sequence: u64, revision: Arc<ArticleCurated>) {
        let bytes = revision.encoded_len() + BESIDE;
        if bytes > HALF {
            return;
        }
        if self.bytes + bytes > HALF {
            self.old = mem::take(&mut self.young);
            self.bytes = 0;
        }
        if self.young.insert(sequence, revision).is_none() {
            self.bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(bytes: usize) -> ArticleCurated {
        ArticleCurated { reason: "x".repeat(bytes), ..ArticleCurated::default() }
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let told = Told::default();
        assert!(told.at(1).is_none());
        told.keep(1, &revision(10));
        told.keep(2, &revision(20));
        for sequence in 3..40 {
            told.keep(sequence, &revision(HALF / 8));
            assert_eq!(told.at(1).map(|kept| kept.reason.len()), Some(10), "asked for again and again");
            let halves = told.0.lock().unwrap();
            assert!(halves.young.len() + halves.old.len() <= 2 * 9, "bounded");
        }
        assert!(told.at(2).is_none() && told.at(3).is_none());
        told.keep(50, &revision(2 * HALF));
        assert!(told.at(50).is_none(), "one that is too large is not kept");
    }
}
