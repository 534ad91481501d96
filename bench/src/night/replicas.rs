//! Two replicas of each service beside one, in turns, and how busy the machine was.

use std::time::Duration;

use commune_tests::support::{Plan, notes};

use crate::{
    Size,
    house::{House, plan},
    middle,
};

pub(crate) async fn print(size: &Size) {
    let (agents, each) = (size.agents.unwrap_or(50), size.notes.unwrap_or(50));
    let rounds = size.rounds.unwrap_or(3);
    println!("## Replicas: {agents} agents by {each} notes, {rounds} turns\n");
    let mut seen: [Vec<f64>; 2] = Default::default();
    let mut busy: [Vec<f64>; 2] = Default::default();
    for _ in 0..rounds {
        for replicas in [1, 2] {
            let (took, cpu) = night(plan(replicas), agents, each).await;
            seen[replicas - 1].push((agents * each) as f64 / took.as_secs_f64());
            busy[replicas - 1].push(cpu.iter().sum::<f64>() / took.as_secs_f64());
        }
    }
    let cores = std::thread::available_parallelism().unwrap();
    println!(
        "| replicas of each | notes/s (least to most) | times one | cores busy with it, of {cores} |\n|---|---|---|---|"
    );
    let one = middle(&mut seen[0]).0;
    for at in 0..2 {
        let (rate, least, most) = middle(&mut seen[at]);
        let cores = middle(&mut busy[at]).0;
        println!("| {} | {rate:.0} ({least:.0} to {most:.0}) | {:.2} | {cores:.2} |", at + 1, rate / one);
    }
}

/// One night in a commune of its own: what it took, and what services and server spent in it.
pub(crate) async fn night(plan: Plan, agents: usize, each: usize) -> (Duration, [f64; 4]) {
    let house = House::start(plan).await;
    let night = house.commune.night();
    house.say_in_peace(&notes::fleet(agents, each, night.date())).await;
    let before = house.spent();
    let took = house.night(night, agents).await;
    let mut spent = house.spent();
    spent.iter_mut().zip(before).for_each(|(spent, before)| *spent -= before);
    house.close().await;
    (took, spent)
}
