//! Bad input of every kind: a dead letter or an error that says what to do, and the stage goes on.

use commune_bus::{Outgoing, StreamName, attribute, subject};
use commune_proto::{
    librarian::v1::{GetArticleRequest, SearchArticlesRequest, SearchStatus},
    night::v1::{Outcome, Stage},
    selfcare::v1::{GetBriefRequest, MemoryTidied, RestoreNoteRequest},
};
use commune_tests::{A_WHILE, eventually_some};
use prost::Message;
use tonic::Code;

use commune_tests::support::{A_NIGHT, Commune, Plan, now};

/// Agent, id, headers and body of what is sent, and a word that the reason must have.
type Bad<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], Vec<u8>, &'a str);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_note_is_a_dead_letter_and_the_night_goes_on() {
    let mut commune = Commune::start(Plan::one()).await;
    let json = [("Content-Type", "application/json")];
    let protobuf = [("ce-datacontenttype", "application/protobuf")];
    let bad: Vec<Bad<'_>> = vec![
        ("ada", "not-utf8", &[], b"caf\xe9 au lait".to_vec(), "UTF-8"),
        ("ada", "open-matter", &[], b"---\ntitle: never closed\n\ntext\n".to_vec(), "front matter"),
        ("ada", "bad-yaml", &[], b"---\ntitle: [a, b\n---\ntext\n".to_vec(), "front matter"),
        ("ada", "unknown-field", &json, br#"{"text":"t","colour":"red"}"#.to_vec(), "colour"),
        ("ada", "bad-json", &json, br#"{"text":"#.to_vec(), "JSON"),
        ("ada", "a-picture", &[("Content-Type", "image/png")], b"PNG".to_vec(), "image/png"),
        ("ada", "bad-protobuf", &protobuf, vec![0xff, 0xff, 0xff], "protobuf"),
        ("ada", "empty", &[], b"  \n".to_vec(), "empty"),
        ("Ada_Lovelace", "bad-agent", &[], b"A note.".to_vec(), "agent id"),
    ];
    for (agent, id, headers, body, _) in &bad {
        commune.say_as(agent, "note", id, headers, body).await;
    }
    commune.say("ada", "gossip", "k1", "An unknown kind of message.").await;
    commune.drop_note("ada", "note", b"caf\xe9 without an id").await;
    commune
        .say("ada", "note", "good", "---\nkind: lesson\ntitle: Bleed the radiators\n---\nBegin at the lowest floor.\n")
        .await;

    let expected = bad.len() + 2;
    let dead = eventually_some(A_WHILE, "all bad input is a dead letter", || async {
        let dead = commune.bus.dead_letters(100).await.ok()?;
        (dead.len() >= expected).then_some(dead)
    })
    .await;
    for (agent, id, _, body, word) in &bad {
        let letter = dead.iter().find(|d| d.original_subject.ends_with(&format!(".note.{id}")));
        let letter = letter.unwrap_or_else(|| panic!("{id} of {agent} is no dead letter"));
        assert!(letter.reason.to_lowercase().contains(&word.to_lowercase()), "{id}: {}", letter.reason);
        assert_eq!((letter.stage.as_str(), &letter.message.payload[..]), ("selfcare", &body[..]), "{id}");
    }
    assert!(dead.iter().any(|d| d.original_subject.contains("gossip") && d.reason.contains("gossip")), "{dead:?}");
    assert_eq!(dead.len(), expected, "{dead:?}");

    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    assert!(trail.iter().all(|r| r.agent == "ada" && r.outcome() == Outcome::Done), "{trail:?}");
    let tidied = trail.iter().find(|r| r.stage() == Stage::Selfcare).unwrap();
    assert_eq!(tidied.counts["active"], 1, "{tidied:?}");
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_is_refused_before_it_is_stored() {
    let commune = Commune::start(Plan::one()).await;
    let answer = commune.say("ada", "note", "huge", &"word ".repeat(80_000)).await;
    let reason = answer["error"]["description"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("size"), "the server says why: {answer}");
    assert_eq!(commune.bus.last_sequence(StreamName::Agents).await.unwrap(), 0);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_a_future_version_waits_as_a_dead_letter() {
    let mut commune = Commune::start(Plan::one()).await;
    let night = commune.night();
    // somebody's newer selfcare speaks of agent `zed`
    let event = MemoryTidied { agent: "zed".into(), night: night.to_string(), ..Default::default() };
    let subject = subject::memory_tidied(&commune_tests::support::agent("zed"), night);
    let message = Outgoing::raw(subject, event.encode_to_vec())
        .header(attribute::SPEC_VERSION, "1.0")
        .header(attribute::ID, "future-1")
        .header("Nats-Msg-Id", "future-1")
        .header(attribute::TYPE, "commune.selfcare.v2.MemoryTidied")
        .header(attribute::SOURCE, "selfcare")
        .header(attribute::CONTENT_TYPE, attribute::PROTOBUF)
        .header(attribute::TIME, &now().to_string());
    commune.bus.publish(message).await.unwrap();
    let dead = eventually_some(A_WHILE, "the event is a dead letter", || async {
        commune.bus.dead_letters(10).await.ok()?.into_iter().next()
    })
    .await;
    assert!(dead.reason.contains("v2") && dead.reason.contains("upgrade"), "{}", dead.reason);
    assert_eq!(dead.stage, "mutualaid");
    assert_eq!(dead.message.header(attribute::TYPE), Some("commune.selfcare.v2.MemoryTidied"), "headers are kept");

    commune
        .say("ada", "note", "good", "---\nkind: lesson\ntitle: Bleed the radiators\n---\nBegin at the lowest floor.\n")
        .await;
    let trail = commune.run_night(night, A_NIGHT).await;
    assert!(trail.iter().any(|r| r.agent == "ada" && r.stage() == Stage::Librarian && r.outcome() == Outcome::Done));
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grpc_tells_absence_from_a_malformed_question() {
    let commune = Commune::start(Plan::one()).await;
    let mut library = commune.library().await;
    let code = |status: tonic::Status| {
        assert!(!status.message().is_empty(), "an error says what to do");
        status.code()
    };
    let get = |name: &str| GetArticleRequest { name: name.to_owned(), ..Default::default() };
    assert_eq!(code(library.get_article(get("articles/no-such-page")).await.unwrap_err()), Code::NotFound);
    assert_eq!(code(library.get_article(get("articles/Not A Path")).await.unwrap_err()), Code::InvalidArgument);
    assert_eq!(code(library.get_article(get("nothing")).await.unwrap_err()), Code::InvalidArgument);
    let query = |query: &str, page_size| SearchArticlesRequest { query: query.into(), page_size, ..Default::default() };
    assert_eq!(code(library.search_articles(query("", 0)).await.unwrap_err()), Code::InvalidArgument);
    assert_eq!(code(library.search_articles(query("x", -1)).await.unwrap_err()), Code::InvalidArgument);
    assert_eq!(code(library.search_articles(query(&"x".repeat(2_000), 0)).await.unwrap_err()), Code::InvalidArgument);
    for odd in ["\"unbalanced", "AND OR NOT", "title:(", "日本語の質問", "(((", "*"] {
        let answer = library.search_articles(query(odd, 0)).await.unwrap().into_inner();
        assert_eq!(answer.status(), SearchStatus::NotKnown, "{odd}");
    }
    let mut memory = commune.memory().await;
    let brief = |name: &str| GetBriefRequest { name: name.to_owned() };
    assert_eq!(code(memory.get_brief(brief("agents/nobody/brief")).await.unwrap_err()), Code::NotFound);
    assert_eq!(code(memory.get_brief(brief("agents/No Body/brief")).await.unwrap_err()), Code::InvalidArgument);
    let restore = RestoreNoteRequest { name: "agents/ada/notes/none".into() };
    assert_eq!(code(memory.restore_note(restore).await.unwrap_err()), Code::NotFound);
    commune.finish().await;
}
