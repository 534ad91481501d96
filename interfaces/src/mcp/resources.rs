//! Resources: the articles of the library, what is proposed, and the agent's brief. What they hold is quoted, as tools quote it.

use commune_proto::librarian::v1::{Article, ListArticlesRequest};
use rmcp::{
    ErrorData,
    model::{ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::json;

use super::{answer::Budget, quote::clean, reading::page, server::Server};
use crate::{failure::Failure, output::one_line};

const BRIEF: &str = "commune://brief";
const PROPOSALS: &str = "commune://proposals";
const ARTICLES: &str = "commune://articles/";
const MARKDOWN: &str = "text/markdown";
/// Articles of one page of the list.
const PAGE: i32 = 100;

/// A page of the list: the brief and the proposals first, then the articles by path.
pub(super) async fn list(server: &Server, cursor: Option<String>) -> Result<ListResourcesResult, ErrorData> {
    let first = cursor.is_none();
    let request = ListArticlesRequest {
        page_size: PAGE,
        page_token: cursor.unwrap_or_default(),
        ..ListArticlesRequest::default()
    };
    let listed = async { Ok::<_, Failure>(server.session().library()?.list_articles(request).await?.into_inner()) };
    let page = listed.await.map_err(|failure| error(&failure, ARTICLES))?;
    let mut resources = if first { vec![brief(server), proposals()] } else { Vec::new() };
    resources.extend(page.articles.iter().map(article));
    let mut list = ListResourcesResult::with_all_items(resources);
    list.next_cursor = Some(page.next_page_token).filter(|token| !token.is_empty());
    Ok(list)
}

/// How an article is named.
pub(super) fn template() -> ResourceTemplate {
    ResourceTemplate::new(format!("{ARTICLES}{{+path}}"), "article")
        .with_title("An article of the library")
        .with_description("An article by its path, such as how-to/renew-a-certificate; quoted, for agents wrote it")
        .with_mime_type(MARKDOWN)
}

/// What a resource holds.
pub(super) async fn read(server: &Server, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let failed = |failure: Failure| error(&failure, uri);
    let text = if uri == BRIEF {
        server.brief().await.map_err(failed)?
    } else if uri == PROPOSALS {
        server.proposals().await.map_err(failed)?
    } else if let Some(path) = uri.strip_prefix(ARTICLES) {
        server.article(path, None).await.map_err(failed)?
    } else {
        let words = format!(
            "`{uri}` is not here: {ARTICLES}PATH is an article, {BRIEF} the brief, {PROPOSALS} what is proposed"
        );
        return Err(not_there(words, uri));
    };
    let shown = page(&text, 0, Budget::tokens(Some(Budget::MOST))).map_err(failed)?;
    let contents = ResourceContents::text(shown.text, uri).with_mime_type(MARKDOWN);
    Ok(ReadResourceResult::new(vec![contents]))
}

fn brief(server: &Server) -> Resource {
    Resource::new(BRIEF, "brief")
        .with_title(format!("The brief of {}", server.agent()))
        .with_description("The notes that are worth most, as tidied in the last night")
        .with_mime_type(MARKDOWN)
}

fn proposals() -> Resource {
    Resource::new(PROPOSALS, "proposals")
        .with_title("What is proposed")
        .with_description("The proposals that stand: each is applied when its window is over, unless somebody objects")
        .with_mime_type(MARKDOWN)
}

fn article(article: &Article) -> Resource {
    Resource::new(format!("{ARTICLES}{}", article.path), article.path.clone())
        .with_title(clean(&one_line(&article.title)))
        .with_description(format!("Revision {}, written by agents", article.revision))
        .with_mime_type(MARKDOWN)
}

/// The error of the protocol for a failure: absence and outage are two.
fn error(failure: &Failure, uri: &str) -> ErrorData {
    let words = failure.to_string();
    match failure {
        Failure::NotFound(_) => not_there(words, uri),
        Failure::Unavailable(_) => {
            ErrorData::internal_error(words, Some(json!({ "uri": uri, "status": "unavailable" })))
        }
        Failure::Error(_) => ErrorData::internal_error(words, Some(json!({ "uri": uri, "status": "failed" }))),
        Failure::Refused(_) | Failure::Usage(_) => ErrorData::invalid_params(words, Some(json!({ "uri": uri }))),
    }
}

fn not_there(words: String, uri: &str) -> ErrorData {
    ErrorData::resource_not_found(words, Some(json!({ "uri": uri, "status": "not_known" })))
}
