//! What texts were found by before, so that a night reads anew only what is new.
//!
//! Known by content: a text that was not changed is known whoever wrote it, and nothing can be out of date.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use commune_knowledge::{
    duplicate::{Reading, Sketch},
    recall::Entry,
    statement::{self, Assertion},
};
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use crate::value::{self, Mentions};

/// Texts that are known, of about 700 bytes each, and as many that were looked for. With more texts than that all are forgotten, and
/// the next night reads its own anew.
const KEPT: usize = 200_000;

/// What is known of texts, by their content.
#[derive(Debug, Default)]
pub struct Sketches {
    texts: Known<Text>,
    entries: Known<Entry>,
}

type Known<T> = Mutex<FxHashMap<u128, Arc<T>>>;

/// What is known of one text; each part is read when it is first asked for.
#[derive(Debug, Default)]
pub struct Text {
    sketch: OnceLock<Sketch>,
    assertions: OnceLock<Box<[Assertion]>>,
    mentions: OnceLock<Mentions>,
}

impl Sketches {
    /// What is known of a text.
    pub(crate) fn of(&self, text: &str) -> Arc<Text> {
        known(&self.texts, xxh3_128(text.as_bytes()), Text::default)
    }

    /// A note as it is looked for.
    pub(crate) fn entry(&self, title: &str, text: &str) -> Arc<Entry> {
        let mut hasher = Xxh3::new();
        hasher.update(title.as_bytes());
        // no title has it
        hasher.update(b"\n");
        hasher.update(text.as_bytes());
        known(&self.entries, hasher.digest128(), || Entry::of(title, text))
    }
}

fn known<T>(all: &Known<T>, key: u128, read: impl FnOnce() -> T) -> Arc<T> {
    let lock = || all.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = lock().get(&key) {
        return Arc::clone(found);
    }
    // read without the lock
    let read = Arc::new(read());
    let mut known = lock();
    if known.len() >= KEPT {
        known.clear();
    }
    Arc::clone(known.entry(key).or_insert(read))
}

impl Text {
    /// Makes the sketch of the text, unless it was made before; the reading that it took.
    pub(super) fn read_for_sketch(&self, text: &str) -> Option<Reading> {
        let mut read = None;
        self.sketch.get_or_init(|| {
            let reading = Reading::of(text);
            let sketch = reading.sketch();
            read = Some(reading);
            sketch
        });
        read
    }

    /// The sketch; none before [`Text::read_for_sketch`].
    pub(super) fn sketch(&self) -> Option<&Sketch> {
        self.sketch.get()
    }

    /// What the sentences of the text assert.
    pub(crate) fn assertions(&self, text: &str) -> &[Assertion] {
        let read = || statement::assertions(text).into_iter().map(|(assertion, _)| assertion).collect();
        self.assertions.get_or_init(read)
    }

    /// What the text may link to.
    pub(crate) fn mentions(&self, text: &str) -> &Mentions {
        self.mentions.get_or_init(|| value::mentions(text))
    }
}
