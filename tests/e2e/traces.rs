//! `commune up --traces`: the trace of a night, read whole from this machine's own pages and in the terminal, with no Jaeger.

use std::collections::BTreeSet;

use commune_tests::{A_WHILE, eventually_some};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::cli::Commune;

const LESSON: &str = "Drain the pool before a restart, or requests that are under way fail.";

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_night_is_read_back_by_the_id_of_its_trace() {
    let mut commune = Commune::up_with(&["--traces"]).await;
    let page = commune.running()["traces_url"].as_str().unwrap().to_owned();
    let host = page.strip_prefix("http://").unwrap().to_owned();
    commune.check(&["note", "ada", LESSON, "--kind", "lesson", "--title", "<b>Restarts</b>"], 0, "logged");
    let board = commune.json(&["night", "run", "2026-02-14"]).remove(0);
    let id = board["records"][0]["trace_id"].as_str().unwrap().to_owned();

    // the command knows by itself where they are
    let told: Value = eventually_some(A_WHILE, "the trace is whole", || {
        let ended = commune.run(&["trace", "2026-02-14", "--agent", "ada", "--json"]);
        let told: Option<Value> = serde_json::from_str(&ended.stdout).ok();
        async move { told.filter(|told| told["spans"].as_array().is_some_and(|spans| spans.len() == 17)) }
    })
    .await;
    assert_eq!((&told["trace_id"], &told["page"]), (&id.as_str().into(), &format!("{page}/trace/{id}").into()));
    let spans = told["spans"].as_array().unwrap();
    assert!(spans[1..].iter().all(|span| span["depth"].as_u64() > Some(0)), "one root: {told}");
    let services: BTreeSet<&str> = spans.iter().map(|span| span["service"].as_str().unwrap()).collect();
    assert_eq!(services.into_iter().collect::<Vec<_>>(), ["librarian", "mutualaid", "selfcare"]);

    // the page has every span of it, and the list leads there
    let (status, shown) = get(&host, &format!("/trace/{id}"), &host).await;
    assert_eq!(status, 200, "{shown}");
    for span in spans {
        assert!(shown.contains(&format!("id=\"s{}\"", span["span_id"].as_str().unwrap())), "{span} is not in {shown}");
    }
    let (status, list) = get(&host, "/", &host).await;
    assert!(status == 200 && list.contains(&format!("<a href=\"/trace/{id}\">night ada</a>")), "{list}");

    // in Jaeger's form, too
    let (status, answer) = get(&host, &format!("/api/traces/{id}"), &host).await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!((status, answer["data"][0]["spans"].as_array().map(Vec::len)), (200, Some(17)), "{answer}");
    let of = |value: &Value| value["traceID"] == id.as_str();
    assert!(of(&answer["data"][0]) && answer["data"][0]["spans"].as_array().unwrap().iter().all(of), "{answer}");

    // what is not there, and a name that is not this machine's
    assert_eq!(get(&host, "/trace/none", &host).await.0, 404);
    assert_eq!(get(&host, "/api/traces/none", &host).await.0, 404);
    assert_eq!(get(&host, "/", "rebound.example").await.0, 403);
    commune.check(&["trace", "2026-02-14", "--agent", "bo"], 3, "did not begin for bo");

    // without it nothing is kept
    commune.down().await;
    commune.up_again(&[]).await;
    assert_eq!(commune.running()["traces_url"], "");
}

/// The status and the body of a page, asked for under a name.
async fn get(address: &str, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("the pages are there");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    (head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status"), body.to_owned())
}
