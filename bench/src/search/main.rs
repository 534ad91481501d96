//! `make bench-search`: how good and how fast the library's answers are, on the labelled sets, over gRPC.
//!
//! `bench-search [--set NAME] [--size PAGES] [--embeddings documents|both] [PART …]` runs the parts that are named (`quality`, `ablation`, `calibration`, `findability`,
//! `speed`, `start`, `calls`, `index`: of `speed` what is in process), or all. Each library is a real librarian on a real nats-server; the programs beside this one are what runs.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it measures, and fails loudly")]

mod ablation;
mod calibration;
mod calls;
mod echo;
mod findability;
mod house;
#[path = "../process.rs"]
#[allow(dead_code, reason = "others use the rest")]
mod process;
mod quality;
mod raw;
mod score;
mod sets;
mod speed;
mod start;
#[path = "../times.rs"]
mod times;

/// The parts, in the order in which they run.
const PARTS: [&str; 8] = ["quality", "ablation", "calibration", "findability", "speed", "start", "calls", "index"];
/// Pages of the library whose speed is measured, where `--size` says nothing else.
const SIZE: usize = 10_000;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let named = |part: &&str| arguments.iter().any(|argument| argument == *part);
    let parts: Vec<&str> = PARTS.into_iter().filter(named).collect();
    for part in if parts.is_empty() { PARTS.to_vec() } else { parts } {
        match part {
            "ablation" => ablation::print(),
            "calibration" => calibration::print(),
            "findability" => findability::print().await,
            "speed" => speed::print(&[option("--size").map_or(SIZE, |size| size.parse().unwrap())]).await,
            "start" => start::print(option("--size").map_or(SIZE, |size| size.parse().unwrap())).await,
            "calls" => calls::print(option("--size").map_or(SIZE, |size| size.parse().unwrap())).await,
            "index" => speed::print_in_process(option("--size").map_or(SIZE, |size| size.parse().unwrap())),
            "quality" => {
                let embeddings = option("--embeddings").map_or(house::STATIC, String::as_str);
                quality::print(option("--set").map(String::as_str), embeddings).await;
            }
            _ => unreachable!("every part is one of the list"),
        }
    }
}
