//! Tables over what a rule said.

use super::{Form, Said};

/// Prints for each form how often the decision and the page are right.
pub(crate) fn table(name: &str, said: &[Said]) {
    println!("| note, {name} | right page first | AUC update against new | both right |");
    println!("|---|---|---|---|");
    for form in Form::ALL {
        let said: Vec<&Said> = said.iter().filter(|said| said.form == form).collect();
        if said.is_empty() {
            continue;
        }
        let updates: Vec<f64> = said.iter().filter(|said| said.update).map(|said| said.chance).collect();
        let news: Vec<f64> = said.iter().filter(|said| !said.update).map(|said| said.chance).collect();
        println!(
            "| {form:?} | {} % | {:.3} | {} % |",
            share(said.iter().filter(|said| said.update && said.right).count(), updates.len()),
            auc(&updates, &news),
            share(said.iter().filter(|said| said.is_right()).count(), said.len())
        );
    }
    println!();
}

/// Prints the curve over the thresholds: what is decided alone, and how often that is right.
pub(crate) fn alone(said: &[Said]) {
    println!("| chance | updates above it: right, of all notes | creations below it: right, of all notes |");
    println!("|---|---|---|");
    for threshold in [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95] {
        let above: Vec<&Said> = said.iter().filter(|said| said.chance >= threshold).collect();
        let below: Vec<&Said> = said.iter().filter(|said| said.chance < threshold).collect();
        println!(
            "| {threshold:.2} | {} %, {} % | {} %, {} % |",
            share(above.iter().filter(|said| said.update && said.right).count(), above.len()),
            share(above.len(), said.len()),
            share(below.iter().filter(|said| !said.update).count(), below.len()),
            share(below.len(), said.len())
        );
    }
}

/// Prints how many updates there are for each creation, and how many there should be.
pub(crate) fn ratio(said: &[Said]) {
    for form in Form::ALL {
        let said: Vec<&Said> = said.iter().filter(|said| said.form == form).collect();
        let (chosen, real) =
            (said.iter().filter(|said| said.chance >= 0.5).count(), said.iter().filter(|said| said.update).count());
        let ratio = |updates: usize| updates as f64 / (said.len() - updates).max(1) as f64;
        println!("\n{form:?}: {:.2} updates for each creation, by the labels {:.2}", ratio(chosen), ratio(real));
    }
}

/// The chance that a positive scores above a negative.
fn auc(positive: &[f64], negative: &[f64]) -> f64 {
    let wins: f64 = positive
        .iter()
        .flat_map(|one| {
            negative.iter().map(move |other| f64::from(u8::from(one > other)) + 0.5 * f64::from(u8::from(one == other)))
        })
        .sum();
    wins / (positive.len() * negative.len()).max(1) as f64
}

fn share(of: usize, all: usize) -> f64 {
    (1000.0 * of as f64 / all.max(1) as f64).round() / 10.0
}
