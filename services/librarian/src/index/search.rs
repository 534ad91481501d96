//! What is asked of the index, and what it answers.

use commune_knowledge::embedding::Vector;
use commune_proto::ArticlePath;

use super::{filter::Filter, tier::Tier};

/// From this certainty on, a question is answered.
pub const FOUND_FLOOR: f64 = 2.5;
/// Below this certainty, the library does not know. Of labelled questions that are answered 3 % lie below it (`bench/RESULTS.md`).
pub const KNOWN_FLOOR: f64 = 0.0;
/// From this share of a short question's weight on, words alone answer it: the static model knows neither code nor every language.
const BY_WORDS: f64 = 0.7;
/// Below this share an answer is doubtful, however near it seems in meaning. From it on a question in another language than the static model's is known.
const HARDLY_BY_WORDS: f64 = 0.4;
/// Up to so many units of meaning a question is short. A longer one says things twice and in passing, and its
/// answer covers a smaller share: what it covers counts more with the square root of its length, up to [`MOST`].
const SHORT: f64 = 4.0;
const MOST: f64 = 1.6;

/// What is wished beside the words.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// At most so many pages.
    pub limit: usize,
    /// Which pages may be found.
    pub filter: &'a Filter,
    /// What the question means; none to go by words alone.
    pub vector: Option<&'a Vector>,
    /// What made that vector, and those of the pages.
    pub tier: Tier,
    /// Whether to tell how each score came about.
    pub explain: bool,
}

/// How certain an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// The best answers cover what was asked.
    Found,
    /// They cover a part of it.
    Low,
    /// The library holds nothing on this.
    NotKnown,
}

/// A page that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The page.
    pub path: ArticlePath,
    /// Its score, comparable within one answer.
    pub score: f64,
    /// How it came about, when that was asked.
    pub parts: Option<ScoreParts>,
}

impl Hit {
    pub(super) fn of(path: &ArticlePath, score: f64) -> Self {
        Self { path: path.clone(), score, parts: None }
    }
}

/// How a score came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreParts {
    /// By words (BM25).
    pub words: f64,
    /// The same in standard deviations of the candidates.
    pub words_scaled: f64,
    /// The cosine of question and page; 0 when either has no vector.
    pub meaning: f64,
    /// The same in standard deviations of the candidates.
    pub meaning_scaled: f64,
    /// What the two are weighed by.
    pub tier: Tier,
    /// The terms, the greatest first; their scores sum up to `words`.
    pub terms: Vec<TermPart>,
}

/// What a term adds.
#[derive(Debug, Clone, PartialEq)]
pub struct TermPart {
    /// The term as it is indexed.
    pub term: String,
    /// The field.
    pub field: &'static str,
    /// How often the page has it there.
    pub times: u32,
    /// How many pages have it there.
    pub pages: u64,
    /// What it adds.
    pub score: f64,
}

/// What a search found, best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The pages.
    pub hits: Vec<Hit>,
    /// How many matched in all.
    pub total: usize,
    /// Share of the question's meaning that one of the best pages covers, 0 to 1.
    pub coverage: f64,
    /// The greatest cosine of the question and one of the best pages, 0 to 1.
    pub meaning: f64,
    /// What made the vectors.
    pub tier: Tier,
    /// Units of meaning that the question has.
    pub units: usize,
    /// The share of the library that has a word of the question, 0 to 1, of a small library less so.
    pub familiar: f64,
    /// True when the question is in another language than English, of which the static model knows little.
    pub foreign: bool,
    /// Those that the page which covers most lacks, as they were written.
    pub lacks: Vec<String>,
}

impl Answer {
    /// How certain it is.
    pub fn confidence(&self) -> Confidence {
        match self.certainty() {
            c if c >= FOUND_FLOOR => Confidence::Found,
            c if c >= KNOWN_FLOOR => Confidence::Low,
            _ => Confidence::NotKnown,
        }
    }

    /// Whether one of the best pages answers, by what it covers of the question's words, how near it is in meaning, and whether the library speaks in
    /// such words at all: the logarithm of the odds, less that at which 3 % of what is known are lost.
    /// Where most of the words are covered, it is at least [`FOUND_FLOOR`]; where few are, it is below
    /// [`FOUND_FLOOR`]; where some are, of a question in another language than the model's, at least [`KNOWN_FLOOR`].
    pub fn certainty(&self) -> f64 {
        let covered = self.coverage * (self.units as f64 / SHORT).sqrt().max(1.0);
        let odds = self.tier.odds(covered.min(MOST), self.meaning, self.familiar, self.units);
        match covered {
            c if c >= BY_WORDS => odds.max(FOUND_FLOOR),
            c if c < HARDLY_BY_WORDS => odds.min(FOUND_FLOOR.next_down()),
            _ if self.foreign => odds.max(KNOWN_FLOOR),
            _ => odds,
        }
    }

    /// The place of a page, from 1; 0 when it is not there.
    pub fn rank(&self, path: &ArticlePath) -> u32 {
        self.hits.iter().position(|h| h.path == *path).map_or(0, |at| at as u32 + 1)
    }
}
