//! How a night grows with the agents and with the notes of one; and what a night costs in which nobody said anything.

use std::time::Duration;

use commune_tests::support::{Plan, notes};

use crate::{
    Size,
    house::{House, plan},
};

/// Notes of each agent where agents grow.
const EACH: usize = 10;
/// Most notes that one night of one agent takes in.
const A_NIGHT: usize = 20_000;

pub(crate) async fn print(size: &Size) {
    let (agents, notes) = (size.agents.unwrap_or(1_000), size.most.unwrap_or(10_000));
    println!(
        "## Growth\n\n| agents by {EACH} notes | the night | for each note | exponent | a night without a note | for each agent |"
    );
    println!("|---|---|---|---|---|---|");
    let mut before = None;
    for count in up_to(10, agents) {
        let house = House::start(plan(1)).await;
        let night = house.commune.night();
        house.say_in_peace(&notes::fleet(count, EACH, night.date())).await;
        let took = house.night(night, count).await;
        house.commune.quiet().await;
        let idle = house.night(night.next_extra(), count).await;
        println!(
            "| {count} | {:.2} s | {:.2} ms | {} | {:.3} s | {:.2} ms |",
            took.as_secs_f64(),
            milliseconds(took, count * EACH),
            exponent(&mut before, count, took),
            idle.as_secs_f64(),
            milliseconds(idle, count)
        );
        house.close().await;
    }
    println!("\n| notes of one agent | nights | together | for each note | exponent |\n|---|---|---|---|---|");
    let mut before = None;
    for count in up_to(1_000, notes) {
        let many = Plan::with(plan(1), "NIGHT__NOTES_PER_DAY", "1000000");
        let house = House::start(many).await;
        let mut night = house.commune.night();
        house.say_in_peace(&notes::fleet(1, count, night.date())).await;
        let nights = count.div_ceil(A_NIGHT);
        let mut took = Duration::ZERO;
        for _ in 0..nights {
            took += house.night(night, 1).await;
            night = night.next_extra();
        }
        println!(
            "| {count} | {nights} | {:.2} s | {:.3} ms | {} |",
            took.as_secs_f64(),
            milliseconds(took, count),
            exponent(&mut before, count, took)
        );
        house.close().await;
    }
}

fn milliseconds(took: Duration, parts: usize) -> f64 {
    took.as_secs_f64() * 1e3 / parts as f64
}

/// From ten to ten times as much, up to a most.
fn up_to(first: usize, most: usize) -> impl Iterator<Item = usize> {
    std::iter::successors(Some(first), |count| Some(count * 10)).take_while(move |count| *count <= most)
}

/// By which power the time has grown since the size before.
fn exponent(before: &mut Option<(usize, Duration)>, count: usize, took: Duration) -> String {
    let last = before.replace((count, took));
    last.map_or("-".to_owned(), |(fewer, less)| {
        let grown = (took.as_secs_f64() / less.as_secs_f64()).ln() / (count as f64 / fewer as f64).ln();
        format!("{grown:.2}")
    })
}
