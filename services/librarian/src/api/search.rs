//! SearchArticles: one way to ask for every door, and the need that an unanswered question becomes.

use std::sync::Arc;

use commune_knowledge::{
    embedding::{Embedder, StaticModel, Vector},
    normalize,
};
use commune_proto::{
    AgentId, NoteId, content_id,
    librarian::v1::{
        ArticleKind, QueryReading, SearchArticlesRequest, SearchArticlesResponse, SearchFilter, SearchStatus,
    },
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use tonic::Status;

use super::{LibraryApi, found, internal, paging};
use crate::{
    index::{
        Answer, Confidence, IndexError, Snapshot, Wish,
        filter::Filter,
        grammar::{self, Query},
        tier::Tier,
    },
    library::Kind,
    once,
};

const QUERY_LIMIT: usize = 1024;
/// No reader turns pages beyond.
const RESULTS_LIMIT: usize = 1000;

/// Who reads questions for their meaning.
#[derive(Debug, Clone, Default)]
pub struct Readers {
    /// The transformer, where there is one.
    pub transformer: Option<Arc<dyn Embedder>>,
    /// Whether the transformer reads a question that does not say by whom it is to be read.
    pub by_transformer: bool,
}

impl Readers {
    /// The transformer where it is to read the question, and the tier that comes to.
    fn of(&self, reading: QueryReading) -> Result<(Option<Arc<dyn Embedder>>, Tier), Status> {
        let asked = match reading {
            QueryReading::Unspecified => self.by_transformer,
            QueryReading::Static => false,
            QueryReading::Transformer => true,
        };
        match (&self.transformer, asked) {
            (None, false) => Ok((None, Tier::STATIC)),
            (Some(_), false) => Ok((None, Tier::DOCUMENTS)),
            (Some(transformer), true) => Ok((Some(Arc::clone(transformer)), Tier::BOTH)),
            (None, true) => Err(Status::failed_precondition(
                "reading: this librarian has no transformer: ask with QUERY_READING_STATIC, or set library.embeddings and library.model_folder",
            )),
        }
    }
}

/// One question to one snapshot.
struct Look {
    index: Arc<Snapshot>,
    query: Query,
    limit: usize,
    explain: bool,
    transformer: Option<Arc<dyn Embedder>>,
    tier: Tier,
}

impl Look {
    /// The answer, and what may have been meant where it is not found.
    async fn run(self) -> Result<(Answer, Option<String>), Status> {
        let looked = tokio::task::spawn_blocking(move || {
            let answer = self.find()?;
            let found = answer.confidence() == Confidence::Found;
            let meant = if found { None } else { self.index.suggestion(&self.query.words)? };
            Ok::<_, IndexError>((answer, meant))
        });
        looked.await.map_err(internal)?.map_err(internal)
    }

    fn find(&self) -> Result<Answer, IndexError> {
        let words = &self.query.words;
        let vector: Option<Vector> = match &self.transformer {
            Some(transformer) => transformer.question(words),
            None => StaticModel::shipped().embed(words),
        };
        let (limit, filter, tier, explain) = (self.limit, &self.query.filter, self.tier, self.explain);
        let wish = Wish { limit, filter, vector: vector.as_ref(), tier, explain };
        if words.is_empty() { Ok(self.index.browse(&wish)) } else { self.index.find(words, &wish) }
    }
}

impl LibraryApi {
    pub(super) async fn search(
        &self,
        caller: &Caller,
        request: SearchArticlesRequest,
    ) -> Result<SearchArticlesResponse, Status> {
        if request.query.trim().is_empty() || request.query.len() > QUERY_LIMIT {
            return Err(invalid("query", format!("1 to {QUERY_LIMIT} bytes of words or a question are allowed")));
        }
        let query = query(&request)?;
        let asker: Option<AgentId> = match request.asker.as_str() {
            "" => None,
            asker => Some(asker.parse().map_err(|problem| invalid("asker", problem))?),
        };
        if let Some(asker) = &asker {
            caller.acts_for(asker)?;
        }
        let (transformer, tier) = self.readers.of(request.reading())?;
        let size = grpc::page_size(request.page_size, 10, 100)?;
        let fields = [&request.query, &request.asker, &format!("{:?} {:?}", request.filter, request.reading())];
        let page = paging::Request::new("SearchArticles", &fields.map(String::as_str));
        let (turned, from) = position(page.position(&request.page_token)?)?;
        self.ready()?;

        let all = if request.facets { RESULTS_LIMIT } else { from.saturating_add(size).min(RESULTS_LIMIT) };
        let look = |index: Arc<Snapshot>| Look {
            index,
            query: query.clone(),
            limit: all,
            explain: request.explain,
            transformer: transformer.clone(),
            tier,
        };
        // all pages of an answer are of the moment of the first, as long as that is kept
        let newest = self.catalogue.index().await.map_err(internal)?;
        let mut index = turned.and_then(|through| self.catalogue.kept(through)).unwrap_or(newest);
        let (mut answer, mut meant) = look(Arc::clone(&index)).run().await?;
        if answer.confidence() == Confidence::NotKnown {
            // "not known here" is said of the library as it is now, and not while the bus is away
            self.catch_up().await?;
            index = self.catalogue.index().await.map_err(internal)?;
            (answer, meant) = look(Arc::clone(&index)).run().await?;
        }
        let mut response = SearchArticlesResponse { filter: Some(wire(&query.filter)), ..Default::default() };
        if answer.confidence() != Confidence::Found {
            response.reason = found::reason(&answer, &query.filter, index.pages());
            response.suggestion = meant.unwrap_or_default();
        }
        response.set_status(match answer.confidence() {
            Confidence::Found => SearchStatus::Found,
            Confidence::Low => SearchStatus::LowConfidence,
            Confidence::NotKnown => SearchStatus::NotKnown,
        });
        if answer.confidence() == Confidence::NotKnown {
            // what was asked of a part of the library may be known in another
            if let Some(asker) = asker.filter(|_| query.filter.is_empty()) {
                response.need = self.ask(&asker, &query.words).await;
            }
            let nearest = answer.hits.iter().take(size);
            response.nearest = found::results(nearest, &query.words, self.catalogue.library());
            return Ok(response);
        }
        let next = from + size;
        if next < answer.total.min(RESULTS_LIMIT) {
            response.next_page_token = page.token(&format!("{} {next}", self.catalogue.sequence_of(&index)));
        }
        response.total_size = i32::try_from(answer.total).unwrap_or(i32::MAX);
        if request.facets {
            response.facets = found::facets(&answer, &index);
        }
        let shown = answer.hits.iter().skip(from).take(size);
        response.results = found::results(shown, &query.words, self.catalogue.library());
        Ok(response)
    }

    /// Says for an agent that it needs this to be known; the need's name, empty when it could not be said.
    async fn ask(&self, asker: &AgentId, question: &str) -> String {
        let normal = normalize::question(question);
        let today = self.clock.now().to_zoned(self.time_zone.clone()).date().to_string();
        let ask = content_id(&["ask", &normal, asker.as_str(), &today]);
        let Ok(id) = ask.parse::<NoteId>() else { return String::new() };
        // where the same agent asked the same today, it stands
        if let Err(problem) = once::need(&self.bus, asker, &id, question).await {
            tracing::warn!(agent = %asker, error = %problem, "need not recorded");
            return String::new();
        }
        let wording = content_id(&["need", &normal]);
        // what others asked in other words is the same need
        let need = self.commons.read(|commons| {
            let asked = commons.asked();
            asked.like(question).unwrap_or_else(|| asked.need_of(&wording)).to_owned()
        });
        format!("needs/{need}")
    }
}

/// The query with the filters that stand in it and beside it.
fn query(request: &SearchArticlesRequest) -> Result<Query, Status> {
    let read = Query::read(&request.query).map_err(|problem| invalid("query", problem))?;
    let beside = filter(request.filter.as_ref())?;
    let filter = read.filter.and(beside).map_err(|problem| invalid("filter", problem))?;
    Ok(Query { words: read.words, filter })
}

fn filter(said: Option<&SearchFilter>) -> Result<Filter, Status> {
    let Some(said) = said else { return Ok(Filter::default()) };
    let some = |value: &str| (!value.is_empty()).then(|| value.to_owned());
    let since = |value: String| {
        grammar::since(&value).ok_or_else(|| {
            invalid("filter.since", format!("{value:?} is no time: use a date such as 2026-02-14, or RFC 3339"))
        })
    };
    Filter {
        kind: match said.kind() {
            ArticleKind::Unspecified => None,
            ArticleKind::Article => Some(Kind::Article),
            ArticleKind::Skill => Some(Kind::Skill),
            ArticleKind::Section => {
                return Err(invalid("filter.kind", "the pages of sections are not searched: read them by their paths"));
            }
        },
        section: some(&said.section)
            .map(|section| section.parse().map_err(|problem| invalid("filter.section", problem)))
            .transpose()?,
        contributor: some(&said.contributor)
            .map(|agent| agent.parse().map_err(|problem| invalid("filter.contributor", problem)))
            .transpose()?,
        since: some(&said.since).map(since).transpose()?,
        tags: Vec::new(),
    }
    .and(Filter { tags: said.tags.clone(), ..Filter::default() })
    .map_err(|problem| invalid("filter.tags", problem))
}

/// The filter as it was understood.
fn wire(filter: &Filter) -> SearchFilter {
    let mut wire = SearchFilter {
        tags: filter.tags.clone(),
        section: filter.section.as_ref().map(ToString::to_string).unwrap_or_default(),
        contributor: filter.contributor.as_ref().map(ToString::to_string).unwrap_or_default(),
        since: filter.since.as_ref().map(ToString::to_string).unwrap_or_default(),
        ..SearchFilter::default()
    };
    match filter.kind {
        None | Some(Kind::Section) => {}
        Some(Kind::Article) => wire.set_kind(ArticleKind::Article),
        Some(Kind::Skill) => wire.set_kind(ArticleKind::Skill),
    }
    wire
}

/// The sequence of the snapshot of which the first page was, and how many results were shown.
fn position(token: Option<String>) -> Result<(Option<u64>, usize), Status> {
    let Some(token) = token else { return Ok((None, 0)) };
    let parsed = token.split_once(' ').and_then(|(through, from)| Some((through.parse().ok()?, from.parse().ok()?)));
    let (through, from) = parsed.ok_or_else(|| invalid("page_token", "not a token of this request"))?;
    Ok((Some(through), from))
}
