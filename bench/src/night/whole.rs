//! A whole night: many agents, all of their notes new, through three stages to articles that a search finds; beside what the same messages cost
//! JetStream alone.

use std::time::Duration;

use commune_bus::{Stored, StreamName};
use commune_tests::{
    bare::BareMessage,
    support::{notes, now, read_all},
};

use crate::{
    Size,
    house::{House, SERVICES, plan},
};

/// Bare messages that are on their way at a time.
const AT_A_TIME: usize = 64;

pub(crate) async fn print(size: &Size) {
    let (agents, each) = (size.agents.unwrap_or(100), size.notes.unwrap_or(100));
    println!("## A whole night: {agents} agents by {each} notes\n");
    let house = House::start(plan(1)).await;
    let night = house.commune.night();
    let fleet = notes::fleet(agents, each, night.date());
    let logged = house.say(&fleet).await;
    house.commune.quiet().await;
    let before = house.spent();
    let asked = now();
    let mut passed = house.night(night, agents).await;
    let began = std::time::Instant::now();
    house.searchable().await;
    let searching = began.elapsed();
    passed += searching;
    let spent = house.spent();

    let said = stored(&house, &[StreamName::Agents]).await;
    let made = stored(&house, &[StreamName::Nights, StreamName::Memory, StreamName::Aid, StreamName::Library]).await;
    let bare = house.bare().await;
    let through = async |like: StreamName, name: &str, rest: &str, messages: &[Stored]| {
        let stream = bare.stream_like(like, name).await;
        let messages = messages.iter().map(BareMessage::like).collect();
        let took = bare.through(&stream, rest, messages, AT_A_TIME).await;
        bare.remove(stream).await;
        took
    };
    let bare_said = through(StreamName::Agents, "said", "agent.a.note", &said).await;
    let bare_made = through(StreamName::Memory, "made", "memory", &made).await;

    println!("| | messages | MB | the commune | JetStream alone | times |\n|---|---|---|---|---|---|");
    row("logged by the agents, each acknowledged", &said, logged, bare_said);
    row("the night, to the last article found", &made, passed, bare_made);
    let all: Vec<Stored> = said.iter().chain(&made).cloned().collect();
    row("**both**", &all, logged + passed, bare_said + bare_made);
    let rate = |took: Duration| fleet.len() as f64 / took.as_secs_f64();
    println!(
        "\n{:.0} notes/s through the night, {:.0} from the first that is logged; the search found the last article {:.1} ms after the trail was complete.",
        rate(passed),
        rate(logged + passed),
        searching.as_secs_f64() * 1e3
    );
    let cpu = spent.iter().zip(before).map(|(after, before)| after - before);
    let names = SERVICES.into_iter().chain(["nats-server"]);
    let told: Vec<String> = names.zip(cpu).map(|(name, cpu)| format!("{name} {cpu:.2} s")).collect();
    println!("CPU of the night: {}.", told.join(", "));
    let after = house.stages(night).map(|last| last.duration_since(asked).as_secs_f64());
    let told: Vec<String> =
        SERVICES.into_iter().zip(after).map(|(name, after)| format!("{name} {after:.2} s")).collect();
    println!("The last agent was through: {}.", told.join(", "));
    house.close().await;
}

async fn stored(house: &House, streams: &[StreamName]) -> Vec<Stored> {
    let mut all = Vec::new();
    for stream in streams {
        all.extend(read_all(&house.commune.bus, *stream, &[]).await);
    }
    all
}

fn row(what: &str, messages: &[Stored], commune: Duration, bare: Duration) {
    let headers =
        |message: &Stored| message.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    let bytes: usize = messages.iter().map(|message| message.payload.len() + headers(message)).sum();
    println!(
        "| {what} | {} | {:.1} | {:.2} s | {:.2} s | {:.2} |",
        messages.len(),
        bytes as f64 / 1e6,
        commune.as_secs_f64(),
        bare.as_secs_f64(),
        commune.as_secs_f64() / bare.as_secs_f64()
    );
}
