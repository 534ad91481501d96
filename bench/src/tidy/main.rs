//! `make bench-tidy`: what tidying finds, what it never merges, what likeness tells, and what it costs.
//!
//! Reads the labelled sets of `../shared/data`; prints what it measured as the tables of `bench/RESULTS.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod cost;
mod fit;
mod labelled;
mod meaning;
mod pairs;
mod statements;
mod workspace;

fn main() {
    println!("## What is found, and what is merged wrongly\n");
    println!(
        "| set | same form | with provenance | edited | reworded | false merges | traps merged | outdated | contradicted | statements lost |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for name in ["1k", "10k"] {
        match labelled::read(name) {
            Some(notes) => println!("| {name} | {} |", labelled::measure(&notes)),
            None => println!("| {name} | skipped: the set is not there |"),
        }
    }
    println!("\n## Documents (wikidup, development half)\n");
    pairs::print();
    println!("\n## A real workspace\n");
    workspace::print();
    println!("\n## Candidates by meaning\n");
    meaning::print_candidates();
    println!("\n## Cost of meaning\n");
    meaning::print_cost();
    println!("\n## Cost\n");
    match labelled::read("10k") {
        Some(notes) => cost::print(&notes),
        None => println!("skipped: the set is not there"),
    }
}
