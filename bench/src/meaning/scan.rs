//! The nearest of many vectors: time beside a plain loop over the same bytes, and what is missed.

use std::{cmp::Ordering, hint::black_box, time::Duration};

use commune_knowledge::embedding::{DIMENSIONS, EXACT, Vector, Vectors};
use rustix::time::{ClockId, clock_gettime};

use crate::texts::Texts;

/// Vectors that are asked for.
const WANTED: usize = 200;
/// And in another question, whose time is not told.
const TEN: usize = 10;
/// Sizes of the table.
const SIZES: &[usize] = &[1_000, 10_000, EXACT, 50_000, 100_000];

/// Prints a row for each size.
pub(crate) fn print(all: &Texts) {
    println!(
        "| vectors | the {WANTED} nearest | a plain loop of the same run | of it | missed of the nearest | missed when {TEN} are asked for |"
    );
    println!("|---|---|---|---|---|---|");
    for size in SIZES.iter().filter(|size| **size <= all.texts.len()) {
        // texts of every set and kind
        let every = all.texts.len() / size;
        let texts: Vec<&Vector> = all.texts.iter().step_by(every).take(*size).collect();
        let mut table = Vectors::default();
        let mut plain: Vec<[i8; DIMENSIONS]> = Vec::new();
        for (place, vector) in texts.iter().enumerate() {
            table.put(place, Some(vector));
            plain.push(vector.to_bytes().map(u8::cast_signed));
        }
        let (mut scans, mut loops, mut missed, mut of_ten) = (Vec::new(), Vec::new(), 0, 0);
        for question in &all.questions {
            let (found, scan) = timed(|| table.nearest(question, WANTED, |_| true));
            let bytes = question.to_bytes().map(u8::cast_signed);
            let (_, plain) = timed(|| best(plain.iter().map(|row| dot(row, &bytes))));
            scans.push(scan);
            loops.push(plain);
            let nearest = best(texts.iter().map(|text| question.cosine(text)));
            missed += missing(&nearest, &found);
            of_ten += missing(&nearest[..TEN], &table.nearest(question, TEN, |_| true));
        }
        let (scan, plain) = (middle(scans), middle(loops));
        println!(
            "| {size} | {:.3} ms | {:.3} ms | {:.3} | {:.2} % | {:.2} % |",
            scan.as_secs_f64() * 1e3,
            plain.as_secs_f64() * 1e3,
            scan.as_secs_f64() / plain.as_secs_f64(),
            100.0 * missed as f64 / (all.questions.len() * WANTED) as f64,
            100.0 * of_ten as f64 / (all.questions.len() * TEN) as f64,
        );
    }
}

fn missing(nearest: &[(f64, usize)], found: &[(usize, f64)]) -> usize {
    nearest.iter().filter(|(_, place)| !found.iter().any(|(other, _)| place == other)).count()
}

/// The yardstick: as anybody would write it, for the target that the program is built for.
fn dot(left: &[i8; DIMENSIONS], right: &[i8; DIMENSIONS]) -> f64 {
    f64::from(left.iter().zip(right).map(|(left, right)| i32::from(*left) * i32::from(*right)).sum::<i32>())
}

/// The greatest, best first.
fn best(numbers: impl Iterator<Item = f64>) -> Vec<(f64, usize)> {
    let best_first = |left: &(f64, usize), right: &(f64, usize)| -> Ordering {
        right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
    };
    let mut found: Vec<(f64, usize)> = numbers.zip(0..).collect();
    found.select_nth_unstable_by(WANTED - 1, best_first);
    found.truncate(WANTED);
    found.sort_by(best_first);
    found
}

/// The result, and the least time of three runs on this thread: what others do on the machine counts little.
fn timed<T>(mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut run = || {
        let start = spent();
        let done = black_box(work());
        (done, spent().saturating_sub(start))
    };
    let (mut done, mut least) = run();
    for _ in 0..2 {
        let (again, time) = run();
        (done, least) = (again, least.min(time));
    }
    (done, least)
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
