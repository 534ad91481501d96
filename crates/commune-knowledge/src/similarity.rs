//! Similarity of texts: shingles, MinHash, the bands of locality-sensitive hashing, and rarity in a collection.

mod rarity;

use crate::normalize;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub use rarity::Rarity;

/// Minima of a signature.
const MINIMA: usize = 128;
/// Bands of a signature, and rows of a band.
pub(crate) const BANDS: usize = 32;
const ROWS: usize = MINIMA / BANDS;
/// Words of a shingle.
const SHINGLE: usize = 3;
/// A MinHash signature (Broder 1997) of word shingles: 128 minima of 64-bit hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(pub(crate) Vec<u64>);

impl Signature {
    /// One key for each band of 4 rows: signatures that share one are alike (Leskovec, Rajaraman, Ullman, "Mining of
    /// Massive Datasets", 3.4).
    pub(crate) fn bands(&self) -> impl Iterator<Item = u64> {
        let rows = self.0.chunks(ROWS).enumerate();
        rows.map(|(band, rows)| rows.iter().fold(band as u64, |key, row| mix(key ^ *row)))
    }
}

/// The set of hashed word 3-grams of a text (fewer words give one shingle), sorted, without repeats.
pub fn shingles(text: &str) -> Vec<u64> {
    let words = normalize::borrowed_words(text);
    if words.is_empty() {
        return Vec::new();
    }
    let mut shingles: Vec<u64> = match words.len() < SHINGLE {
        true => vec![hash(&words)],
        false => words.windows(SHINGLE).map(hash).collect(),
    };
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// The signature of a set of shingles.
pub fn signature(shingles: &[u64]) -> Signature {
    let minima = (0..MINIMA as u64).map(|index| {
        let (factor, offset) = (mix(2 * index + 1) | 1, mix(2 * index + 2));
        // a plain loop over numbers: this runs 128 times for each shingle of each text
        let mut least = u64::MAX;
        for shingle in shingles {
            least = least.min(mix(shingle.wrapping_mul(factor).wrapping_add(offset)));
        }
        least
    });
    Signature(minima.collect())
}

/// The Jaccard index of two sorted sets of shingles, 0 to 1; two empty sets give 1.
pub fn jaccard(left: &[u64], right: &[u64]) -> f64 {
    let common = common(left, right);
    let union = left.len() + right.len() - common;
    if union == 0 { 1.0 } else { common as f64 / union as f64 }
}

/// The share of `part` that is contained in `whole`, 0 to 1; an empty part gives 1.
pub fn containment(part: &[u64], whole: &[u64]) -> f64 {
    if part.is_empty() { 1.0 } else { common(part, whole) as f64 / part.len() as f64 }
}

/// The share of the features of the lesser set that the other has too, by weight of rarity, 0 to 1; an empty set gives 0.
/// Both sets are sorted.
pub fn rare_overlap(left: &[u64], right: &[u64], rarity: &Rarity) -> f64 {
    let lesser = rarity.sum(left).min(rarity.sum(right));
    if lesser > 0.0 { (rarity.sum(&shared(left, right)) / lesser).min(1.0) } else { 0.0 }
}

/// The hash of words in their order.
pub(crate) fn hash<T: AsRef<str>>(words: &[T]) -> u64 {
    words.iter().fold(words.len() as u64, |seed, word| xxh3_64_with_seed(word.as_ref().as_bytes(), seed))
}

/// The hash of one word.
pub(crate) fn hash_word(word: &str) -> u64 {
    xxh3_64(word.as_bytes())
}

/// Members of two sorted sets that are in both.
pub(crate) fn common(left: &[u64], right: &[u64]) -> usize {
    let mut count = 0;
    each_common(left, right, |_| count += 1);
    count
}

fn shared(left: &[u64], right: &[u64]) -> Vec<u64> {
    let mut shared = Vec::new();
    each_common(left, right, |member| shared.push(member));
    shared
}

fn each_common(left: &[u64], right: &[u64], mut found: impl FnMut(u64)) {
    let (mut i, mut j) = (0, 0);
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                found(*a);
                i += 1;
                j += 1;
            }
        }
    }
}

/// The finaliser of a 64-bit generator with good avalanche.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(left: &str, right: &str, jaccard_range: std::ops::RangeInclusive<f64>) {
        let (a, b) = (shingles(left), shingles(right));
        let index = jaccard(&a, &b);
        assert!(jaccard_range.contains(&index), "jaccard {index} of {left:?} and {right:?}");
        let (x, y) = (signature(&a), signature(&b));
        let equal = x.0.iter().zip(&y.0).filter(|(left, right)| left == right).count() as f64 / MINIMA as f64;
        assert!((equal - index).abs() < 0.2, "estimate {equal} of {index}");
    }

    #[test]
    fn the_estimate_follows_the_index() {
        let long = "the night is opened once for each agent and its brief is written before the event goes out";
        check(long, long, 1.0..=1.0);
        check(long, &long.replace("brief", "diary"), 0.5..=0.9);
        check(long, "nothing here has anything in common with that other text at all", 0.0..=0.0);
        check("端口是八千零八十号端口不要改", "端口是八千零八十号端口不要动", 0.6..=0.95);
        check("", "", 1.0..=1.0);
    }

    proptest! {
        #[test]
        fn any_text_has_a_signature(left in "\\PC{0,80}", right in "\\PC{0,80}") {
            let (a, b) = (shingles(&left), shingles(&right));
            let index = jaccard(&a, &b);
            prop_assert!((0.0..=1.0).contains(&index));
            prop_assert_eq!(index, jaccard(&b, &a));
            prop_assert!((0.0..=1.0).contains(&containment(&a, &b)));
            prop_assert_eq!(signature(&a).0.len(), MINIMA);
        }
    }
}
