//! "Did you mean": words of a question that the library does not know and nearly knows.

use std::{cmp::Reverse, collections::BTreeSet};

use tantivy::{Term, query::FuzzyTermQuery, schema::Field};

use super::{
    IndexError, Snapshot,
    analysis::{Language, is_spelled, term, words},
    whole::Whole,
};

/// From so many characters on a word may have two letters wrong; a shorter one has at most one.
const LONG: usize = 8;

impl Snapshot {
    /// The question with each word put right that the library does not know and nearly knows: the nearest word it has, of equally near ones
    /// the one on most pages. None when there is none.
    ///
    /// # Errors
    /// [`IndexError`] when tantivy fails.
    pub fn suggestion(&self, question: &str) -> Result<Option<String>, IndexError> {
        let whole = Whole::of(self);
        let mut right = String::new();
        let mut copied = 0;
        for word in words(question).iter().filter(|word| is_spelled(word)) {
            let languages = std::iter::once(&Language::English).chain(&self.languages);
            let forms: BTreeSet<String> = languages.filter_map(|language| term(question, word, *language)).collect();
            let known = whole.pages_with(self.fields.all, forms.iter().map(String::as_str))?;
            if forms.is_empty() || known > 0 || whole.held(self.fields.spelled, &word.text)?.is_some() {
                continue;
            }
            if let Some(meant) = self.nearly(&whole, &word.text)? {
                right.push_str(&question[copied..word.from]);
                right.push_str(&meant);
                copied = word.to;
            }
        }
        Ok((copied > 0).then(|| right + &question[copied..]))
    }

    /// The word on most pages that is nearest to one.
    fn nearly(&self, whole: &Whole<'_>, word: &str) -> Result<Option<String>, IndexError> {
        let furthest = if word.chars().count() >= LONG { 2 } else { 1 };
        for distance in 1..=furthest {
            let mut best: Option<(u64, Reverse<String>)> = None;
            for term in self.within(self.fields.spelled, word, distance)? {
                let held = whole.held(self.fields.spelled, &term)?;
                best = best.max(held.map(|held| (held.pages, Reverse(term))));
            }
            if let Some((_, Reverse(term))) = best {
                return Ok(Some(term));
            }
        }
        Ok(None)
    }

    /// The terms of a field that differ in at most so many letters (Damerau and Levenshtein).
    fn within(&self, field: Field, word: &str, distance: u8) -> Result<Vec<String>, IndexError> {
        let fuzzy = FuzzyTermQuery::new(Term::from_field_text(field, word), distance, true);
        let mut terms = Vec::new();
        for segment in self.searcher.segment_readers() {
            let index = segment.inverted_index(field)?;
            let mut stream =
                index.terms().search(fuzzy.automaton()?).into_stream().map_err(tantivy::TantivyError::from)?;
            while stream.advance() {
                terms.extend(std::str::from_utf8(stream.key()).map(str::to_owned));
            }
        }
        terms.sort();
        terms.dedup();
        Ok(terms)
    }
}
