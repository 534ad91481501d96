//! Whether what agents shared is found: a whole night over real notes, by three services; then what was touched is searched for.

use std::collections::BTreeMap;

use commune_proto::librarian::v1::{Article, SearchArticlesRequest, library_service_client::LibraryServiceClient};
use commune_tests::support::{Commune, LONG_NIGHT, Plan, process::program, state::EndState};
use tokio::process::Command;
use tonic::transport::Channel;

use crate::sets::data;

/// Questions written by hand, each with words that only the page that answers has.
const QUESTIONS: &str = include_str!("questions.tsv");
/// Notes of the labelled set that are published, each as a how-to.
const NOTES: usize = 500;
/// Contributions of one agent in one night: the most that may be set.
const CAP: usize = 500;
/// A page is found when it is among so many.
const FOUND: usize = 3;

/// What is found after the night.
struct Findability {
    contributions: usize,
    articles: usize,
    /// Articles that are found by all their own questions.
    whole: usize,
    own: usize,
    own_found: usize,
    /// Questions by hand that an article answers, those that find it, and those that find it first.
    asked: usize,
    found: usize,
    top: usize,
    /// What was not found, and why.
    missed: Vec<String>,
}

/// Prints what share is found.
pub(crate) async fn print() {
    println!("## Findability\n");
    let Some(f) = measure().await else { return println!("skipped: the sets are not there") };
    println!(
        "{NOTES} notes and a workspace; {} contributions, {} articles\n\n| | |\n|---|---|",
        f.contributions, f.articles
    );
    println!("| articles that are in the first {FOUND} for all their own questions | {} of {} |", f.whole, f.articles);
    println!("| own questions whose article is | {} of {} |", f.own_found, f.own);
    println!("| questions by hand whose article is | {} of {} |", f.found, f.asked);
    println!("| first | {} of {} |\n", f.top, f.asked);
    f.missed.iter().for_each(|missed| println!("- {missed}"));
}

/// A night over the notes and the workspace; none where they are not there.
async fn measure() -> Option<Findability> {
    let workspace = data().join("workspaces/lobsterops");
    let notes = notes().filter(|_| workspace.is_dir())?;
    let commune = Commune::start(Plan::one().cap(CAP)).await;
    for note in &notes {
        commune.say("tess", "note", &note.0, &note.1).await;
    }
    import(&commune, &workspace.display().to_string()).await;
    commune.run_night(commune.night(), LONG_NIGHT).await;

    let state = EndState::read(&commune.bus).await;
    let articles: BTreeMap<&str, &Article> = state
        .articles
        .values()
        .filter_map(|revisions| revisions.last()?.article.as_ref())
        .map(|article| (article.path.as_str(), article))
        .collect();
    let mut library = commune.library().await;

    let (mut whole, mut own, mut own_found) = (0, 0, 0);
    for revision in state.articles.values().filter_map(|revisions| revisions.last()) {
        let path = &revision.article.as_ref().unwrap().path;
        let mut all = true;
        for check in &revision.findability {
            let found = first(&mut library, &check.query).await.contains(path);
            own += 1;
            own_found += usize::from(found);
            all &= found;
        }
        whole += usize::from(all);
    }

    let (mut asked, mut found, mut top, mut missed) = (0, 0, 0, Vec::new());
    for (question, words) in by_hand() {
        let right: Vec<&str> = articles.values().filter(|a| holds(a, words)).map(|a| a.path.as_str()).collect();
        if right.is_empty() {
            missed.push(format!("not shared: {question}"));
            continue;
        }
        asked += 1;
        let paths = first(&mut library, question).await;
        let rank = paths.iter().position(|path| right.contains(&path.as_str()));
        found += usize::from(rank.is_some());
        top += usize::from(rank == Some(0));
        if rank.is_none() {
            missed.push(format!(
                "missed: {question}: {} instead",
                if paths.is_empty() { "not known".into() } else { paths.join(", ") }
            ));
        }
    }
    let (contributions, articles) = (state.shared.len(), articles.len());
    commune.finish().await;
    Some(Findability { contributions, articles, whole, own, own_found, asked, found, top, missed })
}

/// The paths of the first results.
async fn first(library: &mut LibraryServiceClient<Channel>, question: &str) -> Vec<String> {
    let request = SearchArticlesRequest { query: question.to_owned(), page_size: FOUND as i32, ..Default::default() };
    let answer = library.search_articles(request).await.unwrap().into_inner();
    answer.results.iter().map(|result| result.name.trim_start_matches("articles/").to_owned()).collect()
}

fn holds(article: &Article, words: &str) -> bool {
    article.title.contains(words) || article.body.contains(words)
}

/// The questions by hand, with the words of their page.
fn by_hand() -> impl Iterator<Item = (&'static str, &'static str)> {
    QUESTIONS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// The notes of the labelled set with their ids, as an agent publishes them.
fn notes() -> Option<Vec<(String, String)>> {
    let rows = std::fs::read_to_string(data().join("tidy/notes-1k.jsonl")).ok()?;
    let note = |row: &str| {
        let note: serde_json::Value = serde_json::from_str(row).unwrap();
        let text = note["text"].as_str().unwrap();
        // a value of JSON is one of YAML
        (note["id"].as_str().unwrap().to_owned(), format!("---\nkind: how-to\ntitle: {}\n---\n{text}", note["title"]))
    };
    Some(rows.lines().take(NOTES).map(note).collect())
}

async fn import(commune: &Commune, folder: &str) {
    let mut command = Command::new(program("commune"));
    command.arg("--home").arg(commune.folder().join("cli")).arg("--nats").arg(commune.server.url());
    command.args(["import", folder, "--agent", "ralph"]);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_was_shared_is_found() {
        let Some(f) = measure().await else { return println!("skipped: the sets are not there") };
        assert!(100 * f.whole >= 99 * f.articles, "{} of {} articles: {:?}", f.whole, f.articles, f.missed);
        assert!(100 * f.found >= 70 * f.asked, "{} of {} questions by hand: {:?}", f.found, f.asked, f.missed);
    }

    #[test]
    fn there_are_fifty_questions_and_each_says_what_answers_it() {
        assert_eq!(by_hand().count(), 50);
        assert!(by_hand().all(|(question, words)| !question.is_empty() && !words.contains('\t') && words.len() >= 5));
    }
}
