//! The parts of a text as the rules read them: what it says itself, what it cites, its code, and what a page would hide.
//!
//! Each part is written in ASCII (hidden characters, accents, look-alikes and codes undone; every other character is a `~`) and
//! has the line ends of the text, so that a place in it is a line of the text.

use super::hidden::is_ignorable;
use regex::bytes::Regex;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Most bytes of a quote; what is longer quotes nobody.
const QUOTE_LIMIT: usize = 400;
/// Fewer words besides what is cited do not make a text that cites.
const FEWEST_WORDS: usize = 5;

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// Between quotation marks, in a code span, in a block quote.
    Cited,
    /// A fenced code block.
    Fence,
    /// A comment, or the inside of a tag.
    Hidden,
}

/// The parts of a text.
pub(super) struct Parts {
    /// Stretches of the text in order, without gaps.
    pub(super) stretches: Vec<(Kind, Range<usize>)>,
    /// What it says itself; with what it cites, unless it speaks about attacks.
    pub(super) said: Vec<u8>,
    /// Code blocks; empty when it speaks about attacks.
    pub(super) code: Vec<u8>,
    /// What a page would hide.
    pub(super) hidden: Vec<u8>,
}

impl Parts {
    pub(super) fn of(text: &str) -> Self {
        let stretches = stretches(text);
        let plain = part(text, &stretches, &[Kind::Plain]);
        let words = plain.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| word.len() > 1).count();
        let examples = words >= FEWEST_WORDS && ABOUT_ATTACKS.as_ref().is_some_and(|about| about.is_match(&plain));
        let hidden = part(text, &stretches, &[Kind::Hidden]);
        let (said, code) = match examples {
            true => (plain, Vec::new()),
            false => (part(text, &stretches, &[Kind::Plain, Kind::Cited]), part(text, &stretches, &[Kind::Fence])),
        };
        Self { stretches, said, code, hidden }
    }
}

/// A text that speaks about attacks; its quotes and its code are examples.
static ABOUT_ATTACKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)\b(inject(ion|ions|ed|s)?|jailbreaks?|attackers?|adversar(y|ies|ial)|phishing|malicious|untrusted|hostile|exploits?|red.?team\w*|social engineering)\b",
    )
    .ok()
});

fn part(text: &str, stretches: &[(Kind, Range<usize>)], kinds: &[Kind]) -> Vec<u8> {
    let mut part = Vec::with_capacity(text.len());
    for (kind, range) in stretches {
        let stretch = &text[range.clone()];
        if kinds.contains(kind) {
            fold(stretch, &mut part);
        } else {
            part.push(b' ');
            part.extend(stretch.bytes().filter(|byte| *byte == b'\n'));
        }
    }
    part
}

/// The line of a place in a part, from 1.
pub(super) fn line(part: &[u8], at: usize) -> usize {
    1 + part[..at].iter().filter(|byte| **byte == b'\n').count()
}

/// Writes a stretch in ASCII.
fn fold(stretch: &str, part: &mut Vec<u8>) {
    let undone = codes(stretch);
    if undone.is_ascii() {
        part.extend(undone.bytes());
        return;
    }
    for char in undone.chars().filter(|char| !is_ignorable(*char)).nfkd() {
        match char {
            char if is_combining_mark(char) => {}
            '“' | '”' | '„' | '«' | '»' => part.push(b'"'),
            '‘' | '’' | '‛' => part.push(b'\''),
            '–' | '—' | '‐' | '‑' => part.push(b'-'),
            char if char.is_ascii() => part.push(char as u8),
            char => part.push(look_alike(char).unwrap_or(b'~')),
        }
    }
}

/// The Latin letter that a Cyrillic or Greek one looks like.
pub(super) fn look_alike(char: char) -> Option<u8> {
    const PAIRS: &str = "аaвbсcԁdеeһhіiјjкkӏlмmнhоoрpԛqѕsтtуyхxԝwѵvАAВBСCЕEНHІIЈJКKМMОOРPЅSТTХXУY\
        αaοoνvρpιiκkυuχxΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXɡgıi";
    let mut pairs = PAIRS.chars();
    while let (Some(like), Some(latin)) = (pairs.next(), pairs.next()) {
        if like == char {
            return u8::try_from(latin).ok();
        }
    }
    None
}

/// Codes of HTML and URLs undone; what would become a line end becomes a blank.
pub(super) fn codes(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '%']) {
        return Cow::Borrowed(text);
    }
    let mut undone = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '%']) {
        undone.push_str(&rest[..at]);
        rest = &rest[at..];
        let (char, length) = code(rest).unwrap_or_else(|| (rest.chars().next().unwrap_or(' '), 1));
        undone.push(if char.is_control() { ' ' } else { char });
        rest = &rest[length..];
    }
    undone.push_str(rest);
    Cow::Owned(undone)
}

fn code(text: &str) -> Option<(char, usize)> {
    if text.starts_with('%') {
        let byte = u8::from_str_radix(text.get(1..3)?, 16).ok()?;
        return byte.is_ascii().then_some((char::from(byte), 3));
    }
    const NAMES: [(&str, char); 9] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&colon;", ':'),
        ("&Tab;", ' '),
        ("&NewLine;", ' '),
        ("&lpar;", '('),
    ];
    if let Some((name, char)) = NAMES.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*char, name.len()));
    }
    let number = text.strip_prefix("&#")?;
    let hex = number.starts_with(['x', 'X']);
    let digits = &number[usize::from(hex)..];
    let end = digits.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
    let value = u32::from_str_radix(&digits[..end], if hex { 16 } else { 10 }).ok()?;
    let length = 2 + usize::from(hex) + end;
    Some((char::from_u32(value)?, length + usize::from(text[length..].starts_with(';'))))
}

/// Cuts a text into its stretches, in one pass over its lines and one over each paragraph.
fn stretches(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut cutter = Cutter { text, stretches: Vec::new() };
    let mut at = 0;
    let mut paragraph = 0..0;
    let mut fence: Option<(u8, usize, usize)> = None;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_start_matches([' ', '\t', '>']);
        let mark = content.bytes().next().unwrap_or(b' ');
        let run = content.bytes().take_while(|byte| *byte == mark).count();
        let is_fence = matches!(mark, b'`' | b'~') && run >= 3;
        match fence {
            Some((open, length, begin)) => {
                if is_fence && mark == open && run >= length && content[run..].trim().is_empty() {
                    cutter.push(Kind::Fence, begin..at);
                    paragraph = at..at;
                    fence = None;
                }
            }
            None if is_fence && !(mark == b'`' && content[run..].contains('`')) => {
                cutter.paragraph(paragraph.start..start);
                fence = Some((mark, run, start));
            }
            None if line.trim().is_empty() => {
                cutter.paragraph(paragraph.start..at);
                paragraph = at..at;
            }
            None => paragraph.end = at,
        }
    }
    match fence {
        // no fence closes it: a reader sees code up to the end
        Some((_, _, begin)) => cutter.push(Kind::Fence, begin..text.len()),
        None => cutter.paragraph(paragraph.start..text.len()),
    }
    cutter.stretches
}

struct Cutter<'a> {
    text: &'a str,
    stretches: Vec<(Kind, Range<usize>)>,
}

impl Cutter<'_> {
    fn push(&mut self, kind: Kind, range: Range<usize>) {
        let reached = self.stretches.last().map_or(0, |(_, last)| last.end);
        let range = range.start.max(reached)..range.end;
        if range.is_empty() {
            return;
        }
        match self.stretches.last_mut() {
            Some((last, stretch)) if *last == kind => stretch.end = range.end,
            _ => self.stretches.push((kind, range)),
        }
    }

    fn paragraph(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        let quoted = text.trim_start().starts_with('>');
        let kind = if quoted { Kind::Cited } else { Kind::Plain };
        let runs = runs(text);
        let mut at = 0;
        while let Some(found) = text[at..].find(['`', '<', '"', '“', '«', '„', '\'', '‘', '[']) {
            let begin = at + found;
            let (inner, end) = cited(text, begin, &runs);
            if let Some(inner) = inner {
                self.stretch_to(kind, range.start + begin);
                self.push(inner, range.start + begin..range.start + end);
            }
            at = end;
        }
        self.stretch_to(kind, range.end);
    }

    /// Everything from where the last stretch ended.
    fn stretch_to(&mut self, kind: Kind, end: usize) {
        let reached = self.stretches.last().map_or(0, |(_, last)| last.end);
        self.push(kind, reached..end);
    }
}

/// What begins at a mark, and where it ends.
fn cited(text: &str, at: usize, runs: &Runs) -> (Option<Kind>, usize) {
    let rest = &text[at..];
    let mark = rest.chars().next().unwrap_or(' ');
    let none = (None, at + mark.len_utf8());
    let within = |close: char| {
        let body = &rest[mark.len_utf8()..];
        let found = body.char_indices().take_while(|(place, _)| *place < QUOTE_LIMIT).find(|(_, char)| *char == close);
        found.map(|(place, _)| at + mark.len_utf8() + place + close.len_utf8())
    };
    match mark {
        '`' => {
            let run = rest.bytes().take_while(|byte| *byte == b'`').count();
            match runs.closing(run, at + run) {
                Some(close) => (Some(Kind::Cited), close + run),
                None => (None, at + run),
            }
        }
        '<' if rest.starts_with("<!--") => {
            // what goes on behind the paragraph is read as plain text, which is the stricter
            (Some(Kind::Hidden), rest.find("-->").map_or(text.len(), |end| at + end + 3))
        }
        '<' => {
            let inside = &rest[1..];
            let is_tag = inside.starts_with(|char: char| char.is_ascii_alphabetic() || matches!(char, '/' | '!' | '?'));
            let end = inside.find(['<', '>']).map_or(text.len(), |end| at + 1 + end);
            let has_more = rest[..end - at].contains([' ', '=', '\n', '/']);
            let name = inside.find(|char: char| !(char.is_ascii_alphanumeric() || "+.-".contains(char)));
            let is_link = name.is_some_and(|name| inside[name..].starts_with(':'));
            if is_tag && has_more && !is_link { (Some(Kind::Hidden), end) } else { none }
        }
        '[' if rest.starts_with("[//]:") || rest.starts_with("[comment]:") => {
            let end = rest.find('\n').map_or(text.len(), |end| at + end);
            (Some(Kind::Hidden), end)
        }
        '"' => within('"').map_or(none, |end| (Some(Kind::Cited), end)),
        '“' | '„' => within('”').or_else(|| within('“')).map_or(none, |end| (Some(Kind::Cited), end)),
        '«' => within('»').map_or(none, |end| (Some(Kind::Cited), end)),
        '\'' | '‘' => {
            let before = text[..at].chars().next_back();
            let opens = before.is_none_or(|char| !char.is_alphanumeric());
            let close = if mark == '‘' { '’' } else { '\'' };
            let body = &rest[mark.len_utf8()..];
            let found = body.char_indices().take_while(|(place, _)| *place < QUOTE_LIMIT).find(|(place, char)| {
                let after = body[place + char.len_utf8()..].chars().next();
                *char == close && after.is_none_or(|after| !after.is_alphanumeric())
            });
            match found.filter(|_| opens) {
                Some((place, char)) => (Some(Kind::Cited), at + mark.len_utf8() + place + char.len_utf8()),
                None => none,
            }
        }
        _ => none,
    }
}

/// Where runs of backticks stand in a paragraph, by their length.
struct Runs(BTreeMap<usize, Vec<usize>>);

impl Runs {
    fn closing(&self, length: usize, from: usize) -> Option<usize> {
        let places = self.0.get(&length)?;
        places.get(places.partition_point(|place| *place < from)).copied()
    }
}

fn runs(text: &str) -> Runs {
    let mut runs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let start = at + found;
        let length = bytes[start..].iter().take_while(|byte| **byte == b'`').count();
        runs.entry(length).or_default().push(start);
        at = start + length;
    }
    Runs(runs)
}
