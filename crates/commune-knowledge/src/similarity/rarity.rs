//! How rare a feature is in a collection, so that what all texts share says little.

use std::collections::HashMap;

/// How many texts of a collection have each feature (a hash of words, a word piece). Empty, it weighs all alike.
#[derive(Debug, Clone, Default)]
pub struct Rarity {
    texts: u32,
    counts: HashMap<u64, u32>,
}

impl Rarity {
    /// Counts the features of one more text; each is given once.
    pub fn add(&mut self, features: impl IntoIterator<Item = u64>) {
        self.texts = self.texts.saturating_add(1);
        for feature in features {
            let count = self.counts.entry(feature).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// The weight of a feature that `n` of `N` texts have: ln(1 + N / (n + 1)), always above 0 (inverse document
    /// frequency; Spärck Jones 1972); 1 in an empty collection.
    pub fn weight(&self, feature: u64) -> f64 {
        if self.texts == 0 {
            return 1.0;
        }
        let count = self.counts.get(&feature).copied().unwrap_or_default();
        (1.0 + f64::from(self.texts) / (f64::from(count) + 1.0)).ln()
    }

    /// The weight of all features of a set.
    pub fn sum(&self, features: &[u64]) -> f64 {
        features.iter().map(|feature| self.weight(*feature)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_have_weighs_least() {
        let mut rarity = Rarity::default();
        assert_eq!(rarity.sum(&[1, 2, 3]), 3.0);
        rarity.add([1, 2]);
        rarity.add([1, 3]);
        assert!(rarity.weight(1) > 0.0);
        assert!(rarity.weight(1) < rarity.weight(2));
        assert!(rarity.weight(2) < rarity.weight(9));
    }
}
