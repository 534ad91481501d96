//! A librarian that starts again takes up its index where it saved it, and answers as one that begins with nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use commune_bus::StreamName;
use commune_proto::librarian::v1::{
    Article, ImportArticleRequest, SearchArticlesRequest, library_service_client::LibraryServiceClient,
};
use commune_tests::support::{process::Replica, server::Server};

const TAKEN_UP: &str = "the saved index is taken up";
const KEPT: &str = "what was kept is taken in";
const QUESTIONS: [&str; 5] =
    ["how is hinge 3 oiled?", "which bolt fits hinge 11", "oil a hinge", "rust on gate 4", "a new gate"];

struct House {
    server: Server,
    dir: tempfile::TempDir,
}

impl House {
    fn file(&self) -> PathBuf {
        self.dir.path().join("kept").join("librarian.index")
    }

    async fn librarian(&self, index: usize, saved: bool) -> Replica {
        let mut env = self.server.service_env();
        if saved {
            env.push(("COMMUNE_LIBRARY__INDEX_FILE".into(), self.file().display().to_string()));
        }
        let mut librarian = Replica::start("librarian", index, self.dir.path(), env).await;
        librarian.ready().await;
        librarian
    }

    /// What both answer, who have an index of their own each.
    async fn same(&self, one: &Replica, other: &Replica) {
        let mut answers = Vec::new();
        for librarian in [one, other] {
            let mut client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
            let mut of_one = Vec::new();
            for query in QUESTIONS {
                let request =
                    SearchArticlesRequest { query: query.into(), explain: true, facets: true, ..Default::default() };
                of_one.push(client.search_articles(request).await.unwrap().into_inner());
            }
            answers.push(of_one);
        }
        assert!(!answers[0][0].results.is_empty(), "the first question is answered");
        assert_eq!(answers[0], answers[1]);
    }
}

async fn import(librarian: &Replica, pages: impl IntoIterator<Item = (String, String)>) {
    let mut client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
    for (path, body) in pages {
        let article = Article { path, body, ..Article::default() };
        let request = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: String::new() };
        client.import_article(request).await.unwrap();
    }
}

fn hinge(at: usize) -> (String, String) {
    (format!("how-to/hinge-{at}"), format!("# Oil hinge {at}\n\nHinge {at} is oiled in spring. Bolt M{at} fits.\n"))
}

fn logged(librarian: &Replica, words: &str) -> usize {
    librarian.log().matches(words).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librarian_that_starts_again_answers_like_one_that_begins_with_nothing() {
    let house = House { server: Server::start().await, dir: tempfile::tempdir().unwrap() };
    let mut first = house.librarian(0, true).await;
    import(&first, (0..20).map(hinge)).await;
    first.drain().await;
    assert!(house.file().is_file(), "{}", first.log_tail());

    // while it is away, pages change and come
    let mut anew = house.librarian(1, false).await;
    import(&anew, [("how-to/hinge-3".to_owned(), "# Oil hinge 3\n\nGate 4 has no rust.\n".to_owned())]).await;
    import(&anew, [("how-to/gate".to_owned(), "# A new gate\n\nIt has no hinge.\n".to_owned())]).await;
    first.restart();
    first.ready().await;
    assert_eq!((logged(&first, TAKEN_UP), logged(&first, KEPT)), (1, 1), "{}", first.log_tail());
    house.same(&first, &anew).await;

    // killed: what was saved before is taken up, and the rest read anew
    import(&first, [("how-to/gate-4".to_owned(), "# Gate 4\n\nRust on gate 4 is brushed off.\n".to_owned())]).await;
    first.kill().await;
    first.restart();
    first.ready().await;
    assert_eq!(logged(&first, TAKEN_UP), 2, "{}", first.log_tail());
    house.same(&first, &anew).await;

    // half a file is none
    first.drain().await;
    let saved = fs::read(house.file()).unwrap();
    fs::write(house.file(), &saved[..saved.len() / 2]).unwrap();
    first.restart();
    first.ready().await;
    assert!(first.log().contains("it is damaged"), "{}", first.log_tail());
    assert_eq!(logged(&first, TAKEN_UP), 2);
    house.same(&first, &anew).await;
    first.drain().await;
    anew.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_another_library_is_brought_to_what_stands() {
    let house = House { server: Server::start().await, dir: tempfile::tempdir().unwrap() };
    let mut first = house.librarian(0, true).await;
    import(&first, (0..20).map(hinge)).await;
    first.drain().await;
    let elsewhere = House { server: Server::start().await, dir: tempfile::tempdir().unwrap() };
    let mut anew = elsewhere.librarian(1, false).await;
    import(&anew, [hinge(3), hinge(11), ("how-to/gate".to_owned(), "# A new gate\n\nOil it.\n".to_owned())]).await;
    copy(&house.file(), &elsewhere.file());
    let mut second = elsewhere.librarian(0, true).await;
    assert_eq!(logged(&second, TAKEN_UP), 1, "{}", second.log_tail());
    // what does not stand here is not on disk any more, either
    assert!(!elsewhere.file().exists() || fs::read(elsewhere.file()).unwrap() != fs::read(house.file()).unwrap());
    elsewhere.same(&second, &anew).await;
    assert_eq!(elsewhere.server.bus.last_sequence(StreamName::Library).await.unwrap(), 3);
    second.drain().await;
    anew.drain().await;
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}
