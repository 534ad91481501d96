//! What the base 64, base 32 and hexadecimal tokens of a text say.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{super::base32, View};

/// Shortest token that is decoded, and longest, in bytes.
const LENGTH: std::ops::RangeInclusive<usize> = 16..=65_536;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What the tokens of a text say, one on a line: each token, lines of nothing but a token put together, and bytes in pairs of digits.
pub(super) fn decoded(text: &str) -> View {
    let mut view = View::empty(false);
    let mut run = String::new();
    let mut began = 1;
    for (index, line) in text.split('\n').enumerate() {
        tokens(line, index + 1, &mut view);
        // a block over several lines, or bytes with spaces between them
        let bare = line.trim_matches(|char: char| char.is_whitespace() || ">|\"'`+\\,;".contains(char));
        if bare.len() >= 8 && bare.bytes().all(is_digit) {
            if run.is_empty() {
                began = index + 1;
            }
            run.push_str(bare);
        } else {
            say(&std::mem::take(&mut run), began, &mut view);
        }
        pairs(line, index + 1, &mut view);
    }
    say(&run, began, &mut view);
    view
}

/// What the tokens of a decoded view say in their turn.
pub(super) fn deeper(said: &View) -> View {
    let mut view = View::empty(false);
    let mut at = 0;
    for line in said.text.split_inclusive('\n') {
        tokens(line, said.line(at), &mut view);
        at += line.len();
    }
    view
}

fn tokens(line: &str, number: usize, view: &mut View) {
    if line.len() < *LENGTH.start() {
        return;
    }
    for token in line.split(|char: char| !(char.is_ascii() && (is_digit(char as u8)))) {
        if token.len() >= *LENGTH.start() {
            say(token, number, view);
        }
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/_-=".contains(&byte)
}

/// Adds what a token says, when it says something that can be read. A name before an equals sign is no part of it.
fn say(token: &str, number: usize, view: &mut View) {
    let token = token.trim_end_matches('=');
    for part in [Some(token), token.rsplit_once('=').map(|(_, value)| value)].into_iter().flatten() {
        let part = part.trim_matches(['-', '_']);
        if !LENGTH.contains(&part.len()) {
            continue;
        }
        if let Some(said) = read(part) {
            view.push(&said.replace('\n', " "), number);
            view.push("\n", number);
            return;
        }
    }
}

fn read(token: &str) -> Option<String> {
    let hexadecimal = token.strip_prefix("0x").unwrap_or(token);
    let plain = |bytes: Vec<u8>| {
        let said = String::from_utf8(bytes).ok()?;
        said.chars().all(|char| !char.is_control() || char.is_whitespace()).then_some(said)
    };
    let base64 = |engine: &GeneralPurpose| engine.decode(token).ok().and_then(plain);
    hex::decode(hexadecimal)
        .ok()
        .and_then(plain)
        .or_else(|| base64(&STANDARD))
        .or_else(|| base64(&URL_SAFE))
        .or_else(|| base32::decode(token).and_then(plain))
}

/// Bytes written as pairs of digits with something between them: `67 68 70`, `67:68:70`, `0x67, 0x68`.
fn pairs(line: &str, number: usize, view: &mut View) {
    let mut run = Vec::new();
    let mut end = |run: &mut Vec<u8>| {
        if run.len() >= *LENGTH.start()
            && let Ok(said) = std::str::from_utf8(run)
            && said.chars().all(|char| !char.is_control() || char.is_whitespace())
        {
            view.push(&said.replace('\n', " "), number);
            view.push("\n", number);
        }
        run.clear();
    };
    if line.len() < 3 * LENGTH.start() - 1 {
        return;
    }
    for part in line.split([' ', ':', ',', '-']).filter(|part| !part.is_empty()) {
        let digits = part.strip_prefix("0x").unwrap_or(part);
        match u8::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 2) {
            Some(byte) => run.push(byte),
            None => end(&mut run),
        }
    }
    end(&mut run);
}
