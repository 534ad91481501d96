//! Texts cut into the pieces of the uncased BERT vocabulary (Devlin and others 2019; WordPiece of Wu and others 2016).
//!
//! As the BERT tokenizer of the Hugging Face `tokenizers` does it, and held to that in `tests/embedding.rs`; except
//! that `[CLS]` and the like in a text are text, and what is not known is left out.

use finl_unicode::categories::CharacterCategories;
use std::borrow::Cow;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Characters of a word beyond which it is not known.
const LONGEST_WORD: usize = 100;
/// What the pieces of the vocabulary that go on with a word begin with.
const CONTINUED: &str = "##";

/// The pieces that are known.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Pieces that begin a word.
    first: HashMap<&'static str, u32>,
    /// Pieces that go on with one.
    continued: HashMap<&'static str, u32>,
    /// Bytes of the longest.
    longest: usize,
}

impl Vocabulary {
    /// Reads one piece a line.
    pub(super) fn read(lines: &'static str) -> Self {
        let mut vocabulary = Self::default();
        for (line, index) in lines.lines().zip(0..) {
            let continued = line.strip_prefix(CONTINUED).filter(|piece| !piece.is_empty());
            match continued {
                Some(piece) => vocabulary.continued.insert(piece, index),
                None => vocabulary.first.insert(line, index),
            };
            vocabulary.longest = vocabulary.longest.max(continued.unwrap_or(line).len());
        }
        vocabulary
    }

    /// The line of a piece that begins a word.
    pub(super) fn line(&self, piece: &str) -> Option<u32> {
        self.first.get(piece).copied()
    }

    /// How many pieces there are.
    pub(super) fn lines(&self) -> usize {
        self.first.len() + self.continued.len()
    }

    /// The pieces of a text by their lines; words of which a part is not known are left out, or are `unknown` if that is given.
    pub(super) fn pieces(&self, text: &str, unknown: Option<u32>) -> Vec<u32> {
        let mut pieces = Vec::with_capacity(text.len() / 3);
        for part in folded(text).split(char::is_whitespace) {
            let mut rest = part;
            while let Some((at, mark)) = rest.char_indices().find(|(_, char)| is_punctuation(*char)) {
                let (word, from_mark) = rest.split_at(at);
                let (mark, after) = from_mark.split_at(mark.len_utf8());
                self.cut(word, unknown, &mut pieces);
                self.cut(mark, unknown, &mut pieces);
                rest = after;
            }
            self.cut(rest, unknown, &mut pieces);
        }
        pieces
    }

    /// Adds the pieces of a word: always the longest that fits.
    fn cut(&self, word: &str, unknown: Option<u32>, pieces: &mut Vec<u32>) {
        if word.len() > LONGEST_WORD && word.chars().count() > LONGEST_WORD {
            pieces.extend(unknown);
            return;
        }
        let (before, mut rest) = (pieces.len(), word);
        while !rest.is_empty() {
            let known = if rest.len() == word.len() { &self.first } else { &self.continued };
            let ends = (1..=rest.len().min(self.longest)).rev().filter(|end| rest.is_char_boundary(*end));
            let Some((end, piece)) = ends.map(|end| (end, known.get(&rest[..end]))).find(|(_, piece)| piece.is_some())
            else {
                pieces.truncate(before);
                pieces.extend(unknown);
                return;
            };
            pieces.extend(piece);
            rest = &rest[end..];
        }
    }
}

/// The text in lower case without accents, control characters and what shows nothing, each CJK character a word.
fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.chars().filter(|char| is_kept(*char)).map(|char| char.to_ascii_lowercase()).collect();
    }
    let spaced = text.chars().filter(|char| is_kept(*char)).flat_map(|char| {
        let space = is_cjk(char).then_some(' ');
        space.into_iter().chain([char]).chain(space)
    });
    spaced.nfd().filter(|char| !char.is_mark_nonspacing()).flat_map(char::to_lowercase).collect()
}

fn is_kept(char: char) -> bool {
    let hidden = char.is_control() || char.is_format() || char.is_private_use();
    matches!(char, '\t' | '\n' | '\r') || !(hidden || char == char::REPLACEMENT_CHARACTER)
}

fn is_punctuation(char: char) -> bool {
    char.is_ascii_punctuation() || (!char.is_ascii() && char.is_punctuation())
}

/// The blocks that BERT's tokenizer sets apart: ideographs, and neither kana nor hangul.
fn is_cjk(char: char) -> bool {
    matches!(u32::from(char),
        0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0x20000..=0x2A6DF | 0x2A700..=0x2B73F | 0x2B740..=0x2B81F
        | 0x2B920..=0x2CEAF | 0xF900..=0xFAFF | 0x2F800..=0x2FA1F)
}
