//! A text as it is read for placing: its terms, neighbouring terms, title and meaning.

use super::content_words;
use crate::{
    embedding::{StaticModel, Vector},
    normalize, similarity,
};

/// A title and a Markdown body, read once to be compared often. An article of 1.5 kB takes about 2 kB.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The terms of the title in their order.
    pub(super) title: Box<[u32]>,
    /// The terms of title and body, sorted.
    terms: Box<[u32]>,
    /// How often each of them stands there.
    times: Box<[u16]>,
    /// Neighbouring terms, sorted, without repeats.
    pub(super) pairs: Box<[u32]>,
    /// How many terms there are, with repeats.
    pub(super) length: u32,
    /// What it means; on a shelf, the shelf keeps it.
    pub(super) vector: Option<Box<Vector>>,
}

/// A piece that is to be placed.
#[derive(Debug, Clone)]
pub struct Piece {
    pub(super) reading: Reading,
    /// Its simple terms in their order, to look for a title in.
    pub(super) sequence: Vec<u32>,
}

impl Reading {
    /// Reads an article.
    pub fn of(title: &str, body: &str) -> Self {
        read(title, body).0
    }

    /// Bytes that it takes, without what the allocator adds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + 4 * self.title.len() + 6 * self.terms.len() + 4 * self.pairs.len()
    }

    /// What it means; none on a shelf, which keeps that itself.
    pub fn vector(&self) -> Option<&Vector> {
        self.vector.as_deref()
    }

    /// The same with what it means.
    pub fn meaning(self, vector: Option<Vector>) -> Self {
        Self { vector: vector.map(Box::new), ..self }
    }

    /// It without what it means, to be kept: numbers of four and two bytes, little endian, behind how many of each there are.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + 4 * self.title.len() + 6 * self.terms.len() + 4 * self.pairs.len());
        for number in [self.title.len(), self.terms.len(), self.pairs.len()] {
            bytes.extend((number as u32).to_le_bytes());
        }
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.title.iter().flat_map(|term| term.to_le_bytes()));
        bytes.extend(self.terms.iter().flat_map(|term| term.to_le_bytes()));
        bytes.extend(self.times.iter().flat_map(|times| times.to_le_bytes()));
        bytes.extend(self.pairs.iter().flat_map(|pair| pair.to_le_bytes()));
        bytes
    }

    /// Reads what [`Reading::to_bytes`] wrote; none of anything else.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(16)?;
        let (head, _) = head.as_chunks::<4>();
        let [titles, terms, pairs, length] =
            [0, 1, 2, 3].map(|at: usize| head.get(at).copied().map(u32::from_le_bytes));
        let mut words = |many: u32| -> Option<Vec<u32>> {
            let (these, after) = rest.split_at_checked(4 * many as usize)?;
            rest = after;
            Some(these.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes).collect())
        };
        let (title, terms) = (words(titles?)?, words(terms?)?);
        let (times, after) = rest.split_at_checked(2 * terms.len())?;
        let times = times.as_chunks::<2>().0.iter().copied().map(u16::from_le_bytes);
        let (pairs_read, left) = after.split_at_checked(4 * pairs? as usize)?;
        let pairs = pairs_read.as_chunks::<4>().0.iter().copied().map(u32::from_le_bytes).collect();
        let reading = Self {
            title: title.into(),
            terms: terms.into(),
            times: times.collect(),
            pairs,
            length: length?,
            vector: None,
        };
        left.is_empty().then_some(reading)
    }

    /// The terms with how often they stand in it, sorted.
    pub(super) fn counted(&self) -> impl ExactSizeIterator<Item = (u32, u16)> {
        self.terms.iter().copied().zip(self.times.iter().copied())
    }

    /// How often a term stands in it.
    pub(super) fn times(&self, term: u32) -> u16 {
        self.terms.binary_search(&term).map_or(0, |at| self.times[at])
    }
}

impl Piece {
    /// Reads a piece; a piece without a title has an empty one.
    pub fn of(title: &str, body: &str) -> Self {
        let (reading, sequence) = read(title, body);
        Self { reading, sequence }
    }

    /// True when it has a title to go by.
    pub fn is_titled(&self) -> bool {
        !self.reading.title.is_empty()
    }
}

fn read(title: &str, body: &str) -> (Reading, Vec<u32>) {
    let titled = terms(title);
    let mut title_terms: Vec<u32> = titled.iter().filter(|term| term.simple).map(|term| term.hash).collect();
    if title_terms.is_empty() {
        // a title of stop words alone is still a title
        title_terms = normalize::words(title).iter().map(|word| hash(word)).collect();
    }
    let all: Vec<Term> = titled.into_iter().chain(terms(body)).collect();
    let mut sorted: Vec<u32> = all.iter().map(|term| term.hash).collect();
    sorted.sort_unstable();
    let mut counts: Vec<(u32, u16)> = Vec::new();
    for term in sorted {
        match counts.last_mut() {
            Some((last, times)) if *last == term => *times = times.saturating_add(1),
            _ => counts.push((term, 1)),
        }
    }
    let mut pairs: Vec<u32> =
        all.windows(2).map(|two| two[0].hash.rotate_left(5).wrapping_mul(0x9e37_79b1) ^ two[1].hash).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let reading = Reading {
        title: title_terms.into(),
        length: u32::try_from(all.len()).unwrap_or(u32::MAX),
        terms: counts.iter().map(|(term, _)| *term).collect(),
        times: counts.iter().map(|(_, times)| *times).collect(),
        pairs: pairs.into(),
        vector: StaticModel::shipped().embed(&format!("{title}\n{body}")).map(Box::new),
    };
    (reading, all.iter().filter(|term| term.simple).map(|term| term.hash).collect())
}

/// The terms of a text, by their hashes.
pub(super) fn term_hashes(text: &str) -> Vec<u32> {
    terms(text).into_iter().map(|term| term.hash).collect()
}

/// A term, by its hash.
struct Term {
    hash: u32,
    /// False for an identifier, path, flag or address as a whole; its parts are terms too, and simple ones.
    simple: bool,
}

/// The terms of a text: its content words, and of technical ones the parts before the whole.
fn terms(text: &str) -> Vec<Term> {
    let mut found = Vec::new();
    for word in content_words(text) {
        let whole = !word.is_ascii() || word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !whole {
            let parts = word.split(|char: char| !char.is_ascii_alphanumeric()).filter(|part| part.len() > 1);
            for part in parts.flat_map(content_words) {
                found.push(Term { hash: hash(&part), simple: true });
            }
        }
        found.push(Term { hash: hash(&word), simple: whole });
    }
    found
}

/// Half of a 64-bit hash is enough: two of a library's terms in a million fall together, and then say a little too much.
fn hash(word: &str) -> u32 {
    similarity::hash_word(word) as u32
}
