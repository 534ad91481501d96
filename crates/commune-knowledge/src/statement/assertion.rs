//! What a sentence says of what: the same subject with another value is a contradiction, and a sentence that says "now"
//! or "no longer" ends one.
//!
//! **In doubt a sentence asserts nothing that another could contradict.** A value is a number where a value stands (with a
//! unit, after "is" or "to", at the end), a switch, or a path or code that ends a sentence after such a word; every other
//! word is what the sentence speaks of, together with the headings above. Scripts without spaces are not read.

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
    /// What it speaks of.
    Subject(String),
    /// A number or a switch.
    Value(String),
    /// Code, a path, a host: a value where it ends the sentence and there is no other.
    Thing { thing: String, after_value_word: bool },
}

/// A sentence taken apart.
#[derive(Debug, Default)]
struct Words {
    words: Vec<Word>,
    negated: bool,
    changes: bool,
    unread: bool,
    after_value_word: bool,
}

fn words(sentence: &str) -> Words {
    let mut read = Words::default();
    for (part, code) in code_parts(sentence) {
        if code {
            read.thing(part.trim_matches('`').trim());
            continue;
        }
        let chunks: Vec<&str> = part.split_whitespace().collect();
        let mut index = 0;
        while let Some(chunk) = chunks.get(index) {
            let at = |index: usize| chunks.get(index).map_or("", |chunk| trimmed(chunk));
            let previous = index.checked_sub(1).map_or("", at).to_lowercase();
            index += 1 + usize::from(read.chunk(&previous, chunk, at(index + 1)));
        }
        let last = chunks.last().map_or("", |chunk| trimmed(chunk)).to_lowercase();
        read.after_value_word = BEFORE_VALUE.contains(&last.as_str()) && !part.trim_end().ends_with(':');
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
        if core.is_empty() || word.article {
            return false;
        }
        if CHANGES.contains(&lower.as_str()) || (self.negated && CHANGES_AFTER_NEGATION.contains(&lower.as_str())) {
            self.changes = true;
        } else if negation_of(&lower).is_some() {
            // "ne … pas" denies once
            self.negated = true;
        } else if word.off || word.on {
            self.words.push(Word::Value(if word.off { "off" } else { "on" }.to_owned()));
        } else if let Some(value) = number(core, next) {
            let unit = known(&next.to_lowercase()).unit.is_some();
            let label = LABELS.contains(&previous) || chunk.starts_with('#');
            let ends = next.is_empty() || chunk.ends_with([',', ')']);
            let has_unit = value.ends_with(char::is_alphabetic) || value.ends_with('%');
            let measured = MEASURES.contains(&previous) && self.words.len() > MEASURED_FROM;
            let is_value = !label && (unit || has_unit || ends || BEFORE_VALUE.contains(&previous) || measured);
            self.words.push(if is_value { Word::Value(value) } else { Word::Subject(lower) });
            return unit;
        } else if is_identifier(core) {
            self.thing(core);
        } else {
            self.words.push(Word::Subject(word.synonym.map_or(lower, str::to_owned)));
        }
        false
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
        let has_value = self.words.iter().any(|word| matches!(word, Word::Value(_)));
        let is_value = |word: &mut Word| !has_value && matches!(word, Word::Thing { after_value_word: true, .. });
        if let Some(Word::Thing { thing, .. }) = self.words.pop_if(is_value) {
            self.words.push(Word::Value(thing));
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
            Word::Subject(word) | Word::Thing { thing: word, .. } => mixed(hash, similarity::hash_word(word)),
            Word::Value(_) => mixed(hash, 1),
        })
    }
}

impl Word {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Value(value) => Some(similarity::hash_word(value)),
            _ => None,
        }
    }
}

/// Two hashes as one, in which their order counts. The multiplier is that of the 64-bit FNV hash.
fn mixed(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(5) ^ next).wrapping_mul(0x0000_0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Assertion {
        let mut found = assertions(text);
        assert_eq!(found.len(), 1, "{text:?}: {found:?}");
        found.remove(0).0
    }

    #[track_caller]
    fn check(left: &str, right: &str, contradicts: bool) {
        assert_eq!(one(left).contradicts(&one(right)), contradicts, "{left:?} and {right:?}");
        assert_eq!(one(right).contradicts(&one(left)), contradicts, "{right:?} and {left:?}");
    }

    #[test]
    fn another_value_of_the_same_thing_contradicts() {
        check("The gateway listens on port 8080.", "The gateway now listens on port 9090.", true);
        check("The timeout is 30 seconds.", "The timeout is 60s.", true);
        check("The hall listens on port 80 and answers.", "The hall listens on port 81 and answers.", true);
        check("Port 80 is used by the gateway.", "Port 81 is used by the gateway.", false);
        check("The timeout is 30 seconds.", "The timeout is 30s!", false);
        check("- The cache of the proxy is enabled", "The cache of the proxy is disabled.", true);
        check("Backups are kept.", "Backups are no longer kept.", true);
        check("Der Dienst läuft auf Port 80.", "Der Dienst läuft jetzt auf Port 81.", true);
        check("The config lives in `/etc/a`.", "The config lives in `/opt/b`.", true);
        check("We run Python 3.11 on staging.", "We run Python 3.12 on staging.", false);
        check("On staging we run Python 3.11.", "On staging we run Python 3.12.", true);
    }

    #[test]
    fn another_thing_does_not() {
        check("Lamp 1 in the hall is red.", "Lamp 2 in the hall is red.", false);
        check("Fact number 1.", "Fact number 2.", false);
        check("The port of `a` is 80.", "The port of `b` is 81.", false);
        check("On prod the timeout is 30 s.", "On staging the timeout is 60 s.", false);
        check("The limit is 5 a day and 20 a week.", "The limit is 6 a day and 30 a week.", false);
        check("# Gateway\n\nThe port is 80.", "# Proxy\n\nThe port is 81.", false);
        check("# Gateway\n\nThe port is 80.", "# Gateway\n\nThe port is 81.", true);
        check("Backups are kept.", "Backups are kept.", false);
        check("Set the default: `nvm alias a`", "Set the default: `nvm use a`", false);
        check("Use `a@b`.", "Use `a@c`.", false);
        check("# 7z\n\nThe level is 3.", "# 7za\n\nThe level is 4.", false);
    }

    #[test]
    fn a_sentence_says_that_something_changed() {
        for text in [
            "The port is now 81.",
            "The port is no longer 80.",
            "Le port n'est plus 80.",
            "Der Port ist nicht mehr 80.",
        ] {
            assert!(one(text).changes, "{text:?}");
        }
        for text in ["The port is 80.", "The port is not 80.", "Le port est 80 en plus."] {
            assert!(!one(text).changes, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_read_asserts_nothing() {
        for text in
            ["", "# Only a title", "```\nthe port is 80\n```", "端口是 8080。", "80", &"The port is 80. ".repeat(30)]
        {
            assert_eq!(assertions(text), [], "{text:?}");
        }
    }
}
