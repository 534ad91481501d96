//! How well a ranking does, as trec_eval counts it: linear gain, all judged pages in the ideal.

use std::collections::BTreeMap;

/// The sums over questions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    questions: usize,
    ndcg: f64,
    recall_5: f64,
    recall_10: f64,
    /// Questions that were answered with "not known here".
    pub(crate) not_known: usize,
    /// Questions whose answer was called doubtful.
    pub(crate) doubtful: usize,
}

impl Score {
    /// Counts a ranking of pages, best first, against the grades of a question.
    pub(crate) fn take(&mut self, ranking: &[usize], grades: &BTreeMap<usize, u32>) {
        let gain = |rank: usize, grade: u32| f64::from(grade) / ((rank + 2) as f64).log2();
        let mut ideal: Vec<u32> = grades.values().copied().collect();
        ideal.sort_by(|l, r| r.cmp(l));
        let best: f64 = ideal.iter().take(10).enumerate().map(|(rank, grade)| gain(rank, *grade)).sum();
        let grade = |page: &usize| grades.get(page).copied().unwrap_or(0);
        let got: f64 = ranking.iter().take(10).enumerate().map(|(rank, page)| gain(rank, grade(page))).sum();
        let relevant = grades.values().filter(|grade| **grade > 0).count().max(1) as f64;
        let found = |most: usize| ranking.iter().take(most).filter(|page| grade(page) > 0).count() as f64;
        self.questions += 1;
        self.ndcg += if best > 0.0 { got / best } else { 0.0 };
        self.recall_5 += found(5) / relevant;
        self.recall_10 += found(10) / relevant;
    }

    /// The mean of nDCG@10.
    pub(crate) fn ndcg(&self) -> f64 {
        self.ndcg / self.questions.max(1) as f64
    }

    /// The columns of a table: nDCG@10, recall@5, recall@10, and how many were not known or doubtful.
    pub(crate) fn columns(&self) -> String {
        let mean = |sum: f64| sum / self.questions.max(1) as f64;
        format!(
            "{:.4} | {:.4} | {:.4} | {} | {}",
            self.ndcg(),
            mean(self.recall_5),
            mean(self.recall_10),
            self.not_known,
            self.doubtful
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(ranking: &[usize], grades: &[(usize, u32)]) -> Score {
        let mut score = Score::default();
        score.take(ranking, &grades.iter().copied().collect());
        score
    }

    #[test]
    fn gain_is_linear_and_fades_with_the_place() {
        assert!((scored(&[1], &[(1, 3)]).ndcg() - 1.0).abs() < 1e-9);
        assert!((scored(&[9, 1], &[(1, 1)]).ndcg() - 1.0 / 3f64.log2()).abs() < 1e-9);
        // grade 1 before grade 3: (1 + 3/log2 3) of (3 + 1/log2 3)
        let second = 1.0 / 3f64.log2();
        let swapped = scored(&[2, 1], &[(1, 3), (2, 1)]).ndcg();
        assert!((swapped - (1.0 + 3.0 * second) / (3.0 + second)).abs() < 1e-9, "{swapped}");
        assert_eq!(scored(&[], &[(1, 1)]).ndcg(), 0.0, "an answer without pages is worth nothing");
    }

    #[test]
    fn the_ideal_is_of_all_judged_pages_up_to_ten() {
        let all: Vec<(usize, u32)> = (0..20).map(|page| (page, 1)).collect();
        let ranking: Vec<usize> = (0..10).collect();
        assert!((scored(&ranking, &all).ndcg() - 1.0).abs() < 1e-9);
        assert!((scored(&ranking, &all).recall_10 - 0.5).abs() < 1e-9, "recall is of all of them");
        assert!((scored(&[11, 12, 30, 31, 32, 1], &all).recall_5 - 0.1).abs() < 1e-9);
    }
}
