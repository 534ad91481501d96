//! Words and meaning joined: each as standard deviations from the mean of the candidates, weighed and summed.
//!
//! On six sets this was better than any reciprocal rank fusion (`bench/RESULTS.md`): a weak list that is joined by its ranks pulls a good one down.

use super::tier::Tier;

/// Mean and standard deviation of the candidates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    /// Of these scores; the same in whatever order they come, to the last bit.
    pub fn of(scores: impl IntoIterator<Item = f64>) -> Self {
        let mut scores: Vec<f64> = scores.into_iter().collect();
        // a sum is as exact as its order
        scores.sort_unstable_by(f64::total_cmp);
        let many = scores.len().max(1) as f64;
        let mean = scores.iter().sum::<f64>() / many;
        let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / many;
        Self { mean, deviation: variance.sqrt() }
    }

    /// How many standard deviations a score is above the mean; 0 where all are the same.
    pub fn scaled(&self, score: f64) -> f64 {
        if self.deviation > 1e-9 { (score - self.mean) / self.deviation } else { 0.0 }
    }
}

/// How the candidates of one question are scored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fusion {
    /// Of the scores by words.
    pub words: Scale,
    /// Of the cosines.
    pub meaning: Scale,
    /// What the two are weighed by.
    pub tier: Tier,
}

impl Fusion {
    /// The score of a candidate.
    pub fn score(&self, words: f64, meaning: f64) -> f64 {
        self.tier.words_weight() * self.words.scaled(words) + self.tier.meaning_weight * self.meaning.scaled(meaning)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_best_in_both_is_best() {
        let fusion =
            Fusion { words: Scale::of([9.0, 3.0, 0.0]), meaning: Scale::of([0.2, 0.6, 0.1]), tier: Tier::STATIC };
        assert!(fusion.score(9.0, 0.6) > fusion.score(9.0, 0.2));
        assert!(fusion.score(9.0, 0.2) > fusion.score(0.0, 0.1));
        assert_eq!(Scale::of([2.0, 2.0]).scaled(2.0), 0.0, "where all are the same, none stands out");
        assert_eq!(Scale::of([]).scaled(1.0), 0.0);
    }

    proptest! {
        /// What words and meaning both hold for better is better, whatever the others are.
        #[test]
        fn no_candidate_passes_a_better_one(words in prop::collection::vec(0.0..50.0_f64, 2..20), meaning in prop::collection::vec(-1.0..1.0_f64, 2..20)) {
            let fusion = Fusion { words: Scale::of(words.clone()), meaning: Scale::of(meaning.clone()), tier: Tier::BOTH };
            let score = fusion.score(words[0].max(words[1]), meaning[0].max(meaning[1]));
            prop_assert!(score.is_finite() && score >= fusion.score(words[0].min(words[1]), meaning[0].min(meaning[1])));
        }
    }
}
