//! What becomes of proposals: applied when their window is over, whichever replica comes first; asked about when somebody objected.
//!
//! JetStream says when a window is over. **A schedule that was lost loses nothing**: each replica looks at what stands when it starts and once a minute, arms
//! what is not armed, and settles what is due by its own clock.

use std::{sync::Arc, time::Duration};

use commune_bus::{Delivery, Failure, Handled, Handler, Points, PublishError, subject};
use commune_proto::{AgentId, content_id, librarian::v1::ProposalDue};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    Curator, TRIES, VIEW_WAIT,
    plan::{NIGHT, Planner, Unplanned},
};
use crate::{
    consent::{Change, Happened, Proposal, State, Step, steward},
    curate::Planned,
    translate, windows,
};

/// How often what stands is looked at, beside each schedule.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The same when it failed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Revisions that a proposal names.
const NAMED: usize = 1_000;

/// Settles proposals whose window is over.
#[derive(Debug)]
pub struct ProposalsHandler(pub Arc<Curator>);

impl Handler for ProposalsHandler {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let due: ProposalDue = delivery.message.event().map_err(Failure::reject)?;
        self.0.settle(&due.proposal, &delivery.points).await
    }
}

impl ProposalsHandler {
    /// Looks at what stands, until stopped.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let curator = &self.0;
        loop {
            let wait = match curator.look().await {
                Ok(()) => LOOK_EVERY,
                Err(failure) => {
                    tracing::warn!(?failure, "the proposals could not be looked after");
                    LOOK_AGAIN
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

impl Curator {
    async fn look(&self) -> Handled {
        let library = self.catalogue.library();
        library.caught_up().await;
        let now = self.clock.now();
        let standing: Vec<Proposal> =
            library.read(|library| library.proposals().standing().into_iter().cloned().collect());
        for proposal in standing {
            match proposal.state(now) {
                State::Due => self.settle(&proposal.id, &Points::default()).await?,
                State::Waiting => windows::arm(&self.bus, now, &proposal).await.map_err(Failure::retry)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Applies a proposal that is due. **Planned anew from the library as it stands**: where it is not possible any more, the proposal fails with the reason.
    async fn settle(&self, id: &str, points: &Points) -> Handled {
        let _one = self.one.lock().await;
        for _ in 0..TRIES {
            self.catch_up().await?;
            let now = self.clock.now();
            let found = self.catalogue.library().read(|library| library.proposals().get(id).cloned());
            let Some(proposal) = found else {
                return Err(Failure::reject(format!("proposal {id} is not in the library")));
            };
            match proposal.state(now) {
                State::Due => {}
                // it was answered or amended meanwhile, or the clocks differ
                State::Waiting => return windows::arm(&self.bus, now, &proposal).await.map_err(Failure::retry),
                _ => return Ok(()),
            }
            match self.apply(&proposal, points).await {
                Ok(()) => return Ok(()),
                Err(PublishError::Conflict { subject }) => {
                    tracing::debug!(proposal = id, subject, "the library moved on");
                }
                Err(PublishError::Refused { subject, reason }) => {
                    return Err(Failure::reject(format!("the library refused `{subject}`: {reason}")));
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
        Err(Failure::retry(format!("the library moved on each time that proposal {id} was to be applied")))
    }

    async fn apply(&self, proposal: &Proposal, points: &Points) -> Result<(), PublishError> {
        let now = self.clock.now();
        let happened = |reason: String, step: Step| Happened {
            proposal: proposal.id.clone(),
            agent: String::new(),
            at: now,
            reason,
            step,
        };
        let planned = self.planner().plan(&proposal.change, (&proposal.id, &proposal.agent), now).await;
        let why = match planned {
            Ok((mut revisions, seen)) if !revisions.is_empty() => {
                for planned in &mut revisions {
                    let reason = &mut planned.revision.reason;
                    *reason = format!("{reason}; {}: {}", proposed_by(proposal), proposal.reason);
                }
                let names = revisions.iter().take(NAMED).map(name).collect();
                let applied = happened(String::new(), Step::Applied(names));
                let applied = translate::proposal_event(&applied, proposal.sequence);
                self.write_parts(NIGHT, &revisions, seen, Some(applied), points).await?;
                tracing::info!(proposal = %proposal.id, change = %proposal.change, revisions = revisions.len(), "a proposal was applied");
                return Ok(());
            }
            Ok(_) => "nothing is left to be done".to_owned(),
            Err(Unplanned::Missing(what)) => format!("{what} is not in the library"),
            Err(Unplanned::Refused(why)) => why,
            Err(Unplanned::Unavailable(why)) => return Err(PublishError::Unavailable(why)),
        };
        tracing::info!(proposal = %proposal.id, change = %proposal.change, why, "a proposal cannot be applied");
        let failed = translate::proposal_event(&happened(why, Step::Failed), proposal.sequence);
        let stored = self.bus.publish(failed).await?;
        let reached = self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await;
        reached.map_err(|behind| PublishError::Unavailable(behind.to_string()))
    }

    /// Proposes a change in the librarian's own name, where it can be done and there is room. **Once for all**: what was proposed before, by whomever and
    /// however it ended, or one of `others` in its place, is not proposed again.
    pub(super) async fn propose(&self, change: &Change, others: &[&Change], reason: String) -> Handled {
        for _ in 0..TRIES {
            let now = self.clock.now();
            let (proposed, seen) = self.catalogue.library().read(|library| {
                let proposals = library.proposals();
                let known = std::iter::once(&change).chain(others).any(|change| !proposals.of(change).is_empty());
                let proposed =
                    (!known).then(|| proposals.propose(change, "", self.consent.standing, &|agent| agent.to_owned()));
                (proposed, library.last_sequence())
            });
            // with no room left it waits for another night
            let Some(Ok((id, false))) = proposed else { return Ok(()) };
            match self.planner().plan(change, ("", ""), now).await {
                Ok((revisions, _)) if !revisions.is_empty() => {}
                Ok(_) | Err(Unplanned::Missing(_) | Unplanned::Refused(_)) => return Ok(()),
                Err(Unplanned::Unavailable(why)) => return Err(Failure::retry(why)),
            }
            let step = Step::Made(change.clone(), now + self.consent.window);
            let made = Happened { proposal: id.clone(), agent: String::new(), at: now, reason: reason.clone(), step };
            match self.bus.publish(translate::proposal_event(&made, 0).at_the_end(seen)).await {
                Ok(stored) => {
                    let reached = self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await;
                    reached.map_err(Failure::retry)?;
                    let made = self.catalogue.library().read(|library| library.proposals().get(&id).cloned());
                    if let Some(proposal) = made {
                        windows::arm(&self.bus, now, &proposal).await.map_err(Failure::retry)?;
                    }
                    tracing::info!(proposal = %id, %change, "a change is proposed");
                    return Ok(());
                }
                Err(PublishError::Conflict { .. }) => self.catch_up().await?,
                Err(PublishError::Refused { reason, .. }) => {
                    tracing::warn!(%change, reason, "a change is not proposed");
                    return Ok(());
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
        Err(Failure::retry(format!("the library moved on each time that it was to be proposed to {change}")))
    }

    fn planner(&self) -> Planner<'_> {
        Planner { bus: &self.bus, catalogue: &self.catalogue, roster: &self.roster, time_zone: &self.time_zone }
    }

    /// Asks the steward of a day to look at the objections that are open. At least once, with the same ids; `ListInbox` tells the same.
    pub(super) async fn ask_the_steward(&self) -> Handled {
        let day = self.clock.now().to_zoned(self.time_zone.clone()).date();
        let members = self.nights.read(|nights| nights.members());
        let Some(agent) = steward(day, &members).and_then(|agent| agent.parse::<AgentId>().ok()) else { return Ok(()) };
        let open: Vec<Proposal> = self.catalogue.library().read(|library| {
            let standing = library.proposals().standing().into_iter();
            standing.filter(|proposal| proposal.open().next().is_some()).cloned().collect()
        });
        for proposal in open {
            let id = content_id(&["inbox", "steward", &day.to_string(), &proposal.id]);
            let body = json!({"id": id, "proposal": proposal.id, "change": proposal.change.to_string()});
            let told = self.bus.tell_with_id(subject::inbox(&agent, "steward"), &id, body.to_string().into_bytes());
            told.await.map_err(Failure::retry)?;
        }
        Ok(())
    }
}

fn proposed_by(proposal: &Proposal) -> String {
    match proposal.agent.as_str() {
        "" => "proposed by the librarian".to_owned(),
        agent => format!("proposed by {agent}"),
    }
}

fn name(planned: &Planned) -> String {
    let article = &planned.revision.article;
    format!("articles/{}/revisions/{}", article.path, article.revision)
}
