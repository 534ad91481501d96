//! Tables over what a rule said.

use commune_knowledge::placement::UPDATE_FLOOR;

use super::{Case, Form, Said};

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

/// Prints of the notes that are left to the librarian and less likely an update than not, what holding the two texts beside each other comes to.
pub(crate) fn doubt(cases: &[Case]) {
    println!("\nIn doubt, and below even chances, by the shipped rule; the two texts held beside each other:\n");
    println!(
        "| note | left to the librarian | taken in from a score of | how many | of these its page | of the others new |"
    );
    println!("|---|---|---|---|---|---|");
    for form in Form::ALL {
        let left: Vec<(&Case, f64)> =
            cases.iter().filter(|case| case.form == form).filter_map(|case| Some((case, case.alike?))).collect();
        for floor in [UPDATE_FLOOR, 0.55, 0.65] {
            let (taken, others): (Vec<_>, Vec<_>) = left.iter().partition(|(_, alike)| *alike >= floor);
            let right = taken.iter().filter(|(case, _)| case.update && super::shipped(case).right).count();
            let new = others.iter().filter(|(case, _)| !case.update).count();
            println!(
                "| {form:?} | {} | {floor} | {} | {} % | {} % |",
                left.len(),
                taken.len(),
                share(right, taken.len()),
                share(new, others.len())
            );
        }
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
