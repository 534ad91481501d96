//! Each service ends at each named step of its work, once; after a restart the end state is that of an undisturbed run.

use std::os::unix::process::ExitStatusExt;

use commune_bus::Point;
use commune_proto::librarian::v1::{Article, ImportArticleRequest};
use commune_tests::{
    A_WHILE, eventually,
    support::{A_NIGHT, Commune, Plan, notes, process::Replica, state::EndState},
};
use futures::future::join_all;
use rustix::process::Signal;
use tokio::sync::OnceCell;

const POINTS: [Point; 6] = [
    Point::AfterReceive,
    Point::AfterDecide,
    Point::AfterState,
    Point::AfterPublish,
    Point::BeforeAcknowledge,
    Point::AfterAcknowledge,
];

/// What every crash is compared with.
static CALM: OnceCell<EndState> = OnceCell::const_new();

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn selfcare_crashes_at_every_point() {
    crash_at_every_point("selfcare-nights", |commune| &mut commune.selfcare[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mutualaid_crashes_at_every_point() {
    crash_at_every_point("mutualaid", |commune| &mut commune.mutualaid[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn librarian_crashes_at_every_point() {
    crash_at_every_point("librarian", |commune| &mut commune.librarian[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_makes_the_handler_panic_stands_in_nobodys_way() {
    let mut commune = Commune::start(Plan::one().waits()).await;
    let selfcare = &mut commune.selfcare[0];
    selfcare.kill().await;
    selfcare.restart_with(&[("COMMUNE_FAULT", "panic@selfcare-intake:after-receive:agent=poison")]);
    selfcare.ready().await;
    selfcare.logged("a fault is armed").await;
    commune.say("poison", "note", "p1", "A note that nobody can look at.").await;
    for n in 0..20 {
        commune.say("ada", "note", &format!("n{n}"), &format!("Note {n} of the day.")).await;
    }
    eventually(A_WHILE, "all but the poisonous note are looked at", || async {
        let dead = commune.bus.dead_letters(10).await.expect("the server answers");
        assert!(dead.is_empty(), "it was given up before the others were looked at: {dead:?}");
        commune.server.pending().await == 1
    })
    .await;
    commune.quiet().await;
    let dead = commune.bus.dead_letters(10).await.expect("the server answers");
    let [letter] = dead.as_slice() else { panic!("{} dead letters", dead.len()) };
    assert!(letter.original_subject.ends_with(".poison.note.p1"), "{letter:?}");
    assert!(letter.reason.contains("5 attempts: the handler panicked: the fault panic@selfcare-intake"), "{letter:?}");
    // the process is the one that panicked, and goes on
    commune.run_night(commune.night(), A_NIGHT).await;
    commune.finish_with_dead().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_that_cannot_be_read_is_refused_with_its_form() {
    let mut commune = Commune::start(Plan::one()).await;
    for replica in [&mut commune.selfcare[0], &mut commune.mutualaid[0], &mut commune.librarian[0]] {
        replica.kill().await;
        replica.restart_with(&[("COMMUNE_FAULT", "librarian:at-noon:1")]);
        assert_eq!(replica.ended(A_WHILE).await.code(), Some(1));
        assert!(replica.log().contains("[panic@]<durable>:<point>:<when>"), "{}", replica.log_tail());
        replica.restart();
        replica.ready().await;
    }
    commune.finish().await;
}

async fn crash_at_every_point(durable: &str, victim: fn(&mut Commune) -> &mut Replica) {
    let calm = CALM.get_or_init(undisturbed).await;
    // most of the time they wait until the server gives the message to somebody else
    join_all(POINTS.map(|point| crash(calm, format!("{durable}:{}:1", point.as_str()), victim))).await;
}

async fn undisturbed() -> EndState {
    let commune = commune_with_notes().await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    let held: usize = state.sessions.values().map(|session| session.held.len()).sum();
    let updated = state.articles.values().filter(|revisions| revisions.len() > 1).count();
    let met = state.articles.values().flatten().filter(|revision| revision.provenance.len() > 1).count();
    assert!(held > 0 && updated > 0 && met > 0, "held {held}, updated {updated}, met {met}: the night is too plain");
    commune.finish().await;
    state
}

async fn crash(calm: &EndState, fault: String, victim: fn(&mut Commune) -> &mut Replica) {
    let mut commune = commune_with_notes().await;
    let night = commune.night();
    let replica = victim(&mut commune);
    replica.kill().await;
    replica.restart_with(&[("COMMUNE_FAULT", &fault)]);
    replica.ready().await;
    commune.request(night).await;

    let replica = victim(&mut commune);
    let ended = replica.ended(A_NIGHT).await;
    assert_eq!(ended.signal(), Some(Signal::ABORT.as_raw()), "{fault}: ended with {ended}:\n{}", replica.log_tail());
    assert!(replica.log().contains(&format!("aborting at {fault}")), "{fault}:\n{}", replica.log_tail());
    replica.restart();
    replica.ready().await;

    commune.trail_complete(night, A_NIGHT).await;
    commune.quiet().await;
    EndState::read(&commune.bus).await.assert_equals(calm, &format!("with {fault} (left) and without (right)"));
    commune.finish().await;
}

/// Four agents, some lessons in common, an article that is there before, a thing to hold and a question.
async fn commune_with_notes() -> Commune {
    let commune = Commune::start(Plan::one().waits()).await;
    let article = Article {
        path: "how-to/restore-a-backup".into(),
        title: "Restore a backup".into(),
        kind: 1,
        body: "# Restore a backup\n\nStop the program first.\n\n## Steps\n\n1. Make an empty database.\n".into(),
        ..Default::default()
    };
    let import = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: "test".into() };
    commune.library().await.import_article(import).await.expect("the article is imported");
    for note in notes::fleet(4, 6, commune.night().date()) {
        commune.say(&note.agent, "note", &note.id, &note.text).await;
    }
    // dated, for the hour at which something is said differs from run to run
    let lesson = |text: &str| format!("---\n{text}kind: lesson\ndate: {}\n---\n", commune.day(0));
    let restore = lesson("title: Restore a backup\n") + "Look at the newest row: a dump can be of the wrong day.\n";
    let secret = lesson("") + &format!("The printer wakes up after `password = \"{}\"`.\n", "Quill.harbour-22");
    for agent in ["agent-00", "agent-01"] {
        commune.say(agent, "note", "restore", &restore).await;
    }
    commune.say("agent-02", "note", "printer", &secret).await;
    commune.say("agent-03", "need", "q1", "Where is a spare spindle for the old lathe?").await;
    commune.quiet().await;
    commune
}
