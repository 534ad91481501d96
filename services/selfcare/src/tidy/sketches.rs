//! What texts were found by before, so that a night reads anew only what is new.
//!
//! Known by content: a text that was not changed is known whoever wrote it, and nothing can be out of date.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use commune_knowledge::{
    duplicate::{Reading, Sketch},
    statement::{self, Assertion},
};
use xxhash_rust::xxh3::xxh3_128;

/// Sketches that are kept, of about 400 bytes each: 80 MB; and as many texts' assertions, of about half as much. With more
/// texts than that all are forgotten, and the next night reads its own anew.
const KEPT: usize = 200_000;

/// Sketches and assertions of texts by their content.
#[derive(Debug, Default)]
pub struct Sketches {
    sketches: Known<Sketch>,
    assertions: Known<Arc<[Assertion]>>,
}

/// What is known of texts, by their hash.
#[derive(Debug)]
struct Known<T>(Mutex<HashMap<u128, T>>);

impl Sketches {
    /// The sketch of a text, and its reading when it was read for that.
    pub(super) fn of(&self, text: &str) -> (Sketch, Option<Reading>) {
        let key = key(text);
        if let Some(sketch) = self.sketches.get(key) {
            return (sketch, None);
        }
        let reading = Reading::of(text);
        let sketch = reading.sketch();
        self.sketches.put(key, sketch.clone());
        (sketch, Some(reading))
    }

    /// What the sentences of a text assert.
    pub(crate) fn assertions(&self, text: &str) -> Arc<[Assertion]> {
        let key = key(text);
        self.assertions.get(key).unwrap_or_else(|| {
            let assertions: Arc<[Assertion]> =
                statement::assertions(text).into_iter().map(|(assertion, _)| assertion).collect();
            self.assertions.put(key, Arc::clone(&assertions));
            assertions
        })
    }
}

fn key(text: &str) -> u128 {
    xxh3_128(text.as_bytes())
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Known<T> {
    fn get(&self, key: u128) -> Option<T> {
        self.lock().get(&key).cloned()
    }

    fn put(&self, key: u128, value: T) {
        let mut known = self.lock();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, value);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u128, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
