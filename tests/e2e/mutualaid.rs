//! Mutual aid on its own: memories are tidied by the story, sharing is done by real processes.

use std::{collections::BTreeMap, time::Duration};

use commune_bus::{Outgoing, Stored, StreamName, subject};
use commune_proto::{
    NightId, content_id,
    mutualaid::v1::{AidSession, KnowledgeShared, NeedAsked, PlacementAction},
    night::v1::{Outcome, Stage, TrailRecord},
    selfcare::v1::{MemoryTidied, NoteState, NotesPage, TidiedNote},
};
use futures::StreamExt;
use prost::{Message, Name};

use commune_tests::support::{A_NIGHT, agent, now, port, process::Replica, server::Server, wait};

const LESSON: &str =
    "Warm citric acid takes the limescale out of an espresso boiler; rinse three times before the next cup.";
const CANARY: &str = "canary-5f2c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lesson_is_shared_once_however_often_it_is_told() {
    let room = Room::start(2, &[]).await;
    let private = [
        note("b", "preference", &format!("My doctor's name is {CANARY}, and that is nobody's business.")),
        note(
            "c",
            "log",
            &format!(
                "# 14 February\n\nDinner with {CANARY} at eight.\n\n## Fix\n\nRestart the pump after the filter was changed.\n"
            ),
        ),
    ];
    let mut notes = vec![note("a", "lesson", LESSON)];
    notes.extend(private);
    room.tidied("ada", 14, notes, MemoryTidied::default()).await;
    let record = room.trail("ada", 14).await;
    assert_eq!(
        (record.outcome(), record.counts["shared"], record.counts["creations"]),
        (Outcome::Done, 2, 2),
        "{record:?}"
    );

    let shared = room.shared().await;
    let first = shared.iter().filter_map(|s| s.contribution.as_ref()).find(|c| c.notes == ["a"]).expect("the lesson");
    assert_eq!((first.agent.as_str(), first.kind.as_str(), first.text.as_str()), ("ada", "lesson", LESSON));
    let placement = shared[0].placement.as_ref().expect("it is placed");
    assert_eq!(placement.action(), PlacementAction::Create);
    assert!(placement.reason.contains("nothing in the library is on this"), "{}", placement.reason);
    assert_eq!(record.stream_sequence, room.sequence(StreamName::Aid).await, "the session is the last message");

    // the same event again, and the next night with nothing new
    let before = room.sequence(StreamName::Aid).await;
    room.event("ada", 14, MemoryTidied::default()).await;
    room.tidied("ada", 15, Vec::new(), MemoryTidied { unchanged: true, ..MemoryTidied::default() }).await;
    let record = room.trail("ada", 15).await;
    assert_eq!((record.outcome(), record.counts["shared"]), (Outcome::Nothing, 0));
    room.quiet().await;
    assert_eq!(room.sequence(StreamName::Aid).await, before + 1, "one session more, and nothing else");
    room.nothing_says(CANARY).await;
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_held_and_its_agent_is_told() {
    let room = Room::start(1, &[]).await;
    let mut inbox = room.server.agents.subscribe("commune.inbox.ada.held").await.unwrap();
    room.server.agents.flush().await.unwrap();
    let secret = format!("{}{}", "AKIA", "Z7QX3MNB5TRW2LKD");
    let held = format!("The build server signs in with {secret}, and it works well so far.");
    room.tidied("ada", 14, vec![note("a", "lesson", LESSON), note("b", "fix", &held)], MemoryTidied::default()).await;
    let record = room.trail("ada", 14).await;
    assert_eq!((record.outcome(), record.counts["shared"], record.counts["held"]), (Outcome::Done, 1, 1));

    let told = wait(Duration::from_secs(10), inbox.next()).await.expect("the agent is told in time").unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.payload).unwrap();
    assert_eq!((told["note"].as_str(), told["rule"].as_str()), (Some("b"), Some("secret:aws-access-key")), "{told}");
    assert!(!told.to_string().contains(&secret));
    let session = room.session("ada", 14).await;
    assert_eq!((session.held[0].note.as_str(), session.held.len()), ("b", 1));

    // it was said once; the next night is silent about it
    room.tidied("ada", 15, Vec::new(), MemoryTidied::default()).await;
    assert_eq!(room.trail("ada", 15).await.outcome(), Outcome::Nothing);
    room.nothing_says(&secret).await;
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_quotes_a_private_note_is_held_until_its_owner_shares_it() {
    const PRIVATE: &str = "Marta counts the green beans in the cellar on every second Friday evening.";
    let room = Room::start(1, &[]).await;
    room.tidied("bo", 14, vec![note("p", "preference", PRIVATE)], MemoryTidied::default()).await;
    assert_eq!(room.trail("bo", 14).await.outcome(), Outcome::Nothing);

    let told = note("a", "lesson", &format!("This is how it goes here: {PRIVATE}"));
    room.tidied("ada", 15, vec![told, note("b", "lesson", LESSON)], MemoryTidied::default()).await;
    let record = room.trail("ada", 15).await;
    assert_eq!((record.counts["shared"], record.counts["held"]), (1, 1));
    let held = &room.session("ada", 15).await.held;
    assert_eq!((held[0].note.as_str(), held[0].rule.as_str()), ("a", "quote:private"));
    room.nothing_says("second Friday evening").await;

    // its owner may say it, and from the next night on it is public
    room.tidied("bo", 16, vec![note("q", "lesson", PRIVATE)], MemoryTidied::default()).await;
    assert_eq!(room.trail("bo", 16).await.counts["shared"], 1);
    room.tidied("ada", 17, Vec::new(), MemoryTidied::default()).await;
    assert_eq!(room.trail("ada", 17).await.counts["shared"], 1);
    assert_eq!(room.session("ada", 17).await.released, ["a"]);
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_goes_well_takes_the_place_of_a_failure() {
    let room = Room::start(1, &[]).await;
    let failed = TrailRecord {
        night: night(14).to_string(),
        agent: "ada".into(),
        stage: Stage::Mutualaid.into(),
        outcome: Outcome::Failed.into(),
        detail: "given up".into(),
        ..TrailRecord::default()
    };
    let subject = subject::trail(night(14), &agent("ada"), Stage::Mutualaid);
    room.server.bus.publish(event_message(subject.clone(), "failed", &failed).once()).await.unwrap();
    room.tidied("ada", 14, vec![note("a", "lesson", LESSON)], MemoryTidied::default()).await;
    commune_tests::eventually(A_NIGHT, "the failure is replaced", || async {
        let last = room.server.bus.last(StreamName::Nights, &subject).await.unwrap().unwrap();
        last.event::<TrailRecord>().unwrap().outcome() == Outcome::Done
    })
    .await;
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_waits_and_rest_is_honoured() {
    let room = Room::start(1, &[("COMMUNE_SHARE__CAP", "2")]).await;
    let lessons = (0..5).map(|i| {
        note(&format!("n{i}"), "lesson", &format!("Lesson number {i}: the filter of machine {i} wants water."))
    });
    room.tidied("ada", 14, lessons.collect(), MemoryTidied::default()).await;
    let first = room.trail("ada", 14).await;
    assert_eq!((first.counts["shared"], first.counts["waiting"]), (2, 3));
    assert_eq!(room.session("ada", 14).await.waiting, ["n2", "n3", "n4"]);

    let resting = MemoryTidied { resting_until: "2026-02-20".into(), ..MemoryTidied::default() };
    room.tidied("ada", 15, Vec::new(), resting).await;
    assert_eq!(room.trail("ada", 15).await.outcome(), Outcome::Resting);
    let session = room.session("ada", 15).await;
    assert_eq!((session.resting_until.as_str(), session.shared.len()), ("2026-02-20", 0));

    let stopped = MemoryTidied { stopped: "it would archive 40 of 60 notes".into(), ..MemoryTidied::default() };
    room.tidied("ada", 16, Vec::new(), stopped).await;
    let record = room.trail("ada", 16).await;
    assert_eq!((record.outcome(), record.counts["shared"]), (Outcome::Stopped, 0));
    assert!(record.detail.contains("40 of 60"), "{}", record.detail);

    for (day, shared, waiting) in [(17, 2, 1), (18, 1, 0), (19, 0, 0)] {
        room.tidied("ada", day, Vec::new(), MemoryTidied::default()).await;
        let record = room.trail("ada", day).await;
        assert_eq!((record.counts["shared"], record.counts["waiting"]), (shared, waiting), "night {day}");
    }
    let notes: Vec<String> =
        room.shared().await.into_iter().filter_map(|s| s.contribution).flat_map(|c| c.notes).collect();
    assert_eq!(notes, ["n0", "n1", "n2", "n3", "n4"], "nothing is lost and nothing comes twice");
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_answers_a_need_goes_first() {
    let room = Room::start(1, &[("COMMUNE_SHARE__CAP", "1")]).await;
    let question = "How do I get limescale out of an espresso boiler?";
    room.server.agents.publish("commune.agent.bob.need", question.into()).await.unwrap();
    room.server.agents.publish("commune.agent.bob.need", question.to_lowercase().into()).await.unwrap();
    room.server.agents.flush().await.unwrap();
    room.read_until(StreamName::Aid, subject::NEED_ALL, 1).await;
    room.quiet().await;
    let asked = room.read_until(StreamName::Aid, subject::NEED_ALL, 1).await;
    assert_eq!(asked.len(), 1, "the same question on the same day is one asking");
    let asked: NeedAsked = asked[0].event().unwrap();
    // the two are handled at the same time, and either wording is the question
    assert_eq!((asked.question.to_lowercase(), asked.asker.as_str()), (question.to_lowercase(), "bob"));

    let older = note("a", "lesson", "Tickets that nobody owns are closed by nobody, so name an owner.");
    let newer = TidiedNote { logged_on: "2026-02-13".into(), ..note("b", "lesson", LESSON) };
    room.tidied("ada", 14, vec![older, newer], MemoryTidied::default()).await;
    assert_eq!(room.trail("ada", 14).await.counts["waiting"], 1);
    let shared = room.shared().await;
    let contribution = shared[0].contribution.as_ref().unwrap();
    assert_eq!(
        (contribution.notes.as_slice(), contribution.answers.as_slice()),
        (["b".to_owned()].as_slice(), [asked.need].as_slice())
    );
    room.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librarian_that_is_away_is_waited_for() {
    let mut room = Room::start(1, &[]).await;
    room.librarian.kill().await;
    room.tidied("ada", 14, vec![note("a", "lesson", LESSON)], MemoryTidied::default()).await;
    room.mutualaid[0].logged("the librarian did not say").await;
    assert!(room.shared().await.is_empty());
    room.librarian.restart();
    room.librarian.ready().await;
    assert_eq!(room.trail("ada", 14).await.counts["shared"], 1);
    room.finish().await;
}

/// A server, a librarian and mutualaid; the story plays selfcare.
struct Room {
    server: Server,
    librarian: Replica,
    mutualaid: Vec<Replica>,
    dir: tempfile::TempDir,
}

impl Room {
    async fn start(replicas: usize, settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start().await;
        let mut env = server.service_env();
        env.push(("COMMUNE_TELEMETRY__LOG_FORMAT".into(), "human".into()));
        env.push(("COMMUNE_COMMUNE__TIME_ZONE".into(), "Etc/UTC".into()));
        let address = format!("127.0.0.1:{}", port());
        let health = format!("127.0.0.1:{}", port());
        let mut librarian = Replica::start_at("librarian", 0, dir.path(), env.clone(), address, health).await;
        env.push(("COMMUNE_SHARE__LIBRARIAN".into(), format!("http://{}", librarian.grpc)));
        env.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut mutualaid = Vec::new();
        for index in 0..replicas {
            mutualaid.push(Replica::start("mutualaid", index, dir.path(), env.clone()).await);
        }
        librarian.ready().await;
        for replica in &mut mutualaid {
            replica.ready().await;
        }
        Self { server, librarian, mutualaid, dir }
    }

    /// Plays selfcare: one page of notes and the event, as one batch.
    async fn tidied(&self, who: &str, day: i8, notes: Vec<TidiedNote>, event: MemoryTidied) {
        let mut batch = Vec::new();
        if !notes.is_empty() {
            let notes = notes.into_iter().map(|n| TidiedNote { night: night(day).to_string(), ..n }).collect();
            let page = NotesPage { agent: who.into(), night: night(day).to_string(), notes, waiting: Vec::new() };
            batch.push(event_message(
                subject::notes_page(&agent(who), night(day), 0),
                &format!("page-{who}-{day}"),
                &page,
            ));
        }
        batch.push(tidied_message(who, day, "", event));
        self.server.bus.publish_batch(batch).await.unwrap();
    }

    /// The event alone, once more.
    async fn event(&self, who: &str, day: i8, event: MemoryTidied) {
        self.server.bus.publish(tidied_message(who, day, "-again", event)).await.unwrap();
    }

    async fn trail(&self, who: &str, day: i8) -> TrailRecord {
        let subject = subject::trail(night(day), &agent(who), Stage::Mutualaid);
        self.read_until(StreamName::Nights, &subject, 1).await[0].event().unwrap()
    }

    async fn session(&self, who: &str, day: i8) -> AidSession {
        self.read_until(StreamName::Aid, &subject::aid_session(&agent(who), night(day)), 1).await[0].event().unwrap()
    }

    async fn shared(&self) -> Vec<KnowledgeShared> {
        let shared = self.server.bus.read(StreamName::Aid, &[subject::KNOWLEDGE_SHARED_ALL], 1000).await.unwrap();
        shared.iter().map(|m| m.event().unwrap()).collect()
    }

    async fn sequence(&self, stream: StreamName) -> u64 {
        self.server.bus.last_sequence(stream).await.unwrap()
    }

    async fn read_until(&self, stream: StreamName, filter: &str, count: usize) -> Vec<Stored> {
        commune_tests::eventually_some(A_NIGHT, &format!("{count} messages on {filter}"), || async {
            let found = self.server.bus.read(stream, &[filter], 1000).await.ok()?;
            (found.len() >= count).then_some(found)
        })
        .await
    }

    /// Waits until no consumer has anything left to do.
    async fn quiet(&self) {
        commune_tests::eventually_some(A_NIGHT, "every consumer is idle", || async {
            let first = self.server.pending().await;
            (first == 0 && self.server.pending().await == 0).then_some(())
        })
        .await;
    }

    /// Looks through everything that left the memory.
    async fn nothing_says(&self, words: &str) {
        for stream in [StreamName::Aid, StreamName::Nights, StreamName::Library, StreamName::Dead] {
            for message in self.server.bus.read(stream, &[], 10_000).await.unwrap() {
                let said = format!("{:?} {}", message.headers, String::from_utf8_lossy(&message.payload));
                assert!(!said.contains(words), "`{words}` is in {} of {}", message.subject, stream.as_str());
            }
        }
        for replica in &self.mutualaid {
            assert!(!replica.log().contains(words), "`{words}` was logged");
        }
    }

    async fn finish(mut self) {
        self.quiet().await;
        let dead = self.server.bus.dead_letters(10).await.unwrap();
        let reasons: BTreeMap<u64, String> = dead.into_iter().map(|d| (d.sequence, d.reason)).collect();
        assert!(reasons.is_empty(), "dead letters were left: {reasons:?}");
        for replica in &mut self.mutualaid {
            replica.drain().await;
        }
        self.librarian.drain().await;
        self.dir.close().unwrap();
    }
}

fn night(day: i8) -> NightId {
    NightId::of(jiff::civil::date(2026, 2, day))
}

fn note(id: &str, kind: &str, text: &str) -> TidiedNote {
    TidiedNote {
        id: id.into(),
        text: text.into(),
        kind: kind.into(),
        logged_at: "2026-02-12T12:00:00Z".into(),
        logged_on: "2026-02-12".into(),
        state: NoteState::Active.into(),
        ..TidiedNote::default()
    }
}

fn tidied_message(who: &str, day: i8, suffix: &str, event: MemoryTidied) -> Outgoing {
    let event = MemoryTidied { agent: who.into(), night: night(day).to_string(), ..event };
    event_message(subject::memory_tidied(&agent(who), night(day)), &format!("tidied-{who}-{day}{suffix}"), &event)
}

fn event_message<M: Message + Name>(subject: String, id: &str, event: &M) -> Outgoing {
    Outgoing::event(subject, &content_id(&[id]), "selfcare", now(), event)
}
