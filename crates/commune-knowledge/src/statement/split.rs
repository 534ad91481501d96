//! Cutting a body into statements.

use super::{Statement, bounds};
use crate::markdown::{self, Kind};
use crate::normalize;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;

/// A statement with what a merge needs to write it again elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) statement: Statement,
    /// The headings above it with their levels, as written.
    pub(crate) path: Vec<(u8, String)>,
    pub(crate) shape: Shape,
    /// The block it is part of, by its place in the body.
    pub(crate) block: usize,
    /// Where it stands in the body.
    pub(crate) range: Range<usize>,
    /// Of a table row, where the header stands; else empty.
    pub(crate) head: Range<usize>,
}

/// What a statement is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    Sentence,
    Item,
    /// A table row below this header (header and delimiter line).
    Row(String),
    /// A code block; with the fence that it lacks at its end.
    Code(Option<String>),
    Other,
}

/// Bytes of a sentence's end that tell whether it ends there.
const TAIL: usize = 80;

/// Abbreviations after which a full stop ends no sentence, in lower case.
const ABBREVIATIONS: [&str; 53] = [
    "e.g.", "i.e.", "eg.", "ie.", "etc.", "vs.", "cf.", "approx.", "no.", "nos.", "fig.", "mr.", "mrs.", "ms.", "dr.",
    "prof.", "st.", "inc.", "ltd.", "dept.", "est.", "max.", "min.", "resp.", "incl.", "z.b.", "z. b.", "d.h.",
    "d. h.", "u.a.", "u. a.", "bzw.", "ca.", "nr.", "abs.", "evtl.", "ggf.", "inkl.", "usw.", "vgl.", "p.ex.",
    "p. ex.", "c.-à-d.", "env.", "m.", "mme.", "p.ej.", "p. ej.", "ej.", "sr.", "sra.", "ud.", "т.е.",
];

/// Bodies that are kept with their pieces, and most bytes of one.
const KEPT: usize = 4;
const KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    /// What was cut last. An article is read again for each thing that is asked of it while something is added to it: what it says, what of that says
    /// otherwise, what is missing.
    static LAST: RefCell<VecDeque<(String, Vec<Piece>)>> = const { RefCell::new(VecDeque::new()) };
}

pub(crate) fn pieces(body: &str) -> Vec<Piece> {
    let known = LAST.with_borrow(|last| last.iter().find(|(cut, _)| cut == body).map(|(_, pieces)| pieces.clone()));
    known.unwrap_or_else(|| {
        let pieces = cut(body, normalize::identity).1;
        if body.len() <= KEPT_BYTES {
            LAST.with_borrow_mut(|last| {
                last.truncate(KEPT - 1);
                last.push_front((body.to_owned(), pieces.clone()));
            });
        }
        pieces
    })
}

/// [`pieces`] without their identities, for who does not ask for them: they cost about as much as all the rest.
pub(crate) fn unidentified(body: &str) -> Vec<Piece> {
    headings_and_unidentified(body).1
}

/// All headings of a body, and its [`unidentified`] pieces.
pub(crate) fn headings_and_unidentified(body: &str) -> (Vec<String>, Vec<Piece>) {
    cut(body, |_| String::new())
}

fn cut(body: &str, identity: fn(&str) -> String) -> (Vec<String>, Vec<Piece>) {
    let (mut all, mut pieces) = (Vec::new(), Vec::new());
    let mut path: Vec<(u8, String)> = Vec::new();
    for (index, block) in markdown::blocks(body).into_iter().enumerate() {
        let mut header = 0..0;
        let shape = match block.kind {
            Kind::Heading { level, text } => {
                path.retain(|(above, _)| *above < level);
                all.push(text.clone());
                path.push((level, text));
                continue;
            }
            Kind::Rule => continue,
            Kind::Paragraph => Shape::Sentence,
            Kind::Item => Shape::Item,
            Kind::Row { head } => {
                header = head.clone();
                Shape::Row(body[head].to_owned())
            }
            Kind::Code { open } => Shape::Code(open),
            Kind::Html | Kind::Other => Shape::Other,
        };
        let ranges = match shape {
            Shape::Sentence => sentences(body, block.range),
            _ => vec![block.range],
        };
        for range in ranges {
            let text = body[range.clone()].trim_end();
            let start = range.start + (text.len() - text.trim_start_matches(['\n', '\r']).len());
            let text = text.trim_start_matches(['\n', '\r']).to_owned();
            // a letter is never decoration; without one the identity tells whether anything is left
            if !text.chars().any(char::is_alphabetic) && normalize::identity(&text).is_empty() {
                continue;
            }
            let identity = identity(&text);
            let headings = path.iter().map(|(_, heading)| heading.clone()).collect();
            let code = matches!(shape, Shape::Code(_));
            let statement = Statement { text, headings, identity, code };
            let (range, head) = (start..start + statement.text.len(), header.clone());
            pieces.push(Piece { statement, path: path.clone(), shape: shape.clone(), block: index, range, head });
        }
    }
    (all, pieces)
}

/// The sentences of a paragraph: by UAX 29, but never inside a code span, a link or a pair of marks, never after an
/// abbreviation, and after an ASCII mark only before white space.
pub(super) fn sentences(body: &str, paragraph: Range<usize>) -> Vec<Range<usize>> {
    let text = &body[paragraph.clone()];
    // A line end inside a paragraph is a blank; both have one byte, so the offsets stay.
    let flat: String = text.chars().map(|char| if matches!(char, '\n' | '\r') { ' ' } else { char }).collect();
    let mut ranges = Vec::new();
    let mut start = 0;
    let mut open = Open::default();
    let mut end = 0;
    for segment in bounds::segments(&flat) {
        end += segment.len();
        open.read(segment);
        if end < flat.len() && (open.is_open() || !ends_sentence(&flat[start..end])) {
            continue;
        }
        if !flat[start..end].trim().is_empty() {
            ranges.push(paragraph.start + start..paragraph.start + end);
        }
        start = end;
        open = Open::default();
    }
    if start < flat.len() && !flat[start..].trim().is_empty() {
        ranges.push(paragraph.start + start..paragraph.end);
    }
    ranges.into_iter().map(|range| trimmed(body, range)).collect()
}

fn trimmed(body: &str, range: Range<usize>) -> Range<usize> {
    let text = &body[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

fn ends_sentence(sentence: &str) -> bool {
    // Its end is enough; a sentence may be as long as the text.
    let sentence = &sentence[sentence.floor_char_boundary(sentence.len().saturating_sub(TAIL))..];
    let content = sentence.trim_end();
    let bare = content.trim_end_matches(['"', '\'', ')', ']', '*', '_', '”', '’', '»', '`']);
    let Some(mark) = bare.chars().next_back() else { return false };
    if !mark.is_ascii() {
        return true;
    }
    if content.len() == sentence.len() {
        return false;
    }
    if mark != '.' {
        return true;
    }
    let lower = bare.to_lowercase();
    let word = lower.rsplit(char::is_whitespace).next().unwrap_or_default();
    let stem = word.trim_start_matches(['(', '[', '"', '*', '_', '„', '“', '«']).trim_end_matches('.');
    let initial = stem.chars().count() == 1 && stem.chars().all(char::is_alphabetic);
    let ordinal = stem.len() <= 2 && !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
    !initial
        && !ordinal
        && !ABBREVIATIONS.iter().any(|short| {
            lower
                .strip_suffix(short)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(|char: char| !char.is_alphanumeric()))
        })
}

/// What has been opened in a sentence and not closed.
#[derive(Default)]
struct Open {
    ticks: usize,
    strong: usize,
    brackets: usize,
}

impl Open {
    fn read(&mut self, segment: &str) {
        self.ticks += segment.matches('`').count();
        self.strong += segment.matches("**").count();
        for byte in segment.bytes() {
            match byte {
                b'[' => self.brackets += 1,
                b']' => self.brackets = self.brackets.saturating_sub(1),
                _ => {}
            }
        }
    }

    fn is_open(&self) -> bool {
        self.ticks % 2 == 1 || self.strong % 2 == 1 || self.brackets > 0
    }
}
