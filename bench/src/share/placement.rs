//! Placement: whether a note updates the library, and which page, over the history of wikis and over independent pages.
//!
//! **Nothing is measured on what it was fitted to**: the rule is fitted on one half of the notes, with all forms of a note on
//! one side, and measured on the other; both ways, over some halvings.

mod curve;
mod sets;

use commune_knowledge::placement::{Compared, RANKED_BY, WEIGHED};

use crate::fit::Rule;
pub(crate) use sets::{Case, Form, Measured};

/// Halvings of the notes; each note is judged once in each.
const HALVINGS: u64 = 5;

/// What a rule says of a case: the chance of its best candidate, and whether that is the right page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) chance: f64,
    pub(crate) right: bool,
    pub(crate) update: bool,
    pub(crate) form: Form,
}

impl Said {
    /// The decision at even chances, and for an update the page.
    pub(crate) fn is_right(&self) -> bool {
        if self.update { self.chance >= 0.5 && self.right } else { self.chance < 0.5 }
    }
}

/// Weights of the two steps of the rule.
struct Weights {
    rank: [f64; RANKED_BY],
    chance: Rule,
}

impl Weights {
    fn fitted(cases: &[&Case]) -> Self {
        let mut pairs: Vec<(Vec<f64>, bool)> = Vec::new();
        for case in cases {
            let Some(target) = case.target else { continue };
            let ranked: Vec<(usize, [f64; RANKED_BY])> = case.compared.ranked_by().collect();
            let Some((_, right)) = ranked.iter().find(|(place, _)| *place == target) else { continue };
            for (_, wrong) in ranked.iter().filter(|(place, _)| *place != target).take(10) {
                let ahead: Vec<f64> = right.iter().zip(wrong).map(|(right, wrong)| right - wrong).collect();
                // both ways, so that the constant is nothing
                pairs.push((ahead.iter().map(|number| -number).collect(), false));
                pairs.push((ahead, true));
            }
        }
        let rule = Rule::fitted(&pairs, 1.0);
        let rank = std::array::from_fn(|at| rule.0[at]);
        let known: Vec<(Vec<f64>, bool)> = cases
            .iter()
            .filter_map(|case| {
                let (place, numbers) = case.compared.ordered(&rank).into_iter().next()?;
                Some((numbers.to_vec(), Some(place) == case.target))
            })
            .collect();
        Self { rank, chance: Rule::fitted(&known, 0.3) }
    }

    fn say(&self, case: &Case) -> Said {
        let best = case.compared.ordered(&self.rank).into_iter().next();
        let (place, numbers): (Option<usize>, [f64; WEIGHED]) =
            best.map_or((None, [0.0; WEIGHED]), |b| (Some(b.0), b.1));
        let chance = 1.0 / (1.0 + (-self.chance.score(&numbers)).exp());
        Said { chance, right: place.is_some() && place == case.target, update: case.update, form: case.form }
    }
}

/// What the shipped rule says: of notes that it was fitted to.
fn shipped(case: &Case) -> Said {
    let best = case.compared.weigh().into_iter().next();
    let chance = best.as_ref().map_or(0.0, |best| best.chance);
    let right = best.is_some_and(|best| Some(best.place) == case.target);
    Said { chance, right, update: case.update, form: case.form }
}

/// Each case as judged by rules that were not fitted to its note.
fn out_of_sample(cases: &[Case]) -> Vec<Said> {
    let mut said = Vec::new();
    for halving in 0..HALVINGS {
        for titled in [false, true] {
            for side in [false, true] {
                let here = |case: &&Case| case.form.titled() == titled && (case.half(halving) == side);
                let there = |case: &&Case| case.form.titled() == titled && (case.half(halving) != side);
                let weights = Weights::fitted(&cases.iter().filter(there).collect::<Vec<_>>());
                said.extend(cases.iter().filter(here).map(|case| weights.say(case)));
            }
        }
    }
    said
}

/// Prints the tables.
pub(crate) fn print() {
    let Some(measured) = Measured::read(1) else { return println!("skipped: the sets are not there") };
    let said = out_of_sample(&measured.cases);
    curve::table("out of sample", &said);
    curve::table(
        "the shipped rule, over what it was fitted to",
        &measured.cases.iter().map(shipped).collect::<Vec<_>>(),
    );
    for (name, titled) in [("with titles", true), ("titles withheld", false)] {
        println!("\nDecided alone, {name}, out of sample:\n");
        curve::alone(&said.iter().filter(|said| said.form.titled() == titled).copied().collect::<Vec<_>>());
    }
    curve::doubt(&measured.cases);
    curve::ratio(&said);
    println!("\nPages written about the same things by others (sametopic), by the shipped rule:\n");
    match sets::same_topic() {
        Some(cases) => curve::table("sametopic", &cases.iter().map(shipped).collect::<Vec<_>>()),
        None => println!("skipped: the set is not there"),
    }
    println!("\n{}", measured.cost());
    for titled in [false, true] {
        let all: Vec<&Case> = measured.cases.iter().filter(|case| case.form.titled() == titled).collect();
        let weights = Weights::fitted(&all);
        println!("\nweights over all notes, titled {titled}:\n{:.3?}\n{:.3?}", weights.rank, weights.chance.0);
    }
}

/// A note beside its candidates.
fn compare(snapshot: &librarian::index::Snapshot, title: &str, text: &str) -> Compared {
    let piece = commune_knowledge::placement::Piece::of(title, text);
    let places = snapshot.candidates(&piece, title, text).unwrap();
    Compared::with(&piece, snapshot.shelf(), &places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every third note of the set, so that it does not take long.
    #[test]
    fn placement_stays_as_good_as_it_was_measured() {
        let Some(measured) = Measured::read(3) else { return };
        for (form, least) in
            [(Form::Fragment, 0.70), (Form::Whole, 0.84), (Form::TitledFragment, 0.88), (Form::TitledWhole, 0.90)]
        {
            let said: Vec<Said> = measured.cases.iter().filter(|case| case.form == form).map(shipped).collect();
            let right = said.iter().filter(|said| said.is_right()).count() as f64 / said.len() as f64;
            assert!(right >= least, "{form:?}: {right:.3} of {}", said.len());
        }
    }
}
