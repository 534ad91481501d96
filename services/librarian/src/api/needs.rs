//! ListNeeds: open ones first, then by how often and how long ago they were asked.

use std::cmp::Reverse;

use commune_proto::librarian::v1::{ListNeedsRequest, ListNeedsResponse, NeedState, NeedSummary};
use commune_runtime::grpc::{self, invalid};
use tonic::Status;

use super::{LibraryApi, names, paging};

impl LibraryApi {
    pub(super) fn needs(&self, request: &ListNeedsRequest) -> Result<ListNeedsResponse, Status> {
        let state = NeedState::try_from(request.state)
            .map_err(|_| invalid("state", format!("{} is not a state: 0 is all, 1 open, 2 answered", request.state)))?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListNeeds", &[&request.state.to_string()]);
        let after = page.position(&request.page_token)?;
        self.ready()?;

        let mut needs: Vec<NeedSummary> = self.commons.read(|commons| commons.needs().map(summary).collect());
        self.catalogue.library().read(|library| {
            for need in &mut needs {
                let answer = need.name.strip_prefix("needs/").and_then(|id| library.answer(id));
                if let Some(answer) = answer {
                    need.state = NeedState::Answered as i32;
                    need.answered_by = names::of(&answer.path);
                    need.contributors = answer.contributors.iter().cloned().collect();
                }
            }
        });
        needs.retain(|need| state == NeedState::Unspecified || need.state == state as i32);
        needs.sort_by(|l, r| key(l).cmp(&key(r)));
        let total = needs.len();
        let from = match &after {
            None => 0,
            Some(name) => needs.iter().position(|need| need.name == *name).map_or(total, |at| at + 1),
        };
        let more = from + size < total;
        needs = needs.into_iter().skip(from).take(size).collect();
        let next = needs.last().filter(|_| more).map(|need| page.token(&need.name)).unwrap_or_default();
        Ok(ListNeedsResponse { needs, next_page_token: next, total_size: i32::try_from(total).unwrap_or(i32::MAX) })
    }
}

fn summary(need: &crate::commons::Need) -> NeedSummary {
    NeedSummary {
        name: format!("needs/{}", need.id),
        question: need.question.clone(),
        askers: need.askers.iter().cloned().collect(),
        times_asked: need.times_asked,
        first_asked_at: need.first_asked_at.clone(),
        state: NeedState::Open as i32,
        answered_by: String::new(),
        contributors: Vec::new(),
    }
}

fn key(need: &NeedSummary) -> (i32, Reverse<u32>, &str, &str) {
    (need.state, Reverse(need.times_asked), &need.first_asked_at, &need.name)
}
