//! The blocks of a Markdown section: paragraphs, list items, code, tables, quotes, rules. Byte for byte.

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// Lines of text.
    Paragraph,
    /// A list item of the outer level with everything that belongs to it.
    Item,
    /// A fenced or indented code block.
    Code,
    /// A table.
    Table,
    /// A quote.
    Quote,
    /// A thematic break.
    Rule,
    /// A heading.
    Heading,
}

/// A block of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// What it is.
    pub kind: BlockKind,
    /// Its lines, without the blank lines around it.
    pub text: &'a str,
}

/// The blocks of a section, in order. Together they hold everything but blank lines.
pub fn blocks(section: &str) -> Vec<Block<'_>> {
    let lines = lines(section);
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].text.trim().is_empty() {
            at += 1;
            continue;
        }
        let kind = kind_of(lines[at].text);
        let end = end_of(kind, &lines, at);
        let text = &section[lines[at].start..lines[end - 1].start + lines[end - 1].text.len()];
        blocks.push(Block { kind, text: text.trim_end() });
        at = end;
    }
    blocks
}

struct Line<'a> {
    start: usize,
    text: &'a str,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let at = start;
            start += line.len();
            Line { start: at, text: line.trim_end_matches(['\n', '\r']) }
        })
        .collect()
}

fn kind_of(line: &str) -> BlockKind {
    let trimmed = line.trim_start();
    if fence(line).is_some() || indent(line) >= 4 {
        BlockKind::Code
    } else if is_rule(trimmed) {
        BlockKind::Rule
    } else if is_item(trimmed) {
        BlockKind::Item
    } else if is_heading(trimmed) {
        BlockKind::Heading
    } else if trimmed.starts_with('|') {
        BlockKind::Table
    } else if trimmed.starts_with('>') {
        BlockKind::Quote
    } else {
        BlockKind::Paragraph
    }
}

/// The line after the last line of the block that begins at `at`.
fn end_of(kind: BlockKind, lines: &[Line<'_>], at: usize) -> usize {
    match kind {
        BlockKind::Rule | BlockKind::Heading => at + 1,
        BlockKind::Code => code_end(lines, at),
        BlockKind::Item => item_end(lines, at),
        BlockKind::Table | BlockKind::Quote => {
            let mark = if kind == BlockKind::Table { '|' } else { '>' };
            at + lines[at..].iter().take_while(|l| l.text.trim_start().starts_with(mark)).count()
        }
        BlockKind::Paragraph => {
            let more = lines[at + 1..].iter().take_while(|l| !l.text.trim().is_empty() && !interrupts(l.text)).count();
            at + 1 + more
        }
    }
}

/// A block that may begin directly after a line of text.
fn interrupts(line: &str) -> bool {
    match kind_of(line) {
        BlockKind::Paragraph | BlockKind::Table => false,
        BlockKind::Code => fence(line).is_some(),
        _ => true,
    }
}

fn code_end(lines: &[Line<'_>], at: usize) -> usize {
    let Some(open) = fence(lines[at].text) else {
        return at + lines[at..].iter().take_while(|l| indent(l.text) >= 4).count().max(1);
    };
    let closing = lines[at + 1..].iter().position(|l| {
        let line = l.text.trim();
        line.len() >= open.len() && line.starts_with(open) && line.chars().all(|c| open.starts_with(c))
    });
    closing.map_or(lines.len(), |n| at + n + 2)
}

fn item_end(lines: &[Line<'_>], at: usize) -> usize {
    let base = indent(lines[at].text);
    let mut end = at + 1;
    let mut fenced: Option<&str> = None;
    let mut blank = false;
    for (i, line) in lines.iter().enumerate().skip(at + 1) {
        let text = line.text;
        if let Some(open) = fenced {
            if fence(text).is_some_and(|f| f.starts_with(open)) {
                fenced = None;
            }
            end = i + 1;
            continue;
        }
        if text.trim().is_empty() {
            blank = true;
            continue;
        }
        let deeper = indent(text) >= base + 2;
        if !deeper && (blank || interrupts(text)) {
            break;
        }
        if deeper {
            fenced = fence(text.trim_start());
        }
        blank = false;
        end = i + 1;
    }
    end
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

fn fence(line: &str) -> Option<&str> {
    if indent(line) > 3 {
        return None;
    }
    let line = line.trim_start();
    ['`', '~'].into_iter().find_map(|mark| {
        let marks = line.len() - line.trim_start_matches(mark).len();
        (marks >= 3).then(|| &line[..marks])
    })
}

fn is_rule(line: &str) -> bool {
    let mut marks = line.chars().filter(|c| !c.is_whitespace());
    let Some(mark @ ('-' | '*' | '_')) = marks.next() else { return false };
    let mut count = 1;
    for c in marks {
        if c != mark {
            return false;
        }
        count += 1;
    }
    count >= 3
}

fn is_heading(line: &str) -> bool {
    let marks = line.len() - line.trim_start_matches('#').len();
    (1..=6).contains(&marks) && line[marks..].chars().next().is_none_or(char::is_whitespace)
}

/// The text of a list item's first line after its mark; none when the line begins no item.
pub fn item_text(line: &str) -> Option<&str> {
    let line = line.trim_start();
    if let Some(rest) = line.strip_prefix(['-', '*', '+']) {
        return (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim_start());
    }
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let rest = line[digits..].strip_prefix(['.', ')'])?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| rest.trim_start())
}

fn is_item(line: &str) -> bool {
    item_text(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(section: &str, expected: &[(BlockKind, &str)]) {
        let found = blocks(section);
        let found: Vec<(BlockKind, &str)> = found.iter().map(|b| (b.kind, b.text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn blocks_are_what_a_reader_sees() {
        use BlockKind::*;
        check(
            "One\ntwo\n\n- a\n  more\n  - nested\n\n  still a\n- b\n\n1. c\n```sh\n- no item\n```\n---\n| t |\n|---|\n> q\n",
            &[
                (Paragraph, "One\ntwo"),
                (Item, "- a\n  more\n  - nested\n\n  still a"),
                (Item, "- b"),
                (Item, "1. c"),
                (Code, "```sh\n- no item\n```"),
                (Rule, "---"),
                (Table, "| t |\n|---|"),
                (Quote, "> q"),
            ],
        );
        check("Text:\n- a\n- b", &[(Paragraph, "Text:"), (Item, "- a"), (Item, "- b")]);
        check("**Bold** is no list\n* * *\n", &[(Paragraph, "**Bold** is no list"), (Rule, "* * *")]);
        check("```\nopen", &[(Code, "```\nopen")]);
        check("", &[]);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost(text in "[-a*0-9.`~#|> \n]{0,120}") {
            let kept: String = blocks(&text).iter().flat_map(|b| b.text.chars()).filter(|c| !c.is_whitespace()).collect();
            let all: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            proptest::prop_assert_eq!(kept, all);
        }
    }
}
