//! selfcare alone: a memory is tidied once, told over gRPC, and given back what rules took away.

use std::{path::Path, time::Duration};

use commune_bus::{Bus, Outgoing, StreamName, subject};
use commune_proto::{
    AgentId, NightId,
    night::v1::{NightDue, NightRequested, Outcome, Stage, TrailRecord},
    selfcare::v1::{
        GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest, MemoryTidied, NoteState, RestoreNoteRequest,
        memory_service_client::MemoryServiceClient,
    },
};
use commune_tests::{NatsServer, Program, eventually_some};
use jiff::{Timestamp, tz::TimeZone};
use prost::{Message, Name};
use tonic::{Code, transport::Channel};

const SOON: Duration = Duration::from_secs(30);

/// A server, one selfcare, and an agent's connection.
struct Stage1 {
    server: NatsServer,
    dir: tempfile::TempDir,
    selfcare: Program,
    bus: Bus,
    agent: async_nats::Client,
}

impl Stage1 {
    async fn start() -> Self {
        let server = NatsServer::start().await;
        let dir = tempfile::tempdir().expect("a folder can be made");
        let selfcare = start_selfcare(&server, dir.path());
        let (bus, agent) = (server.bus().await, server.agent().await);
        Self { server, dir, selfcare, bus, agent }
    }

    async fn api(&self) -> MemoryServiceClient<Channel> {
        let file = self.dir.path().join("selfcare.json");
        eventually_some(SOON, "selfcare answers gRPC", || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            async move {
                let addresses: serde_json::Value = serde_json::from_str(&text).ok()?;
                MemoryServiceClient::connect(format!("http://{}", addresses["grpc"].as_str()?)).await.ok()
            }
        })
        .await
    }

    /// Publishes with an id and waits for the stream's answer.
    async fn say(&self, subject: &str, body: &[u8]) {
        let answer = self.agent.request(subject.to_owned(), body.to_vec().into()).await;
        let answer: serde_json::Value = serde_json::from_slice(&answer.expect("an answer").payload).expect("JSON");
        assert!(answer["seq"].is_u64(), "{subject}: {answer}");
    }

    async fn request(&self, night: NightId, ordinal: u32) {
        let request = NightRequested { night: night.to_string(), agents: Vec::new() };
        let id = format!("request-{night}-{ordinal}");
        let message = Outgoing::event(subject::night_requested(night), &id, "tests", now(), &request);
        self.bus.publish(message).await.expect("stored");
    }

    async fn tidied(&self, agent: &str, night: NightId) -> MemoryTidied {
        let subject = subject::memory_tidied(&id(agent), night);
        self.event(StreamName::Memory, subject).await
    }

    async fn trail(&self, agent: &str, night: NightId) -> TrailRecord {
        self.event(StreamName::Nights, subject::trail(night, &id(agent), Stage::Selfcare)).await
    }

    async fn event<M: Message + Name + Default>(&self, stream: StreamName, subject: String) -> M {
        let stored = eventually_some(SOON, &subject, || async { self.bus.last(stream, &subject).await.ok().flatten() });
        stored.await.event().expect("an event of this version")
    }

    /// Waits until every request so far was handled, and says how many messages there are in the streams of state.
    async fn settled(&self) -> (u64, u64) {
        let ids = async_nats::ConnectOptions::with_nkey(self.server.seed().to_owned());
        let client = ids.connect(self.server.url()).await.expect("a service can connect");
        let context = async_nats::jetstream::new(client);
        for (stream, consumer) in [("NIGHTS", "selfcare-opens"), ("NIGHTS", "selfcare-nights")] {
            eventually_some(SOON, &format!("{consumer} is idle"), || async {
                let info = context.get_stream(stream).await.ok()?.consumer_info(consumer).await.ok()?;
                (info.num_pending == 0 && info.num_ack_pending == 0).then_some(())
            })
            .await;
        }
        let last = |stream| async move { self.bus.last_sequence(stream).await.expect("an answer") };
        (last(StreamName::Memory).await, last(StreamName::Nights).await)
    }
}

fn start_selfcare(server: &NatsServer, dir: &Path) -> Program {
    let seed = dir.join("seed");
    std::fs::write(&seed, server.seed()).expect("the folder can be written");
    let variable = |name: &str, value: String| (format!("COMMUNE_{name}"), value);
    let environment = [
        variable("NATS__URL", server.url()),
        variable("NATS__NKEY_SEED_FILE", seed.display().to_string()),
        variable("LISTEN__GRPC", "127.0.0.1:0".into()),
        variable("LISTEN__HTTP", "127.0.0.1:0".into()),
        variable("LISTEN__ADDRESSES_FILE", dir.join("selfcare.json").display().to_string()),
        variable("COMMUNE__TIME_ZONE", "UTC".into()),
    ];
    Program::start("selfcare", &[], &environment, dir)
}

fn now() -> Timestamp {
    Timestamp::now()
}

fn today() -> NightId {
    NightId::of(TimeZone::UTC.to_datetime(now()).date())
}

fn id(agent: &str) -> AgentId {
    agent.parse().expect("an agent id")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_memory_is_tidied_once() {
    let mut stage = Stage1::start().await;
    let night = today();
    stage
        .say(
            "commune.agent.ada.note.n1",
            b"---\nkind: lesson\ntitle: Warm the kiln slowly\n---\nCracks come from haste.\n",
        )
        .await;
    stage.request(night, 1).await;

    let tidied = stage.tidied("ada", night).await;
    assert_eq!((tidied.counts["notes_new"], tidied.counts["active"], tidied.unchanged), (1, 1, false), "{tidied:?}");
    let record = stage.trail("ada", night).await;
    assert_eq!((record.outcome(), record.counts["active"]), (Outcome::Done, 1), "{record:?}");
    assert!(record.duration_us > 0 && record.trace_id.len() == 32 && record.stream_sequence > 0, "{record:?}");

    let mut api = stage.api().await;
    let brief = api.get_brief(GetBriefRequest { name: "agents/ada/brief".into() }).await.expect("a brief").into_inner();
    assert!(brief.text.contains("Warm the kiln slowly") && brief.text.contains("`n1`"), "{}", brief.text);
    let diary = GetDiaryEntryRequest { name: format!("agents/ada/diaryEntries/{}", night.date()) };
    let diary = api.get_diary_entry(diary).await.expect("an entry").into_inner();
    assert!(diary.text.contains("## Learned"), "{}", diary.text);

    // the same night again, also after a restart, changes nothing
    let (memory, nights) = stage.settled().await;
    stage.request(night, 2).await;
    assert_eq!(stage.settled().await, (memory, nights + 1), "only the request itself is new");
    stage.selfcare.kill();
    stage.selfcare = start_selfcare(&stage.server, stage.dir.path());
    stage.request(night, 3).await;
    assert_eq!(stage.settled().await, (memory, nights + 2), "only the requests themselves are new");

    // an extra run with nothing new is an outcome, and writes nothing but its event
    stage.request(night.next_extra(), 1).await;
    let record = stage.trail("ada", night.next_extra()).await;
    assert_eq!(record.outcome(), Outcome::Nothing, "{record:?}");
    assert_eq!(stage.settled().await.0, memory + 1);

    // the next night is scheduled, by one message
    let schedule =
        stage.bus.last(StreamName::Nights, subject::NIGHT_SCHEDULE).await.expect("an answer").expect("armed");
    let due: NightDue = schedule.event().expect("the night that is due");
    assert!(due.night.parse::<NightId>().is_ok_and(|due| due >= NightId::of(night.date().yesterday().expect("a day"))));
    stage.selfcare.terminate();
    assert!(stage.selfcare.ended(SOON).await.success(), "{}", stage.selfcare.stderr());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_messages_are_dead_letters_and_what_rules_took_comes_back() {
    let stage = Stage1::start().await;
    let night = today();
    stage
        .say("commune.agent.ada.note.port-1", b"---\nkey: port\nkind: fact\n---\nThe board listens on port 80.\n")
        .await;
    stage.say("commune.agent.ada.note.bad-1", b"caf\xe9").await;
    stage.say("commune.agent.ada.note.bad-2", b"---\ntitle: [x\n---\ntext").await;
    stage.say("commune.agent.ada.note.stub", b"# Tuesday\n\n## Done\n\n-\n").await;
    stage
        .say("commune.agent.ada.note.port-2", b"---\nkey: port\nkind: fact\n---\nThe board listens on port 81.\n")
        .await;
    stage.agent.publish("commune.agent.ada.note", "A word without an id.".into()).await.expect("connected");
    stage.agent.publish("commune.agent.ada.gossip", "What is this?".into()).await.expect("connected");
    stage.agent.flush().await.expect("connected");
    let dead = eventually_some(SOON, "three dead letters", || async {
        let dead = stage.bus.dead_letters(10).await.ok()?;
        (dead.len() >= 3).then_some(dead)
    })
    .await;
    for word in ["UTF-8", "front matter", "gossip"] {
        assert!(dead.iter().any(|letter| letter.reason.contains(word)), "{word}: {dead:?}");
    }

    stage.request(night, 1).await;
    let counts = stage.tidied("ada", night).await.counts;
    let count = |name: &str| counts[name];
    assert_eq!(
        (count("active"), count("superseded"), count("archived"), count("invalid")),
        (2, 1, 1, 2 + 1),
        "{counts:?}"
    );

    let mut api = stage.api().await;
    let list = |state: NoteState| ListNotesRequest {
        parent: "agents/ada".into(),
        state: state.into(),
        page_size: 1,
        ..Default::default()
    };
    // the event is in the stream a moment before the replica that answers has read it
    let first = eventually_some(SOON, "the notes of the night", || {
        let (mut api, request) = (api.clone(), list(NoteState::Unspecified));
        async move { api.list_notes(request).await.ok().map(tonic::Response::into_inner).filter(|a| a.total_size == 4) }
    })
    .await;
    assert_eq!((first.notes.len(), first.total_size), (1, 4));
    let mut seen = vec![first.notes[0].id.clone()];
    let mut token = first.next_page_token;
    while !token.is_empty() {
        let page = ListNotesRequest { page_token: token, ..list(NoteState::Unspecified) };
        let page = api.list_notes(page).await.expect("notes").into_inner();
        seen.extend(page.notes.into_iter().map(|note| note.id));
        token = page.next_page_token;
    }
    assert_eq!(seen.len(), 4, "every note in some state: {seen:?}");
    assert!(seen.is_sorted());

    let superseded = api.list_notes(list(NoteState::Superseded)).await.expect("notes").into_inner();
    assert_eq!((superseded.notes[0].id.as_str(), superseded.notes[0].into.as_str()), ("port-1", "port-2"));
    let name = RestoreNoteRequest { name: "agents/ada/notes/port-1".into() };
    let restored = api.restore_note(name.clone()).await.expect("restored").into_inner();
    assert_eq!((restored.state(), restored.rule.as_str()), (NoteState::Active, "restored"));
    let memory = stage.bus.last_sequence(StreamName::Memory).await.expect("an answer");
    api.restore_note(name).await.expect("it is there already");
    assert_eq!(stage.bus.last_sequence(StreamName::Memory).await.expect("an answer"), memory, "nothing was written");
    let brief = api.get_brief(GetBriefRequest { name: "agents/ada/brief".into() }).await.expect("a brief").into_inner();
    assert!(brief.text.contains("`port-1`"), "{}", brief.text);

    // the next night leaves it where it was put
    stage
        .say("commune.agent.ada.note.port-3", b"---\nkey: port\nkind: fact\n---\nThe board listens on port 82.\n")
        .await;
    stage.request(night.next_extra(), 1).await;
    let counts = stage.tidied("ada", night.next_extra()).await.counts;
    assert_eq!((counts["active"], counts["superseded"]), (3, 1), "{counts:?}");
    let absent = api.restore_note(RestoreNoteRequest { name: "agents/ada/notes/none".into() }).await;
    assert_eq!(absent.expect_err("not there").code(), Code::NotFound);
}
