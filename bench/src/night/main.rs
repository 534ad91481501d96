//! `make bench-night`: what a night costs, end to end, beside JetStream alone on the same server; and what agents wait for.
//!
//! `bench-night [--agents N] [--notes N] [--rounds N] [--most N] [PART …]` runs the parts that are named (`night`, `growth`, `live`, `accept`, `memory`,
//! `replicas`, `tracing`), or all. Each commune is real: a nats-server that writes through, and the services that lie beside this program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod accept;
mod growth;
mod house;
mod live;
mod memory;
#[path = "../process.rs"]
mod process;
mod replicas;
#[path = "../times.rs"]
mod times;
mod tracing;
mod whole;

use std::time::Instant;

/// The parts, in the order in which they run.
const PARTS: [&str; 7] = ["night", "growth", "live", "accept", "memory", "replicas", "tracing"];

/// How much is measured.
struct Size {
    /// Agents of a whole night, and the most of a growing one.
    agents: Option<usize>,
    /// Notes of each of them.
    notes: Option<usize>,
    /// How often what is compared is measured in turns.
    rounds: Option<usize>,
    /// Most notes of one agent.
    most: Option<usize>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        let value = arguments.get(at + 1).and_then(|value| value.parse().ok());
        Some(value.unwrap_or_else(|| panic!("{name} wants a number")))
    };
    let size = Size {
        agents: option("--agents"),
        notes: option("--notes"),
        rounds: option("--rounds"),
        most: option("--most"),
    };
    let named = |part: &&str| arguments.iter().any(|argument| argument == *part);
    let parts: Vec<&str> = PARTS.into_iter().filter(named).collect();
    for part in if parts.is_empty() { PARTS.to_vec() } else { parts } {
        let began = Instant::now();
        match part {
            "night" => whole::print(&size).await,
            "growth" => growth::print(&size).await,
            "live" => live::print(&size).await,
            "accept" => accept::print(&size).await,
            "memory" => memory::print(&size).await,
            "replicas" => replicas::print(&size).await,
            "tracing" => tracing::print(&size).await,
            _ => unreachable!("every part is one of the list"),
        }
        println!("\n({part}: {:.0} s in all)\n", began.elapsed().as_secs_f64());
    }
}

/// The middle one, the least and the greatest.
fn middle(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
