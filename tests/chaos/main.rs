//! Faults of every kind, by a seed, while agents publish; then what they were told is compared with what is there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a story fails loudly, and reads the machine that it runs on"
)]

mod agents;
mod canary;
mod checker;
mod driver;
mod faults;
mod ledger;
mod plan;
mod report;
mod roll;
mod script;
mod servers;
mod words;
mod world;

use std::{io::Write as _, time::Duration};

use driver::Settings;

/// A run of a minute, or what `CHAOS_SEED`, `CHAOS_MINUTES` and `CHAOS_SERVERS` (1 or 3) say; `CHAOS_REPORT` names a file
/// that gets a line of JSON.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_happens_twice() {
    let settings = Settings {
        seed: said("CHAOS_SEED").unwrap_or(1),
        lasts: Duration::from_secs(said("CHAOS_MINUTES").map_or(60, |minutes: u64| minutes * 60)),
        servers: said("CHAOS_SERVERS").unwrap_or(1),
    };
    let report = driver::run(settings).await;
    println!("{report}");
    if let Some(file) = std::env::var_os("CHAOS_REPORT") {
        let mut file = std::fs::File::options().create(true).append(true).open(file).unwrap();
        writeln!(file, "{}", report.json()).unwrap();
    }
    assert!(
        report.violations.is_empty(),
        "{} violations; again with CHAOS_SEED={}",
        report.violations.len(),
        settings.seed
    );
}

fn said<T: std::str::FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is not a number")))
}
