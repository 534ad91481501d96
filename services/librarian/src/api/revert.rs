//! RevertRevision: what one revision changed is taken back by another.

use commune_proto::{
    AgentId,
    librarian::v1::{RevertRevisionRequest, RevertRevisionResponse},
};
use commune_runtime::{access::Caller, grpc::invalid};
use tonic::Status;

use super::{LibraryApi, contested, missing, names, proposals::unplanned, reasons};
use crate::{
    library::{Entry, Reverted, Revision},
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
            let now = self.clock.now();
            let today = now.to_zoned(self.time_zone.clone()).date().to_string();
            let without = self.planner().without(&entry, (number - 1, number), &today).await;
            let Some(article) = without.map_err(unplanned)? else {
                return Ok(RevertRevisionResponse { article: Some(contested::article(&entry)), changed: false });
            };
            let article = article.following(Some(&entry.newest.article), NIGHT, &now.to_string());
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
        _ => Ok(()),
    }
}
