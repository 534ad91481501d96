//! `commune doctor`: a commune that is well, and what is said of one that is not.

use std::{collections::BTreeSet, os::unix::fs::PermissionsExt};

use commune_tests::{
    A_WHILE, eventually,
    support::{Commune as Services, Plan},
};
use serde_json::Value;

use super::cli::{Commune, Ended, run};

/// What a look was at, of those with this verdict.
fn with(looks: &[Value], verdict: &str) -> BTreeSet<String> {
    let found = looks.iter().filter(|look| look["verdict"] == verdict);
    found.map(|look| look["at"].as_str().unwrap().to_owned()).collect()
}

fn looks(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

fn of<'a>(looks: &'a [Value], at: &str) -> &'a str {
    let wrong = looks.iter().find(|look| look["at"] == at && look["verdict"] == "wrong");
    let wrong = wrong.unwrap_or_else(|| panic!("nothing is wrong with {at}: {looks:?}"));
    assert!(!wrong["advice"].as_str().unwrap().is_empty(), "{wrong}");
    wrong["found"].as_str().unwrap()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commune_that_is_well_is_said_to_be_and_what_is_wrong_is_named_with_what_to_do() {
    let commune = Commune::up().await;
    eventually(A_WHILE, "all is well", || {
        let well = commune.run(&["doctor"]).code == 0;
        async move { well }
    })
    .await;
    let well = commune.json(&["doctor"]);
    let all =
        ["clocks", "consumers", "disk", "durability", "letters", "nights", "secrets", "server", "services", "storage"];
    assert_eq!(with(&well, "well"), set(&[&all[..], &["streams", "versions"]].concat()), "{well:?}");
    assert!(well.iter().all(|look| look["verdict"] == "well"), "{well:?}");

    // a key that others may read, and a note that cannot be taken in
    let key = commune.home().join("keys/operator.nk");
    for (path, mode) in [(commune.home(), 0o755), (&commune.home().join("keys"), 0o755), (&key, 0o644)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let agent = async_nats::connect(commune.running()["nats_url"].as_str().unwrap()).await.unwrap();
    let said = agent.request("commune.agent.ada.note.n1", "---\nkind: [\n---\nnot YAML\n".into()).await.unwrap();
    assert!(String::from_utf8_lossy(&said.payload).contains("AGENTS"));
    eventually(A_WHILE, "the note is a dead letter", || {
        let letters = commune.json(&["dead", "list"]);
        async move { letters.len() == 1 }
    })
    .await;
    let ended = commune.check(&["doctor", "--json"], 1, "2 things are wrong");
    let ill = looks(&ended);
    assert_eq!(with(&ill, "wrong"), set(&["letters", "secrets"]), "{ill:?}");
    assert!(of(&ill, "secrets").contains("keys/operator.nk") && of(&ill, "secrets").contains("0644"), "{ill:?}");
    assert!(of(&ill, "letters").contains("1 messages were given up"), "{ill:?}");
    let words = commune.run(&["doctor"]).stdout;
    assert!(words.contains("→ chmod 600") && words.contains("commune dead replay 1"), "{words}");
    let seed = std::fs::read_to_string(&key).unwrap();
    assert!(!words.contains(seed.trim()), "a secret is never shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_services_and_consumers_are_looked_at_where_they_are() {
    let home = tempfile::tempdir().unwrap();
    let ahead = home.path().join("ahead");
    std::fs::write(&ahead, "300").unwrap();
    let mut commune = Services::start(Plan::one().with("CLOCK_FILE", ahead.to_str().unwrap())).await;
    commune.quiet().await;
    commune.mutualaid[0].kill().await;
    let seed = std::fs::read_to_string(commune.server.seed_file()).unwrap();
    let server = async_nats::ConnectOptions::with_nkey(seed);
    let server = async_nats::jetstream::new(server.connect(commune.server.url()).await.unwrap());
    server.get_stream("MEMORY").await.unwrap().delete_consumer("mutualaid").await.unwrap();

    let (url, key) = (commune.server.url(), commune.server.seed_file());
    let services: Vec<String> = commune.replicas().map(|replica| format!("http://{}", replica.http)).collect();
    let services = services.join(",");
    let looked =
        run(home.path(), &["--nats", &url, "--operator-key", &key, "doctor", "--json", "--service", &services]);
    assert_eq!(looked.code, 1, "{}{}", looked.stdout, looked.stderr);
    let looks = looks(&looked);
    // the story's own key lies open, too
    assert_eq!(with(&looks, "wrong"), set(&["clocks", "consumers", "secrets", "services"]), "{looks:?}");
    assert_eq!(with(&looks, "unknown"), set(&["durability"]), "nobody said where the server tells of itself");
    assert!(of(&looks, "consumers").contains("mutualaid of MEMORY"), "{looks:?}");
    assert!(of(&looks, "services").contains(&commune.mutualaid[0].http), "{looks:?}");
    let clocks = of(&looks, "clocks");
    assert!(clocks.contains("s ahead of that of"), "{clocks}");
    commune.mutualaid[0].restart();
    commune.mutualaid[0].ready().await;
    commune.finish().await;
}
