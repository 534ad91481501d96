//! One note at a time: from its publishing to a search that finds it, by a night for its agent alone; beside three bare hops.

use std::time::Instant;

use commune_bus::StreamName;

use crate::{
    Size,
    house::{House, lesson, plan},
    times::Times,
};

const AGENT: &str = "ada";
/// Bytes of a note.
const BYTES: usize = 600;
/// Notes in turn with as many messages over bare hops.
const TURN: usize = 10;

pub(crate) async fn print(size: &Size) {
    let turns = size.rounds.unwrap_or(20);
    println!("## One note, live ({} of them, {BYTES} B)\n", turns * TURN);
    let house = House::start(plan(1)).await;
    let bare = house.bare().await;
    let mut streams = Vec::new();
    for name in ["first", "second", "third"] {
        streams.push(bare.stream_like(StreamName::Memory, name).await);
    }
    let (mut live, mut hops) = (Vec::new(), Vec::new());
    let mut night = house.commune.night();
    let mut found = 0;
    // one turn to warm up
    for turn in 0..=turns {
        let mut times = Vec::new();
        for _ in 0..TURN {
            let (title, text) = lesson(found, BYTES);
            let began = Instant::now();
            let answer = house.commune.say(AGENT, "note", &format!("n{found}"), &text).await;
            assert!(answer["error"].is_null(), "{answer}");
            house.request(night, &[AGENT.to_owned()]).await;
            house.finds(&title).await;
            times.push(began.elapsed());
            house.over(night, 1).await;
            (night, found) = (night.next_extra(), found + 1);
        }
        let bare = bare.hops(&streams, lesson(found, BYTES).1.into(), TURN).await;
        if turn > 0 {
            live.extend(times);
            hops.extend(bare);
        }
    }
    let (live, hops) = (Times::of(live), Times::of(hops));
    println!("| | p50 | p99 |\n|---|---|---|");
    for (what, times) in [("from the note to the search that finds it", &live), ("three bare hops", &hops)] {
        println!("| {what} | {:.1} ms | {:.1} ms |", times.at(50), times.at(99));
    }
    println!("| times | {:.1} | {:.1} |", live.at(50) / hops.at(50), live.at(99) / hops.at(99));
    house.close().await;
}
