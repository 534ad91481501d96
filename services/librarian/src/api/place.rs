//! SuggestPlacement: where a piece belongs, with what chance, and what of it the library says already.

use commune_knowledge::placement::{self, Standings};
use commune_proto::{
    article_id,
    librarian::v1::{PlacementFeature, PlacementSuggestion, SuggestPlacementRequest, SuggestPlacementResponse},
};
use commune_runtime::grpc::invalid;
use tonic::Status;

use super::{LibraryApi, internal, names};
use crate::{
    index::{IndexError, Snapshot},
    library::Library,
    translate,
};

const TITLE_LIMIT: usize = 256;
const TEXT_LIMIT: usize = 256 * 1024;
/// Candidates that are told.
const CANDIDATES: usize = 5;
/// Candidates of which it is read, statement by statement, what they say of the piece.
const READ: usize = 3;

impl LibraryApi {
    pub(super) async fn suggest(&self, request: SuggestPlacementRequest) -> Result<SuggestPlacementResponse, Status> {
        if request.title.len() > TITLE_LIMIT {
            return Err(invalid("title", format!("at most {TITLE_LIMIT} bytes are allowed")));
        }
        if request.text.len() > TEXT_LIMIT {
            return Err(invalid("text", format!("at most {TEXT_LIMIT} bytes are allowed")));
        }
        if request.title.trim().is_empty() && request.text.trim().is_empty() {
            return Err(invalid("text", "a title or a text is needed"));
        }
        self.ready()?;
        // whoever decides where to write must not be told of a library of before
        self.catch_up().await?;
        let index = self.catalogue.index().await.map_err(internal)?;
        let library = self.catalogue.library().clone();
        let suggested =
            tokio::task::spawn_blocking(move || library.read(|library| suggested(&index, library, &request)));
        let candidates = suggested.await.map_err(internal)?.map_err(internal)?;
        Ok(SuggestPlacementResponse { candidates })
    }
}

fn suggested(
    index: &Snapshot,
    library: &Library,
    request: &SuggestPlacementRequest,
) -> Result<Vec<PlacementSuggestion>, IndexError> {
    let mut suggestions = Vec::new();
    for (path, weighed) in index.belonging(&request.title, &request.text)?.into_iter().take(CANDIDATES) {
        let Some(entry) = library.standing(&path) else { continue };
        let article = &entry.newest.article;
        let mut standings = Standings::default();
        let mut section = Vec::new();
        if suggestions.len() < READ {
            let id = article_id(path.as_str(), &article.body);
            standings = placement::standings(&article.body, &request.text, &[path.as_str(), &id]);
            section = placement::section(&article.body, &request.text);
        }
        let count = |statements: usize| u32::try_from(statements).unwrap_or(u32::MAX);
        let features = placement::NAMES.iter().zip(weighed.numbers);
        suggestions.push(PlacementSuggestion {
            name: names::of(&path),
            title: article.title.clone(),
            score: weighed.chance,
            features: features.map(|(name, value)| PlacementFeature { name: (*name).to_owned(), value }).collect(),
            section,
            statements: count(standings.statements),
            repeated_statements: count(standings.repeated),
            reworded_statements: count(standings.reworded),
            from_page: standings.from_page,
            kind: translate::kind_to_wire(article.kind) as i32,
        });
    }
    Ok(suggestions)
}
