//! Bounds at their edges, where the server or gRPC has a part in them: the last value passes, the next is refused in
//! words, and of what is refused nothing is stored. What is pure is tested beside its rule.

mod drain;
mod flood;
mod fold;
mod grpc;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_nats::{ConnectOptions, jetstream};
use commune_bus::{Bus, ConsumerSpec, Delivery, Handled, Handler, Outgoing, PublishError, StreamName};
use commune_proto::{
    librarian::v1::{GetArticleRequest, ListArticlesRequest},
    night::v1::{Outcome, Stage},
};
use commune_tests::{
    A_WHILE, NatsServer, eventually_some,
    support::{A_NIGHT, Commune, Plan},
};
use tokio_util::sync::CancellationToken;

const KIB: usize = 1024;

/// Markdown of exactly so many bytes, no two lines of it alike.
fn lesson(title: &str, bytes: usize) -> String {
    let mut text = format!("---\nkind: lesson\ntitle: {title}\n---\n");
    for line in 0.. {
        let next = format!("- Valve {line} of the plant is opened by hand before pump {line} is started.\n");
        if text.len() + next.len() > bytes {
            break;
        }
        text += &next;
    }
    text.truncate(text.trim_end().len());
    let rest = bytes - text.len();
    text + &"x".repeat(rest)
}

/// Waits until there are so many dead letters: the reason of each, by the id of its note.
async fn reasons(commune: &Commune, count: usize) -> BTreeMap<String, String> {
    let dead = eventually_some(A_WHILE, "what is beyond a bound is a dead letter", || async {
        commune.bus.dead_letters(100).await.ok().filter(|dead| dead.len() >= count)
    })
    .await;
    assert_eq!(dead.len(), count, "{dead:?}");
    let id = |subject: &str| subject.rsplit('.').next().unwrap_or_default().to_owned();
    dead.into_iter().map(|letter| (id(&letter.original_subject), letter.reason)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_note_reaches_the_library_and_what_is_larger_says_why_not() {
    let mut commune = Commune::start(Plan::one()).await;
    let names: Vec<String> = (0..65).map(|n| format!("x-{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
    let long = "v".repeat(16 * KIB - "x-long".len() - 4);
    let longer = format!("{long}v");
    let statements = |count: usize| (0..count).map(|n| format!("- w{n}\n")).collect::<String>();

    // the last that fits, in each respect
    let largest = lesson("Open the valves by hand", 256 * KIB);
    commune.say("ada", "note", "largest", &largest).await;
    commune.say_as("ada", "note", "many", &many[..64], b"A note with many headers.").await;
    commune.say_as("ada", "note", "long", &[("x-long", &long)], b"A note with a long header.").await;
    commune.say("ada", "note", "statements", &statements(10_000)).await;
    // one more of each
    let larger = [
        ("larger", Vec::new(), lesson("Open the valves with a tool", 256 * KIB + 1), "262145 bytes, at most 262144"),
        ("more", many, "A note.".to_owned(), "65 headers of 575 bytes, at most 64"),
        (
            "longer",
            vec![("x-long", longer.as_str())],
            "A note.".to_owned(),
            "1 headers of 16385 bytes, at most 64 of 16384",
        ),
        ("too-many", Vec::new(), statements(10_001), "10001 statements"),
    ];
    for (id, headers, body, _) in &larger {
        let answer = commune.say_as("ada", "note", id, headers, body.as_bytes()).await;
        assert!(answer.get("error").is_none(), "{id}: {answer}");
    }
    let reasons = reasons(&commune, larger.len()).await;
    for (id, _, _, words) in &larger {
        assert!(reasons[*id].contains(words), "{id}: {}", reasons[*id]);
    }

    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    assert!(trail.iter().all(|record| record.outcome() == Outcome::Done), "{trail:?}");
    let tidied = trail.iter().find(|record| record.stage() == Stage::Selfcare).unwrap();
    assert_eq!(tidied.counts["active"], 4, "{tidied:?}");
    let mut library = commune.library().await;
    let articles = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner().articles;
    let [article] = articles.as_slice() else { panic!("one article: {articles:?}") };
    let name = format!("articles/{}", article.path);
    let article = library.get_article(GetArticleRequest { name, ..Default::default() }).await.unwrap().into_inner();
    let (_, body) = largest.split_once("---\n- ").unwrap();
    let missing = body.lines().find(|line| !article.body.contains(line.trim_start_matches("- ")));
    assert_eq!(missing, None, "the library has all of it, {} bytes", article.body.len());
    assert_eq!(commune.bus.dead_letters(100).await.unwrap().len(), larger.len());
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_takes_so_many_notes_of_an_agent_and_the_rest_can_be_replayed() {
    let mut commune = Commune::start(Plan::one().with("NIGHT__NOTES_PER_DAY", "3")).await;
    for (agent, id) in [("ada", "a1"), ("ada", "a2"), ("bob", "b1"), ("ada", "a3"), ("ada", "a4"), ("bob", "b2")] {
        commune.say(agent, "note", id, &format!("Note {id} is of {agent}.")).await;
    }
    commune.say("ada", "need", "q1", "Which pump is the loudest?").await;
    let day = "agents/ada had logged 3 notes on ";
    let reason = reasons(&commune, 1).await.remove("a4").expect("the fourth of ada");
    assert!(reason.starts_with(day) && reason.ends_with("replay it on another day"), "{reason}");

    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    let active = |agent: &str| {
        let of = |record: &&commune_proto::night::v1::TrailRecord| record.stage() == Stage::Selfcare;
        trail.iter().filter(of).find(|record| record.agent == agent).map(|record| record.counts["active"])
    };
    assert_eq!((active("ada"), active("bob")), (Some(3), Some(2)), "{trail:?}");

    // a replay comes without an id, and those have a count of their own
    let letter = commune.bus.dead_letters(10).await.unwrap().remove(0);
    for _ in 0..4 {
        commune.bus.replay(&letter).await.unwrap();
    }
    let dead = eventually_some(A_WHILE, "the fourth replay is one too many", || async {
        commune.bus.dead_letters(10).await.ok().filter(|dead| dead.len() == 2)
    })
    .await;
    assert_eq!((dead[1].original_stream.as_str(), dead[1].original_sequence), ("DROPS", 4));
    assert!(dead[1].reason.starts_with(day), "{}", dead[1].reason);
    commune.quiet().await;
    commune.finish_with_dead().await;
}

#[tokio::test]
async fn a_full_stream_refuses_the_new_and_takes_again_when_there_is_room() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let agent = server.agent().await;
    let connection = ConnectOptions::with_nkey(server.seed().to_owned()).connect(server.url()).await.unwrap();
    let operator = jetstream::new(connection);
    let room = async |stream: StreamName, bytes: i64| {
        let mut config = operator.get_stream(stream.as_str()).await.unwrap().cached_info().config.clone();
        let before = std::mem::replace(&mut config.max_bytes, bytes);
        operator.update_stream(config).await.unwrap();
        before
    };
    let say = async |id: &str| -> serde_json::Value {
        let subject = format!("commune.agent.ada.note.{id}");
        let answer = agent.request(subject, vec![b'x'; 10 * KIB].into()).await.unwrap();
        serde_json::from_slice(&answer.payload).unwrap()
    };
    let before = room(StreamName::Agents, 35 * KIB as i64).await;
    let mut taken = 0;
    let refused = loop {
        let answer = say(&format!("n{taken}")).await;
        if answer.get("error").is_some() {
            break answer;
        }
        taken += 1;
    };
    assert_eq!(taken, 3, "{refused}");
    assert_eq!(refused["error"]["description"], "maximum bytes exceeded");
    assert_eq!(bus.last_sequence(StreamName::Agents).await.unwrap(), 3, "and the old stay");
    assert!(bus.get(StreamName::Agents, 1).await.unwrap().is_some());
    room(StreamName::Agents, before).await;
    assert_eq!(say("n3").await["seq"], 4, "the same id, which was never taken");

    // a batch that does not fit as a whole is not there in part
    let batch = |count: usize| -> Vec<Outgoing> {
        (0..count).map(|n| Outgoing::raw(format!("commune.memory.ada.brief.{n}"), vec![b'x'; 10 * KIB])).collect()
    };
    let before = room(StreamName::Memory, 35 * KIB as i64).await;
    let refused = bus.publish_batch(batch(5)).await;
    let words = matches!(&refused, Err(PublishError::Refused { reason, .. }) if reason.contains("maximum bytes"));
    assert!(words, "{refused:?}");
    assert_eq!(bus.last_sequence(StreamName::Memory).await.unwrap(), 0);
    room(StreamName::Memory, before).await;
    assert_eq!(bus.publish_batch(batch(5)).await.unwrap().sequence, 5);
}

#[tokio::test]
async fn a_service_says_no_more_in_one_message_than_a_stream_takes() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let sized = |bytes: usize| Outgoing::raw("commune.memory.ada.brief".to_owned(), vec![b'x'; bytes]);
    let refused = bus.publish(sized(960 * KIB + 1)).await;
    assert!(matches!(&refused, Err(PublishError::Refused { reason, .. }) if reason.contains("size")), "{refused:?}");
    let refused = bus.publish_batch(vec![sized(1), sized(960 * KIB + 1)]).await;
    let words = "MEMORY takes at most 983040";
    assert!(matches!(&refused, Err(PublishError::Refused { reason, .. }) if reason.contains(words)), "{refused:?}");
    assert_eq!(bus.last_sequence(StreamName::Memory).await.unwrap(), 0, "nothing of it was stored");
    assert_eq!(bus.publish(sized(960 * KIB)).await.unwrap().sequence, 1);
}

/// Holds every message until it is let go, and knows how many it held at most.
#[derive(Debug, Default)]
struct Holding {
    now: AtomicUsize,
    most: AtomicUsize,
    done: AtomicUsize,
    go: CancellationToken,
}

impl Handler for Holding {
    async fn handle(&self, _: Delivery) -> Handled {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.go.cancelled().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn no_more_messages_are_in_flight_than_are_handled_at_a_time() {
    let server = NatsServer::start().await;
    let bus: Bus = server.bus().await;
    for number in 0..40 {
        bus.publish(Outgoing::raw(format!("commune.aid.session.a{number}.x"), "x")).await.unwrap();
    }
    let spec = ConsumerSpec {
        stage: "story",
        stream: StreamName::Aid,
        durable: "story",
        filters: Vec::new(),
        concurrency: 4,
        ack_wait: Duration::from_secs(15),
        max_attempts: 3,
    };
    let (holding, stop) = (Arc::new(Holding::default()), CancellationToken::new());
    let consuming = tokio::spawn({
        let (bus, holding, stop) = (bus.clone(), holding.clone(), stop.clone());
        async move { bus.consume(spec, holding, stop).await }
    });
    let count = |counter: &AtomicUsize, wanted: usize| (counter.load(Ordering::SeqCst) == wanted).then_some(());
    eventually_some(A_WHILE, "four are held", || async { count(&holding.now, 4) }).await;
    let connection = ConnectOptions::with_nkey(server.seed().to_owned()).connect(server.url()).await.unwrap();
    let stream = jetstream::new(connection).get_stream("AID").await.unwrap();
    let delivered = stream.consumer_info("story").await.unwrap();
    assert_eq!((delivered.num_ack_pending, delivered.num_pending), (4, 36), "the rest wait on the server");
    holding.go.cancel();
    eventually_some(A_WHILE, "all are done", || async { count(&holding.done, 40) }).await;
    assert_eq!(holding.most.load(Ordering::SeqCst), 4);
    stop.cancel();
    consuming.await.unwrap().unwrap();
}
