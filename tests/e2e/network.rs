//! Bad weather between the services and their server: latency, half-open connections, resets, lost answers. The end
//! state is the one of an undisturbed night.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use commune_bus::{Outgoing, StreamName, subject};
use commune_proto::{librarian::v1::ArticleCurated, night::v1::TrailRecord};
use commune_tests::{
    Flow, NatsServer, Proxy, Weather, eventually, eventually_some,
    support::{A_NIGHT, Commune, Plan, notes, now, server::Server, state::EndState},
};
use tokio::sync::OnceCell;

const AGENTS: usize = 4;
const NOTES_EACH: usize = 16;
const CAP: usize = 5;
/// Longer than a request (5 s), a silent pull (4.5 s) and a publish with all its attempts (10 s) wait.
const LONGER_THAN_PATIENCE: Duration = Duration::from_secs(12);

/// What a night of these notes comes to in fair weather.
static CALM: OnceCell<EndState> = OnceCell::const_new();

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_line_changes_nothing_in_the_end() {
    let (_proxy, commune) = begun(Weather::slow(Duration::from_millis(200), Duration::from_millis(100))).await;
    ended(commune, "200 ms of latency").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_line_changes_nothing_in_the_end() {
    let (proxy, commune) = begun(Weather::default()).await;
    stored(&commune, StreamName::Memory, subject::MEMORY_TIDIED_ALL, 1).await;
    let cut = Instant::now();
    proxy.weather(Weather::half_open());
    eventually(A_NIGHT, "every patience is at its end", async || cut.elapsed() > LONGER_THAN_PATIENCE).await;
    // what was held now arrives, long after who sent it gave up on it
    proxy.clear();
    ended(commune, "a half-open line").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resets_change_nothing_in_the_end() {
    let (proxy, commune) = begun(Weather::default()).await;
    let steps = [
        (StreamName::Memory, subject::MEMORY_TIDIED_ALL, 1),
        (StreamName::Memory, subject::MEMORY_TIDIED_ALL, 3),
        (StreamName::Aid, subject::AID_SESSION_ALL, 1),
        (StreamName::Aid, subject::AID_SESSION_ALL, 3),
        (StreamName::Library, subject::ARTICLE_CURATED_ALL, 1),
    ];
    for (stream, filter, count) in steps {
        stored(&commune, stream, filter, count).await;
        proxy.reset();
        eventually(A_NIGHT, "the services are connected again", async || proxy.connections() >= 3).await;
    }
    ended(commune, "five resets").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_change_nothing_in_the_end() {
    let (proxy, commune) = said(Weather::default()).await;
    let night = commune.night();
    // what each stage has stored when it hears nothing any more, and the words it says then
    let trail = format!("commune.night.trail.{night}.agent-00.mutualaid");
    let steps = [
        (StreamName::Memory, subject::MEMORY_TIDIED_ALL, vec!["PUB commune.event.memory-tidied."]),
        (StreamName::Aid, subject::AID_SESSION_ALL, vec!["PUB commune.aid.session."]),
        (StreamName::Nights, trail.as_str(), vec![trail.as_str()]),
        // articles are stored by the last message of their batch
        (
            StreamName::Library,
            subject::ARTICLE_CURATED_ALL,
            vec!["PUB commune.event.article-curated.", "Nats-Batch-Commit:"],
        ),
    ];
    proxy.weather_after(&steps[0].2, Weather::answers_lost());
    commune.request(night).await;
    let mut swallowed = 0;
    for (step, (stream, filter, _)) in steps.iter().enumerate() {
        stored(&commune, *stream, filter, 1).await;
        eventually(A_NIGHT, "an answer was lost", async || proxy.swallowed() > swallowed).await;
        swallowed = proxy.swallowed();
        if let Some((_, _, words)) = steps.get(step + 1) {
            proxy.weather_after(words, Weather::answers_lost());
        }
        // the connections are reset, because they lost something
        proxy.clear();
    }
    ended(commune, "lost answers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_requests_change_nothing_in_the_end() {
    let (proxy, commune) = begun(Weather::default()).await;
    stored(&commune, StreamName::Memory, subject::MEMORY_TIDIED_ALL, 1).await;
    let swallowed = proxy.swallowed();
    proxy.weather(Weather { toward: Flow::Lost, ..Weather::default() });
    eventually(A_NIGHT, "a request was lost", async || proxy.swallowed() > swallowed).await;
    proxy.clear();
    ended(commune, "lost requests").await;
}

/// Two librarians begin the same night at the same time, and each of their requests takes so long that the library
/// moves on between what one of them reads first and what it reads last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_slow_librarians_apply_each_contribution_once() {
    let mut commune = Commune::start(Plan::two().cap(3 * CAP)).await;
    let mut ways = Vec::new();
    for (librarian, latency) in commune.librarian.iter_mut().zip([20, 60]) {
        let way = Proxy::start(commune.server.url()).await;
        librarian.kill().await;
        librarian.set("COMMUNE_NATS__URL", Some(way.url()));
        librarian.restart();
        librarian.ready().await;
        way.weather(Weather::slow(Duration::from_millis(latency), Duration::ZERO));
        ways.push(way);
    }
    say_all(&commune).await;
    commune.request(commune.night()).await;
    let shared = format!("commune.night.trail.{}.*.mutualaid", commune.night());
    stored(&commune, StreamName::Nights, &shared, AGENTS).await;
    // whoever gets one of these finds the night complete, and begins
    let last = commune.bus.read(StreamName::Nights, &[&shared], AGENTS).await.unwrap().pop().unwrap();
    let record: TrailRecord = last.event().unwrap();
    for again in 0..8 {
        let id = format!("again-{again}");
        let copy = Outgoing::event(last.subject.clone(), &id, "mutualaid", now(), &record);
        commune.bus.publish(copy).await.unwrap();
    }
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;
    let mut applied = BTreeSet::new();
    for message in commune.bus.read(StreamName::Library, &[], 10_000).await.unwrap() {
        let curated: ArticleCurated = message.event().unwrap();
        for provenance in curated.provenance {
            let (subject, id) = (&message.subject, provenance.contribution);
            assert!(applied.insert(id.clone()), "{id} is applied again at {} on {subject}", message.sequence);
        }
    }
    assert!(applied.len() >= AGENTS * 2, "{} contributions are too few to tell", applied.len());
    commune.finish().await;
}

/// A commune behind a proxy, with notes, whose night has been asked for.
async fn begun(weather: Weather) -> (Proxy, Commune) {
    let (proxy, commune) = said(weather).await;
    commune.request(commune.night()).await;
    (proxy, commune)
}

/// A commune behind a proxy, with notes, whose night nobody has asked for.
async fn said(weather: Weather) -> (Proxy, Commune) {
    CALM.get_or_init(calm).await;
    let nats = NatsServer::start().await;
    let proxy = Proxy::start(nats.url()).await;
    let server = Server::over(nats).await.services_at(&proxy.url());
    let commune = Commune::start_over(server, Plan::one().cap(CAP)).await;
    say_all(&commune).await;
    proxy.weather(weather);
    (proxy, commune)
}

/// Waits for the end of the night and compares.
async fn ended(commune: Commune, what: &str) {
    let begun = Instant::now();
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;
    println!("{what}: the night was over {:.1} s after the last change of the weather", begun.elapsed().as_secs_f64());
    let state = EndState::read(&commune.bus).await;
    state.assert_equals(CALM.get().unwrap(), &format!("with {what} (left) and without (right)"));
    commune.finish().await;
}

async fn calm() -> EndState {
    let commune = Commune::start(Plan::one().cap(CAP)).await;
    say_all(&commune).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    assert_eq!(state.notes.len(), AGENTS * NOTES_EACH, "every note is accounted for");
    assert!(!state.articles.is_empty());
    commune.finish().await;
    state
}

async fn say_all(commune: &Commune) {
    for note in notes::fleet(AGENTS, NOTES_EACH, commune.night().date()) {
        let answer = commune.say(&note.agent, "note", &note.id, &note.text).await;
        assert_eq!(answer["stream"], "AGENTS", "{answer}");
    }
}

/// Waits until so much was stored, so that the weather falls into the work and not beside it.
async fn stored(commune: &Commune, stream: StreamName, filter: &str, count: usize) {
    eventually_some(A_NIGHT, &format!("{count} messages are on {filter}"), async || {
        let messages = commune.bus.read(stream, &[filter], count).await.ok()?;
        (messages.len() >= count).then_some(())
    })
    .await;
}
