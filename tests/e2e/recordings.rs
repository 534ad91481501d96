//! **The wire only grows**: what an earlier version left in the streams is a commune that today's services go on with.
//!
//! A recording is every message of every stream after the two nights of one small story, as the version that its folder names
//! wrote them: `tests/goldens/streams/<version>/<STREAM>.jsonl`, one message a line. `UPDATE_GOLDENS=1` makes the
//! recording of today's version by living the story, and **never touches one that is there**.
//!
//! A replay publishes a recording into the empty streams of a fresh server, in its order and under its sequences, and then starts
//! today's services over it. Two things cannot be put back and are not: the time at which the server stored a message,
//! and the places of the durable consumers. So **every message is handled once more**, which must change nothing.

mod tape;

use commune_bus::StreamName;
use commune_proto::{
    NightId,
    librarian::v1::{
        GetArticleRequest, ListArticlesRequest, ListNeedsRequest, ListRevisionsRequest, NeedState,
        SearchArticlesRequest, SearchArticlesResponse, SearchStatus,
    },
    mutualaid::v1::PlacementAction,
    night::v1::{Outcome, Stage},
    selfcare::v1::{GetArtifactRequest, GetBriefRequest, NoteState, PutArtifactRequest},
};
use commune_tests::support::{A_NIGHT, Commune, Plan, server::Server, state::EndState};
use jiff::civil::date;
use sha2::{Digest as _, Sha256};

const NEED: &str = "Where does the spare key of the boiler room hang?";
const DRAWING: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0h9v9'/></svg>\n";
const BOILER: &str = "lessons/descale-the-espresso-boiler";

fn nights() -> [NightId; 2] {
    [NightId::of(date(2026, 3, 10)), NightId::of(date(2026, 3, 11))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_streams_of_every_version_still_live() {
    let today = tape::folder(env!("CARGO_PKG_VERSION"));
    if tape::update() && !today.exists() {
        let commune = Commune::start(Plan::one()).await;
        live(&commune).await;
        the_facts_are_there(&commune, &EndState::read(&commune.bus).await).await;
        tape::record(&commune.bus, &today).await;
    }
    assert!(
        today.exists(),
        "{} is missing: make it with UPDATE_GOLDENS=1 cargo test --test e2e recordings, and commit it",
        today.display()
    );
    for version in tape::versions() {
        println!("the streams of {version}");
        go_on(&version).await;
    }
}

/// The story that is recorded: three agents and two nights.
async fn live(commune: &Commune) {
    let [first, second] = nights();
    let lesson = |title: &str, day: i8, text: &str| {
        format!("---\ntitle: {title}\nkind: lesson\ndate: 2026-03-{day:02}\n---\n{text}\n")
    };
    let said = [
        (
            "ada",
            "a1",
            lesson(
                "Descale the espresso boiler",
                9,
                "Limescale makes the boiler slow long before it fails. Run warm citric acid through it once a month.",
            ),
        ),
        // a fact and what replaces it
        ("ada", "a2", "---\nkind: fact\nkey: host/site\ndate: 2026-03-08\n---\nThe site runs on rosa.\n".to_owned()),
        (
            "ada",
            "a3",
            "---\nkind: fact\nkey: host/site\ndate: 2026-03-09\n---\nThe site runs on emma since Monday.\n".to_owned(),
        ),
        // the same note twice
        (
            "ada",
            "a4",
            "---\ndate: 2026-03-10\n---\nThe loom wants a drop of oil every spring, and nothing else all year round.\n"
                .to_owned(),
        ),
        (
            "ada",
            "a5",
            "---\ndate: 2026-03-10\n---\nThe loom wants a drop of oil every spring, and nothing else all year round.\n"
                .to_owned(),
        ),
        // held: a password, of the kind that opens no door
        (
            "ada",
            "a6",
            lesson(
                "The printer wakes up again",
                10,
                &format!("Set `{} = \"plover and kettle\"` anew after a power cut.", "password"),
            ),
        ),
        (
            "bo",
            "b1",
            lesson(
                "Oil the drill press",
                9,
                "A drill press wants its belt looser in the summer heat, and tighter after it.",
            ),
        ),
        ("bo", "b2", "---\nkind: preference\ndate: 2026-03-10\n---\nBo likes marzipan.\n".to_owned()),
        ("cy", "c1", lesson("Close a ticket", 9, "Tickets that nobody owns are closed by nobody, so name an owner.")),
    ];
    for (agent, id, text) in &said {
        let answer = commune.say(agent, "note", id, text).await;
        assert_eq!(answer["stream"], "AGENTS", "{answer}");
    }
    commune.say("cy", "rest", "r1", &first.to_string()).await;
    put(commune).await;
    commune.drop_note("bo", "note", "---\ndate: 2026-03-10\n---\n# Tuesday\n\nRain.\n\n## Lessons learned\n\n- Wet canvas is dried flat, never folded.\n".as_bytes()).await;
    commune.drop_note("bo", "need", NEED.as_bytes()).await;
    commune.drop_note("bo", "note", b"not text: \xff\xfe").await;
    commune.quiet().await;
    commune.run_night(first, A_NIGHT).await;

    let again = lesson("Descale the espresso boiler", 11, "Rinse the boiler three times before the next cup.");
    commune.say("bo", "note", "b3", &again).await;
    let answer = lesson(
        "Where the spare key of the boiler room hangs",
        11,
        "The spare key of the boiler room hangs behind the fuse box, on the left.",
    );
    commune.say("cy", "note", "c2", &answer).await;
    commune
        .say("bo", "feedback", "f1", &format!("---\narticle: {BOILER}\nverdict: helpful\n---\nIt brews again.\n"))
        .await;
    commune.quiet().await;
    commune.run_night(second, A_NIGHT).await;
}

/// Today's services over the streams of a version.
async fn go_on(version: &str) {
    let server = Server::start().await;
    let recorded = tape::play(&server, version).await;
    let before = EndState::read(&server.bus).await;
    let commune = Commune::start_over(server, Plan::one()).await;
    // nothing ran since the recording: the last night that was missed is made up for, once
    commune.trail_complete(commune.night(), A_NIGHT).await;
    commune.quiet().await;

    let started = EndState::read(&commune.bus).await;
    tape::is_kept(&commune.bus, &recorded).await;
    assert_eq!(started.articles, before.articles, "a start curates nothing anew");
    assert_eq!(started.notes, before.notes);
    // a file of the story is of the day on which it was recorded, so that the night that is made up for tells that day
    let briefs = |state: &EndState| -> Vec<(String, String)> {
        state.briefs.iter().map(|(agent, brief)| (agent.clone(), brief.text.clone())).collect()
    };
    assert_eq!(briefs(&started), briefs(&before));
    for (day, entry) in &before.diaries {
        assert_eq!(started.diaries.get(day), Some(entry));
    }
    assert_eq!(started.shared, before.shared, "nothing is shared twice");
    for (key, session) in &before.sessions {
        assert_eq!(started.sessions.get(key), Some(session));
    }
    assert_eq!(started.trail.len(), before.trail.len() + 9, "three agents, three stages, one night made up for");
    the_facts_are_there(&commune, &before).await;

    for night in nights() {
        commune.request(night).await;
    }
    commune.quiet().await;
    EndState::read(&commune.bus).await.assert_equals(&started, "the recorded nights once more");

    tomorrow_builds_on_it(&commune).await;
    tape::is_kept(&commune.bus, &recorded).await;
    let dead = commune.bus.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 1, "only the recorded one: {dead:?}");
    let mut commune = commune;
    commune.finish_with_dead().await;
}

/// What the story left, asked of the running services.
async fn the_facts_are_there(commune: &Commune, state: &EndState) {
    let mut library = commune.library().await;
    let articles = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner().articles;
    let mut titles: Vec<&str> = articles.iter().map(|article| article.title.as_str()).collect();
    titles.sort_unstable();
    assert_eq!(
        titles,
        [
            "Close a ticket",
            "Descale the espresso boiler",
            "Oil the drill press",
            "Wet canvas is dried flat, never folded",
            "Where the spare key of the boiler room hangs"
        ]
    );
    let found = search(commune, "how do I descale the boiler").await;
    assert_eq!(
        (found.status(), found.results[0].name.as_str()),
        (SearchStatus::Found, format!("articles/{BOILER}").as_str())
    );
    assert_eq!(found.results[0].contributors, ["ada", "bo"]);
    let name = found.results[0].name.clone();
    let boiler =
        library.get_article(GetArticleRequest { name: name.clone(), ..Default::default() }).await.unwrap().into_inner();
    assert_eq!((boiler.revision, boiler.night.as_str()), (2, "2026-03-11"));
    assert!(boiler.body.contains("warm citric acid") && boiler.body.contains("three times"), "{}", boiler.body);
    let revisions = ListRevisionsRequest { parent: name, ..Default::default() };
    assert_eq!(library.list_revisions(revisions).await.unwrap().into_inner().total_size, 2);
    let update = state.shared.values().find(|s| s.contribution.as_ref().unwrap().notes == ["b3"]).unwrap();
    let update = update.placement.as_ref().unwrap();
    assert_eq!((update.action(), update.path.as_str()), (PlacementAction::Update, BOILER));

    let needs = library.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert_eq!((needs.len(), needs[0].question.as_str(), needs[0].state()), (1, NEED, NeedState::Answered));
    assert_eq!(
        (needs[0].askers.as_slice(), needs[0].contributors.as_slice()),
        (["bo".to_owned()].as_slice(), ["cy".to_owned()].as_slice())
    );
    let found = search(commune, NEED).await;
    assert_eq!((found.status(), &found.results[0].name), (SearchStatus::Found, &needs[0].answered_by));

    let note = |agent: &str, id: &str| &state.notes[&(agent.to_owned(), id.to_owned())];
    assert_eq!((note("ada", "a2").state(), note("ada", "a2").into.as_str()), (NoteState::Superseded, "a3"));
    let merged = ["a4", "a5"].into_iter().filter(|id| note("ada", id).state() == NoteState::Merged).count();
    assert_eq!(merged, 1, "the same note twice is one");
    for (agent, words) in [("ada", "emma since Monday"), ("bo", "likes marzipan"), ("cy", "spare key")] {
        let brief = GetBriefRequest { name: format!("agents/{agent}/brief") };
        let brief = commune.memory().await.get_brief(brief).await.unwrap().into_inner();
        assert!(brief.text.contains(words), "{}", brief.text);
    }

    let session = |night: NightId, agent: &str| &state.sessions[&(night.to_string(), agent.to_owned())];
    let held = &session(nights()[0], "ada").held;
    assert_eq!((held.len(), held[0].note.as_str(), held[0].rule.as_str()), (1, "a6", "secret:password-assignment"));
    assert_eq!(session(nights()[0], "cy").resting_until, "2026-03-10");
    let rested = &state.trail[&("2026-03-10".to_owned(), "cy".to_owned(), Stage::Mutualaid.into())];
    assert_eq!(rested.outcome(), Outcome::Resting);
    let dead = commune.bus.dead_letters(10).await.unwrap();
    assert_eq!(
        (dead.len(), dead[0].original_stream.as_str(), dead[0].message.payload.as_ref()),
        (1, "DROPS", b"not text: \xff\xfe".as_slice())
    );

    let name = format!("agents/ada/artifacts/{}", hash());
    let mut body = commune.memory().await.get_artifact(GetArtifactRequest { name }).await.unwrap().into_inner();
    assert_eq!(body.message().await.unwrap().unwrap().chunk, DRAWING);
}

/// A new night with a new note: the recorded article grows, the recorded memory too.
async fn tomorrow_builds_on_it(commune: &Commune) {
    let answer = commune.say("ada", "note", "a1", "another text under an old id").await;
    assert!(answer["error"].is_object(), "an id of the recording is taken for ever: {answer}");
    let more = "---\ntitle: Descale the espresso boiler\nkind: lesson\n---\nEmpty the drip tray of the boiler first.\n";
    commune.say("cy", "note", "c3", more).await;
    let tomorrow = NightId::of(commune.night().date().tomorrow().unwrap());
    commune.run_night(tomorrow, A_NIGHT).await;

    let state = EndState::read(&commune.bus).await;
    let revisions = &state.articles[BOILER];
    let newest = revisions.last().unwrap().article.as_ref().unwrap();
    assert_eq!((revisions.len(), newest.revision, newest.night.clone()), (3, 3, tomorrow.to_string()));
    assert_eq!(newest.contributors, ["ada", "bo", "cy"]);
    for words in ["warm citric acid", "three times", "drip tray"] {
        assert!(newest.body.contains(words), "{}", newest.body);
    }
    let brief = &state.briefs["cy"];
    assert!(brief.text.contains("drip tray") && brief.text.contains("spare key"), "{}", brief.text);
}

fn hash() -> String {
    hex::encode(Sha256::digest(DRAWING))
}

/// A file of ada: the body through selfcare, then the message that names it.
async fn put(commune: &Commune) {
    let piece = |chunk: &[u8]| PutArtifactRequest { parent: "agents/ada".into(), sha256: hash(), chunk: chunk.into() };
    let pieces = tokio_stream::iter([piece(b""), piece(DRAWING)]);
    commune.memory().await.put_artifact(pieces).await.unwrap();
    let body = format!(r#"{{"name":"corner.svg","sha256":"{}","size":{}}}"#, hash(), DRAWING.len());
    commune.say_as("ada", "artifact", "f1", &[("Content-Type", "application/json")], body.as_bytes()).await;
    assert!(commune.bus.last_sequence(StreamName::Artifacts).await.unwrap() > 1);
}

async fn search(commune: &Commune, query: &str) -> SearchArticlesResponse {
    let request = SearchArticlesRequest { query: query.into(), ..Default::default() };
    commune.library().await.search_articles(request).await.unwrap().into_inner()
}
