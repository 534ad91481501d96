//! A page that went elsewhere: every door leads to where it went, nothing finds or counts it, and what is withdrawn of it leaves the page
//! that took it in.

use commune_bus::{Outgoing, subject};
use commune_proto::{
    ArticlePath, content_id,
    librarian::v1::{
        Article, ArticleCurated, GetArticleRequest, ImportArticleRequest, ListArticlesRequest, ListRevisionsRequest,
        SearchArticlesRequest, SuggestPlacementRequest, library_service_client::LibraryServiceClient,
    },
};
use commune_tests::{
    A_WHILE, eventually,
    support::{A_NIGHT, Commune, Plan, now},
};
use tonic::Code;

const KETTLE: &str =
    "---\nkind: lesson\ntitle: Descale the kettle\n---\nDescale the kettle with citric acid each month.\n";
const BOILER: &str =
    "---\nkind: lesson\ntitle: Boiler pressure\n---\nThe boiler keeps 1.4 bar, and the valve opens at 3 bar.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_went_elsewhere_is_found_where_it_went() {
    let commune = Commune::start(Plan::two()).await;
    commune.say("ada", "note", "kettle", KETTLE).await;
    commune.say("bo", "note", "boiler", BOILER).await;
    commune.quiet().await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let mut library = commune.library().await;
    let name = |path: &str| format!("articles/lessons/{path}");
    let get = |path: &str| GetArticleRequest { name: name(path), ..Default::default() };
    let kettle = library.get_article(get("descale-the-kettle")).await.unwrap().into_inner();
    let boiler = library.get_article(get("boiler-pressure")).await.unwrap().into_inner();

    // the boiler's page goes into the kettle's, as a merge writes it: one batch
    let body = format!("{}\n## Boiler pressure\n\n{}", kettle.body, boiler.body.lines().last().unwrap());
    let merged = Article { body: body + "\n", revision: kettle.revision + 1, ..kettle.clone() };
    let redirect = Article {
        body: String::new(),
        contributors: Vec::new(),
        revision: boiler.revision + 1,
        redirect_to: kettle.path.clone(),
        ..boiler.clone()
    };
    let batch = [merged, redirect].map(|article| {
        let path: ArticlePath = article.path.parse().unwrap();
        let id = content_id(&["merge", path.as_str()]);
        let curated = ArticleCurated { article: Some(article), reason: "merged".into(), ..ArticleCurated::default() };
        Outgoing::event(subject::article_curated(&path), &id, "story", now(), &curated)
    });
    commune.bus.publish_batch(batch.to_vec()).await.unwrap();
    for replica in &commune.librarian {
        let mut library = LibraryServiceClient::connect(format!("http://{}", replica.grpc)).await.unwrap();
        eventually(A_WHILE, "the redirect is read", || {
            let mut library = library.clone();
            async move {
                let listed = library.list_articles(ListArticlesRequest::default()).await;
                listed.is_ok_and(|listed| listed.get_ref().total_size == 1)
            }
        })
        .await;
        let answered = library.get_article(get("boiler-pressure")).await.unwrap().into_inner();
        assert_eq!((answered.path.as_str(), answered.redirect_to.as_str()), (kettle.path.as_str(), ""));
        assert!(answered.body.contains("1.4 bar"), "{}", answered.body);
        let parent = name("boiler-pressure");
        let history = library.list_revisions(ListRevisionsRequest { parent, ..Default::default() }).await.unwrap();
        let newest = history.get_ref().revisions[0].article.clone().unwrap();
        assert_eq!((history.get_ref().total_size, newest.redirect_to), (2, kettle.path.clone()));
    }
    let query = "which pressure does the boiler keep?".to_owned();
    let found =
        library.search_articles(SearchArticlesRequest { query, ..Default::default() }).await.unwrap().into_inner();
    let names: Vec<&str> = found.results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, [name("descale-the-kettle")], "{found:?}");
    let place = SuggestPlacementRequest {
        title: "Boiler pressure".into(),
        text: "The valve opens at 3 bar.".into(),
        ..Default::default()
    };
    let placed = library.suggest_placement(place).await.unwrap().into_inner();
    assert!(placed.candidates.iter().all(|candidate| candidate.name == name("descale-the-kettle")), "{placed:?}");
    let import = ImportArticleRequest { article: Some(boiler), agent: "ada".into(), ..Default::default() };
    let refused = library.import_article(import).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("went to `articles/lessons/descale-the-kettle`"), "{}", refused.message());

    // what bo withdraws was contributed to a page that is no more, and leaves the one that took it in
    let json = [("Content-Type", "application/json")];
    commune.say_as("bo", "withdraw", "boiler-back", &json, br#"{"note": "boiler"}"#).await;
    eventually(A_WHILE, "it is taken out", || {
        let mut library = library.clone();
        async move { library.get_article(get("boiler-pressure")).await.is_ok_and(|a| !a.get_ref().body.contains("bar")) }
    })
    .await;
    let left = library.get_article(get("boiler-pressure")).await.unwrap().into_inner();
    assert_eq!((left.body.as_str(), left.contributors), (kettle.body.as_str(), vec!["ada".to_owned()]));
    commune.finish().await;
}
