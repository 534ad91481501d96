//! Planted violations are found: a checker that cannot fail is worthless. Each test begins with a small commune in
//! which all is well, and breaks one thing.

use bytes::Bytes;
use commune_bus::{DeadLetter, Stored, StreamName, attribute};
use commune_proto::{
    content_id,
    librarian::v1::{Article, ArticleCurated, Provenance},
    mutualaid::v1::{AidSession, Contribution, KnowledgeShared},
    night::v1::{NightBegun, Outcome, Stage, TrailRecord},
    selfcare::v1::{MemoryTidied, NoteState, NotesPage, TidiedNote},
};
use jiff::Timestamp;
use prost::{Message, Name};

use super::{
    Streams, Verdict, bounds, canaries, effects,
    history::History,
    places,
    views::{self, Answers},
};
use crate::{
    canary::{Canaries, Writing},
    ledger::{Entry, Fate, Heard, Ledger},
};

const NIGHT: &str = "2026-02-14";
const TOKENS: [&str; 4] = ["qzbakimorute", "qzlonisavude", "qzfopawulahe", "qztiroxefimo"];

fn stored(stream: StreamName, sequence: usize, subject: &str, headers: &[(&str, &str)], body: &[u8]) -> Stored {
    Stored {
        stream,
        subject: subject.to_owned(),
        sequence: sequence as u64,
        stored_at: Timestamp::UNIX_EPOCH,
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        payload: Bytes::copy_from_slice(body),
    }
}

fn put<M: Message + Name>(into: &mut Vec<Stored>, stream: StreamName, subject: &str, id: &str, event: &M) {
    let headers = [
        (attribute::ID, id),
        (attribute::TYPE, &M::full_name()),
        (attribute::CONTENT_TYPE, attribute::PROTOBUF),
        (attribute::MESSAGE_ID, id),
    ];
    let message = stored(stream, into.len() + 1, subject, &headers, &event.encode_to_vec());
    into.push(message);
}

/// What a small commune holds, and what its agents know of it.
struct World {
    streams: Streams,
    entries: Vec<Entry>,
    notes: Vec<TidiedNote>,
}

/// ada says four notes: one stays, one is merged into it, one is superseded by it, one is dead; and one drop.
fn world() -> World {
    let mut streams = Streams::default();
    let mut entries = Vec::new();
    for (index, token) in TOKENS.iter().enumerate() {
        let (id, body) = (format!("n{index}"), format!("It is {token}.\n"));
        let fate = if index == 3 { Fate::Dead("UTF-8") } else { Fate::Kept };
        let mut entry = Entry::new("ada", "note", Some(&id), body.clone().into_bytes(), token, fate);
        (entry.sends, entry.stored) = (1, [index as u64 + 1].into());
        entries.push(entry);
        let subject = format!("commune.log.3.ada.note.{id}");
        streams.agents.push(stored(StreamName::Agents, index + 1, &subject, &[], body.as_bytes()));
    }
    let mut entry = Entry::new("ada", "note", None, b"A drop of qzdadededodo.\n".to_vec(), "qzdadededodo", Fate::Kept);
    (entry.sends, entry.stored) = (1, [1].into());
    streams.drops.push(stored(StreamName::Drops, 1, "commune.agent.ada.note", &[], &entry.body));
    let drop_id = content_id(&["drop".as_bytes(), b"ada", b"1", &entry.body]);
    entries.push(entry);
    streams.dead.push(dead(4, "the body is not UTF-8"));

    let note = |id: &str, text: &str, state: NoteState, into: &str| TidiedNote {
        id: id.to_owned(),
        text: text.to_owned(),
        state: state.into(),
        into: into.to_owned(),
        ..TidiedNote::default()
    };
    let notes = vec![
        note("n0", &format!("It is {}.\nIt is {}.\n", TOKENS[0], TOKENS[1]), NoteState::Active, ""),
        note("n1", &format!("It is {}.\n", TOKENS[1]), NoteState::Merged, "n0"),
        note("n2", &format!("It is {}.\n", TOKENS[2]), NoteState::Superseded, "n0"),
        note(&drop_id, "A drop of qzdadededodo.\n", NoteState::Archived, ""),
    ];
    let tidied = MemoryTidied {
        agent: "ada".into(),
        night: NIGHT.into(),
        agents_through: 4,
        drops_through: 1,
        ..MemoryTidied::default()
    };
    let memory = &mut streams.memory;
    let subject = format!("commune.event.memory-tidied.ada.{NIGHT}");
    put(memory, StreamName::Memory, &subject, &content_id(&["memory-tidied", "ada", NIGHT]), &tidied);
    let mut world = World { streams, entries, notes };
    world.rest_of_the_night();
    world
}

fn dead(sequence: u64, reason: &str) -> DeadLetter {
    let message = stored(StreamName::Agents, sequence as usize, "commune.agent.ada.note.n3", &[], b"It is said.");
    DeadLetter {
        sequence: 1,
        stage: "selfcare".into(),
        reason: reason.into(),
        trace_id: String::new(),
        attempts: 1,
        original_stream: "AGENTS".into(),
        original_sequence: sequence,
        original_subject: "commune.agent.ada.note.n3".into(),
        message,
    }
}

fn shared(id: &str) -> KnowledgeShared {
    let contribution = Contribution {
        id: id.into(),
        agent: "ada".into(),
        night: NIGHT.into(),
        notes: vec!["n0".into()],
        text: format!("The text of {id}."),
        ..Contribution::default()
    };
    KnowledgeShared { contribution: Some(contribution), placement: None }
}

fn revision(number: u32, contributions: &[&str]) -> ArticleCurated {
    let article =
        Article { path: "a/b".into(), revision: number, body: "Nothing private.".into(), ..Article::default() };
    let provenance = contributions
        .iter()
        .map(|id| Provenance { contribution: (*id).into(), agent: "ada".into(), ..Provenance::default() })
        .collect();
    ArticleCurated { article: Some(article), provenance, ..ArticleCurated::default() }
}

impl World {
    fn rest_of_the_night(&mut self) {
        let streams = &mut self.streams;
        let begun = NightBegun { night: NIGHT.into(), agent: "ada".into(), ..NightBegun::default() };
        let subject = format!("commune.night.begun.{NIGHT}.ada");
        put(&mut streams.nights, StreamName::Nights, &subject, &content_id(&["begun", NIGHT, "ada"]), &begun);
        for stage in [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian] {
            self.record(stage, Outcome::Done);
        }
        for id in ["c1", "c2"] {
            self.share(id);
        }
        let session = AidSession { agent: "ada".into(), night: NIGHT.into(), ..AidSession::default() };
        let (subject, id) = (format!("commune.aid.session.ada.{NIGHT}"), format!("aid-session-ada-{NIGHT}"));
        put(&mut self.streams.aid, StreamName::Aid, &subject, &id, &session);
        self.curate(&revision(1, &["c1"]));
        self.curate(&revision(2, &["c2"]));
    }

    fn record(&mut self, stage: Stage, outcome: Outcome) {
        let token = commune_bus::subject::stage_token(stage);
        let id = match stage {
            Stage::Mutualaid => format!("trail-{NIGHT}-ada-mutualaid"),
            _ => content_id(&["trail", NIGHT, "ada", token]),
        };
        let record = TrailRecord {
            night: NIGHT.into(),
            agent: "ada".into(),
            stage: stage.into(),
            outcome: outcome.into(),
            ..TrailRecord::default()
        };
        let subject = format!("commune.night.trail.{NIGHT}.ada.{token}");
        put(&mut self.streams.nights, StreamName::Nights, &subject, &id, &record);
    }

    fn share(&mut self, id: &str) {
        let subject = format!("commune.event.knowledge-shared.ada.{id}");
        put(&mut self.streams.aid, StreamName::Aid, &subject, &format!("shared-{id}"), &shared(id));
    }

    fn curate(&mut self, curated: &ArticleCurated) {
        let article = curated.article.clone().unwrap();
        let number = article.revision.to_string();
        let mut parts = vec!["revision", "a/b", &number, &article.night, &article.title, &article.body];
        parts.extend(curated.provenance.iter().map(|p| p.contribution.as_str()));
        let id = content_id(&parts);
        put(&mut self.streams.library, StreamName::Library, "commune.event.article-curated.a.b", &id, curated);
    }

    fn judge(&self) -> Verdict {
        let mut streams = self.streams.clone();
        let page =
            NotesPage { agent: "ada".into(), night: NIGHT.into(), notes: self.notes.clone(), ..NotesPage::default() };
        let subject = format!("commune.memory.ada.notes.{NIGHT}.0");
        put(&mut streams.memory, StreamName::Memory, &subject, &content_id(&["notes", "ada", NIGHT, "0"]), &page);
        let mut verdict = places::check(&streams, &self.entries);
        verdict.absorb(effects::check(&streams));
        verdict
    }
}

/// Breaks one thing and looks for the rule that says so, and for no other.
fn check(rule: &str, break_it: impl FnOnce(&mut World)) {
    let mut world = world();
    break_it(&mut world);
    let verdict = world.judge();
    assert!(verdict.has(rule), "{rule} was not found:\n{verdict}");
    assert!(verdict.by_rule().len() <= 2, "more than {rule}:\n{verdict}");
}

#[test]
fn a_good_commune_is_good() {
    let verdict = world().judge();
    assert!(verdict.is_good(), "{verdict}");
    for (figure, count) in [("places.active", 1), ("places.merged", 1), ("places.dead", 1), ("effects.applied", 2)] {
        assert_eq!(verdict.figures[figure], count, "{verdict}");
    }
}

#[test]
fn what_is_lost_or_in_two_places_is_found() {
    check("places.lost", |w| drop(w.notes.remove(2)));
    check("places.lost", |w| w.streams.dead.clear());
    check("places.lost", |w| w.entries[0].stored = [9].into());
    check("places.lost", |w| w.streams.drops.clear());
    // acknowledged, and the server has nothing of it: its state was not durable
    check("places.lost", |w| drop(w.streams.agents.remove(3)));
    check("places.lost", |w| w.notes[0].text = format!("It is {}.", TOKENS[0]));
    check("places.twice", |w| w.streams.dead.push(dead(1, "given up")));
    check("places.twice", |w| w.streams.dead.push(dead(4, "not UTF-8 either")));
    check("places.twice", |w| w.entries[0].stored = [1, 9].into());
    check("places.twice", |w| {
        let again = Stored { sequence: 2, ..w.streams.drops[0].clone() };
        w.streams.drops.push(again);
    });
    check("places.nobody-said", |w| w.notes.push(TidiedNote { id: "n0-again".into(), ..w.notes[0].clone() }));
    check("places.another-text", |w| w.notes[2].text = "Something else.".into());
    check("places.another-text", |w| w.streams.agents[2].payload = Bytes::from_static(b"overwritten"));
    check("places.chain", |w| w.notes[1].into = "n9".into());
    check("places.chain", |w| {
        w.notes[0].set_state(NoteState::Superseded);
        w.notes[0].into = "n2".into();
    });
    check("places.not-refused", |w| w.entries[0].fate = Fate::Refused("per subject"));
    check("places.unexpected-dead", |w| w.entries[3].fate = Fate::Kept);
    check("places.reason", |w| w.entries[3].fate = Fate::Dead("upgrade"));
    check("places.wrong-owner", |w| {
        let mut entry =
            Entry::new("bob", "note", Some("x"), b"It is qzbobobobobo.".to_vec(), "qzbobobobobo", Fate::Kept);
        entry.sends = 1;
        w.entries.push(entry);
        w.notes[0].text.push_str("It is qzbobobobobo.");
    });
}

#[test]
fn only_what_was_acknowledged_binds() {
    let mut world = world();
    let mut entry = Entry::new("ada", "note", Some("n9"), b"It is qznananonono.".to_vec(), "qznananonono", Fate::Kept);
    entry.sends = 3;
    world.entries.push(entry);
    assert!(world.judge().is_good());
}

#[test]
fn what_waits_for_a_night_is_not_at_rest() {
    check("places.waits", |w| {
        let mut entry =
            Entry::new("ada", "note", Some("n9"), b"It is qznananonono.".to_vec(), "qznananonono", Fate::Kept);
        (entry.sends, entry.stored) = (1, [5].into());
        w.streams.agents.push(stored(StreamName::Agents, 5, "commune.log.3.ada.note.n9", &[], &entry.body));
        w.entries.push(entry);
    });
}

#[test]
fn a_second_effect_or_a_lost_one_is_found() {
    check("effects.applied-twice", |w| w.curate(&revision(3, &["c1"])));
    check("effects.gap", |w| w.curate(&revision(4, &[])));
    check("effects.gap", |w| w.curate(&revision(2, &[])));
    check("effects.lost", |w| w.share("c3"));
    check("effects.unshared", |w| w.curate(&revision(3, &["c9"])));
    check("effects.missing", |w| drop(w.streams.nights.pop()));
    check("effects.missing", |w| drop(w.streams.aid.pop()));
    check("effects.twice", |w| w.record(Stage::Librarian, Outcome::Done));
    check("effects.twice", |w| {
        let again = Stored { sequence: 9, ..w.streams.memory[0].clone() };
        w.streams.memory.push(again);
    });
    check("effects.unbegun", |w| drop(w.streams.nights.remove(0)));
    // the same event under two ids: one of them is random
    check("effects.id", |w| {
        let random = ("ce-id".to_owned(), "5f0c1d".to_owned());
        w.streams.library[1].headers[0] = random;
    });
}

#[test]
fn a_failed_record_may_be_replaced_once() {
    let mut world = world();
    let done = world.streams.nights.remove(2);
    world.record(Stage::Mutualaid, Outcome::Failed);
    let mut again = Stored { sequence: 9, ..done };
    for header in again.headers.iter_mut().filter(|(name, _)| ["ce-id", "Nats-Msg-Id"].contains(&name.as_str())) {
        header.1.push_str("-after-5");
    }
    world.streams.nights.push(again);
    let verdict = world.judge();
    assert!(verdict.is_good(), "{verdict}");
}

#[test]
fn a_rewritten_history_is_found() {
    let agents = world().streams.agents;
    let seen = |break_it: &dyn Fn(&mut Vec<Option<Stored>>)| {
        let mut history = History::default();
        let mut now: Vec<Option<Stored>> = agents.iter().cloned().map(Some).collect();
        for _ in 0..2 {
            for (place, message) in now.iter().enumerate() {
                history.take(StreamName::Agents, place as u64 + 1, message.as_ref());
            }
            break_it(&mut now);
        }
        history.verdict()
    };
    assert!(seen(&|_| {}).is_good());
    let changed = |change: fn(&mut Stored)| seen(&move |now| change(now[1].as_mut().unwrap()));
    assert!(changed(|m| m.payload = Bytes::from_static(b"other")).has("history.rewritten"));
    assert!(changed(|m| m.headers.push(("x".into(), "y".into()))).has("history.rewritten"));
    assert!(changed(|m| m.subject.push('x')).has("history.rewritten"));
    assert!(seen(&|now| now[1] = None).has("history.vanished"));
}

#[test]
fn a_canary_in_an_article_is_found_in_every_writing() {
    let planted = Canaries::default();
    planted.plant("ada", "bakimorutelonisavudefopa", "a preference");
    let search = planted.search();
    let look = |streams: &Streams| {
        let mut verdict = Verdict::default();
        canaries::stored(streams, &search, &mut verdict);
        verdict
    };
    assert!(look(&world().streams).is_good());
    for writing in Writing::ALL {
        let mut world = world();
        let mut curated = revision(3, &[]);
        let said = format!("What is said of it: {}, and no more.", writing.write("bakimorutelonisavudefopa"));
        curated.article.as_mut().unwrap().body = said;
        world.curate(&curated);
        assert!(look(&world.streams).has("canaries.library"), "{writing:?}");
    }
    let mut world = world();
    world.streams.dead[0].message.payload = Bytes::from_static(b"bakimorutelonisavudefopa");
    assert!(look(&world.streams).is_good(), "its own dead letter may hold it");
    world.streams.dead[0].original_subject = "commune.agent.bob.note.n3".into();
    assert!(look(&world.streams).has("canaries.dead"), "another's may not");
    world.streams.dead[0].reason = "found `bakimorutelonisavudefopa`".into();
    assert!(look(&world.streams).has("canaries.reason"));
    let mut verdict = Verdict::default();
    let heard = Heard {
        subject: "commune.inbox.bob.held".into(),
        headers: String::new(),
        payload: b"{\"note\":\"BAKIMORU-TELONISA-VUDEFOPA\"}".to_vec(),
    };
    canaries::heard(&[heard], &search, &mut verdict);
    assert!(verdict.has("canaries.inbox"));
}

#[test]
fn views_that_differ_and_bounds_that_are_passed_are_found() {
    let answers = |text: &str, score: f64| Answers {
        texts: [("get articles/a".to_owned(), text.to_owned())].into(),
        scores: [("search a".to_owned(), vec![score])].into(),
    };
    let compared = |live: &Answers, fresh: &Answers| {
        let mut verdict = Verdict::default();
        views::compare("two", live, fresh, &mut verdict);
        verdict
    };
    assert!(compared(&answers("a", 1.0), &answers("a", 1.000_000_1)).is_good());
    assert!(compared(&answers("a", 1.0), &answers("b", 1.0)).has("views.differ"));
    assert!(compared(&answers("a", 1.0), &Answers::default()).has("views.differ"));
    assert!(compared(&answers("a", 1.0), &answers("a", 1.1)).has("views.scores"));

    let here = i32::try_from(std::process::id()).unwrap();
    let mut samples = bounds::Samples::default();
    samples.take(&[("selfcare-0".to_owned(), here), ("gone".to_owned(), i32::MAX)]);
    assert_eq!(samples.0.len(), 1, "one that is gone is left out");
    assert!(samples.0[0].rss_kib > 0 && samples.0[0].descriptors > 0 && samples.verdict().is_good());
    samples.0[0].descriptors = 1 << 20;
    samples.0[0].rss_kib = 1 << 30;
    assert!(samples.verdict().has("bounds.memory") && samples.verdict().has("bounds.descriptors"));
}

/// On a real server: agents are told what is so, and a history that somebody meddles with is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_settles_and_a_removed_message_is_found() {
    use std::time::Duration;

    use crate::agents::{Fleet, FleetPlan};

    let server = commune_tests::NatsServer::start().await;
    let bus = server.bus().await;
    let ledger = Ledger::default();
    let plan =
        FleetPlan { every: Duration::from_millis(1), steps: Some(150), ..FleetPlan::new(vec![server.url()], 4, 11) };
    let fleet = Fleet::start(plan, ledger.clone());
    let mut history = History::default();
    commune_tests::eventually(Duration::from_secs(60), "every agent said what it has to say", || {
        let steps: u64 = ledger.tries().iter().filter(|(what, _)| !what.starts_with("retried")).map(|(_, n)| n).sum();
        async move { steps >= 560 }
    })
    .await;
    history.observe(&bus).await;
    fleet.stop().await;
    history.observe_all(&bus).await;
    assert!(history.verdict().is_good(), "{}", history.verdict());
    assert_eq!(ledger.unknown(), 0);

    let streams = Streams::read(&bus).await.unwrap();
    let entries = ledger.entries();
    // nobody has tidied yet: all that is missing is the night, and what should be dead is not
    let verdict = places::check(&streams, &entries);
    let rules: Vec<&str> = verdict.by_rule().into_keys().collect();
    assert_eq!(rules, ["places.waits"], "{verdict}");
    assert_eq!(entries.len() as u64, verdict.figures["places.acknowledged"] + verdict.figures["places.refused"]);
    assert!(entries.iter().any(|e| e.sends > 1 && e.already), "{:?}", ledger.tries());
    assert!(!ledger.canaries().all().is_empty());

    let client = async_nats::ConnectOptions::with_nkey(server.seed().to_owned()).connect(server.url()).await.unwrap();
    let agents = async_nats::jetstream::new(client).get_stream("AGENTS").await.unwrap();
    agents.delete_message(3).await.unwrap();
    history.observe_all(&bus).await;
    assert!(history.verdict().has("history.vanished"));
    assert!(places::check(&Streams::read(&bus).await.unwrap(), &entries).has("places.lost"));
}
