//! The Markdown parser behind document and statements: blocks as byte ranges of whole lines. And, for whoever shows a page, its
//! tree ([`with_page`]).
//!
//! **Every line that is not blank belongs to exactly one block**, whatever the parser makes of it (link definitions
//! vanish from a syntax tree; here they do not). Work and nesting are bounded: a text that nests too deeply
//! ([`hostile::too_deep`]), or that takes too many steps, is read as plain paragraphs.

use crate::hostile;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options};
use std::cell::Cell;
use std::ops::Range;

/// Brackets of one paragraph that are open at a time, closed later or not.
const BRACKETS_LIMIT: usize = 256;

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Heading {
        level: u8,
        text: String,
    },
    Paragraph,
    /// A list item with everything below it.
    Item,
    /// A table's row; `head` covers its header and delimiter lines.
    Row {
        head: Range<usize>,
    },
    /// A code block; `open` when no fence closes it.
    Code {
        open: Option<String>,
    },
    Html,
    Rule,
    /// A quote, a footnote, or lines that the parser does not show.
    Other,
}

/// A block: whole lines of the body, without blank lines after it, with the last line's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
}

/// The blocks of a body in order.
pub(crate) fn blocks(body: &str) -> Vec<Block> {
    let lines = Lines::of(body);
    let parsed = with_tree(body, |root| {
        let mut blocks = Vec::new();
        for node in root.children() {
            push_blocks(node, &lines, &mut blocks);
        }
        blocks
    });
    complete(body, &lines, parsed.unwrap_or_default())
}

/// Runs `read` over the syntax tree; `None` when the text is hostile.
pub(crate) fn with_tree<T>(body: &str, read: impl for<'a> FnOnce(&'a AstNode<'a>) -> T) -> Option<T> {
    parse(body, Options::default(), read)
}

/// Runs `read` over the syntax tree of a page that is to be shown: as all others read it, and with bare addresses as links and
/// boxes to tick. Footnotes stay where they are written. `None` when the text is hostile: it nests deeper than
/// [`hostile::NESTING_LIMIT`], or takes too many steps.
pub fn with_page<T>(body: &str, read: impl for<'a> FnOnce(&'a AstNode<'a>) -> T) -> Option<T> {
    let mut options = Options::default();
    options.extension.autolink = true;
    options.extension.tasklist = true;
    parse(body, options, read)
}

fn parse<T>(body: &str, mut options: Options<'_>, read: impl for<'a> FnOnce(&'a AstNode<'a>) -> T) -> Option<T> {
    if hostile::too_deep(body).is_some() || is_hostile(body) {
        return None;
    }
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.footnotes = true;
    options.extension.wikilinks_title_after_pipe = true;
    options.parse.leave_footnote_definitions = true;
    let arena = Arena::new();
    // One call for each 256 steps of the parser: a step for each byte is far more than an honest text needs.
    let left = Cell::new(64 + body.len() / 64);
    let spent = || {
        left.set(left.get().saturating_sub(1));
        left.get() == 0
    };
    let root = comrak::try_parse_document(&arena, body, &options, &spent).ok()?;
    Some(read(root))
}

/// The text of a node's inlines: marks removed, code as written, a line break as a blank.
pub(crate) fn inline_text<'a>(node: &'a AstNode<'a>) -> String {
    let mut text = String::new();
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(part) => text.push_str(part),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// Byte offsets of the lines of a text; `\n`, `\r\n` and `\r` end a line.
struct Lines(Vec<usize>);

impl Lines {
    fn of(body: &str) -> Self {
        let bytes = body.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        if starts.last() != Some(&body.len()) {
            starts.push(body.len());
        }
        Self(starts)
    }

    /// The range of lines `first` to `last`, from 1, both included.
    fn range(&self, first: usize, last: usize) -> Range<usize> {
        let end = self.0.len().saturating_sub(1);
        let start = first.saturating_sub(1).min(end);
        self.0[start]..self.0[last.clamp(start, end)]
    }

    fn each(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.windows(2).map(|pair| pair[0]..pair[1])
    }
}

fn push_blocks<'a>(node: &'a AstNode<'a>, lines: &Lines, blocks: &mut Vec<Block>) {
    let data = node.data();
    let position = data.sourcepos;
    let range = lines.range(position.start.line, position.end.line);
    let kind = match &data.value {
        NodeValue::List(_) => {
            for item in node.children() {
                let position = item.data().sourcepos;
                let range = lines.range(position.start.line, position.end.line);
                blocks.push(Block { kind: Kind::Item, range });
            }
            return;
        }
        NodeValue::Table(_) => {
            let head = lines.range(position.start.line, position.start.line + 1);
            let rows: Vec<_> = node.children().skip(1).map(|row| row.data().sourcepos.start.line).collect();
            if rows.is_empty() {
                blocks.push(Block { kind: Kind::Other, range });
            }
            for row in rows {
                blocks.push(Block { kind: Kind::Row { head: head.clone() }, range: lines.range(row, row) });
            }
            return;
        }
        NodeValue::Heading(heading) => Kind::Heading { level: heading.level, text: inline_text(node) },
        NodeValue::Paragraph => Kind::Paragraph,
        NodeValue::CodeBlock(code) => {
            let fence = char::from(code.fence_char).to_string().repeat(code.fence_length.max(3));
            Kind::Code { open: (code.fenced && !code.closed).then_some(fence) }
        }
        NodeValue::HtmlBlock(_) => Kind::Html,
        NodeValue::ThematicBreak => Kind::Rule,
        _ => Kind::Other,
    };
    blocks.push(Block { kind, range });
}

/// Cuts overlaps, takes blank lines off the ends, and makes blocks of the lines that no block covers.
fn complete(body: &str, lines: &Lines, mut parsed: Vec<Block>) -> Vec<Block> {
    parsed.sort_by_key(|block| (block.range.start, block.range.end));
    let mut blocks: Vec<Block> = Vec::with_capacity(parsed.len());
    let mut all = lines.each().peekable();
    let heads: Vec<Range<usize>> = parsed
        .iter()
        .filter_map(|block| match &block.kind {
            Kind::Row { head } => Some(head.clone()),
            _ => None,
        })
        .collect();
    let mut head = 0;
    let mut uncovered = |range: Range<usize>, blocks: &mut Vec<Block>| {
        while heads.get(head).is_some_and(|head| head.end <= range.start) {
            head += 1;
        }
        let in_head = heads.get(head).is_some_and(|head| head.contains(&range.start));
        if in_head || body[range.clone()].trim().is_empty() {
            return;
        }
        match blocks.last_mut() {
            Some(last) if last.kind == Kind::Other && last.range.end == range.start => last.range.end = range.end,
            _ => blocks.push(Block { kind: Kind::Other, range }),
        }
    };
    let mut reached = 0;
    for mut block in parsed {
        block.range.start = block.range.start.max(reached);
        while let Some(line) = all.next_if(|line| line.start < block.range.start) {
            uncovered(line, &mut blocks);
        }
        while all.next_if(|line| line.start < block.range.end).is_some() {}
        reached = reached.max(block.range.end);
        let code = matches!(block.kind, Kind::Code { .. });
        if block.range.is_empty() || (!code && body[block.range.clone()].trim().is_empty()) {
            continue;
        }
        block.range.end = without_blank_lines(body, block.range.clone());
        blocks.push(block);
    }
    for line in all {
        uncovered(line, &mut blocks);
    }
    blocks
}

/// The end of a range without the blank lines at its end.
fn without_blank_lines(body: &str, range: Range<usize>) -> usize {
    let kept = range.start + body[range.clone()].trim_end().len();
    let rest = &body[kept..range.end];
    match rest.find(['\n', '\r']) {
        Some(at) if rest[at..].starts_with("\r\n") => kept + at + 2,
        Some(at) => kept + at + 1,
        None => range.end,
    }
}

/// True for many brackets that nothing closes: they nest nothing, and cost a parser as if they did.
fn is_hostile(body: &str) -> bool {
    if body.bytes().filter(|byte| *byte == b'[').count() <= BRACKETS_LIMIT {
        return false;
    }
    let mut brackets = 0_usize;
    for line in body.split(['\n', '\r']) {
        if line.trim().is_empty() {
            brackets = 0;
        }
        for byte in line.bytes() {
            match byte {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if brackets > BRACKETS_LIMIT {
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(body: &str, expected: &[(&str, &str)]) {
        let found: Vec<(String, &str)> = blocks(body)
            .into_iter()
            .map(|block| {
                let name = format!("{:?}", block.kind);
                let end = name.find(|char: char| !char.is_alphanumeric()).unwrap_or(name.len());
                (name[..end].to_lowercase(), &body[block.range])
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(kind, text)| (kind.as_str(), *text)).collect();
        assert_eq!(found, expected, "for {body:?}");
    }

    #[test]
    fn every_line_has_its_block() {
        check(
            "# A\n\ntext\nmore\n\n- one\n  - two\n- three\n",
            &[("heading", "# A\n"), ("paragraph", "text\nmore\n"), ("item", "- one\n  - two\n"), ("item", "- three\n")],
        );
        check(
            "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n[ref]: http://x.example\n",
            &[("row", "| 1 | 2 |\n"), ("row", "| 3 | 4 |\n"), ("other", "[ref]: http://x.example\n")],
        );
        check(
            "```sh\n# no heading\n```\n> quote\n> more\n\n[^1]: note\n",
            &[("code", "```sh\n# no heading\n```\n"), ("other", "> quote\n> more\n"), ("other", "[^1]: note\n")],
        );
        check("標題\n===\r\n內容\r\n", &[("heading", "標題\n===\r\n"), ("paragraph", "內容\r\n")]);
        check("", &[]);
    }

    #[test]
    fn hostile_nesting_is_read_plainly_and_soon() {
        let nested_list: String = (0..350).map(|depth| format!("{}- x\n", " ".repeat(depth))).collect();
        for body in [
            ">".repeat(65_536),
            "> ".repeat(32_768),
            "[".repeat(65_536),
            "![".repeat(32_768),
            "- ".repeat(32_768),
            "1. ".repeat(21_845),
            "*a ".repeat(21_845),
            "*a_b".repeat(16_384),
            "`".repeat(65_536),
            "<a ".repeat(21_845),
            "(".repeat(65_536),
            "[a](".repeat(16_384),
            "[[a".repeat(21_845),
            "| ".repeat(32_768),
            "|a\n|-\n".repeat(8_000),
            format!("{}\n{}\n", "|a".repeat(8_000), "|-".repeat(8_000)),
            "[^a]".repeat(16_384),
            "[a]: b\n".repeat(9_000),
            "<!--".repeat(16_384),
            "~~a ".repeat(16_384),
            (0..9000).map(|index| format!("{}\n", "`".repeat(index % 90))).collect::<String>(),
            ">\n".repeat(32_768),
            "e.g. ".repeat(13_107),
            "A b. ".repeat(13_107),
            "端。".repeat(10_922),
            (1..360).map(|depth| ">".repeat(depth) + "\n").collect(),
            nested_list,
        ] {
            // The best of three: the machine may be busy with something else.
            let took = (0..3).map(|_| {
                let start = std::time::Instant::now();
                let _ = (blocks(&body), crate::statement::statements(&body), crate::document::plain_text(&body));
                start.elapsed()
            });
            let took = took.min().unwrap_or_default();
            // a reader without bounds takes minutes over some of these; how fast it is, is not for a test
            assert!(took.as_secs() < 3, "{:?}… took {took:?}", &body[..8]);
        }
    }

    proptest! {
        #[test]
        fn blocks_are_whole_lines_in_order(body in "([a-z] |\\PC|[\n\r>#*`|~-]|    |\n\n|\\[a\\]: b|---|```){0,60}") {
            let mut reached = 0;
            for block in blocks(&body) {
                prop_assert!(block.range.start >= reached && block.range.end > block.range.start);
                if !matches!(block.kind, Kind::Row { .. }) {
                    prop_assert!(reached == block.range.start || body[reached..block.range.start].lines().all(|line|
                        line.trim().is_empty() || line.contains('|') || line.contains('-')));
                }
                reached = block.range.end;
            }
            prop_assert!(body[reached..].trim().is_empty());
        }
    }
}
