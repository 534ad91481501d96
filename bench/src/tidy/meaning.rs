//! Static vectors: whether they would have led to the duplicates that are missed, and what they cost.

use std::{collections::BTreeSet, hint::black_box, time::Duration};

use commune_knowledge::{
    duplicate::{self, Reading},
    embedding::{DIMENSIONS, StaticModel, Vector},
};

use crate::{
    cost::spent,
    labelled::{self, Labelled},
};

/// Candidates of each note.
const NEAREST: usize = 10;

/// Prints for each set of notes which missed duplicates are found by meaning, and how near the traps are.
pub(crate) fn print_candidates() {
    println!(
        "| set | missed today | of them compared today | of them among the ten nearest by meaning | all duplicates: nearest / among ten | traps as near to a trap as the middle duplicate to its like |"
    );
    println!("|---|---|---|---|---|---|");
    for name in ["1k", "10k"] {
        match labelled::read(name) {
            Some(notes) => println!("| {name} | {} |", candidates(&notes)),
            None => println!("| {name} | skipped: the set is not there |"),
        }
    }
}

fn candidates(notes: &[Labelled]) -> String {
    let readings: Vec<Reading> = notes.iter().map(|note| Reading::of(&note.text)).collect();
    let sketches: Vec<_> = readings.iter().map(Reading::sketch).collect();
    let (mut compared, mut merged) = (BTreeSet::new(), BTreeSet::new());
    for (i, j) in duplicate::candidates(&sketches, |_| true) {
        if notes[i].cluster == notes[j].cluster {
            compared.extend([i, j]);
            merged.extend(readings[i].is_duplicate_of(&readings[j]).then_some([i, j]).into_iter().flatten());
        }
    }
    let vectors: Vec<Option<Vector>> = notes.iter().map(|note| StaticModel::shipped().embed(&note.text)).collect();
    let cosine = |i: usize, j: usize| vectors[i].as_ref().zip(vectors[j].as_ref()).map(|(i, j)| i.cosine(j));
    let duplicates: Vec<usize> = (0..notes.len()).filter(|index| notes[*index].kind.starts_with("dup")).collect();
    let (mut ranks, mut likenesses) = (Vec::new(), Vec::new());
    for index in &duplicates {
        let others = (0..notes.len()).filter(|other| other != index);
        let mut near: Vec<(f64, bool)> = others
            .filter_map(|other| Some((cosine(*index, other)?, notes[other].cluster == notes[*index].cluster)))
            .collect();
        near.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let rank = near.iter().position(|(_, same)| *same);
        likenesses.extend(rank.map(|rank| near[rank].0));
        ranks.push(rank.unwrap_or(usize::MAX));
    }
    likenesses.sort_by(f64::total_cmp);
    let within = |most: usize| ranks.iter().filter(|rank| **rank < most).count();
    let missed: Vec<(usize, usize)> =
        duplicates.iter().copied().zip(ranks.iter().copied()).filter(|(index, _)| !merged.contains(index)).collect();
    let traps: Vec<usize> = (0..notes.len()).filter(|index| notes[*index].kind == "trap").collect();
    let among = |index: usize| {
        traps.iter().filter(move |other| **other != index).filter_map(move |other| cosine(index, *other))
    };
    let middle = likenesses.get(likenesses.len() / 2).copied().unwrap_or_default();
    format!(
        "{} of {} | {} | {} | {} / {} | {} of {}",
        missed.len(),
        duplicates.len(),
        missed.iter().filter(|(index, _)| compared.contains(index)).count(),
        missed.iter().filter(|(_, rank)| *rank < NEAREST).count(),
        within(1),
        within(NEAREST),
        traps.iter().filter(|index| among(**index).any(|cosine| cosine >= middle)).count(),
        traps.len(),
    )
}

/// Prints what a vector and a cosine cost, beside plain work on the same data.
pub(crate) fn print_cost() {
    let Some(notes) = labelled::read("1k") else {
        println!("skipped: the set is not there");
        return;
    };
    let texts: Vec<&str> = notes.iter().map(|note| note.text.as_str()).collect();
    let bytes = texts.iter().map(|text| text.len()).sum::<usize>() / texts.len();
    let model = StaticModel::shipped();
    let (vectors, embedding) = timed(|| texts.iter().filter_map(|text| model.embed(text)).collect::<Vec<Vector>>());
    let (_, reading) = timed(|| {
        texts.iter().flat_map(|text| text.split_whitespace()).map(|word| word.to_lowercase().len()).sum::<usize>()
    });
    let floats: Vec<Vec<f32>> = vectors.iter().map(|vector| vector.numbers().collect()).collect();
    let pairs = (vectors.len() * vectors.len()) as f64;
    let (_, cosines) =
        timed(|| vectors.iter().map(|one| vectors.iter().map(|two| one.cosine(two)).sum::<f64>()).sum::<f64>());
    let dot = |one: &[f32], two: &[f32]| one.iter().zip(two).map(|(one, two)| one * two).sum::<f32>();
    let (_, plain) =
        timed(|| floats.iter().map(|one| floats.iter().map(|two| dot(one, two)).sum::<f32>()).sum::<f32>());
    let rate = |count: f64, time: Duration| count / time.as_secs_f64();
    let ratio = |time: Duration, yardstick: Duration| time.as_secs_f64() / yardstick.as_secs_f64();
    println!("| what | each second, one core | times the yardstick |");
    println!("|---|---|---|");
    let count = texts.len() as f64;
    println!(
        "| vector of a note of {bytes} bytes | {:.0} | {:.1} × |",
        rate(count, embedding),
        ratio(embedding, reading)
    );
    println!("| yardstick: its words in lower case | {:.0} | |", rate(count, reading));
    println!("| cosine of two vectors | {:.0} | {:.2} × |", rate(pairs, cosines), ratio(cosines, plain));
    println!("| yardstick: {DIMENSIONS} products of 32-bit numbers, summed in order | {:.0} | |", rate(pairs, plain));
}

/// The last result, and the least time of five runs.
fn timed<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut run = || {
        let start = spent();
        let done = black_box(work());
        (done, spent().saturating_sub(start))
    };
    let (mut done, mut least) = run();
    for _ in 0..4 {
        let (again, time) = run();
        (done, least) = (again, least.min(time));
    }
    (done, least)
}
