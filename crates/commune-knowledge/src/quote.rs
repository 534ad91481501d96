//! Quotes: whether eight words in a row of one text stand in another, told from hashes alone.
//!
//! Of a private text only the hashes of its runs of words are kept, under a key that the process keeps to itself; the words
//! cannot be read from them. In scripts without spaces a sign counts half a word.

use crate::normalize::is_unspaced;
use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Words in a row that make a quote.
pub const RUN: usize = 8;

/// The hashes of every run of [`RUN`] words of a text, sorted, each once: 8 bytes for each word of it.
pub fn runs(text: &str, key: u64) -> Vec<u64> {
    let words = words(text);
    let mut runs: Vec<u64> = Vec::with_capacity(words.len());
    // signs that count half make a run twice as long
    let mut joined = [0_u8; 8 * 2 * RUN];
    for start in 0..words.len() {
        let (mut weight, mut end) = (0, 0);
        for (word, halves) in &words[start..] {
            joined[end..end + 8].copy_from_slice(&word.to_le_bytes());
            end += 8;
            weight += halves;
            if weight >= 2 * RUN {
                runs.push(xxh3_64_with_seed(&joined[..end], key));
                break;
            }
        }
    }
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// The hashes of the words in lower case and NFKC without punctuation, each with its weight in halves.
fn words(text: &str) -> Vec<(u64, usize)> {
    let mut words = Words { found: Vec::with_capacity(text.len() / 6), word: String::new() };
    if text.is_ascii() {
        text.bytes().for_each(|byte| words.read(char::from(byte.to_ascii_lowercase())));
    } else {
        text.nfkc().flat_map(char::to_lowercase).for_each(|char| words.read(char));
    }
    words.end();
    words.found
}

struct Words {
    found: Vec<(u64, usize)>,
    /// The word that is being read.
    word: String,
}

impl Words {
    fn read(&mut self, char: char) {
        if char.is_alphanumeric() && !is_unspaced(char) {
            self.word.push(char);
        } else if is_unspaced(char) {
            self.end();
            self.found.push((xxh3_64(char.encode_utf8(&mut [0; 4]).as_bytes()), 1));
        } else if !matches!(char, '\'' | '’' | '\u{200b}'..='\u{200d}' | '\u{ad}') {
            self.end();
        }
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.found.push((xxh3_64(self.word.as_bytes()), 2));
            self.word.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(a: &str, b: &str, quotes: bool) {
        let (a_runs, b_runs) = (runs(a, 7), runs(b, 7));
        assert_eq!(a_runs.iter().any(|run| b_runs.binary_search(run).is_ok()), quotes, "{a:?} and {b:?}");
    }

    #[test]
    fn eight_words_in_a_row_are_a_quote_and_seven_are_none() {
        let private = "Nobody must know that Marta leaves the company in March, she said.";
        check(private, "I heard: nobody must know that MARTA leaves *the company*!", true);
        check(private, "Nobody must know that Marta leaves the firm.", false);
        check(private, "must know that Marta leaves the company in June", true);
        check(private, "Restart the pool.", false);
        check("不要告诉任何人马尔塔三月份就要离开公司了", "听说马尔塔三月份就要离开公司了。", false);
        check("不要告诉任何人马尔塔三月份就要离开公司了", "听说不要告诉任何人马尔塔三月份就要离开", true);
    }

    #[test]
    fn hashes_of_another_key_tell_nothing() {
        let text = "one two three four five six seven eight nine";
        assert_eq!(runs(text, 1).len(), 2);
        assert!(runs(text, 1).iter().all(|run| !runs(text, 2).contains(run)));
    }

    proptest! {
        #[test]
        fn a_part_of_eight_words_is_always_known(words in prop::collection::vec("[a-zäö]{1,6}", 8..40), at in 0_usize..32) {
            let whole = words.join(" ");
            let at = at.min(words.len() - RUN);
            let part = words[at..at + RUN].join(", ");
            let all = runs(&whole, 3);
            prop_assert!(runs(&part, 3).iter().any(|run| all.binary_search(run).is_ok()));
        }
    }
}
