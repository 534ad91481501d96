//! ImportArticle: a finished page becomes a revision.

use commune_bus::{Outgoing, PublishError, StreamName, subject};
use commune_knowledge::{
    document::{self, Document},
    hostile, normalize, statement,
};
use commune_proto::{
    AgentId, ArticlePath,
    librarian::v1::{ArticleKind, ImportArticleRequest, ImportArticleResponse},
};
use commune_runtime::{grpc::invalid, telemetry};
use tonic::Status;

use super::{LibraryApi, VIEW_WAIT, unavailable};
use crate::{
    curate::{BODY_LIMIT, article_check, bound_said, hostile_check, said, secret_check},
    handlers::{STAGE, revision_id},
    library::{Article, Entry, Kind, Library, Provenance, Revision},
    translate,
};

/// The night of an import.
const NIGHT: &str = "import";
const TITLE_LIMIT: usize = 256;
const SOURCE_LIMIT: usize = 1024;
/// Tries against others who change the same page.
const TRIES: usize = 5;

impl LibraryApi {
    pub(super) async fn import(&self, request: ImportArticleRequest) -> Result<ImportArticleResponse, Status> {
        let agent: AgentId = request.agent.parse().map_err(|problem| invalid("agent", problem))?;
        if request.source.len() > SOURCE_LIMIT {
            return Err(invalid("source", format!("at most {SOURCE_LIMIT} bytes are allowed")));
        }
        let mut wanted = wanted(request.article.ok_or_else(|| invalid("article", "an article is needed"))?)?;
        wanted.contributors = vec![agent.to_string()];
        self.ready()?;
        for _ in 0..TRIES {
            let entry = self.catalogue.library().read(|library| library.get(&wanted.path).cloned());
            if let Some(to) = entry.as_ref().and_then(|entry| entry.newest.article.redirect_to.as_ref()) {
                let (from, to) = (super::names::of(&wanted.path), super::names::of(to));
                return Err(Status::failed_precondition(format!("`{from}` went to `{to}`: bring the page there")));
            }
            let there = |entry: &&Entry| {
                let is = |page| is_there(page, &wanted);
                standing(entry).is_some_and(|stands| is(stands) || is(&entry.brought.article))
            };
            if let Some(entry) = entry.as_ref().filter(there) {
                let article = Some(translate::article_to_wire(&entry.newest.article));
                return Ok(ImportArticleResponse { article, changed: false });
            }
            let brought = entry.as_ref().filter(|entry| standing(entry).is_some()).map(|entry| &entry.brought.article);
            let merged = brought.filter(|stands| shared(stands, &wanted));
            let merged = merged.map(|stands| joined(stands, &wanted)).transpose()?;
            let own = &wanted.body;
            let page = merged.as_ref().unwrap_or(&wanted);
            let revision = self.imported(page, own, entry.as_ref(), &agent, &request.source);
            if self.store(&revision, entry.map_or(0, |e| e.sequence())).await? {
                let article = Some(translate::article_to_wire(&revision.article));
                return Ok(ImportArticleResponse { article, changed: true });
            }
        }
        Err(Status::aborted("others are changing this page at the same time: try again"))
    }

    /// Stores a revision after the one that was read; false when another was first, and the view has it.
    pub(super) async fn store(&self, revision: &Revision, after: u64) -> Result<bool, Status> {
        let message = Outgoing::event(
            subject::article_curated(&revision.article.path),
            &revision_id(revision),
            STAGE,
            self.clock.now(),
            &translate::revision_to_wire(revision),
        );
        match self.bus.publish(message.after(after)).await {
            Ok(stored) => {
                self.catalogue.library().reached(stored.sequence, VIEW_WAIT).await.map_err(unavailable)?;
                Ok(true)
            }
            Err(PublishError::Conflict { .. }) => self.catch_up().await.map(|()| false),
            Err(PublishError::Refused { reason, .. }) => {
                Err(Status::failed_precondition(format!("the library refused the page: {reason}")))
            }
            Err(problem) => Err(unavailable(problem)),
        }
    }

    /// The revision that takes in a page, of which `own` is what was brought.
    fn imported(&self, wanted: &Article, own: &str, entry: Option<&Entry>, agent: &AgentId, source: &str) -> Revision {
        let before = entry.and_then(standing);
        let mut article = wanted.clone();
        article.contributors = before.map(|b| b.contributors.clone()).unwrap_or_default();
        article.contributors.push(agent.to_string());
        article.confirmed_by = before.map(|b| b.confirmed_by.clone()).unwrap_or_default();
        article.see_also = before.map(|b| b.see_also.clone()).unwrap_or_default();
        article_check(&mut article);
        let newest = entry.map(|entry| &entry.newest.article);
        let article = article.following(newest, NIGHT, &self.clock.now().to_string());
        let stood = before.map_or("", |b| b.body.as_str());
        let added = statement::missing(stood, &article.body).len();
        let mut provenance = vec![Provenance {
            contribution: String::new(),
            agent: agent.to_string(),
            night: NIGHT.to_owned(),
            trace_id: telemetry::current_trace_id(),
            statements_added: u32::try_from(added).unwrap_or(u32::MAX),
            statements: said(stood, &article.body, own),
        }];
        bound_said(&mut provenance);
        let from = if source.is_empty() { String::new() } else { format!(" from {source}") };
        Revision { provenance, ..Revision::of(article, format!("imported{from} by {agent}")) }
    }

    pub(super) async fn catch_up(&self) -> Result<(), Status> {
        let last = self.bus.last_sequence(StreamName::Library).await.map_err(unavailable)?;
        if last > self.catalogue.library().read(Library::last_sequence) {
            self.catalogue.library().reached(last, VIEW_WAIT).await.map_err(unavailable)?;
        }
        Ok(())
    }
}

/// The page, where something is left of it.
fn standing(entry: &Entry) -> Option<&Article> {
    Some(&entry.newest.article).filter(|article| article.stands())
}

/// The page as it is to be, or what is wrong with it.
fn wanted(given: commune_proto::librarian::v1::Article) -> Result<Article, Status> {
    let path: ArticlePath = given.path.parse().map_err(|problem| invalid("article.path", problem))?;
    if given.title.len() > TITLE_LIMIT {
        return Err(invalid("article.title", format!("at most {TITLE_LIMIT} bytes are allowed")));
    }
    fits(&given.body)?;
    let text = normalize::text(&given.body);
    let given_body = Document::parse(&text).map_err(|problem| invalid("article.body", problem))?.body;
    let mut body = hostile::harmless(&given_body);
    if body.trim().is_empty() {
        return Err(invalid("article.body", "the page is empty"));
    }
    if !body.ends_with('\n') {
        body.push('\n');
    }
    // what is shown instead of passed on is longer than it was
    fits(&body)?;
    let mut title = given.title.trim().to_owned();
    if title.is_empty() {
        title = document::title(&body);
    }
    let names = [&given.tags, &given.aliases].into_iter().flatten();
    let whole =
        std::iter::once(&title).chain(names).chain([&given_body]).fold(String::new(), |all, part| all + part + "\n");
    if let Some(reason) = secret_check(&whole).or_else(|| hostile_check(&whole)) {
        return Err(invalid("article.body", reason));
    }
    let mut article = Article {
        title,
        body,
        tags: given.tags,
        aliases: given.aliases,
        ..Article::blank(path, if given.kind == ArticleKind::Skill as i32 { Kind::Skill } else { Kind::Article })
    };
    article_check(&mut article);
    Ok(article)
}

fn fits(body: &str) -> Result<(), Status> {
    match body.len() {
        0..=BODY_LIMIT => Ok(()),
        bytes => {
            Err(invalid("article.body", format!("{bytes} bytes; at most {BODY_LIMIT} are allowed: split the page")))
        }
    }
}

/// True when others than who brings the page wrote in it: what they added must not be lost to another import.
fn shared(stands: &Article, wanted: &Article) -> bool {
    stands.contributors.iter().any(|agent| !wanted.contributors.contains(agent))
}

/// What is brought, together with what others wrote in the page.
fn joined(stands: &Article, wanted: &Article) -> Result<Article, Status> {
    let mut article = wanted.clone();
    article.body = statement::merge(&stands.body, &wanted.body);
    if article.body.len() > BODY_LIMIT {
        let problem = format!("with what others wrote in it the page has more than {BODY_LIMIT} bytes: split it");
        return Err(Status::failed_precondition(problem));
    }
    article.tags.extend(stands.tags.iter().cloned());
    article.aliases.extend(stands.aliases.iter().cloned());
    Ok(article)
}

/// True when the library has the page already, word for word, as it stands or as it was brought: what tending mended since, and other names that
/// it gained meanwhile, stay.
fn is_there(stands: &Article, wanted: &Article) -> bool {
    stands.title == wanted.title
        && stands.kind == wanted.kind
        && (stands.body == wanted.body
            || shared(stands, wanted) && statement::missing(&stands.body, &wanted.body).is_empty())
        && wanted.tags.iter().all(|tag| stands.tags.contains(tag))
        && wanted.aliases.iter().all(|alias| stands.aliases.contains(alias))
}

#[cfg(test)]
mod tests {
    use commune_proto::librarian::v1 as wire;

    use super::*;

    fn check(article: wire::Article, field: &str) {
        let refused = wanted(article).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        assert!(refused.message().starts_with(field), "{}", refused.message());
    }

    #[test]
    fn a_page_is_checked_at_the_door() {
        let page =
            |path: &str, body: &str| wire::Article { path: path.into(), body: body.into(), ..Default::default() };
        let good = wanted(page("a/b", "---\ntags: x\n---\n# The title\n\ntext")).unwrap();
        assert_eq!((good.title.as_str(), good.body.as_str()), ("The title", "# The title\n\ntext\n"));
        check(page("A", "x"), "article.path");
        check(page("a", "  "), "article.body");
        // the end of the last line is part of the page, and so is what HTML becomes
        let sized = |bytes: usize| page("a", &"Water the plants. ".repeat(bytes / 18 + 1)[..bytes - 1]);
        assert_eq!(wanted(sized(BODY_LIMIT)).unwrap().body.len(), BODY_LIMIT);
        check(sized(BODY_LIMIT + 1), "article.body: 524289 bytes; at most 524288 are allowed: split the page");
        check(sized(BODY_LIMIT + 2), "article.body: 524289 bytes");
        check(page("a", &"<i>x</i> ".repeat(BODY_LIMIT / 9)), "article.body: ");
        check(page("a", "---\nopen"), "article.body");
        check(wire::Article { title: "t".repeat(300), ..page("a", "x") }, "article.title");
    }
}
