//! GetArticle and ListFeedback: a page as it stands, who read it, and what was said of it.

use commune_proto::{
    AgentId, ArticlePath,
    librarian::v1::{Article, GetArticleRequest, ListFeedbackRequest, ListFeedbackResponse},
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use tonic::Status;

use super::{LibraryApi, contested, missing, names};
use crate::{
    library::Entry,
    translate,
    uses::{FEEDBACK_KEPT, doubts},
};

impl LibraryApi {
    /// An article as it stands; a reader that is named is remembered, which takes no time of the call's.
    pub(super) async fn get(&self, caller: &Caller, request: &GetArticleRequest) -> Result<Article, Status> {
        let reader: Option<AgentId> = match request.reader.as_str() {
            "" => None,
            reader => Some(reader.parse().map_err(|problem| invalid("reader", problem))?),
        };
        if let Some(reader) = &reader {
            caller.acts_for(reader)?;
        }
        let path = names::article("name", &request.name)?;
        self.ready()?;
        if let Some(as_of) = self.moment(&request.as_of_time, &request.as_of_night)? {
            return self.get_as_of(&path, as_of).await;
        }
        let entry = self.standing_at(&path)?;
        let article = &entry.newest.article;
        if let Some(reader) = &reader {
            self.reads.read(reader, &article.path, article.revision, request.found);
        }
        Ok(contested::article(&entry))
    }

    /// The article that stands at a path, or where that redirects to.
    fn standing_at(&self, path: &ArticlePath) -> Result<Entry, Status> {
        let (entry, resolved) =
            self.catalogue.library().read(|library| (library.get(path).cloned(), library.resolved(path).cloned()));
        let article = &entry.ok_or_else(|| missing(&names::of(path)))?.newest.article;
        resolved.ok_or_else(|| {
            Status::not_found(match &article.redirect_to {
                Some(to) => format!("`{}` went to `{}`, which is there no more", names::of(path), names::of(to)),
                None if article.is_removed() => {
                    format!("`{}` was removed on {}: its history tells why", names::of(path), article.removed_on)
                }
                None => {
                    format!("`{}` was withdrawn on {}: its history tells why", names::of(path), article.withdrawn_on)
                }
            })
        })
    }

    /// What was said of an article that stands.
    pub(super) fn feedback(&self, request: &ListFeedbackRequest) -> Result<ListFeedbackResponse, Status> {
        let path = names::article("parent", &request.parent)?;
        let size = grpc::page_size(request.page_size, 100, FEEDBACK_KEPT)?;
        self.ready()?;
        let revision = self.entry(&path)?.newest.article.revision;
        let said = self.reads.uses().read(|uses| uses.of_article(&path));
        let doubts = doubts(&said, revision, &|agent| self.roster.owner_of(agent).to_owned());
        let from = said.len().saturating_sub(size);
        Ok(ListFeedbackResponse {
            feedback: said[from..].iter().map(|feedback| translate::feedback_to_wire(feedback)).collect(),
            doubts: u32::try_from(doubts).unwrap_or(u32::MAX),
            revision,
        })
    }
}
