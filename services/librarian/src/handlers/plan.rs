//! The plan of a proposed change, made from the library as it stands: when it is proposed, to see that it can be done, and anew when it is applied.

use std::sync::Arc;

use commune_bus::{Bus, StreamName};
use commune_proto::ArticlePath;
use commune_runtime::roster::Roster;
use futures::{StreamExt, TryStreamExt};
use jiff::{Timestamp, tz::TimeZone};

use crate::{
    catalogue::Catalogue,
    consent::Change,
    curate::{self, Existing, Planned},
    library::{Article, Entry, Library, Reverted, Revision, Stretch},
    translate,
};

/// What made such a revision, in place of a night; which proposal it was, the revision says.
pub(crate) const NIGHT: &str = "proposal";
/// Later revisions that are looked at of an article of which something is taken back.
const LATER: u32 = 100;
/// Revisions read from the bus at a time.
const AT_A_TIME: usize = 16;

/// Why there is no plan.
#[derive(Debug)]
pub(crate) enum Unplanned {
    /// It names what is not there.
    Missing(String),
    /// The library does not allow it.
    Refused(String),
    /// It cannot be said now.
    Unavailable(String),
}

/// What the plan is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planner<'a> {
    pub(crate) bus: &'a Bus,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) roster: &'a Roster,
    pub(crate) time_zone: &'a TimeZone,
}

impl Planner<'_> {
    /// The revisions of a change, and where the library ended that they are planned for. `agent` proposed it; it has an id when it is applied.
    pub(crate) async fn plan(
        &self,
        change: &Change,
        (proposal, agent): (&str, &str),
        now: Timestamp,
    ) -> Result<(Vec<Planned>, u64), Unplanned> {
        // taken before the library is read: at worst it is too early, and the plan is made again
        let seen = self.catalogue.library().read(Library::last_sequence);
        let by = (NIGHT, now.to_string());
        let by = (by.0, by.1.as_str());
        let on = now.to_zoned(self.time_zone.clone()).date().to_string();
        let owner_of = |agent: &str| self.roster.owner_of(agent).to_owned();
        let planned = match change {
            Change::Remove(path) => curate::remove(&self.existing(path)?, &on, "removed", by).map(|one| vec![one]),
            Change::Redirect(path, to) => {
                let to = self.existing(to)?.article;
                curate::redirect(&self.existing(path)?, &to, &self.led(path), &format!("went to {}", to.path), by)
            }
            Change::Merge(path, into) => {
                let (absorbed, into) = (self.existing(path)?, self.existing(into)?);
                curate::merge(&absorbed, &into, &self.led(path), &owner_of, by)
            }
            Change::Rename(path, to) => {
                let there = self.existing(to).ok();
                curate::rename(&self.existing(path)?, (to, there.as_ref()), &self.led(path), by)
            }
            Change::Split(path) => {
                let taken = |path: &ArticlePath| self.existing(path).is_ok();
                curate::split(&self.existing(path)?, &taken, by)
            }
            Change::Revert(made) => self.revert(made, agent, &on, by).await.map(Ok)?,
        };
        let mut planned = planned.map_err(Unplanned::Refused)?;
        for planned in &mut planned {
            proposal.clone_into(&mut planned.revision.proposal);
        }
        Ok((planned, seen))
    }

    fn existing(&self, path: &ArticlePath) -> Result<Existing, Unplanned> {
        let found = self.catalogue.library().read(|library| library.get(path).map(existing));
        found.ok_or_else(|| Unplanned::Missing(format!("`articles/{path}`")))
    }

    /// The pages that redirect to this one.
    fn led(&self, path: &ArticlePath) -> Vec<Existing> {
        self.catalogue.library().read(|library| library.redirects_to(path).map(existing).collect())
    }

    /// The revisions that set back every article that a night, or a proposal, made revisions of.
    async fn revert(
        &self,
        made: &str,
        agent: &str,
        on: &str,
        (night, now): (&str, &str),
    ) -> Result<Vec<Planned>, Unplanned> {
        let touched: Vec<(Entry, Stretch)> = self.catalogue.library().read(|library| library.made_by(made));
        if touched.is_empty() {
            return Err(Unplanned::Missing(format!("a revision that `{made}` made")));
        }
        let mut planned = Vec::new();
        for (entry, made) in touched {
            let newest = &entry.newest;
            let is_back = newest.reverted.as_ref().is_some_and(|back| (back.after, back.through) == made.range());
            // the page of a section follows what stands there
            let is_kept = newest.article.is_section() && made.range().1 != newest.article.revision;
            if newest.article.is_withdrawn() || is_back || is_kept {
                continue;
            }
            if !made.is_whole() {
                let path = &newest.article.path;
                let why = "others made revisions in between: take back its revisions one by one";
                return Err(Unplanned::Refused(format!("`{path}`: {why}")));
            }
            let (after, through) = made.range();
            let Some(article) = self.without(&entry, (after, through), on).await? else { continue };
            let reverted = Reverted {
                after,
                through,
                agent: agent.to_owned(),
                contributions: entry.brought_between(after, through),
            };
            let article = article.following(Some(&newest.article), night, now);
            let reason = match after {
                0 => "takes back all of it".to_owned(),
                after => format!("takes back what came after revision {after}, through {through}"),
            };
            let revision = Revision { reverted: Some(reverted), ..Revision::of(article, reason) };
            planned.push(Planned { revision, before: Some(existing(&entry)) });
        }
        Ok(planned)
    }

    /// The article without what changed after one revision through another; none where nothing is left of that. It is removed `on` a day
    /// where nothing was before.
    pub(crate) async fn without(
        &self,
        entry: &Entry,
        (after, through): (u32, u32),
        on: &str,
    ) -> Result<Option<Article>, Unplanned> {
        let newest = &entry.newest.article;
        let refused = |why: String| Err(Unplanned::Refused(format!("`{}`: {why}", newest.path)));
        if newest.revision - through > LATER {
            return refused(format!(
                "more than {LATER} revisions followed revision {through}: say in a note what is right instead"
            ));
        }
        let numbers = futures::stream::iter(after.max(1)..=newest.revision);
        let mut articles: Vec<Article> =
            numbers.map(|number| self.article(entry, number)).buffered(AT_A_TIME).try_collect().await?;
        if after == 0 {
            // what was founded by it was nothing before
            let title = articles.first().map(|first| first.title.clone()).unwrap_or_default();
            articles.insert(0, Article { title, ..Article::blank(newest.path.clone(), newest.kind) });
        }
        let (said, closed, on) = (Arc::clone(&entry.said), entry.withdrawn_at > after, on.to_owned());
        let (founded, last) = (after == 0, (through - after) as usize);
        let reverted = tokio::task::spawn_blocking(move || {
            let (before, with, later) = (&articles[0], &articles[last], &articles[last + 1..]);
            if founded && later.is_empty() {
                let stands = with.stands() || with.is_section();
                return Ok(stands.then(|| curate::removed(with, &on)));
            }
            let left = curate::revert(&curate::Change { before, with, later, said: &said, closed })?;
            let is_empty = |article: &Article| founded && curate::says_nothing(&article.body);
            Ok(left.map(|left| if is_empty(&left) { curate::removed(&left, &on) } else { left }))
        });
        let reverted: Result<Option<Article>, String> =
            reverted.await.map_err(|failed| Unplanned::Unavailable(failed.to_string()))?;
        reverted.or_else(refused)
    }

    async fn article(&self, entry: &Entry, number: u32) -> Result<Article, Unplanned> {
        if number == entry.newest.article.revision {
            return Ok(entry.newest.article.clone());
        }
        let unavailable = |problem: &dyn std::fmt::Display| Unplanned::Unavailable(problem.to_string());
        let sequence = entry.sequence_of(number).unwrap_or(0);
        let message = self.bus.get(StreamName::Library, sequence).await.map_err(|problem| unavailable(&problem))?;
        let message = message.ok_or_else(|| unavailable(&format!("revision {number} is gone from the stream")))?;
        let event = message.event().map_err(|problem| unavailable(&problem))?;
        translate::revision(event).map(|revision| revision.article).map_err(|problem| unavailable(&problem))
    }
}

fn existing(entry: &Entry) -> Existing {
    Existing { article: entry.newest.article.clone(), sequence: entry.sequence() }
}
