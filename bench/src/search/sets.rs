//! The labelled sets of retrieval: pages, the questions of the development half, and which pages answer them.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

/// The sets that are searched, in the order of the tables.
pub(crate) const NAMES: [&str; 6] = ["locomo", "scifact", "cranfield", "cacm", "npl", "sametopic"];
/// Most bytes of a question (`SearchArticlesRequest.query`).
const QUERY_LIMIT: usize = 1_024;

/// A page of a set.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    pub(crate) title: String,
    pub(crate) body: String,
    /// A question is searched for in its own group only; empty where a set has none.
    pub(crate) group: String,
}

/// A question of a set.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) group: String,
    /// The pages that answer it, by their places in [`Set::docs`], with their grades; a page that the set has not stands beyond them.
    pub(crate) grades: BTreeMap<usize, u32>,
}

impl Question {
    /// As it is asked where a question has a bound: cut before the word that would reach beyond.
    pub(crate) fn cut(&self) -> &str {
        cut(&self.text)
    }
}

/// A set.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    pub(crate) docs: Vec<Doc>,
    /// Those that a page answers.
    pub(crate) questions: Vec<Question>,
}

impl Set {
    /// Reads a set; none where it is not there.
    pub(crate) fn read(name: &str) -> Option<Self> {
        let corpus = jsonl(&format!("{name}/corpus.jsonl"))?;
        let places: BTreeMap<String, usize> =
            corpus.iter().enumerate().map(|(at, row)| (text(row, "_id"), at)).collect();
        let docs = corpus.iter().map(|row| Doc {
            title: text(row, "title"),
            body: text(row, "text"),
            group: text(row, "group"),
        });
        let mut grades: BTreeMap<String, BTreeMap<usize, u32>> = BTreeMap::new();
        let mut absent: BTreeMap<String, usize> = BTreeMap::new();
        for line in std::fs::read_to_string(folder().join(format!("{name}/dev/qrels.tsv"))).ok()?.lines() {
            let mut columns = line.split('\t');
            let (Some(question), Some(doc), Some(grade)) = (columns.next(), columns.next(), columns.next()) else {
                continue;
            };
            // a page that a set names and has not (CACM: `CACM-46`) is one that nobody can find, and counts in the ideal
            let missing = corpus.len() + absent.len();
            let place = places.get(doc).copied().unwrap_or_else(|| *absent.entry(doc.to_owned()).or_insert(missing));
            grades.entry(question.to_owned()).or_default().insert(place, grade.trim().parse().unwrap());
        }
        let question = |row: &Value| Question {
            id: text(row, "_id"),
            text: text(row, "text"),
            group: text(row, "group"),
            grades: grades.get(&text(row, "_id")).cloned().unwrap_or_default(),
        };
        let questions = jsonl(&format!("{name}/dev/queries.jsonl"))?;
        let questions = questions.iter().map(question).filter(|question| question.grades.values().any(|g| *g > 0));
        Some(Self { docs: docs.collect(), questions: questions.collect() })
    }

    /// The libraries that the set comes to, each with its questions: one, or one for each group.
    pub(crate) fn groups(&self) -> Vec<(Vec<usize>, Vec<&Question>)> {
        let mut groups: BTreeMap<&str, (Vec<usize>, Vec<&Question>)> = BTreeMap::new();
        for (at, doc) in self.docs.iter().enumerate() {
            groups.entry(&doc.group).or_default().0.push(at);
        }
        for question in &self.questions {
            groups.entry(&question.group).or_default().1.push(question);
        }
        groups.into_values().collect()
    }
}

/// A text cut to what a question may have, at the end of a word.
pub(crate) fn cut(text: &str) -> &str {
    if text.len() <= QUERY_LIMIT {
        return text;
    }
    let end = text.floor_char_boundary(QUERY_LIMIT);
    let ends_there = text[end..].starts_with(char::is_whitespace);
    let whole = if ends_there { end } else { text[..end].rfind(char::is_whitespace).unwrap_or(end) };
    text[..whole].trim_end()
}

/// The rows of a file of the sets; none where it is not there.
pub(crate) fn jsonl(file: &str) -> Option<Vec<Value>> {
    let rows = std::fs::read_to_string(folder().join(file)).ok()?;
    Some(rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// A text of a row; empty where there is none.
pub(crate) fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

/// Where the data lie.
pub(crate) fn data() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"))
}

fn folder() -> PathBuf {
    data().join("retrieval")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_question_is_cut_before_the_word_that_reaches_beyond() {
        assert_eq!(cut("how do I cut"), "how do I cut");
        let long = "word ".repeat(300);
        assert_eq!(cut(&long).len(), 1_024, "a word ends at the bound");
        let longer = format!("{}{}", "x".repeat(1_020), " beyond");
        assert_eq!(cut(&longer), "x".repeat(1_020));
        assert!(cut(&"é".repeat(800)).len() <= 1_024, "one word is cut between characters");
    }
}
