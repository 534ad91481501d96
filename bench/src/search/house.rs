//! A library to search: a real nats-server, a real librarian, and its gRPC.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use commune_bus::{Outgoing, subject};
use commune_proto::{
    ArticlePath, content_id,
    librarian::v1::{
        Article, ArticleCurated, ArticleKind, ListArticlesRequest, ListLinksRequest, Provenance, SearchArticlesRequest,
        SearchArticlesResponse, library_service_client::LibraryServiceClient,
    },
};
use commune_tests::{
    bare::Bare,
    eventually,
    support::{now, process::Replica, server::Server},
};
use tonic::transport::Channel;

use crate::{process, sets::Doc};

/// Revisions in one atomic batch, and their bodies together: half of what the server takes.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4_000_000;
/// How long a library of 100,000 pages may take to be there.
const LONG: Duration = Duration::from_secs(600);

/// How long the transformer may take for the pages of one set.
const EMBEDDING: Duration = Duration::from_secs(3_600);
/// `library.embeddings` of a librarian without the transformer.
pub(crate) const STATIC: &str = "static";
/// Where `make model` puts the transformer.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/model");

/// A library of one librarian.
pub(crate) struct House {
    librarian: Replica,
    server: Server,
    client: LibraryServiceClient<Channel>,
    dir: tempfile::TempDir,
}

impl House {
    /// Writes the pages as revisions to an empty stream, starts a librarian on it, and waits until it has all of them.
    pub(crate) async fn of(docs: &[(usize, &Doc)]) -> Self {
        Self::embedding(docs, STATIC).await
    }

    /// The same; the librarian embeds as `library.embeddings` is set to, and has embedded every page.
    pub(crate) async fn embedding(docs: &[(usize, &Doc)], embeddings: &str) -> Self {
        Self::open(filled(docs).await, docs.len(), embeddings).await
    }

    async fn open(server: Server, pages: usize, embeddings: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut env = server.service_env();
        // what is measured is the librarian, not what one caller may ask
        env.push(("COMMUNE_ACCESS__CALLS_PER_SECOND".to_owned(), "100000".to_owned()));
        env.push(("COMMUNE_LIBRARY__EMBEDDINGS".to_owned(), embeddings.to_owned()));
        env.push(("COMMUNE_LIBRARY__MODEL_FOLDER".to_owned(), MODEL.to_owned()));
        let librarian = Replica::start("librarian", 0, dir.path(), env).await;
        // longer than a story waits: a large library takes minutes to index
        let replica = &librarian;
        eventually(LONG, "the librarian is ready", || replica.is_ready()).await;
        let client = LibraryServiceClient::connect(format!("http://{}", librarian.grpc)).await.unwrap();
        let house = Self { librarian, server, client, dir };
        house.has(pages).await;
        if embeddings != STATIC {
            let told = || async { house.librarian.log().contains("every page is embedded") };
            eventually(EMBEDDING, "every page is embedded", told).await;
        }
        house
    }

    /// Waits until the library has so many pages.
    async fn has(&self, pages: usize) {
        eventually(LONG, &format!("the library has {pages} pages"), || {
            let mut client = self.client.clone();
            async move {
                let listed = client.list_articles(ListArticlesRequest { page_size: 1, ..Default::default() }).await;
                listed.is_ok_and(|listed| listed.get_ref().total_size as usize >= pages)
            }
        })
        .await;
    }

    /// Asks as a reader does, without a name.
    pub(crate) async fn ask(&mut self, question: &str, limit: i32) -> SearchArticlesResponse {
        let request = SearchArticlesRequest { query: question.to_owned(), page_size: limit, ..Default::default() };
        self.client.search_articles(request).await.unwrap().into_inner()
    }

    /// The client, for other calls.
    pub(crate) fn client(&self) -> LibraryServiceClient<Channel> {
        self.client.clone()
    }

    /// Where a page leads and what leads to it; how long that took.
    pub(crate) async fn links(&self, at: usize) -> Duration {
        let request = ListLinksRequest { parent: format!("articles/{}", path(at)), ..Default::default() };
        let began = Instant::now();
        self.client.clone().list_links(request).await.unwrap();
        began.elapsed()
    }

    /// JetStream alone, on the same server.
    pub(crate) async fn bare(&self) -> Bare {
        Bare::connect(&self.server.url(), self.server.seed()).await
    }

    /// Bytes of the saved index, once it is there.
    pub(crate) async fn saved(&self) -> u64 {
        let bytes = || std::fs::metadata(self.file()).map_or(0, |file| file.len());
        eventually(LONG, "the index is saved", || async { bytes() > 0 }).await;
        bytes()
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("librarian-0.index")
    }

    /// Kills the librarian and starts it again, with its saved index or without; gives the time from then to the first answered search.
    pub(crate) async fn restarted(&mut self, question: &str, saved: bool) -> Duration {
        self.librarian.kill().await;
        if !saved {
            std::fs::remove_file(self.file()).ok();
        }
        let began = Instant::now();
        self.librarian.restart();
        eventually(LONG, "a search is answered", || {
            let request = SearchArticlesRequest { query: question.to_owned(), ..Default::default() };
            let mut client = self.client.clone();
            async move { client.search_articles(request).await.is_ok() }
        })
        .await;
        began.elapsed()
    }

    /// What the librarian holds of the machine's memory, now and at most so far; Linux tells it.
    pub(crate) fn memory(&self) -> String {
        match process::memory(self.librarian.pid().unwrap().as_raw_nonzero().get().unsigned_abs()) {
            Some((now, most)) => format!("{now:.0} MiB, {most:.0} at most"),
            None => "not told here".to_owned(),
        }
    }

    /// Ends the librarian and its server.
    pub(crate) async fn close(mut self) {
        self.librarian.drain().await;
        drop(self.server);
    }
}

/// A server with these pages as revisions.
pub(crate) async fn filled(docs: &[(usize, &Doc)]) -> Server {
    let server = Server::start().await;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (at, doc) in docs {
        let message = revision(*at, doc);
        if batch.len() == BATCH || bytes + message.size() > BATCH_BYTES {
            server.bus.publish_batch(std::mem::take(&mut batch)).await.unwrap();
            bytes = 0;
        }
        bytes += message.size();
        batch.push(message);
    }
    if !batch.is_empty() {
        server.bus.publish_batch(batch).await.unwrap();
    }
    server
}

/// The place of a page in its set, from what an answer names.
pub(crate) fn place(name: &str) -> usize {
    name.strip_prefix("articles/d").and_then(|number| number.parse().ok()).unwrap()
}

/// The path of a page by its place in its set.
pub(crate) fn path(at: usize) -> ArticlePath {
    format!("d{at:07}").parse().unwrap()
}

fn revision(at: usize, doc: &Doc) -> Outgoing {
    let article = Article {
        path: path(at).to_string(),
        title: doc.title.clone(),
        kind: ArticleKind::Article as i32,
        body: doc.body.clone(),
        contributors: vec!["bench".to_owned()],
        revision: 1,
        night: "import".to_owned(),
        curated_at: now().to_string(),
        ..Article::default()
    };
    let provenance = Provenance { agent: "bench".to_owned(), night: "import".to_owned(), ..Provenance::default() };
    let curated = ArticleCurated {
        article: Some(article),
        reason: "a page of a set".to_owned(),
        provenance: vec![provenance],
        ..ArticleCurated::default()
    };
    let subject = subject::article_curated(&path(at));
    let id = content_id(&["bench", &subject]);
    Outgoing::event(subject, &id, "bench", now(), &curated).once()
}
