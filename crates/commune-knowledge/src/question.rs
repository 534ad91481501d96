//! Questions: which wordings are one need, and which text answers one.
//!
//! Words and claims decide; nearness in meaning is evidence beside them and joins or answers nothing on its own. **In
//! doubt two questions are two needs, and a text answers nothing**: a need too many is asked once more, a wrong answer
//! is a need that nobody sees any more.

mod alike;
mod answer;
mod groups;
mod intent;
#[rustfmt::skip]
mod lexicon;
mod words;

use std::collections::BTreeSet;

use crate::{
    embedding::{StaticModel, Vector},
    normalize,
    statement::{self, Claims},
};
use intent::Intent;
use words::Word;

pub use alike::same;
pub use answer::{Answering, answers};
pub use groups::{Asking, Groups};

/// A question as the rules see it; made once and compared often.
#[derive(Debug, Clone)]
pub struct Question {
    /// The words that it is about, in their order, each once.
    words: Vec<Word>,
    /// All its words, folded.
    all: BTreeSet<String>,
    /// What it wants to know.
    intent: Intent,
    /// The word after each word of direction (`from`, `to`, …).
    directions: Vec<(&'static str, Word)>,
    claims: Claims,
    vector: Option<Vector>,
}

impl Question {
    /// Reads a question in any language.
    pub fn of(text: &str) -> Self {
        let text = normalize::text(text);
        let plain = words::without_asking(&text);
        let mut claims = statement::claims(&text);
        claims.tokens.retain(|token| !words::is_stop(token));
        Self {
            words: words::content(&plain),
            all: words::folded(&text).into_iter().collect(),
            intent: intent::of(&text),
            directions: words::directions(&text),
            claims,
            vector: StaticModel::shipped().embed(&text),
        }
    }

    /// True when nothing is asked for: it has no word but those that ask.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}
