//! What texts were found by before, so that a night reads anew only what is new.
//!
//! Known by content: a text that was not changed is known whoever wrote it, and nothing can be out of date.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

use commune_knowledge::duplicate::{Reading, Sketch};

/// Sketches that are kept, of about 200 bytes each: 40 MB. With more texts than that all are forgotten, and the next
/// night reads its own anew.
const KEPT: usize = 200_000;

/// Sketches of texts by their content.
#[derive(Debug, Default)]
pub struct Sketches(Mutex<HashMap<(u64, usize), Sketch>>);

impl Sketches {
    /// The sketch of a text, and its reading when it was read for that.
    pub(super) fn of(&self, text: &str) -> (Sketch, Option<Reading>) {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let key = (hasher.finish(), text.len());
        if let Some(sketch) = self.lock().get(&key) {
            return (sketch.clone(), None);
        }
        let reading = Reading::of(text);
        let sketch = reading.sketch();
        let mut known = self.lock();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, sketch.clone());
        (sketch, Some(reading))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(u64, usize), Sketch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
