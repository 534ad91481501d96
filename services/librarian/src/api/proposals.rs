//! Proposals over gRPC: made, objected to, answered, amended and taken back by members in their own names; visible to all.

use commune_bus::{Outgoing, PublishError, subject};
use commune_proto::{
    AgentId, content_id,
    librarian::v1::{
        AmendProposalRequest, AnswerObjectionRequest, GetProposalRequest, ListProposalsRequest, ListProposalsResponse,
        ObjectToProposalRequest, Proposal as WireProposal, ProposalState, ProposeChangeRequest, ProposedChange,
        TakeBackProposalRequest,
    },
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use jiff::Timestamp;
use serde_json::json;
use tonic::Status;

use super::{LibraryApi, VIEW_WAIT, missing, paging, reasons, unavailable};
use crate::{
    consent::{Change, Happened, Proposal, State, Step, steward},
    handlers::{Planner, Unplanned},
    library::Library,
    translate, windows,
};

/// Tries against others who write at the same time.
const TRIES: usize = 5;

impl LibraryApi {
    pub(super) async fn propose(&self, caller: &Caller, request: ProposeChangeRequest) -> Result<WireProposal, Status> {
        let agent = self.member(caller, &request.agent)?;
        let reason = reasons::reason("reason", &request.reason, &self.names)?;
        let change = wanted(request.change)?;
        self.ready()?;
        for _ in 0..TRIES {
            self.catch_up().await?;
            self.can_be_done(&change, &agent).await?;
            let now = self.clock.now();
            let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
            let (proposed, seen) = self.catalogue.library().read(|library| {
                let proposed = library.proposals().propose(&change, agent.as_str(), self.consent.standing, &owner_of);
                (proposed, library.last_sequence())
            });
            let (id, stands) = proposed.map_err(Status::failed_precondition)?;
            if stands {
                return self.proposal(&id);
            }
            let step = Step::Made(change.clone(), now + self.consent.window);
            let made =
                Happened { proposal: id.clone(), agent: agent.to_string(), at: now, reason: reason.clone(), step };
            // the bound of those that stand holds whoever else proposes at the same time
            let message = translate::proposal_event(&made, 0).at_the_end(seen);
            if self.record(&id, message).await? {
                return self.proposal(&id);
            }
        }
        Err(busy())
    }

    pub(super) async fn object(
        &self,
        caller: &Caller,
        request: ObjectToProposalRequest,
    ) -> Result<WireProposal, Status> {
        let agent = self.member(caller, &request.agent)?;
        let reason = reasons::reason("reason", &request.reason, &self.names)?;
        let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
        let decide = |proposal: &Proposal, _| proposal.may_object(agent.as_str(), &owner_of).map(|()| Step::Objected);
        let proposal = self.act(&request.name, &agent, &reason, decide).await?;
        self.tell_of_objection(&proposal, &agent, &reason).await;
        Ok(proposal)
    }

    pub(super) async fn answer(
        &self,
        caller: &Caller,
        request: AnswerObjectionRequest,
    ) -> Result<WireProposal, Status> {
        let agent = self.member(caller, &request.agent)?;
        let answer = reasons::reason("answer", &request.answer, &self.names)?;
        // who objected has a whole window to object again
        let decide = |proposal: &Proposal, now: Timestamp| {
            let number = proposal.may_answer(request.objection as usize)?;
            Ok(Step::Answered(number, now + self.consent.window))
        };
        self.act(&request.name, &agent, &answer, decide).await
    }

    pub(super) async fn amend(&self, caller: &Caller, request: AmendProposalRequest) -> Result<WireProposal, Status> {
        let agent = self.member(caller, &request.agent)?;
        let reason = reasons::reason("reason", &request.reason, &self.names)?;
        let change = wanted(request.change)?;
        self.ready()?;
        self.can_be_done(&change, &agent).await?;
        let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
        let decide = |proposal: &Proposal, now: Timestamp| {
            proposal.is_own(agent.as_str(), &owner_of)?;
            if proposal.change == change {
                return Err("that is what it proposes already".to_owned());
            }
            Ok(Step::Amended(change.clone(), now + self.consent.window))
        };
        self.act(&request.name, &agent, &reason, decide).await
    }

    pub(super) async fn take_back(
        &self,
        caller: &Caller,
        request: TakeBackProposalRequest,
    ) -> Result<WireProposal, Status> {
        let agent = self.member(caller, &request.agent)?;
        let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
        let decide = |proposal: &Proposal, _| proposal.is_own(agent.as_str(), &owner_of).map(|()| Step::TakenBack);
        self.act(&request.name, &agent, "", decide).await
    }

    pub(super) fn one_proposal(&self, request: &GetProposalRequest) -> Result<WireProposal, Status> {
        let id = id(&request.name)?;
        self.ready()?;
        self.proposal(id)
    }

    pub(super) fn all_proposals(&self, request: &ListProposalsRequest) -> Result<ListProposalsResponse, Status> {
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListProposals", &[&request.state.to_string()]);
        let from = page.number(&request.page_token)?;
        self.ready()?;
        let now = self.clock.now();
        let all: Vec<WireProposal> = self.catalogue.library().read(|library| {
            library.proposals().all().into_iter().map(|proposal| translate::proposal_to_wire(proposal, now)).collect()
        });
        let wanted =
            |proposal: &WireProposal| request.state() == ProposalState::Unspecified || proposal.state == request.state;
        let found: Vec<WireProposal> = all.into_iter().filter(wanted).collect();
        let (total, next) = (found.len(), from.saturating_add(size));
        Ok(ListProposalsResponse {
            proposals: found.into_iter().skip(from).take(size).collect(),
            next_page_token: if next < total { page.token(&next.to_string()) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
            steward: self.steward().unwrap_or_default(),
        })
    }

    /// The member who is asked today to look at open objections.
    pub(super) fn steward(&self) -> Option<String> {
        let today = self.clock.now().to_zoned(self.time_zone.clone()).date();
        steward(today, &self.nights.read(|nights| nights.members())).cloned()
    }

    fn member(&self, caller: &Caller, agent: &str) -> Result<AgentId, Status> {
        let agent: AgentId = agent.parse().map_err(|problem| invalid("agent", problem))?;
        caller.acts_for(&agent)?;
        Ok(agent)
    }

    /// Whether a change can be done in the library as it stands.
    async fn can_be_done(&self, change: &Change, agent: &AgentId) -> Result<(), Status> {
        let planned = self.planner().plan(change, ("", agent.as_str()), self.clock.now()).await;
        match planned.map_err(unplanned)? {
            (revisions, _) if revisions.is_empty() => {
                Err(Status::failed_precondition("nothing is left to be done for that"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn planner(&self) -> Planner<'_> {
        Planner { bus: &self.bus, catalogue: &self.catalogue, roster: &self.roster, time_zone: &self.time_zone }
    }

    /// Does something to a proposal that `decide` allows for where it is, unless another was first; then it is decided again.
    async fn act(
        &self,
        name: &str,
        agent: &AgentId,
        reason: &str,
        decide: impl Fn(&Proposal, Timestamp) -> Result<Step, String>,
    ) -> Result<WireProposal, Status> {
        let id = id(name)?;
        self.ready()?;
        for _ in 0..TRIES {
            let found = self.catalogue.library().read(|library| library.proposals().get(id).cloned());
            let proposal = found.ok_or_else(|| missing(name))?;
            let now = self.clock.now();
            let step = decide(&proposal, now).map_err(Status::failed_precondition)?;
            let (proposal_id, agent, reason) = (id.to_owned(), agent.to_string(), reason.to_owned());
            let happened = Happened { proposal: proposal_id, agent, at: now, reason, step };
            if self.record(id, translate::proposal_event(&happened, proposal.sequence)).await? {
                return self.proposal(id);
            }
        }
        Err(busy())
    }

    /// Stores what happened, and schedules the end of the window that follows from it; false when another was first, and the view has that.
    async fn record(&self, id: &str, message: Outgoing) -> Result<bool, Status> {
        match self.bus.publish(message).await {
            Ok(stored) => {
                self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await.map_err(unavailable)?;
            }
            Err(PublishError::Conflict { .. }) => return self.catch_up().await.map(|()| false),
            Err(PublishError::Refused { reason, .. }) => {
                return Err(Status::failed_precondition(format!("the library refused it: {reason}")));
            }
            Err(problem) => return Err(unavailable(problem)),
        }
        let now = self.clock.now();
        let waiting = self.catalogue.library().read(|library| {
            library.proposals().get(id).filter(|proposal| proposal.state(now) == State::Waiting).cloned()
        });
        if let Some(proposal) = waiting
            && let Err(problem) = windows::arm(&self.bus, now, &proposal).await
        {
            // it is durable: whoever looks next arms it
            tracing::warn!(proposal = id, error = %problem, "the end of a window is not scheduled yet");
        }
        Ok(true)
    }

    fn proposal(&self, id: &str) -> Result<WireProposal, Status> {
        let now = self.clock.now();
        let found = self.catalogue.library().read(|library: &Library| {
            library.proposals().get(id).map(|proposal| translate::proposal_to_wire(proposal, now))
        });
        found.ok_or_else(|| missing(&format!("proposals/{id}")))
    }

    /// Tells the proposer and the day's steward. Nobody has to be connected: `ListInbox` tells the same.
    async fn tell_of_objection(&self, proposal: &WireProposal, agent: &AgentId, reason: &str) {
        let number = proposal.objections.len();
        let told = [(Some(proposal.proposer.clone()), "objected"), (self.steward(), "steward")];
        for (to, token) in told {
            let Some(to) = to.and_then(|to| to.parse::<AgentId>().ok()) else { continue };
            let id = content_id(&["inbox", token, &proposal.name, &number.to_string(), to.as_str()]);
            let body =
                json!({"id": id, "proposal": proposal.name, "objection": number, "by": agent.as_str(), "why": reason});
            let subject = subject::inbox(&to, token);
            if let Err(problem) = self.bus.tell_with_id(subject, &id, body.to_string().into_bytes()).await {
                tracing::warn!(proposal = %proposal.name, error = %problem, "an objection is not told");
            }
        }
    }
}

fn wanted(change: Option<ProposedChange>) -> Result<Change, Status> {
    let change = change.ok_or_else(|| invalid("change", "say what is to be done"))?;
    translate::change(&change).map_err(Status::invalid_argument)
}

fn id(name: &str) -> Result<&str, Status> {
    let id = name.strip_prefix("proposals/").filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    id.ok_or_else(|| invalid("name", "use `proposals/{proposal}`, with the 32 digits of its id"))
}

/// Why there is no plan, in an answer.
pub(super) fn unplanned(why: Unplanned) -> Status {
    match why {
        Unplanned::Missing(what) => Status::not_found(format!("{what} is not in the library")),
        Unplanned::Refused(why) => Status::failed_precondition(why),
        Unplanned::Unavailable(why) => unavailable(why),
    }
}

fn busy() -> Status {
    Status::aborted("others are writing to the library at the same time: try again")
}
