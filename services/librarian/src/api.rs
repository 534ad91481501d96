//! The library over gRPC. "Not known here" is an answer; "not available now" is UNAVAILABLE.

mod as_of;
mod blame;
mod contested;
mod found;
mod held;
mod history;
mod import;
mod inbox;
mod links;
mod names;
mod needs;
mod paging;
mod place;
mod proposals;
mod read;
mod reasons;
mod revert;
mod search;
mod tend;
mod told;
mod words;

use std::{sync::Arc, time::Duration};

use commune_bus::{Bus, View};
use commune_knowledge::personal::Names;
use commune_proto::{
    ArticlePath,
    librarian::v1::{
        AmendProposalRequest, AnswerObjectionRequest, Article, ArticleCurated, BlameArticleRequest,
        BlameArticleResponse, CheckLibraryRequest, CheckLibraryResponse, DiffRevisionsRequest, DiffRevisionsResponse,
        GetArticleRequest, GetProposalRequest, GetRevisionRequest, ImportArticleRequest, ImportArticleResponse,
        ListArticlesRequest, ListArticlesResponse, ListFeedbackRequest, ListFeedbackResponse, ListHeldRequest,
        ListHeldResponse, ListInboxRequest, ListInboxResponse, ListLinksRequest, ListLinksResponse, ListNeedsRequest,
        ListNeedsResponse, ListProposalsRequest, ListProposalsResponse, ListRevisionsRequest, ListRevisionsResponse,
        ObjectToProposalRequest, Proposal, ProposeChangeRequest, RevertRevisionRequest, RevertRevisionResponse,
        SearchArticlesRequest, SearchArticlesResponse, SuggestPlacementRequest, SuggestPlacementResponse,
        TakeBackProposalRequest, WatchArticlesRequest, WatchArticlesResponse,
        library_service_server::{LibraryService, LibraryServiceServer},
    },
};
use commune_runtime::{access::Caller, clock::Clock, grpc, roster::Roster};
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::{
    catalogue::Catalogue,
    commons::Commons,
    graph::Linked,
    handlers::Views,
    library::{Entry, Library},
    nights::Nights,
    settings::Consent,
    tending::Tending,
    translate,
    uses::reads::Reads,
};

pub use search::Readers;

/// Revisions, or contributions, that a call reads from the bus at a time.
const AT_A_TIME: usize = 16;
/// How long a call waits for a view to take in what was just written.
const VIEW_WAIT: Duration = Duration::from_secs(5);

/// The service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct LibraryApi {
    bus: Bus,
    catalogue: Catalogue,
    commons: View<Commons>,
    nights: View<Nights>,
    reads: Reads,
    clock: Clock,
    time_zone: TimeZone,
    consent: Consent,
    roster: Arc<Roster>,
    /// Names of people that the roster knows.
    names: Arc<Names>,
    watchers: Arc<Semaphore>,
    readers: Readers,
    tending: Tending,
    linked: Linked,
    told: told::Told,
    stop: CancellationToken,
}

impl LibraryApi {
    /// The service over these views.
    pub fn new(
        bus: Bus,
        views: Views,
        clock: Clock,
        time_zone: TimeZone,
        (roster, names): (Arc<Roster>, Arc<Names>),
        (watchers, consent): (usize, Consent),
        stop: CancellationToken,
    ) -> Self {
        let Views { catalogue, commons, nights, reads, tending } = views;
        let watchers = Arc::new(Semaphore::new(watchers));
        let readers = Readers::default();
        let linked = Linked::new(catalogue.library().clone());
        Self {
            bus,
            catalogue,
            commons,
            nights,
            reads,
            clock,
            time_zone,
            consent,
            roster,
            names,
            watchers,
            readers,
            tending,
            linked,
            told: told::Told::default(),
            stop,
        }
    }

    /// The service with these who read questions.
    #[must_use]
    pub fn read_by(self, readers: Readers) -> Self {
        Self { readers, ..self }
    }

    /// For the router.
    pub fn into_server(self) -> LibraryServiceServer<Self> {
        LibraryServiceServer::new(self)
    }

    /// **Absence and outage are two answers**: nothing is said of the library before it has been read.
    fn ready(&self) -> Result<(), Status> {
        if self.catalogue.library().is_current() && self.commons.is_current() && self.reads.uses().is_current() {
            Ok(())
        } else {
            Err(Status::unavailable(
                "the library is not available now: it is still being read from the bus, or the bus cannot be reached; try again",
            ))
        }
    }

    fn entry(&self, path: &ArticlePath) -> Result<Entry, Status> {
        self.catalogue.library().read(|library| library.get(path).cloned()).ok_or_else(|| missing(&names::of(path)))
    }

    async fn list(&self, request: &ListArticlesRequest) -> Result<ListArticlesResponse, Status> {
        self.ready()?;
        if let Some(as_of) = self.moment(&request.as_of_time, &request.as_of_night)? {
            return self.list_as_of(request, as_of).await;
        }
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListArticles", &[]);
        let after = page.path(&request.page_token)?;
        let (mut found, total) =
            self.catalogue.library().read(|library| (library.after(after.as_ref(), size + 1), library.len()));
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|last| page.token(last.article.path.as_str()));
        Ok(ListArticlesResponse {
            articles: found.iter().map(|revision| translate::article_without_body(&revision.article)).collect(),
            next_page_token: next.unwrap_or_default(),
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        })
    }
}

#[tonic::async_trait]
impl LibraryService for LibraryApi {
    type WatchArticlesStream = ReceiverStream<Result<WatchArticlesResponse, Status>>;

    async fn search_articles(
        &self,
        request: Request<SearchArticlesRequest>,
    ) -> Result<Response<SearchArticlesResponse>, Status> {
        let caller = Caller::of(&request);
        self.search(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn get_article(&self, request: Request<GetArticleRequest>) -> Result<Response<Article>, Status> {
        self.get(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn list_articles(
        &self,
        request: Request<ListArticlesRequest>,
    ) -> Result<Response<ListArticlesResponse>, Status> {
        self.list(request.get_ref()).await.map(Response::new)
    }

    async fn list_revisions(
        &self,
        request: Request<ListRevisionsRequest>,
    ) -> Result<Response<ListRevisionsResponse>, Status> {
        self.list_revisions_of(request.into_inner()).await.map(Response::new)
    }

    async fn get_revision(&self, request: Request<GetRevisionRequest>) -> Result<Response<ArticleCurated>, Status> {
        let (path, number) = names::revision("name", &request.get_ref().name)?;
        self.ready()?;
        let entry = self.entry(&path)?;
        let mut revision = self.revision_of(&path, &entry, number).await?;
        revision.article = contested::at(revision.article, &entry.said);
        Ok(Response::new(revision))
    }

    async fn diff_revisions(
        &self,
        request: Request<DiffRevisionsRequest>,
    ) -> Result<Response<DiffRevisionsResponse>, Status> {
        self.diff(request.into_inner()).await.map(Response::new)
    }

    async fn watch_articles(
        &self,
        request: Request<WatchArticlesRequest>,
    ) -> Result<Response<Self::WatchArticlesStream>, Status> {
        self.ready()?;
        let permit = Arc::clone(&self.watchers).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted("this replica serves as many watchers as it may (library.watchers): ask another")
        })?;
        let WatchArticlesRequest { after_sequence, until_now } = request.into_inner();
        let until = match until_now {
            true => {
                self.catch_up().await?;
                Some(self.catalogue.library().read(Library::last_sequence))
            }
            false => None,
        };
        let (to, watcher) = mpsc::channel(history::WATCH_BUFFER);
        tokio::spawn(self.clone().watch(after_sequence, until, to, permit));
        Ok(Response::new(ReceiverStream::new(watcher)))
    }

    async fn list_needs(&self, request: Request<ListNeedsRequest>) -> Result<Response<ListNeedsResponse>, Status> {
        self.needs(request.get_ref()).map(Response::new)
    }

    async fn list_inbox(&self, request: Request<ListInboxRequest>) -> Result<Response<ListInboxResponse>, Status> {
        self.inbox(&Caller::of(&request), request.get_ref()).map(Response::new)
    }

    async fn list_held(&self, request: Request<ListHeldRequest>) -> Result<Response<ListHeldResponse>, Status> {
        self.held(&Caller::of(&request), request.get_ref()).await.map(Response::new)
    }

    async fn suggest_placement(
        &self,
        request: Request<SuggestPlacementRequest>,
    ) -> Result<Response<SuggestPlacementResponse>, Status> {
        self.suggest(request.into_inner()).await.map(Response::new)
    }

    async fn import_article(
        &self,
        request: Request<ImportArticleRequest>,
    ) -> Result<Response<ImportArticleResponse>, Status> {
        self.import(request.into_inner()).await.map(Response::new)
    }

    async fn revert_revision(
        &self,
        request: Request<RevertRevisionRequest>,
    ) -> Result<Response<RevertRevisionResponse>, Status> {
        let caller = Caller::of(&request);
        self.revert(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn propose_change(&self, request: Request<ProposeChangeRequest>) -> Result<Response<Proposal>, Status> {
        let caller = Caller::of(&request);
        self.propose(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn object_to_proposal(
        &self,
        request: Request<ObjectToProposalRequest>,
    ) -> Result<Response<Proposal>, Status> {
        let caller = Caller::of(&request);
        self.object(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn answer_objection(&self, request: Request<AnswerObjectionRequest>) -> Result<Response<Proposal>, Status> {
        let caller = Caller::of(&request);
        self.answer(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn amend_proposal(&self, request: Request<AmendProposalRequest>) -> Result<Response<Proposal>, Status> {
        let caller = Caller::of(&request);
        self.amend(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn take_back_proposal(
        &self,
        request: Request<TakeBackProposalRequest>,
    ) -> Result<Response<Proposal>, Status> {
        let caller = Caller::of(&request);
        self.take_back(&caller, request.into_inner()).await.map(Response::new)
    }

    async fn get_proposal(&self, request: Request<GetProposalRequest>) -> Result<Response<Proposal>, Status> {
        self.one_proposal(request.get_ref()).map(Response::new)
    }

    async fn list_proposals(
        &self,
        request: Request<ListProposalsRequest>,
    ) -> Result<Response<ListProposalsResponse>, Status> {
        self.all_proposals(request.get_ref()).map(Response::new)
    }

    async fn blame_article(
        &self,
        request: Request<BlameArticleRequest>,
    ) -> Result<Response<BlameArticleResponse>, Status> {
        self.blame(request.into_inner()).await.map(Response::new)
    }

    async fn list_feedback(
        &self,
        request: Request<ListFeedbackRequest>,
    ) -> Result<Response<ListFeedbackResponse>, Status> {
        self.feedback(request.get_ref()).map(Response::new)
    }

    async fn check_library(
        &self,
        request: Request<CheckLibraryRequest>,
    ) -> Result<Response<CheckLibraryResponse>, Status> {
        self.check(request.into_inner()).await.map(Response::new)
    }

    async fn list_links(&self, request: Request<ListLinksRequest>) -> Result<Response<ListLinksResponse>, Status> {
        self.links(request.into_inner()).await.map(Response::new)
    }
}

fn missing(name: &str) -> Status {
    Status::not_found(format!("`{name}` is not in the library"))
}

fn unavailable(problem: impl std::fmt::Display) -> Status {
    Status::unavailable(format!("not available now: {problem}; try again"))
}

fn internal(problem: impl std::fmt::Display) -> Status {
    tracing::error!(error = %problem, "a call failed");
    Status::internal(problem.to_string())
}
