//! RevertRevision: what one revision changed is taken back by another.

use commune_proto::{
    AgentId,
    librarian::v1::{RevertRevisionRequest, RevertRevisionResponse},
};
use commune_runtime::{access::Caller, grpc::invalid};
use futures::{StreamExt, TryStreamExt};
use tonic::Status;

use super::{AT_A_TIME, LibraryApi, contested, internal, missing, names, reasons};
use crate::{
    curate::{self, Change},
    handlers::LATER,
    library::{Article, Entry, Reverted, Revision},
    translate,
};

/// What made such a revision, in place of a night.
const NIGHT: &str = "revert";
/// Tries against others who change the same page.
const TRIES: usize = 5;

impl LibraryApi {
    pub(super) async fn revert(
        &self,
        caller: &Caller,
        request: RevertRevisionRequest,
    ) -> Result<RevertRevisionResponse, Status> {
        let agent: AgentId = request.agent.parse().map_err(|problem| invalid("agent", problem))?;
        caller.acts_for(&agent)?;
        let (path, number) = names::revision("name", &request.name)?;
        let reason = reasons::reason("reason", &request.reason, &self.names)?;
        self.ready()?;
        for _ in 0..TRIES {
            let entry = self.entry(&path)?;
            self.is_its_own(&entry, number).await?;
            may_be_reverted(&entry, number, &request.name)?;
            let Some(article) = self.without(&entry, number).await? else {
                return Ok(RevertRevisionResponse { article: Some(contested::article(&entry)), changed: false });
            };
            let article = article.following(Some(&entry.newest.article), NIGHT, &self.clock.now().to_string());
            let reverted = Reverted {
                after: number - 1,
                through: number,
                agent: agent.to_string(),
                contributions: entry.brought_between(number - 1, number),
            };
            let why = format!("{agent} takes back revision {number}: {reason}");
            let revision = Revision { reverted: Some(reverted), ..Revision::of(article, why) };
            if self.store(&revision, entry.sequence()).await? {
                let article = Some(translate::article_to_wire(&revision.article));
                return Ok(RevertRevisionResponse { article, changed: true });
            }
        }
        Err(Status::aborted("others are changing this page at the same time: try again"))
    }

    /// A revision that a proposal made is a part of more: its redirects and parts.
    async fn is_its_own(&self, entry: &Entry, number: u32) -> Result<(), Status> {
        let made = self.revision_of(&entry.newest.article.path, entry, number).await?;
        match (made.proposal.as_str(), made.reverted) {
            ("", _) | (_, Some(_)) => Ok(()),
            (proposal, None) => Err(Status::failed_precondition(format!(
                "revision {number} is a part of proposal {proposal}: propose to revert {proposal} as a whole"
            ))),
        }
    }

    /// The page without what a revision changed; none where nothing is left of that.
    async fn without(&self, entry: &Entry, number: u32) -> Result<Option<Article>, Status> {
        let path = &entry.newest.article.path;
        let read = |number| async move {
            let event = self.revision_of(path, entry, number).await?;
            translate::revision(event).map(|revision| revision.article).map_err(internal)
        };
        let numbers = futures::stream::iter(number - 1..=entry.newest.article.revision);
        let articles: Vec<Article> = numbers.map(read).buffered(AT_A_TIME).try_collect().await?;
        let said = std::sync::Arc::clone(&entry.said);
        let reverted = tokio::task::spawn_blocking(move || match articles.as_slice() {
            [before, with, later @ ..] => curate::revert(&Change { before, with, later, said: &said, closed: false }),
            _ => Ok(None),
        });
        reverted.await.map_err(internal)?.map_err(Status::failed_precondition)
    }
}

/// **What was withdrawn does not come back**, and what is no page any more is not brought back by its single revisions.
fn may_be_reverted(entry: &Entry, number: u32, name: &str) -> Result<(), Status> {
    let newest = &entry.newest.article;
    let refused = |why: String| Err(Status::failed_precondition(why));
    match number {
        _ if number > newest.revision => Err(missing(name)),
        _ if !newest.stands() => {
            refused(format!("`{}` is no page now: there is nothing to take back of it", newest.path))
        }
        1 => refused(format!("revision 1 founded `{}`: propose to remove the page instead", newest.path)),
        _ if number <= entry.withdrawn_at => refused(format!(
            "revision {} took out what was withdrawn: nothing of before comes back, revision {number} neither",
            entry.withdrawn_at
        )),
        _ if newest.revision - number > LATER => refused(format!(
            "more than {LATER} revisions followed revision {number}: say in a note what is right instead"
        )),
        _ => Ok(()),
    }
}
