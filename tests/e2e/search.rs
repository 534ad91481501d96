//! Searching a library of many languages and of code, over gRPC: what is asked for stands first, with near misses beside it.

mod arabic;
mod chinese;
mod code;
mod doors;
mod french;
mod german;
mod hindi;
mod restart;
mod russian;

use commune_proto::librarian::v1::{
    Article, ImportArticleRequest, SearchArticlesRequest, SearchStatus, library_service_client::LibraryServiceClient,
};
use commune_tests::support::{process::Replica, server::Server};

/// A page of the library.
struct Written {
    path: &'static str,
    title: &'static str,
    body: &'static str,
}

/// A question and the page that answers it.
struct Asked {
    question: &'static str,
    first: &'static str,
}

/// Every language's pages and questions. The pages say the same in each, so that nothing but the language tells them apart.
const LIBRARY: [(&[Written], &[Asked]); 7] = [
    (french::PAGES, french::QUESTIONS),
    (german::PAGES, german::QUESTIONS),
    (russian::PAGES, russian::QUESTIONS),
    (chinese::PAGES, chinese::QUESTIONS),
    (arabic::PAGES, arabic::QUESTIONS),
    (hindi::PAGES, hindi::QUESTIONS),
    (code::PAGES, code::QUESTIONS),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_in_many_languages_and_in_code_find_their_page_first() {
    let server = Server::start().await;
    let dir = tempfile::tempdir().unwrap();
    let mut librarian = Replica::start("librarian", 0, dir.path(), server.service_env()).await;
    librarian.ready().await;
    let mut client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
    let mut pages = 0;
    for page in LIBRARY.iter().flat_map(|(pages, _)| *pages) {
        let article = Article {
            path: page.path.into(),
            title: page.title.into(),
            body: format!("# {}\n\n{}\n", page.title, page.body),
            ..Article::default()
        };
        let request = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: String::new() };
        assert!(client.import_article(request).await.unwrap().into_inner().changed, "{}", page.path);
        pages += 1;
    }
    assert!(pages >= 60, "{pages} pages are too few to be mistaken for each other");

    let mut missed = Vec::new();
    for Asked { question, first } in LIBRARY.iter().flat_map(|(_, questions)| *questions) {
        let request = SearchArticlesRequest { query: (*question).into(), ..SearchArticlesRequest::default() };
        let answer = client.search_articles(request).await.unwrap().into_inner();
        let found: Vec<&str> = answer.results.iter().take(3).map(|result| result.name.as_str()).collect();
        if found.first() != Some(&format!("articles/{first}").as_str()) || answer.status() == SearchStatus::NotKnown {
            missed.push(format!("`{question}` wants {first}: {:?}, {found:?}", answer.status()));
        }
    }
    assert!(missed.is_empty(), "{} questions missed their page:\n{}", missed.len(), missed.join("\n"));
    librarian.drain().await;
}
