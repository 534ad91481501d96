//! The identity of a text: what is left when decoration is taken away.
//!
//! The one pass is repeated until it changes nothing, so that the identity of an identity is itself.

use super::lower;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Passes before all emphasis marks are dropped: deeper nesting is decoration for its own sake.
const PASSES: usize = 8;

pub(super) fn identity(text: &str) -> String {
    let mut key = pass(&super::stored(text), false);
    for round in 1.. {
        let next = pass(&super::stored(&key), round > PASSES);
        if next == key {
            break;
        }
        key = next;
    }
    key
}

/// One pass: blocks with a blank line between them, code fences kept, all other lines folded.
fn pass(text: &str, drop_marks: bool) -> String {
    let mut blocks = String::with_capacity(text.len() + 2);
    let mut scratch = String::new();
    let mut open = false;
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        let end = blocks.len();
        if let Some(fence) = Fence::open(line) {
            begin_block(&mut blocks);
            blocks.push_str(&fence.block(&mut lines));
            open = false;
            continue;
        }
        let (content, marked) = without_marks(trimmed);
        // `open` only where there is a block
        match open && !marked {
            true => blocks.push(' '),
            false => begin_block(&mut blocks),
        }
        let begin = blocks.len();
        fold_line(content, drop_marks, &mut scratch, &mut blocks);
        if blocks.len() == begin {
            blocks.truncate(end);
            open = false;
            continue;
        }
        open = !trimmed.starts_with('#');
    }
    blocks
}

/// Parts a block from the one before it; no block is empty.
fn begin_block(blocks: &mut String) {
    if !blocks.is_empty() {
        blocks.push_str("\n\n");
    }
}

struct Fence<'a> {
    char: char,
    length: usize,
    indent: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn open(line: &'a str) -> Option<Self> {
        let content = line.trim_start_matches([' ', '\t']);
        let char = content.chars().next().filter(|char| matches!(char, '`' | '~'))?;
        let info = content.trim_start_matches(char);
        let length = content.len() - info.len();
        let valid = length >= 3 && !(char == '`' && info.contains('`'));
        valid.then(|| Self { char, length, indent: line.len() - content.len(), info: info.trim() })
    }

    fn closes(&self, line: &str) -> bool {
        let content = line.trim();
        content.len() >= self.length && content.chars().all(|char| char == self.char)
    }

    /// Reads up to the closing fence and writes the block with the shortest fence that can hold it.
    fn block(&self, lines: &mut std::str::Split<'_, char>) -> String {
        let mut content = Vec::new();
        for line in lines.by_ref() {
            if self.closes(line) {
                break;
            }
            let blanks = line.bytes().take(self.indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
            content.push(line[blanks..].trim_end());
        }
        while content.last().is_some_and(|line| line.is_empty()) {
            content.pop();
        }
        let char = if self.info.contains('`') { '~' } else { '`' };
        let longest = content
            .iter()
            .map(|line| line.trim())
            .filter(|line| line.chars().all(|other| other == char))
            .map(str::len)
            .max()
            .unwrap_or(0);
        let fence = char.to_string().repeat(3.max(longest + 1));
        let mut block = format!("{fence}{}\n", self.info);
        for line in content {
            block.push_str(line);
            block.push('\n');
        }
        block + &fence
    }
}

/// A line without its heading, quote and bullet marks; true when there were any.
fn without_marks(mut line: &str) -> (&str, bool) {
    let mut marked = false;
    loop {
        let rest = if let Some(rest) = line.strip_prefix('>') {
            Some(rest)
        } else if let Some(rest) = line.strip_prefix(['-', '*', '+']) {
            Some(rest).filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
        } else if line.starts_with('#') {
            let rest = line.trim_start_matches('#');
            let depth = line.len() - rest.len();
            Some(rest.trim_end().trim_end_matches('#'))
                .filter(|_| depth <= 6 && (rest.is_empty() || rest.starts_with(char::is_whitespace)))
        } else {
            let rest = line.trim_start_matches(|char: char| char.is_ascii_digit());
            let digits = line.len() - rest.len();
            rest.strip_prefix(['.', ')']).filter(|rest| {
                (1..=9).contains(&digits) && rest.starts_with(char::is_whitespace) && !rest.trim().is_empty()
            })
        };
        match rest {
            Some(rest) => {
                line = rest.trim();
                marked = true;
            }
            None => return (line, marked),
        }
    }
}

/// Adds a line outside code blocks: case folded, emphasis and runs of white space reduced; code spans keep their case.
/// `scratch` holds the line before its white space is reduced.
fn fold_line(line: &str, drop_marks: bool, scratch: &mut String, folded: &mut String) {
    if line.len() >= 3
        && ['-', '=', '*', '_'].iter().any(|rule| line.chars().all(|char| char == *rule || char.is_whitespace()))
    {
        return;
    }
    scratch.clear();
    for (part, code) in code_parts(line) {
        if code {
            scratch.push_str(part);
        } else if drop_marks {
            fold(&part.replace(['*', '_', '~'], ""), scratch);
        } else {
            fold(&without_emphasis(part), scratch);
        }
    }
    for (index, word) in scratch.split_whitespace().enumerate() {
        if index > 0 {
            folded.push(' ');
        }
        folded.push_str(word);
    }
}

/// Adds a part in lower case, but for flags of one letter: `-v` is not `-V`.
fn fold(part: &str, folded: &mut String) {
    let begin = folded.len();
    for word in part.split_inclusive(char::is_whitespace) {
        let flag = word.strip_prefix('-').is_some_and(|flag| flag.trim_end().len() == 1);
        folded.push_str(&if flag { Cow::Borrowed(word) } else { lower(word) });
    }
    let added = &folded[begin..];
    if !added.is_ascii() && is_nfc_quick(added.chars()) != IsNormalized::Yes {
        let composed: String = added.nfc().collect();
        folded.replace_range(begin.., &composed);
    }
}

/// The line cut at its code spans: a run of backticks up to the next run of the same length.
pub(crate) fn code_parts(line: &str) -> Vec<(&str, bool)> {
    if !line.contains('`') {
        return vec![(line, false)];
    }
    let bytes = line.as_bytes();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'`' {
            let length = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
            runs.push((at, length));
            at += length;
        } else {
            at += 1;
        }
    }
    let mut closer = vec![None; runs.len()];
    if runs.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        // nearly always: the next run closes
        (1..runs.len()).for_each(|index| closer[index - 1] = Some(index));
    } else {
        let mut next_of_length = std::collections::BTreeMap::new();
        for (index, (_, length)) in runs.iter().enumerate().rev() {
            closer[index] = next_of_length.insert(*length, index);
        }
    }
    let (mut parts, mut start, mut index) = (Vec::new(), 0, 0);
    while index < runs.len() {
        match closer[index] {
            Some(end) => {
                let (open, (close, length)) = (runs[index].0, runs[end]);
                parts.push((&line[start..open], false));
                parts.push((&line[open..close + length], true));
                start = close + length;
                index = end + 1;
            }
            None => index += 1,
        }
    }
    parts.push((&line[start..], false));
    parts
}

/// Takes away pairs of emphasis marks: a run that opens before a word and its like that closes after one.
fn without_emphasis(part: &str) -> Cow<'_, str> {
    if !part.contains(['*', '_', '~']) {
        return part.into();
    }
    let chars: Vec<(usize, char)> = part.char_indices().collect();
    let mut dropped = vec![false; part.len()];
    let mut open: Vec<(usize, char, usize)> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (offset, mark) = chars[at];
        if !matches!(mark, '*' | '_' | '~') {
            at += 1;
            continue;
        }
        let length = chars[at..].iter().take_while(|(_, char)| *char == mark).count();
        let before = at.checked_sub(1).map(|index| chars[index].1);
        let after = chars.get(at + length).map(|(_, char)| *char);
        at += length;
        if length > 3 || (mark == '~' && length != 2) {
            continue;
        }
        let blank = |side: Option<char>| side.is_none_or(char::is_whitespace);
        let edge = |side: Option<char>| side.is_none_or(|char| !char.is_alphanumeric());
        let closes = !blank(before) && (mark != '_' || edge(after));
        let opens = !blank(after) && (mark != '_' || edge(before));
        let pair = open.iter().rposition(|(_, char, other)| *char == mark && *other == length).filter(|_| closes);
        if let Some(index) = pair {
            let start = open[index].0;
            dropped[start..start + length].fill(true);
            dropped[offset..offset + length].fill(true);
            open.truncate(index);
        } else if opens {
            // A deep stack of marks that never close is not emphasis.
            if open.len() >= 64 {
                open.clear();
            }
            open.push((offset, mark, length));
        }
    }
    chars.iter().filter(|(offset, _)| !dropped[*offset]).map(|(_, char)| *char).collect()
}
