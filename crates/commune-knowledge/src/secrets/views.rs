//! Views of a text: what it says when encodings, wraps and hidden characters are undone.
//!
//! **All views together have at most [`EXPANSION`] times the bytes of the text.** A text that wants more is told apart, since nobody
//! writes so: compatibility forms and encodings within encodings are cut off there.

mod decode;
mod undo;

use std::sync::LazyLock;

use regex::Regex;

/// Bytes of all views for each byte of the text.
pub(super) const EXPANSION: usize = 8;

/// Encodings within encodings that are undone.
const DEPTH: usize = 3;

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

    fn empty(loose: bool) -> Self {
        Self { text: String::new(), loose, lines: Vec::new() }
    }

    fn push(&mut self, part: &str, line: usize) {
        if self.lines.last().is_none_or(|(_, last)| *last != line) {
            self.lines.push((self.text.len(), line));
        }
        self.text.push_str(part);
    }
}

/// The views of a text, and whether they had to be cut at the bound.
pub(super) struct Views {
    pub(super) all: Vec<View>,
    pub(super) cut: bool,
    left: usize,
}

impl Views {
    fn add(&mut self, mut view: View) {
        if view.text.is_empty() {
            return;
        }
        if view.text.len() > self.left {
            self.cut = true;
            view.text.truncate(view.text.floor_char_boundary(self.left));
        }
        self.left -= view.text.len();
        self.all.push(view);
    }
}

pub(super) fn views(text: &str) -> Views {
    let mut views = Views { all: Vec::new(), cut: false, left: text.len().saturating_mul(EXPANSION) };
    let plain = undo::undone(text);
    if plain != text {
        views.add(View::of(text.to_owned()));
    }
    let plain = View::of(plain.into_owned());
    let glued = glued(&plain.text, false);
    let literals = has_literals(&plain.text).then(|| self::glued(&plain.text, true));
    let reversed = reversed(&plain.text);
    let mut said = decode::decoded(&plain.text);
    views.add(plain);
    for _ in 1..DEPTH {
        if said.text.is_empty() || views.left == 0 {
            break;
        }
        let deeper = decode::deeper(&said);
        views.add(said);
        said = deeper;
    }
    views.add(said);
    views.add(glued);
    literals.into_iter().for_each(|view| views.add(view));
    views.add(reversed);
    views
}

/// The text without white space, so that a token that was wrapped over lines or written in groups is one word again; with `literals`
/// also without what stands between the parts of a string in code, or between the cells of a table. Lines that continue a quote or
/// a list lose their mark.
fn glued(text: &str, literals: bool) -> View {
    let mut view = View::empty(true);
    view.text.reserve(text.len());
    for (index, line) in text.split('\n').enumerate() {
        let line = line.trim_start_matches(|char: char| char.is_whitespace() || "> |*#/".contains(char));
        let line = line.strip_prefix("- ").unwrap_or(line).trim_end_matches(['\\', ' ', '\r', '`', '_', '^', '&', '|']);
        for word in line.split(|char: char| char.is_whitespace() || (literals && "\"'+,\\`|&.[]()".contains(char))) {
            if !word.is_empty() {
                view.push(word, index + 1);
            }
        }
    }
    view
}

/// A literal's end and, after what may join two, the next one's begin.
static LITERALS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'`]\s{0,8}[+.,&\\|]{0,2}\s{0,8}["'`]"#).ok());

fn has_literals(text: &str) -> bool {
    LITERALS.as_ref().is_some_and(|literals| literals.is_match(text))
}

/// Long words, and lines of pieces, read backwards.
fn reversed(text: &str) -> View {
    let mut view = View::empty(true);
    for (index, line) in text.split('\n').enumerate() {
        for word in line.split_whitespace().filter(|word| word.len() >= 16) {
            view.push(&word.chars().rev().collect::<String>(), index + 1);
            view.push(" ", index + 1);
        }
    }
    view
}
