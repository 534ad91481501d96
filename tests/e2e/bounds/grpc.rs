//! gRPC at its bounds: messages, metadata, calls on a connection, watchers, pages.

use std::time::{Duration, Instant};

use commune_bus::StreamName;
use commune_proto::librarian::v1::{
    Article, ImportArticleRequest, ImportArticleResponse, ListArticlesRequest, SearchArticlesRequest,
    WatchArticlesRequest, library_service_client::LibraryServiceClient,
};
use commune_tests::{
    A_WHILE, Proxy, Weather, eventually, eventually_some,
    support::{Commune, Plan, process::Replica, server::Server, wait},
};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataKey, MetadataValue},
    transport::{Certificate, ClientTlsConfig, Endpoint},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::KIB;

/// Imports a page with a body of so many bytes.
async fn import(commune: &Commune, path: &str, bytes: usize) -> Result<Response<ImportArticleResponse>, Status> {
    let sentence = "Water the plants on the sill. ";
    let mut body = sentence.repeat(bytes / sentence.len() + 1);
    body.truncate(bytes - 1);
    let article = Article { path: path.into(), title: "Plants".into(), body: body + "\n", ..Article::default() };
    let request = ImportArticleRequest { article: Some(article), agent: "ada".into(), source: String::new() };
    commune.library().await.import_article(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_large_for_the_library_or_for_grpc_is_refused_in_words() {
    let commune = Commune::start(Plan::one()).await;
    let refused = async |bytes: usize, code: Code, words: &str| {
        let status = import(&commune, "how-to/plants", bytes).await.unwrap_err();
        assert_eq!(status.code(), code, "{bytes}: {status}");
        assert!(status.message().contains(words), "{bytes}: {status}");
    };
    refused(512 * KIB + 1, Code::InvalidArgument, "article.body: 524289 bytes; at most 524288 are allowed").await;
    // the message has a few bytes beside the body
    refused(4096 * KIB - 100, Code::InvalidArgument, "article.body: 4194204 bytes").await;
    refused(4096 * KIB, Code::OutOfRange, "the limit is: 4194304 bytes").await;
    assert_eq!(commune.bus.last_sequence(StreamName::Library).await.unwrap(), 0, "nothing was stored");

    let stored = import(&commune, "how-to/plants", 512 * KIB).await.unwrap().into_inner();
    assert_eq!(stored.article.map(|article| article.body.len()), Some(512 * KIB));
    assert_eq!(commune.bus.last_sequence(StreamName::Library).await.unwrap(), 1);

    // a page is no larger than it may be, and a question no longer
    let mut library = commune.library().await;
    let list = ListArticlesRequest { page_size: i32::MAX, ..Default::default() };
    assert_eq!(library.list_articles(list).await.unwrap().into_inner().articles.len(), 1);
    let ask = |bytes: usize| SearchArticlesRequest { query: "q".repeat(bytes), ..Default::default() };
    assert!(library.search_articles(ask(1024)).await.is_ok());
    let status = library.search_articles(ask(1025)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("query: 1 to 1024 bytes"), "{status}");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_has_a_bound_and_the_next_call_is_served() {
    let commune = Commune::start(Plan::one()).await;
    let library = commune.library().await;
    let list = async |entries: usize, bytes: usize| {
        let mut library = library.clone();
        let mut request = Request::new(ListArticlesRequest::default());
        for entry in 0..entries {
            let name: MetadataKey<Ascii> = format!("x-{entry}").parse().unwrap();
            let value: MetadataValue<Ascii> = "v".repeat(bytes).parse().unwrap();
            request.metadata_mut().insert(name, value);
        }
        library.list_articles(request).await.map(drop)
    };
    assert!(list(1, 7 * KIB).await.is_ok());
    for (entries, bytes) in [(1, 9 * KIB), (300, 1)] {
        let status = list(entries, bytes).await.unwrap_err();
        assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
        assert!(status.message().contains("at most 8192 are allowed"), "{status}");
    }
    // beyond what is read at all there is nobody to say it in words
    for (entries, bytes) in [(1, 20 * KIB), (1_000, 20), (8, 7 * KIB)] {
        let status = list(entries, bytes).await.unwrap_err();
        println!("{entries} entries of {bytes} bytes: {status}");
        assert_ne!(status.code(), Code::Ok);
        // the connection of one who sent too much may be closed: the client opens another
        eventually_some(A_WHILE, "the next call is served", || async { list(0, 0).await.ok() }).await;
    }
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_and_calls_on_a_connection_are_counted() {
    let commune = Commune::start(Plan::one().with("LIBRARY__WATCHERS", "2")).await;
    let mut library = commune.library().await;
    let mut watch = async || library.watch_articles(WatchArticlesRequest::default()).await;
    let (first, _second) = (watch().await.unwrap(), watch().await.unwrap());
    let status = watch().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("library.watchers"), "{status}");
    drop(first);
    let mut _third = None;
    tokio::time::timeout(A_WHILE, async {
        while _third.is_none() {
            _third = watch().await.ok();
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the place of a watcher that left is free again");

    // health is open to everybody: it is what a stranger could fill a connection with
    let endpoint = Endpoint::from_shared(format!("http://{}", commune.selfcare[0].grpc)).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let mut streams = Vec::new();
    for _ in 0..256 {
        streams.push(wait(A_WHILE, client.watch(HealthCheckRequest::default())).await.unwrap().unwrap());
    }
    let mut next = std::pin::pin!(client.check(HealthCheckRequest::default()));
    assert!(wait(Duration::from_millis(300), &mut next).await.is_err(), "the next waits");
    let mut other = HealthClient::new(endpoint.connect().await.unwrap());
    assert!(other.check(HealthCheckRequest::default()).await.is_ok(), "on a connection of its own it does not");
    streams.pop();
    assert!(wait(A_WHILE, next).await.unwrap().is_ok(), "it has the place of one that ended");
    drop(streams);
    eventually_some(A_WHILE, "selfcare is ready", || async { commune.selfcare[0].is_ready().await.then_some(()) })
        .await;
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_says_nothing_is_closed_and_holds_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(dir.path().join(name), text).unwrap();
        dir.path().join(name).display().to_string()
    };
    let server = Server::start().await;
    let mut environment = server.service_env();
    environment.push(("COMMUNE_LISTEN__TLS_CERT_FILE".into(), file("tls.pem", &made.cert.pem())));
    environment.push(("COMMUNE_LISTEN__TLS_KEY_FILE".into(), file("tls.key", &made.signing_key.serialize_pem())));
    let mut librarian = Replica::start("librarian", 0, dir.path(), environment).await;
    librarian.ready().await;
    let began = Instant::now();
    let mut silent = TcpStream::connect(&librarian.grpc).await.unwrap();
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(made.cert.pem()));
    let endpoint = Endpoint::from_shared(format!("https://{}", librarian.grpc)).unwrap().tls_config(tls).unwrap();
    let mut other = HealthClient::new(endpoint.connect().await.unwrap());
    assert!(other.check(HealthCheckRequest::default()).await.is_ok());
    let closed = wait(A_WHILE, silent.read(&mut [0; 1])).await.expect("the connection is closed");
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    assert!(began.elapsed() >= Duration::from_secs(4), "it had time for its part: {:?}", began.elapsed());
    librarian.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_has_ten_seconds_and_the_next_is_answered() {
    let commune = Commune::start(Plan::one().waits()).await;
    let began = Instant::now();
    // two lines to the same librarian, which carry nothing: one of them until it is nearly too late, the other for longer
    let call = async |clear_at: Duration| {
        let way = Proxy::start(&commune.librarian[0].grpc).await;
        way.weather(Weather::half_open());
        let channel = commune_runtime::grpc::channel(&format!("http://{}", way.address()), None, None).unwrap();
        let mut library = LibraryServiceClient::new(channel);
        let clear = async {
            eventually(A_WHILE, "it is time", async || began.elapsed() >= clear_at).await;
            way.clear();
        };
        let asked = async {
            let answer = library.list_articles(ListArticlesRequest::default()).await.map(drop);
            (answer, began.elapsed())
        };
        let (answered, ()) = tokio::join!(asked, clear);
        // nothing of the call that was given up stands in the way
        library.list_articles(ListArticlesRequest::default()).await.expect("the line is clear");
        answered
    };
    let (early, late) = tokio::join!(call(Duration::from_secs(8)), call(Duration::from_secs(13)));
    assert!(early.0.is_ok() && early.1 >= Duration::from_secs(8), "{early:?}");
    let (status, took) = (late.0.unwrap_err(), late.1);
    assert_eq!((status.code(), status.message()), (Code::DeadlineExceeded, "no answer within 10 s"));
    assert!(took >= Duration::from_secs(10) && took < Duration::from_secs(13), "{took:?}");
    commune.finish().await;
}
