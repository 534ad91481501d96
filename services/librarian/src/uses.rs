//! What members do with the library, as the stream USES says: what they read since the last receipts, what they said of
//! articles, and the receipts that were given for it.

pub mod reads;
mod receipts;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use commune_proto::ArticlePath;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub use receipts::{Line, MARKS_LIMIT, Mark, Page, Receipt, receipts};

/// What was said of one article that is remembered here: the newest. All of it stays in the stream.
pub const FEEDBACK_KEPT: usize = 200;
/// Receipts of one agent that are remembered here, and held feedback: the newest.
pub const TOLD_KEPT: usize = 90;
/// How often one agent may say something of articles on one day.
pub const FEEDBACK_PER_DAY: usize = 100;
/// Articles that one member's reading counts for between two nights.
pub const READS_LIMIT: usize = 1_000;

/// What is said of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It helped.
    Helpful,
    /// Something in it is wrong.
    Wrong,
    /// A skill was used, and it worked.
    Worked,
    /// A skill was used, and it failed.
    Failed,
}

impl Verdict {
    /// Whether its contributors are thanked for it.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Helpful | Self::Worked)
    }
}

/// Why what an agent said is not shown to anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The rule, such as `secret:aws-access-key`.
    pub rule: String,
    /// What the agent can do about it.
    pub advice: String,
}

/// What a member said of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Derives from who said it and the message in which it was said.
    pub id: String,
    /// Who.
    pub agent: String,
    /// Of which article.
    pub path: ArticlePath,
    /// Its title.
    pub title: String,
    /// Of which revision.
    pub revision: u32,
    /// What.
    pub verdict: Verdict,
    /// Why; empty when nothing was said, or it is held.
    pub reason: String,
    /// Set when it is held: then it counts for nothing.
    pub held: Option<Held>,
    /// Who had contributed to the article, sorted.
    pub contributors: Vec<String>,
    /// When it was said.
    pub at: Timestamp,
}

/// What one agent is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// Whom its knowledge helped.
    Receipt {
        /// The night.
        night: String,
        /// What it helped.
        receipt: Arc<Receipt>,
    },
    /// Somebody doubts what it contributed to.
    Doubt(Arc<Feedback>),
    /// What it said itself is held.
    Held(Arc<Feedback>),
}

/// What is told, with its place in the stream.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The sequence in USES.
    pub sequence: u64,
    /// When the server stored it.
    pub at: Timestamp,
    /// What.
    pub told: Told,
}

/// All that is known of how the library is used.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// Who read what since the last receipts, and whether a search led there.
    reads: BTreeMap<ArticlePath, BTreeMap<String, bool>>,
    /// How many articles each member read since then.
    by_reader: BTreeMap<String, usize>,
    /// The newest last, each with its sequence.
    feedback: BTreeMap<ArticlePath, VecDeque<(u64, Timestamp, Arc<Feedback>)>>,
    /// When each agent last said something, at most as often as it may on a day.
    said: BTreeMap<String, VecDeque<Timestamp>>,
    /// Receipts and held feedback of each agent, the newest last.
    told: BTreeMap<String, VecDeque<Placed>>,
    nights: BTreeSet<String>,
    through: u64,
}

impl Uses {
    /// A member said something.
    pub fn take_feedback(&mut self, sequence: u64, stored_at: Timestamp, feedback: Feedback) {
        let said = self.said.entry(feedback.agent.clone()).or_default();
        said.push_back(feedback.at);
        keep(said, FEEDBACK_PER_DAY);
        let feedback = Arc::new(feedback);
        if feedback.held.is_some() {
            let (agent, told) = (feedback.agent.clone(), Told::Held(feedback));
            return self.tell(agent, Placed { sequence, at: stored_at, told });
        }
        let of_article = self.feedback.entry(feedback.path.clone()).or_default();
        of_article.push_back((sequence, stored_at, feedback));
        keep(of_article, FEEDBACK_KEPT);
    }

    /// A member read articles; each with whether a search led there.
    pub fn take_reads(&mut self, reader: &str, articles: impl IntoIterator<Item = (ArticlePath, bool)>) {
        for (path, found) in articles {
            let readers = self.reads.entry(path).or_default();
            match readers.get_mut(reader) {
                Some(before) => *before |= found,
                None => {
                    readers.insert(reader.to_owned(), found);
                    *self.by_reader.entry(reader.to_owned()).or_default() += 1;
                }
            }
        }
    }

    /// The receipts of a night, or a page of them: what was read until then has been thanked for. Nothing stands between `through`
    /// and the pages, which were stored at the end of the stream as it was then.
    pub fn take_receipts(
        &mut self,
        (sequence, at): (u64, Timestamp),
        night: &str,
        through: u64,
        receipts: impl IntoIterator<Item = Receipt>,
    ) {
        self.reads.clear();
        self.by_reader.clear();
        self.through = self.through.max(through);
        self.nights.insert(night.to_owned());
        for receipt in receipts {
            let agent = receipt.agent.clone();
            let told = Told::Receipt { night: night.to_owned(), receipt: Arc::new(receipt) };
            self.tell(agent, Placed { sequence, at, told });
        }
    }

    fn tell(&mut self, agent: String, placed: Placed) {
        let told = self.told.entry(agent).or_default();
        told.push_back(placed);
        keep(told, TOLD_KEPT);
    }

    /// Whether the receipts of a night were given.
    pub fn is_given(&self, night: &str) -> bool {
        self.nights.contains(night)
    }

    /// The sequence up to which all that was read and said has been thanked for.
    pub fn through(&self) -> u64 {
        self.through
    }

    /// Whether a reading adds nothing: it is known since the last receipts, or the member's reading counts for as many articles as
    /// it may.
    pub fn is_read(&self, reader: &str, path: &ArticlePath, found: bool) -> bool {
        match self.reads.get(path).and_then(|readers| readers.get(reader)) {
            Some(before) => *before || !found,
            None => self.by_reader.get(reader).is_some_and(|articles| *articles >= READS_LIMIT),
        }
    }

    /// How many articles a member's reading counts for since the last receipts.
    pub fn read_by(&self, reader: &str) -> usize {
        self.by_reader.get(reader).copied().unwrap_or(0)
    }

    /// How often an agent said something of articles on a day.
    pub fn said_on(&self, agent: &str, day: Date, zone: &TimeZone) -> usize {
        let said = self.said.get(agent).into_iter().flatten();
        said.filter(|at| at.to_zoned(zone.clone()).date() == day).count()
    }

    /// What was said of an article and is not held, the newest last; of each agent, verdict and revision what was said last.
    pub fn of_article(&self, path: &ArticlePath) -> Vec<Arc<Feedback>> {
        let mut seen = BTreeSet::new();
        let all = self.feedback.get(path).into_iter().flatten().map(|(_, _, feedback)| feedback);
        let mut newest: Vec<_> =
            all.rev().filter(|f| seen.insert((&f.agent, f.verdict, f.revision))).map(Arc::clone).collect();
        newest.reverse();
        newest
    }

    /// What one agent is told, up to a sequence, in no order.
    pub fn told<'a>(
        &'a self,
        agent: &'a str,
        through: u64,
        owner_of: &'a dyn Fn(&str) -> String,
    ) -> impl Iterator<Item = Placed> + 'a {
        let own = self.told.get(agent).into_iter().flatten().cloned();
        let doubts = self.feedback.values().flatten().filter(move |(_, _, f)| {
            !f.verdict.is_good()
                && f.contributors.iter().any(|contributor| contributor == agent)
                && owner_of(&f.agent) != owner_of(agent)
        });
        let doubts = doubts.map(|(sequence, at, feedback)| Placed {
            sequence: *sequence,
            at: *at,
            told: Told::Doubt(Arc::clone(feedback)),
        });
        own.chain(doubts).filter(move |placed| placed.sequence <= through)
    }

    /// The receipts of a night, by agent.
    pub fn receipts_of<'a>(&'a self, night: &'a str) -> impl Iterator<Item = Arc<Receipt>> + 'a {
        self.told.values().flatten().filter_map(move |placed| match &placed.told {
            Told::Receipt { night: of, receipt } if of == night => Some(Arc::clone(receipt)),
            _ => None,
        })
    }

    /// Whether there is anything to thank for since the last receipts, also where it thanks nobody.
    pub fn is_quiet(&self) -> bool {
        let newest = self.feedback.values().filter_map(|said| said.back());
        self.reads.is_empty() && newest.map(|(sequence, _, _)| *sequence).max().unwrap_or(0) <= self.through
    }
}

/// How many members doubt a revision: agents of one owner are one.
pub fn doubts(feedback: &[Arc<Feedback>], revision: u32, owner_of: &dyn Fn(&str) -> String) -> usize {
    let doubt = feedback.iter().filter(|f| f.verdict == Verdict::Wrong && f.revision == revision);
    doubt.map(|f| owner_of(&f.agent)).collect::<BTreeSet<_>>().len()
}

fn keep<T>(queue: &mut VecDeque<T>, most: usize) {
    while queue.len() > most {
        queue.pop_front();
    }
}

#[cfg(test)]
mod tests;
