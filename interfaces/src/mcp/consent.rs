//! Tools by which an agent has its say in what becomes of the library: `propose` and `object`; and what stands, for its reader.

use commune_proto::librarian::v1::{ObjectToProposalRequest, Proposal, ProposalState, ProposeChangeRequest};
use serde::Deserialize;
use serde_json::json;

use super::{
    answer::{Answer, Status},
    reading::{OF_OTHERS, Text},
    server::Server,
};
use crate::{
    failure::Failure,
    proposals::{self, Change},
};

/// What can be proposed.
pub(super) const CHANGES: [&str; 6] = ["merge", "redirect", "rename", "split", "remove", "revert"];

/// A change that wants consent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Propose {
    change: Word,
    #[serde(default)]
    path: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    made: String,
    why: String,
}

/// One of [`CHANGES`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Merge,
    Redirect,
    Rename,
    Split,
    Remove,
    Revert,
}

/// An objection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    proposal: String,
    why: String,
}

impl Propose {
    /// The change, when just what it takes is given.
    fn change(&self) -> Result<Change, Failure> {
        let (path, to, made) = (self.path.clone(), self.to.clone(), self.made.clone());
        let given = [("path", &path), ("to", &to), ("made", &made)];
        let given: Vec<&str> = given.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name).collect();
        let (change, takes): (Change, &[&str]) = match self.change {
            Word::Merge => (Change::Merge { path, into: to }, &["path", "to"]),
            Word::Redirect => (Change::Redirect { path, to }, &["path", "to"]),
            Word::Rename => (Change::Rename { path, to }, &["path", "to"]),
            Word::Split => (Change::Split { path }, &["path"]),
            Word::Remove => (Change::Remove { path }, &["path"]),
            Word::Revert => (Change::Revert { made }, &["made"]),
        };
        if given != takes {
            let word = format!("{:?}", self.change).to_lowercase();
            return Err(Failure::Usage(format!(
                "{word} takes {}, and no more of path, to and made",
                takes.join(" and ")
            )));
        }
        Ok(change)
    }
}

impl Server {
    pub(super) async fn propose(&self, asked: Propose) -> Result<Answer, Failure> {
        let change = Some(asked.change()?.to_wire()?);
        let request = ProposeChangeRequest { agent: self.agent().to_string(), reason: asked.why, change };
        Ok(became(&self.session().library()?.propose_change(request).await?.into_inner()))
    }

    pub(super) async fn object(&self, asked: Object) -> Result<Answer, Failure> {
        let name = proposals::named(self.session(), &asked.proposal).await?;
        let request = ObjectToProposalRequest { name, agent: self.agent().to_string(), reason: asked.why };
        Ok(became(&self.session().library()?.object_to_proposal(request).await?.into_inner()))
    }

    /// What stands, of one article or of all, a line each; what a line says its proposer may have written.
    pub(super) async fn proposed(&self, of: Option<&str>) -> Result<Vec<String>, Failure> {
        let (mut all, _) = proposals::listed(self.session(), false).await?;
        all.retain(|proposal| {
            let change = proposal.change.clone().unwrap_or_default();
            of.is_none_or(|of| change.path == of || change.to == of)
        });
        Ok(all.iter().map(line).collect())
    }

    /// The proposals that stand.
    pub(super) async fn proposals(&self) -> Result<Text, Failure> {
        let lines = self.proposed(None).await?;
        let what = match lines.len() {
            0 => "Nothing is proposed: propose does.".to_owned(),
            many => format!("Proposals that stand: {many}. object stops one, with a reason. {OF_OTHERS}"),
        };
        Ok(Text { about: what, fields: json!({}), body: lines.join("\n"), more: "commune://proposals".to_owned() })
    }
}

/// Where a proposal stands, as words and as fields.
fn became(proposal: &Proposal) -> Answer {
    let fields = json!({
        "proposal": proposals::id(proposal), "change": proposals::change(proposal),
        "state": proposals::state(proposal), "applies_at": proposal.applies_at,
    });
    Answer::new(Status::Stored, format!("{}: {}", proposals::id(proposal), proposals::became(proposal)), fields)
}

fn line(proposal: &Proposal) -> String {
    let stands = match proposal.state() {
        ProposalState::Waiting => format!("applied at {}, unless somebody objects", proposal.applies_at),
        _ => proposals::state(proposal),
    };
    let (id, change, by) = (proposals::id(proposal), proposals::change(proposal), proposals::by(proposal));
    format!("— proposed by {by} ({id}): {change}, {stands}: {}", proposal.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: serde_json::Value, wanted: Result<&str, &str>) {
        let asked: Propose = serde_json::from_value(asked).unwrap();
        match (asked.change(), wanted) {
            (Ok(change), Ok(kind)) => assert_eq!(change.to_wire().unwrap().kind().as_str_name(), kind),
            (Err(Failure::Usage(words)), Err(part)) => assert!(words.contains(part), "{words}"),
            (change, wanted) => panic!("{change:?}, not {wanted:?}"),
        }
    }

    #[test]
    fn a_change_takes_what_it_takes_and_no_more() {
        check(json!({ "change": "merge", "path": "a", "to": "b", "why": "x" }), Ok("CHANGE_KIND_MERGE"));
        check(json!({ "change": "revert", "made": "2026-02-14", "why": "x" }), Ok("CHANGE_KIND_REVERT"));
        check(json!({ "change": "merge", "path": "a", "why": "x" }), Err("merge takes path and to"));
        check(json!({ "change": "split", "path": "a", "to": "b", "why": "x" }), Err("split takes path, and no more"));
        check(json!({ "change": "revert", "path": "a", "why": "x" }), Err("revert takes made"));
        assert!(CHANGES.iter().all(|word| serde_json::from_value::<Word>(json!(word)).is_ok()));
    }
}
