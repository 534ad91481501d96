//! The services: whether they are ready, whether their versions go together, and whether all clocks tell the same time.

use commune_bus::Bus;
use commune_runtime::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::look::Looks;
use crate::http;

/// How far clocks may be apart.
const APART: SignedDuration = SignedDuration::from_secs(60);

/// What a service tells at `/livez`; of a version before 0.1 nothing but that it is alive.
#[derive(Debug, Default, Deserialize)]
struct Alive {
    #[serde(default)]
    service: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    time: String,
}

/// Looks at the services at these addresses, and at the clocks.
pub(super) async fn look(looks: &mut Looks, addresses: &[String], bus: Option<&Bus>, clock: &Clock) {
    if addresses.is_empty() {
        looks.unknown(
            "services",
            "where the services answer is not known",
            "say where: --service http://127.0.0.1:7411 --service http://127.0.0.1:7412 --service http://127.0.0.1:7413",
        );
    }
    let mut versions = vec![("commune".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let mut offsets = Vec::new();
    for address in addresses {
        let asked = clock.now();
        let Some((_, body)) = http::get(address, "/livez").await else {
            looks.wrong("services", format!("nobody answers at {address}"), "start it; its log says why it ended");
            continue;
        };
        let answered = clock.now();
        let alive: Alive = serde_json::from_str(&body).unwrap_or_default();
        let name = if alive.service.is_empty() { address.clone() } else { alive.service };
        match http::get(address, "/readyz").await {
            Some((200, _)) => looks.well("services", format!("{name} {} is ready at {address}", alive.version)),
            Some((_, why)) => {
                let advice = "mend what it names; RUNBOOK.md: CommuneNotReady";
                looks.wrong("services", format!("{name} at {address} is not ready: {why}"), advice);
            }
            None => looks.wrong("services", format!("{name} at {address} went away"), "its log says why it ended"),
        }
        versions.push((name.clone(), alive.version));
        if let Ok(told) = alive.time.parse() {
            offsets.push((name, offset(asked, answered, told)));
        }
    }
    judge_versions(looks, &versions);
    if let Some(bus) = bus {
        let asked = clock.now();
        if let Ok(told) = bus.server_time().await {
            offsets.push(("nats-server".to_owned(), offset(asked, clock.now(), told)));
        }
    }
    judge_clocks(looks, offsets);
}

/// How far a clock is ahead that told a time between two readings of ours.
fn offset(asked: Timestamp, answered: Timestamp, told: Timestamp) -> SignedDuration {
    told.duration_since(asked) - answered.duration_since(asked) / 2
}

fn judge_versions(looks: &mut Looks, versions: &[(String, String)]) {
    let known: Vec<(&str, &str, (u64, u64))> = versions
        .iter()
        .filter_map(|(part, version)| Some((part.as_str(), version.as_str(), parsed(version)?)))
        .collect();
    let (Some(oldest), Some(newest)) = (known.iter().min_by_key(|one| one.2), known.iter().max_by_key(|one| one.2))
    else {
        return;
    };
    if known.len() < 2 {
        return;
    }
    if oldest.2 == newest.2 {
        looks.well("versions", format!("all parts are of version {}.{}", newest.2.0, newest.2.1));
    } else if adjacent(oldest.2, newest.2) {
        let found = format!("{} {} beside {} {}, which go together", oldest.0, oldest.1, newest.0, newest.1);
        looks.well("versions", found);
    } else {
        looks.wrong(
            "versions",
            format!("{} is of version {} and {} of {}", oldest.0, oldest.1, newest.0, newest.1),
            "only versions that follow each other run side by side: upgrade what is older",
        );
    }
}

/// Whether one version is the other or the one after it, by their first two numbers.
fn adjacent(older: (u64, u64), newer: (u64, u64)) -> bool {
    older == newer || (older.0 == newer.0 && newer.1 - older.1 == 1) || (newer.0 == older.0 + 1 && newer.1 == 0)
}

fn parsed(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split(['.', '-', '+']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Judges how far each clock is ahead of ours.
fn judge_clocks(looks: &mut Looks, mut offsets: Vec<(String, SignedDuration)>) {
    if offsets.is_empty() {
        return;
    }
    offsets.push(("this machine".to_owned(), SignedDuration::ZERO));
    offsets.sort_by_key(|(_, offset)| *offset);
    let (Some((slow, first)), Some((fast, last))) = (offsets.first(), offsets.last()) else { return };
    let apart = *last - *first;
    if apart < APART {
        looks.well("clocks", format!("{} clocks are less than {} s apart", offsets.len(), apart.as_secs() + 1));
    } else {
        looks.wrong(
            "clocks",
            format!("the clock of {fast} is {} s ahead of that of {slow}", apart.as_secs()),
            "let all machines keep their time by NTP: nights are due by the services' clocks, and schedules fire by the server's",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::look::Verdict;

    #[test]
    fn versions_that_follow_each_other_go_together() {
        let check = |versions: &[&str], expected: Option<Verdict>| {
            let versions: Vec<(String, String)> =
                versions.iter().map(|v| ("part".to_owned(), (*v).to_owned())).collect();
            let mut looks = Looks::default();
            judge_versions(&mut looks, &versions);
            assert_eq!(looks.0.first().map(|look| look.verdict), expected, "{versions:?}");
        };
        check(&["0.1.0"], None);
        check(&["0.1.0", "0.1.7"], Some(Verdict::Well));
        check(&["0.2.0", "0.1.7", "0.2.1"], Some(Verdict::Well));
        check(&["0.9.4", "1.0.0"], Some(Verdict::Well));
        check(&["0.9.4", "1.1.0"], Some(Verdict::Wrong));
        check(&["0.1.0", "0.3.0", "0.2.0"], Some(Verdict::Wrong));
        check(&["0.1.0", ""], None);
    }

    #[test]
    fn clocks_are_compared_with_each_other_and_not_only_with_ours() {
        let check = |offsets: &[i64], expected: Verdict| {
            let offsets = offsets.iter().map(|s| ("part".to_owned(), SignedDuration::from_secs(*s))).collect();
            let mut looks = Looks::default();
            judge_clocks(&mut looks, offsets);
            assert_eq!(looks.0[0].verdict, expected);
        };
        check(&[0, 1, -1], Verdict::Well);
        check(&[59], Verdict::Well);
        check(&[60], Verdict::Wrong);
        check(&[-40, 40], Verdict::Wrong);
        let at = |second: i64| Timestamp::new(1_700_000_000 + second, 0).unwrap();
        assert_eq!(offset(at(0), at(4), at(12)), SignedDuration::from_secs(10), "told half way through");
    }
}
