//! A logistic rule over a few likenesses, fitted by Newton's method; deterministic.

/// Weights of the features, the last that of the constant 1.
pub(crate) struct Rule(pub(crate) Vec<f64>);

impl Rule {
    /// The maximum likelihood with some ridge, which keeps a separable set finite.
    pub(crate) fn fitted(cases: &[(Vec<f64>, bool)], ridge: f64) -> Self {
        let width = cases.first().map_or(0, |case| case.0.len()) + 1;
        let mut weights = vec![0.0; width];
        for _ in 0..30 {
            // the gradient in the last column of the system that one step solves
            let mut system = vec![vec![0.0; width + 1]; width];
            for (i, row) in system.iter_mut().enumerate() {
                row[i] = ridge;
                row[width] = -ridge * weights[i];
            }
            for (features, same) in cases {
                let features: Vec<f64> = features.iter().copied().chain([1.0]).collect();
                let chance = 1.0 / (1.0 + (-sum(&weights, &features)).exp());
                for (row, one) in system.iter_mut().zip(&features) {
                    row[width] += one * (f64::from(u8::from(*same)) - chance);
                    row.iter_mut().zip(&features).for_each(|(cell, two)| *cell += one * two * chance * (1.0 - chance));
                }
            }
            weights.iter_mut().zip(solved(system)).for_each(|(weight, step)| *weight += step);
        }
        Self(weights)
    }

    /// The logarithm of the odds.
    pub(crate) fn score(&self, features: &[f64]) -> f64 {
        sum(&self.0, features) + self.0.last().unwrap()
    }
}

fn sum(weights: &[f64], features: &[f64]) -> f64 {
    weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum()
}

/// Gauss and Jordan; the system is positive definite, so that no row has to change its place.
fn solved(mut system: Vec<Vec<f64>>) -> Vec<f64> {
    for pivot in 0..system.len() {
        let row: Vec<f64> = system[pivot].iter().map(|cell| cell / system[pivot][pivot]).collect();
        for (index, other) in system.iter_mut().enumerate() {
            let factor = other[pivot];
            if index != pivot {
                other.iter_mut().zip(&row).for_each(|(cell, part)| *cell -= factor * part);
            }
        }
        system[pivot] = row;
    }
    system.into_iter().filter_map(|row| row.last().copied()).collect()
}
