//! A note's way through a whole night, and what a night that is run again may change: nothing.

use std::collections::BTreeSet;

use commune_bus::StreamName;
use commune_proto::{
    librarian::v1::{
        GetArticleRequest, ImportArticleRequest, ListNeedsRequest, ListRevisionsRequest, NeedState,
        SearchArticlesRequest, SearchArticlesResponse, SearchStatus, WatchArticlesRequest,
    },
    mutualaid::v1::PlacementAction,
    night::v1::{Outcome, Stage, TrailRecord},
    selfcare::v1::{GetBriefRequest, ListNotesRequest, NoteState, RestoreNoteRequest},
};

use commune_tests::support::{A_NIGHT, Commune, Plan, state::EndState, take};

const LESSON: &str = "---\ntitle: Descale the espresso boiler\nkind: lesson\ntags: [coffee]\n---\n\
    Limescale makes the boiler slow long before it fails. Run warm citric acid through it once a month, \
    and rinse three times before the next cup.\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_goes_all_the_way() {
    let commune = Commune::start(Plan::one()).await;
    let night = commune.night();
    let answer = commune.say("ada", "note", "boiler-1", LESSON).await;
    assert_eq!(answer["stream"], "AGENTS", "{answer}");
    let again = commune.say("ada", "note", "boiler-1", LESSON).await;
    assert!(again["error"].is_object(), "an id is kept once for ever: {again}");

    let trail = commune.run_night(night, A_NIGHT).await;
    for stage in [Stage::Selfcare, Stage::Mutualaid, Stage::Librarian] {
        let record = of(&trail, "ada", stage);
        assert_eq!(record.outcome(), Outcome::Done, "{record:?}");
    }

    let found = search(&commune, "how do I descale the boiler", "").await;
    assert_eq!(found.status(), SearchStatus::Found);
    assert_eq!(found.results[0].contributors, ["ada"]);
    let mut library = commune.library().await;
    let name = found.results[0].name.clone();
    let article =
        library.get_article(GetArticleRequest { name: name.clone(), ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(article.title, "Descale the espresso boiler");
    assert!(article.body.contains("rinse three times before the next cup"), "{}", article.body);
    assert_eq!((article.revision, article.night), (1, night.to_string()));
    let revisions = library.list_revisions(ListRevisionsRequest { parent: name, ..Default::default() }).await;
    assert_eq!(revisions.unwrap().into_inner().total_size, 1);

    let mut memory = commune.memory().await;
    let brief = memory.get_brief(GetBriefRequest { name: "agents/ada/brief".into() }).await.unwrap().into_inner();
    assert!(brief.text.contains("Descale the espresso boiler"), "{}", brief.text);
    let notes = memory.list_notes(ListNotesRequest { parent: "agents/ada".into(), ..Default::default() }).await;
    let notes = notes.unwrap().into_inner().notes;
    assert_eq!((notes.len(), notes[0].id.as_str(), notes[0].state()), (1, "boiler-1", NoteState::Active));

    let state = EndState::read(&commune.bus).await;
    let curated = state.article(&article.path).unwrap();
    assert_eq!(curated.provenance.len(), 1);
    assert!(curated.findability.iter().all(|check| (1..=3).contains(&check.rank)), "{:?}", curated.findability);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_publish_is_enough_to_take_part() {
    let commune = Commune::start(Plan::one()).await;
    commune.drop_note("bo", "note", LESSON.as_bytes()).await;
    let log = "# Thursday\n\nQuiet day at the bench.\n\n## Lessons learned\n\n- A drill press wants its belt looser in the summer heat.\n";
    commune.drop_note("bo", "note", log.as_bytes()).await;
    commune.drop_note("bo", "need", "Where do I find a spare spindle for the old lathe?\n".as_bytes()).await;
    commune.drop_note("cy", "note", "Nothing of note, only the date of the next fair.".as_bytes()).await;

    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    assert_eq!(of(&trail, "bo", Stage::Librarian).outcome(), Outcome::Done);
    let nothing = of(&trail, "cy", Stage::Mutualaid);
    assert_eq!(nothing.outcome(), Outcome::Nothing, "nothing to share is fine: {nothing:?}");

    let found = search(&commune, "belt of the drill press in summer", "").await;
    assert_eq!(found.results[0].contributors, ["bo"]);
    let mut library = commune.library().await;
    let needs = library.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert_eq!(needs.len(), 1);
    assert_eq!((needs[0].askers.clone(), needs[0].state()), (vec!["bo".to_owned()], NeedState::Open));
    let brief = GetBriefRequest { name: "agents/bo/brief".into() };
    let brief = commune.memory().await.get_brief(brief).await.unwrap().into_inner();
    assert!(brief.text.contains("Descale the espresso boiler"), "{}", brief.text);

    let state = EndState::read(&commune.bus).await;
    let everything = format!("{:?}{:?}", state.articles, state.shared);
    assert!(!everything.contains("Quiet day at the bench"), "only the section with the lesson is shared");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_night_three_times_by_hand_changes_nothing() {
    let commune = Commune::start(Plan::two()).await;
    let night = commune.night();
    for agent in ["ada", "bo", "cy"] {
        for n in 0..6 {
            let text = format!(
                "---\ntitle: Matter {n} of {agent}\nkind: lesson\ndate: {}\n---\nWhat {agent} learned on matter {n}: \
                 keep the {agent} ledger beside bench {n}.\n",
                commune.day(n)
            );
            commune.say(agent, "note", &format!("{agent}-{n}"), &text).await;
        }
        // two agents and more learned the same thing
        commune.say(agent, "note", "boiler", LESSON).await;
    }
    // asked for three times at once, then again when all is done, with two replicas of each service
    for _ in 0..3 {
        commune.request(night).await;
    }
    commune.trail_complete(night, A_NIGHT).await;
    commune.quiet().await;
    let first = EndState::read(&commune.bus).await;
    let trail = commune.trail(night).await;
    let same = first.articles.values().flatten().find(|a| a.article.as_ref().unwrap().title.contains("espresso"));
    assert_eq!(same.unwrap().article.as_ref().unwrap().contributors, ["ada", "bo", "cy"], "one article, three hands");
    assert_eq!(
        first
            .articles
            .values()
            .filter(|r| r.last().unwrap().article.as_ref().unwrap().title.contains("espresso"))
            .count(),
        1
    );

    for run in 1..=3 {
        commune.request(night).await;
        commune.quiet().await;
        EndState::read(&commune.bus).await.assert_equals(&first, &format!("run {run} of the same night"));
        assert_eq!(commune.trail(night).await, trail, "the trail after run {run}");
    }
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_comes_before_a_new_page_and_a_need_is_answered() {
    let commune = Commune::start(Plan::one()).await;
    let mut library = commune.library().await;
    let page = commune_proto::librarian::v1::Article {
        path: "how-to/restore-a-backup".into(),
        title: "Restore a backup".into(),
        kind: 1,
        body: "# Restore a backup\n\nStop the program first.\n\n## Steps\n\n1. Make an empty database.\n".into(),
        ..Default::default()
    };
    let import = || ImportArticleRequest { article: Some(page.clone()), agent: "ada".into(), source: "test".into() };
    assert!(library.import_article(import()).await.unwrap().into_inner().changed);
    assert!(!library.import_article(import()).await.unwrap().into_inner().changed, "the same page changes nothing");

    let question = "how is the wildcard certificate renewed?";
    let unknown = search(&commune, question, "bo").await;
    assert_eq!(unknown.status(), SearchStatus::NotKnown);
    assert!(unknown.need.starts_with("needs/"), "{unknown:?}");
    commune.quiet().await;

    let lesson =
        "---\ntitle: Restore a backup\nkind: lesson\n---\nLook at the newest row: a dump can be of the wrong day.\n";
    commune.say("ada", "note", "restore", lesson).await;
    let answer = "---\ntitle: Renew the wildcard certificate\nkind: how-to\n---\n\
        The wildcard certificate is renewed by hand: put the value into a TXT record, wait, and reload the proxy.\n";
    commune.say("cy", "note", "wildcard", answer).await;
    commune.say("dee", "note", "rest", "---\nkind: lesson\n---\nA lesson that waits while its agent rests.\n").await;
    let rest = format!("{{\"until\":\"{}\"}}", commune.night());
    commune.say_as("dee", "rest", "r1", &[("Content-Type", "application/json")], rest.as_bytes()).await;
    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    assert_eq!(of(&trail, "dee", Stage::Mutualaid).outcome(), Outcome::Resting);

    let state = EndState::read(&commune.bus).await;
    let updated = state.articles.get("how-to/restore-a-backup").expect("the page is there");
    assert_eq!(updated.len(), 2, "one revision for the import and one for the night");
    let body = &updated[1].article.as_ref().unwrap().body;
    assert!(body.contains("a dump can be of the wrong day") && body.contains("Stop the program first."), "{body}");
    let placed = state.shared.values().find(|s| s.contribution.as_ref().unwrap().agent == "ada").unwrap();
    let placement = placed.placement.as_ref().unwrap();
    assert_eq!(placement.action(), PlacementAction::Update);
    assert!(!placement.reason.is_empty() && !placement.candidates.is_empty(), "{placement:?}");

    let needs = library.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert_eq!((needs.len(), needs[0].state()), (1, NeedState::Answered), "{needs:?}");
    assert_eq!(needs[0].contributors, ["cy"]);
    let found = search(&commune, question, "bo").await;
    assert_eq!(found.status(), SearchStatus::Found);
    assert_eq!(found.results[0].name, needs[0].answered_by);
    assert!(found.need.is_empty());

    let watch = |after_sequence| WatchArticlesRequest { after_sequence, until_now: false };
    let all = take(&mut library.watch_articles(watch(0)).await.unwrap().into_inner(), 3).await;
    let rest = take(&mut library.watch_articles(watch(all[0].sequence)).await.unwrap().into_inner(), 2).await;
    assert_eq!(rest, all[1..], "a reader goes on where it was");
    assert!(!format!("{:?}", state.shared).contains("waits while its agent rests"));
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_and_private_matters_stay_where_they_are() {
    let secrets = ["Plover-kettle-7194", "Quill.harbour-2288"];
    let private = ["knee-physiotherapy", "likes-marzipan", "diary-of-a-quiet-day"];
    let commune = Commune::start(Plan::one().with("TELEMETRY__LOG_LEVEL", "debug")).await;
    let say = |id: &'static str, text: String| {
        let commune = &commune;
        async move { commune.say("ada", "note", id, &text).await }
    };
    say("s1", format!("---\nkind: lesson\n---\nRead the reports: `postgres://report:{}@db.internal/reports`, and close the connection.\n", secrets[0])).await;
    say(
        "s2",
        format!(
            "# Friday\n\n## Lessons\n\n- The printer wakes up again after `password = \"{}\"` is set anew.\n",
            secrets[1]
        ),
    )
    .await;
    say(
        "p1",
        format!("---\nkind: lesson\nvisibility: private\n---\nMarguerite goes to {} on Thursdays.\n", private[0]),
    )
    .await;
    say("p2", format!("---\nkind: preference\n---\nIfeoma {}.\n", private[1])).await;
    say("p3", format!("A {}.\n", private[2])).await;
    say("ok", LESSON.to_owned()).await;
    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    let session = state.sessions.values().next().unwrap();
    let record = of(&trail, "ada", Stage::Mutualaid);
    assert_eq!(record.counts["shared"], 1, "{session:?}");
    let held: BTreeSet<&str> = session.held.iter().map(|held| held.note.as_str()).collect();
    assert_eq!(held, BTreeSet::from(["s1", "s2"]), "{session:?}");
    let secret = |note: &str| session.held.iter().any(|h| h.note == note && h.rule.starts_with("secret:"));
    assert!(secret("s1") && secret("s2"), "{session:?}");
    assert!(session.held.iter().all(|h| !h.advice.is_empty()), "{session:?}");

    // every message after the memory, every event, every log
    let mut seen = Vec::new();
    for stream in [StreamName::Aid, StreamName::Library, StreamName::Nights, StreamName::Dead] {
        for message in commune.bus.read(stream, &[], 10_000).await.unwrap() {
            seen.push((
                message.subject.clone(),
                format!("{:?} {}", message.headers, String::from_utf8_lossy(&message.payload)),
            ));
        }
    }
    for message in commune.bus.read(StreamName::Memory, &[commune_bus::subject::MEMORY_TIDIED_ALL], 100).await.unwrap()
    {
        seen.push((message.subject.clone(), String::from_utf8_lossy(&message.payload).into_owned()));
    }
    for replica in commune.replicas() {
        seen.push((format!("the log of {}", replica.service), replica.log()));
    }
    for (place, text) in &seen {
        for canary in secrets.iter().chain(&private) {
            assert!(!text.contains(canary), "`{canary}` is in {place}");
        }
    }
    let brief = GetBriefRequest { name: "agents/ada/brief".into() };
    let brief = commune.memory().await.get_brief(brief).await.unwrap().into_inner();
    assert!(brief.text.contains(private[1]), "what is private stays in the agent's own memory:\n{}", brief.text);
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_is_tidied_and_everything_can_be_restored() {
    let commune = Commune::start(Plan::one()).await;
    let say = |id: &'static str, text: &'static str| {
        let commune = &commune;
        async move { commune.say("ada", "note", id, text).await }
    };
    let port = |number: u16| {
        format!(
            "The notebook server listens on port {number} and is reached through the tunnel; close the tunnel in the evening.\n"
        )
    };
    say("a1", "---\nkind: fact\nkey: host/site\ndate: 2026-02-10\n---\nThe site runs on rosa.\n").await;
    say("a2", "---\nkind: fact\nkey: host/site\ndate: 2026-02-13\n---\nThe site runs on emma since Friday.\n").await;
    commune.say("ada", "note", "t1", &port(8080)).await;
    commune.say("ada", "note", "t2", &port(9090)).await;
    say("d1", "The belt of the loom wants a drop of oil every spring, and nothing else all year round.\n").await;
    say("d2", "The belt of the loom wants a drop of oil every spring, and nothing else all year round.\n").await;
    say("e1", "# 2026-02-14\n\n## Notes\n\n-\n").await;
    commune.run_night(commune.night(), A_NIGHT).await;

    let state = EndState::read(&commune.bus).await;
    let note = |id: &str| &state.notes[&("ada".to_owned(), id.to_owned())];
    assert_eq!((note("a1").state(), note("a1").into.as_str()), (NoteState::Superseded, "a2"));
    assert_eq!(note("a2").state(), NoteState::Active);
    assert_eq!(
        (note("t1").state(), note("t2").state()),
        (NoteState::Active, NoteState::Active),
        "two ports, two notes"
    );
    let merged = [note("d1"), note("d2")].into_iter().filter(|n| n.state() == NoteState::Merged).count();
    assert_eq!(merged, 1, "the same note twice is one");
    assert_eq!(note("e1").state(), NoteState::Archived, "an empty stub leaves the working set");

    let mut memory = commune.memory().await;
    let restored = memory.restore_note(RestoreNoteRequest { name: "agents/ada/notes/a1".into() }).await.unwrap();
    assert_eq!(restored.into_inner().state(), NoteState::Active);
    let active =
        ListNotesRequest { parent: "agents/ada".into(), state: NoteState::Active.into(), ..Default::default() };
    let active = memory.list_notes(active).await.unwrap().into_inner().notes;
    assert!(active.iter().any(|n| n.id == "a1" && n.text.contains("rosa")), "{active:?}");
    commune.finish().await;
}

async fn search(commune: &Commune, query: &str, asker: &str) -> SearchArticlesResponse {
    let request = SearchArticlesRequest { query: query.into(), asker: asker.into(), ..Default::default() };
    commune.library().await.search_articles(request).await.unwrap().into_inner()
}

fn of<'a>(trail: &'a [TrailRecord], agent: &str, stage: Stage) -> &'a TrailRecord {
    trail.iter().find(|r| r.agent == agent && r.stage() == stage).expect("the trail is complete")
}
