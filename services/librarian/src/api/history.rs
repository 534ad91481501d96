//! Revisions: listing, reading, comparing, watching.

use std::time::Duration;

use commune_bus::StreamName;
use commune_proto::{
    ArticlePath,
    librarian::v1::{
        ArticleCurated, DiffRevisionsRequest, DiffRevisionsResponse, ListRevisionsRequest, ListRevisionsResponse,
        WatchArticlesResponse,
    },
};
use commune_runtime::grpc::{self, invalid};
use futures::{StreamExt, TryStreamExt};
use similar::TextDiff;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tonic::Status;

use super::{AT_A_TIME, LibraryApi, missing, names, paging, unavailable, words};
use crate::{library::Entry, translate};

/// Revisions that a watcher may be behind before the librarian waits for it.
pub(super) const WATCH_BUFFER: usize = 16;
/// Longest time for a difference; past it, a coarser one is given.
const DIFF_TIME: Duration = Duration::from_secs(2);

impl LibraryApi {
    pub(super) async fn list_revisions_of(
        &self,
        request: ListRevisionsRequest,
    ) -> Result<ListRevisionsResponse, Status> {
        let path = names::article("parent", &request.parent)?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListRevisions", &[&request.parent]);
        let before = page.number(&request.page_token)?;
        self.ready()?;
        let entry = self.entry(&path)?;
        let total = entry.sequences.len();
        let newest = if before == 0 { total } else { (before - 1).min(total) };
        let oldest = newest.saturating_sub(size) + 1;
        let revisions: Vec<ArticleCurated> = futures::stream::iter((oldest..=newest).rev())
            .map(|number| self.told_of(&path, &entry, number as u32))
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        Ok(ListRevisionsResponse {
            revisions,
            next_page_token: if oldest > 1 { page.token(&oldest.to_string()) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        })
    }

    pub(super) async fn diff(&self, request: DiffRevisionsRequest) -> Result<DiffRevisionsResponse, Status> {
        let path = names::article("name", &request.name)?;
        self.ready()?;
        let entry = self.entry(&path)?;
        let to = if request.to == 0 { entry.newest.article.revision } else { request.to };
        let from = if request.from == 0 { to - 1 } else { request.from };
        if from > to {
            return Err(invalid("from", format!("revision {from} is newer than revision {to}: exchange them")));
        }
        let newer = body(self.revision_of(&path, &entry, to).await?);
        let older = if from == 0 { String::new() } else { body(self.revision_of(&path, &entry, from).await?) };
        let (unified_diff, segments) = tokio::task::spawn_blocking(move || {
            let (old, new) = (format!("{path}@{from}"), format!("{path}@{to}"));
            let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(older.as_str(), newer.as_str());
            let unified = diff.unified_diff().context_radius(3).header(&old, &new).to_string();
            let told = request.words && older != newer;
            (unified, if told { words::segments(&older, &newer, DIFF_TIME) } else { Vec::new() })
        })
        .await
        .map_err(super::internal)?;
        Ok(DiffRevisionsResponse { from, to, unified_diff, segments })
    }

    /// One revision of an article without its body: from the stream once, then from what is kept of it.
    async fn told_of(&self, path: &ArticlePath, entry: &Entry, number: u32) -> Result<ArticleCurated, Status> {
        let sequence = (number as usize).checked_sub(1).and_then(|at| entry.sequences.get(at)).copied();
        if let Some(kept) = sequence.and_then(|sequence| self.told.at(sequence)) {
            return Ok(ArticleCurated::clone(&kept));
        }
        let revision = without_body(self.revision_of(path, entry, number).await?);
        if let Some(sequence) = sequence {
            self.told.keep(sequence, &revision);
        }
        Ok(revision)
    }

    /// One revision of an article: the newest from memory, older ones from the stream.
    pub(super) async fn revision_of(
        &self,
        path: &ArticlePath,
        entry: &Entry,
        number: u32,
    ) -> Result<ArticleCurated, Status> {
        if number == entry.newest.article.revision {
            return Ok(translate::revision_to_wire(&entry.newest));
        }
        let absent = || missing(&format!("articles/{path}/revisions/{number}"));
        let at = (number as usize).checked_sub(1).ok_or_else(absent)?;
        let sequence = *entry.sequences.get(at).ok_or_else(absent)?;
        self.at(sequence).await?.ok_or_else(absent)
    }

    async fn at(&self, sequence: u64) -> Result<Option<ArticleCurated>, Status> {
        match self.bus.get(StreamName::Library, sequence).await.map_err(unavailable)? {
            None => Ok(None),
            Some(message) => message.event().map(Some).map_err(super::internal),
        }
    }

    /// Sends every revision after a sequence, then each new one, until the watcher or the service goes, or up to a sequence that the
    /// library has reached already.
    pub(super) async fn watch(
        self,
        mut after: u64,
        until: Option<u64>,
        to: mpsc::Sender<Result<WatchArticlesResponse, Status>>,
        _permit: OwnedSemaphorePermit,
    ) {
        let mut position = self.catalogue.library().position();
        loop {
            position.borrow_and_update();
            loop {
                let next = self.catalogue.library().read(|library| library.sequences_after(after, AT_A_TIME));
                if next.is_empty() {
                    break;
                }
                for sequence in next {
                    if until.is_some_and(|until| sequence > until) {
                        return;
                    }
                    after = sequence;
                    let answer = match self.at(sequence).await {
                        Ok(Some(revision)) => Ok(WatchArticlesResponse { sequence, revision: Some(revision) }),
                        Ok(None) => continue,
                        Err(status) => Err(status),
                    };
                    let ended = answer.is_err();
                    let sent = tokio::select! {
                        () = self.stop.cancelled() => return,
                        sent = to.send(answer) => sent,
                    };
                    if sent.is_err() || ended {
                        return;
                    }
                }
            }
            if until.is_some() {
                return;
            }
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = to.closed() => return,
                changed = position.changed() => if changed.is_err() { return },
            }
        }
    }
}

fn body(event: ArticleCurated) -> String {
    event.article.map(|article| article.body).unwrap_or_default()
}

fn without_body(mut event: ArticleCurated) -> ArticleCurated {
    if let Some(article) = &mut event.article {
        article.body.clear();
    }
    event
}
