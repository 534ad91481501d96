//! Times of the same thing, many times over.

use std::time::Duration;

/// Sorted times.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Of times in any order.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that so many percent do not exceed, in milliseconds.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100].as_secs_f64() * 1e3
    }
}
