//! CheckLibrary: what the checks of a night find in the library as it is now.

use commune_proto::librarian::v1::{CheckLibraryRequest, CheckLibraryResponse, LibraryFinding};
use commune_runtime::grpc::{self, invalid};
use tonic::Status;

use super::{LibraryApi, internal, names, paging};
use crate::curate::tend;

impl LibraryApi {
    pub(super) async fn check(&self, request: CheckLibraryRequest) -> Result<CheckLibraryResponse, Status> {
        if !request.check.is_empty() && !tend::names().any(|name| name == request.check) {
            let known: Vec<&str> = tend::names().collect();
            return Err(invalid("check", format!("`{}` is no check: use {}", request.check, known.join(", "))));
        }
        let size = grpc::page_size(request.page_size, 100, 1000)?;
        let page = paging::Request::new("CheckLibrary", &[&request.check]);
        let from = page.number(&request.page_token)?;
        self.ready()?;
        self.catch_up().await?;
        let seen = self.tending.look("", self.clock.now()).await.map_err(internal)?;
        let found = seen.tended.findings.into_iter();
        let found: Vec<LibraryFinding> = found
            .filter(|finding| request.check.is_empty() || finding.check == request.check)
            .map(|finding| LibraryFinding {
                check: finding.check.to_owned(),
                name: names::of(&finding.path),
                what: finding.what,
                mends: finding.mended,
            })
            .collect();
        let (total, next) = (found.len(), from.saturating_add(size));
        Ok(CheckLibraryResponse {
            findings: found.into_iter().skip(from).take(size).collect(),
            next_page_token: if next < total { page.token(&next.to_string()) } else { String::new() },
            total_size: i32::try_from(total).unwrap_or(i32::MAX),
        })
    }
}
