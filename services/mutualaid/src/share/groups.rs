//! Groups: the things that stand in a section which announces several.

use super::{
    blocks::{Block, BlockKind, blocks, item_text},
    titles,
};

/// The things in a section that announces several: each list item, each run of paragraphs on one subject. What
/// ends with a colon belongs to what follows; code and tables belong to what stands before them.
pub(super) fn groups(section: &str) -> Vec<String> {
    let mut groups: Vec<Vec<Block<'_>>> = Vec::new();
    let mut introduced = false;
    for block in blocks(section) {
        let new = match block.kind {
            BlockKind::Rule | BlockKind::Heading => continue,
            BlockKind::Item => !introduced,
            BlockKind::Code | BlockKind::Table | BlockKind::Quote => false,
            BlockKind::Paragraph => {
                introduced = false;
                let follows_text = groups.last().is_some_and(|g| g.iter().all(|b| b.kind == BlockKind::Paragraph));
                !follows_text || titles::has_own_subject(block.text) || titles::is_housekeeping(block.text)
            }
        };
        if block.kind == BlockKind::Paragraph {
            introduced = ends_with_colon(block.text);
        }
        match groups.last_mut() {
            Some(group) if !new => group.push(block),
            _ => groups.push(vec![block]),
        }
    }
    groups.iter().filter(|g| !g.first().is_some_and(|b| is_passing(b))).map(|g| text_of(g)).collect()
}

/// An open to-do or a remark on the log itself.
fn is_passing(block: &Block<'_>) -> bool {
    let open = item_text(block.text).is_some_and(|text| text.starts_with("[ ]"));
    open || titles::is_housekeeping(block.text)
}

fn text_of(group: &[Block<'_>]) -> String {
    let alone = group.iter().filter(|b| b.kind == BlockKind::Item).count() == 1;
    let mut text = String::new();
    for (i, block) in group.iter().enumerate() {
        let tight = i > 0 && block.kind == BlockKind::Item && group[i - 1].kind == BlockKind::Item;
        let between = if tight { "\n" } else { "\n\n" };
        text.push_str(if i == 0 { "" } else { between });
        // an item on its own is no list any more
        let unlist = alone && block.kind == BlockKind::Item;
        text.push_str(&if unlist { unlisted(block.text) } else { block.text.to_owned() });
    }
    text
}

/// A list item as text of its own: without its mark, what hangs below it moved to the left.
fn unlisted(item: &str) -> String {
    let (first, below) = item.split_once('\n').unwrap_or((item, ""));
    let first = item_text(first).unwrap_or(first);
    let first = ["[x] ", "[X] "].iter().find_map(|mark| first.strip_prefix(mark)).unwrap_or(first);
    let written = |line: &&str| !line.trim().is_empty();
    let indent = below.lines().filter(written).map(|l| l.len() - l.trim_start_matches(' ').len()).min().unwrap_or(0);
    let mut text = first.to_owned();
    for (i, line) in below.lines().enumerate() {
        let line = line.get(indent..).unwrap_or("");
        // what was a list below the item is a list below the text
        text.push_str(if i == 0 && item_text(line).is_some() { "\n\n" } else { "\n" });
        text.push_str(line);
    }
    text
}

fn ends_with_colon(text: &str) -> bool {
    text.trim_end_matches(|c: char| matches!(c, '*' | '_') || c.is_whitespace()).ends_with([':', '：'])
}
