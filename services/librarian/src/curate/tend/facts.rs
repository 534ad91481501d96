//! What is read of a page once, for all checks.

use std::sync::OnceLock;

use commune_knowledge::{
    document::{self, Section, WikiLink},
    duplicate::{self, Reading},
    statement::{self, Assertion},
};

use crate::{
    curate::skill,
    library::{Article, Kind},
};

/// What is read of a page.
#[derive(Debug, Default)]
pub struct Facts {
    /// Its links.
    pub(super) links: Vec<WikiLink>,
    /// Its sections; none of what is no text of a page, such as the files of a skill.
    pub(super) sections: Vec<Section>,
    /// How many lines it has.
    pub(super) lines: usize,
    /// Footnotes that are not there, and those that nothing refers to.
    pub(super) footnotes: (Vec<String>, Vec<String>),
    /// A page, no skill.
    pub(super) is_page: bool,
    reading: OnceLock<Reading>,
    print: OnceLock<Vec<u64>>,
    assertions: OnceLock<Vec<(Assertion, String)>>,
}

impl Facts {
    /// Reads a page.
    pub fn of(article: &Article) -> Self {
        let body = &article.body;
        let lines = body.lines().count();
        if skill::is_packed(body) {
            return Self { lines, ..Self::default() };
        }
        Self {
            links: document::links(body),
            sections: document::sections(body),
            lines,
            footnotes: document::loose_footnotes(body),
            is_page: article.kind == Kind::Article,
            ..Self::default()
        }
    }

    /// The page as it is compared with others.
    pub(super) fn reading(&self, article: &Article) -> &Reading {
        self.reading.get_or_init(|| Reading::of(&article.body))
    }

    /// Its words and neighbouring words, hashed.
    pub(super) fn print(&self, article: &Article) -> &[u64] {
        self.print.get_or_init(|| duplicate::fingerprint(&article.body))
    }

    /// What its sentences assert.
    pub(super) fn assertions(&self, article: &Article) -> &[(Assertion, String)] {
        self.assertions.get_or_init(|| statement::assertions(&article.body))
    }
}
