//! Receipts: whom the knowledge of each contributor helped since the receipts before. Pure: the same stream and the same library give
//! the same receipts.
//!
//! **Nobody is ranked**: a receipt is told to its contributor alone, article by article, and adds nothing up over articles or members.

use std::collections::{BTreeMap, BTreeSet};

use commune_proto::ArticlePath;

use super::{Feedback, Uses, Verdict};

/// Articles that one receipt names.
pub(super) const LINES_LIMIT: usize = 50;
/// Marks that one line names.
pub const MARKS_LIMIT: usize = 5;
/// Contributors that one line names beside who is told.
const WITH_LIMIT: usize = 20;

/// An article as its contributors know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// Who contributed to it, sorted.
    pub contributors: Vec<String>,
}

/// Who found an article helpful.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Who.
    pub agent: String,
    /// Helpful, or worked.
    pub verdict: Verdict,
    /// Why; may be empty.
    pub reason: String,
}

/// Whom one article helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The article.
    pub path: ArticlePath,
    /// Its title.
    pub title: String,
    /// Members who read it.
    pub readers: u32,
    /// Those of them whom a search led there.
    pub found: u32,
    /// Who found it helpful, the earliest first, at most [`MARKS_LIMIT`].
    pub marks: Vec<Mark>,
    /// How many more did.
    pub more_marks: u32,
    /// Who else contributed to it.
    pub with: Vec<String>,
}

/// What one contributor is told of a night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Derives from who is told and the night.
    pub id: String,
    /// Who is told.
    pub agent: String,
    /// By path, at most `LINES_LIMIT`.
    pub lines: Vec<Line>,
    /// Articles that are left out.
    pub more_articles: u32,
}

/// The receipts of a night, by agent: `page` gives the articles that stand, `owner_of` whose an agent is, and `id_of` the id of
/// an agent's receipt. **Members are owners**: the agents of one count once, and nobody is thanked for what its own owner's agents
/// did.
pub fn receipts(
    uses: &Uses,
    page: &dyn Fn(&ArticlePath) -> Option<Page>,
    owner_of: &dyn Fn(&str) -> String,
    id_of: &dyn Fn(&str) -> String,
) -> Vec<Receipt> {
    let marked = uses.feedback.iter().filter(|(_, said)| said.back().is_some_and(|(at, ..)| *at > uses.through));
    let used: BTreeSet<&ArticlePath> = uses.reads.keys().chain(marked.map(|(path, _)| path)).collect();
    let mut receipts: BTreeMap<String, Receipt> = BTreeMap::new();
    for path in used {
        let Some(page) = page(path) else { continue };
        let readers = readers(uses, path, owner_of);
        let marks = marks(uses, path, owner_of);
        for agent in &page.contributors {
            let Some(line) = line(path, &page, agent, (&readers, &marks), owner_of) else { continue };
            let receipt = receipts.entry(agent.clone()).or_insert_with(|| Receipt {
                id: id_of(agent),
                agent: agent.clone(),
                lines: Vec::new(),
                more_articles: 0,
            });
            match receipt.lines.len() {
                0..LINES_LIMIT => receipt.lines.push(line),
                _ => receipt.more_articles += 1,
            }
        }
    }
    receipts.into_values().collect()
}

/// Who read an article since the last receipts, by owner, and whether a search led there.
fn readers(uses: &Uses, path: &ArticlePath, owner_of: &dyn Fn(&str) -> String) -> BTreeMap<String, bool> {
    let mut owners = BTreeMap::new();
    for (reader, found) in uses.reads.get(path).into_iter().flatten() {
        *owners.entry(owner_of(reader)).or_default() |= *found;
    }
    owners
}

/// Who found an article helpful since the last receipts, each owner once for each revision, with its owner.
fn marks(uses: &Uses, path: &ArticlePath, owner_of: &dyn Fn(&str) -> String) -> Vec<(String, Mark)> {
    let good = uses.feedback.get(path).into_iter().flatten().filter(|(_, _, feedback)| feedback.verdict.is_good());
    let (mut thanked, mut told) = (BTreeSet::new(), BTreeSet::new());
    let mut marks = Vec::new();
    for (sequence, _, feedback) in good {
        let owner = owner_of(&feedback.agent);
        let new = thanked.insert((owner.clone(), feedback.revision));
        if new && *sequence > uses.through && told.insert(owner.clone()) {
            marks.push((owner, mark(feedback)));
        }
    }
    marks
}

fn mark(feedback: &Feedback) -> Mark {
    let Feedback { agent, verdict, reason, .. } = feedback;
    Mark { agent: agent.clone(), verdict: *verdict, reason: reason.clone() }
}

/// What an article says to one of its contributors; none when it helped nobody else.
fn line(
    path: &ArticlePath,
    page: &Page,
    agent: &str,
    (readers, marks): (&BTreeMap<String, bool>, &[(String, Mark)]),
    owner_of: &dyn Fn(&str) -> String,
) -> Option<Line> {
    let own = owner_of(agent);
    let others = || readers.iter().filter(|(owner, _)| **owner != own);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut marks: Vec<Mark> = marks.iter().filter(|(owner, _)| *owner != own).map(|(_, mark)| mark.clone()).collect();
    let more_marks = count(marks.len().saturating_sub(MARKS_LIMIT));
    marks.truncate(MARKS_LIMIT);
    let line = Line {
        path: path.clone(),
        title: page.title.clone(),
        readers: count(others().count()),
        found: count(others().filter(|(_, found)| **found).count()),
        marks,
        more_marks,
        with: page.contributors.iter().filter(|other| *other != agent).take(WITH_LIMIT).cloned().collect(),
    };
    (line.readers > 0 || !line.marks.is_empty()).then_some(line)
}
