//! What a night costs by the number of notes, and what the next one costs with a few new ones.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use jiff::SignedDuration;
use rustix::time::{ClockId, clock_gettime};

use selfcare::{memory::Memory, tidy::Sketches};

use crate::labelled::{Labelled, after_a_night, first_day, logged, night};

/// Prints a table; the yardstick is reading each note's text once, word by word.
pub(crate) fn print(notes: &[Labelled]) {
    println!("| notes | first night | for each note | the next night, 1 % new | of the first | bytes held |");
    println!("|---|---|---|---|---|---|");
    let mut times = Vec::new();
    for size in sizes() {
        let notes: Vec<Labelled> = (0..=(size / notes.len()) as u64 + 1)
            .flat_map(|seed| notes.iter().map(move |note| varied(note, seed)))
            .take(size + size / 100)
            .collect();
        let old = logged(&notes[..size], first_day());
        // the next night is that of another day
        let tomorrow = old[size - 1].logged_at + SignedDuration::from_hours(24);
        let new = logged(&notes[size..], tomorrow);
        let runs = if size > 10_000 { 1 } else { 3 };
        let (first, memory) = best(runs, || after_a_night(&Sketches::default(), &Memory::default(), &old));
        // a service that has been running since the first night
        let known = Sketches::default();
        after_a_night(&known, &Memory::default(), &old);
        // the night alone: that a memory is copied to keep the old one is a matter of this measurement
        let (next, _) = best(1, || night(&known, &memory, &new));
        let held: usize = memory.notes.values().map(|note| note.text.len() + note.original_text.len()).sum();
        println!(
            "| {size} | {:.2} s | {:.0} µs | {:.3} s | {:.1} % | {:.1} MB |",
            first.as_secs_f64(),
            first.as_secs_f64() * 1e6 / size as f64,
            next.as_secs_f64(),
            100.0 * next.as_secs_f64() / first.as_secs_f64(),
            held as f64 / 1e6
        );
        times.push((size as f64, first.as_secs_f64()));
    }
    for pair in times.windows(2) {
        let exponent = (pair[1].1 / pair[0].1).ln() / (pair[1].0 / pair[0].0).ln();
        println!("\nexponent of growth from {} to {}: {exponent:.2}", pair[0].0, pair[1].0);
    }
}

/// The least time of some runs, and what the last of them came to.
fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut run = || {
        let start = spent();
        let done = work();
        (spent().saturating_sub(start), done)
    };
    let (mut least, mut done) = run();
    for _ in 1..runs {
        let (time, again) = run();
        (least, done) = (least.min(time), again);
    }
    (least, done)
}

/// The time that this thread has had a core: what others do on the machine does not count.
pub(crate) fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// The note of another seed: about a third of its words are others, the same ones wherever they stand.
fn varied(note: &Labelled, seed: u64) -> Labelled {
    if seed == 0 {
        return note.clone();
    }
    let mut text = String::with_capacity(note.text.len() * 2);
    for part in note.text.split_inclusive(|char: char| !char.is_ascii_alphabetic()) {
        let word = part.trim_end_matches(|char: char| !char.is_ascii_alphabetic());
        let mut hasher = DefaultHasher::new();
        (seed, word).hash(&mut hasher);
        text.push_str(word);
        if word.len() > 3 && hasher.finish().is_multiple_of(3) {
            text.push_str(&format!("x{}", char::from(b'a' + (hasher.finish() / 3 % 26) as u8)));
        }
        text.push_str(&part[word.len()..]);
    }
    let cluster = note.cluster + (seed << 32);
    Labelled { id: format!("{}-{seed}", note.id), cluster, text, ..note.clone() }
}

/// How many notes: 1,000, 10,000 and 100,000, or what the command line says.
fn sizes() -> Vec<usize> {
    let asked: Vec<usize> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    if asked.is_empty() { vec![1_000, 10_000, 100_000] } else { asked }
}
