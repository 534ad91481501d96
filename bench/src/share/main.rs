//! `make bench-share`: what the clearing holds, what it holds wrongly, what it costs, and where contributions are placed.
//!
//! Reads the generator and the pages of `../shared/data`; prints what it measured as the tables of `bench/RESULTS.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod cost;
#[path = "../tidy/fit.rs"]
mod fit;
#[path = "../tidy/labelled.rs"]
#[allow(dead_code, reason = "bench-tidy uses the rest")]
mod labelled;
mod night;
mod placement;
#[path = "../process.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod process;
#[path = "../../../crates/commune-knowledge/tests/secrets/samples.rs"]
#[allow(dead_code, reason = "the class says what is to be held")]
mod samples;
mod secrets;
#[path = "../tidy/statements.rs"]
#[allow(dead_code, reason = "bench-tidy uses it")]
mod statements;

fn main() {
    // first, so that the expressions are as cold as in a service that has just started
    println!("## The clearing in a whole night\n");
    match labelled::read("10k") {
        Some(notes) => night::print(&notes),
        None => println!("skipped: the set is not there"),
    }
    println!("\n## Secrets and personal data\n");
    secrets::print();
    println!("\n## Cost\n");
    match labelled::read("1k") {
        Some(notes) => cost::print(&notes),
        None => println!("skipped: the set is not there"),
    }
    println!("\n## Placement (wikirev, sametopic, development halves)\n");
    placement::print();
}
