//! Which texts each run of words stands in.

use std::collections::BTreeSet;

/// Texts by run. Of a run's 64 bits the first 16 name a bucket and the next 32 stand for it there, beside the number of the text: **8
/// bytes for each run of each text**. That two runs are taken for one has a chance of one in 2^48 for each that is remembered.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By the first bits, each sorted; none before the first run.
    buckets: Vec<Vec<u64>>,
    kept: usize,
}

/// As many as 16 bits tell apart.
const BUCKETS: usize = 1 << 16;

fn bucket(run: u64) -> usize {
    (run >> 48) as usize
}

fn entry(run: u64, text: u32) -> u64 {
    (run >> 16) << 32 | u64::from(text)
}

impl Index {
    /// Remembers the runs of a text.
    pub(super) fn put(&mut self, runs: &[u64], text: u32) {
        if self.buckets.is_empty() && !runs.is_empty() {
            self.buckets.resize_with(BUCKETS, Vec::new);
        }
        for run in runs {
            let (bucket, entry) = (&mut self.buckets[bucket(*run)], entry(*run, text));
            if let Err(place) = bucket.binary_search(&entry) {
                bucket.insert(place, entry);
                self.kept += 1;
            }
        }
    }

    /// The texts that a run stands in, in order.
    pub(super) fn texts(&self, run: u64) -> impl Iterator<Item = u32> {
        let first = entry(run, 0);
        let bucket = self.buckets.get(bucket(run)).map_or(&[][..], Vec::as_slice);
        let from = bucket.partition_point(|entry| *entry < first);
        bucket[from..].iter().take_while(move |entry| **entry >> 32 == first >> 32).map(|entry| *entry as u32)
    }

    /// Forgets texts. Looks through everything that is remembered.
    pub(super) fn remove(&mut self, gone: &BTreeSet<u32>) {
        if gone.is_empty() {
            return;
        }
        for bucket in &mut self.buckets {
            bucket.retain(|entry| !gone.contains(&(*entry as u32)));
            if bucket.is_empty() {
                *bucket = Vec::new();
            }
        }
        self.kept = self.buckets.iter().map(Vec::len).sum();
    }

    /// Runs that are remembered, each once for each text.
    pub(super) fn kept(&self) -> usize {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs that share a bucket, and runs that do not.
    fn run(number: u64) -> u64 {
        (number % 3) << 48 | (number / 3) << 16
    }

    proptest! {
        #[test]
        fn it_knows_what_was_put_and_not_removed(
            texts in prop::collection::vec(prop::collection::btree_set(0_u64..12, 0..6), 0..8), gone in prop::collection::btree_set(0_u32..8, 0..4),
        ) {
            let mut index = Index::default();
            for (number, runs) in texts.iter().enumerate() {
                index.put(&runs.iter().map(|number| run(*number)).collect::<Vec<_>>(), number as u32);
            }
            index.remove(&gone);
            let left = |number: &usize| !gone.contains(&(*number as u32));
            for asked in 0..12 {
                let found: Vec<usize> = index.texts(run(asked)).map(|text| text as usize).collect();
                let known: Vec<usize> = (0..texts.len()).filter(|at| texts[*at].contains(&asked)).filter(left).collect();
                prop_assert_eq!(found, known);
            }
            prop_assert_eq!(index.kept(), (0..texts.len()).filter(left).map(|at| texts[at].len()).sum::<usize>());
        }
    }
}
