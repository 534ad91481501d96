//! Canaries: words that are said in private only, in many writings, and a fast search for all of them.
//!
//! What is searched and what is looked for are reduced to lower-case letters and digits first. So a word is found whatever
//! stands between its letters (spaces, line ends, zero-width joiners, the hyphens of a path), and percent signs, entities
//! and escapes are left with the digits that they carry.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A word that was said in private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    pub agent: String,
    pub word: String,
    /// Where it was planted and how it was written there.
    pub place: String,
}

/// How a word can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writing {
    Plain,
    Base64,
    Base64Url,
    Hex,
    Percent,
    Entities,
    HexEntities,
    Reversed,
    Rot13,
    Spaced,
    ZeroWidth,
    Lines,
    Escapes,
}

impl Writing {
    pub const ALL: [Self; 13] = [
        Self::Plain,
        Self::Base64,
        Self::Base64Url,
        Self::Hex,
        Self::Percent,
        Self::Entities,
        Self::HexEntities,
        Self::Reversed,
        Self::Rot13,
        Self::Spaced,
        Self::ZeroWidth,
        Self::Lines,
        Self::Escapes,
    ];

    /// A word (ASCII) in this writing.
    pub fn write(self, word: &str) -> String {
        let each = |form: fn(u8) -> String| word.bytes().map(form).collect::<String>();
        let joined = |with: &str| word.chars().map(String::from).collect::<Vec<_>>().join(with);
        match self {
            Self::Plain => word.to_owned(),
            Self::Base64 => base64(word.as_bytes(), b"+/"),
            Self::Base64Url => base64(word.as_bytes(), b"-_"),
            Self::Hex => each(|b| format!("{b:02x}")),
            Self::Percent => each(|b| format!("%{b:02X}")),
            Self::Entities => each(|b| format!("&#{b};")),
            Self::HexEntities => each(|b| format!("&#x{b:x};")),
            Self::Reversed => word.chars().rev().collect(),
            Self::Rot13 => word.chars().map(rot13).collect(),
            Self::Spaced => joined(" "),
            Self::ZeroWidth => joined("\u{200b}"),
            Self::Lines => word.as_bytes().chunks(6).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n"),
            Self::Escapes => each(|b| format!("\\u{b:04x}")),
        }
    }
}

/// Every canary, in order of planting. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Canaries(Arc<Mutex<Vec<Canary>>>);

impl Canaries {
    /// Records a word before it is said.
    pub fn plant(&self, agent: &str, word: &str, place: &str) {
        let canary = Canary { agent: agent.to_owned(), word: word.to_owned(), place: place.to_owned() };
        self.lock().push(canary);
    }

    pub fn all(&self) -> Vec<Canary> {
        self.lock().clone()
    }

    /// A search for all forms of all that are planted now.
    pub fn search(&self) -> Search {
        Search::new(self.all())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Canary>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A canary that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    pub canary: Canary,
    /// The form as it was looked for.
    pub form: String,
}

/// Looks for many forms at once.
#[derive(Debug)]
pub struct Search {
    canaries: Vec<Canary>,
    /// Forms by their first bytes.
    forms: HashMap<[u8; KEY], Vec<(Vec<u8>, usize)>>,
    /// Whether some form begins with these two bytes: nearly no place of a text does.
    begins: Vec<bool>,
}

const KEY: usize = 8;

impl Search {
    fn new(canaries: Vec<Canary>) -> Self {
        let mut search = Self { canaries, forms: HashMap::new(), begins: vec![false; 1 << 16] };
        for index in 0..search.canaries.len() {
            let word = search.canaries[index].word.clone();
            for form in forms(&word) {
                search.add(form, index);
            }
        }
        search
    }

    fn add(&mut self, form: Vec<u8>, canary: usize) {
        let Some(key) = form.first_chunk::<KEY>().copied() else { return };
        self.begins[usize::from(u16::from_be_bytes([key[0], key[1]]))] = true;
        let known = self.forms.entry(key).or_default();
        if !known.iter().any(|(form_known, _)| *form_known == form) {
            known.push((form, canary));
        }
    }

    /// How many forms are looked for.
    pub fn len(&self) -> usize {
        self.forms.values().map(Vec::len).sum()
    }

    /// Every canary in these bytes, each once.
    pub fn scan(&self, bytes: &[u8]) -> Vec<Sighting> {
        let text = reduced(bytes);
        let mut found: BTreeMap<usize, String> = BTreeMap::new();
        for at in 0..text.len().saturating_sub(KEY - 1) {
            if !self.begins[usize::from(u16::from_be_bytes([text[at], text[at + 1]]))] {
                continue;
            }
            let Some(key) = text[at..].first_chunk::<KEY>() else { break };
            for (form, canary) in self.forms.get(key).into_iter().flatten() {
                if text[at..].starts_with(form) {
                    found.entry(*canary).or_insert_with(|| String::from_utf8_lossy(form).into_owned());
                }
            }
        }
        found.into_iter().map(|(index, form)| Sighting { canary: self.canaries[index].clone(), form }).collect()
    }
}

/// Every form of a word as it is looked for: every writing; base64 at each of its three alignments; and either half
/// of the word, plain, turned round and rotated, because a part that leaves is a leak too.
pub fn forms(word: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Writing::ALL.iter().map(|w| reduced(w.write(word).as_bytes())).collect();
    for before in 0..3 {
        let text = base64(format!("{}{word}", "\0".repeat(before)).as_bytes(), b"+/");
        // what belongs to this word alone, whatever stands before and after it
        let inner = (before * 8).div_ceil(6)..(before + word.len()) * 8 / 6;
        forms.push(reduced(text[inner].as_bytes()));
    }
    let (left, right) = word.split_at(word.len() / 2);
    for half in [left, right] {
        for writing in [Writing::Plain, Writing::Reversed, Writing::Rot13] {
            forms.push(reduced(writing.write(half).as_bytes()));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// Lower-case letters and digits alone.
fn reduced(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
}

fn rot13(c: char) -> char {
    match c {
        'a'..='z' => char::from((c as u8 - b'a' + 13) % 26 + b'a'),
        'A'..='Z' => char::from((c as u8 - b'A' + 13) % 26 + b'A'),
        other => other,
    }
}

fn base64(bytes: &[u8], last: &[u8; 2]) -> String {
    let digit = |value: u8| {
        char::from(match value {
            0..=25 => b'A' + value,
            26..=51 => b'a' + value - 26,
            52..=61 => b'0' + value - 52,
            62 => last[0],
            _ => last[1],
        })
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for place in 0..4 {
            let value = (bits >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() { digit(value as u8) } else { '=' });
        }
    }
    text
}

#[test]
fn every_writing_of_a_canary_is_found_in_any_surroundings() {
    let canaries = Canaries::default();
    canaries.plant("ada", "bakimorutelonisavudefopa", "a preference");
    canaries.plant("bob", "wulahetiroxefimobasuneko", "a fact");
    let search = canaries.search();
    for writing in Writing::ALL {
        for before in ["", "x", "the ", "über "] {
            let text = format!("{before}{}{before}", writing.write("bakimorutelonisavudefopa"));
            let found = search.scan(text.as_bytes());
            assert_eq!(found.len(), 1, "{writing:?} in `{text}`: {found:?}");
            assert_eq!(found[0].canary.agent, "ada");
        }
    }
    for before in ["", "x", "xy", "xyz"] {
        let text = base64(format!("{before}wulahetiroxefimobasuneko and more").as_bytes(), b"+/");
        assert_eq!(search.scan(text.as_bytes()).len(), 1, "{text}");
    }
    assert_eq!(search.scan(b"articles/how-to/wulahe-tiroxe-fimoba-suneko").len(), 1, "a path");
    assert!(search.scan(b"nothing of the kind, and wulahetiroxe is only near").len() == 1, "a half is a leak");
    assert!(search.scan(b"the quick brown fox jumps over the lazy dog 0123456789").is_empty());
}

#[test]
fn base64_is_base64() {
    assert_eq!(base64(b"Man", b"+/"), "TWFu");
    assert_eq!(base64(b"Ma", b"+/"), "TWE=");
    assert_eq!(base64(&[0xfb, 0xff], b"-_"), "-_8=");
}
