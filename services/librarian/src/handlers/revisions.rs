//! Planning and writing the revisions of one group: one atomic batch.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
};

use commune_bus::{Outgoing, Point, Points, PublishError, subject};
use commune_knowledge::personal::Names;
use commune_proto::{ArticlePath, content_id};
use commune_runtime::roster::Roster;
use opentelemetry::trace::TraceContextExt;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{Curator, Received, STAGE, VIEW_WAIT};
use crate::{
    catalogue::{Catalogue, page},
    curate::{self, Existing, Plan, Planned, Shelf, Standing, Twins},
    figures,
    index::{Confidence, IndexError, Overlay, Snapshot},
    library::{Article, Entry, Revision},
    parallel, translate,
};

/// Revisions for which a thread is worth its while.
const FEW: usize = 8;
/// How many places are looked at for findability.
const PLACES: usize = 20;

impl Curator {
    /// Folds a group, checks that it is found, and writes it, unless the library has moved on since it was `seen`: then
    /// another replica may have applied some of the group already, and to another article.
    pub(super) async fn curate(
        &self,
        night: &str,
        group: &[Received],
        seen: u64,
        refused: &mut BTreeSet<String>,
        points: &Points,
    ) -> Result<(), PublishError> {
        if group.is_empty() {
            return Ok(());
        }
        let plan = self.plan(night, group).await?;
        let messages: BTreeMap<&str, &Received> = group.iter().map(|r| (r.piece.id.as_str(), r)).collect();
        if !plan.revisions.is_empty() {
            self.write(night, &plan.revisions, seen, (&messages, None), points).await?;
        }
        for refusal in plan.refused {
            if let Some(received) = messages.get(refusal.contribution.as_str()) {
                self.bury(&received.message, &refusal.contribution, &refusal.reason, refused)
                    .await
                    .map_err(|_| PublishError::Unavailable("the dead letter could not be stored".to_owned()))?;
            }
        }
        Ok(())
    }

    async fn plan(&self, night: &str, group: &[Received]) -> Result<Plan, PublishError> {
        let pieces: Vec<curate::Piece> = group.iter().map(|r| r.piece.clone()).collect();
        let needs: BTreeSet<String> = pieces.iter().flat_map(|p| p.answers.iter().cloned()).collect();
        let questions = self.questions(needs);
        let base = self.catalogue.index().await.map_err(unavailable)?;
        let (catalogue, night, now) = (self.catalogue.clone(), night.to_owned(), self.clock.now().to_string());
        let (names, roster, tonight) = (Arc::clone(&self.names), Arc::clone(&self.roster), Arc::clone(&self.tonight));
        tokio::task::spawn_blocking(move || {
            let touched = |entry: &Entry| Arc::clone(&entry.newest);
            let touched = catalogue.library().read(|library| library.touched_in(&night).map(touched).collect());
            let mut tonight = tonight.lock().unwrap_or_else(PoisonError::into_inner);
            let twins = tonight.of(&night, touched);
            let mut plan = plan(&catalogue, &base, &pieces, (twins, &questions), (&names, &roster), (&night, &now));
            make_findable(&base, &mut plan).map(|()| plan)
        })
        .await
        .map_err(unavailable)?
        .map_err(unavailable)
    }

    /// The questions of needs, in every wording.
    pub(super) fn questions(&self, needs: impl IntoIterator<Item = String>) -> BTreeMap<String, Vec<String>> {
        self.commons.read(|commons| {
            let asked = commons.asked();
            let wordings = |need: &str| asked.wordings(asked.need_of(need)).map(|(_, said)| said.to_owned()).collect();
            needs.into_iter().map(|need| (need.clone(), wordings(&need))).collect()
        })
    }

    pub(super) async fn write(
        &self,
        night: &str,
        revisions: &[Planned],
        seen: u64,
        (messages, event): (&BTreeMap<&str, &Received>, Option<Outgoing>),
        points: &Points,
    ) -> Result<(), PublishError> {
        let at = self.clock.now();
        let here = tracing::Span::current().context().span().span_context().clone();
        let mut batch = Vec::new();
        let mut spans = Vec::new();
        for planned in revisions {
            let article = &planned.revision.article;
            let mut first = None;
            for provenance in &planned.revision.provenance {
                let Some(received) = messages.get(provenance.contribution.as_str()) else { continue };
                let span = tracing::info_span!("curate", otel.kind = "internal", agent = %provenance.agent, night,
                    contribution = %provenance.contribution, article = %article.path, article.revision = article.revision);
                // a span that nobody samples takes no parent; the message's context is carried on all the same
                let _ = span.set_parent(received.message.context());
                if here.is_valid() {
                    span.add_link(here.clone());
                }
                first.get_or_insert(span.clone());
                spans.push(span);
            }
            let event = translate::revision_to_wire(&planned.revision);
            let after = planned.before.as_ref().map_or(0, |b| b.sequence);
            let message = || {
                let subject = subject::article_curated(&article.path);
                Outgoing::event(subject, &revision_id(&planned.revision), STAGE, at, &event).after(after)
            };
            let message = first.map_or_else(message, |span| span.in_scope(message));
            batch.push(if batch.is_empty() { message.at_the_end(seen) } else { message });
        }
        // what it was done for is the last of the batch
        batch.extend(event);
        points.reach(Point::AfterDecide);
        let stored = self.bus.publish_batch(batch).await?;
        points.reach(Point::AfterState);
        revisions.iter().for_each(|planned| figures::curated(&planned.revision));
        tracing::info!(night, articles = revisions.len(), sequence = stored.sequence, "library curated");
        drop(spans);
        self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await.map_err(unavailable)
    }
}

/// A revision's id derives from what it says, so that two replicas' different plans never pass for one message.
pub(crate) fn revision_id(revision: &Revision) -> String {
    let article = &revision.article;
    let number = article.revision.to_string();
    let mut parts = vec!["revision", article.path.as_str(), &number, &article.night, &article.title, &article.body];
    parts.extend(article.tags.iter().chain(&article.aliases).map(String::as_str));
    parts.extend(revision.provenance.iter().map(|p| p.contribution.as_str()));
    parts.extend(revision.withdrawn.iter().map(String::as_str));
    content_id(&parts)
}

fn plan(
    catalogue: &Catalogue,
    index: &Snapshot,
    pieces: &[curate::Piece],
    (twins, questions): (&Twins, &BTreeMap<String, Vec<String>>),
    (names, roster): (&Names, &Roster),
    (night, now): (&str, &str),
) -> Plan {
    let existing = |entry: &Entry| Existing { article: entry.newest.article.clone(), sequence: entry.sequence() };
    let get = |path: &ArticlePath| catalogue.library().read(|library| library.get(path).map(existing));
    let pieces: Vec<&curate::Piece> = pieces.iter().collect();
    let belonging = |piece: &curate::Piece| {
        let found = index.belonging(&piece.title, &piece.text);
        let best = found
            .inspect_err(|problem| tracing::warn!(contribution = %piece.id, %problem, "not placed again"))
            .ok()?
            .into_iter()
            .next()?;
        Some((best.0, best.1.chance))
    };
    let owner_of = |agent: &str| roster.owner_of(agent).to_owned();
    let said_on = |path: &ArticlePath, statement: u64| {
        catalogue.library().read(|library| library.get(path).and_then(|entry| entry.said_on(statement)))
    };
    let shelf =
        Shelf { get: &get, twins, questions, names, belonging: &belonging, owner_of: &owner_of, said_on: &said_on };
    curate::plan(&pieces, &shelf, night, now)
}

/// **Each touched article is found by its title and by the questions it answers**, as the index will answer once the
/// plan is written; what does not lead to it becomes another name of it.
pub(super) fn make_findable(base: &Arc<Snapshot>, plan: &mut Plan) -> Result<(), IndexError> {
    if plan.revisions.is_empty() {
        return Ok(());
    }
    let mut standings = standings(&overlay(base, plan)?, plan)?;
    let mut renamed = false;
    for (planned, standings) in plan.revisions.iter_mut().zip(&standings) {
        renamed |= curate::add_aliases(planned, standings);
    }
    if renamed {
        standings = self::standings(&overlay(base, plan)?, plan)?;
    }
    for (planned, standings) in plan.revisions.iter_mut().zip(standings) {
        curate::record(planned, standings);
    }
    Ok(())
}

fn overlay(base: &Arc<Snapshot>, plan: &Plan) -> Result<Overlay, IndexError> {
    let stands = |article: &&Article| article.stands();
    base.with_drafts(
        plan.revisions.iter().map(|p| &p.revision.article).filter(stands).map(page),
        plan.revisions.iter().filter_map(|p| p.before.as_ref()).map(|b| &b.article).filter(stands).map(page),
    )
}

fn standings(overlay: &Overlay, plan: &Plan) -> Result<Vec<Vec<Standing>>, IndexError> {
    let of = |planned: &Planned| -> Result<Vec<Standing>, IndexError> {
        if !planned.revision.article.stands() {
            return Ok(Vec::new());
        }
        let stood = |query: String| {
            let answer = overlay.search(&query, PLACES)?;
            let rank = answer.rank(&planned.revision.article.path);
            Ok(Standing { query, rank, found: answer.confidence() == Confidence::Found })
        };
        curate::queries(planned).into_iter().map(stood).collect()
    };
    parallel::each(&plan.revisions, FEW, of).into_iter().collect()
}

pub(super) fn unavailable(problem: impl std::fmt::Display) -> PublishError {
    PublishError::Unavailable(problem.to_string())
}
