//! Taking out of the library what agents withdrew, as soon as they say so.
//!
//! **A night does not undo a withdrawal**: whatever a curated night has written, it looks once more at what is withdrawn before
//! it ends, and whoever withdraws looks at what the library holds then. One of the two sees the other.

use std::{collections::BTreeMap, sync::Arc};

use commune_bus::{Delivery, Failure, Handled, Handler, Outgoing, Point, Points, PublishError, StreamName, subject};
use commune_proto::{ArticlePath, librarian::v1::ArticleCurated, mutualaid::v1::NoteWithdrawn};

use super::{Curator, STAGE, TRIES, VIEW_WAIT, revision_id, revisions::make_findable};
use crate::{
    curate::{self, Existing, Gone, Imported, Plan, Source},
    library::{self, Article, Entry, Revision},
    translate,
};

/// Takes out what an agent withdrew.
#[derive(Debug)]
pub struct Withdrawals(pub Arc<Curator>);

impl Handler for Withdrawals {
    async fn handle(&self, delivery: Delivery) -> Handled {
        let curator = &self.0;
        let event: NoteWithdrawn = delivery.message.event().map_err(Failure::reject)?;
        curator.commons.reached(delivery.message.sequence, VIEW_WAIT).await.map_err(Failure::retry)?;
        let _one = curator.one.lock().await;
        curator.take_out(&delivery.points).await?;
        tracing::info!(agent = %event.agent, note = %event.note, "nothing of a withdrawn note is in the library");
        Ok(())
    }
}

impl Curator {
    /// Takes out all that is withdrawn up to now: what AID holds at this moment counts.
    pub(super) async fn take_out_all(&self, points: &Points) -> Handled {
        let last = self.bus.last_sequence(StreamName::Aid).await.map_err(Failure::retry)?;
        if last > 0 {
            self.commons.reached(last, VIEW_WAIT).await.map_err(Failure::retry)?;
        }
        self.take_out(points).await
    }

    /// Writes a revision of every article that something withdrawn is in, one after the other.
    async fn take_out(&self, points: &Points) -> Handled {
        let mut tries = 0;
        loop {
            self.catch_up().await?;
            let Some((entry, gone)) = self.next_to_take_out() else { return Ok(()) };
            if self.bring_together(&entry, points).await? {
                continue;
            }
            let revision = self.without(&entry, gone).await?;
            match self.publish(&entry, revision, points).await {
                Ok(()) => tries = 0,
                Err(PublishError::Conflict { .. }) if tries < TRIES => tries += 1,
                Err(PublishError::Refused { subject, reason }) => {
                    return Err(Failure::reject(format!("the library refused `{subject}`: {reason}")));
                }
                Err(problem) => return Err(Failure::retry(problem)),
            }
        }
    }

    /// An article with what is to leave it; none when nothing is left to do.
    fn next_to_take_out(&self) -> Option<(Entry, Vec<Gone>)> {
        let withdrawn: Vec<String> = self.commons.read(|commons| commons.all_withdrawn().cloned().collect());
        self.catalogue.library().read(|library| {
            let mut reached: BTreeMap<&ArticlePath, Vec<Gone>> = BTreeMap::new();
            for contribution in withdrawn.into_iter().filter(|id| !library.is_taken_out(id)) {
                let Some(applied) = library.applied(&contribution) else { continue };
                let gone = Gone { agent: applied.agent.clone(), contribution };
                // what went through a redirect is where that leads
                let path = library.resolved(&applied.path).map_or(&applied.path, |e| &e.newest.article.path);
                reached.entry(path).or_default().push(gone);
            }
            let (path, gone) = reached.pop_first()?;
            Some((library.get(path)?.clone(), gone))
        })
    }

    /// **What was split is one page again before something is taken out of it**: nobody can tell of which part it was. Its parts lead
    /// there; true when there were any.
    async fn bring_together(&self, entry: &Entry, points: &Points) -> Result<bool, Failure> {
        let existing = |entry: &Entry| Existing { article: entry.newest.article.clone(), sequence: entry.sequence() };
        let split = self.catalogue.library().read(|library| {
            let (whole, parts) = library.split(&entry.newest.article.path)?;
            let led = |part: &Entry| library.redirects_to(&part.newest.article.path).map(existing).collect::<Vec<_>>();
            let parts: Vec<_> = parts.into_iter().map(|part| (existing(part), led(part))).collect();
            Some((whole.newest.article.clone(), parts, library.last_sequence()))
        });
        let Some((whole, parts, seen)) = split else { return Ok(false) };
        let now = self.clock.now().to_string();
        let mut revisions = Vec::new();
        for (part, led) in &parts {
            let reason = format!("back in {}: something of it is withdrawn", whole.path);
            let redirects = curate::redirect(part, &whole, led, &reason, (curate::WITHDRAWAL, &now));
            revisions.extend(redirects.map_err(Failure::reject)?);
        }
        match self.write(curate::WITHDRAWAL, &revisions, seen, (&BTreeMap::new(), None), points).await {
            // another was first: what it left is looked at again
            Ok(()) | Err(PublishError::Conflict { .. }) => Ok(true),
            Err(problem) => Err(Failure::retry(problem)),
        }
    }

    /// The revision of an article without these.
    async fn without(&self, entry: &Entry, gone: Vec<Gone>) -> Result<Revision, Failure> {
        let mut kept = Vec::new();
        let sources = self.catalogue.library().read(|library| library.sources(&entry.newest.article.path));
        for source in &sources {
            kept.extend(self.source(source).await?);
        }
        let needs = kept.iter().flat_map(|source| match source {
            Source::Piece(piece) => piece.answers.clone(),
            Source::Page(_) => Vec::new(),
        });
        let questions = self.questions(needs);
        let base = self.catalogue.index().await.map_err(Failure::retry)?;
        let now = self.clock.now();
        let on = now.to_zoned(self.time_zone.clone()).date().to_string();
        let existing = Existing { article: entry.newest.article.clone(), sequence: entry.sequence() };
        let roster = Arc::clone(&self.roster);
        tokio::task::spawn_blocking(move || {
            let owner_of = |agent: &str| roster.owner_of(agent).to_owned();
            let planned = curate::withdraw(existing, &kept, &gone, &questions, (&on, &now.to_string()), &owner_of);
            let mut plan = Plan { revisions: vec![planned.map_err(Failure::reject)?], refused: Vec::new() };
            make_findable(&base, &mut plan).map_err(Failure::retry)?;
            let mut revision = plan.revisions.remove(0).revision;
            // they were answered by earlier revisions
            revision.answered.clear();
            Ok(revision)
        })
        .await
        .map_err(Failure::retry)?
    }

    /// What went into the article; none of what is withdrawn.
    async fn source(&self, source: &library::Source) -> Result<Option<Source>, Failure> {
        match source {
            library::Source::Contribution(id) => {
                let (is_withdrawn, sequence) =
                    self.commons.read(|commons| (commons.is_withdrawn(id), commons.sequence_of(id)));
                if is_withdrawn {
                    return Ok(None);
                }
                let gone = || Failure::reject(format!("contribution {id} is not in AID any more"));
                let message =
                    self.bus.get(StreamName::Aid, sequence.ok_or_else(gone)?).await.map_err(Failure::retry)?;
                let message = message.ok_or_else(gone)?;
                let event = message.event().map_err(Failure::reject)?;
                let piece = translate::piece(event, message.trace_id()).map_err(Failure::reject)?;
                Ok(Some(Source::Piece(Box::new(piece))))
            }
            library::Source::Import(path, number) => {
                let entry = self.catalogue.library().read(|library| library.get(path).cloned());
                let Some(entry) = entry else { return Ok(None) };
                let imported = self.revision_at(&entry, *number).await?;
                let Some(imported) = imported else { return Ok(None) };
                let agent = imported.provenance.iter().find(|p| p.contribution.is_empty()).map(|p| p.agent.clone());
                let before = self.revision_at(&entry, number - 1).await?.map(|revision| revision.article);
                Ok(Some(Source::Page(Box::new(Imported {
                    agent: agent.unwrap_or_default(),
                    article: imported.article,
                    before: before.filter(Article::stands),
                }))))
            }
        }
    }

    async fn revision_at(&self, entry: &Entry, number: u32) -> Result<Option<Revision>, Failure> {
        let Some(sequence) = entry.sequence_of(number) else { return Ok(None) };
        let message = self.bus.get(StreamName::Library, sequence).await.map_err(Failure::retry)?;
        let Some(message) = message else { return Ok(None) };
        let event: ArticleCurated = message.event().map_err(Failure::reject)?;
        translate::revision(event).map(Some).map_err(Failure::reject)
    }

    async fn publish(&self, entry: &Entry, revision: Revision, points: &Points) -> Result<(), PublishError> {
        let article = &revision.article;
        let event = translate::revision_to_wire(&revision);
        let message = Outgoing::event(
            subject::article_curated(&article.path),
            &revision_id(&revision),
            STAGE,
            self.clock.now(),
            &event,
        );
        points.reach(Point::AfterDecide);
        let stored = self.bus.publish(message.after(entry.sequence())).await?;
        points.reach(Point::AfterState);
        tracing::info!(article = %article.path, article.revision = article.revision, sequence = stored.sequence, "contributions taken out");
        let reached = self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await;
        reached.map_err(|behind| PublishError::Unavailable(behind.to_string()))
    }
}
