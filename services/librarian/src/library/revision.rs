//! A page at one revision, and what a revision says of itself.

use commune_proto::ArticlePath;

/// What made a revision by which something is withdrawn, in place of a night.
pub const WITHDRAWAL: &str = "withdrawal";

/// Which page of the library it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A page.
    Article,
    /// An Agent Skill.
    Skill,
    /// The page that the librarian keeps of a section: no article.
    Section,
}

/// A page at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Where it stands.
    pub path: ArticlePath,
    /// The title.
    pub title: String,
    /// Which page it is.
    pub kind: Kind,
    /// The Markdown body.
    pub body: String,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Other names and questions under which it is to be found.
    pub aliases: Vec<String>,
    /// Who contributed so far, sorted.
    pub contributors: Vec<String>,
    /// Who confirmed it, sorted: no two of one owner, and none of an owner whose agent wrote in it.
    pub confirmed_by: Vec<String>,
    /// From 1.
    pub revision: u32,
    /// The night or the import that made it.
    pub night: String,
    /// When, RFC 3339 UTC.
    pub curated_at: String,
    /// The day on which nothing was left of it; empty for a page that stands.
    pub withdrawn_on: String,
    /// The day on which it was removed, by consent; empty for a page that stands.
    pub removed_on: String,
    /// Where it went: the page is a redirect, and nothing else.
    pub redirect_to: Option<ArticlePath>,
    /// Pages that the librarian names to be seen, too: no part of what anybody said.
    pub see_also: Vec<ArticlePath>,
}

impl Article {
    /// A page of which nothing is said yet.
    pub fn blank(path: ArticlePath, kind: Kind) -> Self {
        Self {
            path,
            title: String::new(),
            kind,
            body: String::new(),
            tags: Vec::new(),
            aliases: Vec::new(),
            contributors: Vec::new(),
            confirmed_by: Vec::new(),
            revision: 0,
            night: String::new(),
            curated_at: String::new(),
            withdrawn_on: String::new(),
            removed_on: String::new(),
            redirect_to: None,
            see_also: Vec::new(),
        }
    }

    /// The page as the revision that follows another, or as the first; `night` is what made it, `now` when.
    pub fn following(self, before: Option<&Self>, night: &str, now: &str) -> Self {
        let revision = before.map_or(0, |before| before.revision) + 1;
        Self { revision, night: night.to_owned(), curated_at: now.to_owned(), ..self }
    }

    /// Whether all that went into it was withdrawn: the page says so, and nothing else.
    pub fn is_withdrawn(&self) -> bool {
        !self.withdrawn_on.is_empty()
    }

    /// Whether it was removed, by consent.
    pub fn is_removed(&self) -> bool {
        !self.removed_on.is_empty()
    }

    /// Whether it is an article that is listed, found, placed onto and counted: it was neither withdrawn nor removed, nor is it a redirect or
    /// the page of a section.
    pub fn stands(&self) -> bool {
        !self.is_withdrawn() && !self.is_removed() && self.redirect_to.is_none() && self.kind != Kind::Section
    }

    /// Whether it is the page of a section: read by its path, and no article.
    pub fn is_section(&self) -> bool {
        !self.is_withdrawn() && !self.is_removed() && self.kind == Kind::Section
    }
}

/// One contribution in a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The contribution; empty for an imported page.
    pub contribution: String,
    /// Who contributed.
    pub agent: String,
    /// The night.
    pub night: String,
    /// The trace of that agent's night.
    pub trace_id: String,
    /// Statements that were new to the article.
    pub statements_added: u32,
    /// The ids of the statements of the article that it brought or confirmed; empty where the revision does not tell.
    pub statements: Vec<u64>,
}

/// A need that a revision answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The need.
    pub need: String,
    /// Its question.
    pub question: String,
    /// The contribution that answers it; empty when the article knew it already.
    pub contribution: String,
}

/// What was searched, and where the article stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The question.
    pub query: String,
    /// The place, from 1; 0 when not among the first 20.
    pub rank: u32,
}

/// What a revision takes back of earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    /// The last revision that is not taken back; 0 where the article was founded after it.
    pub after: u32,
    /// The last revision that is.
    pub through: u32,
    /// Who took it back.
    pub agent: String,
    /// Contributions that count in the article no more, sorted.
    pub contributions: Vec<String>,
}

impl Reverted {
    pub(super) fn range(&self) -> (u32, u32) {
        (self.after, self.through)
    }
}

/// One immutable version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The page.
    pub article: Article,
    /// Why it was made.
    pub reason: String,
    /// What went into it.
    pub provenance: Vec<Provenance>,
    /// Needs it answers.
    pub answered: Vec<Answered>,
    /// Its findability.
    pub findability: Vec<Ranked>,
    /// Contributions that it takes out.
    pub withdrawn: Vec<String>,
    /// What it takes back of earlier ones.
    pub reverted: Option<Reverted>,
    /// The proposal that made it; empty for every other revision.
    pub proposal: String,
    /// Pages whose text it takes in: who said something there said it here.
    pub absorbed: Vec<ArticlePath>,
    /// The checks that mended it, where tending made it.
    pub mended: Vec<String>,
    /// The page that this one was split from, where splitting founded it.
    pub split_from: Option<ArticlePath>,
    /// What was asked for the links to nothing that it took out.
    pub wanted: Vec<String>,
}

impl Revision {
    /// Whether something was withdrawn of the article, or the article is brought together again for that.
    pub fn is_withdrawal(&self) -> bool {
        self.article.is_withdrawn() || !self.withdrawn.is_empty() || self.article.night == WITHDRAWAL
    }

    /// A revision that says why it was made, and nothing of what went into it.
    pub fn of(article: Article, reason: String) -> Self {
        Self {
            article,
            reason,
            provenance: Vec::new(),
            answered: Vec::new(),
            findability: Vec::new(),
            withdrawn: Vec::new(),
            reverted: None,
            proposal: String::new(),
            absorbed: Vec::new(),
            mended: Vec::new(),
            split_from: None,
            wanted: Vec::new(),
        }
    }
}
