//! Chance that can be repeated: a seed and a commit reproduce a run.

use std::time::Duration;

/// A generator (xorshift64*, Vigna 2016); nothing in a run may depend on any other chance.
#[derive(Debug, Clone)]
pub struct Roll(u64);

impl Roll {
    /// A generator for one purpose of a run.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mixed = (seed ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0xD1B5_4A32_D192_ED03);
        let mut roll = Self(mixed | 1);
        for _ in 0..4 {
            roll.next();
        }
        roll
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Below the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 16) % bound.max(1) as u64).expect("small")
    }

    /// So many of a hundred times.
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = usize::try_from(most.saturating_sub(least).as_millis()).unwrap_or(usize::MAX);
        least + Duration::from_millis(self.below(span + 1) as u64)
    }
}
