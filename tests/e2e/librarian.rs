//! The librarian alone, on a real server: the other services' messages are written by the story.

use bytes::Buf;
use commune_bus::{Outgoing, StreamName, subject};
use commune_proto::{
    NightId, content_id,
    librarian::v1::{
        Article, ArticleCurated, DiffRevisionsRequest, GetArticleRequest, GetRevisionRequest, ImportArticleRequest,
        ListArticlesRequest, ListNeedsRequest, ListRevisionsRequest, NeedState, SearchArticlesRequest,
        SearchArticlesResponse, SearchStatus, SuggestPlacementRequest, WatchArticlesRequest,
        library_service_client::LibraryServiceClient,
    },
    mutualaid::v1::{AidSession, Contribution, KnowledgeShared, NeedAsked, Placement, PlacementAction},
    night::v1::{NightBegun, NightOpened, Outcome, Stage, TrailRecord},
};
use commune_tests::{A_WHILE, eventually, eventually_some};
use jiff::civil::date;
use tonic::{
    Code,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

use commune_tests::support::{agent, now, process::Replica, server::Server, take};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A librarian and the streams that it reads.
struct Library {
    server: Server,
    librarian: Replica,
    dir: tempfile::TempDir,
}

impl Library {
    async fn open() -> Self {
        let server = Server::start().await;
        let dir = tempfile::tempdir().unwrap();
        let mut librarian = Replica::start("librarian", 0, dir.path(), server.service_env()).await;
        librarian.ready().await;
        Self { server, librarian, dir }
    }

    async fn client(&self) -> LibraryServiceClient<Channel> {
        LibraryServiceClient::connect(format!("http://{}", self.librarian.grpc)).await.unwrap()
    }

    async fn write<M: prost::Message + prost::Name>(&self, subject: String, event: &M) -> u64 {
        let id = content_id(&["story", &subject]);
        let traceparent = format!("00-{TRACE}-b7ad6b7169203331-01");
        let message = Outgoing::event(subject, &id, "story", now(), event).header("traceparent", &traceparent).once();
        self.server.bus.publish(message).await.unwrap().sequence
    }

    async fn open_night(&self, night: NightId, members: &[&str]) {
        let opened = NightOpened {
            night: night.to_string(),
            members: members.iter().map(|m| (*m).to_owned()).collect(),
            ..NightOpened::default()
        };
        self.write(subject::night_opened(night), &opened).await;
        for member in members {
            let begun = NightBegun { night: night.to_string(), agent: (*member).to_owned(), ..NightBegun::default() };
            self.write(subject::night_begun(night, &agent(member)), &begun).await;
        }
    }

    /// What mutualaid writes of one agent's night.
    async fn share(&self, night: NightId, who: &str, pieces: &[(Contribution, Placement)]) {
        for (contribution, placement) in pieces {
            let shared = KnowledgeShared {
                contribution: Some(Contribution {
                    agent: who.to_owned(),
                    night: night.to_string(),
                    ..contribution.clone()
                }),
                placement: Some(placement.clone()),
            };
            self.write(subject::knowledge_shared(&agent(who), &contribution.id), &shared).await;
        }
        let session = AidSession {
            agent: who.to_owned(),
            night: night.to_string(),
            shared: pieces.iter().map(|(c, _)| c.id.clone()).collect(),
            ..AidSession::default()
        };
        let sequence = self.write(subject::aid_session(&agent(who), night), &session).await;
        let outcome = if pieces.is_empty() { Outcome::Nothing } else { Outcome::Done };
        self.trail(night, who, Stage::Mutualaid, outcome, sequence).await;
    }

    async fn trail(&self, night: NightId, who: &str, stage: Stage, outcome: Outcome, stream_sequence: u64) {
        let record = TrailRecord {
            night: night.to_string(),
            agent: who.to_owned(),
            stage: stage as i32,
            outcome: outcome as i32,
            trace_id: TRACE.to_owned(),
            stream_sequence,
            ..TrailRecord::default()
        };
        self.write(subject::trail(night, &agent(who), stage), &record).await;
    }

    /// The librarian's record of an agent's night, once it is there.
    async fn curated(&self, night: NightId, who: &str) -> TrailRecord {
        let subject = subject::trail(night, &agent(who), Stage::Librarian);
        eventually_some(A_WHILE, &format!("the night {night} of {who} is curated"), || async {
            let stored = self.server.bus.last(StreamName::Nights, &subject).await.ok()??;
            Some(stored.event().unwrap())
        })
        .await
    }

    async fn revisions(&self) -> Vec<ArticleCurated> {
        let stored = self.server.bus.read(StreamName::Library, &[], 1000).await.unwrap();
        stored.iter().map(|message| message.event().unwrap()).collect()
    }

    async fn ask(&self, question: &str, asker: &str) -> SearchArticlesResponse {
        let request =
            SearchArticlesRequest { query: question.into(), asker: asker.into(), ..SearchArticlesRequest::default() };
        self.client().await.search_articles(request).await.unwrap().into_inner()
    }

    /// Ends the story: the librarian drains and says that all went well.
    async fn close(mut self) {
        self.librarian.drain().await;
        drop(self.dir);
    }
}

fn night(day: i8) -> NightId {
    NightId::of(date(2026, 2, day))
}

fn lesson(id: &str, title: &str, text: &str) -> (Contribution, Placement) {
    let contribution = Contribution {
        id: content_id(&["story", id]),
        title: title.into(),
        kind: "lesson".into(),
        text: text.into(),
        tags: vec!["ops".into()],
        ..Contribution::default()
    };
    let path = format!("lessons/{}", title.to_lowercase().replace(' ', "-"));
    let placement = Placement {
        action: PlacementAction::Create as i32,
        path,
        reason: "the library is empty".into(),
        ..Placement::default()
    };
    (contribution, placement)
}

const CERTIFICATE: &str = "Use the staging environment first.\n\nA wildcard certificate needs the DNS challenge.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_agents_with_one_lesson_make_one_article_once_both_are_done() {
    let library = Library::open().await;
    let night = night(14);
    library.open_night(night, &["ada", "bo", "cy"]).await;
    library.share(night, "bo", &[lesson("b", "Renew certificates", CERTIFICATE)]).await;
    library.trail(night, "cy", Stage::Selfcare, Outcome::Failed, 0).await;
    // the records of bo and cy are handled, and ada is still at it
    eventually(A_WHILE, "the librarian has handled what there is", || async { library.server.pending().await == 0 })
        .await;
    assert!(library.revisions().await.is_empty(), "a night is curated as a whole");

    let second = lesson("a", "Renew certificates", &format!("{CERTIFICATE}\n\nThe limit is 50 a week."));
    library.share(night, "ada", &[second]).await;
    let record = library.curated(night, "bo").await;
    assert_eq!((record.outcome(), record.trace_id.as_str()), (Outcome::Done, TRACE));
    assert_eq!(record.counts["applied"], 1);
    assert_eq!(library.curated(night, "cy").await.outcome(), Outcome::Nothing);

    let revisions = library.revisions().await;
    assert_eq!(revisions.len(), 1, "{revisions:?}");
    let article = revisions[0].article.clone().unwrap();
    assert_eq!((article.path.as_str(), article.revision), ("lessons/renew-certificates", 1));
    assert_eq!(article.contributors, ["ada", "bo"]);
    assert_eq!(article.body.matches("staging environment").count(), 1);
    assert!(article.body.contains("The limit is 50 a week."));
    assert_eq!(revisions[0].provenance.len(), 2);
    assert!(revisions[0].provenance.iter().all(|p| p.trace_id == TRACE), "{:?}", revisions[0].provenance);
    assert_eq!(revisions[0].findability[0].rank, 1, "{:?}", revisions[0].findability);

    // the next night's update of the same
    let next = NightId::of(date(2026, 2, 15));
    library.open_night(next, &["bo"]).await;
    let (contribution, placement) = lesson("c", "Renew certificates", "Staging certificates are not trusted.");
    let placement = Placement { action: PlacementAction::Update as i32, ..placement };
    library.share(next, "bo", &[(contribution, placement)]).await;
    assert_eq!(library.curated(next, "bo").await.counts["updated"], 1);
    assert_eq!(library.revisions().await.len(), 2);
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_librarian_comes_back_to_the_same_library() {
    let mut library = Library::open().await;
    let night = night(14);
    library.open_night(night, &["ada"]).await;
    library.share(night, "ada", &[lesson("a", "Renew certificates", CERTIFICATE)]).await;
    library.curated(night, "ada").await;
    let before = library.revisions().await;

    library.librarian.kill().await;
    library.librarian.restart();
    library.librarian.ready().await;
    eventually(A_WHILE, "every consumer is idle", || async { library.server.pending().await == 0 }).await;
    assert_eq!(library.revisions().await, before);
    assert_eq!(library.ask("renew certificates", "").await.status(), SearchStatus::Found);

    // killed between the last record and the curation
    library.librarian.kill().await;
    let next = NightId::of(date(2026, 2, 15));
    library.open_night(next, &["ada"]).await;
    library.share(next, "ada", &[lesson("b", "Prune container images", "Run the pruning on Sundays.")]).await;
    library.librarian.restart();
    library.curated(next, "ada").await;
    assert_eq!(library.revisions().await.len(), before.len() + 1);
    library.librarian.ready().await;
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_librarian_asked_to_end_while_it_curates_drains_in_time() {
    let mut library = Library::open().await;
    let night = night(14);
    let pieces: Vec<_> = (0..150)
        .map(|n| (format!("{n:032x}"), format!("Pump {n}"), format!("Pump {n} runs dry after {} minutes.", n + 7)))
        .map(|(id, title, text)| lesson(&id, &title, &text))
        .collect();
    library.open_night(night, &["ada"]).await;
    library.share(night, "ada", &pieces).await;
    library.librarian.drain().await;

    library.librarian.restart();
    library.curated(night, "ada").await;
    let told: usize = library.revisions().await.iter().map(|revision| revision.provenance.len()).sum();
    assert_eq!(told, pieces.len());
    library.librarian.ready().await;
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_searches_reads_compares_and_watches() {
    let library = Library::open().await;
    let mut client = library.client().await;
    let page = |title: &str, body: &str| ImportArticleRequest {
        article: Some(Article {
            path: "how-to/certificates".into(),
            title: title.into(),
            body: body.into(),
            ..Article::default()
        }),
        agent: "ada".into(),
        source: "vault/certificates.md".into(),
    };
    let first = page("Renew certificates", "# Renew certificates\n\nUse staging first.\n");
    assert!(client.import_article(first.clone()).await.unwrap().into_inner().changed);
    assert!(!client.import_article(first).await.unwrap().into_inner().changed, "the same page again changes nothing");
    let second = page("Renew certificates", "# Renew certificates\n\nUse staging first.\n\nSet `--dns-01`.\n");
    let made = client.import_article(second).await.unwrap().into_inner().article.unwrap();
    assert_eq!((made.revision, made.night.as_str()), (2, "import"));

    let found = library.ask("how do I renew certificates with --dns-01?", "").await;
    assert_eq!((found.status(), found.results.len(), found.total_size), (SearchStatus::Found, 1, 1));
    assert_eq!(found.results[0].name, "articles/how-to/certificates");
    assert!(found.results[0].snippet.contains("staging"), "{}", found.results[0].snippet);

    let name = "articles/how-to/certificates".to_owned();
    let article =
        client.get_article(GetArticleRequest { name: name.clone(), ..Default::default() }).await.unwrap().into_inner();
    assert_eq!(article, made);
    let listed = client.list_articles(ListArticlesRequest::default()).await.unwrap().into_inner();
    assert_eq!((listed.total_size, listed.articles[0].body.as_str()), (1, ""));
    let request = ListRevisionsRequest { parent: name.clone(), page_size: 1, ..ListRevisionsRequest::default() };
    let newest = client.list_revisions(request.clone()).await.unwrap().into_inner();
    assert_eq!((newest.total_size, newest.revisions[0].article.as_ref().unwrap().revision), (2, 2));
    let rest = ListRevisionsRequest { page_token: newest.next_page_token.clone(), ..request };
    let oldest = client.list_revisions(rest).await.unwrap().into_inner();
    assert_eq!((oldest.revisions[0].article.as_ref().unwrap().revision, oldest.next_page_token.as_str()), (1, ""));
    let one =
        client.get_revision(GetRevisionRequest { name: format!("{name}/revisions/1") }).await.unwrap().into_inner();
    assert_eq!(one.reason, "imported from vault/certificates.md by ada");
    let diff = client.diff_revisions(DiffRevisionsRequest { name: name.clone(), ..Default::default() }).await.unwrap();
    assert!(diff.get_ref().unified_diff.contains("\n+Set `--dns-01`."), "{}", diff.get_ref().unified_diff);
    assert_eq!((diff.get_ref().from, diff.get_ref().to), (1, 2));

    let mut watch = client.watch_articles(WatchArticlesRequest::default()).await.unwrap().into_inner();
    let seen = take(&mut watch, 2).await;
    let mut resumed = client
        .watch_articles(WatchArticlesRequest { after_sequence: seen[0].sequence, until_now: false })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(take(&mut resumed, 1).await[0], seen[1]);
    let mut third = page("Renew certificates", "# Renew certificates\n\nUse staging first.\n");
    third.source.clear();
    client.import_article(third).await.unwrap();
    assert_eq!(take(&mut resumed, 1).await[0].revision.as_ref().unwrap().article.as_ref().unwrap().revision, 3);

    let suggest = SuggestPlacementRequest {
        title: "Certificates".into(),
        text: "Renew certificates in staging first.".into(),
        kind: "lesson".into(),
    };
    let candidates = client.suggest_placement(suggest).await.unwrap().into_inner().candidates;
    assert_eq!(candidates[0].name, name);
    drop((watch, resumed));
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn importing_a_page_again_keeps_what_others_wrote_in_it() {
    let library = Library::open().await;
    let mut client = library.client().await;
    let page = |body: &str| ImportArticleRequest {
        article: Some(Article { path: "lessons/pump".into(), body: body.into(), ..Article::default() }),
        agent: "ada".into(),
        source: String::new(),
    };
    client.import_article(page("# Pump\n\nOil it in May.\n")).await.unwrap();
    let (contribution, placement) = lesson("p", "Pump", "Never run the pump dry.");
    let placement = Placement { action: PlacementAction::Update as i32, ..placement };
    library.open_night(night(14), &["bo"]).await;
    library.share(night(14), "bo", &[(contribution, placement)]).await;
    library.curated(night(14), "bo").await;

    let again = client.import_article(page("# Pump\n\nOil it in May.\n")).await.unwrap().into_inner();
    assert!(!again.changed, "all of it is there");
    let more = client.import_article(page("# Pump\n\nOil it in May.\n\nCheck the seal.\n")).await.unwrap().into_inner();
    let body = more.article.unwrap().body;
    for statement in ["Oil it in May.", "Never run the pump dry.", "Check the seal."] {
        assert!(body.contains(statement), "`{statement}` is missing in {body}");
    }
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unanswered_question_becomes_a_need_and_an_answer_names_its_article() {
    let library = Library::open().await;
    let question = "How do I prune old container images?";
    assert_eq!(library.ask(question, "").await.need, "");
    let asked = library.ask(question, "bo").await;
    assert_eq!((asked.status(), asked.results.len()), (SearchStatus::NotKnown, 0));
    let again = library.ask(question, "bo").await;
    assert_eq!(again.need, asked.need);
    let said = library.server.bus.read(StreamName::Agents, &[&subject::kind_in_agents("need")], 10).await.unwrap();
    assert_eq!(said.len(), 1, "the same question of the same day is one asking");
    assert_eq!(said[0].payload.as_ref(), question.as_bytes());

    // mutualaid takes it up, and an agent answers
    let need = asked.need.strip_prefix("needs/").unwrap().to_owned();
    let event = NeedAsked {
        need: need.clone(),
        question: question.into(),
        asker: "bo".into(),
        asked_at: "2026-02-14T10:00:00Z".into(),
    };
    library.write(subject::need_asked(&need, "ask"), &event).await;
    let mut client = library.client().await;
    let open = ListNeedsRequest { state: NeedState::Open as i32, ..ListNeedsRequest::default() };
    eventually(A_WHILE, "the need is listed", || {
        let (mut client, open) = (client.clone(), open.clone());
        async move { client.list_needs(open).await.unwrap().into_inner().total_size == 1 }
    })
    .await;

    let night = night(14);
    library.open_night(night, &["ada"]).await;
    let (contribution, placement) = lesson("a", "Disk space", "Run `docker system prune` on Sundays.");
    let contribution = Contribution { answers: vec![need.clone()], ..contribution };
    library.share(night, "ada", &[(contribution, placement)]).await;
    library.curated(night, "ada").await;

    let needs = client.list_needs(ListNeedsRequest::default()).await.unwrap().into_inner().needs;
    assert_eq!(needs[0].state(), NeedState::Answered);
    assert_eq!(needs[0].answered_by, "articles/lessons/disk-space");
    assert_eq!(needs[0].contributors, ["ada"]);
    let answer = library.ask(question, "bo").await;
    assert_eq!(answer.status(), SearchStatus::Found, "the question is a name of its answer");
    assert_eq!(answer.results[0].name, "articles/lessons/disk-space");
    let revision = &library.revisions().await[0];
    assert_eq!(revision.article.as_ref().unwrap().aliases, [question]);
    assert!(revision.findability.iter().all(|f| (1..=3).contains(&f.rank)), "{:?}", revision.findability);
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_stays_out_and_the_night_goes_on() {
    let library = Library::open().await;
    let night = night(14);
    library.open_night(night, &["ada"]).await;
    let secret = lesson(
        "s",
        "Registry login",
        &format!("Log in with {}{} and push.", "ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"),
    );
    library.share(night, "ada", &[secret, lesson("a", "Renew certificates", CERTIFICATE)]).await;
    let record = library.curated(night, "ada").await;
    assert_eq!((record.counts["refused"], record.counts["applied"]), (1, 1));
    let dead = library.server.bus.dead_letters(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].reason.contains("secret:") && !dead[0].reason.contains("ghp_"), "{}", dead[0].reason);
    assert_eq!(library.revisions().await.len(), 1);
    library.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_name_their_field_and_health_and_reflection_answer() {
    let library = Library::open().await;
    let mut client = library.client().await;
    let refused = |status: tonic::Status, field: &str| {
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().starts_with(field), "{status:?}");
    };
    refused(client.search_articles(SearchArticlesRequest::default()).await.unwrap_err(), "query");
    let asker = SearchArticlesRequest { query: "x".into(), asker: "No!".into(), ..SearchArticlesRequest::default() };
    refused(client.search_articles(asker).await.unwrap_err(), "asker");
    refused(
        client.get_article(GetArticleRequest { name: "A".into(), ..Default::default() }).await.unwrap_err(),
        "name",
    );
    let token = ListArticlesRequest { page_token: "00".into(), ..ListArticlesRequest::default() };
    refused(client.list_articles(token).await.unwrap_err(), "page_token");
    refused(
        client.list_needs(ListNeedsRequest { state: 9, ..ListNeedsRequest::default() }).await.unwrap_err(),
        "state",
    );
    let absent =
        client.get_article(GetArticleRequest { name: "articles/a".into(), ..Default::default() }).await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);

    // health and reflection are asked as grpcurl does
    let channel = Channel::from_shared(format!("http://{}", library.librarian.grpc)).unwrap().connect().await.unwrap();
    for path in ["/grpc.health.v1.Health/Check", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] {
        let answered = raw_call(channel.clone(), path).await;
        assert_ne!(answered.err().map(|status| status.code()), Some(Code::Unimplemented), "{path}");
    }
    library.close().await;
}

/// Calls a method with an empty message and drops the answer.
async fn raw_call(channel: Channel, path: &'static str) -> Result<(), tonic::Status> {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http_path(path);
    grpc.unary(tonic::Request::new(()), path, Empty).await.map(|_| ())
}

fn http_path(path: &'static str) -> tonic::codegen::http::uri::PathAndQuery {
    tonic::codegen::http::uri::PathAndQuery::from_static(path)
}

/// Sends an empty message and reads any.
#[derive(Clone, Copy)]
struct Empty;

impl Codec for Empty {
    type Encode = ();
    type Decode = ();
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Empty {
    type Item = ();
    type Error = tonic::Status;

    fn encode(&mut self, (): (), _: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        Ok(())
    }
}

impl Decoder for Empty {
    type Item = ();
    type Error = tonic::Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<()>, tonic::Status> {
        from.advance(from.remaining());
        Ok(Some(()))
    }
}
