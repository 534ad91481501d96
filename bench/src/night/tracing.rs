//! What traces cost a night: none exported, one of a hundred, all of them; in turns, to a receiver that takes everything.

use commune_tests::support::otlp::Receiver;

use crate::{Size, house::plan, middle, replicas::night};

/// Which part of the traces is exported; none: no receiver is named.
const MODES: [(&str, Option<f64>); 3] = [("off", None), ("1 %", Some(0.01)), ("100 %", Some(1.0))];

pub(crate) async fn print(size: &Size) {
    let (agents, each) = (size.agents.unwrap_or(50), size.notes.unwrap_or(50));
    let rounds = size.rounds.unwrap_or(5);
    println!("## Tracing: {agents} agents by {each} notes, {rounds} turns\n");
    let mut walls: [Vec<f64>; 3] = Default::default();
    let mut spent: [Vec<f64>; 3] = Default::default();
    let mut spans = [0; 3];
    for _ in 0..rounds {
        for (at, (_, part)) in MODES.into_iter().enumerate() {
            // it lives in this process, whose time is not the services'
            let receiver = Receiver::start().await;
            let mut plan = plan(1);
            if let Some(part) = part {
                plan = plan.with("TELEMETRY__OTLP_ENDPOINT", &receiver.endpoint);
                let sampler = [
                    ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio".to_owned()),
                    ("OTEL_TRACES_SAMPLER_ARG", part.to_string()),
                ];
                plan.settings.extend(sampler.map(|(name, value)| (name.to_owned(), value)));
            }
            let (took, cpu) = night(plan, agents, each).await;
            walls[at].push(took.as_secs_f64());
            spent[at].push(cpu[..3].iter().sum::<f64>() * 1e6 / (agents * each) as f64);
            spans[at] = receiver.spans().len();
        }
    }
    println!(
        "| exported | the night (least to most) | of off | CPU of the services for each note | of off | spans |\n|---|---|---|---|---|---|"
    );
    let (wall, cpu) = (middle(&mut walls[0]).0, middle(&mut spent[0]).0);
    for (at, (what, _)) in MODES.into_iter().enumerate() {
        let (took, least, most) = middle(&mut walls[at]);
        let (cost, _, _) = middle(&mut spent[at]);
        println!(
            "| {what} | {took:.2} s ({least:.2} to {most:.2}) | {:.2} | {cost:.0} µs | {:.2} | {} |",
            took / wall,
            cost / cpu,
            spans[at]
        );
    }
}
