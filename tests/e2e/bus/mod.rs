//! Stories of the bus on a real server: what it promises, with the server killed in between.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a story fails loudly, and reads the machine that it runs on"
)]

mod kept;
mod reading;
mod rights;
mod store;
mod strangers;

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use commune_bus::{
    Bus, Connection, ConsumerSpec, Delivery, Failure, Handled, Handler, Outgoing, Project, PublishError, Stored,
    StreamName, TopologyError, View, attribute, subject,
};
use commune_proto::{NightId, NoteId, night::v1::NightBegun};
use commune_tests::{A_WHILE, NatsServer, eventually, eventually_some};
use jiff::{Timestamp, ToSpan};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A handler made of a function of the delivery.
struct Told<F>(F);

impl<F, Fut> Handler for Told<F>
where
    F: Fn(Delivery) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Handled> + Send,
{
    async fn handle(&self, delivery: Delivery) -> Handled {
        (self.0)(delivery).await
    }
}

/// Collects bodies by sequence.
#[derive(Default)]
struct Bodies(BTreeMap<u64, Vec<u8>>);

impl Project for Bodies {
    fn apply(&mut self, message: &Stored) {
        let repeated = self.0.insert(message.sequence, message.payload.to_vec());
        assert!(repeated.is_none(), "message {} was applied twice", message.sequence);
    }
}

fn spec(stream: StreamName, durable: &'static str) -> ConsumerSpec {
    ConsumerSpec {
        stage: "story",
        stream,
        durable,
        filters: Vec::new(),
        concurrency: 4,
        ack_wait: Duration::from_secs(10),
        max_attempts: 3,
    }
}

fn consuming<F, Fut>(bus: &Bus, spec: ConsumerSpec, handle: F) -> (JoinHandle<()>, CancellationToken)
where
    F: Fn(Delivery) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Handled> + Send + 'static,
{
    let (bus, stop) = (bus.clone(), CancellationToken::new());
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        bus.consume(spec, Arc::new(Told(handle)), stopped).await.expect("the consumer can be made");
    });
    (task, stop)
}

fn trail(name: &str, body: &str) -> Outgoing {
    Outgoing::raw(format!("commune.night.trail.{name}"), body.to_owned())
}

#[tokio::test]
async fn an_id_is_taken_once_for_ever() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let (ada, id) = ("ada".parse().unwrap(), "x1".parse::<NoteId>().unwrap());
    let said = |body: &str| Outgoing::raw(subject::said(&ada, "note", Some(&id)), body.to_owned());

    bus.publish(said("first")).await.unwrap();
    assert!(matches!(bus.publish(said("second")).await, Err(PublishError::Conflict { .. })));

    let stored = bus.read(StreamName::Agents, &[], 10).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].payload, "first");
    let said = subject::parse_said(&stored[0].subject).unwrap();
    assert_eq!((said.agent, said.kind, said.id), ("ada", "note", Some("x1")));
    let last = bus.last(StreamName::Agents, &stored[0].subject).await.unwrap().unwrap();
    assert_eq!((last.sequence, last.stored_at), (1, stored[0].stored_at));
    assert!(bus.get(StreamName::Agents, 2).await.unwrap().is_none());
    assert_eq!(bus.last_sequence(StreamName::Drops).await.unwrap(), 0);
}

#[tokio::test]
async fn expectations_and_message_ids_hold() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let first = bus.publish(trail("a", "1").once()).await.unwrap();
    assert!(matches!(bus.publish(trail("a", "2").once()).await, Err(PublishError::Conflict { .. })));
    bus.publish(trail("a", "2").after(first.sequence)).await.unwrap();

    let with_id = || trail("b", "1").header(attribute::MESSAGE_ID, "once");
    let stored = bus.publish(with_id()).await.unwrap();
    let again = bus.publish(with_id()).await.unwrap();
    assert!(again.duplicate && again.sequence == stored.sequence);
    // the server looks at the expectation first
    assert!(matches!(bus.publish(with_id().once()).await, Err(PublishError::Conflict { .. })));

    let too_large = Outgoing::raw("commune.night.trail.c".to_owned(), vec![0; 1_000_000]);
    let refused = bus.publish(too_large).await;
    assert!(matches!(&refused, Err(PublishError::Refused { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_batch_is_stored_as_a_whole_or_not_at_all() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let brief = "commune.memory.ada.brief";
    let batch = |brief_after: u64, night: &str| {
        let mut batch = vec![Outgoing::raw(brief.to_owned(), "brief").after(brief_after)];
        for page in 0..300 {
            let page = format!("commune.memory.ada.notes.{night}.{page}");
            let id = format!("page-{page}");
            batch.push(Outgoing::raw(page, "notes").header(attribute::MESSAGE_ID, &id).once());
        }
        batch.push(Outgoing::raw(format!("commune.event.memory-tidied.ada.{night}"), "tidied").once());
        batch
    };

    let stored = bus.publish_batch(batch(0, "2026-02-14")).await.unwrap();
    assert_eq!(stored.sequence, 302);
    let conflict = bus.publish_batch(batch(0, "2026-02-15")).await;
    assert!(matches!(&conflict, Err(PublishError::Conflict { subject }) if subject == brief), "{conflict:?}");
    assert_eq!(bus.last_sequence(StreamName::Memory).await.unwrap(), 302, "nothing of it was stored");
    // the same batch again: its ids are known, and its expectations fail
    assert!(matches!(bus.publish_batch(batch(1, "2026-02-14")).await, Err(PublishError::Conflict { .. })));
    // the failed night can be repeated with the right expectation: its ids were not remembered
    assert_eq!(bus.publish_batch(batch(1, "2026-02-15")).await.unwrap().sequence, 604);

    let several = vec![trail("a", ""), Outgoing::raw(brief.to_owned(), "")];
    assert!(matches!(bus.publish_batch(several).await, Err(PublishError::Refused { .. })));
    let many = (0..1001).map(|n| trail(&n.to_string(), "")).collect();
    assert!(matches!(bus.publish_batch(many).await, Err(PublishError::Refused { .. })));
    let most = (0..1000).map(|n| trail(&n.to_string(), "")).collect();
    assert_eq!(bus.publish_batch(most).await.unwrap().sequence, 1000);
    assert_eq!(bus.publish_batch(vec![trail("one", "")]).await.unwrap().sequence, 1001);
}

#[tokio::test]
async fn batches_of_many_at_once_do_not_mix() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let other = server.connect("other").await;
    let batches = (0..40).map(|n| {
        let bus = if n % 2 == 0 { bus.clone() } else { other.clone() };
        async move {
            let same_content = (0..20).map(|page| trail(&format!("{}.{page}", n / 2), "x").once()).collect();
            bus.publish_batch(same_content).await
        }
    });
    let outcomes = futures::future::join_all(batches).await;
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = outcomes.iter().filter(|o| matches!(o, Err(PublishError::Conflict { .. }))).count();
    assert_eq!((stored, lost), (20, 20), "{outcomes:?}");
    assert_eq!(bus.last_sequence(StreamName::Nights).await.unwrap(), 400);
}

#[tokio::test]
async fn what_fails_is_tried_again_then_buried_and_can_be_replayed() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let attempts = Arc::new(AtomicU64::new(0));
    let broken = Arc::new(AtomicU64::new(1));
    let (counted, state) = (attempts.clone(), broken.clone());
    let (task, stop) = consuming(&bus, spec(StreamName::Drops, "story-retry"), move |delivery| {
        let (counted, state) = (counted.clone(), state.clone());
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            match (state.load(Ordering::SeqCst), delivery.message.payload.as_ref()) {
                (_, b"bad") => Err(Failure::reject("say it in other words")),
                (1, _) => Err(Failure::retry("not now")),
                _ => Ok(()),
            }
        }
    });
    let said = Outgoing::raw("commune.agent.ada.note".to_owned(), "hello").header("Content-Type", "text/plain");
    bus.publish(said).await.unwrap();
    bus.publish(Outgoing::raw("commune.agent.ada.note".to_owned(), "bad")).await.unwrap();

    let letters = eventually_some(A_WHILE, "both are dead letters", || async {
        let letters = bus.dead_letters(10).await.unwrap();
        (letters.len() == 2).then_some(letters)
    })
    .await;
    let by_body = |body: &str| letters.iter().find(|letter| letter.message.payload == body).unwrap();
    let (hello, bad) = (by_body("hello"), by_body("bad"));
    assert_eq!((hello.attempts, bad.attempts), (3, 1));
    assert!(hello.reason.contains("not now") && bad.reason.contains("other words"));
    assert_eq!(hello.original_subject, "commune.agent.ada.note");
    assert_eq!((hello.original_stream.as_str(), hello.original_sequence), ("DROPS", 1));
    assert_eq!(hello.message.header("Content-Type"), Some("text/plain"));
    assert!(!bus.bury("story", &bad.message, 1, "again").await.unwrap(), "one letter for each message");
    assert_eq!(bus.dead_letter(hello.sequence).await.unwrap().unwrap().reason, hello.reason);

    broken.store(0, Ordering::SeqCst);
    let before = attempts.load(Ordering::SeqCst);
    bus.replay(hello).await.unwrap();
    eventually(A_WHILE, "the replayed message is handled", || async { attempts.load(Ordering::SeqCst) == before + 1 })
        .await;
    assert_eq!(bus.dead_letters(10).await.unwrap().len(), 2);
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_panic_is_an_attempt_and_long_work_keeps_its_message() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let spec = ConsumerSpec { ack_wait: Duration::from_millis(600), ..spec(StreamName::Nights, "story-panic") };
    let (task, stop) = consuming(&bus, spec, move |delivery| {
        let noted = noted.clone();
        async move {
            let body = String::from_utf8_lossy(&delivery.message.payload).into_owned();
            noted.lock().unwrap().push((body.clone(), delivery.attempt));
            if body == "panic" && delivery.attempt == 1 {
                panic!("on purpose");
            }
            if body == "long" {
                // three times what the server waits: only progress keeps the message
                tokio::time::sleep(Duration::from_millis(1800)).await;
                noted.lock().unwrap().push(("done".to_owned(), delivery.attempt));
            }
            Ok(())
        }
    });
    bus.publish(trail("p", "panic")).await.unwrap();
    bus.publish(trail("l", "long")).await.unwrap();
    eventually(A_WHILE, "both are handled", || async {
        let seen = seen.lock().unwrap();
        seen.contains(&("panic".to_owned(), 2)) && seen.contains(&("done".to_owned(), 1))
    })
    .await;
    stop.cancel();
    task.await.unwrap();
    assert_eq!(seen.lock().unwrap().iter().filter(|(body, _)| body == "long").count(), 1);
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn who_stops_gives_back_and_finishes_what_it_began() {
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    for n in 0..20 {
        bus.publish(trail(&n.to_string(), "x")).await.unwrap();
    }
    // the server would wait two minutes for what a replica took along
    let slow = ConsumerSpec { ack_wait: Duration::from_secs(120), ..spec(StreamName::Nights, "story-drain") };
    let (begun, finished) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (begins, finishes) = (begun.clone(), finished.clone());
    let (task, stop) = consuming(&bus, slow.clone(), move |_| {
        let (begins, finishes) = (begins.clone(), finishes.clone());
        async move {
            begins.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(300)).await;
            finishes.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    eventually(A_WHILE, "work has begun", || async { begun.load(Ordering::SeqCst) >= 4 }).await;
    stop.cancel();
    task.await.unwrap();
    let done = finished.load(Ordering::SeqCst);
    assert_eq!(done, begun.load(Ordering::SeqCst), "what was begun was finished");
    assert!(done < 20);

    let rest = Arc::new(AtomicU64::new(0));
    let counted = rest.clone();
    let began = Instant::now();
    let (task, stop) = consuming(&bus, slow, move |_| {
        let counted = counted.clone();
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    eventually(A_WHILE, "another takes over the rest", || async { rest.load(Ordering::SeqCst) == 20 - done }).await;
    assert!(began.elapsed() < Duration::from_secs(20));
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_on_and_a_view_equals_its_stream_after_the_server_was_killed() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let stop = CancellationToken::new();
    let view = View::start(&bus, StreamName::Nights, Vec::new(), Bodies::default(), stop.clone());
    view.caught_up().await;
    assert!(view.is_current());
    let handled = Arc::new(Mutex::new(BTreeMap::<u64, u64>::new()));
    let noted = handled.clone();
    let (task, stop_consuming) = consuming(&bus, spec(StreamName::Nights, "story-killed"), move |delivery| {
        let noted = noted.clone();
        async move {
            *noted.lock().unwrap().entry(delivery.message.sequence).or_default() += 1;
            Ok(())
        }
    });

    let published = Arc::new(AtomicU64::new(0));
    let (publisher, counter) = (bus.clone(), published.clone());
    let publishing = tokio::spawn(async move {
        for n in 0..600_u64 {
            let body = n.to_string();
            let id = format!("id-{n}");
            // an answer that is lost with the server must not turn into a conflict with ourselves
            let message = trail(&body, &body).header(attribute::MESSAGE_ID, &id).once();
            publisher.publish(message).await.expect("it is stored in the end");
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    for round in 1..=2 {
        eventually(A_WHILE, "some were published", || async { published.load(Ordering::SeqCst) >= round * 150 }).await;
        let mut connection = bus.connection();
        server.kill();
        connection.wait_for(|state| *state == Connection::Down).await.unwrap();
        server.restart().await;
        connection.wait_for(|state| *state == Connection::Up).await.unwrap();
    }
    publishing.await.unwrap();

    let last = bus.last_sequence(StreamName::Nights).await.unwrap();
    assert_eq!(last, 600, "each once, none lost");
    view.reached(last, A_WHILE).await.unwrap();
    let stored = bus.read(StreamName::Nights, &[], 10_000).await.unwrap();
    let stored: BTreeMap<u64, Vec<u8>> = stored.into_iter().map(|m| (m.sequence, m.payload.to_vec())).collect();
    view.read(|bodies| assert!(bodies.0 == stored, "the view differs from its stream"));
    eventually(A_WHILE, "the view can be trusted again", || async { view.is_current() }).await;
    eventually(A_WHILE, "all were handled", || async { handled.lock().unwrap().len() == 600 }).await;
    assert!(view.reached(last + 1, Duration::from_millis(50)).await.is_err());
    stop.cancel();
    stop_consuming.cancel();
    task.await.unwrap();
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_takes_in_a_long_stream_quickly() {
    const MANY: u64 = 100_000;
    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let batches = (0..MANY / 1000).map(|batch| {
        let bus = bus.clone();
        async move {
            let messages = (0..1000).map(|n| trail(&format!("{batch}.{n}"), "small")).collect();
            bus.publish_batch(messages).await.unwrap();
        }
    });
    for batch in batches {
        batch.await;
    }
    let began = Instant::now();
    let stop = CancellationToken::new();
    let filters = vec![subject::TRAIL_ALL.to_owned()];
    let view = View::start(&bus, StreamName::Nights, filters, Bodies::default(), stop.clone());
    view.caught_up().await;
    assert_eq!(view.read(|bodies| bodies.0.len() as u64), MANY);
    println!("a view took in {MANY} messages in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(20));
    stop.cancel();
}

#[tokio::test]
async fn replicas_prepare_the_streams_at_once_and_a_foreign_stream_is_left_alone() {
    let server = NatsServer::start().await;
    let replicas = futures::future::join_all((0..8).map(|n| {
        let server = &server;
        async move { server.connect(&format!("replica-{n}")).await.ensure_topology().await }
    }));
    for ready in replicas.await {
        ready.unwrap();
    }

    let server = NatsServer::start().await;
    let options = async_nats::ConnectOptions::with_nkey(server.seed().to_owned());
    let context = async_nats::jetstream::new(options.connect(server.url()).await.unwrap());
    let foreign = async_nats::jetstream::stream::Config {
        name: "MEMORY".to_owned(),
        subjects: vec!["somebody.else".to_owned()],
        ..Default::default()
    };
    let before = context.create_stream(foreign).await.unwrap().get_info().await.unwrap().config;
    let error = server.connect("late").await.ensure_topology().await.unwrap_err();
    let words = error.to_string();
    assert!(matches!(error, TopologyError::Incompatible { stream: "MEMORY", .. }));
    assert!(words.contains("somebody.else") && words.contains("Nothing was changed"), "{words}");
    let after = context.get_stream("MEMORY").await.unwrap().get_info().await.unwrap().config;
    assert_eq!(before, after);

    context.delete_stream("MEMORY").await.unwrap();
    let squatter = async_nats::jetstream::stream::Config {
        name: "SQUATTER".to_owned(),
        subjects: vec!["commune.aid.session.>".to_owned()],
        ..Default::default()
    };
    context.create_stream(squatter).await.unwrap();
    let error = server.connect("later").await.ensure_topology().await.unwrap_err();
    assert!(matches!(error, TopologyError::Incompatible { stream: "AID", .. }), "{error}");
}

#[tokio::test]
async fn a_schedule_fires_once_at_its_time_also_after_a_kill() {
    let mut server = NatsServer::start().await;
    let bus = server.bus().await;
    let due_in = |seconds: i64| Timestamp::now() + seconds.seconds();
    let armed = |at| {
        Outgoing::raw(subject::NIGHT_SCHEDULE.to_owned(), "due").header("story", "kept").due_at(at, subject::NIGHT_DUE)
    };
    let first = bus.publish(armed(due_in(1)).once()).await.unwrap();
    assert!(matches!(bus.publish(armed(due_in(1)).once()).await, Err(PublishError::Conflict { .. })));
    let due = || async { bus.read(StreamName::Nights, &[subject::NIGHT_DUE], 10).await.unwrap() };
    let fired = eventually_some(A_WHILE, "the schedule fired", || async { due().await.pop() }).await;
    assert_eq!((fired.payload.as_ref(), fired.header("story")), (&b"due"[..], Some("kept")));
    assert!(bus.last(StreamName::Nights, subject::NIGHT_SCHEDULE).await.unwrap().is_none(), "it is spent");

    let again = armed(due_in(2)).once();
    assert!(bus.publish(again).await.unwrap().sequence > first.sequence);
    server.kill();
    server.restart().await;
    let bus = server.bus().await;
    let due = || async { bus.read(StreamName::Nights, &[subject::NIGHT_DUE], 10).await.unwrap().len() };
    eventually(A_WHILE, "it fired after the kill", || async { due().await == 2 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_crosses_the_bus() {
    use opentelemetry::trace::TraceContextExt;
    use tracing_subscriber::layer::SubscriberExt;

    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().build();
    let tracer = opentelemetry::trace::TracerProvider::tracer(&provider, "story");
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).expect("nobody else sets one");

    let server = NatsServer::start().await;
    let bus = server.bus().await;
    let night = NightId::of(jiff::civil::date(2026, 2, 14));
    let ada = "ada".parse().unwrap();
    let root = tracing::info_span!(parent: None, "night ada");
    let trace = root.context().span().span_context().trace_id().to_string();
    let begun = root.in_scope(|| {
        let event = NightBegun { agent: "ada".to_owned(), ..NightBegun::default() };
        Outgoing::event(subject::night_begun(night, &ada), "begun-ada", "selfcare", Timestamp::UNIX_EPOCH, &event)
    });
    bus.publish(begun.once()).await.unwrap();

    let seen = Arc::new(Mutex::new(None));
    let noted = seen.clone();
    let bus_of_handler = bus.clone();
    let begun_only =
        ConsumerSpec { filters: vec![subject::NIGHT_BEGUN_ALL.to_owned()], ..spec(StreamName::Nights, "story-trace") };
    // the loop's own span must not become the parent of what it handles
    let (task, stop) = async {
        consuming(&bus, begun_only, move |delivery| {
            let (noted, bus) = (noted.clone(), bus_of_handler.clone());
            async move {
                let event: NightBegun = delivery.message.event().map_err(Failure::reject)?;
                let context = tracing::Span::current().context();
                let inside = context.span().span_context().trace_id().to_string();
                *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some((inside, delivery.message.trace_id()));
                let next = Outgoing::event(
                    "commune.event.memory-tidied.ada.2026-02-14".to_owned(),
                    "tidied-ada",
                    "selfcare",
                    Timestamp::UNIX_EPOCH,
                    &event,
                );
                bus.publish(next.once()).await.map_err(Failure::retry)?;
                Ok(())
            }
        })
    }
    .instrument(tracing::info_span!("service"))
    .await;
    let tidied = eventually_some(A_WHILE, "the next stage's event is there", || async {
        bus.last(StreamName::Memory, subject::MEMORY_TIDIED_ALL).await.unwrap()
    })
    .await;
    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap();
    assert_eq!(seen, (trace.clone(), trace.clone()));
    assert_eq!(tidied.trace_id(), trace);
    stop.cancel();
    task.await.unwrap();
}
