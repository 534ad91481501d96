//! Who said what stands in an article: every contribution and import, with the statements that it brought or confirmed.
//!
//! **It follows the stream, and each revision tells only what came with it.** A revision that does not tell it, from before it was kept,
//! is answered as well as can be: what was new in it is by whoever brought something to it.

use std::collections::{BTreeMap, BTreeSet};

use commune_knowledge::{skill, statement};

use super::{
    revision::{Provenance, Revision},
    span::Span,
};

/// Somebody who brought something to an article, or confirmed something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// The contribution; empty for an imported page.
    pub contribution: String,
    /// Who contributed.
    pub agent: String,
    /// The night; `import` for an imported page.
    pub night: String,
    /// The revision that took it in.
    pub revision: u32,
    /// The day: the night, or when it was imported; empty when neither is known.
    pub on: String,
    /// False where the revision does not tell its statements.
    pub is_told: bool,
    /// The revisions in which it counts.
    pub(super) span: Span,
}

impl Saying {
    /// Whether it counts at a revision.
    pub fn counts_at(&self, revision: u32) -> bool {
        self.span.counts_at(revision)
    }
}

/// A statement that another contradicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disputed {
    /// Its Markdown.
    pub text: String,
    /// The headings above it, outermost first; without the title.
    pub headings: Vec<String>,
    /// Who said it, oldest first.
    pub sources: Vec<Saying>,
}

/// Statements that contradict each other, the one that was said first before the others.
pub type Contested = Vec<Disputed>;

/// All that was said in an article since it was founded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sayings {
    all: Vec<Saying>,
    /// Statements, each with a place in `all`; sorted.
    statements: Vec<(u64, u32)>,
}

impl Sayings {
    /// What was said, oldest first.
    pub fn all(&self) -> &[Saying] {
        &self.all
    }

    /// Who said a statement, oldest first, by their places among [`Sayings::all`]; also who counts no more.
    pub fn of(&self, statement: u64) -> impl Iterator<Item = usize> {
        let from = self.statements.partition_point(|(id, _)| *id < statement);
        self.statements[from..].iter().take_while(move |(id, _)| *id == statement).map(|(_, place)| *place as usize)
    }

    /// Tells of some, by their places, what they said, where the revision does not. What was laid to any of them and one of them is known to have
    /// said is laid to nobody else of them.
    pub fn tell(&mut self, told: &BTreeMap<usize, BTreeSet<u64>>) {
        let known: BTreeSet<u64> = told.values().flatten().copied().collect();
        self.statements.retain(|(id, place)| !(told.contains_key(&(*place as usize)) && known.contains(id)));
        for (place, said) in told {
            if let (Some(saying), Ok(number)) = (self.all.get_mut(*place), u32::try_from(*place)) {
                saying.is_told = true;
                self.statements.extend(said.iter().map(|id| (*id, number)));
            }
        }
        self.statements.sort_unstable();
    }

    /// Takes in a revision that follows a body.
    pub(super) fn take(&mut self, revision: &Revision, before: &str) {
        let article = &revision.article;
        for saying in &mut self.all {
            let is_out =
                article.is_withdrawn() || article.is_removed() || revision.withdrawn.contains(&saying.contribution);
            if is_out {
                saying.span.take_out(article.revision);
            }
            if let Some(reverted) = &revision.reverted {
                saying.span.revert(reverted.range(), article.revision);
            }
        }
        let is_told = |provenance: &&Provenance| !provenance.statements.is_empty();
        let mut told: BTreeSet<u64> = BTreeSet::new();
        for provenance in revision.provenance.iter().filter(is_told) {
            told.extend(&provenance.statements);
            self.add(revision, provenance, provenance.statements.iter().copied());
        }
        let untold: Vec<&Provenance> = revision.provenance.iter().filter(|provenance| !is_told(provenance)).collect();
        if untold.is_empty() {
            return;
        }
        // a body is read only for whoever brought something to it
        let mut new: Vec<u64> = Vec::new();
        if untold.iter().any(|provenance| provenance.statements_added > 0) {
            let stood = statement_ids(before);
            new.extend(statement_ids(&article.body).difference(&stood).filter(|id| !told.contains(id)));
        }
        for provenance in untold {
            let brought = if provenance.statements_added > 0 { new.as_slice() } else { &[] };
            self.add(revision, provenance, brought.iter().copied());
        }
        self.statements.sort_unstable();
    }

    /// Takes in what was said on another page, up to a revision of it, as far as it stands here.
    pub(super) fn absorb(&mut self, other: &Self, at: u32, revision: &Revision) {
        let (number, stands) = (revision.article.revision, statement_ids(&revision.article.body));
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for (id, place) in other.statements.iter().filter(|(id, _)| stands.contains(id)) {
            let Some(saying) = other.all.get(*place as usize).filter(|saying| saying.counts_at(at)) else { continue };
            let here = *places.entry(*place).or_insert_with(|| {
                self.all.push(Saying { revision: number, span: Span::from(number), ..saying.clone() });
                u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
            });
            self.statements.push((*id, here));
        }
        self.statements.sort_unstable();
    }

    fn add(&mut self, revision: &Revision, provenance: &Provenance, statements: impl Iterator<Item = u64>) {
        let Ok(place) = u32::try_from(self.all.len()) else { return };
        if self.all.is_empty() {
            // most articles have one revision
            self.all.reserve_exact(1);
        }
        let imported = provenance.contribution.is_empty();
        let day = if imported { &revision.article.curated_at } else { &provenance.night };
        self.all.push(Saying {
            contribution: provenance.contribution.clone(),
            agent: provenance.agent.clone(),
            night: provenance.night.clone(),
            revision: revision.article.revision,
            on: day.get(..DAY).unwrap_or_default().to_owned(),
            is_told: !provenance.statements.is_empty(),
            span: Span::from(revision.article.revision),
        });
        self.statements.extend(statements.map(|id| (id, place)));
        self.statements.sort_unstable();
    }
}

/// Bytes of a date at the beginning of a time.
const DAY: usize = "2026-02-14".len();

/// The ids of the statements of a body; of a skill of files, of its lines, each as it is.
pub fn statement_ids(body: &str) -> BTreeSet<u64> {
    if skill::unpack(body).is_some() {
        return body.lines().filter_map(line_id).collect();
    }
    statement::statements(body).iter().map(statement::Statement::id).collect()
}

/// The id of a line of a skill of files; none of a blank one.
pub fn line_id(line: &str) -> Option<u64> {
    let line = line.trim_end();
    (!line.is_empty()).then(|| statement::id(line))
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;
