//! Needs: questions that the library could not answer; open ones first.

use askama::Template;
use axum::{extract::State, http::Uri};
use commune_proto::librarian::v1::{ListNeedsRequest, NeedState, NeedSummary};

use super::{
    answer::{Answer, page},
    fields::{Fields, address},
    show,
    site::{Chrome, Site},
};

/// Needs on one page.
const NEEDS: i32 = 100;

#[derive(Template)]
#[template(path = "needs.html")]
struct NeedsPage {
    chrome: Chrome,
    /// `open`, `answered`, or nothing for all.
    state: &'static str,
    total: String,
    needs: Vec<Need>,
    next: String,
}

struct Need {
    question: String,
    wordings: Vec<String>,
    open: bool,
    since: String,
    times: u32,
    askers: String,
    /// The article that answers it; of an open need, the one that did not help.
    article: String,
    by: String,
}

pub(super) async fn needs(State(site): State<Site>, uri: Uri) -> Answer {
    let fields = Fields::of(&uri);
    let (state, wanted) = match fields.get("state") {
        "open" => ("open", NeedState::Open),
        "answered" => ("answered", NeedState::Answered),
        _ => ("", NeedState::Unspecified),
    };
    let request =
        ListNeedsRequest { state: wanted.into(), page_size: NEEDS, page_token: fields.get("page").to_owned() };
    let listed = site.session().library()?.list_needs(request).await?.into_inner();
    page(&NeedsPage {
        chrome: site.chrome("needs"),
        state,
        total: show::count(usize::try_from(listed.total_size).unwrap_or_default(), "question", "questions"),
        needs: listed.needs.into_iter().map(need).collect(),
        next: match listed.next_page_token.as_str() {
            "" => String::new(),
            next => address("/needs", &[("state", state), ("page", next)]),
        },
    })
}

fn need(need: NeedSummary) -> Need {
    Need {
        open: need.state() != NeedState::Answered,
        since: need.first_asked_at.get(..10).unwrap_or_default().to_owned(),
        times: need.times_asked,
        askers: need.askers.join(", "),
        article: show::path(&need.answered_by),
        by: need.contributors.join(", "),
        question: need.question,
        wordings: need.wordings,
    }
}
