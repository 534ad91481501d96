//! How deep a text nests, told without building anything: one pass over its lines.
//!
//! Containers are read as CommonMark reads them as far as depth goes; what is only opened and never closed nests nothing
//! and is not counted, except HTML elements, which a browser closes by itself.

use super::{COLUMNS_LIMIT, NESTING_LIMIT, TooDeep};
use std::cmp::Ordering;

/// Marks that wait for their other half; the oldest are given up.
const OPEN_LIMIT: usize = 256;

/// Elements whose end may be left out, or that have none.
const FLAT: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p",
    "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "optgroup", "colgroup", "rp", "rt",
];

/// Elements that count as soon as they are opened; a name that is none of them may be a placeholder (`<id>`).
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "body",
    "button",
    "canvas",
    "caption",
    "center",
    "cite",
    "code",
    "data",
    "datalist",
    "del",
    "details",
    "dfn",
    "dialog",
    "div",
    "dl",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "frameset",
    "g",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "html",
    "i",
    "iframe",
    "ins",
    "kbd",
    "label",
    "legend",
    "main",
    "map",
    "mark",
    "math",
    "menu",
    "meter",
    "mi",
    "mn",
    "mo",
    "mrow",
    "ms",
    "mtext",
    "nav",
    "nobr",
    "noscript",
    "object",
    "ol",
    "output",
    "picture",
    "pre",
    "progress",
    "q",
    "ruby",
    "s",
    "samp",
    "script",
    "section",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "template",
    "textarea",
    "time",
    "title",
    "tt",
    "u",
    "ul",
    "var",
    "video",
];

pub(super) fn find(text: &str) -> Option<TooDeep> {
    let mut lists: Vec<List> = Vec::new();
    let mut fence: Option<(u8, usize)> = None;
    let mut paragraph = Inline::default();
    let mut tags = Tags::default();
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        let deep = |what, limit| Some(TooDeep { line: index + 1, what, limit });
        if let Some((mark, length)) = fence {
            let content = line.trim_start_matches([' ', '\t', '>']);
            let run = content.bytes().take_while(|byte| *byte == mark).count();
            if run >= length && content[run..].trim().is_empty() {
                fence = None;
            }
            continue;
        }
        if line.trim().is_empty() {
            paragraph = Inline::default();
            continue;
        }
        let (depth, content) = containers(line, &mut lists);
        if depth > NESTING_LIMIT {
            return deep("quotes and lists", NESTING_LIMIT);
        }
        if let Some(mark) = content.bytes().next().filter(|byte| matches!(byte, b'`' | b'~')) {
            let run = content.bytes().take_while(|byte| *byte == mark).count();
            if run >= 3 && !(mark == b'`' && content[run..].contains('`')) {
                fence = Some((mark, run));
                continue;
            }
        }
        if columns(content) > COLUMNS_LIMIT {
            return deep("columns", COLUMNS_LIMIT);
        }
        if let Some(what) = paragraph.read(content, &mut tags) {
            return deep(what, NESTING_LIMIT);
        }
    }
    None
}

/// A list item that is open: in how many quotes it stands, and the column of its content.
struct List {
    quotes: usize,
    content: usize,
}

/// The containers that are open on a line, and what stands in them.
fn containers<'a>(line: &'a str, lists: &mut Vec<List>) -> (usize, &'a str) {
    let bytes = line.as_bytes();
    let (mut at, mut column, mut depth) = (0, 0, 0);
    let mut fresh = 0;
    loop {
        let start = column;
        while let Some(blank @ (b' ' | b'\t')) = bytes.get(at) {
            column += if *blank == b'\t' { 4 - column % 4 } else { 1 };
            at += 1;
        }
        let Some(byte) = bytes.get(at) else { break };
        if fresh == 0 {
            // where the line begins tells which lists go on
            let quote = *byte == b'>';
            lists.retain(|list| match list.quotes.cmp(&depth) {
                Ordering::Less => true,
                Ordering::Equal => list.content <= column,
                Ordering::Greater => quote,
            });
        }
        let mark = mark(&bytes[at..]);
        if mark == 0 {
            break;
        }
        // four columns to the right of its container it is code, not a mark
        if column - start >= 5 && (fresh > 0 || depth > 0) {
            break;
        }
        at += mark;
        column += mark;
        if *byte == b'>' {
            depth += 1;
        } else {
            fresh += 1;
            lists.push(List { quotes: depth, content: column + 1 });
        }
    }
    (depth + lists.len(), &line[at..])
}

/// Bytes of a container's mark: a quote, a bullet, a number or a footnote.
fn mark(bytes: &[u8]) -> usize {
    let ends = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t'));
    match bytes {
        [b'>', ..] => 1,
        [b'-' | b'*' | b'+', ..] if ends(1) => 1,
        [b'0'..=b'9', ..] => {
            let digits = bytes.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
            usize::from(matches!(bytes.get(digits), Some(b'.' | b')')) && digits < 10 && ends(digits + 1))
                * (digits + 1)
        }
        [b'[', b'^', ..] => {
            let name = bytes.iter().take(100).position(|byte| *byte == b']').unwrap_or(0);
            if name > 2 && bytes.get(name + 1) == Some(&b':') { name + 2 } else { 0 }
        }
        _ => 0,
    }
}

/// The columns of a table's delimiter row; 0 for any other line.
fn columns(line: &str) -> usize {
    let is_row = line.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t'));
    if is_row && line.contains('-') { line.split('|').filter(|cell| cell.contains('-')).count() } else { 0 }
}

/// Brackets and emphasis of a paragraph.
#[derive(Default)]
struct Inline {
    open: Vec<Mark>,
}

struct Mark {
    byte: u8,
    inner: usize,
}

impl Inline {
    fn read(&mut self, line: &str, tags: &mut Tags) -> Option<&'static str> {
        let bytes = line.as_bytes();
        let mut at = 0;
        let mut before = b' ';
        while let Some(byte) = bytes.get(at).copied() {
            let mut length = 1;
            let depth = match byte {
                b'\\' => {
                    length = 2;
                    0
                }
                b'`' => {
                    length = code(&line[at..]);
                    0
                }
                b'[' => {
                    self.push(byte);
                    0
                }
                b']' => self.close(b'['),
                b'*' | b'_' | b'~' => {
                    length = bytes[at..].iter().take_while(|other| **other == byte).count();
                    let after = bytes.get(at + length).copied().unwrap_or(b' ');
                    let (opens, closes) = (!after.is_ascii_whitespace(), !before.is_ascii_whitespace());
                    match (closes, opens) {
                        (true, _) if self.open.iter().any(|mark| mark.byte == byte) => self.close(byte),
                        (_, true) => {
                            self.push(byte);
                            0
                        }
                        _ => 0,
                    }
                }
                b'<' => {
                    if tags.read(&line[at..]) {
                        return Some("tags");
                    }
                    0
                }
                _ => 0,
            };
            if depth > NESTING_LIMIT {
                return Some(if byte == b']' { "brackets" } else { "emphasis" });
            }
            before = bytes.get((at + length).saturating_sub(1)).copied().unwrap_or(b' ');
            at += length;
        }
        None
    }

    fn push(&mut self, byte: u8) {
        if self.open.len() >= OPEN_LIMIT {
            self.open.remove(0);
        }
        self.open.push(Mark { byte, inner: 0 });
    }

    /// Closes the newest mark of this kind; the depth of what it spans.
    fn close(&mut self, byte: u8) -> usize {
        let Some(place) = self.open.iter().rposition(|mark| mark.byte == byte) else { return 0 };
        let depth = self.open.drain(place..).map(|mark| mark.inner).max().unwrap_or(0) + 1;
        if let Some(outer) = self.open.last_mut() {
            outer.inner = outer.inner.max(depth);
        }
        depth
    }
}

/// Bytes of a code span that begins here and ends on this line; else of its mark.
fn code(text: &str) -> usize {
    let run = text.bytes().take_while(|byte| *byte == b'`').count();
    let (mut at, bytes) = (run, text.as_bytes());
    while let Some(found) = text[at..].find('`') {
        at += found;
        let other = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
        at += other;
        if other == run {
            return at;
        }
    }
    run
}

/// Elements of HTML that are open.
#[derive(Default)]
struct Tags {
    open: Vec<(String, bool)>,
}

impl Tags {
    /// Reads the tag that begins here; true when it is too deep.
    fn read(&mut self, text: &str) -> bool {
        let closes = text[1..].starts_with('/');
        let name: String = text[1 + usize::from(closes)..]
            .chars()
            .take(20)
            .take_while(|char| char.is_ascii_alphanumeric() || *char == '-')
            .map(|char| char.to_ascii_lowercase())
            .collect();
        if name.is_empty() || FLAT.contains(&name.as_str()) {
            return false;
        }
        if closes {
            let depth = self.open.len();
            let Some(place) = self.open.iter().rposition(|(open, _)| *open == name) else { return false };
            // a name of its own counts once it proves to be an element
            let nested = self.open[..=place].iter().filter(|(open, known)| *known || *open == name).count();
            self.open.truncate(place);
            return nested > NESTING_LIMIT && depth > NESTING_LIMIT;
        }
        if self.open.len() >= OPEN_LIMIT {
            self.open.remove(0);
        }
        let known = ELEMENTS.contains(&name.as_str());
        self.open.push((name, known));
        known && self.open.iter().filter(|(_, known)| *known).count() > NESTING_LIMIT
    }
}
