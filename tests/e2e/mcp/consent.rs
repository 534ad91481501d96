//! Agents have their say in what becomes of the library, by their tools.

use commune_proto::librarian::v1::{Article, ImportArticleRequest};
use commune_tests::support::{Commune, Plan};
use serde_json::json;

use super::{
    client::{BEFORE, CURRENT, Client},
    place,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_agent_proposes_another_reads_and_stops() {
    let commune = Commune::start(Plan::one()).await;
    let place = place(&commune);
    for (path, title) in [("how-to/valve", "Open the valve"), ("how-to/valve-again", "Open the valve again")] {
        let body = format!("{title}: turn it left.");
        let article = Some(Article { path: path.into(), title: title.into(), body, ..Article::default() });
        let import = ImportArticleRequest { article, agent: "eve".into(), source: String::new() };
        commune.library().await.import_article(import).await.unwrap();
    }
    let mut ada = Client::start(&place, "ada", CURRENT).await;
    let mut bo = Client::start(&place, "bo", BEFORE).await;

    let merge = json!({
        "change": "merge", "path": "how-to/valve-again", "to": "how-to/valve", "why": "both say the same",
    });
    let proposed = ada.check("propose", merge.clone(), "stored").await;
    assert_eq!(proposed["change"], "merge how-to/valve-again into how-to/valve", "{proposed}");
    assert!(proposed["state"] == "waiting" && proposed["applies_at"].is_string(), "{proposed}");
    let id = proposed["proposal"].as_str().unwrap().to_owned();
    assert_eq!(ada.check("propose", merge, "stored").await["proposal"], id, "it is made once");

    // it stands below both articles, within the quotation, and where all stand
    for path in ["how-to/valve", "how-to/valve-again"] {
        let read = bo.check("read_article", json!({ "path": path }), "found").await;
        let words = format!("> — proposed by ada ({id}): merge how-to/valve-again into how-to/valve");
        assert!(read["said"].as_str().unwrap().contains(&words), "{read}");
    }
    let all = json!({ "uri": "commune://proposals" });
    let resource = bo.request("resources/read", all.clone()).await;
    assert!(resource["result"]["contents"][0]["text"].as_str().unwrap().contains("both say the same"), "{resource}");

    let own = ada.check("object", json!({ "proposal": id, "why": "on second thought" }), "refused").await;
    assert!(own["said"].as_str().unwrap().contains("your own"), "{own}");
    let objection = json!({ "proposal": &id[..8], "why": "one is of the hall, the other of the shed" });
    let objected = bo.check("object", objection, "stored").await;
    assert_eq!((&objected["proposal"], &objected["state"]), (&json!(id), &json!("objected")), "{objected}");
    let resource = ada.request("resources/read", all).await;
    assert!(resource["result"]["contents"][0]["text"].as_str().unwrap().contains("objected"), "{resource}");

    for (tool, arguments, ended) in [
        ("propose", json!({ "change": "remove", "path": "how-to/nothing", "why": "x" }), "not_known"),
        ("propose", json!({ "change": "explode", "path": "how-to/valve", "why": "x" }), "invalid"),
        ("propose", json!({ "change": "remove", "path": "how-to/valve" }), "invalid"),
        ("propose", json!({ "change": "revert", "made": "2020-01-01", "why": "x" }), "not_known"),
        ("object", json!({ "proposal": "ffffffff", "why": "x" }), "not_known"),
    ] {
        ada.check(tool, arguments, ended).await;
    }
    ada.close().await;
    bo.close().await;
    commune.finish().await;
}
