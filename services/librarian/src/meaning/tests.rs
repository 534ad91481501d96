//! The backlog by itself, with the static model for an embedder.

use std::sync::{Mutex, atomic::AtomicU64, atomic::Ordering};

use commune_knowledge::embedding::StaticModel;

use super::*;
use crate::library::Kind;

/// An index that remembers what it was given.
#[derive(Default)]
struct Given {
    batches: Mutex<Vec<Vec<String>>>,
    made: AtomicU64,
}

impl Meanings for Given {
    fn take(&self, vectors: &[(Arc<Revision>, Vector)]) -> Option<u64> {
        let mut batches = self.batches.lock().unwrap();
        batches.push(vectors.iter().map(|(revision, _)| said(revision)).collect());
        Some(self.made.load(Ordering::SeqCst))
    }
}

fn said(revision: &Revision) -> String {
    format!("{} {}", revision.article.path, revision.article.revision)
}

fn revision(path: &str, number: u32, body: &str) -> Arc<Revision> {
    let article = Article {
        body: body.into(),
        revision: number,
        withdrawn_on: if body.is_empty() { "2026-11-23".into() } else { String::new() },
        ..Article::blank(path.parse().unwrap(), Kind::Article)
    };
    Arc::new(Revision::of(article, String::new()))
}

/// Works off what a library of these revisions has waiting.
async fn worked(backlog: &mut Backlog, given: &Arc<Given>, library: &[Arc<Revision>]) {
    let embedder: Arc<dyn Embedder> = Arc::new(StaticModel::shipped());
    let meanings: Arc<dyn Meanings> = given.clone();
    let changed = |since: u64| (library.iter().skip(since as usize).cloned().collect(), library.len() as u64);
    backlog.take_in(changed);
    backlog.work_off(&embedder, changed, &meanings, &CancellationToken::new()).await;
}

#[tokio::test]
async fn pages_are_embedded_by_their_paths_a_few_at_a_time() {
    let (mut backlog, given) = (Backlog::default(), Arc::new(Given::default()));
    let library: Vec<_> =
        (0..TOGETHER as u32 + 3).rev().map(|at| revision(&format!("a/p{at:03}"), at, "some words")).collect();
    worked(&mut backlog, &given, &library).await;
    let batches = std::mem::take(&mut *given.batches.lock().unwrap());
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [TOGETHER, 3]);
    let given_all: Vec<String> = batches.concat();
    assert!(given_all.is_sorted() && given_all[0] == "a/p000 0", "{given_all:?}");
    worked(&mut backlog, &given, &library).await;
    assert!(given.batches.lock().unwrap().is_empty(), "nothing changed");
}

#[tokio::test]
async fn what_left_or_says_nothing_has_no_vector() {
    let (mut backlog, given) = (Backlog::default(), Arc::new(Given::default()));
    let library = [
        revision("a/old", 1, "first words"),
        revision("a/gone", 1, "words"),
        revision("a/rocket", 1, "\u{1f680}"),
        revision("a/old", 2, "newer words"),
        revision("a/gone", 2, ""),
    ];
    worked(&mut backlog, &given, &library).await;
    assert_eq!(*given.batches.lock().unwrap(), [["a/old 2"]]);
}

#[tokio::test]
async fn an_index_that_was_made_anew_gets_all_again() {
    let (mut backlog, given) = (Backlog::default(), Arc::new(Given::default()));
    let mut library = vec![revision("a/one", 1, "words"), revision("a/two", 1, "words")];
    worked(&mut backlog, &given, &library).await;
    given.made.store(1, Ordering::SeqCst);
    library.push(revision("a/two", 2, "more words"));
    worked(&mut backlog, &given, &library).await;
    let batches = given.batches.lock().unwrap();
    assert_eq!(*batches, [vec!["a/one 1", "a/two 1"], vec!["a/two 2"], vec!["a/one 1", "a/two 2"]]);
}

#[test]
fn what_was_not_taken_waits() {
    let mut backlog = Backlog::default();
    let library = [revision("a/one", 1, "words"), revision("a/two", 1, "words")];
    backlog.take_in(|_| (library.to_vec(), 2));
    let next = backlog.next(1);
    // a newer one came meanwhile
    backlog.take_in(|_| (vec![revision("a/one", 2, "words")], 3));
    backlog.settle(next, None);
    assert_eq!(backlog.next(9).iter().map(|revision| said(revision)).collect::<Vec<_>>(), ["a/one 2", "a/two 1"]);
}

#[test]
fn a_stop_is_heard_between_two_pages() {
    let left = std::cell::Cell::new(2);
    let stopped = || left.replace(left.get() - 1) == 0;
    let pages = (0..5).map(|at| revision(&format!("a/p{at}"), 1, "words")).collect();
    assert_eq!(embed(StaticModel::shipped(), pages, stopped).len(), 2);
}
