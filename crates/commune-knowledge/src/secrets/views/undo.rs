//! Undo: hidden characters taken out, compatibility forms folded, codes for characters put back. Lines stay lines.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;

/// The text as a reader sees it, and with split literals joined.
pub(super) fn undone(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if !text.is_ascii() {
        text = Cow::Owned(text.chars().filter(|char| !is_hidden(*char)).nfkc().map(plain).collect());
    }
    if text.contains('%') {
        text = Cow::Owned(without_percent(&text));
    }
    if text.contains('&') {
        text = Cow::Owned(without_entities(&text));
    }
    if text.contains("\\x") || text.contains("\\u") || text.contains("\\U") {
        text = Cow::Owned(without_escapes(&text));
    }
    match LITERALS.as_ref().filter(|literals| literals.is_match(&text)) {
        Some(literals) => Cow::Owned(literals.replace_all(&text, "").into_owned()),
        None => text,
    }
}

/// A literal's end, a plus or a dot, and the next literal's begin.
static LITERALS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#""[ \t]?(?:\+|\.|\\|&|\.\.|<>)[ \t]?(?:\n[ \t]*)?"|'[ \t]?(?:\+|\.|\\|&|\.\.)[ \t]?(?:\n[ \t]*)?'|" "|' '"#,
    )
    .ok()
});

/// Default-ignorable code points (Unicode's `Default_Ignorable_Code_Point`), and blanks of Braille and Hangul that show as nothing.
fn is_hidden(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Signs that are written for one another: dashes and quotes of typography, and letters of other scripts that look like ours where
/// a shape has them.
fn plain(char: char) -> char {
    match char {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        other => other,
    }
}

fn without_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = if bytes[at] == b'%' { hex(bytes.get(at + 1..at + 3)) } else { None };
        match code.filter(|byte| (0x20..0x7f).contains(byte)) {
            Some(byte) => {
                decoded.push(byte as u8);
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

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Names of characters that stand in tokens, as HTML spells them.
#[rustfmt::skip]
const NAMED: &[(&str, char)] = &[
    ("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\''), ("nbsp", ' '), ("equals", '='), ("colon", ':'),
    ("lowbar", '_'), ("UnderBar", '_'), ("hyphen", '-'), ("dash", '-'), ("period", '.'), ("sol", '/'), ("plus", '+'), ("num", '#'),
    ("excl", '!'), ("commat", '@'), ("dollar", '$'), ("percnt", '%'), ("ast", '*'), ("quest", '?'), ("comma", ','), ("semi", ';'),
    ("bsol", '\\'), ("Hat", '^'), ("grave", '`'), ("lpar", '('), ("rpar", ')'), ("lsqb", '['), ("rsqb", ']'), ("NewLine", '\n'),
];

fn without_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        let code = &rest[at + 1..];
        let begin = usize::from(code.starts_with('#'));
        let end = code[begin..].find(|char: char| !char.is_ascii_alphanumeric()).map_or(code.len(), |end| end + begin);
        let char = if begin == 1 {
            let number = match code[1..end].strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => code[1..end].parse(),
            };
            number.ok().and_then(char::from_u32).filter(|char| !char.is_control())
        } else {
            NAMED.iter().find(|(name, _)| *name == &code[..end]).map(|(_, char)| *char)
        };
        match char {
            Some(char) => {
                decoded.push(char);
                rest = code[end..].strip_prefix(';').unwrap_or(&code[end..]);
            }
            None => {
                decoded.push('&');
                rest = code;
            }
        }
    }
    decoded + rest
}

/// Escapes of string literals put back: `\x67`, `\u0067`, `\u{67}`, `\U00000067`.
fn without_escapes(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        let code = &rest.as_bytes()[at + 1..];
        let read = match code.first() {
            Some(b'x') => hex(code.get(1..3)).map(|value| (value, 3)),
            Some(b'u') if code.get(1) == Some(&b'{') => {
                let end = code.iter().take(10).position(|byte| *byte == b'}');
                end.and_then(|end| Some((hex(code.get(2..end))?, end + 1)))
            }
            Some(b'u') => hex(code.get(1..5)).map(|value| (value, 5)),
            Some(b'U') => hex(code.get(1..9)).map(|value| (value, 9)),
            _ => None,
        };
        let char = read.and_then(|(value, length)| Some((char::from_u32(value).filter(|c| !c.is_control())?, length)));
        match char {
            Some((char, length)) => {
                decoded.push(char);
                rest = &rest[at + 1 + length..];
            }
            None => {
                decoded.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    decoded + rest
}
