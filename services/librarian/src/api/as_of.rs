//! As-of reads: the library as it was at a time, or after a night.

use commune_proto::{
    ArticlePath, NightId,
    librarian::v1::{self as wire, ListArticlesRequest, ListArticlesResponse},
};
use commune_runtime::grpc::{self, invalid};
use futures::{StreamExt, TryStreamExt};
use jiff::{Timestamp, civil::Date};
use tonic::Status;

use super::{AT_A_TIME, LibraryApi, contested, internal, names, paging};
use crate::library::AsOf;

/// Redirects that are followed one after another.
const HOPS: usize = 8;

impl LibraryApi {
    /// The moment that a request names; none for now.
    pub(super) fn moment(&self, time: &str, night: &str) -> Result<Option<AsOf>, Status> {
        if !night.is_empty() {
            if !time.is_empty() {
                return Err(invalid("as_of_night", "say a time or a night, not both"));
            }
            let night: NightId = night.parse().map_err(|problem| invalid("as_of_night", problem))?;
            let ended = self.catalogue.library().read(|library| library.night_ended(night)).unwrap_or(0);
            return Ok(Some(AsOf::Sequence(ended)));
        }
        if time.is_empty() {
            return Ok(None);
        }
        if let Ok(at) = time.parse::<Timestamp>() {
            return Ok(Some(AsOf::Time(at)));
        }
        // a date is meant whole
        let end = time.parse::<Date>().ok().and_then(|day| day.tomorrow().ok()).and_then(|next| {
            let midnight = next.to_zoned(self.time_zone.clone()).ok()?.timestamp();
            midnight.checked_sub(jiff::SignedDuration::from_nanos(1)).ok()
        });
        let shown: String = time.chars().take(60).collect();
        end.map(|end| Some(AsOf::Time(end))).ok_or_else(|| {
            invalid("as_of_time", format!("`{shown}` is no time: write 2026-02-14, or 2026-02-14T12:00:00Z"))
        })
    }

    /// An article as it was, or the one where it led then.
    pub(super) async fn get_as_of(&self, asked: &ArticlePath, as_of: AsOf) -> Result<wire::Article, Status> {
        let absent = |why: &str| Status::not_found(format!("`{}` {why}", names::of(asked)));
        let mut path = asked.clone();
        for _ in 0..HOPS {
            let entry = self.entry(&path)?;
            let number = entry.number_at(as_of).ok_or_else(|| absent("was not in the library then"))?;
            let article = self.revision_of(&path, &entry, number).await?.article;
            let article = contested::at(article, &entry.said).ok_or_else(|| absent("was not in the library then"))?;
            for (on, what) in [(&article.withdrawn_on, "withdrawn"), (&article.removed_on, "removed")] {
                if !on.is_empty() {
                    return Err(absent(&format!("was {what} on {on}: its history tells why")));
                }
            }
            if article.redirect_to.is_empty() {
                return Ok(article);
            }
            path = article.redirect_to.parse().map_err(internal)?;
        }
        Err(absent("led from page to page then"))
    }

    /// The articles that stood then, without their bodies.
    pub(super) async fn list_as_of(
        &self,
        request: &ListArticlesRequest,
        as_of: AsOf,
    ) -> Result<ListArticlesResponse, Status> {
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("ListArticles", &[&request.as_of_time, &request.as_of_night]);
        let after = page.path(&request.page_token)?;
        let (total, found) = self.catalogue.library().read(|library| {
            let on_page = |(path, _): &(&ArticlePath, u32)| after.as_ref().is_none_or(|after| *path > after);
            let found: Vec<_> = library
                .stood(as_of)
                .filter(on_page)
                .take(size + 1)
                .filter_map(|(path, number)| Some((path.clone(), library.get(path)?.clone(), number)))
                .collect();
            (library.stood(as_of).count(), found)
        });
        let next = match found.get(size.wrapping_sub(1)) {
            Some((last, ..)) if found.len() > size => page.token(last.as_str()),
            _ => String::new(),
        };
        let articles: Vec<wire::Article> = futures::stream::iter(found.into_iter().take(size))
            .map(|(path, entry, number)| async move {
                let article = self.revision_of(&path, &entry, number).await?.article.unwrap_or_default();
                Ok::<_, Status>(wire::Article { body: String::new(), ..article })
            })
            .buffered(AT_A_TIME)
            .try_collect()
            .await?;
        let total_size = i32::try_from(total).unwrap_or(i32::MAX);
        Ok(ListArticlesResponse { articles, next_page_token: next, total_size })
    }
}
