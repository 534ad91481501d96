//! Finding among the texts of one memory, without an index: each text is read once and kept small, and a question is
//! held against all of them.
//!
//! Words are ranked by BM25 (k1 1.2, b 0.4, the title counts three times), meaning by the cosine of static vectors; the two are
//! joined as the sum of their standard scores over the best of both, seven parts to three. Fusion and constants were chosen
//! by measurements on six retrieval sets, on which rank fusion did worse.

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    document,
    embedding::{StaticModel, Vector},
    placement, similarity,
};

/// Term saturation and length normalisation of BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009).
const K1: f64 = 1.2;
const B: f64 = 0.4;
/// How often the words of a title count.
const TITLE_TIMES: usize = 3;
/// The parts of words and of meaning.
const WORDS: f64 = 0.7;
const MEANING: f64 = 0.3;
/// The best of each list over which scores are compared.
const COMPARED: usize = 200;
/// Texts that a word is taken to be rare in, beside those of the memory: keeps a small memory from judging by its own few words.
const BACKGROUND: f64 = 100.0;

/// A text as it is looked for: four bytes for each word that says something, and 256 for its meaning.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Hashes of its words, sorted; a word that stands twice is there twice.
    words: Box<[u32]>,
    vector: Option<Vector>,
}

impl Entry {
    /// Reads a title and a Markdown body.
    pub fn of(title: &str, text: &str) -> Self {
        let mut words = hashes(&document::plain_text(text));
        let titled = hashes(title);
        (0..TITLE_TIMES).for_each(|_| words.extend(&titled));
        words.sort_unstable();
        Self { words: words.into(), vector: StaticModel::shipped().embed(&format!("{title}\n\n{text}")) }
    }

    /// How often a word stands in it.
    fn count(&self, word: u32) -> usize {
        let start = self.words.partition_point(|own| *own < word);
        self.words[start..].iter().take_while(|own| **own == word).count()
    }
}

/// A text that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its place among the entries.
    pub index: usize,
    /// Comparable within one answer only.
    pub score: f64,
    /// The share of the question's words that it has, by rarity, 0 to 1.
    pub coverage: f64,
    /// The cosine of its meaning and the question's, -1 to 1; 0 where the model knows no piece of one.
    pub meaning: f64,
}

/// The texts that have a word of the question, or are near it in meaning, best first; at most `most`. What is equal keeps
/// the order of the entries. Nothing for a question that says nothing.
pub fn find(entries: &[&Entry], question: &str, most: usize) -> Vec<Found> {
    let asked: BTreeSet<u32> = hashes(question).into_iter().collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let asked: Vec<(u32, f64)> = asked.into_iter().map(|word| (word, rarity(entries, word))).collect();
    let vector = StaticModel::shipped().embed(question);
    let weight: f64 = asked.iter().map(|(_, rarity)| rarity).sum();
    let length = entries.iter().map(|entry| entry.words.len()).sum::<usize>() as f64 / entries.len().max(1) as f64;
    let mut all: Vec<(f64, Found)> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let (mut words, mut covered) = (0.0, 0.0);
        for (word, rarity) in &asked {
            let count = entry.count(*word) as f64;
            if count > 0.0 {
                let normal = 1.0 - B + B * entry.words.len() as f64 / length;
                words += rarity * count * (K1 + 1.0) / (count + K1 * normal);
                covered += rarity;
            }
        }
        let meaning = vector.as_ref().zip(entry.vector.as_ref()).map_or(0.0, |(asked, own)| asked.cosine(own));
        all.push((words, Found { index, score: 0.0, coverage: covered / weight, meaning }));
    }
    let mut best = BTreeSet::new();
    best.extend(top(&all, |(words, _)| *words));
    best.extend(top(&all, |(_, found)| found.meaning));
    let looked_at: Vec<&(f64, Found)> = best.into_iter().map(|place| &all[place]).collect();
    let words = standard(looked_at.iter().map(|(words, _)| *words).collect());
    let meaning = standard(looked_at.iter().map(|(_, found)| found.meaning).collect());
    let scored = looked_at.iter().zip(words.iter().zip(&meaning));
    let mut found: Vec<Found> = scored
        .map(|((_, found), (words, meaning))| Found { score: WORDS * words + MEANING * meaning, ..found.clone() })
        .collect();
    found.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.index.cmp(&right.index)));
    found.truncate(most);
    found
}

/// The places of the best by a measure that is above 0.
fn top(all: &[(f64, Found)], measure: impl Fn(&(f64, Found)) -> f64) -> Vec<usize> {
    let mut places: Vec<usize> = (0..all.len()).filter(|place| measure(&all[*place]) > 0.0).collect();
    let order = |left: &usize, right: &usize| -> Ordering {
        measure(&all[*right]).total_cmp(&measure(&all[*left])).then(left.cmp(right))
    };
    if places.len() > COMPARED {
        places.select_nth_unstable_by(COMPARED, order);
        places.truncate(COMPARED);
    }
    places
}

/// By how many standard deviations each is above the mean; zeros where all are equal.
fn standard(values: Vec<f64>) -> Vec<f64> {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    values.iter().map(|value| if deviation > 1e-12 { (value - mean) / deviation } else { 0.0 }).collect()
}

/// The inverse document frequency of a word as BM25 has it, always above 0.
fn rarity(entries: &[&Entry], word: u32) -> f64 {
    let having = entries.iter().filter(|entry| entry.words.binary_search(&word).is_ok()).count() as f64;
    let all = entries.len() as f64 + BACKGROUND;
    (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
}

fn hashes(text: &str) -> Vec<u32> {
    let folded = |hash: u64| (hash >> 32) as u32 ^ hash as u32;
    placement::content_words(text).iter().map(|word| folded(similarity::hash_word(word))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ask(texts: &[(&str, &str)], question: &str) -> Vec<Found> {
        let entries: Vec<Entry> = texts.iter().map(|(title, text)| Entry::of(title, text)).collect();
        find(&entries.iter().collect::<Vec<_>>(), question, 3)
    }

    const TEXTS: &[(&str, &str)] = &[
        ("Renewing certificates", "Run certbot with the DNS challenge; the proxy reloads by a hook."),
        ("The lamp in the hall", "The lamp listens on port 8080."),
        ("日志轮换", "服务器的日志没有上限，请按大小轮换。"),
        ("Restarting the database", "Reboot the postgres server with pg_ctl."),
    ];

    #[test]
    fn what_was_asked_comes_first() {
        #[track_caller]
        fn check(question: &str, index: usize) {
            let found = ask(TEXTS, question);
            assert_eq!(found[0].index, index, "{question}: {found:?}");
        }
        check("how do I renew a certificate?", 0);
        check("which port has the lamp", 1);
        check("日志轮换", 2);
        check("my database is down, how can I bring it up again", 3);
        assert!(ask(TEXTS, "port of the lamp")[0].coverage > 0.99);
        assert!(ask(TEXTS, "salaries of the board")[0].coverage < 0.01);
        assert_eq!((ask(TEXTS, ""), ask(TEXTS, "?!")), (vec![], vec![]));
        assert_eq!(ask(&[], "port"), []);
    }

    proptest! {
        #[test]
        fn scores_are_finite_and_in_order(texts in proptest::collection::vec(("\\PC{0,20}", "\\PC{0,60}"), 0..12), question in "\\PC{0,30}") {
            let texts: Vec<(&str, &str)> = texts.iter().map(|(title, text)| (title.as_str(), text.as_str())).collect();
            let found = ask(&texts, &question);
            prop_assert!(found.len() <= 3 && found.is_sorted_by(|left, right| left.score >= right.score));
            prop_assert!(found.iter().all(|found| found.score.is_finite() && (0.0..=1.0 + 1e-9).contains(&found.coverage)));
        }
    }
}
