//! Search: a page, and for the script the results alone.

use askama::Template;
use axum::{extract::State, http::Uri};
use commune_proto::librarian::v1::{SearchArticlesRequest, SearchArticlesResponse, SearchResult, SearchStatus};

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address, segment},
    show,
    site::{Chrome, Site},
};

/// Articles on one page.
const ARTICLES: i32 = 20;
/// Values of one respect by which an answer can be narrowed.
const NARROWED: usize = 8;
/// Bytes of a question.
const QUESTION: usize = 1024;

/// A page of results.
#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    chrome: Chrome,
    found: Found,
}

/// The results alone.
#[derive(Template)]
#[template(path = "results.html")]
struct Results {
    found: Found,
}

/// What a search found, as it is shown.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How it ended, in one line.
    pub(super) said: String,
    /// Why it is doubtful or not known.
    pub(super) reason: String,
    /// True where it is in doubt.
    pub(super) doubtful: bool,
    /// What may have been meant, and where it is looked for.
    pub(super) meant: Option<Named>,
    /// The articles.
    pub(super) hits: Vec<Hit>,
    /// What comes nearest, where the library does not know.
    pub(super) nearest: Vec<Hit>,
    /// By what it may be narrowed.
    pub(super) narrower: Vec<Respect>,
    /// The next page; empty at the end.
    pub(super) next: String,
}

/// Something with its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) href: String,
    /// How often; 0 where it is not counted.
    pub(super) count: u32,
}

/// A respect in which articles differ, and its values.
#[derive(Debug)]
pub(super) struct Respect {
    pub(super) name: &'static str,
    pub(super) values: Vec<Named>,
}

/// One article.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) path: String,
    pub(super) title: String,
    /// Pieces of its text; those that matched are marked.
    pub(super) pieces: Vec<Piece>,
    pub(super) contributors: String,
    pub(super) skill: bool,
    pub(super) contested: bool,
    pub(super) confirmations: u32,
    pub(super) tags: Vec<Named>,
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) matched: bool,
}

pub(super) async fn search(State(site): State<Site>, uri: Uri) -> Answer {
    let fields = Fields::of(&uri);
    let query = fields.get("q");
    let found = match query {
        "" => Found::default(),
        query if query.len() > QUESTION => {
            let said = format!("A question may have {QUESTION} bytes at most: ask for less.");
            Found { said, ..Found::default() }
        }
        query => find(&site, query, query, fields.get("page")).await?,
    };
    if fields.get("part") == "results" {
        return page(&Results { found });
    }
    page(&SearchPage { chrome: Chrome { query: query.to_owned(), ..site.chrome("library") }, found })
}

/// Looks for what a query asks; it leaves nothing behind.
async fn find(site: &Site, query: &str, asked: &str, page: &str) -> Result<Found, Trouble> {
    let request = SearchArticlesRequest {
        query: query.to_owned(),
        page_size: ARTICLES,
        page_token: page.to_owned(),
        facets: page.is_empty(),
        ..SearchArticlesRequest::default()
    };
    let answer = site.session().library()?.search_articles(request).await?.into_inner();
    Ok(shown(&answer, asked))
}

fn shown(answer: &SearchArticlesResponse, query: &str) -> Found {
    let searched = |query: &str| address("/search", &[("q", query)]);
    let total = usize::try_from(answer.total_size).unwrap_or_default();
    let said = match answer.status() {
        SearchStatus::Found => show::count(total, "article", "articles"),
        SearchStatus::LowConfidence => {
            format!("In doubt: {} may not be what you asked for", show::count(total, "article", "articles"))
        }
        SearchStatus::NotKnown | SearchStatus::Unspecified => "Not known here".to_owned(),
    };
    let reason = answer.reason.split_once(": ").map_or(answer.reason.as_str(), |(_, reason)| reason);
    let mut first = reason.chars();
    let reason = first.next().map(|c| format!("{}{}.", c.to_uppercase(), first.as_str())).unwrap_or_default();
    let meant = Some(&answer.suggestion).filter(|meant| !meant.is_empty());
    let narrower = answer.facets.iter().filter_map(|facet| {
        let name = match facet.name.as_str() {
            "kind" => "Kind",
            "tag" => "Tag",
            "in" => "Section",
            "by" => "Contributor",
            _ => return None,
        };
        let narrow = |value: &str| searched(&format!("{query} {}:{value}", facet.name));
        let values = facet.values.iter().take(NARROWED).map(|counted| Named {
            name: counted.value.clone(),
            href: narrow(&counted.value),
            count: counted.count,
        });
        // what all of them are narrows nothing
        let narrows = facet.values.iter().any(|counted| i64::from(counted.count) < i64::from(answer.total_size));
        narrows.then(|| Respect { name, values: values.collect() })
    });
    Found {
        said,
        reason,
        doubtful: answer.status() == SearchStatus::LowConfidence,
        meant: meant.map(|meant| Named { name: meant.clone(), href: searched(meant), count: 0 }),
        hits: answer.results.iter().map(hit).collect(),
        nearest: answer.nearest.iter().take(3).map(hit).collect(),
        narrower: narrower.collect(),
        next: match answer.next_page_token.as_str() {
            "" => String::new(),
            next => address("/search", &[("q", query), ("page", next)]),
        },
    }
}

/// One article as it is listed.
pub(super) fn hit(result: &SearchResult) -> Hit {
    Hit {
        path: show::path(&result.name),
        title: result.title.clone(),
        pieces: pieces(&result.snippet, result.highlights.iter().map(|h| (h.start as usize, h.end as usize))),
        contributors: result.contributors.join(", "),
        skill: result.kind() == commune_proto::librarian::v1::ArticleKind::Skill,
        contested: result.contested > 0,
        confirmations: result.confirmations,
        tags: tags(&result.tags),
    }
}

/// Tags with their pages.
pub(super) fn tags(tags: &[String]) -> Vec<Named> {
    let named = |tag: &String| Named { name: tag.clone(), href: format!("/tags/{}", segment(tag)), count: 0 };
    tags.iter().map(named).collect()
}

/// A text cut at what matched; places that are none are passed over.
fn pieces(text: &str, matched: impl Iterator<Item = (usize, usize)>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut reached = 0;
    for (start, end) in matched {
        if let (Some(before), Some(found)) = (text.get(reached..start), text.get(start..end)) {
            pieces.push(Piece { text: before.to_owned(), matched: false });
            pieces.push(Piece { text: found.to_owned(), matched: true });
            reached = end;
        }
    }
    pieces.push(Piece { text: text[reached..].to_owned(), matched: false });
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use commune_proto::librarian::v1::{Facet, FacetCount};

    #[test]
    fn what_matched_is_marked_where_it_stands() {
        let check = |text: &str, matched: &[(usize, usize)], expected: &[(&str, bool)]| {
            let found = pieces(text, matched.iter().copied());
            let found: Vec<_> = found.iter().map(|piece| (piece.text.as_str(), piece.matched)).collect();
            assert_eq!(found, expected, "{text} {matched:?}");
        };
        check("drain the pool", &[(0, 5), (10, 14)], &[("drain", true), (" the ", false), ("pool", true)]);
        // inside a character, behind the end, backwards: nothing of that is a place
        check("größe", &[(2, 3), (0, 99), (4, 1)], &[("größe", false)]);
        check("", &[(0, 0)], &[]);
    }

    #[test]
    fn found_doubtful_and_not_known_are_told_apart() {
        let answer = |status: SearchStatus, reason: &str| SearchArticlesResponse {
            status: status.into(),
            total_size: 1,
            reason: reason.into(),
            suggestion: "pool".into(),
            ..SearchArticlesResponse::default()
        };
        assert_eq!(shown(&answer(SearchStatus::Found, ""), "x").said, "1 article");
        let doubtful = shown(&answer(SearchStatus::LowConfidence, "low confidence: the best lack “x”"), "x");
        assert!(doubtful.doubtful && doubtful.said.starts_with("In doubt"), "{doubtful:?}");
        assert_eq!(doubtful.reason, "The best lack “x”.");
        let unknown = shown(&answer(SearchStatus::NotKnown, "not known here: none"), "x");
        assert_eq!((unknown.said.as_str(), unknown.meant.unwrap().href.as_str()), ("Not known here", "/search?q=pool"));
    }

    #[test]
    fn an_answer_is_narrowed_by_what_differs_in_it() {
        let facet =
            |name: &str, count: u32| Facet { name: name.into(), values: vec![FacetCount { value: "a".into(), count }] };
        let answer = SearchArticlesResponse {
            facets: vec![facet("kind", 2), facet("tag", 1)],
            total_size: 2,
            status: SearchStatus::Found.into(),
            ..SearchArticlesResponse::default()
        };
        let found = shown(&answer, "pool");
        assert_eq!(found.narrower.len(), 1, "all are of one kind: {found:?}");
        assert_eq!(found.narrower[0].values[0].href, "/search?q=pool+tag%3Aa");
    }
}
