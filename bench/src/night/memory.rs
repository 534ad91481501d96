//! What the services hold of the machine's memory through a night of many agents.

use commune_tests::support::notes;

use crate::{
    Size,
    house::{House, SERVICES, plan},
};

pub(crate) async fn print(size: &Size) {
    let (agents, each) = (size.agents.unwrap_or(1_000), size.notes.unwrap_or(10));
    println!("## Memory: {agents} agents by {each} notes\n");
    let house = House::start(plan(1)).await;
    let empty = house.memory();
    let night = house.commune.night();
    house.say_in_peace(&notes::fleet(agents, each, night.date())).await;
    let logged = house.memory();
    let took = house.night(night, agents).await;
    let after = house.memory();
    println!("| | empty | when all is logged | after the night | at most |\n|---|---|---|---|---|");
    for (at, name) in SERVICES.into_iter().chain(["nats-server"]).enumerate() {
        let [empty, logged, after_it] = [empty, logged, after].map(|all| all[at].0);
        println!("| {name} | {empty:.0} MiB | {logged:.0} MiB | {after_it:.0} MiB | {:.0} MiB |", after[at].1);
    }
    println!("\nThe night took {:.1} s.", took.as_secs_f64());
    house.close().await;
}
