//! What members read, kept in memory and written in batches, so that no reading waits for the bus.
//!
//! **A reading is not acknowledged as kept**: what was not written yet is lost when the process is killed, at most what was read in
//! the last [`EVERY`]; a drain writes it. Each article counts once for a member between two nights, however often it is read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use commune_bus::{Bus, Outgoing, PublishError, StreamName, View, subject};
use commune_proto::{
    AgentId, ArticlePath, content_id,
    librarian::v1::{ArticleRead, ArticlesRead},
};
use commune_runtime::clock::Clock;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{READS_LIMIT, Uses};
use crate::{handlers::STAGE, once};

/// How often what was read is written.
pub const EVERY: Duration = Duration::from_secs(5);
/// Readings that wait before they are written at once.
pub const SOON: usize = 1_000;
/// Readings that wait while they cannot be written; what is more does not count.
pub const WAITING_LIMIT: usize = 10_000;
/// Articles in one message.
const IN_A_MESSAGE: usize = 500;
/// How long the last batch may take when the service drains.
const DRAIN: Duration = Duration::from_secs(3);

/// What was read and is not written yet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Reads {
    bus: Bus,
    uses: View<Uses>,
    clock: Clock,
    waiting: Arc<Mutex<Waiting>>,
    soon: Arc<Notify>,
    /// One writer at a time: who comes next finds what was written in the view.
    writing: Arc<tokio::sync::Mutex<()>>,
}

/// Readings by member and article.
#[derive(Debug, Default)]
struct Waiting {
    reads: BTreeMap<AgentId, BTreeMap<ArticlePath, (u32, bool)>>,
    count: usize,
    left_out: u64,
}

impl Waiting {
    /// Takes a reading; how many wait.
    fn take(&mut self, reader: &AgentId, path: &ArticlePath, revision: u32, found: bool) -> usize {
        if let Some((newest, by_search)) = self.reads.get_mut(reader).and_then(|articles| articles.get_mut(path)) {
            *newest = revision.max(*newest);
            *by_search |= found;
        } else if self.count < WAITING_LIMIT {
            self.reads.entry(reader.clone()).or_default().insert(path.clone(), (revision, found));
            self.count += 1;
        } else {
            self.left_out += 1;
        }
        self.count
    }
}

impl Reads {
    /// Nothing was read yet.
    pub fn new(bus: Bus, uses: View<Uses>, clock: Clock) -> Self {
        Self { bus, uses, clock, waiting: Arc::default(), soon: Arc::default(), writing: Arc::default() }
    }

    /// The view of what was written.
    pub fn uses(&self) -> &View<Uses> {
        &self.uses
    }

    /// A member read an article. Waits for nothing.
    pub fn read(&self, reader: &AgentId, path: &ArticlePath, revision: u32, found: bool) {
        if self.uses.read(|uses| uses.is_read(reader.as_str(), path, found)) {
            return;
        }
        if self.lock().take(reader, path, revision, found) == SOON {
            self.soon.notify_one();
        }
    }

    /// Writes what was read, every so often, until it is stopped.
    pub async fn follow(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.soon.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            self.write_or_say().await;
        }
    }

    /// Writes what is left when nobody reads any more.
    pub async fn drain(&self) {
        if tokio::time::timeout(DRAIN, self.write_or_say()).await.is_err() {
            tracing::warn!("what was read last could not be written in time, and is lost");
        }
    }

    /// Writes what was read. Where it cannot be written now it waits on; where there is no room for it, it is lost with a warning.
    pub async fn write_or_say(&self) {
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "what was read is not written yet");
        }
    }

    async fn write(&self) -> Result<(), PublishError> {
        let _writing = self.writing.lock().await;
        let Waiting { reads, left_out, .. } = std::mem::take(&mut *self.lock());
        if left_out > 0 {
            tracing::warn!(readings = left_out, "more was read than waits to be written, and does not count");
        }
        let messages: Vec<Outgoing> = reads.iter().flat_map(|(reader, read)| self.messages(reader, read)).collect();
        match once::publish(&self.bus, &messages).await {
            Ok(written) => {
                let last = written.into_iter().max().unwrap_or(0);
                if last > 0 {
                    // what is read again is known then; if not, it is written twice and counts once
                    let _ = self.uses.reached(last, DRAIN).await;
                }
                Ok(())
            }
            Err(PublishError::Refused { subject, reason }) => {
                tracing::warn!(bus.stream = StreamName::Uses.as_str(), %subject, %reason, "what was read is lost");
                Ok(())
            }
            Err(error) => {
                let mut waiting = self.lock();
                for (reader, read) in &reads {
                    for (path, (revision, found)) in read {
                        waiting.take(reader, path, *revision, *found);
                    }
                }
                Err(error)
            }
        }
    }

    /// The messages of one member: what is known already is left out, and so is what goes beyond its bound.
    fn messages(&self, reader: &AgentId, read: &BTreeMap<ArticlePath, (u32, bool)>) -> Vec<Outgoing> {
        let (articles, through) = self.uses.read(|uses| {
            let room = READS_LIMIT.saturating_sub(uses.read_by(reader.as_str()));
            let new = read.iter().filter(|(path, (_, found))| !uses.is_read(reader.as_str(), path, *found));
            let articles: Vec<ArticleRead> = new
                .take(room.max(1))
                .map(|(path, (revision, found))| ArticleRead {
                    article: path.to_string(),
                    revision: *revision,
                    found: *found,
                })
                .collect();
            (articles, uses.through().to_string())
        });
        let pages = articles.chunks(IN_A_MESSAGE).map(|articles| {
            let said = articles.iter().map(|read| format!("{} {} {}", read.article, read.revision, read.found));
            let parts: Vec<String> =
                ["read".to_owned(), reader.to_string(), through.clone()].into_iter().chain(said).collect();
            let id = content_id(&parts);
            let event = ArticlesRead { reader: reader.to_string(), articles: articles.to_vec() };
            Outgoing::event(subject::articles_read(reader, &id), &id, STAGE, self.clock.now(), &event).once()
        });
        pages.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_readings_wait_and_no_more() {
        let mut waiting = Waiting::default();
        let reader: AgentId = "ada".parse().unwrap();
        let path = |n: usize| -> ArticlePath { format!("a/{n}").parse().unwrap() };
        for n in 0..WAITING_LIMIT {
            assert_eq!(waiting.take(&reader, &path(n), 1, false), n + 1);
        }
        assert_eq!((waiting.take(&reader, &path(WAITING_LIMIT), 1, false), waiting.left_out), (WAITING_LIMIT, 1));
        // what waits already may still be said to come from a search
        waiting.take(&reader, &path(7), 2, true);
        assert_eq!((waiting.reads[&reader][&path(7)], waiting.left_out), ((2, true), 1));
    }
}
