//! ListLinks: where an article leads, and what leads to it.

use commune_proto::librarian::v1::{LinkedArticle, ListLinksRequest, ListLinksResponse};
use commune_runtime::grpc;
use tonic::Status;

use super::{LibraryApi, internal, names};
use crate::graph::Edge;

impl LibraryApi {
    pub(super) async fn links(&self, request: ListLinksRequest) -> Result<ListLinksResponse, Status> {
        let path = names::article("parent", &request.parent)?;
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        self.ready()?;
        self.entry(&path)?;
        let linked = self.linked.clone();
        let looked = tokio::task::spawn_blocking(move || linked.of(&path)).await;
        let (links, linked_from) = looked.map_err(internal)?;
        let count = |edges: &[Edge]| i32::try_from(edges.len()).unwrap_or(i32::MAX);
        Ok(ListLinksResponse {
            total_links: count(&links),
            total_linked_from: count(&linked_from),
            links: self.told(&links, size),
            linked_from: self.told(&linked_from, size),
        })
    }

    fn told(&self, edges: &[Edge], size: usize) -> Vec<LinkedArticle> {
        self.catalogue.library().read(|library| {
            let told = |edge: &Edge| LinkedArticle {
                name: names::of(&edge.path),
                title: library.get(&edge.path).map(|entry| entry.newest.article.title.clone()).unwrap_or_default(),
                through: edge.through.as_ref().map(ToString::to_string).unwrap_or_default(),
                see_also: edge.see_also,
            };
            edges.iter().take(size).map(told).collect()
        })
    }
}
