//! What a sentence says of what: the same subject with another value is a contradiction, and a sentence that says "now"
//! or "no longer" ends one.
//!
//! **In doubt a sentence asserts nothing that another could contradict.** A value is a number where a value stands (with a
//! unit, after "is" or "to", at the end), a switch, a path or code that ends a sentence after such a word, or one of few plain
//! words (`plain`); every other word is what the sentence speaks of, together with the headings above. Scripts without spaces are not read.

mod plain;

use super::claims::{is_identifier, negation_of, number, trimmed};
use super::lookup::known;
use super::provenance::without_provenance;
use crate::normalize::{code_parts, is_unspaced};
use crate::similarity;

/// Most assertions of one text; what says more than this is not a fact that another replaces.
const ASSERTIONS_LIMIT: usize = 20;
/// Most words of one sentence.
const WORDS_LIMIT: usize = 40;
/// Words before a measure that say what it belongs to.
const MEASURED_FROM: usize = 2;
/// Fewest words that a subject is made of.
const SUBJECT_WORDS: usize = 1;

/// Words that say that something was otherwise before. Lower case; of two words the second only after a negation.
const CHANGES: &[&str] = &[
    "now",
    "anymore",
    "nowadays",
    "henceforth",
    "désormais",
    "dorénavant",
    "maintenant",
    "jetzt",
    "nun",
    "nunmehr",
    "ahora",
    "ora",
    "adesso",
    "agora",
    "nu",
    "voortaan",
    "теперь",
    "отныне",
];
const CHANGES_AFTER_NEGATION: &[&str] = &["longer", "more", "plus", "mehr", "più", "mais", "meer", "más", "больше"];
/// Words after which a bare number, a path or code is a value.
const BEFORE_VALUE: &[&str] = &[
    "is",
    "are",
    "was",
    "be",
    "=",
    "to",
    "at",
    "in",
    "under",
    "equals",
    "stays",
    "ist",
    "sind",
    "beträgt",
    "auf",
    "est",
    "sont",
    "à",
    "es",
    "son",
    "en",
    "è",
    "sono",
    "é",
    "são",
    "em",
    "op",
    "bedraagt",
    "равен",
];
/// Words after which "on" says where something is, and is no switch.
const BEFORE_PLACE: &[&str] = &["runs", "run", "running", "ran", "lives", "live", "hosted", "deployed", "listens"];
/// Words whose number is a value, once it is said what they belong to.
const MEASURES: &[&str] =
    &["port", "version", "timeout", "limit", "quota", "threshold", "interval", "retention", "puerto", "porta"];
/// Words whose number is a name.
const LABELS: &[&str] = &[
    "number", "no", "nr", "n°", "step", "chapter", "part", "phase", "item", "issue", "pr", "fact", "line", "page",
    "section", "task", "ticket", "test", "day", "week", "sprint", "run", "attempt", "étape", "schritt", "paso",
    "passo",
];

/// What one sentence says of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// What it speaks of: a hash of its words but the values, and of the headings above.
    pub subject: u64,
    /// The hashes of its values, in order.
    pub values: Vec<u64>,
    /// It denies them.
    pub negated: bool,
    /// It says that this was otherwise before.
    pub changes: bool,
}

impl Assertion {
    /// True when both speak of the same thing, and one value or the negation differs.
    pub fn contradicts(&self, other: &Self) -> bool {
        let differing = self.values.iter().zip(&other.values).filter(|(left, right)| left != right).count();
        self.subject == other.subject
            && self.values.len() == other.values.len()
            && differing + usize::from(self.negated != other.negated) == 1
    }
}

/// What the sentences of a Markdown body assert, with each sentence; code blocks are not sentences.
pub fn assertions(body: &str) -> Vec<(Assertion, String)> {
    let stripped = without_provenance(body);
    let mut found = Vec::new();
    let mut headings: Vec<(usize, u64)> = Vec::new();
    let mut fenced = false;
    for line in stripped.lines().map(str::trim) {
        let fence = line.starts_with("```") || line.starts_with("~~~");
        fenced ^= fence;
        if fence || fenced || line.is_empty() {
            continue;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if level > 0 {
            headings.retain(|(above, _)| *above < level);
            let heading = line.to_lowercase();
            let heading: Vec<String> = heading.split_whitespace().map(str::to_owned).collect();
            headings.push((level, similarity::hash(&heading)));
            continue;
        }
        let above = headings.iter().fold(0, |hash, (_, heading)| mixed(hash, *heading));
        for sentence in sentences(line) {
            found.extend(words(sentence).assertion(above).map(|assertion| (assertion, sentence.trim().to_owned())));
            if found.len() > ASSERTIONS_LIMIT {
                return Vec::new();
            }
        }
    }
    found
}

/// The sentences of a line; a full stop inside a word, a number or code ends none.
fn sentences(line: &str) -> Vec<&str> {
    let content = line.trim_start_matches(['-', '*', '+', '>', ' ', '|']);
    let mut sentences = Vec::new();
    let (mut start, mut code) = (0, false);
    let mut chars = content.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        code ^= char == '`';
        let ends = matches!(char, '.' | '!' | '?' | ';') && chars.peek().is_none_or(|(_, next)| next.is_whitespace());
        if ends && !code {
            sentences.push(&content[start..at]);
            start = at + char.len_utf8();
        }
    }
    sentences.push(&content[start..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

/// A word of a sentence.
#[derive(Debug)]
enum Word {
    /// What it speaks of, and whether it is written as a name.
    Subject(String, bool),
    /// A number, a switch or a plain word, and of which kind: values of two kinds do not contradict.
    Value(String, &'static str),
    /// Code, a path, a host: a value where it ends the sentence and there is no other.
    Thing { thing: String, after_value_word: bool },
}

/// The kind of numbers, switches and things.
const PLAIN_VALUE: &str = "";

/// A sentence taken apart.
#[derive(Debug, Default)]
struct Words {
    words: Vec<Word>,
    /// Where the words after each "is" begin.
    copulas: Vec<usize>,
    negated: bool,
    changes: bool,
    unread: bool,
    after_value_word: bool,
}

fn words(sentence: &str) -> Words {
    let mut read = Words::default();
    let parts = code_parts(sentence);
    for (place, (part, code)) in parts.iter().enumerate() {
        if *code {
            read.thing(part.trim_matches('`').trim());
            continue;
        }
        let before_code = parts.get(place + 1).is_some_and(|(_, code)| *code);
        let chunks: Vec<&str> = part.split_whitespace().collect();
        let (mut index, mut on_a_place) = (0_usize, false);
        while let Some(chunk) = chunks.get(index) {
            let at = |index: usize| chunks.get(index).map_or("", |chunk| trimmed(chunk));
            let previous = index.checked_sub(1).map_or("", at).to_lowercase();
            // "runs on `rosa`"
            if before_code && chunks.len() == index + 1 && *chunk == "on" && BEFORE_PLACE.contains(&previous.as_str()) {
                read.words.push(Word::Subject((*chunk).to_owned(), false));
                on_a_place = true;
                break;
            }
            index += 1 + usize::from(read.chunk(&previous, chunk, at(index + 1)));
        }
        let last = chunks.last().map_or("", |chunk| trimmed(chunk)).to_lowercase();
        read.after_value_word = on_a_place || BEFORE_VALUE.contains(&last.as_str()) && !part.trim_end().ends_with(':');
    }
    read
}

impl Words {
    /// Reads a chunk; true when it took the next one with it, as its unit.
    fn chunk(&mut self, previous: &str, chunk: &str, next: &str) -> bool {
        let core = trimmed(chunk);
        self.after_value_word = BEFORE_VALUE.contains(&previous);
        self.unread |= core.chars().any(is_unspaced);
        let lower = core.to_lowercase();
        let word = known(&lower);
        if plain::is_copula(&lower) {
            self.copulas.push(self.words.len());
        }
        if core.is_empty() || word.article {
            return false;
        }
        let ends = next.is_empty() || chunk.ends_with([',', ')']);
        if CHANGES.contains(&lower.as_str()) || (self.negated && CHANGES_AFTER_NEGATION.contains(&lower.as_str())) {
            self.changes = true;
        } else if negation_of(&lower).is_some() {
            // "ne … pas" denies once
            self.negated = true;
        } else if word.off || word.on {
            self.words.push(Word::Value(if word.off { "off" } else { "on" }.to_owned(), PLAIN_VALUE));
        } else if let Some(value) = number(core, next) {
            let unit = known(&next.to_lowercase()).unit.is_some();
            // a number in brackets is that of a footnote
            let footnote = chunk.trim_start_matches('*').starts_with('[');
            let label = LABELS.contains(&previous) || chunk.starts_with('#') || footnote;
            let has_unit = value.ends_with(char::is_alphabetic) || value.ends_with('%');
            let measured = MEASURES.contains(&previous) && self.words.len() > MEASURED_FROM;
            let is_value = !label && (unit || has_unit || ends || BEFORE_VALUE.contains(&previous) || measured);
            self.words.push(if is_value { Word::Value(value, PLAIN_VALUE) } else { Word::Subject(lower, false) });
            return unit;
        } else if let Some((value, kind)) = plain::last_word(&lower, previous, self.is_after_copula()).filter(|_| ends)
        {
            self.words.push(Word::Value(value.to_owned(), kind));
        } else if is_identifier(core) {
            self.thing(core);
        } else {
            let name = core.starts_with(char::is_uppercase);
            self.words.push(Word::Subject(word.synonym.map_or(lower, str::to_owned), name));
        }
        false
    }

    fn is_after_copula(&self) -> bool {
        self.copulas.last() == Some(&self.words.len())
    }

    /// Where the one value stands that says who or what something is.
    fn named(&self) -> Option<usize> {
        let [after] = self.copulas.as_slice() else { return None };
        let (before, after_it) = self.words.split_at_checked(*after)?;
        let has_value = self.words.iter().any(|word| matches!(word, Word::Value(..)));
        if has_value || !after_it.iter().all(|word| matches!(word, Word::Subject(..))) {
            return None;
        }
        let before: Vec<&str> = Word::subjects(before).map(|(word, _)| word).collect();
        plain::named(&before, &Word::subjects(after_it).collect::<Vec<_>>()).map(|at| after + at)
    }

    fn thing(&mut self, thing: &str) {
        // of several words it is a command
        let after_value_word = self.after_value_word && !thing.contains(char::is_whitespace);
        self.words.push(Word::Thing { thing: thing.to_owned(), after_value_word });
    }

    fn assertion(mut self, above: u64) -> Option<Assertion> {
        if self.unread || self.words.len() > WORDS_LIMIT {
            return None;
        }
        let has_value = self.words.iter().any(|word| matches!(word, Word::Value(..)));
        let is_value = |word: &mut Word| !has_value && matches!(word, Word::Thing { after_value_word: true, .. });
        if let Some(Word::Thing { thing, .. }) = self.words.pop_if(is_value) {
            self.words.push(Word::Value(thing, PLAIN_VALUE));
        }
        if let Some(at) = self.named()
            && let Word::Subject(word, _) = &self.words[at]
        {
            self.words[at] = Word::Value(word.clone(), "name");
        }
        let values: Vec<u64> = self.words.iter().filter_map(Word::value).collect();
        let spoken_of = self.words.len() - values.len();
        (spoken_of >= SUBJECT_WORDS).then(|| Assertion {
            subject: self.hash(above),
            values,
            negated: self.negated,
            changes: self.changes,
        })
    }

    /// The hash of the words, each value as the same word.
    fn hash(&self, above: u64) -> u64 {
        self.words.iter().fold(above, |hash, word| match word {
            Word::Subject(word, _) | Word::Thing { thing: word, .. } => mixed(hash, similarity::hash_word(word)),
            Word::Value(_, PLAIN_VALUE) => mixed(hash, 1),
            Word::Value(_, kind) => mixed(hash, similarity::hash_word(kind)),
        })
    }
}

impl Word {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Value(value, _) => Some(similarity::hash_word(value)),
            _ => None,
        }
    }

    fn subjects(words: &[Self]) -> impl Iterator<Item = (&str, bool)> {
        words.iter().filter_map(|word| match word {
            Self::Subject(word, name) => Some((word.as_str(), *name)),
            _ => None,
        })
    }
}

/// Two hashes as one, in which their order counts. The multiplier is that of the 64-bit FNV hash.
fn mixed(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(5) ^ next).wrapping_mul(0x0000_0100_0000_01b3)
}

#[cfg(test)]
mod tests;
