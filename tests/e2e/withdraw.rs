//! An agent withdraws a note: nothing of it is in the library any more, whatever happens meanwhile, and others' words stay.

use std::{collections::BTreeSet, os::unix::process::ExitStatusExt, time::Duration};

use commune_bus::{StreamName, subject};
use commune_proto::{
    librarian::v1::{
        ArticleCurated, GetArticleRequest, ListArticlesRequest, ListNeedsRequest, ListRevisionsRequest,
        SearchArticlesRequest, SearchStatus, SuggestPlacementRequest, library_service_client::LibraryServiceClient,
    },
    mutualaid::v1::NoteWithdrawn,
};
use commune_tests::{
    A_WHILE, eventually,
    support::{self, A_NIGHT, Plan},
};
use rustix::process::Signal;
use serde_json::Value;
use tonic::Code;

use super::cli::Commune;

/// Words that only the withdrawn notes have.
const MARKS: [&str; 3] = ["quetzal", "ocelot", "tapir"];
const CABINET: &str = "# Quetzal cabinet\n\nThe key of the quetzal cabinet hangs behind the ocelot calendar.\n";
const SHARED: &str = "Ask the staging directory for a certificate before you ask the real one.";
const QUESTION: &str = "Where is the key of the quetzal cabinet?";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_withdrawn_note_is_found_and_what_others_said_stays() {
    let commune = Commune::up().await;
    let note = |agent: &str, text: &str, tag: &str| -> String {
        let arguments = ["note", agent, text, "--kind", "lesson", "--date", "2026-02-13", "--tag", tag];
        commune.check(&arguments, 0, "logged").stdout.trim().to_owned()
    };
    commune.check(&["need", "bo", QUESTION], 0, "asked");
    let cabinet = note("ada", CABINET, "tapir");
    let mixed = note(
        "ada",
        &format!("# Renew certificates\n\n{SHARED}\n\n## Tapir steps\n\n- Feed the tapir first.\n"),
        "tapir",
    );
    note("bo", &format!("# Renew certificates\n\n{SHARED}\n\nThe limit is 50 certificates a week.\n"), "web");
    commune.check(&["night", "run"], 0, "");
    let found = commune.json(&["search", "quetzal cabinet key"]);
    assert_eq!(found[0]["results"][0]["name"], "articles/lessons/quetzal-cabinet", "{found:?}");
    let answered = commune.json(&["needs"]);
    assert_eq!(answered[0]["state"], "answered", "{answered:?}");
    let certificates = commune.json(&["read", "lessons/renew-certificates"]).remove(0);
    assert!(certificates["body"].as_str().unwrap().contains("tapir"), "{certificates}");

    for withdrawn in [&cabinet, &mixed] {
        commune.check(&["withdraw", withdrawn, "--agent", "ada", "--reason", "not ours to tell"], 0, "withdrawn");
    }
    commune.check(&["withdraw", &cabinet, "--agent", "ada"], 0, "already withdrawn");
    eventually(A_WHILE, "both are taken out", || async {
        commune.run(&["read", "lessons/quetzal-cabinet"]).code == 3
            && !commune.run(&["read", "lessons/renew-certificates"]).stdout.contains("tapir")
    })
    .await;
    commune.check(&["read", "lessons/quetzal-cabinet"], 3, "was withdrawn on 20");
    let read = commune.json(&["read", "lessons/renew-certificates"]).remove(0);
    assert_eq!(read["body"], format!("# Renew certificates\n\n{SHARED}\n\nThe limit is 50 certificates a week.\n"));
    assert_eq!((&read["contributors"], &read["tags"]), (&serde_json::json!(["bo"]), &serde_json::json!(["web"])));

    // its history says so, and keeps what was
    let history = commune.check(&["history", "lessons/renew-certificates"], 0, "").stdout;
    assert!(history.contains("withdraws what ada contributed (1 statement)"), "{history}");
    let history = commune.check(&["history", "lessons/quetzal-cabinet"], 0, "").stdout;
    assert!(history.contains("withdraws what ada contributed (1 statement)"), "{history}");
    let old = commune.check(&["read", "lessons/quetzal-cabinet", "--revision", "1"], 0, "").stdout;
    assert!(old.contains("ocelot calendar"), "{old}");

    no_trace(&commune).await;
    let needs = commune.json(&["needs"]);
    assert_eq!((&needs[0]["state"], &needs[0]["contributors"]), (&"open".into(), &serde_json::json!([])), "{needs:?}");

    // nothing of it comes back, also not in the same words; what is said in others founds the page anew
    note("ada", &format!("{CABINET}\n"), "key");
    let never = note("ada", "# Ocelots\n\nAn ocelot sleeps on the tapir of the printer room.\n", "key");
    commune.check(&["withdraw", &never, "--agent", "ada"], 0, "withdrawn");
    commune.check(&["night", "run", "--extra"], 0, "");
    no_trace(&commune).await;
    note("bo", "# Quetzal cabinet\n\nAsk Carlo, who opens the cabinet every morning at nine.\n", "key");
    commune.check(&["night", "run", "--extra"], 0, "");
    let again = commune.json(&["read", "lessons/quetzal-cabinet"]).remove(0);
    assert_eq!(again["contributors"], serde_json::json!(["bo"]), "{again}");
    assert!(again["revision"].as_u64() >= Some(3), "it goes on from the page that was withdrawn: {again}");
}

/// Looks at all that the library says now, by every way of asking.
async fn no_trace(commune: &Commune) {
    let has = |text: &str| MARKS.iter().find(|mark| text.to_lowercase().contains(*mark)).copied();
    for mark in MARKS {
        let found = commune.run(&["search", mark, "--json"]);
        assert_eq!(found.code, 3, "{mark}: {}", found.stdout);
    }
    let articles: Vec<Value> = commune.json(&["articles"]);
    assert!(articles.iter().all(|article| has(&article.to_string()).is_none()), "{articles:?}");
    let address = commune.running()["librarian_grpc"].as_str().unwrap().to_owned();
    let mut library = LibraryServiceClient::connect(address).await.unwrap();
    let listed = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.total_size, i32::try_from(listed.articles.len()).unwrap());
    for article in &listed.articles {
        let name = format!("articles/{}", article.path);
        let article = library.get_article(GetArticleRequest { name, ..Default::default() }).await.unwrap().into_inner();
        assert_eq!(has(&format!("{article:?}")), None, "{article:?}");
    }
    let name = "articles/lessons/quetzal-cabinet".to_owned();
    assert_eq!(
        library.get_article(GetArticleRequest { name, ..Default::default() }).await.unwrap_err().code(),
        Code::NotFound
    );
    for query in ["quetzal cabinet ocelot calendar", "feed the tapir first", "certificate"] {
        let request = SearchArticlesRequest { query: query.into(), ..SearchArticlesRequest::default() };
        let answer = library.search_articles(request).await.unwrap().into_inner();
        assert_eq!(has(&format!("{:?}", answer.results)), None, "{answer:?}");
        assert_eq!(answer.status() == SearchStatus::Found, query == "certificate", "{answer:?}");
        let request =
            SuggestPlacementRequest { title: query.into(), text: CABINET.into(), ..SuggestPlacementRequest::default() };
        let answer = library.suggest_placement(request).await.unwrap().into_inner();
        assert_eq!(has(&format!("{answer:?}")), None, "{answer:?}");
    }
    let needs = library.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert!(needs.iter().all(|need| need.answered_by.is_empty()), "the question is bo's own: {needs:?}");
    let parent = "articles/lessons/renew-certificates".to_owned();
    let request = ListRevisionsRequest { parent, ..ListRevisionsRequest::default() };
    let newest = library.list_revisions(request).await.unwrap().into_inner().revisions.remove(0);
    assert_eq!(has(&format!("{newest:?}")), None, "{newest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merged_and_cut_out_notes_go_with_the_one_that_is_withdrawn() {
    let commune = support::Commune::start(Plan::one()).await;
    let day = commune.day(0);
    let lesson = |text: &str| format!("---\nkind: lesson\ndate: {day}\n---\n{text}\n");
    let pump = "The pump of the north hall wants its filter changed each month.";
    commune.say("ada", "note", "own", &lesson(pump)).await;
    commune.say("ada", "note", "more", &lesson(&format!("{pump} The ocelot valve sticks."))).await;
    let log = format!(
        "---\nkind: log\ndate: {day}\n---\n# {day}\n\n## 09:00 Fix\n\nRestart the tapir gateway after the upgrade, or it drops calls.\n\n\
         ## 11:00 Fix\n\nOil the quetzal hinge with graphite, never with grease.\n"
    );
    commune.say("ada", "note", "log", &log).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let told = current(&commune).await;
    assert!(MARKS.iter().all(|mark| told.contains(mark)), "{told}");

    // what one of two merged notes said stays
    commune.say("ada", "withdraw", "w1", "more").await;
    commune.say("ada", "withdraw", "w2", "log").await;
    commune.quiet().await;
    let told = current(&commune).await;
    assert!(MARKS.iter().all(|mark| !told.contains(mark)), "{told}");
    let second = commune.night().to_string() + "-x1";
    commune.run_night(second.parse().expect("an extra night"), A_NIGHT).await;
    let told = current(&commune).await;
    assert!(told.contains("wants its filter changed") && !told.contains("ocelot"), "{told}");
    let events = support::read_all(&commune.bus, StreamName::Aid, &[subject::WITHDRAWN_ALL]).await;
    let events: Vec<NoteWithdrawn> = events.iter().map(|m| m.event().unwrap()).collect();
    assert_eq!(events.iter().map(|e| e.note.as_str()).collect::<BTreeSet<_>>(), ["log", "more"].into());
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_in_the_midst_of_a_night_holds() {
    let commune = support::Commune::start(Plan::two()).await;
    let lesson = |text: &str| format!("---\nkind: lesson\ndate: {}\n---\n{text}\n", commune.day(0));
    for n in 0..8 {
        let text = lesson(&format!("# Hall {n}\n\nThe pump of hall {n} runs dry after {} minutes.", n + 7));
        commune.say("bo", "note", &format!("n{n}"), &text).await;
        let text = lesson(&format!("# Hall {n}\n\nThe ocelot of hall {n} sleeps on the valve of pump {n}."));
        commune.say("ada", "note", &format!("n{n}"), &text).await;
    }
    commune.quiet().await;
    commune.request(commune.night()).await;
    // one after the other, over the whole night
    for n in 0..8 {
        commune.say("ada", "withdraw", &format!("w{n}"), &format!("n{n}")).await;
        let shared = n * 2;
        eventually(A_NIGHT, "the night goes on", || async {
            let records = commune.trail(commune.night()).await.len();
            records >= 6 || support::read_all(&commune.bus, StreamName::Aid, &[]).await.len() > shared
        })
        .await;
    }
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;
    let told = current(&commune).await;
    assert!(!told.contains("ocelot") && told.matches("runs dry").count() == 8, "{told}");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_while_it_is_taken_out_leaves_it_taken_out() {
    let mut commune = support::Commune::start(Plan::one().waits()).await;
    let text = format!("---\nkind: lesson\ndate: {}\n---\n{CABINET}", commune.day(0));
    commune.say("ada", "note", "n1", &text).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    assert!(current(&commune).await.contains("quetzal"));
    let faults = [(true, "mutualaid-withdraws:after-state:1"), (false, "librarian-withdrawn:after-state:1")];
    for (of_aid, fault) in faults {
        let replica = if of_aid { &mut commune.mutualaid[0] } else { &mut commune.librarian[0] };
        replica.kill().await;
        replica.restart_with(&[("COMMUNE_FAULT", fault)]);
        replica.ready().await;
    }
    commune.say("ada", "withdraw", "w1", "{\"note\": \"n1\"}").await;
    commune.say_as("ada", "withdraw", "w2", &[("Content-Type", "application/json")], b"{\"note\": \"n1\"}").await;
    for replica in [&mut commune.mutualaid[0], &mut commune.librarian[0]] {
        let ended = replica.ended(A_NIGHT).await;
        assert_eq!(ended.signal(), Some(Signal::ABORT.as_raw()), "{}", replica.log_tail());
        replica.restart();
        replica.ready().await;
    }
    commune.quiet().await;
    let written = support::read_all(&commune.bus, StreamName::Library, &[]).await;
    let written: Vec<ArticleCurated> = written.iter().map(|m| m.event().unwrap()).collect();
    assert_eq!(written.len(), 2, "one revision with it, and one without: {written:?}");
    assert_eq!(written[1].withdrawn, [written[0].provenance[0].contribution.clone()]);
    assert_eq!(current(&commune).await, "");
    // the one that is no id
    let dead = commune.bus.dead_letters(10).await.unwrap();
    assert!(dead.len() == 1 && dead[0].reason.contains("is not a note id"), "{dead:?}");
    tokio::time::timeout(Duration::from_secs(60), commune.finish_with_dead()).await.expect("all drain in time");
}

/// All pages as they are now.
async fn current(commune: &support::Commune) -> String {
    let mut library = commune.library().await;
    let listed = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner().articles;
    let mut told = String::new();
    for article in listed {
        let name = format!("articles/{}", article.path);
        let article = library.get_article(GetArticleRequest { name, ..Default::default() }).await.unwrap().into_inner();
        told.push_str(&format!("{article:?}\n"));
    }
    told
}
