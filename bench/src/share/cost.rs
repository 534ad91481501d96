//! What looking for secrets and personal data costs, beside the night that it is a part of: tidying, drawing pieces, planning.

use std::time::Duration;

use commune_knowledge::{personal::Names, quote};
use mutualaid::share::{
    Before, Note, Visibility,
    clear::{Guard, clear},
    extract::extract,
    plan,
};
use rustix::time::{ClockId, clock_gettime};
use selfcare::{memory::Memory, tidy::Sketches};

use crate::labelled::{Labelled, after_a_night, first_day, logged};

/// Prints the table. One agent's first night over all notes: every note is new, which is when scanning costs most.
pub(crate) fn print(notes: &[Labelled]) {
    let old = logged(notes, first_day());
    let (tidying, memory) = timed(|| after_a_night(&Sketches::default(), &Memory::default(), &old));
    let notes: Vec<Note> = notes.iter().map(shareable).collect();
    let (drawing, pieces) = timed(|| notes.iter().flat_map(|note| extract("ada", note)).collect::<Vec<_>>());
    let names = Names::new(&roster());
    // each run anew: what was cleared once is remembered
    let guard = || Guard { names: names.clone(), ..Guard::default() };
    let (scanning, _) = timed(|| {
        let guard = guard();
        pieces.iter().map(|piece| clear(piece, &guard).len()).sum::<usize>()
    });
    let (hashing, _) = timed(|| notes.iter().map(|note| quote::runs(&note.text, 1).len()).sum::<usize>());
    let (planning, _) = timed(|| plan(pieces.clone(), &Before::default(), &Default::default(), 10, &guard()));
    let bytes: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    let night = tidying + drawing + planning + hashing;
    println!("| what | time | for each note |\n|---|---|---|");
    for (what, time) in [
        ("tidying", tidying),
        ("drawing pieces", drawing),
        ("planning, with the clearing in it", planning),
        ("of that, the clearing alone", scanning),
        ("hashes for quotes", hashing),
    ] {
        println!(
            "| {what} | {:.1} ms | {:.1} µs |",
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() * 1e6 / notes.len() as f64
        );
    }
    println!(
        "\n{} notes, {} pieces of {bytes} bytes: {:.1} MB are cleared each second; the clearing is {:.1} % of the rules of that night ({} notes after it).",
        notes.len(),
        pieces.len(),
        bytes as f64 / 1e6 / scanning.as_secs_f64(),
        100.0 * scanning.as_secs_f64() / night.as_secs_f64(),
        memory.notes.len()
    );
}

/// The names of a roster of 1,000.
pub(crate) fn roster() -> Vec<String> {
    (0..1_000).map(|number| format!("Person Number{number}")).collect()
}

/// A note as one that may be shared.
pub(crate) fn shareable(note: &Labelled) -> Note {
    Note {
        id: note.id.clone(),
        text: note.text.clone(),
        title: note.title.clone(),
        kind: note.kind.clone(),
        visibility: Visibility::Commune,
        tags: Vec::new(),
        logged_on: "2026-02-14".into(),
        changed: "2026-02-14".into(),
    }
}

/// The least time of three runs, of this thread alone, and what the last came to.
fn timed<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut run = || {
        let start = spent();
        let done = work();
        (spent().saturating_sub(start), done)
    };
    let (mut least, mut done) = run();
    for _ in 0..2 {
        let (time, again) = run();
        (least, done) = (least.min(time), again);
    }
    (least, done)
}

/// What this thread has spent.
pub(crate) fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
