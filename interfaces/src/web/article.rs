//! An article: what it says, by whom, what is contested in it, and what is around it.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Redirect},
};
use commune_proto::{
    ArticlePath,
    agent::v1::Verdict,
    article_id,
    librarian::v1::{
        Article, ArticleKind, GetArticleRequest, LinkedArticle, ListFeedbackRequest, ListFeedbackResponse,
        ListLinksRequest, StatementSource,
    },
};

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address},
    markdown::{self, Heading},
    picture::{self, Near},
    search::{Named, tags},
    show,
    site::{Chrome, Site},
};

/// Links in each direction.
const LINKS: i32 = 200;

#[derive(Template)]
#[template(path = "article.html")]
struct ArticlePage {
    chrome: Chrome,
    article: Head,
    /// Rendered by [`markdown::render`], which writes nothing that is to be feared.
    body: String,
    outline: Vec<Heading>,
    contributors: Vec<Named>,
    tags: Vec<Named>,
    /// Where it leads, and what leads to it.
    links: Vec<Near>,
    linked_from: Vec<Near>,
    /// How many more there are of each.
    more_links: usize,
    more_linked_from: usize,
    /// Both as SVG; empty where there are none.
    picture: String,
    contested: Vec<Vec<Side>>,
    doubts: Vec<Doubt>,
    content: String,
    came_from: String,
}

/// What stands above an article and its other pages.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) path: String,
    pub(super) title: String,
    pub(super) revision: u32,
    pub(super) night: String,
    pub(super) at: String,
    pub(super) skill: bool,
    pub(super) section: bool,
    pub(super) confirmed: String,
    /// The sections above.
    pub(super) above: Vec<Named>,
}

/// One of several statements that contradict each other.
struct Side {
    text: String,
    by: String,
}

/// What is said to be wrong.
struct Doubt {
    agent: String,
    reason: String,
}

pub(super) async fn article(State(site): State<Site>, Path(path): Path<String>, uri: Uri) -> Answer {
    let path = parsed(&path)?;
    let mut library = site.session().library()?;
    let name = format!("articles/{path}");
    // whoever reads here is a person, and no agent is thanked for it
    let get = GetArticleRequest { name, ..GetArticleRequest::default() };
    let article = library.get_article(get).await?.into_inner();
    if article.path != path.as_str() {
        let there = address(&format!("/articles/{}", article.path), &[("from", path.as_str())]);
        return Ok(Redirect::to(&there).into_response());
    }
    let list = ListFeedbackRequest { parent: format!("articles/{path}"), page_size: 0 };
    let said = library.list_feedback(list).await?.into_inner();
    let list = ListLinksRequest { parent: format!("articles/{path}"), page_size: LINKS };
    let linked = library.list_links(list).await?.into_inner();
    let leads = |target: &str| leads(&linked.links, &path, target);
    let rendered = markdown::render(&article.title, &article.body, &leads);
    let by = |agent: &String| Named {
        name: agent.clone(),
        href: address("/search", &[("q", &format!("by:{agent}"))]),
        count: 0,
    };
    let (links, linked_from) = (near(&linked.links), near(&linked.linked_from));
    let more = |total: i32, shown: &[Near]| usize::try_from(total).unwrap_or_default().saturating_sub(shown.len());
    page(&ArticlePage {
        chrome: site.chrome("library"),
        article: head(&article),
        body: rendered.html,
        outline: rendered.outline,
        contributors: article.contributors.iter().map(by).collect(),
        tags: tags(&article.tags),
        picture: picture::draw(&article.title, &linked_from, &links),
        more_links: more(linked.total_links, &links),
        more_linked_from: more(linked.total_linked_from, &linked_from),
        links,
        linked_from,
        contested: contested(&article),
        doubts: doubts(&said, &article),
        content: article_id(&article.path, &article.body),
        came_from: Fields::of(&uri).get("from").parse::<ArticlePath>().map(|from| from.to_string()).unwrap_or_default(),
    })
}

/// The page that a `[[link]]` leads to; none where the library has none of that path.
fn leads(links: &[LinkedArticle], here: &ArticlePath, target: &str) -> Option<String> {
    let target: ArticlePath = target.parse().ok()?;
    let is_meant = |link: &&LinkedArticle| {
        link.through == target.as_str() || link.name.strip_prefix("articles/") == Some(target.as_str())
    };
    let found = || links.iter().find(is_meant).map(|link| show::path(&link.name));
    if target == *here { Some(target.to_string()) } else { found() }
}

fn near(links: &[LinkedArticle]) -> Vec<Near> {
    let near = |link: &LinkedArticle| {
        let path = show::path(&link.name);
        Near {
            title: if link.title.is_empty() { path.clone() } else { link.title.clone() },
            path,
            see_also: link.see_also,
        }
    };
    links.iter().map(near).collect()
}

/// A path of an article in an address.
pub(super) fn parsed(path: &str) -> Result<ArticlePath, Trouble> {
    path.trim_end_matches('/').parse().map_err(|_| Trouble::not_found("No article can have this path."))
}

/// What stands above the pages of an article.
pub(super) fn head(article: &Article) -> Head {
    let mut above = Vec::new();
    let mut reached = 0;
    while let Some(at) = article.path[reached..].find('/') {
        let (name, path) = (&article.path[reached..reached + at], &article.path[..reached + at]);
        above.push(Named { name: name.to_owned(), href: format!("/sections/{path}"), count: 0 });
        reached += at + 1;
    }
    Head {
        path: article.path.clone(),
        title: if article.title.is_empty() { article.path.clone() } else { article.title.clone() },
        revision: article.revision,
        night: article.night.clone(),
        at: show::time(&article.curated_at),
        skill: article.kind() == ArticleKind::Skill,
        section: article.kind() == ArticleKind::Section,
        confirmed: match article.confirmations {
            0 => String::new(),
            n => show::count(n as usize, "other confirmed it", "others confirmed it"),
        },
        above,
    }
}

fn contested(article: &Article) -> Vec<Vec<Side>> {
    let by = |source: &StatementSource| match source.on.as_str() {
        "" => source.agent.clone(),
        on => format!("{}, {on}", source.agent),
    };
    let side = |said: &commune_proto::librarian::v1::ContestedStatement| Side {
        text: said.text.trim().to_owned(),
        by: said.sources.iter().map(by).collect::<Vec<_>>().join("; "),
    };
    article.contested.iter().map(|contested| contested.statements.iter().map(side).collect()).collect()
}

fn doubts(said: &ListFeedbackResponse, article: &Article) -> Vec<Doubt> {
    let wrong =
        said.feedback.iter().filter(|said| said.verdict() == Verdict::Wrong && said.revision == article.revision);
    wrong.map(|said| Doubt { agent: said.agent.clone(), reason: said.reason.clone() }).collect()
}
