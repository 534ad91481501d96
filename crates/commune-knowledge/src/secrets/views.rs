//! Views of a text: what it says when encodings, wraps and hidden characters are undone. Bounded: a view is never
//! longer than the text, and what is decoded is not decoded again.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use regex::Regex;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// Most bytes of a piece of a token that was written in groups.
const PIECE: usize = 8;

/// A text to look at, with the line that each byte comes from.
pub(super) struct View {
    pub(super) text: String,
    /// Put together from pieces: only rare shapes count.
    pub(super) loose: bool,
    /// First byte and line of each stretch of the view.
    lines: Vec<(usize, usize)>,
}

impl View {
    pub(super) fn line(&self, at: usize) -> usize {
        let index = self.lines.partition_point(|(start, _)| *start <= at);
        index.checked_sub(1).map_or(1, |index| self.lines[index].1)
    }

    fn of(text: String) -> Self {
        let mut view = Self { text: String::new(), loose: false, lines: vec![(0, 1)] };
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        view.lines.extend(breaks.enumerate().map(|(index, (at, _))| (at + 1, index + 2)));
        view.text = text;
        view
    }

    fn push(&mut self, part: &str, line: usize) {
        if self.lines.last().is_none_or(|(_, last)| *last != line) {
            self.lines.push((self.text.len(), line));
        }
        self.text.push_str(part);
    }

    fn loose() -> Self {
        Self { text: String::new(), loose: true, lines: Vec::new() }
    }
}

pub(super) fn views(text: &str) -> Vec<View> {
    let plain = undone(text);
    let mut views = Vec::new();
    let joined = joined(&plain);
    let pieces = [decoded(&plain), reversed(&plain)];
    if plain != text {
        views.push(View::of(text.to_owned()));
    }
    views.push(View::of(plain));
    views.extend(joined);
    views.extend(pieces.into_iter().filter(|view| !view.text.is_empty()));
    views
}

/// The text with hidden characters taken out, compatibility forms folded, percent and HTML codes decoded and split
/// literals joined. Lines stay lines.
fn undone(text: &str) -> String {
    let visible: String = text.chars().filter(|char| !is_hidden(*char)).nfkc().collect();
    let decoded = without_entities(&without_percent(&visible));
    match LITERALS.as_ref() {
        Some(literals) => literals.replace_all(&decoded, "").into_owned(),
        None => decoded,
    }
}

/// A literal's end, a plus or a dot, and the next literal's begin.
static LITERALS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"["'] ?(?:\+|\.|\\) ?["']|["'] ["']"#).ok());

fn is_hidden(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}')
}

fn without_percent(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code =
            bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|byte| (0x20..0x7f).contains(byte)) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn without_entities(text: &str) -> String {
    if !text.contains("&#") {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("&#") {
        decoded.push_str(&rest[..at]);
        let code = &rest[at + 2..];
        let end = code.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(code.len());
        let number = match code[..end].strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => code[..end].parse(),
        };
        match number.ok().and_then(char::from_u32).filter(|char| !char.is_control()) {
            Some(char) => {
                decoded.push(char);
                rest = code[end..].strip_prefix(';').unwrap_or(&code[end..]);
            }
            None => {
                decoded.push_str("&#");
                rest = code;
            }
        }
    }
    decoded + rest
}

/// Runs of short pieces put together: a token that was wrapped over lines, or written in groups.
fn joined(text: &str) -> Vec<View> {
    let mut wrapped = View::loose();
    let mut spaced = View::loose();
    for (index, line) in text.split('\n').enumerate() {
        // Without its indentation and quote mark, the next line continues this one.
        let content = line.trim_matches(|char: char| char.is_whitespace() || char == '>');
        wrapped.push(content.trim_end_matches('\\'), index + 1);
        for (place, word) in line.split_whitespace().enumerate() {
            // A short piece continues what stands before it.
            if place == 0 || word.len() > PIECE {
                spaced.push(" ", index + 1);
            }
            spaced.push(word, index + 1);
        }
    }
    vec![wrapped, spaced]
}

/// What the base 64 and hexadecimal tokens of a text say, one on a line.
fn decoded(text: &str) -> View {
    let mut view = View { text: String::new(), loose: false, lines: Vec::new() };
    for (index, line) in text.split('\n').enumerate() {
        for token in line.split(|char: char| !(char.is_ascii_alphanumeric() || "+/_-".contains(char))) {
            let token = token.trim_matches(['-', '_']);
            if !(16..=8192).contains(&token.len()) {
                continue;
            }
            let hex = hex::decode(token).ok();
            let base64 = || STANDARD_NO_PAD.decode(token).or_else(|_| URL_SAFE_NO_PAD.decode(token)).ok();
            let said = hex.or_else(base64).and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(said) = said.filter(|said| said.chars().all(|char| !char.is_control() || char.is_whitespace()))
            {
                view.push(&said.replace('\n', " "), index + 1);
                view.push("\n", index + 1);
            }
        }
    }
    view
}

/// Long words read backwards.
fn reversed(text: &str) -> View {
    let mut view = View::loose();
    for (index, line) in text.split('\n').enumerate() {
        for word in line.split_whitespace().filter(|word| word.len() >= 20) {
            view.push(&word.chars().rev().collect::<String>(), index + 1);
            view.push(" ", index + 1);
        }
    }
    view
}
