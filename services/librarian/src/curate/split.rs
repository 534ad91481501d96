//! Splitting an article that has grown too long, by its sections.
//!
//! **Every statement stands on one of the pages that come of it**, and the page itself keeps what stands above its sections, with a link to each part.
//! Nothing is split without consent: this is the plan of it.

use std::collections::BTreeSet;

use commune_knowledge::{
    document::{self, Section},
    normalize, statement,
};
use commune_proto::ArticlePath;

use super::{Existing, Planned, article_check, size, skill};
use crate::library::{Article, Kind, Revision};

/// Most lines of an article: past that it is to be split, and nothing is merged into it.
pub const LINES: usize = 500;
/// Lines of a section that becomes a page of its own, at least; a shorter one stays where it is.
const PART: usize = 20;

/// The revisions that split a page: first the parts, then the page with the links to them, to be written in one batch. `taken` says
/// which paths are not free.
///
/// # Errors
/// When the page does not stand, is a skill, is not too long, or has no sections to split it by.
pub fn split(
    existing: &Existing,
    taken: &dyn Fn(&ArticlePath) -> bool,
    (night, now): (&str, &str),
) -> Result<Vec<Planned>, String> {
    let whole = &existing.article;
    if whole.kind != Kind::Article || !whole.stands() || skill::is_packed(&whole.body) {
        return Err(format!("`{}` is no page: only pages are split", whole.path));
    }
    let lines = whole.body.lines().count();
    if lines <= LINES {
        return Err(format!("`{}` has {lines} lines, and is split past {LINES}", whole.path));
    }
    let sections = document::sections(&whole.body);
    let level = sections.iter().filter(|section| section.level > 1).map(|section| section.level).min();
    let parts: Vec<&Section> = sections
        .iter()
        .filter(|section| Some(section.level) == level)
        .filter(|section| whole.body[section.whole.clone()].lines().count() >= PART)
        .collect();
    if parts.is_empty() {
        return Err(format!("`{}` has no section of {PART} lines or more: split it by hand", whole.path));
    }
    let mut paths = BTreeSet::new();
    let mut planned = Vec::new();
    let (mut body, mut reached) = (String::new(), 0);
    for section in parts {
        let path = free(&whole.path, &section.heading, |path| taken(path) || paths.contains(path))?;
        paths.insert(path.clone());
        body.push_str(&whole.body[reached..section.whole.start]);
        reached = section.whole.end;
        let heading = section.heading.replace(['[', ']', '|'], " ");
        body.push_str(&format!(
            "{} {}\n\n[[{path}|{}]]\n\n",
            "#".repeat(usize::from(section.level)),
            section.heading,
            heading.trim()
        ));
        let text = raised(&whole.body[section.whole.clone()], section.level);
        let article = Article { title: format!("{}: {}", whole.title, section.heading), body: text, ..whole.clone() };
        let article = Article { path, aliases: vec![section.heading.clone()], confirmed_by: Vec::new(), ..article };
        let mut part = revision(article, None, format!("split from {}", whole.path), (night, now))?;
        part.revision.split_from = Some(whole.path.clone());
        part.revision.absorbed = vec![whole.path.clone()];
        planned.push(part);
    }
    body.push_str(&whole.body[reached..]);
    let reason = format!("split into {} parts", planned.len());
    planned.push(revision(Article { body, ..whole.clone() }, Some(existing), reason, (night, now))?);
    let said: Vec<&str> = planned.iter().map(|planned| planned.revision.article.body.as_str()).collect();
    if !statement::missing(&said.join("\n\n"), &whole.body).is_empty() {
        return Err(format!("`{}` cannot be split without losing a statement: split it by hand", whole.path));
    }
    Ok(planned)
}

fn revision(
    mut article: Article,
    before: Option<&Existing>,
    reason: String,
    (night, now): (&str, &str),
) -> Result<Planned, String> {
    size::bound(&article.path, &article.body)?;
    article_check(&mut article);
    let article = article.following(before.map(|before| &before.article), night, now);
    Ok(Planned { revision: Revision::of(article, reason), before: before.cloned() })
}

/// A path below the page for a section.
fn free(page: &ArticlePath, heading: &str, taken: impl Fn(&ArticlePath) -> bool) -> Result<ArticlePath, String> {
    let slug = normalize::slug(heading);
    let numbered = (1..100)
        .map(|number| if number == 1 { slug.clone() } else { format!("{}-{number}", slug.get(..77).unwrap_or(&slug)) });
    let mut paths = numbered.filter_map(|end| {
        let below = ArticlePath::from_segments(page.segments().chain([end.as_str()]));
        // where the path is as deep as it may be, beside the page
        below.or_else(|_| format!("{page}-{end}").parse()).ok()
    });
    paths.find(|path| !taken(path)).ok_or_else(|| format!("no path below `{page}` is free for “{heading}”"))
}

/// A section as a page: its heading is the title, and what stands below is raised with it.
fn raised(text: &str, level: u8) -> String {
    let sections = document::sections(text);
    let mut raised = String::with_capacity(text.len());
    for section in &sections {
        let own = &text[section.own.clone()];
        let marks = "#".repeat(usize::from(section.level));
        match own.trim_start_matches(' ').strip_prefix(marks.as_str()) {
            Some(rest) if section.level > 0 => {
                raised.push_str(&"#".repeat(usize::from(section.level - (level - 1))));
                raised.push_str(rest);
            }
            _ => raised.push_str(own),
        }
    }
    format!("{}\n", raised.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(sections: usize) -> Existing {
        let mut body = "# The pool\n\nIt serves bookings.\n".to_owned();
        for section in 0..sections {
            body.push_str(&format!("\n## Part {section}\n\n"));
            body.extend((0..60).map(|line| format!("- line {line} of {section}\n")));
            body.push_str(&format!("\n### Why {section}\n\nBecause of {section}.\n"));
        }
        body.push_str("\n## Short\n\nIt stays.\n");
        let article = Article {
            title: "The pool".into(),
            body,
            revision: 4,
            ..Article::blank("how-to/pool".parse().unwrap(), Kind::Article)
        };
        Existing { article, sequence: 9 }
    }

    #[test]
    fn a_long_page_becomes_its_parts_and_links_to_them() {
        let existing = long(9);
        let planned = split(&existing, &|path| path.as_str() == "how-to/pool/part-0", ("2026-02-14", "now")).unwrap();
        let paths: Vec<&str> = planned.iter().map(|planned| planned.revision.article.path.as_str()).collect();
        assert_eq!(
            (paths.len(), paths[0], paths[1], paths[9]),
            (10, "how-to/pool/part-0-2", "how-to/pool/part-1", "how-to/pool")
        );
        let part = &planned[1].revision.article;
        assert!(part.body.starts_with("# Part 1\n\n- line 0 of 1\n"), "{}", part.body);
        assert!(part.body.ends_with("## Why 1\n\nBecause of 1.\n"), "{}", part.body);
        assert_eq!((part.title.as_str(), part.revision), ("The pool: Part 1", 1));
        let page = &planned[9].revision.article;
        assert!(page.body.lines().count() < 60 && page.body.ends_with("## Short\n\nIt stays.\n"), "{}", page.body);
        assert!(page.body.contains("## Part 1\n\n[[how-to/pool/part-1|Part 1]]\n"), "{}", page.body);
        let all: String = planned.iter().map(|planned| planned.revision.article.body.clone() + "\n").collect();
        assert!(statement::missing(&all, &existing.article.body).is_empty());
    }

    #[test]
    fn what_is_short_or_has_no_sections_is_not_split() {
        let none = |_: &ArticlePath| false;
        assert!(split(&long(2), &none, ("n", "t")).unwrap_err().contains("is split past 500"));
        let body = (0..600).map(|line| format!("- line {line}\n")).collect();
        let flat = Existing { article: Article { body, ..long(1).article }, sequence: 1 };
        assert!(split(&flat, &none, ("n", "t")).unwrap_err().contains("no section of 20 lines"));
    }
}
