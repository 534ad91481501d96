//! How fast a search is, in process and over gRPC, beside raw BM25 over the same texts; and what a library costs to build, hold and restart.

use std::time::{Duration, Instant};

use commune_proto::librarian::v1::{Article, ImportArticleRequest};
use librarian::index::{Index, Page};

use crate::{
    house::{House, path},
    raw::{Fields, Raw},
    sets::{Doc, NAMES, Set, jsonl, text},
    times::Times,
};

/// Questions that are asked; each once to warm up, then in passes that are measured.
const QUESTIONS: usize = 1_000;
/// Of these, the pass with the lowest p99 counts: what others do on the machine is not the search's.
const PASSES: usize = 3;
/// Pages that are brought one by one, for the rate of it.
const IMPORTED: usize = 300;

/// Prints the table for libraries of these sizes.
pub(crate) async fn print(sizes: &[usize]) {
    println!("## Speed\n");
    let questions = questions();
    if questions.is_empty() {
        return println!("skipped: the sets are not there");
    }
    for size in sizes {
        measure(&corpus(*size), &questions).await;
    }
}

/// Prints what a search costs in process alone, beside raw BM25.
pub(crate) fn print_in_process(size: usize) {
    println!("## Speed in process\n");
    let questions = questions();
    if questions.is_empty() {
        return println!("skipped: the sets are not there");
    }
    in_process(&corpus(size), &questions);
    println!();
}

/// Measures raw BM25 and the index in turn: the times of raw BM25, and how long both took to build.
fn in_process(docs: &[Doc], questions: &[String]) -> (Times, Duration, Duration) {
    let bytes: usize = docs.iter().map(|doc| doc.title.len() + doc.body.len()).sum();
    println!("{} pages, {:.1} MB; {} questions, warm\n", docs.len(), bytes as f64 / 1e6, questions.len());
    println!("| | p50 | p99 | times the p50 of raw BM25 |\n|---|---|---|---|");

    let began = Instant::now();
    let mut raw = Raw::of(docs.iter().enumerate().map(|(at, doc)| (at, doc.title.as_str(), doc.body.as_str())));
    let raw_built = began.elapsed();
    let yardstick = timed(questions, |question| drop(raw.search(question, Fields::Mixed, 10)));
    row("raw BM25, mix 0.2, in process", &yardstick, &yardstick);

    let paths: Vec<_> = (0..docs.len()).map(path).collect();
    let began = Instant::now();
    let mut index = Index::new().unwrap();
    let page = |(doc, path)| page(doc, path);
    index.put(docs.iter().zip(&paths).map(page)).unwrap();
    let built = began.elapsed();
    let snapshot = index.snapshot();
    let in_process = timed(questions, |question| drop(snapshot.search(question, 10).unwrap()));
    row("the index, in process", &in_process, &yardstick);
    (yardstick, raw_built, built)
}

async fn measure(docs: &[Doc], questions: &[String]) {
    let (yardstick, raw_built, built) = in_process(docs, questions);
    let numbered: Vec<_> = docs.iter().enumerate().collect();
    let began = Instant::now();
    let mut house = House::of(&numbered).await;
    let opened = began.elapsed();
    for question in questions {
        house.ask(question, 10).await;
    }
    let mut passes = Vec::new();
    for _ in 0..PASSES {
        let mut times = Vec::new();
        for question in questions {
            let began = Instant::now();
            house.ask(question, 10).await;
            times.push(began.elapsed());
        }
        passes.push(times);
    }
    row("**the librarian, over gRPC**", &best(passes), &yardstick);

    let rate = |took: Duration| docs.len() as f64 / took.as_secs_f64();
    println!("\n| | |\n|---|---|");
    println!("| raw BM25, pages indexed each second | {:.0} |", rate(raw_built));
    println!("| the index, pages each second | {:.0}, {:.2} of raw BM25 |", rate(built), rate(built) / rate(raw_built));
    println!("| stored as revisions and found, pages each second | {:.0} |", rate(opened));
    println!("| memory of the librarian | {} |", house.memory());
    println!("| the saved index | {:.0} MB |", house.saved().await as f64 / 1e6);
    let restart = house.restarted(&questions[0], true).await;
    println!("| from its start to the first answer, with the saved index | {:.2} s |", restart.as_secs_f64());
    println!("| memory after that restart | {} |", house.memory());
    let restart = house.restarted(&questions[0], false).await;
    println!("| from its start to the first answer, without | {:.2} s |", restart.as_secs_f64());
    house.close().await;
    println!("| brought one by one (ImportArticle), pages each second | {:.0} |\n", imports(docs).await);
}

fn page<'a>(doc: &'a Doc, path: &'a commune_proto::ArticlePath) -> Page<'a> {
    Page::plain(path, &doc.title, &doc.body)
}

/// Pages each second into an empty library, by the call that is for it.
async fn imports(docs: &[Doc]) -> f64 {
    let house = House::of(&[]).await;
    let mut client = house.client();
    let mut taken = 0;
    let began = Instant::now();
    for (at, doc) in docs.iter().filter(|doc| !doc.body.trim().is_empty()).take(IMPORTED).enumerate() {
        let article = Article {
            path: path(at).to_string(),
            // a page without one is named by its body, which may be too long for a title
            title: if doc.title.is_empty() { format!("Page {at}") } else { doc.title.clone() },
            body: doc.body.clone(),
            ..Article::default()
        };
        let request = ImportArticleRequest { article: Some(article), agent: "bench".into(), source: String::new() };
        // what prints a key is refused
        taken += usize::from(client.import_article(request).await.is_ok());
    }
    let rate = taken as f64 / began.elapsed().as_secs_f64();
    house.close().await;
    rate
}

/// Asks every question once to warm up, then in passes.
fn timed(questions: &[String], mut ask: impl FnMut(&str)) -> Times {
    questions.iter().for_each(|question| ask(question));
    let mut once = |question: &String| {
        let began = Instant::now();
        ask(question);
        began.elapsed()
    };
    best((0..PASSES).map(|_| questions.iter().map(&mut once).collect()).collect())
}

/// The pass with the lowest p99.
fn best(passes: Vec<Vec<Duration>>) -> Times {
    passes.into_iter().map(Times::of).min_by(|l, r| l.at(99).total_cmp(&r.at(99))).unwrap()
}

fn row(what: &str, times: &Times, yardstick: &Times) {
    let (half, most) = (times.at(50), times.at(99));
    println!("| {what} | {half:.3} ms | {most:.3} ms | {:.2} |", half / yardstick.at(50));
}

/// So many pages, evenly from the texts of all sets; each is used once before one is used again under another title.
pub(crate) fn corpus(size: usize) -> Vec<Doc> {
    let mut all: Vec<Doc> = Vec::new();
    for name in NAMES.into_iter().chain(["wikirev"]) {
        let rows = jsonl(&format!("{name}/corpus.jsonl")).unwrap_or_default();
        all.extend(rows.iter().map(|row| Doc {
            title: text(row, "title"),
            body: text(row, "text"),
            group: String::new(),
        }));
    }
    let once = size.min(all.len());
    let mut docs: Vec<Doc> = (0..once).map(|at| all[at * all.len() / once].clone()).collect();
    for at in once..size {
        let doc = &all[at % all.len()];
        docs.push(Doc { title: format!("{} {}", doc.title, at / all.len()), ..doc.clone() });
    }
    docs
}

/// Questions of all sets but the sheets of sametopic, evenly.
fn questions() -> Vec<String> {
    let sets = NAMES.into_iter().filter(|name| *name != "sametopic").filter_map(Set::read);
    let all: Vec<String> = sets.flat_map(|set| set.questions).map(|question| question.text).collect();
    let wanted = QUESTIONS.min(all.len());
    (0..wanted).map(|at| all[at * all.len() / wanted].clone()).collect()
}
