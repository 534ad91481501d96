//! ListInbox: what an agent was told, newest first. Computed from the streams as the messages on the inbox were, so that
//! nobody has to be connected to hear it.

use std::cmp::Reverse;

use commune_proto::{
    AgentId, content_id,
    librarian::v1::{InboxKind, InboxMessage, InboxNeed, ListInboxRequest, ListInboxResponse},
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use jiff::Timestamp;
use tonic::Status;

use super::{LibraryApi, names, needs::moment, paging};
use crate::{
    consent::Proposal,
    inbox::{self, Kind, Message, Told},
    library::{Library, Tiding},
    translate,
    uses::{self, Feedback, Placed},
};

impl LibraryApi {
    pub(super) fn inbox(&self, caller: &Caller, request: &ListInboxRequest) -> Result<ListInboxResponse, Status> {
        let agent = names::agent("parent", &request.parent)?;
        caller.acts_for(&agent)?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListInbox", &[&request.parent]);
        let [through, uses, from] = match page.position(&request.page_token)? {
            None => {
                let uses = *self.reads.uses().position().borrow();
                [self.catalogue.library().read(Library::last_sequence), uses, 0]
            }
            Some(position) => moment(&position).ok_or_else(|| invalid("page_token", "not a token of this request"))?,
        };
        self.ready()?;

        let mut all: Vec<(Timestamp, InboxMessage)> = self.commons.read(|commons| {
            self.catalogue.library().read(|library| {
                let of_tiding = |tiding: &Tiding| -> Vec<(Timestamp, InboxMessage)> {
                    let told = inbox::messages(tiding, commons.asked(), library).into_iter();
                    told.filter(|message| message.agent == agent.as_str())
                        .map(|message| (tiding.at, wire(tiding, message)))
                        .collect()
                };
                let may_tell = |tiding: &Tiding| {
                    !tiding.answered.is_empty() || tiding.contributions.values().any(|sharer| sharer == agent.as_str())
                };
                library
                    .tidings(through)
                    .filter(|tiding| may_tell(tiding))
                    .flat_map(|tiding| of_tiding(tiding))
                    .collect()
            })
        });
        let owner_of = |of: &str| self.roster.owner_of(of).to_owned();
        self.reads.uses().read(|view| {
            all.extend(view.told(agent.as_str(), uses, &owner_of).map(|told| (told.at, of_use(&agent, told))));
        });
        all.extend(self.of_objections(&agent));
        // the newest first; what is of one moment stays in the order of the library
        all.sort_by_key(|(at, _)| Reverse(*at));
        let total = all.len();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let next = from.saturating_add(size);
        Ok(ListInboxResponse {
            messages: all.into_iter().skip(from).take(size).map(|(_, message)| message).collect(),
            next_page_token: if next < total { page.token(&format!("{through}-{uses}-{next}")) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        })
    }
}

impl LibraryApi {
    /// What an agent is told of objections: of those to what it proposed; as today's steward, of all that are open.
    fn of_objections(&self, agent: &AgentId) -> Vec<(Timestamp, InboxMessage)> {
        let (now, steward) = (self.clock.now(), self.steward());
        let is_steward = steward.as_deref() == Some(agent.as_str());
        let message = |proposal: &Proposal, number: usize, at: Timestamp, what: &str, kind: InboxKind| {
            let id = content_id(&["inbox", what, &proposal.id, &number.to_string(), agent.as_str()]);
            let message = InboxMessage {
                name: format!("agents/{agent}/inbox/{id}"),
                kind: kind.into(),
                told_at: at.to_string(),
                proposal: Some(translate::proposal_to_wire(proposal, now)),
                ..InboxMessage::default()
            };
            (at, message)
        };
        self.catalogue.library().read(|library| {
            let all = library.proposals().all().into_iter();
            all.flat_map(|proposal| {
                let own = (1..).zip(&proposal.objections).filter(|_| proposal.agent == agent.as_str());
                let open = proposal.open().filter(|_| is_steward && proposal.stands());
                let own = own.map(|(number, of)| message(proposal, number, of.at, "objected", InboxKind::Objected));
                own.chain(open.map(|(number, of)| message(proposal, number, of.at, "steward", InboxKind::Steward)))
                    .collect::<Vec<_>>()
            })
            .collect()
        })
    }
}

fn wire(tiding: &Tiding, message: Message) -> InboxMessage {
    let need = |told: Told| InboxNeed {
        name: format!("needs/{}", told.need),
        question: told.question,
        askers: told.askers.into_iter().collect(),
    };
    let (kind, needs, contributors, strengthened) = match message.kind {
        Kind::Answered { need: told, contributors } => {
            (InboxKind::Answered, vec![need(told)], contributors.into_iter().collect(), false)
        }
        Kind::Thanks { needs, strengthened } => {
            (InboxKind::Thanks, needs.into_iter().map(need).collect(), Vec::new(), strengthened)
        }
    };
    InboxMessage {
        name: format!("agents/{}/inbox/{}", message.agent, message.id),
        kind: kind.into(),
        night: tiding.night.clone(),
        told_at: tiding.at.to_string(),
        article: names::of(&tiding.path),
        title: tiding.title.clone(),
        revision: tiding.revision,
        needs,
        contributors,
        strengthened,
        ..InboxMessage::default()
    }
}

/// What is told of how the library is used.
fn of_use(agent: &AgentId, placed: Placed) -> InboxMessage {
    let message = |id: &str, kind: InboxKind| InboxMessage {
        name: format!("agents/{agent}/inbox/{id}"),
        kind: kind.into(),
        told_at: placed.at.to_string(),
        ..InboxMessage::default()
    };
    let said = |kind: InboxKind, what: &str, feedback: &Feedback| InboxMessage {
        article: names::of(&feedback.path),
        title: feedback.title.clone(),
        revision: feedback.revision,
        feedback: Some(translate::feedback_to_wire(feedback)),
        ..message(&content_id(&["inbox", what, &feedback.id]), kind)
    };
    match &placed.told {
        uses::Told::Receipt { night, receipt } => InboxMessage {
            night: night.clone(),
            receipt: Some(translate::receipt_to_wire(receipt)),
            ..message(&receipt.id, InboxKind::Thanks)
        },
        uses::Told::Doubt(feedback) => said(InboxKind::Doubt, "doubt", feedback),
        uses::Told::Held(feedback) => said(InboxKind::Held, "held", feedback),
    }
}
