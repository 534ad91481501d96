//! ListInbox: what an agent was told, newest first. Computed from the streams as the messages on the inbox were, so that
//! nobody has to be connected to hear it.

use commune_proto::{
    AgentId,
    librarian::v1::{InboxKind, InboxMessage, InboxNeed, ListInboxRequest, ListInboxResponse},
};
use commune_runtime::{
    access::Caller,
    grpc::{self, invalid},
};
use tonic::Status;

use super::{LibraryApi, names, needs::moment, paging};
use crate::{
    inbox::{self, Kind, Message, Told},
    library::{Library, Tiding},
};

impl LibraryApi {
    pub(super) fn inbox(&self, caller: &Caller, request: &ListInboxRequest) -> Result<ListInboxResponse, Status> {
        let agent: AgentId = request
            .parent
            .strip_prefix("agents/")
            .ok_or_else(|| invalid("parent", "use `agents/{agent}`"))?
            .parse()
            .map_err(|problem| invalid("parent", problem))?;
        caller.acts_for(&agent)?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListInbox", &[&request.parent]);
        let [through, from] = match page.position(&request.page_token)? {
            None => [self.catalogue.library().read(Library::last_sequence), 0],
            Some(position) => moment(&position).ok_or_else(|| invalid("page_token", "not a token of this request"))?,
        };
        self.ready()?;

        let all: Vec<InboxMessage> = self.commons.read(|commons| {
            self.catalogue.library().read(|library| {
                let of_tiding = |tiding: &Tiding| -> Vec<InboxMessage> {
                    let told = inbox::messages(tiding, commons.asked(), library).into_iter();
                    told.filter(|message| message.agent == agent.as_str())
                        .map(|message| wire(tiding, message))
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
        let total = all.len();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let next = from.saturating_add(size);
        Ok(ListInboxResponse {
            messages: all.into_iter().skip(from).take(size).collect(),
            next_page_token: if next < total { page.token(&format!("{through}-{next}")) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
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
    }
}
