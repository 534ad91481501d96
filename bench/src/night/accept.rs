//! Notes that agents log, each acknowledged when it is on disk; beside a bare publish to an equal stream, in turns.

use std::time::Duration;

use bytes::Bytes;
use commune_bus::StreamName;
use commune_tests::{bare, support::Plan};

use crate::{
    Size,
    house::{House, lesson, plan},
    middle,
    times::Times,
};

/// Bytes of a note.
const BYTES: usize = 600;
/// How long each takes its turn.
const TURN: Duration = Duration::from_secs(2);

pub(crate) async fn print(size: &Size) {
    let rounds = size.rounds.unwrap_or(5);
    println!("## Notes accepted ({BYTES} B, {rounds} turns of {} s each)\n", TURN.as_secs());
    println!("| agents | notes/s | of bare | p50 | of bare | p99 | of bare | bare/s | bare p50 | bare p99 |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    // one agent alone logs more in a round than a day usually takes
    let house = House::start(Plan::with(plan(1), "NIGHT__NOTES_PER_DAY", "1000000")).await;
    let (alone, url) = (house.bare().await, house.commune.server.url());
    let stream = alone.stream_like(StreamName::Agents, "equal").await;
    let body = Bytes::from(lesson(0, BYTES).1);
    for agents in [1, 8, 64] {
        let (mut commune, mut equal) = (Turns::default(), Turns::default());
        for round in 0..rounds {
            let id = format!("r{agents}-{round}");
            commune.take(bare::agents(&url, agents, &id, &body, TURN).await);
            // what is taken in by day is no part of the other's turn
            house.commune.quiet().await;
            equal.take(alone.publishers(&stream, agents, &id, &body, TURN).await);
        }
        let (ours, theirs) = (commune.middles(), equal.middles());
        let [rate, half, most] = ours;
        let of = |at: usize| ours[at] / theirs[at];
        println!(
            "| {agents} | {rate:.0} | {:.2} | {half:.2} ms | {:.2} | {most:.2} ms | {:.2} | {:.0} | {:.2} ms | {:.2} ms |",
            of(0),
            of(1),
            of(2),
            theirs[0],
            theirs[1],
            theirs[2]
        );
    }
    house.close().await;
}

/// Of each turn: messages a second, p50, p99.
#[derive(Default)]
struct Turns([Vec<f64>; 3]);

impl Turns {
    fn take(&mut self, times: Vec<Duration>) {
        let rate = times.len() as f64 / TURN.as_secs_f64();
        let times = Times::of(times);
        for (values, value) in self.0.iter_mut().zip([rate, times.at(50), times.at(99)]) {
            values.push(value);
        }
    }

    fn middles(mut self) -> [f64; 3] {
        [0, 1, 2].map(|at| middle(&mut self.0[at]).0)
    }
}
