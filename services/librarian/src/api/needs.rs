//! ListNeeds: open ones first, then the oldest and most asked. **A list is of one moment**: its pages name the sequences of
//! AID and LIBRARY of the first page, so that a need that changes its state between two pages is neither left out nor
//! told twice.

use std::cmp::Reverse;

use commune_proto::librarian::v1::{ListNeedsRequest, ListNeedsResponse, NeedState, NeedSummary};
use commune_runtime::grpc::{self, invalid};
use jiff::civil::Date;
use tonic::Status;

use super::{LibraryApi, names, paging};
use crate::{
    asked::{Need, is_answered},
    library::{Answer, Library},
};

/// The order of a list: see `ListNeedsResponse`.
type Key = (i32, Date, Reverse<usize>, Reverse<u32>, jiff::Timestamp, String);

impl LibraryApi {
    pub(super) fn needs(&self, request: &ListNeedsRequest) -> Result<ListNeedsResponse, Status> {
        let state = NeedState::try_from(request.state)
            .map_err(|_| invalid("state", format!("{} is not a state: 0 is all, 1 open, 2 answered", request.state)))?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListNeeds", &[&request.state.to_string()]);
        let [aid, revisions, from] = match page.position(&request.page_token)? {
            None => [*self.commons.position().borrow(), self.catalogue.library().read(Library::last_sequence), 0],
            Some(position) => moment(&position).ok_or_else(|| invalid("page_token", "not a token of this request"))?,
        };
        self.ready()?;

        let mut needs: Vec<(Key, NeedSummary)> = self.commons.read(|commons| {
            self.catalogue.library().read(|library| {
                let asked = commons.asked();
                let all = asked.needs(aid).into_iter();
                all.map(|need| self.summary(&need, &asked.answers(library, &need.id, revisions))).collect()
            })
        });
        needs.retain(|(_, need)| state == NeedState::Unspecified || need.state == state as i32);
        needs.sort_by(|l, r| l.0.cmp(&r.0));
        let total = needs.len();
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let next = from.saturating_add(size);
        Ok(ListNeedsResponse {
            needs: needs.into_iter().skip(from).take(size).map(|(_, need)| need).collect(),
            next_page_token: match next < total {
                true => page.token(&format!("{aid}-{revisions}-{next}")),
                false => String::new(),
            },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        })
    }

    fn summary(&self, need: &Need, answers: &[&Answer]) -> (Key, NeedSummary) {
        let state = if is_answered(need, answers) { NeedState::Answered } else { NeedState::Open };
        let newest = answers.last();
        let first_day = need.first_asked_at.to_zoned(self.time_zone.clone()).date();
        let (askers, times) = (Reverse(need.askers.len()), Reverse(need.times_asked));
        let key = (state as i32, first_day, askers, times, need.first_asked_at, need.id.clone());
        let summary = NeedSummary {
            name: format!("needs/{}", need.id),
            question: need.question.clone(),
            askers: need.askers.iter().cloned().collect(),
            times_asked: need.times_asked,
            first_asked_at: need.first_asked_at.to_string(),
            state: state as i32,
            answered_by: newest.map(|answer| names::of(&answer.path)).unwrap_or_default(),
            contributors: newest.map(|answer| answer.contributors().into_iter().collect()).unwrap_or_default(),
            last_asked_at: need.last_asked_at.to_string(),
            wordings: need.wordings.clone(),
        };
        (key, summary)
    }
}

/// The three numbers of a token: where AID and LIBRARY ended, and how many needs were told.
pub(super) fn moment<const N: usize>(position: &str) -> Option<[u64; N]> {
    let numbers: Vec<u64> = position.split('-').map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}
