//! `commune propose`, `object`, `answer`, `amend`, `take-back` and `proposals`: changes that wait for consent.

use clap::{Args, Subcommand};
use commune_proto::{
    AgentId,
    librarian::v1::{
        AmendProposalRequest, AnswerObjectionRequest, ChangeKind, GetProposalRequest, ListProposalsRequest,
        ObjectToProposalRequest, Proposal, ProposalState, ProposeChangeRequest, ProposedChange,
        TakeBackProposalRequest,
    },
};

use crate::{connect::Session, failure::Failure, json, output::Output, read::article_path, table::Table};

/// Digits of an id in a table.
const SHORT: usize = 8;

/// What is proposed.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Change {
    /// Remove an article; it keeps its history
    Remove {
        /// Its path
        path: String,
    },
    /// Let a path lead to another article, without what the page says
    Redirect {
        /// The path
        path: String,
        /// The article where it leads
        to: String,
    },
    /// Merge an article into another, which takes in everything that it lacks
    Merge {
        /// The article that goes
        path: String,
        /// The one that stays
        into: String,
    },
    /// Bring an article to another path
    Rename {
        /// Its path
        path: String,
        /// The free path
        to: String,
    },
    /// Split an article that is too long by its sections
    Split {
        /// Its path
        path: String,
    },
    /// Take back all that a night made, or a proposal that was applied
    Revert {
        /// The night, or the proposal's id
        made: String,
    },
}

impl Change {
    /// As it goes over the wire.
    pub(crate) fn to_wire(&self) -> Result<ProposedChange, Failure> {
        let of = |kind: ChangeKind, path: &str, to: &str| {
            let to = if to.is_empty() { String::new() } else { article_path(to)?.to_string() };
            let path = article_path(path)?.to_string();
            Ok(ProposedChange { kind: kind.into(), path, to, made: String::new() })
        };
        match self {
            Self::Remove { path } => of(ChangeKind::Remove, path, ""),
            Self::Redirect { path, to } => of(ChangeKind::Redirect, path, to),
            Self::Merge { path, into } => of(ChangeKind::Merge, path, into),
            Self::Rename { path, to } => of(ChangeKind::Rename, path, to),
            Self::Split { path } => of(ChangeKind::Split, path, ""),
            Self::Revert { made } => {
                Ok(ProposedChange { kind: ChangeKind::Revert.into(), made: made.clone(), ..ProposedChange::default() })
            }
        }
    }
}

/// Propose a change that takes something away or moves it: applied when its window is over, unless a member objects.
#[derive(Debug, Args)]
pub(crate) struct Propose {
    /// Who proposes it
    #[arg(long)]
    agent: AgentId,
    /// Why
    #[arg(long)]
    why: String,
    #[command(subcommand)]
    change: Change,
}

impl Propose {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let change = Some(self.change.to_wire()?);
        let request = ProposeChangeRequest { agent: self.agent.to_string(), reason: self.why, change };
        let proposal = session.library()?.propose_change(request).await?.into_inner();
        done(&proposal, output);
        Ok(())
    }
}

/// Object to a proposal: it stops until the objection is answered.
#[derive(Debug, Args)]
pub(crate) struct Object {
    /// The proposal's id, or the beginning of it
    id: String,
    /// Who objects
    #[arg(long)]
    agent: AgentId,
    /// Why
    #[arg(long)]
    why: String,
}

impl Object {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = named(session, &self.id).await?;
        let request = ObjectToProposalRequest { name, agent: self.agent.to_string(), reason: self.why };
        done(&session.library()?.object_to_proposal(request).await?.into_inner(), output);
        Ok(())
    }
}

/// Answer an objection: the window of the proposal begins anew.
#[derive(Debug, Args)]
pub(crate) struct Answer {
    /// The proposal's id, or the beginning of it
    id: String,
    /// Who answers
    #[arg(long)]
    agent: AgentId,
    /// What
    #[arg(long)]
    why: String,
    /// The objection, instead of the first that is open
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    objection: u32,
}

impl Answer {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = named(session, &self.id).await?;
        let agent = self.agent.to_string();
        let request = AnswerObjectionRequest { name, agent, answer: self.why, objection: self.objection };
        done(&session.library()?.answer_objection(request).await?.into_inner(), output);
        Ok(())
    }
}

/// Propose another change instead: the window begins anew.
#[derive(Debug, Args)]
pub(crate) struct Amend {
    /// The proposal's id, or the beginning of it
    id: String,
    /// Who amends it: its proposer, or another agent of the same owner
    #[arg(long)]
    agent: AgentId,
    /// Why
    #[arg(long)]
    why: String,
    #[command(subcommand)]
    change: Change,
}

impl Amend {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = named(session, &self.id).await?;
        let (agent, change) = (self.agent.to_string(), Some(self.change.to_wire()?));
        let request = AmendProposalRequest { name, agent, reason: self.why, change };
        done(&session.library()?.amend_proposal(request).await?.into_inner(), output);
        Ok(())
    }
}

/// Take a proposal back.
#[derive(Debug, Args)]
pub(crate) struct TakeBack {
    /// The proposal's id, or the beginning of it
    id: String,
    /// Who takes it back: its proposer, or another agent of the same owner
    #[arg(long)]
    agent: AgentId,
}

impl TakeBack {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = named(session, &self.id).await?;
        let request = TakeBackProposalRequest { name, agent: self.agent.to_string() };
        done(&session.library()?.take_back_proposal(request).await?.into_inner(), output);
        Ok(())
    }
}

/// List the proposals that stand, or show one.
#[derive(Debug, Args)]
pub(crate) struct Proposals {
    /// A proposal's id, or the beginning of it
    id: Option<String>,
    /// Those that are over, too
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

impl Proposals {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        if let Some(id) = &self.id {
            let name = named(session, id).await?;
            let proposal = session.library()?.get_proposal(GetProposalRequest { name }).await?.into_inner();
            match output.is_json() {
                true => output.json(&json::of(&proposal)),
                false => output.text(&whole(&proposal)),
            }
            return Ok(());
        }
        let (proposals, steward) = listed(session, self.all).await?;
        if output.is_json() {
            proposals.iter().for_each(|proposal| output.json(&json::of(proposal)));
            return Ok(());
        }
        if proposals.is_empty() {
            output.say("nothing is proposed: `commune propose` does");
            return Ok(());
        }
        let mut table = Table::new(&["ID", "STATE", "APPLIES", "BY", "CHANGE", "WHY"]);
        for proposal in &proposals {
            let id: String = id(proposal).chars().take(SHORT).collect();
            let (applies, why) = (proposal.applies_at.clone(), proposal.reason.clone());
            table.row([id, state(proposal), applies, by(proposal), change(proposal), why]);
        }
        output.text(&table.to_string());
        if !steward.is_empty() {
            output.say(&format!("{steward} is asked today to look at open objections"));
        }
        Ok(())
    }
}

/// The proposals that stand, or all, and today's steward. Those that stand are listed first, so that the others are not asked for where they
/// are not wanted, however many there have been.
pub(crate) async fn listed(session: &Session, all: bool) -> Result<(Vec<Proposal>, String), Failure> {
    let mut library = session.library()?;
    let page_size = if all { 1000 } else { 100 };
    let (mut proposals, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListProposalsRequest { page_size, page_token, ..Default::default() };
        let page = library.list_proposals(request).await?.into_inner();
        let found = page.proposals.len();
        let wanted = page.proposals.into_iter().filter(|proposal| all || proposal.ended_at.is_empty());
        let before = proposals.len();
        proposals.extend(wanted);
        page_token = page.next_page_token;
        if page_token.is_empty() || proposals.len() - before < found {
            return Ok((proposals, page.steward));
        }
    }
}

/// The name of the proposal whose id begins so.
pub(crate) async fn named(session: &Session, begins: &str) -> Result<String, Failure> {
    let begins = begins.trim().trim_start_matches("proposals/");
    if begins.len() == 32 {
        return Ok(format!("proposals/{begins}"));
    }
    let (all, _) = listed(session, true).await?;
    let mut found = all.iter().filter(|proposal| !begins.is_empty() && id(proposal).starts_with(begins));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.name.clone()),
        (Some(_), Some(_)) => {
            Err(Failure::Usage(format!("`{begins}` begins more than one proposal: write more of it")))
        }
        _ => {
            Err(Failure::NotFound(format!("no proposal begins with `{begins}`: `commune proposals --all` lists them")))
        }
    }
}

fn done(proposal: &Proposal, output: &Output) {
    if output.is_json() {
        output.json(&json::of(proposal));
        return;
    }
    output.say(&became(proposal));
    output.text(id(proposal));
}

/// Where it stands, in words.
pub(crate) fn became(proposal: &Proposal) -> String {
    match proposal.state() {
        ProposalState::Waiting => {
            format!("“{}” is applied at {}, unless somebody objects", change(proposal), proposal.applies_at)
        }
        ProposalState::Objected => format!("“{}” is stopped until the objection is answered", change(proposal)),
        _ => format!("“{}” is {}", change(proposal), state(proposal)),
    }
}

fn whole(proposal: &Proposal) -> String {
    let mut words = format!(
        "{}: {}\n{}\nby {}, {}",
        id(proposal),
        change(proposal),
        proposal.reason,
        by(proposal),
        proposal.made_at
    );
    words.push_str(&match proposal.state() {
        ProposalState::Waiting => format!("\napplied at {}, unless somebody objects", proposal.applies_at),
        ProposalState::Failed => format!("\nfailed at {}: {}", proposal.ended_at, proposal.outcome),
        ProposalState::Objected => "\nstopped by an objection".to_owned(),
        _ => format!("\n{} at {}", state(proposal), proposal.ended_at),
    });
    for objection in &proposal.objections {
        words.push_str(&format!("\nobjection {} by {}: {}", objection.number, objection.agent, objection.reason));
        if !objection.answered_by.is_empty() {
            words.push_str(&format!("\n  answered by {}: {}", objection.answered_by, objection.answer));
        }
    }
    proposal.revisions.iter().for_each(|revision| words.push_str(&format!("\nmade {revision}")));
    words.push('\n');
    words
}

/// The id alone.
pub(crate) fn id(proposal: &Proposal) -> &str {
    proposal.name.trim_start_matches("proposals/")
}

/// Who proposed it.
pub(crate) fn by(proposal: &Proposal) -> String {
    if proposal.proposer.is_empty() { "the librarian".to_owned() } else { proposal.proposer.clone() }
}

/// Its state in a word or two.
pub(crate) fn state(proposal: &Proposal) -> String {
    let name = proposal.state().as_str_name().trim_start_matches("PROPOSAL_STATE_");
    name.to_lowercase().replace('_', " ")
}

/// A change in words.
pub(crate) fn change(proposal: &Proposal) -> String {
    let change = proposal.change.clone().unwrap_or_default();
    let ProposedChange { path, to, made, .. } = &change;
    match change.kind() {
        ChangeKind::Unspecified => String::new(),
        ChangeKind::Remove => format!("remove {path}"),
        ChangeKind::Redirect => format!("redirect {path} to {to}"),
        ChangeKind::Merge => format!("merge {path} into {to}"),
        ChangeKind::Rename => format!("rename {path} to {to}"),
        ChangeKind::Split => format!("split {path}"),
        ChangeKind::Revert => format!("revert {made}"),
    }
}
