//! Statement by statement: who said what stands in an article, what is contested in it, and what changed, word by word.

use std::collections::BTreeMap;

use commune_proto::librarian::v1::{
    BlameArticleRequest, BlamedLine, DiffKind, DiffRevisionsRequest, GetArticleRequest, GetRevisionRequest, LineOrigin,
    SearchArticlesRequest, StatementSource,
};
use commune_tests::support::{A_NIGHT, Commune, Plan, state::EndState};

const PATH: &str = "lessons/copy-the-ledger";
const PAGE: &str = "The ledger is what the bookings of a day are kept in.\n\n## Copying\n\n\
    The ledger directory is copied each night to the second host with rsync over a private line.\n\n\
    ## Printing\n\nThe printer of the ledger listens on port 8631.\n";
const REPEATED: &str = "The ledger directory is copied each night to the second host with rsync over a private line.";
const NEW: &str = "When the copy to the second host ends early, rsync over the private line goes on with --partial.";
const CHECKED: &str = "The copy on the second host is checked with sha256sum each morning.";
const OTHERWISE: &str = "The printer of the ledger listens on port 9100.";

async fn say(commune: &Commune, agent: &str, id: &str, text: &str) {
    let lesson = format!("---\ntitle: Copy the ledger\nkind: lesson\n---\n{text}");
    let answer = commune.say(agent, "note", id, &lesson).await;
    assert_eq!(answer["stream"], "AGENTS", "{answer}");
}

async fn blame(commune: &Commune, revision: u32) -> Vec<BlamedLine> {
    let mut library = commune.library().await;
    let mut request =
        BlameArticleRequest { name: format!("articles/{PATH}"), revision, page_size: 2, ..Default::default() };
    let mut lines = Vec::new();
    loop {
        let page = library.blame_article(request.clone()).await.unwrap().into_inner();
        lines.extend(page.lines);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            assert_eq!(usize::try_from(page.total_size).unwrap(), lines.len());
            return lines;
        }
    }
}

fn of<'a>(lines: &'a [BlamedLine], text: &str) -> &'a BlamedLine {
    lines.iter().find(|line| line.text.contains(text)).unwrap_or_else(|| panic!("`{text}` is no line of {lines:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_names_who_said_it_and_what_contradicts_is_shown_as_contested() {
    let commune = Commune::start(Plan::one()).await;
    say(&commune, "ada", "a1", PAGE).await;
    let first = commune.night();
    commune.run_night(first, A_NIGHT).await;
    say(&commune, "bob", "b1", &format!("{REPEATED} {NEW}\n\n{OTHERWISE}\n")).await;
    say(&commune, "cy", "c1", &format!("{REPEATED} {CHECKED}\n")).await;
    let second = first.next_extra();
    commune.run_night(second, A_NIGHT).await;

    let state = EndState::read(&commune.bus).await;
    let contributions: BTreeMap<String, (String, String)> = state
        .shared
        .values()
        .filter_map(|shared| shared.contribution.clone())
        .map(|contribution| (contribution.agent, (contribution.id, contribution.night)))
        .collect();
    let by = |line: &BlamedLine| line.sources.iter().map(|source| source.agent.clone()).collect::<Vec<_>>();
    let told = |source: &StatementSource| {
        let (contribution, night) = &contributions[&source.agent];
        assert_eq!((&source.contribution, &source.night), (contribution, night), "{source:?}");
        assert_eq!(source.revision, if source.agent == "ada" { 1 } else { 2 }, "{source:?}");
    };
    let lines = blame(&commune, 0).await;
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!(line.number, number);
        let expected = match line.text.trim() {
            "" => LineOrigin::Blank,
            text if text.starts_with('#') => LineOrigin::Librarian,
            _ => LineOrigin::Agents,
        };
        assert_eq!(line.origin(), expected, "{line:?}");
        assert_eq!(line.sources.is_empty(), expected != LineOrigin::Agents, "{line:?}");
        line.sources.iter().for_each(told);
    }
    assert_eq!(by(of(&lines, "bookings of a day")), ["ada"]);
    assert_eq!(by(of(&lines, REPEATED)), ["ada", "bob", "cy"], "said, and said again");
    assert_eq!(by(of(&lines, NEW)), ["bob"]);
    assert_eq!(by(of(&lines, CHECKED)), ["cy"]);
    // what was is blamed as it was
    let before = blame(&commune, 1).await;
    assert!(before.iter().flat_map(by).all(|agent| agent == "ada"), "{before:?}");

    // both stay, beside each other, and everybody who reads sees it
    let (one, other) = (of(&lines, "port 8631"), of(&lines, "port 9100"));
    assert!(one.number < other.number && other.number - one.number <= 2, "in one section: {lines:?}");
    let mut library = commune.library().await;
    let article = library
        .get_article(GetArticleRequest { name: format!("articles/{PATH}"), ..Default::default() })
        .await
        .unwrap()
        .into_inner();
    let [contested] = article.contested.as_slice() else { panic!("{article:?}") };
    let said: Vec<(&str, &str, &str)> = contested
        .statements
        .iter()
        .map(|statement| (statement.text.as_str(), statement.headings[0].as_str(), statement.sources[0].agent.as_str()))
        .collect();
    assert_eq!(
        said,
        [("The printer of the ledger listens on port 8631.", "Printing", "ada"), (OTHERWISE, "Printing", "bob")]
    );
    assert!(contested.statements.iter().all(|statement| statement.sources[0].on == first.date().to_string()));
    let name = format!("articles/{PATH}/revisions/1");
    let was = library.get_revision(GetRevisionRequest { name }).await.unwrap().into_inner().article.unwrap();
    assert!(was.contested.is_empty(), "{was:?}");
    let query = "port of the ledger printer".to_owned();
    let found =
        library.search_articles(SearchArticlesRequest { query, ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(found.results[0].contested, 1, "{found:?}");

    // what changed is told word by word, and each text follows from it
    let request = DiffRevisionsRequest { name: format!("articles/{PATH}"), from: 1, to: 2, words: true };
    let diff = library.diff_revisions(request).await.unwrap().into_inner();
    let text = |without: DiffKind| -> String {
        diff.segments.iter().filter(|segment| segment.kind() != without).map(|segment| segment.text.as_str()).collect()
    };
    assert_eq!((text(DiffKind::Added), text(DiffKind::Removed)), (was.body, article.body), "{diff:?}");

    // when one of the two is withdrawn, nothing is contested, and blame knows its agent no more
    let answer = commune.say("bob", "withdraw", "w1", "b1").await;
    assert_eq!(answer["stream"], "AGENTS", "{answer}");
    commune_tests::eventually(A_NIGHT, "what bob contributed is taken out", || async {
        let name = format!("articles/{PATH}");
        let article = commune
            .library()
            .await
            .get_article(GetArticleRequest { name, ..Default::default() })
            .await
            .unwrap()
            .into_inner();
        article.revision == 3 && article.contested.is_empty()
    })
    .await;
    let lines = blame(&commune, 0).await;
    assert_eq!(by(of(&lines, REPEATED)), ["ada", "cy"]);
    assert!(lines.iter().flat_map(by).all(|agent| agent != "bob"), "{lines:?}");
    commune.finish().await;
}
