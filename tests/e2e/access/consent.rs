//! The rpcs of consent: nothing is there yet, so that whoever is let in hears so.

use commune_proto::librarian::v1::{
    AmendProposalRequest, AnswerObjectionRequest, ChangeKind, GetProposalRequest, ListProposalsRequest,
    ObjectToProposalRequest, ProposeChangeRequest, ProposedChange, TakeBackProposalRequest,
};

use super::{For, Rpc, bytes};

pub(super) fn rpcs() -> Vec<Rpc> {
    let proposal = || format!("proposals/{}", "0".repeat(32));
    let change = Some(ProposedChange {
        kind: ChangeKind::Remove.into(),
        path: "how-to/none".into(),
        ..ProposedChange::default()
    });
    vec![
        (
            "/commune.librarian.v1.LibraryService/ProposeChange",
            For::Ada,
            bytes(&ProposeChangeRequest { agent: "ada".into(), reason: "it is old".into(), change: change.clone() }),
        ),
        (
            "/commune.librarian.v1.LibraryService/ObjectToProposal",
            For::Ada,
            bytes(&ObjectToProposalRequest { name: proposal(), agent: "ada".into(), reason: "it is in use".into() }),
        ),
        (
            "/commune.librarian.v1.LibraryService/AnswerObjection",
            For::Ada,
            bytes(&AnswerObjectionRequest { name: proposal(), agent: "ada".into(), answer: "no".into(), objection: 1 }),
        ),
        (
            "/commune.librarian.v1.LibraryService/AmendProposal",
            For::Ada,
            bytes(&AmendProposalRequest { name: proposal(), agent: "ada".into(), reason: "better".into(), change }),
        ),
        (
            "/commune.librarian.v1.LibraryService/TakeBackProposal",
            For::Ada,
            bytes(&TakeBackProposalRequest { name: proposal(), agent: "ada".into() }),
        ),
        (
            "/commune.librarian.v1.LibraryService/GetProposal",
            For::Members,
            bytes(&GetProposalRequest { name: proposal() }),
        ),
        ("/commune.librarian.v1.LibraryService/ListProposals", For::Members, bytes(&ListProposalsRequest::default())),
    ]
}
