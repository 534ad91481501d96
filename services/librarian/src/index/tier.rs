//! Tiers: what reads pages and questions for their meaning, and what a cosine between the two is worth.
//!
//! The constants were chosen and fitted on the labelled halves of six sets, and of questions asked of other sets' libraries (`bench/RESULTS.md`).

/// What is made of a cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tier {
    /// The weight of meaning in a score; the rest of 1 is that of words.
    pub meaning_weight: f64,
    /// A page that has no word of the question is told from this cosine on.
    pub near: f64,
    /// What the covered share of a question adds to the odds that it is answered.
    covered: f64,
    /// What the greatest cosine adds.
    meant: f64,
    /// What the logarithm of the share of the library adds that has a word of the question.
    familiar: f64,
    /// What the logarithm of the question's length adds: a longer one has a word in common with more pages.
    length: f64,
    /// What all begin from.
    bias: f64,
}

impl Default for Tier {
    fn default() -> Self {
        Self::STATIC
    }
}

impl Tier {
    /// The static model reads both.
    pub const STATIC: Self =
        Self { meaning_weight: 0.3, near: 0.45, covered: 5.4, meant: 14.2, familiar: 1.65, length: -1.74, bias: -3.3 };
    /// The transformer reads pages, the static model questions.
    pub const DOCUMENTS: Self =
        Self { meaning_weight: 0.35, near: 0.45, covered: 5.85, meant: 17.4, familiar: 1.5, length: -1.36, bias: -4.5 };
    /// The transformer reads both.
    pub const BOTH: Self =
        Self { meaning_weight: 0.5, near: 0.45, covered: 4.9, meant: 20.8, familiar: 2.1, length: -1.95, bias: -5.2 };

    /// The same with another weight of meaning, 0 to 1.
    pub const fn weighing(self, meaning_weight: f64) -> Self {
        Self { meaning_weight, ..self }
    }

    /// The weight of words in a score.
    pub fn words_weight(&self) -> f64 {
        1.0 - self.meaning_weight
    }

    /// The logarithm of the odds that a question of so many units is answered: a logistic rule over the share of it that is covered, the greatest
    /// cosine, and the share of the library that has a word of it.
    pub(super) fn odds(&self, covered: f64, cosine: f64, familiar: f64, units: usize) -> f64 {
        let familiar = self.familiar * familiar.max(f64::MIN_POSITIVE).ln();
        let length = self.length * (units as f64 + 1.0).ln();
        self.covered * covered + self.meant * cosine + familiar + length + self.bias
    }
}
