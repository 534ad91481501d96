//! `cargo bench`: how long the pure hot functions take, by the clock; what `bench-instructions` counts, criterion measures.
#![allow(missing_docs, reason = "criterion's macros make functions without documentation")]

#[path = "../src/instructions/hot.rs"]
mod hot;

use criterion::{Criterion, criterion_group, criterion_main};

fn functions(criterion: &mut Criterion) {
    for (name, work) in hot::HOT {
        criterion.bench_function(name, |bencher| bencher.iter(work));
    }
}

criterion_group!(benches, functions);
criterion_main!(benches);
