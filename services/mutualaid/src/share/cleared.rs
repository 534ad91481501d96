//! What this process cleared already, so that a piece that waits for its night is not read anew in each.
//!
//! **Only what was found harmless is remembered**, by the hash of all that the clearing looks at; the names, the key and the rules stay
//! the same for as long as a process lives. Never holds a text.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use sha2::{Digest, Sha256};

/// Most texts that are remembered, of 16 bytes each and what a set adds to them. Beyond, all are forgotten, and looked at again.
pub const MOST: usize = 1024 * 1024;

/// Texts that were cleared. Cheap to clone; clones remember together.
#[derive(Debug, Clone, Default)]
pub struct Cleared(Arc<Mutex<BTreeSet<[u8; 16]>>>);

/// What stands for a text: half of its SHA-256, so that nobody can make up another of the same.
#[derive(Debug, Clone, Copy)]
pub struct Mark([u8; 16]);

impl Mark {
    /// The mark of a text.
    pub fn of(text: &str) -> Self {
        let mut mark = [0; 16];
        mark.copy_from_slice(&Sha256::digest(text)[..16]);
        Self(mark)
    }
}

impl Cleared {
    /// True for a text that was cleared.
    pub fn has(&self, mark: Mark) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&mark.0)
    }

    /// Remembers a text that was cleared.
    pub fn put(&self, mark: Mark) {
        self.put_within(mark, MOST);
    }

    fn put_within(&self, mark: Mark, most: usize) {
        let mut cleared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cleared.len() >= most {
            cleared.clear();
        }
        cleared.insert(mark.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_and_at_the_bound_all_is_forgotten() {
        let cleared = Cleared::default();
        let [a, b, c] = ["a", "b", "c"].map(Mark::of);
        cleared.put_within(a, 2);
        cleared.put_within(b, 2);
        assert!(cleared.has(a) && cleared.has(b) && !cleared.has(c), "at the bound both are there");
        cleared.clone().put_within(c, 2);
        assert!(!cleared.has(a) && !cleared.has(b) && cleared.has(c));
    }
}
