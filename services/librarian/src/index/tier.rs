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
    /// What both begin from.
    bias: f64,
}

impl Default for Tier {
    fn default() -> Self {
        Self::STATIC
    }
}

impl Tier {
    /// The static model reads both.
    pub const STATIC: Self = Self { meaning_weight: 0.3, near: 0.45, covered: 6.8, meant: 12.9, bias: -9.7 };
    /// The transformer reads pages, the static model questions.
    pub const DOCUMENTS: Self = Self { meaning_weight: 0.3, near: 0.45, covered: 6.8, meant: 12.9, bias: -9.7 };
    /// The transformer reads both.
    pub const BOTH: Self = Self { meaning_weight: 0.3, near: 0.45, covered: 6.8, meant: 12.9, bias: -9.7 };

    /// The weight of words in a score.
    pub fn words_weight(&self) -> f64 {
        1.0 - self.meaning_weight
    }

    /// The logarithm of the odds that a question is answered, by the share of it that is covered and by the greatest cosine.
    pub(super) fn odds(&self, covered: f64, cosine: f64) -> f64 {
        self.covered * covered + self.meant * cosine + self.bias
    }
}
