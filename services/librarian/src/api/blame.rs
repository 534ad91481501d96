//! BlameArticle: who said what stands in an article, line by line.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::StreamName;
use commune_proto::{
    librarian::v1::{BlameArticleRequest, BlameArticleResponse, BlamedLine, LineOrigin, StatementSource},
    mutualaid::v1::KnowledgeShared,
};
use commune_runtime::grpc;
use futures::{StreamExt, TryStreamExt};
use tonic::Status;

use super::{AT_A_TIME, LibraryApi, internal, missing, names, paging, unavailable};
use crate::{
    curate::{self, Blamed, Origin},
    library::{Entry, Saying, Sayings, statement_ids},
    translate,
};

/// Lines of one answer.
const LINES: usize = 500;
/// Who said a line is told of so many.
pub(super) const SOURCES: usize = 10;
/// Contributions that are read for one answer, where revisions do not tell what they said.
const READ: usize = 200;

impl LibraryApi {
    pub(super) async fn blame(&self, request: BlameArticleRequest) -> Result<BlameArticleResponse, Status> {
        let path = names::article("name", &request.name)?;
        let size = grpc::page_size(request.page_size, LINES, LINES)?;
        self.ready()?;
        let entry = self.entry(&path)?;
        let newest = entry.newest.article.revision;
        // all pages are of one revision, whatever is written meanwhile
        let page = paging::Request::new("BlameArticle", &[&request.name, &request.revision.to_string()]);
        let position = page.position(&request.page_token)?.unwrap_or_default();
        let (revision, from) = position.split_once('@').unwrap_or(("0", "0"));
        let number = |text: &str| -> Result<usize, Status> {
            text.parse().map_err(|_| grpc::invalid("page_token", "not a token of this request"))
        };
        let revision = [u32::try_from(number(revision)?).unwrap_or(0), request.revision, newest]
            .into_iter()
            .find(|revision| *revision > 0)
            .unwrap_or(newest);
        let from = number(from)?;
        let article = self.revision_of(&path, &entry, revision).await?.article;
        let body = article.ok_or_else(|| missing(&format!("{}/revisions/{revision}", names::of(&path))))?.body;
        let sayings = self.sayings(&entry, revision).await?;
        let told = tokio::task::spawn_blocking(move || {
            let all = curate::blame(&body, &sayings, revision);
            let lines = all.iter().enumerate().skip(from).take(size).map(|(at, blamed)| line(at, blamed));
            (lines.collect::<Vec<_>>(), all.len())
        });
        let (lines, total) = told.await.map_err(internal)?;
        let next = from + lines.len();
        Ok(BlameArticleResponse {
            lines,
            next_page_token: if next < total { page.token(&format!("{revision}@{next}")) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
            revision,
        })
    }

    /// Who said what in an article. What its revisions do not tell is read from the contributions, as far as AID has them.
    async fn sayings(&self, entry: &Entry, revision: u32) -> Result<Sayings, Status> {
        let mut sayings = Sayings::clone(&entry.said);
        let untold = sayings
            .all()
            .iter()
            .enumerate()
            .filter(|(_, saying)| saying.counts_at(revision) && !saying.is_told && !saying.contribution.is_empty());
        let untold: Vec<(usize, u64)> = self.commons.read(|commons| {
            untold
                .filter_map(|(place, saying)| Some((place, commons.sequence_of(&saying.contribution)?)))
                .take(READ)
                .collect()
        });
        if untold.is_empty() {
            return Ok(sayings);
        }
        let told: Vec<Option<(usize, BTreeSet<u64>)>> = futures::stream::iter(untold)
            .map(|(place, sequence)| async move {
                let Some(message) = self.bus.get(StreamName::Aid, sequence).await.map_err(unavailable)? else {
                    return Ok::<_, Status>(None);
                };
                let event: KnowledgeShared = message.event().map_err(internal)?;
                let piece = translate::piece(event, String::new()).map_err(internal)?;
                Ok(Some((place, statement_ids(&curate::article_body(&piece.title, &piece.text)))))
            })
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        sayings.tell(&told.into_iter().flatten().collect::<BTreeMap<_, _>>());
        Ok(sayings)
    }
}

fn line(at: usize, blamed: &Blamed<'_>) -> BlamedLine {
    let origin = match blamed.origin {
        Origin::Blank => LineOrigin::Blank,
        Origin::Agents => LineOrigin::Agents,
        Origin::Librarian => LineOrigin::Librarian,
    };
    let told = blamed.sources.iter().take(SOURCES).map(|saying| source(saying));
    BlamedLine {
        number: u32::try_from(at + 1).unwrap_or(u32::MAX),
        text: blamed.text.to_owned(),
        origin: origin as i32,
        sources: told.collect(),
        more_sources: u32::try_from(blamed.sources.len().saturating_sub(SOURCES)).unwrap_or(u32::MAX),
    }
}

/// Who said something, for the wire.
pub(super) fn source(saying: &Saying) -> StatementSource {
    StatementSource {
        agent: saying.agent.clone(),
        night: saying.night.clone(),
        contribution: saying.contribution.clone(),
        revision: saying.revision,
        on: saying.on.clone(),
    }
}
