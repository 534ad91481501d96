//! The articles that a piece is compared with, and how rare their terms are.

use super::reading::{Piece, Reading};
use crate::embedding::{Vector, Vectors};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Articles that a term is assumed to be absent from, beside the library: keeps a small library from judging by its own
/// few words.
const BACKGROUND: f64 = 100.0;

/// The readings of a library, each at the place that its index gives it. Cheap enough to clone with every batch of changes.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    readings: Vec<Option<Arc<Reading>>>,
    /// What the readings mean; a reading on the shelf has no vector of its own.
    vectors: Vectors,
    /// How many articles have each term. Clones share it until one of them changes.
    counts: Arc<FxHashMap<u32, u32>>,
    articles: u32,
    length: u64,
}

impl Shelf {
    /// The shelf with these readings at their places, and what [`Shelf::vectors`] and [`Shelf::counts`] told of the shelf on which they stood.
    pub fn of(
        readings: impl IntoIterator<Item = (usize, Reading)>,
        vectors: Vectors,
        counts: impl IntoIterator<Item = (u32, u32)>,
    ) -> Self {
        let mut shelf = Self { vectors, counts: Arc::new(counts.into_iter().collect()), ..Self::default() };
        for (place, mut reading) in readings {
            if shelf.readings.len() <= place {
                shelf.readings.resize(place + 1, None);
            }
            reading.vector = None;
            shelf.articles += 1;
            shelf.length += u64::from(reading.length);
            shelf.readings[place] = Some(Arc::new(reading));
        }
        shelf
    }

    /// How many articles have each term, in no order.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.counts.iter().map(|(term, count)| (*term, *count))
    }

    /// Puts an article at a place, instead of what stood there. **What the shelf says depends on what stands on it, not
    /// on how it came there.**
    pub fn put(&mut self, place: usize, mut reading: Reading) {
        if self.readings.len() <= place {
            self.readings.resize(place + 1, None);
        }
        self.take_down(place);
        let counts = Arc::make_mut(&mut self.counts);
        for (term, _) in reading.counted() {
            *counts.entry(term).or_default() += 1;
        }
        self.articles += 1;
        self.length += u64::from(reading.length);
        self.vectors.put(place, reading.vector.take().as_deref());
        self.readings[place] = Some(Arc::new(reading));
    }

    /// Takes the article of a place away.
    pub fn take_down(&mut self, place: usize) {
        let Some(before) = self.readings.get_mut(place).and_then(Option::take) else { return };
        let counts = Arc::make_mut(&mut self.counts);
        for (term, _) in before.counted() {
            if let Some(count) = counts.get_mut(&term) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&term);
                }
            }
        }
        self.articles -= 1;
        self.length -= u64::from(before.length);
        self.vectors.put(place, None);
    }

    /// The reading at a place.
    pub fn at(&self, place: usize) -> Option<&Reading> {
        self.readings.get(place)?.as_deref()
    }

    /// What the article at a place means.
    pub(super) fn vector(&self, place: usize) -> Option<Vector> {
        self.vectors.at(place)
    }

    /// What the articles mean, each at its place.
    pub fn vectors(&self) -> &Vectors {
        &self.vectors
    }

    /// The places of the articles that mean most nearly the same, best first, at most `limit`.
    pub fn nearest(&self, piece: &Piece, limit: usize) -> Vec<usize> {
        let Some(vector) = &piece.reading.vector else { return Vec::new() };
        self.vectors.nearest(vector, limit, |_| true).into_iter().map(|(place, _)| place).collect()
    }

    /// Bytes that the readings take.
    pub fn bytes(&self) -> usize {
        let readings: usize = self.readings.iter().flatten().map(|reading| reading.bytes()).sum();
        readings + self.vectors.bytes() + 8 * self.readings.len() + 12 * self.counts.len()
    }

    /// The weight of a term: ln of the articles for each that has it (inverse document frequency; Spärck Jones 1972).
    pub(super) fn weight(&self, term: u32) -> f64 {
        let holding = self.counts.get(&term).copied().unwrap_or_default();
        ((f64::from(self.articles) + BACKGROUND) / (f64::from(holding) + 1.0)).ln()
    }

    /// True when some article has the term.
    pub(super) fn knows(&self, term: u32) -> bool {
        self.counts.contains_key(&term)
    }

    /// How much it says that the library does not know a term, 0 to 1: little in a small library, which knows few.
    pub(super) fn breadth(&self) -> f64 {
        f64::from(self.articles) / (f64::from(self.articles) + BACKGROUND)
    }

    /// Terms of an article, on average.
    pub(super) fn average(&self) -> f64 {
        (self.length as f64 / f64::from(self.articles.max(1))).max(1.0)
    }
}
