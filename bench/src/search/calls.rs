//! What a call costs over gRPC, beside a server that answers with as many bytes and does nothing else, in turns.

use std::time::{Duration, Instant};

use commune_proto::{
    librarian::v1::{Article, GetArticleRequest, ImportArticleRequest, ListArticlesRequest, ListRevisionsRequest},
    selfcare::v1::GetBriefRequest,
};
use commune_tests::support::{Commune, LONG_NIGHT, Plan, notes};
use prost::Message;

use crate::{
    echo::Client,
    house::{filled, path},
    speed::corpus,
    times::Times,
};

/// Turns, and calls of each kind in a turn.
const TURNS: usize = 7;
const CALLS: usize = 500;
/// Notes of the agent whose brief is read, and revisions of the page whose history is.
const NOTES: usize = 400;
const REVISIONS: usize = 12;

/// Prints the table over a library of so many pages.
pub(crate) async fn print(size: usize) {
    println!("## Calls: a library of {size} pages, {TURNS} turns of {CALLS} calls\n");
    let docs = corpus(size);
    let server = filled(&docs.iter().enumerate().collect::<Vec<_>>()).await;
    let commune = Commune::start_over(server, Plan::one().with("ACCESS__CALLS_PER_SECOND", "100000")).await;
    let (mut library, mut memory) = (commune.library().await, commune.memory().await);
    let agent = told(&commune).await;
    let page = path(size / 2).to_string();
    for revision in 1..REVISIONS {
        let doc = &docs[size / 2];
        let body = format!("{}\n\nSeen again, for the {revision}. time.\n", doc.body);
        let article = Article { path: page.clone(), title: doc.title.clone(), body, ..Article::default() };
        let request = ImportArticleRequest { article: Some(article), agent: "bench".into(), source: String::new() };
        library.import_article(request).await.unwrap();
    }
    drop(docs);
    let name = format!("articles/{page}");
    let brief = GetBriefRequest { name: format!("agents/{agent}/brief") };
    let get = GetArticleRequest { name: name.clone(), ..GetArticleRequest::default() };
    let list = ListArticlesRequest { page_size: 100, ..ListArticlesRequest::default() };
    let history = ListRevisionsRequest { parent: name, ..ListRevisionsRequest::default() };

    let mut echo = Client::start().await;
    println!("| call | bytes | p50 (of turns) | p99 | echo, p50 (of turns) | p99 | times p50 | times p99 |");
    println!("|---|---|---|---|---|---|---|---|");
    let sent = brief.encoded_len();
    beside("brief", sent, &mut echo, async || memory.get_brief(brief.clone()).await.unwrap().into_inner()).await;
    let sent = get.encoded_len();
    beside("get", sent, &mut echo, async || library.get_article(get.clone()).await.unwrap().into_inner()).await;
    let sent = list.encoded_len();
    beside("list, 100", sent, &mut echo, async || library.list_articles(list.clone()).await.unwrap().into_inner())
        .await;
    let what = format!("history, {REVISIONS}");
    let sent = history.encoded_len();
    beside(&what, sent, &mut echo, async || library.list_revisions(history.clone()).await.unwrap().into_inner()).await;
    println!();
    commune.finish().await;
}

/// An agent with notes, after its night.
async fn told(commune: &Commune) -> String {
    let night = commune.night();
    let notes = notes::fleet(1, NOTES, night.date());
    for note in &notes {
        commune.say(&note.agent, "note", &note.id, &note.text).await;
    }
    commune.run_night(night, LONG_NIGHT).await;
    notes[0].agent.clone()
}

/// Makes the call and the echo in turn; one turn to warm up.
async fn beside<M: Message>(what: &str, sent: usize, echo: &mut Client, mut call: impl AsyncFnMut() -> M) {
    let bytes = call().await.encoded_len();
    let (mut ours, mut theirs) = (Turns::default(), Turns::default());
    for turn in 0..=TURNS {
        let (mut our, mut their) = (Vec::new(), Vec::new());
        for _ in 0..CALLS {
            let began = Instant::now();
            call().await;
            our.push(began.elapsed());
            let began = Instant::now();
            echo.call(sent, bytes).await;
            their.push(began.elapsed());
        }
        if turn > 0 {
            ours.take(our);
            theirs.take(their);
        }
    }
    let (ours, theirs) = (ours.ends(), theirs.ends());
    println!(
        "| {what} | {bytes} | {} | {:.2} ms | {} | {:.2} ms | **{:.2}** | {:.2} |",
        shown(&ours.0),
        ours.1,
        shown(&theirs.0),
        theirs.1,
        middle(&ours.0) / middle(&theirs.0),
        ours.1 / theirs.1
    );
}

/// The times of all turns, and p50 of each.
#[derive(Default)]
struct Turns {
    all: Vec<Duration>,
    middles: Vec<f64>,
}

impl Turns {
    fn take(&mut self, times: Vec<Duration>) {
        self.all.extend(&times);
        self.middles.push(Times::of(times).at(50));
    }

    /// p50 of each turn in order, and p99 of all.
    fn ends(mut self) -> (Vec<f64>, f64) {
        self.middles.sort_by(f64::total_cmp);
        (self.middles, Times::of(self.all).at(99))
    }
}

fn middle(sorted: &[f64]) -> f64 {
    sorted[sorted.len() / 2]
}

fn shown(sorted: &[f64]) -> String {
    format!("{:.3} ms ({:.3} to {:.3})", middle(sorted), sorted[0], sorted[sorted.len() - 1])
}
