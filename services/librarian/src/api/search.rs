//! SearchArticles, and the need that an unanswered question becomes.

use commune_bus::{Outgoing, PublishError, subject};
use commune_knowledge::{document, normalize};
use commune_proto::{
    AgentId, NoteId, content_id,
    librarian::v1::{SearchArticlesRequest, SearchArticlesResponse, SearchResult, SearchStatus},
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use tonic::Status;

use super::{LibraryApi, internal, names, paging};
use crate::{
    index::{Answer, Confidence},
    snippet::snippet,
};

const QUERY_LIMIT: usize = 1024;
/// No reader turns pages beyond.
const RESULTS_LIMIT: usize = 1000;

impl LibraryApi {
    pub(super) async fn search(
        &self,
        caller: &Caller,
        request: SearchArticlesRequest,
    ) -> Result<SearchArticlesResponse, Status> {
        let question = request.query.split_whitespace().collect::<Vec<_>>().join(" ");
        if question.is_empty() || request.query.len() > QUERY_LIMIT {
            return Err(invalid("query", format!("1 to {QUERY_LIMIT} bytes of words or a question are allowed")));
        }
        let asker: Option<AgentId> = match request.asker.as_str() {
            "" => None,
            asker => Some(asker.parse().map_err(|problem| invalid("asker", problem))?),
        };
        if let Some(asker) = &asker {
            caller.acts_for(asker)?;
        }
        let size = grpc::page_size(request.page_size, 10, 100)?;
        let page = paging::Request::new("SearchArticles", &[&request.query, &request.asker]);
        let from = page.number(&request.page_token)?;
        self.ready()?;

        let limit = from.saturating_add(size).min(RESULTS_LIMIT);
        let mut answer = self.look(&question, limit).await?;
        if answer.confidence() == Confidence::NotKnown {
            // "not known here" is said of the library as it is now, and not while the bus is away
            self.catch_up().await?;
            answer = self.look(&question, limit).await?;
        }
        let status = match answer.confidence() {
            Confidence::Found => SearchStatus::Found,
            Confidence::Low => SearchStatus::LowConfidence,
            Confidence::NotKnown => {
                let need = match asker {
                    Some(asker) => self.ask(&asker, &question).await,
                    None => String::new(),
                };
                let status = SearchStatus::NotKnown as i32;
                return Ok(SearchArticlesResponse { status, need, ..SearchArticlesResponse::default() });
            }
        };
        let reachable = answer.total.min(RESULTS_LIMIT);
        let next = from + size;
        let results = answer.hits.iter().skip(from).filter_map(|hit| {
            let revision =
                self.catalogue.library().read(|library| library.standing(&hit.path).map(|e| e.newest.clone()))?;
            let article = &revision.article;
            Some(SearchResult {
                name: names::of(&hit.path),
                title: article.title.clone(),
                snippet: snippet(&document::plain_text(&article.body), &question),
                score: hit.score,
                contributors: article.contributors.clone(),
                revision: article.revision,
                confirmations: u32::try_from(article.confirmed_by.len()).unwrap_or(u32::MAX),
            })
        });
        Ok(SearchArticlesResponse {
            results: results.collect(),
            status: status as i32,
            next_page_token: if next < reachable { page.token(&next.to_string()) } else { String::new() },
            total_size: i32::try_from(answer.total).unwrap_or(i32::MAX),
            need: String::new(),
        })
    }

    async fn look(&self, question: &str, limit: usize) -> Result<Answer, Status> {
        let index = self.catalogue.index().await.map_err(internal)?;
        let asked = question.to_owned();
        tokio::task::spawn_blocking(move || index.search(&asked, limit)).await.map_err(internal)?.map_err(internal)
    }

    /// Says for an agent that it needs this to be known; the need's name, empty when it could not be said.
    async fn ask(&self, asker: &AgentId, question: &str) -> String {
        let normal = normalize::question(question);
        let today = self.clock.now().to_zoned(self.time_zone.clone()).date().to_string();
        let ask = content_id(&["ask", &normal, asker.as_str(), &today]);
        let Ok(id) = ask.parse::<NoteId>() else { return String::new() };
        // a first line of its own, so that no question can be taken for front matter
        let body = if question.starts_with("---") { format!("\n{question}") } else { question.to_owned() };
        let message = Outgoing::raw(subject::said(asker, "need", Some(&id)), body);
        match self.bus.publish(message).await {
            Ok(_) | Err(PublishError::Conflict { .. }) => {}
            // the same agent asked the same today
            Err(PublishError::Refused { reason, .. }) if reason.contains("per subject") => {}
            Err(problem) => {
                tracing::warn!(agent = %asker, error = %problem, "need not recorded");
                return String::new();
            }
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
