//! A commune whose nights are timed: a real nats-server and real services, whose trail is followed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use commune_bus::{Outgoing, Project, Stored, StreamName, View, subject};
use commune_proto::{
    NightId,
    librarian::v1::{ArticleCurated, ArticleKind, SearchArticlesRequest, library_service_client::LibraryServiceClient},
    night::v1::{NightRequested, Outcome, Stage, TrailRecord},
};
use commune_tests::{
    NatsServer,
    bare::Bare,
    support::{Commune, Plan, notes::Note, now, process::Replica, server::Server},
};
use futures::{StreamExt, stream};
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::Channel;

use crate::process;

/// Notes that are on their way at a time while they are logged.
const AT_A_TIME: usize = 64;
/// How long one night may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// The stages, as they are told.
pub(crate) const SERVICES: [&str; 3] = ["selfcare", "mutualaid", "librarian"];

/// A running commune.
pub(crate) struct House {
    pub(crate) commune: Commune,
    pub(crate) library: LibraryServiceClient<Channel>,
    trail: View<Trail>,
    newest: View<Newest>,
    server: u32,
    _stop: DropGuard,
}

/// How many agents are through each stage of each night, and when the last of them was.
#[derive(Debug, Default)]
struct Trail(BTreeMap<(String, Stage), (usize, Timestamp)>);

impl Project for Trail {
    fn apply(&mut self, message: &Stored) {
        let record: TrailRecord = message.event().unwrap();
        assert!(!matches!(record.outcome(), Outcome::Failed | Outcome::Stopped), "{record:?}");
        let (through, last) = self.0.entry((record.night.clone(), record.stage())).or_default();
        (*through, *last) = (*through + 1, message.stored_at);
    }
}

/// The title of the newest article that a search can find.
#[derive(Debug, Default)]
struct Newest(Option<String>);

impl Project for Newest {
    fn apply(&mut self, message: &Stored) {
        let article = message.event::<ArticleCurated>().unwrap().article.unwrap();
        if article.kind() == ArticleKind::Article && article.redirect_to.is_empty() {
            self.0 = Some(article.title);
        }
    }
}

impl House {
    pub(crate) async fn start(plan: Plan) -> Self {
        let nats = NatsServer::start().await;
        let server = nats.pid();
        let commune = Commune::start_over(Server::over(nats).await, plan).await;
        let stop = CancellationToken::new();
        let filters = vec![subject::TRAIL_ALL.to_owned()];
        let trail = View::start(&commune.bus, StreamName::Nights, filters, Trail::default(), stop.clone());
        let filters = vec![subject::ARTICLE_CURATED_ALL.to_owned()];
        let newest = View::start(&commune.bus, StreamName::Library, filters, Newest::default(), stop.clone());
        let library = commune.library().await;
        Self { commune, library, trail, newest, server, _stop: stop.drop_guard() }
    }

    /// JetStream alone, on the same server.
    pub(crate) async fn bare(&self) -> Bare {
        Bare::connect(&self.commune.server.url(), self.commune.server.seed()).await
    }

    /// Logs notes, each acknowledged; the time until the last is.
    pub(crate) async fn say(&self, notes: &[Note]) -> Duration {
        let began = Instant::now();
        stream::iter(notes)
            .for_each_concurrent(AT_A_TIME, async |note| {
                let answer = self.commune.say(&note.agent, "note", &note.id, &note.text).await;
                assert!(answer["error"].is_null(), "{answer}");
            })
            .await;
        began.elapsed()
    }

    /// Logs notes, and waits until nothing is left to do with them by day.
    pub(crate) async fn say_in_peace(&self, notes: &[Note]) {
        self.say(notes).await;
        self.commune.quiet().await;
    }

    /// Asks for a night and waits until so many agents are through all stages; the time that took.
    pub(crate) async fn night(&self, night: NightId, agents: usize) -> Duration {
        let began = Instant::now();
        self.request(night, &[]).await;
        self.over(night, agents).await;
        began.elapsed()
    }

    /// Asks for a night of these agents; of none: of all.
    pub(crate) async fn request(&self, night: NightId, agents: &[String]) {
        let request = NightRequested { night: night.to_string(), agents: agents.to_vec() };
        let id = format!("bench-{night}");
        let message = Outgoing::event(subject::night_requested(night), &id, "bench", now(), &request);
        self.commune.bus.publish(message).await.unwrap();
    }

    /// Waits until so many agents are through all stages of a night.
    pub(crate) async fn over(&self, night: NightId, agents: usize) {
        let (mut position, night) = (self.trail.position(), night.to_string());
        let key = (night.clone(), Stage::Librarian);
        let through = || self.trail.read(|trail| trail.0.get(&key).map_or(0, |(through, _)| *through));
        let all = async {
            while through() < agents {
                position.changed().await.unwrap();
            }
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("{} of {agents} are through {night}", through()));
    }

    /// When the last agent was through each stage of a night.
    pub(crate) fn stages(&self, night: NightId) -> [Timestamp; 3] {
        let last = |stage| self.trail.read(|trail| trail.0[&(night.to_string(), stage)].1);
        [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian].map(last)
    }

    /// Waits until a search for the newest article's title finds it. There must be one.
    pub(crate) async fn searchable(&self) {
        let title = self.newest.read(|newest| newest.0.clone()).unwrap();
        self.finds(&title).await;
    }

    /// Waits until a search for this title finds it.
    pub(crate) async fn finds(&self, title: &str) {
        let request = SearchArticlesRequest { query: title.to_owned(), ..SearchArticlesRequest::default() };
        let mut library = self.library.clone();
        let found = async {
            while !library
                .search_articles(request.clone())
                .await
                .unwrap()
                .get_ref()
                .results
                .iter()
                .any(|r| r.title == title)
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("`{title}` is not found"));
    }

    /// Seconds of the processor that each service, with all its replicas, and the server have spent.
    pub(crate) fn spent(&self) -> [f64; 4] {
        let [selfcare, mutualaid, librarian] = self.pids().map(|pids| pids.into_iter().map(process::cpu).sum());
        [selfcare, mutualaid, librarian, process::cpu(self.server)]
    }

    /// MiB of the first replica of each service and of the server, now and at most.
    pub(crate) fn memory(&self) -> [(f64, f64); 4] {
        let [selfcare, mutualaid, librarian] = self.pids().map(|pids| pids[0]);
        [selfcare, mutualaid, librarian, self.server].map(|pid| process::memory(pid).unwrap())
    }

    fn pids(&self) -> [Vec<u32>; 3] {
        let pid = |replica: &Replica| replica.pid().unwrap().as_raw_nonzero().get().unsigned_abs();
        let commune = &self.commune;
        [&commune.selfcare, &commune.mutualaid, &commune.librarian].map(|all| all.iter().map(pid).collect())
    }

    /// Ends it; nothing may have become a dead letter.
    pub(crate) async fn close(self) {
        self.commune.finish().await;
    }
}

/// A plan in which the pace of callers is no bound.
pub(crate) fn plan(replicas: usize) -> Plan {
    Plan { replicas, ..Plan::one() }.with("ACCESS__CALLS_PER_SECOND", "100000")
}

/// A lesson that no other is like: its title, and its text of about so many bytes.
pub(crate) fn lesson(at: usize, bytes: usize) -> (String, String) {
    const SYLLABLES: [&str; 16] =
        ["ba", "ke", "lo", "mi", "nu", "pa", "ri", "so", "te", "vu", "zan", "dor", "fil", "gem", "hus", "jor"];
    let word = |place: usize| {
        let mut left = (at + 1).wrapping_mul(2_654_435_761).wrapping_add(place.wrapping_mul(40_503)) >> 3;
        let mut word = String::new();
        for _ in 0..4 {
            word.push_str(SYLLABLES[left % 16]);
            left /= 16;
        }
        word
    };
    let title = format!("{} {} {}", word(0), word(1), word(2));
    let mut text = format!("---\nkind: lesson\ntitle: {title}\n---\n");
    let mut place = 0;
    while text.len() + 60 < bytes {
        text.push_str(&format!("The {} wants its {} before the {}.\n", word(place), word(place + 1), word(place + 2)));
        place += 3;
    }
    (title, text)
}
