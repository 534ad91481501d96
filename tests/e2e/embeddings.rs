//! A librarian that embeds with the transformer: it says what is missing, and otherwise answers before and after.

use std::{path::Path, time::Duration};

use commune_proto::librarian::v1::{
    Article, ImportArticleRequest, SearchArticlesRequest, library_service_client::LibraryServiceClient,
};
use commune_tests::support::{process::Replica, server::Server};

/// Where `make model` puts the transformer.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/model");
/// More pages than are embedded together.
const PAGES: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librarian_without_its_model_says_what_to_do_and_ends() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    for (folder, words) in [("", "library.model_folder is empty"), (empty.to_str().unwrap(), "make model")] {
        let mut env = server.service_env();
        env.push(("COMMUNE_LIBRARY__EMBEDDINGS".into(), "documents".into()));
        env.push(("COMMUNE_LIBRARY__MODEL_FOLDER".into(), folder.into()));
        let mut librarian = Replica::start("librarian", 0, dir.path(), env).await;
        let status = librarian.ended(Duration::from_secs(30)).await;
        assert!(!status.success() && librarian.log().contains(words), "{status}: {}", librarian.log());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_transformer_has_not_come_to_is_found_like_what_it_has() {
    if !Path::new(MODEL).exists() {
        println!("skipped: {MODEL} is not there (make model)");
        return;
    }
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let mut librarian = Replica::start("librarian", 0, dir.path(), server.service_env()).await;
    librarian.ready().await;
    let mut client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
    let others = (1..PAGES).map(|at| (format!("garden/bed-{at}"), format!("What grows in bed {at}")));
    for (path, title) in others.chain([("how-to/database".into(), "Rebooting the postgres server".into())]) {
        let body = format!("# {title}\n\nWritten down so that nobody has to find it out again.\n");
        let article = Article { path, title, body, ..Article::default() };
        let request = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: String::new() };
        assert!(client.import_article(request).await.unwrap().into_inner().changed);
    }

    librarian.drain().await;

    for (index, embeddings) in [(1, "documents"), (2, "both")] {
        let mut env = server.service_env();
        env.push(("COMMUNE_LIBRARY__EMBEDDINGS".into(), embeddings.into()));
        env.push(("COMMUNE_LIBRARY__MODEL_FOLDER".into(), MODEL.into()));
        let mut librarian = Replica::start("librarian", index, dir.path(), env).await;
        librarian.ready().await;
        let mut client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
        for through in [false, true] {
            if through {
                librarian.logged("every page is embedded").await;
            }
            let request = SearchArticlesRequest { query: "reboot the postgres server".into(), ..Default::default() };
            let found = client.search_articles(request).await.unwrap().into_inner().results;
            let first = found.first().map(|result| result.name.as_str());
            assert_eq!(first, Some("articles/how-to/database"), "embeddings {embeddings}, through {through}");
        }
        librarian.drain().await;
    }
}
