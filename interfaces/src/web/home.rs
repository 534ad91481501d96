//! The first page; and sections and tags, which are searches for all that they hold.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use commune_proto::{
    ArticlePath,
    librarian::v1::{SearchArticlesRequest, SearchFilter},
};

use commune_runtime::clock::Clock;
use jiff::SignedDuration;

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address, segment},
    search::{Found, Hit, Named, hit},
    show,
    site::{Chrome, Site},
};
use crate::failure::Failure;

/// A query that allows all there is; a filter beside it narrows it. Every page is an article or a skill.
const ALL: &str = "since:1970-01-01";
/// Articles of the first page.
const LATELY: i32 = 12;
/// What counts as lately.
const DAYS: i64 = 7;
/// Of so many articles, the first by path, sections and tags are counted.
const COUNTED: usize = 1000;
/// Articles of a page of a section or a tag.
const LISTED: i32 = 50;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    chrome: Chrome,
    found: Found,
    total: String,
    /// What changed lately.
    lately: Vec<Hit>,
    /// Where all of that is listed; empty where all of it is shown.
    more: String,
    sections: Vec<Named>,
    tags: Vec<Named>,
    /// Of which articles these are counted; empty for all.
    counted: String,
}

/// Articles that have something in common.
#[derive(Template)]
#[template(path = "shelf.html")]
struct Shelf {
    chrome: Chrome,
    /// What it is a list of: `Section` or `Tag`.
    of: &'static str,
    name: String,
    /// The sections above.
    above: Vec<Named>,
    total: String,
    hits: Vec<Hit>,
    /// The sections or tags that its articles have.
    sections: Vec<Named>,
    tags: Vec<Named>,
    next: String,
}

/// The articles that a filter lets through, by path.
struct Listed {
    total: usize,
    hits: Vec<Hit>,
    sections: Vec<Named>,
    tags: Vec<Named>,
    next: String,
}

pub(super) async fn home(State(site): State<Site>) -> Answer {
    let all = list(&site, ALL, SearchFilter::default(), 1, "").await?;
    let from = Clock::system().now().saturating_sub(SignedDuration::from_hours(24 * DAYS));
    let since = from.map(|from| from.strftime("%Y-%m-%d").to_string()).map_err(Failure::error)?;
    let since = format!("since:{since}");
    let lately = list(&site, &since, SearchFilter::default(), LATELY, "").await?;
    page(&HomePage {
        chrome: site.chrome("library"),
        found: Found::default(),
        total: show::count(all.total, "article", "articles"),
        more: match lately.next.is_empty() {
            true => String::new(),
            false => address("/search", &[("q", &since)]),
        },
        lately: lately.hits,
        sections: all.sections,
        tags: all.tags,
        counted: if all.total > COUNTED { format!("of the first {COUNTED} articles") } else { String::new() },
    })
}

pub(super) async fn section(State(site): State<Site>, Path(path): Path<String>, uri: Uri) -> Answer {
    let path: ArticlePath =
        path.trim_end_matches('/').parse().map_err(|_| Trouble::not_found(format!("`{path}` is no section.")))?;
    let filter = SearchFilter { section: path.to_string(), ..SearchFilter::default() };
    let here = format!("/sections/{path}");
    let listed = list(&site, ALL, filter, LISTED, Fields::of(&uri).get("page")).await?;
    if listed.total == 0 {
        return Err(Trouble::not_found(format!("There is nothing in the section {path}.")));
    }
    let mut above = Vec::new();
    let mut reached = String::new();
    for part in path.segments() {
        reached = if reached.is_empty() { part.to_owned() } else { format!("{reached}/{part}") };
        above.push(Named { name: part.to_owned(), href: format!("/sections/{reached}"), count: 0 });
    }
    above.pop();
    page(&shelf(&site, "Section", path.to_string(), above, listed, &here))
}

pub(super) async fn tag(State(site): State<Site>, Path(tag): Path<String>, uri: Uri) -> Answer {
    let filter = SearchFilter { tags: vec![tag.to_lowercase()], ..SearchFilter::default() };
    let here = format!("/tags/{}", segment(&tag));
    let listed = list(&site, ALL, filter, LISTED, Fields::of(&uri).get("page")).await?;
    if listed.total == 0 {
        return Err(Trouble::not_found(format!("No article has the tag {tag}.")));
    }
    page(&shelf(&site, "Tag", tag, Vec::new(), listed, &here))
}

fn shelf(site: &Site, of: &'static str, name: String, above: Vec<Named>, listed: Listed, here: &str) -> Shelf {
    let next = if listed.next.is_empty() { String::new() } else { address(here, &[("page", &listed.next)]) };
    let others = |values: Vec<Named>| values.into_iter().filter(|value| value.href != here).collect();
    Shelf {
        chrome: site.chrome("library"),
        of,
        name,
        above,
        total: show::count(listed.total, "article", "articles"),
        hits: listed.hits,
        sections: others(listed.sections),
        tags: others(listed.tags),
        next,
    }
}

async fn list(site: &Site, query: &str, filter: SearchFilter, page_size: i32, page: &str) -> Result<Listed, Trouble> {
    let request = SearchArticlesRequest {
        query: query.to_owned(),
        filter: Some(filter),
        page_size,
        page_token: page.to_owned(),
        facets: true,
        ..SearchArticlesRequest::default()
    };
    let answer = site.session().library()?.search_articles(request).await?.into_inner();
    let values = |name: &str, address: &dyn Fn(&str) -> String| {
        let facet = answer.facets.iter().find(|facet| facet.name == name);
        let named = |counted: &commune_proto::librarian::v1::FacetCount| Named {
            name: counted.value.clone(),
            href: address(&counted.value),
            count: counted.count,
        };
        facet.map(|facet| facet.values.iter().map(named).collect()).unwrap_or_default()
    };
    Ok(Listed {
        total: usize::try_from(answer.total_size).unwrap_or_default(),
        sections: values("in", &|section| format!("/sections/{section}")),
        tags: values("tag", &|tag| format!("/tags/{}", segment(tag))),
        hits: answer.results.iter().map(hit).collect(),
        next: answer.next_page_token,
    })
}
