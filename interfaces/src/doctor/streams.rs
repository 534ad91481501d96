//! The streams and the services' consumers, held against what the commune needs.

use commune_bus::{
    Bus, ConsumerFound, Fits, StreamFound, StreamName,
    accounts::rights::{Durable, durables},
};

use super::{look::Looks, server::NEARLY_FULL};

/// Looks at every stream and every durable consumer.
pub(super) async fn look(looks: &mut Looks, bus: &Bus) {
    let mut found = Vec::new();
    for stream in StreamName::ALL {
        match bus.inspect_stream(stream).await {
            Ok(one) => found.push((stream, one)),
            Err(error) => return looks.failed("streams", error),
        }
    }
    judge_streams(looks, &found);
    let mut consumers = Vec::new();
    for durable in durables() {
        match bus.inspect_consumer(durable).await {
            Ok(one) => consumers.push((durable, one)),
            Err(error) => return looks.failed("consumers", error),
        }
    }
    judge_consumers(looks, &consumers);
}

fn judge_streams(looks: &mut Looks, found: &[(StreamName, Option<StreamFound>)]) {
    let before = looks.0.len();
    for (stream, found) in found {
        let name = stream.as_str();
        let Some(found) = found else {
            looks.wrong(
                "streams",
                format!("{name} is not there"),
                "selfcare makes the streams when it starts. Was it there before? Then restore it: RUNBOOK.md, Restore",
            );
            continue;
        };
        match &found.fits {
            Fits::Yes => {}
            Fits::Soon => {
                looks.wrong(
                    "streams",
                    format!("{name} has other settings than it needs"),
                    "restart selfcare, which sets them",
                );
            }
            Fits::No(difference) => {
                looks.wrong("streams", format!("{name} is not what the commune needs"), difference.clone());
            }
        }
        if found.behind > 0 {
            looks.wrong(
                "streams",
                format!("{} copies of {name} are not up to date", found.behind),
                "do all servers of the cluster run, and reach each other?",
            );
        }
        // of these the oldest go when they are full
        let drops_oldest = stream.definition().drops_oldest;
        if let Some(bound) = found.max_bytes.filter(|_| !drops_oldest)
            && found.bytes.saturating_mul(100) >= bound.saturating_mul(NEARLY_FULL)
        {
            looks.wrong(
                "streams",
                format!(
                    "{name} holds {} of {} MiB, and takes nothing more when it is full",
                    found.bytes >> 20,
                    bound >> 20
                ),
                format!("raise its bound: nats stream edit {name} --max-bytes … (a greater one is kept)"),
            );
        }
    }
    if looks.0.len() == before {
        let messages: u64 = found.iter().filter_map(|(_, found)| Some(found.as_ref()?.messages)).sum();
        looks.well("streams", format!("all {} are as they are needed, with {messages} messages", found.len()));
    }
}

fn judge_consumers(looks: &mut Looks, found: &[(Durable, Option<ConsumerFound>)]) {
    let before = looks.0.len();
    for (durable, _) in found.iter().filter(|(_, found)| found.is_none()) {
        looks.wrong(
            "consumers",
            format!("{} of {} is not there: nobody hears what comes", durable.name, durable.stream.as_str()),
            format!("start {}, which makes it", durable.owner),
        );
    }
    if looks.0.len() == before {
        let waiting: u64 =
            found.iter().filter_map(|(_, found)| found.map(|found| found.pending + found.in_flight)).sum();
        looks.well("consumers", format!("all {} are there; {waiting} messages wait for them", found.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Verdict;

    fn stream(fits: Fits, bytes: u64) -> Option<StreamFound> {
        Some(StreamFound { messages: 1, bytes, max_bytes: Some(100), last_sequence: 1, fits, behind: 0 })
    }

    fn check(found: &[(StreamName, Option<StreamFound>)], expected: &[(Verdict, &str)]) {
        let mut looks = Looks::default();
        judge_streams(&mut looks, found);
        assert_eq!(looks.0.len(), expected.len(), "{looks:?}");
        for (look, (verdict, words)) in looks.0.iter().zip(expected) {
            assert_eq!(look.verdict, *verdict, "{look:?}");
            assert!(format!("{} {}", look.found, look.advice).contains(words), "{look:?}");
        }
    }

    #[test]
    fn each_stream_that_is_not_as_it_should_be_is_told_by_name() {
        let good = stream(Fits::Yes, 1);
        check(&[(StreamName::Aid, good.clone())], &[(Verdict::Well, "all 1")]);
        check(&[(StreamName::Aid, good), (StreamName::Memory, None)], &[(Verdict::Wrong, "MEMORY is not there")]);
        check(&[(StreamName::Aid, stream(Fits::Soon, 1))], &[(Verdict::Wrong, "restart selfcare")]);
        let other = Fits::No("its storage is Memory".to_owned());
        check(
            &[(StreamName::Aid, stream(other, 80))],
            &[(Verdict::Wrong, "its storage"), (Verdict::Wrong, "--max-bytes")],
        );
        check(&[(StreamName::Dead, stream(Fits::Yes, 100))], &[(Verdict::Well, "")]);
    }

    #[test]
    fn a_consumer_that_is_missing_names_the_service_that_makes_it() {
        let durable = durables().find(|durable| durable.name == "mutualaid").unwrap();
        let mut looks = Looks::default();
        judge_consumers(&mut looks, &[(durable, None)]);
        assert!(looks.0[0].advice.contains("start mutualaid"), "{looks:?}");
        let mut looks = Looks::default();
        judge_consumers(&mut looks, &[(durable, Some(ConsumerFound { pending: 2, in_flight: 1 }))]);
        assert!(looks.0[0].found.contains("3 messages wait"), "{looks:?}");
    }
}
