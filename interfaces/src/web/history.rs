//! How an article came to be: its revisions, what one of them changed word by word, and who said which line.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::Uri,
};
use commune_proto::librarian::v1::{
    ArticleCurated, BlameArticleRequest, BlamedLine, DiffKind, DiffRevisionsRequest, DiffSegment, GetRevisionRequest,
    LineOrigin, ListRevisionsRequest,
};

use super::{
    answer::{Answer, Trouble, page},
    article::{Head, head, parsed},
    fields::{Fields, address},
    show,
    site::{Chrome, Site},
};
use crate::diff::around;

/// Revisions on one page.
const REVISIONS: i32 = 50;
/// Lines on one page of blame.
const LINES: i32 = 500;

#[derive(Template)]
#[template(path = "history.html")]
struct HistoryPage {
    chrome: Chrome,
    article: Head,
    total: String,
    revisions: Vec<Revision>,
    next: String,
}

#[derive(Template)]
#[template(path = "revision.html")]
struct RevisionPage {
    chrome: Chrome,
    article: Head,
    revision: Revision,
    from: u32,
    newest: bool,
    segments: Vec<Segment>,
}

#[derive(Template)]
#[template(path = "blame.html")]
struct BlamePage {
    chrome: Chrome,
    article: Head,
    lines: Vec<Line>,
    next: String,
}

/// A revision as it is listed.
struct Revision {
    number: u32,
    night: String,
    at: String,
    by: Vec<By>,
    why: String,
    proposal: String,
    answered: Vec<String>,
}

/// Who brought something, and how much of it was new.
struct By {
    agent: String,
    added: u32,
    trace: String,
}

/// A run of words of a difference.
#[derive(Debug, PartialEq, Eq)]
struct Segment {
    kind: &'static str,
    text: String,
}

/// A line with who said it.
struct Line {
    number: u32,
    text: String,
    who: String,
    since: String,
    revision: u32,
    /// True where the line before is by the same.
    same: bool,
}

pub(super) async fn history(State(site): State<Site>, Path(path): Path<String>, uri: Uri) -> Answer {
    let path = parsed(&path)?;
    let request = ListRevisionsRequest {
        parent: format!("articles/{path}"),
        page_size: REVISIONS,
        page_token: Fields::of(&uri).get("page").to_owned(),
    };
    let listed = site.session().library()?.list_revisions(request).await?.into_inner();
    let newest = listed.revisions.first().and_then(|revision| revision.article.clone()).unwrap_or_default();
    page(&HistoryPage {
        chrome: site.chrome("library"),
        article: head(&newest),
        total: show::count(usize::try_from(listed.total_size).unwrap_or_default(), "revision", "revisions"),
        revisions: listed.revisions.iter().map(|revision| told(&site, revision)).collect(),
        next: match listed.next_page_token.as_str() {
            "" => String::new(),
            next => address(&format!("/history/{path}"), &[("page", next)]),
        },
    })
}

pub(super) async fn revision(State(site): State<Site>, Path((number, path)): Path<(String, String)>) -> Answer {
    let path = parsed(&path)?;
    let number: u32 = number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| Trouble::not_found(format!("`{number}` is no revision: they are counted from 1.")))?;
    let mut library = site.session().library()?;
    let name = format!("articles/{path}/revisions/{number}");
    let curated = library.get_revision(GetRevisionRequest { name }).await?.into_inner();
    let name = format!("articles/{path}");
    let diff = DiffRevisionsRequest { name: name.clone(), from: number - 1, to: number, words: true };
    let diff = library.diff_revisions(diff).await?.into_inner();
    let newest = ListRevisionsRequest { parent: name, page_size: 1, page_token: String::new() };
    let newest = library.list_revisions(newest).await?.into_inner();
    let newest = newest.revisions.first().and_then(|revision| revision.article.as_ref()).map_or(0, |a| a.revision);
    let article = curated.article.clone().unwrap_or_default();
    page(&RevisionPage {
        chrome: site.chrome("library"),
        article: head(&article),
        revision: told(&site, &curated),
        from: diff.from,
        newest: newest == number,
        segments: segments(&diff.segments),
    })
}

pub(super) async fn blame(State(site): State<Site>, Path(path): Path<String>, uri: Uri) -> Answer {
    let path = parsed(&path)?;
    let name = format!("articles/{path}");
    let mut library = site.session().library()?;
    let blame = BlameArticleRequest {
        name: name.clone(),
        revision: 0,
        page_size: LINES,
        page_token: Fields::of(&uri).get("page").to_owned(),
    };
    let blamed = library.blame_article(blame).await?.into_inner();
    let name = format!("{name}/revisions/{}", blamed.revision);
    let curated = library.get_revision(GetRevisionRequest { name }).await?.into_inner();
    page(&BlamePage {
        chrome: site.chrome("library"),
        article: head(&curated.article.unwrap_or_default()),
        lines: lines(&blamed.lines),
        next: match blamed.next_page_token.as_str() {
            "" => String::new(),
            next => address(&format!("/blame/{path}"), &[("page", next)]),
        },
    })
}

fn told(site: &Site, curated: &ArticleCurated) -> Revision {
    let article = curated.article.clone().unwrap_or_default();
    let by = curated.provenance.iter().map(|brought| By {
        agent: brought.agent.clone(),
        added: brought.statements_added,
        trace: site.trace(&brought.trace_id),
    });
    Revision {
        number: article.revision,
        night: article.night,
        at: show::time(&article.curated_at),
        by: by.collect(),
        why: curated.reason.clone(),
        proposal: curated.proposal.clone(),
        answered: curated.answered.iter().map(|need| need.question.clone()).collect(),
    }
}

/// What changed, with a few lines of what is equal around it.
fn segments(all: &[DiffSegment]) -> Vec<Segment> {
    let shown = |(at, segment): (usize, &DiffSegment)| match segment.kind() {
        DiffKind::Removed => Segment { kind: "removed", text: segment.text.clone() },
        DiffKind::Added => Segment { kind: "added", text: segment.text.clone() },
        _ => Segment { kind: "equal", text: around(&segment.text, at > 0, at + 1 < all.len()) },
    };
    all.iter().enumerate().map(shown).collect()
}

fn lines(blamed: &[BlamedLine]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(blamed.len());
    for line in blamed {
        let names: Vec<&str> = line.sources.iter().map(|source| source.agent.as_str()).collect();
        let mut who = names.join(", ");
        if line.more_sources > 0 {
            who.push_str(&format!(" and {} more", line.more_sources));
        }
        if who.is_empty() && line.origin() == LineOrigin::Librarian {
            "the librarian".clone_into(&mut who);
        }
        let first = line.sources.first();
        let (since, revision) = first.map(|first| (first.on.clone(), first.revision)).unwrap_or_default();
        let same = lines.last().is_some_and(|before| (&before.who, before.revision) == (&who, revision));
        lines.push(Line { number: line.number, text: line.text.clone(), who, since, revision, same });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use commune_proto::librarian::v1::StatementSource;

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        let segment = |kind: DiffKind, text: &str| DiffSegment { kind: kind.into(), text: text.into() };
        let long: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let all = [
            segment(DiffKind::Equal, &long),
            segment(DiffKind::Removed, "old"),
            segment(DiffKind::Added, "new"),
            segment(DiffKind::Equal, " words\n"),
        ];
        let shown = segments(&all);
        assert_eq!(shown[0].text, "…\nline 16\nline 17\nline 18\nline 19\n");
        assert_eq!((shown[1].kind, shown[2].kind, shown[3].text.as_str()), ("removed", "added", " words\n"));
    }

    #[test]
    fn a_line_says_who_said_it_and_whether_that_is_who_said_the_one_before() {
        let line = |number: u32, origin: LineOrigin, agents: &[&str]| BlamedLine {
            number,
            text: "x".into(),
            origin: origin.into(),
            sources: agents.iter().map(|a| StatementSource { agent: (*a).into(), ..Default::default() }).collect(),
            more_sources: 0,
        };
        let told = lines(&[
            line(1, LineOrigin::Librarian, &[]),
            line(2, LineOrigin::Agents, &["ada", "bo"]),
            line(3, LineOrigin::Agents, &["ada", "bo"]),
            line(4, LineOrigin::Blank, &[]),
        ]);
        let told: Vec<_> = told.iter().map(|line| (line.who.as_str(), line.same)).collect();
        assert_eq!(told, [("the librarian", false), ("ada, bo", false), ("ada, bo", true), ("", false)]);
    }
}
