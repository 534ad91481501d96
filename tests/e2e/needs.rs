//! Needs from the asking to the answer: paraphrases, the bound of a day, who is told, and a commune of 30 agents.

mod fleet;

use std::{collections::BTreeSet, time::Duration};

use commune_bus::{StreamName, subject};
use commune_proto::{
    librarian::v1::{
        Article, ImportArticleRequest, InboxKind, InboxMessage, ListInboxRequest, ListNeedsRequest, ListNeedsResponse,
        NeedState, NeedSummary, SearchArticlesRequest, SearchArticlesResponse, SearchStatus,
    },
    mutualaid::v1::{KnowledgeShared, NeedAsked},
};
use commune_tests::{
    A_WHILE, eventually, eventually_some,
    support::{A_NIGHT, Commune, Plan, wait},
};
use futures::StreamExt;

const QUESTION: &str = "How do I renew a wildcard certificate?";
const LESSON: &str = "---\nkind: lesson\ntitle: Wildcard certificates renew by the DNS challenge\n---\n\
    Renewing a wildcard certificate with certbot needs the DNS-01 challenge.\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paraphrases_are_one_need_and_all_who_asked_are_told() {
    let mut commune = Commune::start(Plan::two().waits()).await;
    let mut heard = Vec::new();
    for agent in ["ada", "bob", "cy", "eve"] {
        heard.push(commune.agents.subscribe(format!("commune.inbox.{agent}.>")).await.unwrap());
    }
    commune.agents.flush().await.unwrap();
    commune.say("bob", "need", "q1", QUESTION).await;
    commune.say("cy", "need", "q1", "What is the best way to renew wildcard certificates?").await;
    commune.say("eve", "need", "q1", "How do I revoke a wildcard certificate?").await;
    asked(&commune, 3).await;
    let open = needs(&commune, NeedState::Open).await;
    assert_eq!(open.len(), 2, "{open:?}");
    let need = open.iter().find(|need| need.askers == ["bob", "cy"]).expect("both asked for one thing");
    assert_eq!((need.times_asked, need.wordings.len()), (2, 1), "{need:?}");

    commune.say("ada", "note", "n1", LESSON).await;
    // the librarian dies when the revision is written and nobody was told of it
    let librarian = &mut commune.librarian[0];
    librarian.kill().await;
    librarian.restart_with(&[("COMMUNE_FAULT", "librarian:after-state:1")]);
    librarian.ready().await;
    let other = &mut commune.librarian[1];
    other.kill().await;
    commune.request(commune.night()).await;
    let ended = commune.librarian[0].ended(A_NIGHT).await;
    assert!(!ended.success());
    assert_eq!(commune.bus.read(StreamName::Library, &[], 10).await.unwrap().len(), 1, "the revision is durable");
    for librarian in &mut commune.librarian {
        librarian.restart();
        librarian.ready().await;
    }
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;

    let mut told = Vec::new();
    for inbox in heard.iter_mut().take(3) {
        let message = wait(A_WHILE, inbox.next()).await.expect("told in time").expect("the inbox is open");
        let id = message.headers.as_ref().and_then(|headers| headers.get("Nats-Msg-Id")).unwrap().to_string();
        let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(body["id"], id.as_str());
        told.push((message.subject.to_string(), body));
    }
    let subjects: Vec<&str> = told.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["commune.inbox.ada.thanks", "commune.inbox.bob.answered", "commune.inbox.cy.answered"]);
    assert_eq!(told[0].1["answered"][0]["askers"], serde_json::json!(["bob", "cy"]), "{told:?}");
    assert_eq!(told[1].1["question"], QUESTION);
    assert_eq!(told[2].1["question"], "What is the best way to renew wildcard certificates?");
    assert_eq!(told[2].1["contributors"], serde_json::json!(["ada"]));
    // later the same is read over gRPC, by the same ids
    for (agent, kind, (_, body)) in [
        ("ada", InboxKind::Thanks, &told[0]),
        ("bob", InboxKind::Answered, &told[1]),
        ("cy", InboxKind::Answered, &told[2]),
    ] {
        let read = inbox(&commune, agent).await;
        let [message] = read.as_slice() else { panic!("{agent}: {read:?}") };
        assert_eq!(
            (message.kind(), message.name.as_str()),
            (kind, format!("agents/{agent}/inbox/{}", body["id"].as_str().unwrap()).as_str())
        );
        assert_eq!(message.article, format!("articles/{}", body["article"].as_str().unwrap()));
    }
    assert!(inbox(&commune, "eve").await.is_empty());
    let answered = needs(&commune, NeedState::Answered).await;
    assert_eq!((answered.len(), answered[0].askers.as_slice()), (1, ["bob".to_owned(), "cy".to_owned()].as_slice()));
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_library_knows_answers_by_night_and_who_asks_again_was_not_helped() {
    let commune = Commune::start(Plan::one().waits()).await;
    commune.say("bob", "need", "q1", "How can I get rid of stale artifacts in the cache of the builder?").await;
    asked(&commune, 1).await;
    let page = Article {
        path: "how-to/builder".into(),
        title: "The builder and its cache".into(),
        body: "# The builder and its cache\n\nThe cache of the builder keeps each artifact. Purge old artifacts with \
            `prune --older 7d`.\n"
            .into(),
        ..Article::default()
    };
    let import = ImportArticleRequest { article: Some(page), agent: "ada".into(), source: String::new() };
    commune.library().await.import_article(import).await.unwrap();
    commune
        .say("bob", "note", "n1", "---\nkind: preference\n---\nI like tea in the morning, and nobody else has to.")
        .await;
    let night = commune.night();
    commune.run_night(night, A_NIGHT).await;
    let answered = needs(&commune, NeedState::Answered).await;
    assert_eq!(answered.iter().map(|need| need.answered_by.as_str()).collect::<Vec<_>>(), ["articles/how-to/builder"]);
    let told = inbox(&commune, "bob").await;
    assert_eq!((told.len(), told[0].kind(), told[0].revision), (1, InboxKind::Answered, 2), "{told:?}");
    assert_eq!(inbox(&commune, "ada").await.len(), 1, "the one who brought the page is thanked");

    // somebody asks in the same words: the need is open again, and the same page is no answer to it
    commune.say("cy", "need", "q1", "How can I get rid of stale artifacts in the cache of the builder?").await;
    eventually(A_WHILE, "the need is open again", || async { needs(&commune, NeedState::Open).await.len() == 1 }).await;
    let extra = night.next_extra();
    commune.run_night(extra, A_NIGHT).await;
    let open = needs(&commune, NeedState::Open).await;
    assert_eq!((open.len(), open[0].answered_by.as_str()), (1, "articles/how-to/builder"), "{open:?}");
    assert_eq!(inbox(&commune, "bob").await.len(), 1);
    // in other words the page may help: it gets them as its name, and both who wait are told
    commune.say("eve", "need", "q1", "How do I delete old artifacts in the cache of the builder?").await;
    eventually(A_WHILE, "another wording joins the need", || async {
        needs(&commune, NeedState::Open).await.iter().any(|need| need.wordings.len() == 1)
    })
    .await;
    commune.run_night(extra.next_extra(), A_NIGHT).await;
    assert!(needs(&commune, NeedState::Open).await.is_empty());
    assert_eq!((inbox(&commune, "eve").await.len(), inbox(&commune, "cy").await.len()), (1, 1));
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_beyond_the_bound_of_a_day_is_a_dead_letter() {
    let mut commune = Commune::start(Plan::two().waits()).await;
    for replica in &mut commune.mutualaid {
        replica.kill().await;
        replica.set("COMMUNE_NEEDS__PER_DAY", Some("3".to_owned()));
        replica.restart();
        replica.ready().await;
    }
    for number in 0..5 {
        commune.say("ada", "need", &format!("q{number}"), &format!("Which bolt fits hole number {number}?")).await;
    }
    // a repeat is not counted, and everybody has a bound of its own
    commune.say("bob", "need", "q1", "Which bolt fits hole number 9?").await;
    commune.say("bob", "need", "q2", "which bolt fits hole number 9").await;
    commune.quiet().await;
    let of = |agent: &str, asked: &[NeedAsked]| asked.iter().filter(|event| event.asker == agent).count();
    let recorded = asked(&commune, 4).await;
    assert_eq!((of("ada", &recorded), of("bob", &recorded)), (3, 1));
    let dead = commune.bus.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 2);
    assert!(dead.iter().all(|d| d.reason.contains("3 are allowed (needs.per_day)")), "{}", dead[0].reason);
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doubt_and_outage_make_no_need() {
    let commune = Commune::start(Plan::one().waits()).await;
    let page = |path: &str, body: &str| ImportArticleRequest {
        article: Some(Article { path: path.into(), body: body.into(), ..Article::default() }),
        agent: "ada".into(),
        source: String::new(),
    };
    let mut library = commune.library().await;
    library
        .import_article(page("how-to/pumps", "# Pumps\n\nOil the pump of the cooling loop in May.\n"))
        .await
        .unwrap();
    let unsure = search(&commune, "How much pressure does the pump need?", "bob").await;
    assert_eq!((unsure.status(), unsure.need.as_str()), (SearchStatus::LowConfidence, ""), "{unsure:?}");

    // the library is behind its stream: nothing is said of what it knows
    commune.server.hold_readers(StreamName::Library, true).await;
    library.import_article(page("how-to/valves", "# Valves\n\nTurn valves slowly.\n")).await.ok();
    let request =
        SearchArticlesRequest { query: "How do I weigh a whale?".into(), asker: "bob".into(), ..Default::default() };
    let refused = library.search_articles(request).await.expect_err("the library cannot be read");
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused:?}");
    commune.server.hold_readers(StreamName::Library, false).await;
    let said = [subject::kind_in_agents("need")];
    assert!(commune.bus.read(StreamName::Agents, &[&said[0]], 10).await.unwrap().is_empty());
    // and once it is known that nobody knows, it is a need
    eventually(Duration::from_secs(60), "the library is current", || async {
        let request = SearchArticlesRequest {
            query: "How do I weigh a whale?".into(),
            asker: "bob".into(),
            ..Default::default()
        };
        commune.library().await.search_articles(request).await.is_ok_and(|answer| !answer.get_ref().need.is_empty())
    })
    .await;
    assert_eq!(commune.bus.read(StreamName::Agents, &[&said[0]], 10).await.unwrap().len(), 1);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_beyond_the_cap_answers_first_though_its_agent_said_nothing_new() {
    let commune = Commune::start(Plan::one().cap(1).waits()).await;
    for (id, text) in [
        ("n1", "Kettles whistle when the lid is tight, so loosen the lid first."),
        ("n2", "Ladders lean at four to one, or they slide away below."),
        ("n3", "Renewing a wildcard certificate needs the DNS challenge of the authority."),
    ] {
        let text = format!("---\nkind: lesson\ndate: {}\n---\n{text}\n", commune.day(0));
        commune.say("ada", "note", id, &text).await;
    }
    let night = commune.night();
    commune.run_night(night, A_NIGHT).await;
    commune.say("bob", "need", "q1", QUESTION).await;
    asked(&commune, 1).await;
    commune.run_night(night.next_extra(), A_NIGHT).await;
    commune.run_night(night.next_extra().next_extra(), A_NIGHT).await;
    let shared = commune.bus.read(StreamName::Aid, &[subject::KNOWLEDGE_SHARED_ALL], 10).await.unwrap();
    let order: Vec<(String, usize)> = shared
        .iter()
        .filter_map(|message| message.event::<KnowledgeShared>().unwrap().contribution)
        .map(|c| (c.notes.concat(), c.answers.len()))
        .collect();
    let expected = [("n1", 0), ("n3", 1), ("n2", 0)].map(|(note, answers)| (note.to_owned(), answers));
    assert_eq!(order, expected, "what answers goes first, and what waits keeps its order");
    assert!(needs(&commune, NeedState::Open).await.is_empty());
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_needs_is_of_one_moment_and_tells_the_most_asked_first() {
    let commune = Commune::start(Plan::one().waits()).await;
    for (agent, id, question) in [
        ("ada", "q1", "Which ink suits the plotter?"),
        ("ada", "q2", "Where is the green ladder?"),
        ("bob", "q1", "Where can I find the green ladder?"),
        ("ada", "q3", "Who repairs the lift?"),
    ] {
        commune.say(agent, "need", id, question).await;
    }
    asked(&commune, 4).await;
    let first = page(&commune, String::new()).await;
    assert_eq!((first.needs[0].question.as_str(), first.total_size), ("Where is the green ladder?", 3));
    // between two pages one need is asked by many, and another is new
    for agent in ["cy", "dan", "eve"] {
        commune.say(agent, "need", "q1", "Who repairs the lift?").await;
    }
    commune.say("dan", "need", "q2", "How heavy is the anvil?").await;
    asked(&commune, 8).await;
    let mut seen = vec![first.needs[0].name.clone()];
    let mut token = first.next_page_token;
    while !token.is_empty() {
        let next = page(&commune, token).await;
        seen.extend(next.needs.iter().map(|need| need.name.clone()));
        token = next.next_page_token;
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (3, 3), "nothing is left out or told twice");
    let now = needs(&commune, NeedState::Open).await;
    assert_eq!(now.iter().map(|need| need.askers.len()).collect::<Vec<_>>(), [4, 2, 1, 1]);
    commune.finish().await;
}

/// Waits until so many askings are recorded and the librarian knows them; all of them.
async fn asked(commune: &Commune, count: usize) -> Vec<NeedAsked> {
    let found = eventually_some(A_NIGHT, &format!("{count} askings are recorded"), || async {
        let found = commune.bus.read(StreamName::Aid, &[subject::NEED_ALL], 1000).await.ok()?;
        (found.len() >= count).then_some(found)
    })
    .await;
    eventually(A_WHILE, "the librarian knows them", || async {
        let told: u32 = needs(commune, NeedState::Unspecified).await.iter().map(|need| need.times_asked).sum();
        told as usize >= count
    })
    .await;
    found.iter().map(|message| message.event().unwrap()).collect()
}

async fn needs(commune: &Commune, state: NeedState) -> Vec<NeedSummary> {
    let request = ListNeedsRequest { state: state.into(), page_size: 1000, ..ListNeedsRequest::default() };
    commune.library().await.list_needs(request).await.unwrap().into_inner().needs
}

/// One page of a list with one need on each.
async fn page(commune: &Commune, page_token: String) -> ListNeedsResponse {
    let request = ListNeedsRequest { page_size: 1, page_token, ..ListNeedsRequest::default() };
    commune.library().await.list_needs(request).await.unwrap().into_inner()
}

async fn inbox(commune: &Commune, agent: &str) -> Vec<InboxMessage> {
    let request = ListInboxRequest { parent: format!("agents/{agent}"), ..ListInboxRequest::default() };
    commune.library().await.list_inbox(request).await.unwrap().into_inner().messages
}

async fn search(commune: &Commune, query: &str, asker: &str) -> SearchArticlesResponse {
    let request =
        SearchArticlesRequest { query: query.into(), asker: asker.into(), ..SearchArticlesRequest::default() };
    commune.library().await.search_articles(request).await.unwrap().into_inner()
}
