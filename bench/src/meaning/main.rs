//! `make bench-meaning`: what it costs to find the nearest of many vectors, beside a plain loop of the same run, and what is
//! missed of them.
//!
//! Reads the labelled sets of `../shared/data/retrieval`; prints what it measured as the tables of `bench/RESULTS.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod scan;
mod texts;

fn main() {
    println!("## The nearest of many\n");
    match texts::read() {
        Some(texts) => scan::print(&texts),
        None => println!("skipped: the sets are not there"),
    }
}
