//! What operators do beside looking after a commune: the trace of a night in the terminal, and another log level while a
//! service runs.

use std::collections::BTreeSet;

use commune_tests::{
    A_WHILE, Program, eventually, eventually_some,
    support::{A_NIGHT, Commune, Plan, port},
};
use serde_json::Value;

use super::cli::{Ended, run};

/// Runs the program over the server of a story.
fn cli(commune: &Commune, arguments: &[&str]) -> Ended {
    let (url, key) = (commune.server.url(), commune.server.seed_file());
    run(commune.folder(), &[&["--nats", url.as_str(), "--operator-key", key.as_str()], arguments].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_a_night_is_a_tree_in_the_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let [otlp, api, health] = [(); 3].map(|()| format!("127.0.0.1:{}", port()));
    let _jaeger = Program::start("jaeger-stand-in", &[&otlp, &api, &health], &[], dir.path());
    eventually(A_WHILE, "the stand-in listens", || async { tokio::net::TcpStream::connect(&otlp).await.is_ok() }).await;
    let commune = Commune::start(Plan::one().with("TELEMETRY__OTLP_ENDPOINT", &format!("http://{otlp}"))).await;
    commune.say("ada", "note", "n1", "---\nkind: lesson\n---\n# The clock\nThe clock is wound by hand.\n").await;
    let night = commune.night().to_string();
    let trail = commune.run_night(commune.night(), A_NIGHT).await;

    let jaeger = format!("http://{api}/");
    let told: Value = eventually_some(A_WHILE, "the trace is whole", || {
        let ended = cli(&commune, &["--json", "trace", &night, "--agent", "ada", "--jaeger", &jaeger]);
        let told: Option<Value> = serde_json::from_str(&ended.stdout).ok();
        async move { told.filter(|told| told["spans"].as_array().is_some_and(|spans| spans.len() == 17)) }
    })
    .await;
    assert_eq!(told["trace_id"], trail[0].trace_id.as_str());
    assert_eq!(told["page"], format!("http://{api}/trace/{}", trail[0].trace_id));
    let spans = told["spans"].as_array().unwrap();
    let services: BTreeSet<&str> = spans.iter().map(|span| span["service"].as_str().unwrap()).collect();
    assert_eq!(services.into_iter().collect::<Vec<_>>(), ["librarian", "mutualaid", "selfcare"]);
    assert_eq!((&spans[0]["name"], &spans[0]["depth"]), (&"night ada".into(), &0.into()));
    assert!(spans[1..].iter().all(|span| span["depth"].as_u64() > Some(0)), "one root: {told}");

    let words = cli(&commune, &["trace", &night, "--agent", "ada", "--jaeger", &jaeger]).stdout;
    let line =
        |text: &str| words.lines().find(|line| line.trim_start().starts_with(text)).unwrap_or_default().to_owned();
    assert!(line("night ada").contains("selfcare"), "{words}");
    assert!(line("process commune.night.begun").starts_with("  process"), "{words}");
    assert!(line("curate").contains("librarian"), "{words}");
    assert!(words.trim_end().ends_with(&format!("/trace/{}", trail[0].trace_id)), "{words}");

    let check = |arguments: &[&str], code: i32, words: &str| {
        let ended = cli(&commune, &[&["trace"], arguments].concat());
        assert!(ended.code == code && ended.stderr.contains(words), "{arguments:?}: {} {}", ended.code, ended.stderr);
    };
    check(&[&night, "--agent", "bo", "--jaeger", &jaeger], 3, "did not begin for bo");
    check(&["2001-01-01", "--agent", "ada", "--jaeger", &jaeger], 3, "did not begin for ada");
    check(&[&night, "--agent", "ada", "--jaeger", "http://127.0.0.1:9"], 4, "no Jaeger answers");
    check(&[&night, "--agent", "ada", "--jaeger", "http://127.0.0.1:9"], 4, &trail[0].trace_id);
    // something answers there, and it is not Jaeger
    let other = format!("http://{}", commune.librarian[0].http);
    check(&[&night, "--agent", "ada", "--jaeger", &other], 3, "has no trace");
    check(&[&night, "--agent", "ada", "--jaeger", &format!("http://{health}/status?")], 1, "as Jaeger does");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_that_was_not_sampled_is_said_not_to_be() {
    let mut plan = Plan::one();
    plan.settings.push(("OTEL_TRACES_SAMPLER".to_owned(), "always_off".to_owned()));
    let commune = Commune::start(plan).await;
    commune.say("ada", "note", "n1", "---\nkind: lesson\n---\nThe clock is wound by hand.\n").await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let ended = cli(&commune, &["trace", &commune.night().to_string(), "--agent", "ada"]);
    assert!(ended.code == 3 && ended.stderr.contains("was not sampled"), "{}", ended.stderr);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_changes_what_is_logged_while_a_service_runs() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("log_level");
    let plan = Plan::one().with("TELEMETRY__LOG_LEVEL_FILE", file.to_str().unwrap());
    let commune = Commune::start(plan).await;
    let librarian = &commune.librarian[0];
    // the client of the bus asks the server every few seconds, and says so in no log of an operator's
    let chatter = "JetStream request sent";
    assert!(!librarian.log().contains(chatter));
    std::fs::write(&file, "info,async_nats=debug\n").unwrap();
    librarian.logged("the log level has changed").await;
    librarian.logged(chatter).await;
    std::fs::write(&file, "nonsense==").unwrap();
    librarian.logged("the log level is left as it is").await;
    std::fs::remove_file(&file).unwrap();
    librarian.logged("log.level=info\n").await;
    commune.finish().await;
}
