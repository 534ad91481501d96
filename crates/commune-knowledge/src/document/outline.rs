//! What a body is made of: sections, title, links, plain text.

use super::Section;
use crate::markdown::{self, Kind};
use comrak::nodes::NodeValue;

/// Most characters of a title that is made from a line of text.
const TITLE_LIMIT: usize = 80;
/// Fewest bytes of a line's beginning that is a title.
const FEWEST: usize = 20;
/// What parts a line so that its beginning says something by itself.
const PARTINGS: &[&str] = &[": ", " : ", "; ", " — ", " – ", " - ", " → ", " (", " | "];

pub(super) fn sections(body: &str) -> Vec<Section> {
    let mut sections = vec![Section { level: 0, heading: String::new(), own: 0..0, whole: 0..body.len() }];
    for block in markdown::blocks(body) {
        if let Kind::Heading { level, text } = block.kind {
            let start = block.range.start;
            sections.push(Section { level, heading: text, own: start..start, whole: start..body.len() });
        }
    }
    for index in 0..sections.len() {
        let level = sections[index].level;
        let later = &sections[index + 1..];
        let own_end = later.first().map_or(body.len(), |next| next.own.start);
        let whole_end = match level {
            0 => own_end,
            _ => later.iter().find(|next| next.level <= level).map_or(body.len(), |next| next.own.start),
        };
        sections[index].own.end = own_end;
        sections[index].whole.end = whole_end;
    }
    sections
}

pub(super) fn title(body: &str) -> String {
    let mut first = None;
    for block in markdown::blocks(body) {
        if let Kind::Heading { level, text } = block.kind
            && !text.is_empty()
        {
            if level == 1 {
                return text;
            }
            first.get_or_insert(text);
        }
    }
    first.unwrap_or_else(|| {
        let plain = plain_text(body);
        let line = plain.lines().map(str::trim).find(|line| line.chars().any(char::is_alphanumeric));
        shortened(line.or_else(|| plain.lines().map(str::trim).find(|line| !line.is_empty())).unwrap_or_default())
    })
}

pub(super) fn wikilinks(body: &str) -> Vec<String> {
    let links = markdown::with_tree(body, |root| {
        let mut links = Vec::new();
        for node in root.descendants() {
            if let NodeValue::WikiLink(link) = &node.data().value {
                links.push(link.url.clone());
            }
        }
        links
    });
    let target = |link: String| link.split(['#', '|']).next().map(|target| target.trim().to_owned());
    links.unwrap_or_default().into_iter().filter_map(target).filter(|target| !target.is_empty()).collect()
}

pub(super) fn plain_text(body: &str) -> String {
    let Some(text) = markdown::with_tree(body, |root| {
        let mut text = String::new();
        for node in root.descendants() {
            match &node.data().value {
                NodeValue::Text(part) => text.push_str(part),
                NodeValue::Code(code) => text.push_str(&code.literal),
                NodeValue::SoftBreak => text.push(' '),
                NodeValue::LineBreak => text.push('\n'),
                NodeValue::TableCell if text.ends_with(|char| char != '\n') => text.push(' '),
                NodeValue::CodeBlock(code) => {
                    end_line(&mut text);
                    text.push_str(&code.literal);
                }
                NodeValue::Paragraph
                | NodeValue::Heading(_)
                | NodeValue::Item(_)
                | NodeValue::TableRow(_)
                | NodeValue::ThematicBreak => end_line(&mut text),
                NodeValue::HtmlBlock(html) => {
                    end_line(&mut text);
                    text.push_str(&without_tags(&html.literal));
                }
                _ => {}
            }
        }
        text
    }) else {
        return body.to_owned();
    };
    text.trim().to_owned()
}

pub(super) fn is_empty(body: &str) -> bool {
    if plainly_says(body) {
        return false;
    }
    markdown::blocks(body).into_iter().all(|block| match block.kind {
        Kind::Heading { .. } | Kind::Rule => true,
        Kind::Code { .. } => body[block.range].lines().all(|line| {
            line.trim().is_empty() || line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~")
        }),
        Kind::Html => is_boilerplate(&without_tags(&body[block.range])),
        _ => body[block.range].lines().all(is_boilerplate),
    })
}

/// True when a line that begins with a letter stands between blank ones and is no boilerplate: it is a paragraph, or part
/// of some code, whatever stands around it. Most bodies are told by that without being parsed.
fn plainly_says(body: &str) -> bool {
    if body.contains(['<', '\r']) {
        return false;
    }
    let mut after_blank = true;
    let mut lines = body.lines().peekable();
    while let Some(line) = lines.next() {
        let blank = |line: &str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        let alone = after_blank && lines.peek().is_none_or(|next| blank(next));
        if alone && line.starts_with(|char: char| char.is_ascii_alphabetic()) && !is_boilerplate(line) {
            return true;
        }
        after_blank = blank(line);
    }
    false
}

/// True for a line that says nothing: marks of lists, tables and tasks, and words that stand for "still empty".
fn is_boilerplate(line: &str) -> bool {
    let content = line.trim_matches(|char: char| char.is_whitespace() || "-*+_>|[]().:…–—#`~=".contains(char));
    let content =
        content.strip_prefix(['x', 'X']).filter(|rest| rest.is_empty() && line.contains('[')).unwrap_or(content);
    let digits = content.chars().all(|char| char.is_ascii_digit())
        && line.trim_start().starts_with(content)
        && !content.is_empty();
    let numbered = digits && matches!(line.trim_start().as_bytes().get(content.len()), Some(b'.' | b')'));
    let stub = matches!(
        content.to_lowercase().as_str(),
        "" | "todo"
            | "tbd"
            | "tba"
            | "n/a"
            | "none"
            | "nothing"
            | "nothing yet"
            | "empty"
            | "placeholder"
            | "rien"
            | "néant"
            | "nichts"
            | "keine"
            | "nada"
            | "ninguno"
            | "ninguna"
            | "niente"
            | "无"
            | "無"
            | "なし"
            | "нет"
    );
    numbered || stub
}

/// HTML without its tags and comments.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let tag = &rest[open..];
        let end =
            if tag.starts_with("<!--") { tag.find("-->").map(|at| at + 3) } else { tag.find('>').map(|at| at + 1) };
        match end {
            Some(end) => rest = &tag[end..],
            None => return text,
        }
    }
    text + rest
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

pub(super) fn beginning(line: &str, limit: usize) -> Option<&str> {
    let partings = PARTINGS.iter().filter_map(|parting| line.find(parting));
    partings.filter(|at| (FEWEST..=limit).contains(at)).min().map(|at| &line[..at])
}

/// A line cut to [`TITLE_LIMIT`] characters: where a thought ends, else at a word.
fn shortened(line: &str) -> String {
    let Some((end, _)) = line.char_indices().nth(TITLE_LIMIT) else {
        return line.to_owned();
    };
    let cut = &line[..end];
    if let Some(thought) = beginning(line, end) {
        return thought.trim_end().to_owned();
    }
    let whole = if line[end..].starts_with(char::is_whitespace) {
        cut
    } else {
        cut.rfind(char::is_whitespace).map_or(cut, |at| &cut[..at])
    };
    whole.trim_end().trim_end_matches([',', ';', ':', '-', '–']).to_owned()
}
