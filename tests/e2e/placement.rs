//! Where a contribution belongs: evidence counts by owners, and what came from the library is none.

use commune_proto::{
    librarian::v1::{GetArticleRequest, SearchArticlesRequest, SuggestPlacementRequest},
    mutualaid::v1::{AidSession, PlacementAction},
};

use commune_tests::support::{A_NIGHT, Commune, Plan, state::EndState};

const LESSON: &str = "The ledger directory is copied each night to the second host.\n\n\
    Stop the writer before the copy begins, and start it after.\n";
/// The same, as somebody says it who found it out alone.
const OWN_WORDS: &str = "The ledger folder is copied each night to the second host.\n\n\
    Halt the writer before the copy begins, and start it after.\n";
const PATH: &str = "lessons/copy-the-ledger";

fn lesson(text: &str) -> String {
    format!("---\ntitle: Copy the ledger\nkind: lesson\n---\n{text}")
}

async fn say(commune: &Commune, agent: &str, id: &str, text: &str) {
    let answer = commune.say(agent, "note", id, &lesson(text)).await;
    assert_eq!(answer["stream"], "AGENTS", "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_is_confirmed_by_owners_and_not_by_its_own_echo() {
    let roster = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(roster.path(), "[owners]\n\"Cyrus of Soli\" = [\"cy\", \"cy-2\"]\n").unwrap();
    let commune = Commune::start(Plan::one().with("COMMUNE__ROSTER_FILE", roster.path().to_str().unwrap())).await;
    say(&commune, "ada", "a1", LESSON).await;
    let first = commune.night();
    commune.run_night(first, A_NIGHT).await;
    let mut library = commune.library().await;
    let name = format!("articles/{PATH}");
    let get = || GetArticleRequest { name: name.clone(), ..Default::default() };
    let article = library.get_article(get()).await.unwrap().into_inner();
    assert_eq!((article.contributors.as_slice(), article.confirmations), (["ada".to_owned()].as_slice(), 0));

    // bob logs what he read, dee what she read and says where; cy and his other agent found it out alone; ada says it again
    say(&commune, "bob", "b1", &article.body).await;
    say(&commune, "dee", "d1", &format!("From {PATH}.\n\n{OWN_WORDS}")).await;
    for agent in ["cy", "cy-2", "ada"] {
        say(&commune, agent, "c1", OWN_WORDS).await;
    }
    let second = first.next_extra();
    commune.run_night(second, A_NIGHT).await;
    let confirmed = library.get_article(get()).await.unwrap().into_inner();
    assert_eq!((confirmed.confirmed_by.as_slice(), confirmed.confirmations), (["cy".to_owned()].as_slice(), 1));
    assert_eq!(confirmed.body, article.body, "no article grows from its own text, nor from the same in other words");
    assert_eq!(confirmed.contributors, ["ada", "cy", "cy-2"], "an echo contributes nothing");

    let state = EndState::read(&commune.bus).await;
    for (agent, note) in [("bob", "b1"), ("dee", "d1")] {
        let session: &AidSession = &state.sessions[&(second.to_string(), agent.to_owned())];
        assert!(session.shared.is_empty(), "{session:?}");
        let echo = &session.echo[0];
        assert_eq!((echo.note.as_str(), echo.path.as_str()), (note, PATH), "{session:?}");
        assert!(echo.reason.contains("Copy the ledger"), "{}", echo.reason);
    }
    let of_cy = state.shared.values().find(|shared| shared.contribution.as_ref().unwrap().agent == "cy").unwrap();
    let placement = of_cy.placement.as_ref().unwrap();
    assert_eq!((placement.action(), placement.path.as_str()), (PlacementAction::Confirm, PATH), "{placement:?}");
    assert!(placement.update_alone > placement.create_alone && placement.chance > 0.0, "{placement:?}");
    let newest = state.article(PATH).unwrap();
    assert!(newest.reason.contains("confirmed by cy;"), "{}", newest.reason);
    assert!(newest.reason.contains("said again by cy-2"), "{}", newest.reason);

    let query = "how is the ledger copied".to_owned();
    let found =
        library.search_articles(SearchArticlesRequest { query, ..Default::default() }).await.unwrap().into_inner();
    assert_eq!((found.results[0].name.as_str(), found.results[0].confirmations), (name.as_str(), 1));

    // an echo stays one, and is not told of every night
    let third = second.next_extra();
    say(&commune, "bob", "b2", "A lesson of another kind: sweep the yard before the rain.").await;
    commune.run_night(third, A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    let session = &state.sessions[&(third.to_string(), "bob".to_owned())];
    assert!(session.echo.is_empty(), "{session:?}");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_goes_into_its_section_and_adds_only_what_is_beyond_the_article() {
    let commune = Commune::start(Plan::one()).await;
    let page = "The ledger is what the bookings of a day are kept in.\n\n## Copying\n\n\
        The ledger directory is copied each night to the second host with rsync over a private line.\n\n\
        ## Printing\n\nThe printer wants thick paper for the covers of the ledger.\n";
    say(&commune, "ada", "a1", page).await;
    let first = commune.night();
    commune.run_night(first, A_NIGHT).await;

    let more = "The ledger directory is copied each night to the second host with rsync over a private line. \
        When the copy to the second host ends early, rsync over the private line goes on with --partial.\n";
    say(&commune, "bob", "b1", more).await;
    commune.run_night(first.next_extra(), A_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    let placement = state.shared.values().find(|s| s.contribution.as_ref().unwrap().agent == "bob").unwrap();
    let placement = placement.placement.as_ref().unwrap();
    assert_eq!((placement.action(), placement.path.as_str()), (PlacementAction::Update, PATH), "{placement:?}");
    assert_eq!((placement.section.as_slice(), placement.echoed_statements), (["Copying".to_owned()].as_slice(), 1));
    let revision = state.article(PATH).unwrap();
    let body = &revision.article.as_ref().unwrap().body;
    let (copying, printing) = (body.find("## Copying").unwrap(), body.find("## Printing").unwrap());
    let added = body.find("--partial").expect("what is new is added");
    assert!(copying < added && added < printing, "{body}");
    assert_eq!(body.matches("copied each night").count(), 1, "{body}");
    assert_eq!(revision.article.as_ref().unwrap().confirmations, 0, "who adds does not confirm: {}", revision.reason);

    let mut library = commune.library().await;
    let request = SuggestPlacementRequest { title: "Copy the ledger".into(), text: more.into(), kind: "lesson".into() };
    let candidates = library.suggest_placement(request).await.unwrap().into_inner().candidates;
    let best = &candidates[0];
    assert!((0.0..=1.0).contains(&best.score) && best.features.iter().any(|feature| feature.name == "title-same"));
    assert_eq!((best.statements, best.repeated_statements), (2, 2), "{best:?}");
    commune.finish().await;
}
