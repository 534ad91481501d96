//! Chance that can be repeated: a seed and a commit reproduce a run.

use std::time::Duration;

/// A generator (xorshift64*, Vigna 2016); nothing in a run may depend on any other chance.
#[derive(Debug, Clone)]
pub struct Roll(u64);

impl Roll {
    /// A generator for one purpose of a run. No two pairs of small numbers begin alike.
    pub fn new(seed: u64, purpose: u64) -> Self {
        // splitmix64 (Steele, Lea, Flood 2014): neighbours come far apart
        let mut mixed = seed.wrapping_add((purpose << 32).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        Self(if mixed == 0 { 1 } else { mixed })
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

#[test]
fn neighbours_differ() {
    let begin = |seed, purpose| Roll::new(seed, purpose).next();
    let begins: std::collections::BTreeSet<u64> =
        (0..1_000).flat_map(|seed| (0..8).map(move |purpose| begin(seed, purpose))).collect();
    assert_eq!(begins.len(), 8_000);
}
