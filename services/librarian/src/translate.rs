//! Between the wire and the librarian's own types, and how streams become views.

mod consent;
mod uses;

use commune_bus::{Project, Stored, subject};
use commune_knowledge::{hostile, night_watch::Day};
use commune_proto::{
    IdError, NightId,
    librarian::v1 as wire,
    mutualaid::v1::{self as aid, PlacementAction},
    night::v1::{NightBegun, NightOpened, Outcome, Stage, TrailRecord},
};
use jiff::Timestamp;

use crate::{
    asked::Ask,
    commons::{Commons, Shared},
    curate::{Action, Piece},
    library::{Answered, Article, Kind, Library, Provenance, Ranked, Reverted, Revision},
    nights::{Done, Nights},
};

pub use consent::{change, proposal_event, proposal_to_wire};
pub use uses::{feedback_to_wire, receipt_to_wire, verdict};

/// Why a message is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// A part is missing.
    #[error("the message has no `{0}`")]
    Missing(&'static str),
    /// The path is not one.
    #[error(transparent)]
    Path(#[from] IdError),
}

/// A revision as the librarian knows it.
///
/// # Errors
/// [`TranslateError`] when the article is missing or its path is not one.
pub fn revision(event: wire::ArticleCurated) -> Result<Revision, TranslateError> {
    let article = event.article.ok_or(TranslateError::Missing("article"))?;
    Ok(Revision {
        article: Article {
            path: article.path.parse()?,
            kind: match wire::ArticleKind::try_from(article.kind) {
                Ok(wire::ArticleKind::Skill) => Kind::Skill,
                Ok(wire::ArticleKind::Section) => Kind::Section,
                _ => Kind::Article,
            },
            title: article.title,
            body: article.body,
            tags: article.tags,
            aliases: article.aliases,
            contributors: article.contributors,
            confirmed_by: article.confirmed_by,
            revision: article.revision,
            night: article.night,
            curated_at: article.curated_at,
            withdrawn_on: article.withdrawn_on,
            removed_on: article.removed_on,
            redirect_to: Some(article.redirect_to).filter(|to| !to.is_empty()).map(|to| to.parse()).transpose()?,
            see_also: article.see_also.iter().map(|path| path.parse()).collect::<Result<_, _>>()?,
        },
        reason: event.reason,
        provenance: event
            .provenance
            .into_iter()
            .map(|p| Provenance {
                contribution: p.contribution,
                agent: p.agent,
                night: p.night,
                trace_id: p.trace_id,
                statements_added: p.statements_added,
                statements: p.statements,
            })
            .collect(),
        answered: event
            .answered
            .into_iter()
            .map(|a| Answered { need: a.need, question: a.question, contribution: a.contribution })
            .collect(),
        findability: event.findability.into_iter().map(|f| Ranked { query: f.query, rank: f.rank }).collect(),
        withdrawn: event.withdrawn,
        reverted: event.reverted.map(|reverted| Reverted {
            after: reverted.after,
            through: reverted.through,
            agent: reverted.agent,
            contributions: reverted.contributions,
        }),
        proposal: event.proposal,
        absorbed: event.absorbed.iter().map(|path| path.parse()).collect::<Result<_, _>>()?,
        mended: event.mended,
        wanted: event.wanted,
        split_from: Some(event.split_from).filter(|from| !from.is_empty()).map(|from| from.parse()).transpose()?,
    })
}

/// An article for the wire.
pub fn article_to_wire(article: &Article) -> wire::Article {
    wire::Article { body: article.body.clone(), ..article_without_body(article) }
}

/// An article for a list.
pub fn article_without_body(article: &Article) -> wire::Article {
    wire::Article {
        path: article.path.as_str().to_owned(),
        title: article.title.clone(),
        kind: kind_to_wire(article.kind) as i32,
        body: String::new(),
        tags: article.tags.clone(),
        aliases: article.aliases.clone(),
        contributors: article.contributors.clone(),
        confirmed_by: article.confirmed_by.clone(),
        confirmations: u32::try_from(article.confirmed_by.len()).unwrap_or(u32::MAX),
        revision: article.revision,
        night: article.night.clone(),
        curated_at: article.curated_at.clone(),
        withdrawn_on: article.withdrawn_on.clone(),
        removed_on: article.removed_on.clone(),
        contested: Vec::new(),
        redirect_to: article.redirect_to.as_ref().map(ToString::to_string).unwrap_or_default(),
        see_also: article.see_also.iter().map(ToString::to_string).collect(),
    }
}

/// The kind of a page for the wire.
pub fn kind_to_wire(kind: Kind) -> wire::ArticleKind {
    match kind {
        Kind::Article => wire::ArticleKind::Article,
        Kind::Skill => wire::ArticleKind::Skill,
        Kind::Section => wire::ArticleKind::Section,
    }
}

/// A revision for the wire.
pub fn revision_to_wire(revision: &Revision) -> wire::ArticleCurated {
    wire::ArticleCurated {
        article: Some(article_to_wire(&revision.article)),
        reason: revision.reason.clone(),
        provenance: revision
            .provenance
            .iter()
            .map(|p| wire::Provenance {
                contribution: p.contribution.clone(),
                agent: p.agent.clone(),
                night: p.night.clone(),
                trace_id: p.trace_id.clone(),
                statements_added: p.statements_added,
                statements: p.statements.clone(),
            })
            .collect(),
        answered: revision
            .answered
            .iter()
            .map(|a| wire::AnsweredNeed {
                need: a.need.clone(),
                question: a.question.clone(),
                contribution: a.contribution.clone(),
            })
            .collect(),
        findability: revision
            .findability
            .iter()
            .map(|f| wire::FindabilityCheck { query: f.query.clone(), rank: f.rank })
            .collect(),
        withdrawn: revision.withdrawn.clone(),
        reverted: revision.reverted.as_ref().map(|reverted| wire::Reverted {
            after: reverted.after,
            through: reverted.through,
            agent: reverted.agent.clone(),
            contributions: reverted.contributions.clone(),
        }),
        proposal: revision.proposal.clone(),
        absorbed: revision.absorbed.iter().map(ToString::to_string).collect(),
        mended: revision.mended.clone(),
        wanted: revision.wanted.clone(),
        split_from: revision.split_from.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

/// A contribution as the curator reads it.
///
/// # Errors
/// [`TranslateError`] when a part is missing or a path is not one.
pub fn piece(event: aid::KnowledgeShared, trace_id: String) -> Result<Piece, TranslateError> {
    let contribution = event.contribution.ok_or(TranslateError::Missing("contribution"))?;
    let placement = event.placement.ok_or(TranslateError::Missing("placement"))?;
    let action = match placement.action() {
        PlacementAction::Update => Action::Update,
        PlacementAction::Confirm => Action::Confirm,
        PlacementAction::Create | PlacementAction::Unspecified => Action::Create,
    };
    Ok(Piece {
        id: contribution.id,
        agent: contribution.agent,
        night: contribution.night,
        title: contribution.title,
        kind: contribution.kind,
        text: hostile::harmless(&contribution.text),
        tags: contribution.tags,
        answers: contribution.answers,
        action,
        path: placement.path.parse()?,
        section: placement.section,
        left_to_librarian: placement.left_to_librarian,
        placement_reason: placement.reason,
        trace_id,
    })
}

impl Project for Library {
    fn apply(&mut self, message: &Stored) {
        self.passed(message.sequence);
        if message.subject.starts_with(subject::PROPOSAL_ALL.trim_end_matches('*')) {
            let read = message.event::<wire::ProposalChanged>().map_err(|e| e.to_string());
            match read.and_then(|event| consent::happened(event).map_err(|e| e.to_string())) {
                Ok(happened) => self.take_happened(message.sequence, happened),
                Err(problem) => skip(message, problem),
            }
            return;
        }
        match message
            .event::<wire::ArticleCurated>()
            .map_err(|e| e.to_string())
            .and_then(|e| revision(e).map_err(|e| e.to_string()))
        {
            Ok(revision) => self.take(message.sequence, message.stored_at, revision),
            Err(problem) => skip(message, problem),
        }
    }
}

impl Project for Commons {
    fn apply(&mut self, message: &Stored) {
        let applied = match message.subject.split('.').nth(2) {
            Some("knowledge-shared") => message.event::<aid::KnowledgeShared>().map(|event| {
                if let Some(c) = event.contribution {
                    let shared = Shared { id: c.id, agent: c.agent, sequence: message.sequence, notes: c.notes };
                    self.shared(&c.night, shared);
                }
            }),
            Some("session") => message.event::<aid::AidSession>().map(|session| self.session(session.shared)),
            Some("withdrawn") => message
                .event::<aid::NoteWithdrawn>()
                .map(|event| self.withdrawn(event.agent, event.notes.into_iter().chain([event.note]))),
            Some("need") => message.event::<aid::NeedAsked>().map(|need| {
                // a time that cannot be read is as if it was never
                let at = need.asked_at.parse().unwrap_or(Timestamp::UNIX_EPOCH);
                let ask = Ask { sequence: message.sequence, asker: need.asker, at };
                self.asked_mut().take(&need.need, &need.question, ask);
            }),
            _ => Ok(()),
        };
        if let Err(problem) = applied {
            skip(message, problem);
        }
    }
}

impl Project for Nights {
    fn apply(&mut self, message: &Stored) {
        let applied = match message.subject.split('.').nth(2) {
            Some("opened") => {
                let opened = message.event::<NightOpened>();
                opened.map(|opened| self.take_part(&opened.night, opened.members, message.stored_at))
            }
            Some("begun") => message
                .event::<NightBegun>()
                .map(|begun| self.take_part(&begun.night, [begun.agent], message.stored_at)),
            Some("trail") => message.event::<TrailRecord>().map(|record| {
                self.moved(&record.night, message.stored_at);
                if let (Some(day), Ok(night)) = (day_of(&record), record.night.parse::<NightId>()) {
                    self.day(&record.agent, &night.date().to_string(), day);
                }
                match ends_sharing(&record) {
                    Ends::Sharing { aid_sequence } => {
                        let trace_id =
                            if record.trace_id.is_empty() { message.trace_id() } else { record.trace_id.clone() };
                        let done = Done { context: message.context(), trace_id, aid_sequence };
                        self.done(&record.night, &record.agent, done);
                    }
                    Ends::Curating => self.curated(&record.night, &record.agent),
                    Ends::Nothing => {}
                }
            }),
            _ => Ok(()),
        };
        if let Err(problem) = applied {
            skip(message, problem);
        }
    }
}

/// What a trail record tells of the agent's day.
fn day_of(record: &TrailRecord) -> Option<Day> {
    match (record.stage(), record.outcome()) {
        (Stage::Selfcare, _) if record.counts.get("notes_new").is_some_and(|new| *new > 0) => Some(Day::Wrote),
        (Stage::Selfcare, Outcome::Done | Outcome::Nothing) => Some(Day::Empty),
        (Stage::Mutualaid, Outcome::Resting) => Some(Day::Rested),
        _ => None,
    }
}

/// What a trail record ends for the librarian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The agent shares nothing more in this night; what it shared is in AID up to this sequence.
    Sharing {
        /// 0 when nothing was written.
        aid_sequence: u64,
    },
    /// The librarian itself is done.
    Curating,
    /// Nothing yet.
    Nothing,
}

/// What a trail record ends: mutualaid's always ends sharing; selfcare's when nothing can follow it.
pub fn ends_sharing(record: &TrailRecord) -> Ends {
    let outcome = record.outcome();
    match record.stage() {
        Stage::Mutualaid => Ends::Sharing { aid_sequence: record.stream_sequence },
        Stage::Selfcare if matches!(outcome, Outcome::Failed | Outcome::Stopped) => Ends::Sharing { aid_sequence: 0 },
        Stage::Librarian => Ends::Curating,
        _ => Ends::Nothing,
    }
}

fn skip(message: &Stored, problem: impl std::fmt::Display) {
    tracing::warn!(stream = message.stream.as_str(), sequence = message.sequence, subject = %message.subject,
        problem = %problem, "message left out of the view");
}
