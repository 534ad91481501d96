//! One way to ask: filters in the query or beside it, pages that stay, reasons, and how a score came about.

use commune_proto::librarian::v1::{
    Article, ArticleKind, ImportArticleRequest, QueryReading, SearchArticlesRequest, SearchArticlesResponse,
    SearchFilter, SearchStatus, library_service_client::LibraryServiceClient,
};
use commune_tests::support::{process::Replica, server::Server};
use tonic::{Code, Status, transport::Channel};

struct Library {
    client: LibraryServiceClient<Channel>,
    librarian: Replica,
    _server: Server,
    _dir: tempfile::TempDir,
}

impl Library {
    async fn open() -> Self {
        let server = Server::start().await;
        let dir = tempfile::tempdir().unwrap();
        let mut librarian = Replica::start("librarian", 0, dir.path(), server.service_env()).await;
        librarian.ready().await;
        let client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
        Self { client, librarian, _server: server, _dir: dir }
    }

    async fn put(&mut self, path: &str, title: &str, body: &str, tags: &[&str], by: &str) {
        let article = Article {
            path: path.into(),
            title: title.into(),
            body: format!("# {title}\n\n{body}\n"),
            tags: tags.iter().map(ToString::to_string).collect(),
            ..Article::default()
        };
        let request = ImportArticleRequest { article: Some(article), agent: by.into(), source: String::new() };
        assert!(self.client.import_article(request).await.unwrap().into_inner().changed, "{path}");
    }

    async fn fill(&mut self) {
        self.put(
            "databases/vacuum",
            "Vacuum a table",
            "Postgres keeps dead rows until vacuum runs.",
            &["postgres"],
            "ada",
        )
        .await;
        self.put("databases/backup", "Back up a table", "Use pg_dump with one table.", &["postgres", "backup"], "bo")
            .await;
        self.put("garden/table", "Oil a wooden table", "Linseed oil, twice a year.", &["wood"], "ada").await;
        self.put("garden/hedge", "Cut a hedge", "In late summer, never in spring.", &[], "cy").await;
    }

    async fn ask(&mut self, request: SearchArticlesRequest) -> Result<SearchArticlesResponse, Status> {
        self.client.search_articles(request).await.map(tonic::Response::into_inner)
    }

    async fn names(&mut self, query: &str) -> Vec<String> {
        let request = SearchArticlesRequest { query: query.into(), ..SearchArticlesRequest::default() };
        let found = self.ask(request).await.unwrap().results;
        found.into_iter().map(|result| result.name.trim_start_matches("articles/").to_owned()).collect()
    }

    async fn close(mut self) {
        self.librarian.drain().await;
    }
}

fn asking(query: &str) -> SearchArticlesRequest {
    SearchArticlesRequest { query: query.into(), ..SearchArticlesRequest::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_narrow_a_question_in_its_words_and_beside_them() {
    let mut library = Library::open().await;
    library.fill().await;
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(library.names("table").await), ["databases/backup", "databases/vacuum", "garden/table"]);
    assert_eq!(sorted(library.names("table in:databases").await), ["databases/backup", "databases/vacuum"]);
    assert_eq!(library.names("table tag:postgres by:bo").await, ["databases/backup"]);
    assert_eq!(library.names("tag:wood").await, ["garden/table"], "a filter alone lists what it allows");
    assert!(library.names("table since:2999-01-01").await.is_empty());

    let filter =
        SearchFilter { section: "garden".into(), kind: ArticleKind::Article as i32, ..SearchFilter::default() };
    let found =
        library.ask(SearchArticlesRequest { filter: Some(filter.clone()), ..asking("table by:ada") }).await.unwrap();
    assert_eq!(found.results.len(), 1);
    assert_eq!(found.filter, Some(SearchFilter { contributor: "ada".into(), ..filter }), "as it was understood");

    // what is not known in a part of the library is no need: another part may know it
    let away = SearchArticlesRequest { asker: "dan".into(), ..asking("vacuum dead rows in:garden") };
    let found = library.ask(away).await.unwrap();
    assert_eq!((found.status(), found.need.as_str()), (SearchStatus::NotKnown, ""));
    assert!(found.reason.contains("that the filter allows"), "{}", found.reason);
    // what is lacked is told as it was written, and not as it is indexed
    let lacking = library.ask(asking("vacuuming Pineapples between galaxies")).await.unwrap();
    assert!(lacking.reason.contains("“Pineapples”"), "{}", lacking.reason);
    assert_eq!(lacking.status(), SearchStatus::NotKnown);
    assert_eq!((lacking.results.len(), lacking.nearest[0].name.as_str()), (0, "articles/databases/vacuum"));

    for (query, filter, problem) in [
        ("table kind:skill kind:article", SearchFilter::default(), "query"),
        ("table in:garden", SearchFilter { section: "databases".into(), ..SearchFilter::default() }, "filter"),
        ("table", SearchFilter { since: "yesterday".into(), ..SearchFilter::default() }, "filter.since"),
        ("table", SearchFilter { section: "../x".into(), ..SearchFilter::default() }, "filter.section"),
        (
            "table",
            SearchFilter { tags: (0..17).map(|n| format!("t{n}")).collect(), ..SearchFilter::default() },
            "filter.tags",
        ),
    ] {
        let refused = library.ask(SearchArticlesRequest { filter: Some(filter), ..asking(query) }).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().starts_with(problem), "{refused:?}");
    }
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_tells_what_matched_how_it_was_scored_and_what_was_meant() {
    let mut library = Library::open().await;
    library.fill().await;
    let found =
        library.ask(SearchArticlesRequest { explain: true, facets: true, ..asking("vacuum a table") }).await.unwrap();
    let first = &found.results[0];
    assert_eq!(first.name, "articles/databases/vacuum");
    let marked: Vec<&str> =
        first.highlights.iter().map(|at| &first.snippet[at.start as usize..at.end as usize]).collect();
    assert!(marked.iter().any(|word| word.eq_ignore_ascii_case("vacuum")), "{marked:?} of {}", first.snippet);
    let parts = first.explanation.as_ref().unwrap();
    let score = parts.words_weight * parts.words_scaled + parts.meaning_weight * parts.meaning_scaled;
    assert!((score - first.score).abs() < 1e-9, "{parts:?}");
    let terms: f64 = parts.terms.iter().map(|term| term.score).sum();
    assert!((terms - parts.words).abs() < 1e-3, "{parts:?}");
    let facet = |name: &str| found.facets.iter().find(|facet| facet.name == name).unwrap();
    assert_eq!((facet("in").values[0].value.as_str(), facet("in").values[0].count), ("databases", 2));
    assert_eq!((facet("tag").values[0].value.as_str(), facet("tag").values[0].count), ("postgres", 2));

    let meant = library.ask(asking("vacum a tabel")).await.unwrap();
    assert_eq!(meant.suggestion, "vacuum a table");
    let empty = library.ask(asking("sourdough bread")).await.unwrap();
    assert_eq!((empty.status(), empty.suggestion.as_str()), (SearchStatus::NotKnown, ""));
    assert!(empty.reason.starts_with("not known here: "), "{}", empty.reason);

    let transformer = SearchArticlesRequest { reading: QueryReading::Transformer as i32, ..asking("vacuum a table") };
    let refused = library.ask(transformer).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_turns_pages_sees_the_answer_of_the_first() {
    let mut library = Library::open().await;
    for page in 0..7 {
        library.put(&format!("tables/t{page}"), "A table", "A table has rows.", &[], "ada").await;
    }
    let request = SearchArticlesRequest { page_size: 3, ..asking("table rows") };
    let mut found = library.ask(request.clone()).await.unwrap();
    assert_eq!(found.total_size, 7);
    let mut names: Vec<String> = found.results.iter().map(|result| result.name.clone()).collect();
    // a page that would come first comes in between
    library.put("tables/a", "Table rows", "Rows of a table, table rows.", &[], "bo").await;
    while !found.next_page_token.is_empty() {
        let next = SearchArticlesRequest { page_token: found.next_page_token.clone(), ..request.clone() };
        found = library.ask(next).await.unwrap();
        names.extend(found.results.iter().map(|result| result.name.clone()));
    }
    assert_eq!(names, (0..7).map(|page| format!("articles/tables/t{page}")).collect::<Vec<_>>());
    let now = library.ask(request).await.unwrap();
    assert_eq!((now.total_size, now.results[0].name.as_str()), (8, "articles/tables/a"));
    library.close().await;
}
