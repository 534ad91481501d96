//! Texts and questions of all sets together.

use std::{fs, path::Path};

use commune_knowledge::embedding::{StaticModel, Vector};
use serde_json::Value;

/// Where the sets lie beside a checkout.
const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/retrieval");
/// Sets with a corpus.
const NAMES: &[&str] = &["locomo", "scifact", "cranfield", "cacm", "npl", "sametopic", "wikirev"];
/// Bytes that a sentence has at least to be taken for a text.
const SENTENCE: usize = 60;
/// Questions that are asked.
const ASKED: usize = 100;

/// Vectors of texts, and of questions.
pub(crate) struct Texts {
    /// Whole documents first, then their sentences until there are enough.
    pub(crate) texts: Vec<Vector>,
    /// Questions of the development halves, evenly from all sets.
    pub(crate) questions: Vec<Vector>,
}

/// At most 100,000 texts and some questions; none when the sets are not there.
pub(crate) fn read() -> Option<Texts> {
    let model = StaticModel::shipped();
    let (mut documents, mut questions) = (Vec::new(), Vec::new());
    for name in NAMES {
        for line in lines(&format!("{name}/corpus.jsonl"))? {
            let said = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            documents.push(format!("{}\n{}{}", said("title"), said("text"), said("body")));
        }
        for line in lines(&format!("{name}/dev/queries.jsonl")).unwrap_or_default() {
            questions.extend(model.embed(line["text"].as_str().unwrap()));
        }
    }
    let sentences = documents.iter().flat_map(|text| text.split("\n\n")).flat_map(|part| part.split(". "));
    let long = sentences.filter(|sentence| sentence.len() >= SENTENCE);
    let texts = documents.iter().map(String::as_str).chain(long).filter_map(|text| model.embed(text)).take(100_000);
    let every = questions.len().div_ceil(ASKED);
    Some(Texts { texts: texts.collect(), questions: questions.into_iter().step_by(every).collect() })
}

fn lines(path: &str) -> Option<Vec<Value>> {
    let text = fs::read_to_string(Path::new(SETS).join(path)).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
