//! Withdrawing: contributions leave the article that they reached.
//!
//! **The page becomes what it would be had they never come**: it is made again from what else went into it, in the same order,
//! so that no word can stay that only they brought: no statement, heading, title, name, tag or contributor. What others said too stays.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::{
    document, normalize,
    personal::Names,
    statement::{self, statements},
};

use super::{
    Existing, Piece, Planned, Shelf, finish,
    fold::{self, Draft},
    form,
    twins::Twins,
};
use crate::library::{Article, WITHDRAWAL as NIGHT, statement_ids};

/// What goes into an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A contribution.
    Piece(Box<Piece>),
    /// A page that was imported.
    Page(Box<Imported>),
}

/// A page as an import left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Who brought it.
    pub agent: String,
    /// The page with it.
    pub article: Article,
    /// The page before it; none where it was founded by it.
    pub before: Option<Article>,
}

/// A contribution that goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// Who contributed it.
    pub agent: String,
    /// The contribution.
    pub contribution: String,
}

/// The revision that takes contributions out of an article: what else went into it, in order, is all that is left. `on` is the
/// day. The questions that the page still answers are in it, for whoever looks whether it is found.
///
/// # Errors
/// When the page cannot be made again within its bound.
pub fn withdraw(
    existing: Existing,
    kept: &[Source],
    gone: &[Gone],
    questions: &BTreeMap<String, Vec<String>>,
    (on, now): (&str, &str),
    owner_of: &dyn Fn(&str) -> String,
) -> Result<Planned, String> {
    let names = Names::default();
    let shelf = Shelf {
        get: &|_| None,
        twins: &Twins::default(),
        questions,
        names: &names,
        belonging: &|_| None,
        owner_of,
        said_on: &|_, _| None,
    };
    let mut draft: Option<Draft> = None;
    for source in kept {
        match (source, draft.as_mut()) {
            (Source::Piece(piece), None) => {
                let body = form::body(&piece.title, &piece.text);
                draft = Some(fold::found(existing.article.path.clone(), piece, body, &shelf)?);
            }
            (Source::Piece(piece), Some(draft)) => {
                fold::add(draft, piece, &shelf)?;
            }
            (Source::Page(page), _) => draft = import(draft.take(), page),
        }
    }
    let mut draft = draft.unwrap_or_else(|| nothing(&existing.article, on));
    // what came through a redirect was at another path once
    draft.article.path = existing.article.path.clone();
    let left = statement::missing(&draft.article.body, &existing.article.body).len();
    let reasons = vec![reason(gone, left)];
    let draft = Draft { before: Some(existing), provenance: Vec::new(), reasons, ..draft };
    let mut planned = finish(draft, NIGHT, now);
    planned.revision.withdrawn = gone.iter().map(|gone| gone.contribution.clone()).collect();
    planned.revision.withdrawn.sort();
    planned.revision.withdrawn.dedup();
    Ok(planned)
}

/// Says who and how much; never what.
fn reason(gone: &[Gone], statements: usize) -> String {
    let agents: BTreeSet<&str> = gone.iter().map(|gone| gone.agent.as_str()).collect();
    let agents: Vec<&str> = agents.into_iter().collect();
    let counted = if statements == 1 { "1 statement".to_owned() } else { format!("{statements} statements") };
    format!("withdraws what {} contributed ({counted})", agents.join(" and "))
}

/// The page of which nothing is left.
fn nothing(article: &Article, on: &str) -> Draft {
    let article = Article { withdrawn_on: on.to_owned(), ..Article::blank(article.path.clone(), article.kind) };
    Draft { article, before: None, provenance: Vec::new(), answered: Vec::new(), reasons: Vec::new() }
}

/// Brings a page in as it was brought: whole where nobody else had written in it, else what it added to what stood there. What
/// stood there already was not brought by it, whoever else had said it.
fn import(draft: Option<Draft>, page: &Imported) -> Option<Draft> {
    let others = |article: &&Article| article.contributors.iter().any(|agent| *agent != page.agent);
    let mut article = page.article.clone();
    if let Some(before) = page.before.as_ref().filter(others) {
        let stood: BTreeSet<String> = statements(&before.body).into_iter().map(|s| s.identity).collect();
        let added = statement::without(&article.body, &stood);
        let stands = draft.as_ref().map_or("", |draft| draft.article.body.as_str());
        let added = form::body(&article.title, &without_headings(&added, &before.body, stands));
        let new = |names: &[String], stood: &[String]| -> Vec<String> {
            names.iter().filter(|name| !stood.contains(name)).cloned().collect()
        };
        (article.tags, article.aliases) = (new(&article.tags, &before.tags), new(&article.aliases, &before.aliases));
        match &draft {
            None if statements(&added).is_empty() => return None,
            None => article.body = added,
            Some(draft) => {
                article.body = statement::merge(&draft.article.body, &added);
                article.tags.extend(draft.article.tags.iter().cloned());
                article.aliases.extend(draft.article.aliases.iter().cloned());
            }
        }
    }
    let answered = draft.as_ref().map(|draft| draft.answered.clone()).unwrap_or_default();
    let mut provenance = draft.as_ref().map(|draft| draft.provenance.clone()).unwrap_or_default();
    let day = page.article.curated_at.get(.."2026-02-14".len()).unwrap_or_default();
    provenance.push(super::imported(&page.agent, day, statement_ids(&page.article.body)));
    article.confirmed_by = draft.as_ref().map(|draft| draft.article.confirmed_by.clone()).unwrap_or_default();
    article.contributors = draft.map(|draft| draft.article.contributors).unwrap_or_default();
    article.contributors.push(page.agent.clone());
    Some(Draft { article, before: None, provenance, answered, reasons: Vec::new() })
}

/// A body without the headings that stood on the page before and that nothing brings any more.
fn without_headings(body: &str, before: &str, stands: &str) -> String {
    let headings = |body: &str| -> BTreeSet<String> {
        document::sections(body).iter().map(|section| normalize::identity(&section.heading)).collect()
    };
    let (before, stands) = (headings(before), headings(stands));
    let mut left = String::new();
    for section in document::sections(body) {
        let (own, heading) = (&body[section.own.clone()], normalize::identity(&section.heading));
        let is_gone = section.level > 0 && before.contains(&heading) && !stands.contains(&heading);
        left.push_str(if is_gone { form::below_heading(own) } else { own });
    }
    left
}

#[cfg(test)]
#[path = "withdraw_tests.rs"]
mod tests;
