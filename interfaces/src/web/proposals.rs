//! Proposals: what waits for consent, with objections and answers, which a member may give in its own name.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, Uri},
    response::{IntoResponse, Redirect},
};
use commune_proto::librarian::v1::{
    AnswerObjectionRequest, ChangeKind, GetProposalRequest, ListProposalsRequest, ObjectToProposalRequest, Proposal,
    ProposalState,
};

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address},
    search::Named,
    show,
    site::{Chrome, Site},
};
use crate::proposals::{by, change, id, state};

/// Proposals on one page.
const PROPOSALS: i32 = 100;

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsPage {
    chrome: Chrome,
    all: bool,
    steward: String,
    proposals: Vec<Row>,
    next: String,
}

#[derive(Template)]
#[template(path = "proposal.html")]
struct ProposalPage {
    chrome: Chrome,
    id: String,
    proposal: Row,
    made: String,
    ended: String,
    outcome: String,
    pages: Vec<Named>,
    revisions: Vec<Named>,
    objections: Vec<Objection>,
    /// Whether something can be said to it still.
    stands: bool,
    /// What a form of ours holds; empty where nobody may send one.
    seal: String,
}

/// A proposal as it is listed.
struct Row {
    id: String,
    state: String,
    change: String,
    by: String,
    why: String,
    applies: String,
}

struct Objection {
    number: u32,
    agent: String,
    reason: String,
    at: String,
    answer: String,
    answered_by: String,
    answered_at: String,
}

pub(super) async fn proposals(State(site): State<Site>, uri: Uri) -> Answer {
    let fields = Fields::of(&uri);
    let all = fields.get("all") == "yes";
    let mut library = site.session().library()?;
    let request = ListProposalsRequest {
        page_size: PROPOSALS,
        page_token: fields.get("page").to_owned(),
        ..ListProposalsRequest::default()
    };
    let listed = library.list_proposals(request).await?.into_inner();
    // those that stand come first: a page with one that is over has the last of them
    let over = listed.proposals.iter().any(|proposal| !proposal.ended_at.is_empty());
    let shown = listed.proposals.iter().filter(|proposal| all || proposal.ended_at.is_empty());
    let next = Some(listed.next_page_token.as_str()).filter(|next| !next.is_empty() && (all || !over));
    page(&ProposalsPage {
        chrome: site.chrome("proposals"),
        all,
        proposals: shown.map(row).collect(),
        next: next
            .map(|next| address("/proposals", &[("all", if all { "yes" } else { "" }), ("page", next)]))
            .unwrap_or_default(),
        steward: listed.steward,
    })
}

pub(super) async fn proposal(State(site): State<Site>, Path(id): Path<String>) -> Answer {
    let name = named(&id)?;
    let proposal = site.session().library()?.get_proposal(GetProposalRequest { name }).await?.into_inner();
    page(&whole(&site, &proposal))
}

/// Objects, with a reason.
pub(super) async fn object(State(site): State<Site>, Path(id): Path<String>, body: Bytes) -> Answer {
    let (name, form, agent) = said(&site, &id, &body)?;
    let reason = words(&form, "reason")?;
    let request = ObjectToProposalRequest { name, agent, reason };
    site.session().library()?.object_to_proposal(request).await?;
    Ok(Redirect::to(&format!("/proposals/{id}")).into_response())
}

/// Answers an objection.
pub(super) async fn answer(State(site): State<Site>, Path(id): Path<String>, body: Bytes) -> Answer {
    let (name, form, agent) = said(&site, &id, &body)?;
    let objection =
        form.get("objection").parse().map_err(|_| Trouble::bad("Which objection is answered is not said."))?;
    let request = AnswerObjectionRequest { name, agent, answer: words(&form, "answer")?, objection };
    site.session().library()?.answer_objection(request).await?;
    Ok(Redirect::to(&format!("/proposals/{id}")).into_response())
}

/// The name of a proposal in an address.
fn named(id: &str) -> Result<String, Trouble> {
    let is_id = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| format!("proposals/{id}")).ok_or_else(|| Trouble::not_found("No proposal has this name."))
}

/// What a form says, and in whose name; refused when it is none of ours, or nobody may speak.
fn said(site: &Site, id: &str, body: &[u8]) -> Result<(String, Fields, String), Trouble> {
    let name = named(id)?;
    let form = Fields::read(&String::from_utf8_lossy(body));
    let agent = site.agent().ok_or_else(|| {
        let words = "Nobody's name is set here: `commune web --agent AGENT` speaks in an agent's name, with its token.";
        Trouble::new(StatusCode::FORBIDDEN, words)
    })?;
    if !site.is_seal(form.get("seal")) {
        let words = "This form is of another run of this page. Load the proposal again, and send it anew.";
        return Err(Trouble::new(StatusCode::FORBIDDEN, words));
    }
    Ok((name, form, agent.to_string()))
}

/// A text on one line.
fn words(form: &Fields, field: &str) -> Result<String, Trouble> {
    let words = form.get(field).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.len() {
        0 => Err(Trouble::bad("Nothing was said: go back and write why.")),
        1..=1024 => Ok(words),
        n => Err(Trouble::bad(format!("It has {n} bytes, of which 1,024 may be said: go back and say it shorter."))),
    }
}

fn row(proposal: &Proposal) -> Row {
    Row {
        id: id(proposal).to_owned(),
        state: state(proposal),
        change: change(proposal),
        by: by(proposal),
        why: proposal.reason.clone(),
        applies: if proposal.ended_at.is_empty() { show::time(&proposal.applies_at) } else { String::new() },
    }
}

fn whole(site: &Site, proposal: &Proposal) -> ProposalPage {
    let what = proposal.change.clone().unwrap_or_default();
    let mut pages = Vec::new();
    if !matches!(what.kind(), ChangeKind::Unspecified | ChangeKind::Revert) {
        pages.push(what.path.clone());
    }
    if matches!(what.kind(), ChangeKind::Merge | ChangeKind::Redirect) {
        pages.push(what.to.clone());
    }
    let page_of = |path: String| Named { href: format!("/articles/{path}"), name: path, count: 0 };
    let revision = |name: &String| {
        let (path, number) = name.strip_prefix("articles/")?.rsplit_once("/revisions/")?;
        let href = format!("/revisions/{number}/{path}");
        Some(Named { name: format!("{path}, revision {number}"), href, count: 0 })
    };
    let objection = |objection: &commune_proto::librarian::v1::Objection| Objection {
        number: objection.number,
        agent: objection.agent.clone(),
        reason: objection.reason.clone(),
        at: show::time(&objection.objected_at),
        answer: objection.answer.clone(),
        answered_by: objection.answered_by.clone(),
        answered_at: show::time(&objection.answered_at),
    };
    let stands = matches!(proposal.state(), ProposalState::Waiting | ProposalState::Objected);
    ProposalPage {
        chrome: site.chrome("proposals"),
        id: id(proposal).to_owned(),
        proposal: row(proposal),
        made: show::time(&proposal.made_at),
        ended: show::time(&proposal.ended_at),
        outcome: proposal.outcome.clone(),
        pages: pages.into_iter().map(page_of).collect(),
        revisions: proposal.revisions.iter().filter_map(revision).collect(),
        objections: proposal.objections.iter().map(objection).collect(),
        stands,
        seal: if stands && site.agent().is_some() { site.seal().to_owned() } else { String::new() },
    }
}
