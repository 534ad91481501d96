//! A night tends the library: dead links, near misses, orphans, tags and sections, once, whichever replica does it; a second night changes
//! nothing.

use commune_bus::StreamName;
use commune_proto::{
    librarian::v1::{
        Article, ArticleCurated, ArticleKind, CheckLibraryRequest, GetArticleRequest, ImportArticleRequest,
        ListArticlesRequest, ListNeedsRequest, ListRevisionsRequest, SearchArticlesRequest,
        library_service_client::LibraryServiceClient,
    },
    night::v1::{Stage, TrailRecord},
};
use commune_tests::{
    A_WHILE, eventually,
    support::{A_NIGHT, Commune, Plan, read_all},
};

const NOTE: &str = "---\nkind: lesson\ntitle: Closing the shutters\n---\nThe shutters of the north side are closed by hand before a storm.\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_night_tends_the_library_and_the_next_has_nothing_to_do() {
    let commune = Commune::start(Plan::two()).await;
    let mut library = commune.library().await;
    let get = |path: &str| GetArticleRequest { name: format!("articles/{path}"), ..Default::default() };
    for (path, title, body, tag) in pages() {
        let body = format!("# {title}\n\n{body}\n");
        let article = Article { path, title, body, tags: vec![tag.to_owned()], ..Article::default() };
        let import = ImportArticleRequest { article: Some(article), agent: "ada".into(), ..Default::default() };
        library.import_article(import).await.unwrap();
    }
    let check = |check: &str| CheckLibraryRequest { check: check.to_owned(), ..Default::default() };
    let found = library.check_library(check("links")).await.unwrap().into_inner();
    let told: Vec<(&str, bool)> = found.findings.iter().map(|finding| (finding.name.as_str(), finding.mends)).collect();
    assert_eq!(told, [("articles/logs/page-0", true), ("articles/logs/page-1", true)], "{found:?}");
    let refused = library.check_library(check("spelling")).await.unwrap_err();
    assert!(refused.message().starts_with("check: `spelling` is no check: use form, headings, links"), "{refused}");

    commune.say("ada", "note", "shutters", NOTE).await;
    commune.quiet().await;
    let trail = commune.run_night(commune.night(), A_NIGHT).await;
    let counted: Vec<&TrailRecord> = trail.iter().filter(|record| record.stage() == Stage::Librarian).collect();
    assert!(counted[0].counts["mended_links"] == 2 && counted[0].counts["mended_form"] == 1, "{counted:?}");

    let dead = library.get_article(get("logs/page-0")).await.unwrap().into_inner();
    assert!(dead.body.ends_with("Ask for the keeper of obelisks.\n"), "{}", dead.body);
    let near = library.get_article(get("logs/page-1")).await.unwrap().into_inner();
    assert!(near.body.ends_with("See [[certificates/page-2|Renewing certificates, part 2]].\n"), "{}", near.body);
    let tagged = library.get_article(get("logs/page-3")).await.unwrap().into_inner();
    assert_eq!(tagged.tags, ["log-rotation"], "`log_rotation` is what others call `log-rotation`");
    let led: Vec<ArticleCurated> = newest(&commune).await;
    let leads = |to: &str| led.iter().any(|c| c.article.as_ref().unwrap().see_also.iter().any(|path| path == to));
    assert!(leads("certificates/page-5"), "nothing led there");
    let section = library.get_article(get("logs")).await.unwrap().into_inner();
    assert_eq!(section.kind(), ArticleKind::Section);
    assert!(section.body.contains("- [[logs/page-0|Rotating the logs, part 0]]\n"), "{}", section.body);
    let listed = library.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.total_size as usize, pages().len() + 1, "a section is no article");
    let query = "Logs".to_owned();
    let found =
        library.search_articles(SearchArticlesRequest { query, ..Default::default() }).await.unwrap().into_inner();
    assert!(found.results.iter().all(|result| result.name != "articles/logs"), "{found:?}");

    // the link to nothing is a need of who wrote it, once
    eventually(A_WHILE, "the need is recorded", || {
        let mut library = library.clone();
        async move {
            library.list_needs(ListNeedsRequest::default()).await.is_ok_and(|needs| needs.get_ref().total_size == 1)
        }
    })
    .await;
    let needs = library.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert_eq!(
        (needs[0].question.as_str(), needs[0].askers.as_slice()),
        ("What is keeper of obelisks?", ["ada".to_owned()].as_slice())
    );

    // what was brought is brought again, and stays as it is mended; one revision says what was mended
    let (path, title, body, tag) = pages().remove(0);
    let body = format!("# {title}\n\n{body}\n");
    let article = Article { path, title, body, tags: vec![tag.to_owned()], ..Article::default() };
    let import = ImportArticleRequest { article: Some(article), agent: "ada".into(), ..Default::default() };
    assert!(!library.import_article(import).await.unwrap().into_inner().changed);
    let parent = "articles/logs/page-0".to_owned();
    let history =
        library.list_revisions(ListRevisionsRequest { parent, ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(
        (history.total_size, history.revisions[0].article.as_ref().unwrap().night.as_str()),
        (2, commune.night().to_string().as_str())
    );
    assert!(history.revisions[0].mended.contains(&"links".to_owned()), "{history:?}");
    assert!(
        history.revisions[0].provenance.is_empty()
            && history.revisions[0].reason.contains("asked for “keeper of obelisks”")
    );

    let before = read_all(&commune.bus, StreamName::Library, &[]).await.len();
    commune.run_night(commune.night().next_extra(), A_NIGHT).await;
    let since: Vec<String> = read_all(&commune.bus, StreamName::Library, &[])
        .await
        .split_off(before)
        .iter()
        .map(|message| {
            let curated = message.event::<ArticleCurated>().unwrap();
            format!("{}: {}", curated.article.unwrap().path, curated.reason)
        })
        .collect();
    assert!(since.is_empty(), "a second night changes nothing: {since:?}");
    for replica in &commune.librarian {
        let mut library = LibraryServiceClient::connect(format!("http://{}", replica.grpc)).await.unwrap();
        assert_eq!(library.get_article(get("logs/page-0")).await.unwrap().into_inner(), dead);
        let left = library.check_library(CheckLibraryRequest::default()).await.unwrap().into_inner();
        assert!(left.findings.iter().all(|finding| !finding.mends), "{left:?}");
    }
    commune.finish().await;
}

/// Two sections of a small library: path, title, text and tag.
fn pages() -> Vec<(String, String, String, &'static str)> {
    let mut pages = Vec::new();
    for n in 0..7 {
        let link = match n {
            0 => "Ask for the [[keeper of obelisks]].".to_owned(),
            1 => "See [[Renewing certificates, part 2]].".to_owned(),
            _ => format!("See [[logs/page-{}]].", n - 2),
        };
        let words = ["size", "day", "host", "service", "owner", "quota", "archive"][n];
        let text = format!("The log files of the server are rotated by {words}, and seven of them are kept.\n\n{link}");
        let tag = if n == 3 { "log_rotation" } else { "log-rotation" };
        pages.push((format!("logs/page-{n}"), format!("Rotating the logs, part {n}"), text, tag));
    }
    for n in 0..7 {
        let words = ["wildcard", "staging", "proxy", "mail", "internal", "client", "expired"][n];
        // to the fifth nothing leads
        let to = [1, 2, 3, 4, 6, 0, 0][n];
        let text = format!(
            "A {words} certificate is renewed with the DNS challenge, a month before it runs out.\n\nSee [[certificates/page-{to}]]."
        );
        pages.push((
            format!("certificates/page-{n}"),
            format!("Renewing certificates, part {n}"),
            text,
            "certificates",
        ));
    }
    pages
}

/// The newest revision of every page.
async fn newest(commune: &Commune) -> Vec<ArticleCurated> {
    let mut newest = std::collections::BTreeMap::new();
    for message in read_all(&commune.bus, StreamName::Library, &[]).await {
        newest.insert(message.subject.clone(), message.event::<ArticleCurated>().unwrap());
    }
    newest.into_values().collect()
}
