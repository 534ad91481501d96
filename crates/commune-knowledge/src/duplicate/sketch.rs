//! By what duplicates are looked for among many texts: never all pairs.

use super::contest::Contest;
use crate::similarity::{self, BANDS, Signature};
use rustc_hash::FxHashMap;
use std::borrow::Borrow;

/// Members of a bucket that are all paired with each other; a larger bucket pairs neighbours only.
const BUCKET_LIMIT: usize = 200;
/// Neighbours on each side that a member of a large bucket is paired with.
const NEIGHBOURS: usize = 4;

/// A text in some 160 bytes and eight for each claim: enough to find what may be its duplicate, and to turn down most of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The hash of the text's identity: where it differs, so do the texts' identities.
    pub identity: u64,
    /// The bands of its signature, and last its title; texts that share one are candidates. 0 is shared by none.
    keys: [u32; BANDS + 1],
    contest: Contest,
}

impl Sketch {
    pub(super) fn new(identity: &str, title: u64, signature: &Signature, contest: Contest) -> Self {
        let mut keys = [0; BANDS + 1];
        for (key, band) in keys.iter_mut().zip(signature.bands()) {
            *key = folded(band);
        }
        keys[BANDS] = if title == 0 { 0 } else { folded(title) };
        Self { identity: similarity::hash_word(identity), keys, contest }
    }

    /// False when the two texts are no duplicates, whatever else is in them: they are not the same, and each claims
    /// something that the other does not. Of ten candidates this tells nine, and neither text is read again.
    pub fn may_match(&self, other: &Self) -> bool {
        self.identity == other.identity || !self.contest.contradicts(&other.contest)
    }
}

fn folded(key: u64) -> u32 {
    ((key >> 32) as u32 ^ key as u32).max(1)
}

/// Pairs `(i, j)` with `i < j`, sorted, without repeats, of which one at least is `fresh` and that share a band of
/// their signatures (32 bands of 4 rows: a pair of Jaccard 0.5 is found with probability 0.87, one of 0.7 with
/// 0.9998) or their title. A bucket of more than 200 members pairs each with its neighbours only, so that the work stays
/// linear; it grows with what is fresh, not with all.
pub fn candidates<S: Borrow<Sketch>>(sketches: &[S], fresh: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let fresh: Vec<bool> = (0..sketches.len()).map(fresh).collect();
    for band in 0..=BANDS {
        let mut buckets: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
        let key = |sketch: &S| sketch.borrow().keys[band];
        for (sketch, _) in sketches.iter().zip(&fresh).filter(|(sketch, fresh)| **fresh && key(sketch) != 0) {
            buckets.entry(key(sketch)).or_default();
        }
        for (index, sketch) in sketches.iter().enumerate() {
            if let Some(members) = buckets.get_mut(&key(sketch)) {
                members.push(index);
            }
        }
        for members in buckets.into_values().filter(|members| members.len() > 1) {
            let reach = if members.len() > BUCKET_LIMIT { NEIGHBOURS } else { members.len() };
            for (position, left) in members.iter().enumerate() {
                let beside = members.iter().skip(position + 1).take(reach);
                pairs.extend(beside.filter(|right| fresh[*left] || fresh[**right]).map(|right| (*left, *right)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplicate::Reading;

    fn sketches(texts: &[String]) -> Vec<Sketch> {
        texts.iter().map(|text| Reading::of(text).sketch()).collect()
    }

    #[test]
    fn pairs_are_found_without_comparing_all() {
        let text = |index: usize| (0..40).map(|word| format!("word{} ", index * 1000 + word)).collect::<String>();
        let mut texts: Vec<String> = (0..500).map(text).collect();
        texts.push(text(7) + "and a tail");
        assert_eq!(candidates(&sketches(&texts), |_| true), [(7, 500)]);
        assert_eq!(candidates(&sketches(&texts), |index| index == 500), [(7, 500)]);
        assert_eq!(candidates(&sketches(&texts), |index| index == 8), []);
        let same = vec!["all alike".to_owned(); 1000];
        assert!(candidates(&sketches(&same), |_| true).len() <= 1000 * NEIGHBOURS);
    }

    #[test]
    fn a_title_makes_candidates() {
        let texts = ["# Renewing\n\nAsk ada.", "# Renewing\n\nThe proxy reloads by a hook.", "# Else\n\nNothing."];
        let sketches = sketches(&texts.map(str::to_owned));
        assert_eq!(candidates(&sketches, |_| true), [(0, 1)]);
        assert_ne!(sketches[0].identity, sketches[1].identity);
    }
}
