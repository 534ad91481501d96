//! Removing: what is left of a text, and where its headings go.

use std::{collections::BTreeSet, ops::Range};

use super::split::{pieces, sentences};
use crate::{
    markdown::{Block, Kind, blocks},
    normalize::identity,
};

/// A block as it is written again, or none of it.
struct Unit {
    block: Block,
    left: Option<String>,
}

pub(super) fn without(text: &str, gone: &BTreeSet<String>) -> String {
    let before: BTreeSet<String> = pieces(text).into_iter().map(|piece| piece.statement.identity).collect();
    if before.is_disjoint(gone) {
        return text.to_owned();
    }
    let mut units: Vec<Unit> =
        blocks(text).into_iter().map(|block| Unit { left: left_of(text, &block, gone), block }).collect();
    drop_headings(&mut units);
    let left = written(text, &units, false);
    let wanted: BTreeSet<String> = before.difference(gone).cloned().collect();
    let found = |text: &str| -> BTreeSet<String> { pieces(text).into_iter().map(|p| p.statement.identity).collect() };
    // What is gone must not change what stays (a mark that it closed): then each stands for itself.
    if found(&left) == wanted { left } else { written(text, &units, true) }
}

/// What is left of a block; none when nothing is.
fn left_of(text: &str, block: &Block, gone: &BTreeSet<String>) -> Option<String> {
    let whole = &text[block.range.clone()];
    match block.kind {
        Kind::Heading { .. } | Kind::Rule => Some(whole.to_owned()),
        Kind::Paragraph => left_of_paragraph(text, &block.range, gone),
        _ => (!gone.contains(&identity(whole.trim_end().trim_start_matches(['\n', '\r'])))).then(|| whole.to_owned()),
    }
}

fn left_of_paragraph(text: &str, range: &Range<usize>, gone: &BTreeSet<String>) -> Option<String> {
    let said = sentences(text, range.clone());
    let stays = |range: &Range<usize>| !gone.contains(&identity(&text[range.clone()]));
    if said.iter().all(&stays) {
        return Some(text[range.clone()].to_owned());
    }
    let mut left = String::new();
    let mut last: Option<usize> = None;
    for (at, sentence) in said.iter().enumerate().filter(|(_, sentence)| stays(sentence)) {
        left.push_str(match last {
            None => "",
            Some(before) if before + 1 == at => &text[said[before].end..sentence.start],
            Some(_) => " ",
        });
        left.push_str(&text[sentence.clone()]);
        last = Some(at);
    }
    // a mark that says nothing does not stand alone
    let says = said.iter().filter(|s| stays(s)).any(|s| !identity(&text[s.start..s.end]).is_empty());
    says.then(|| left + "\n")
}

/// A heading goes with the last that it held; the title, and one that held nothing, stays.
fn drop_headings(units: &mut [Unit]) {
    let level = |unit: &Unit| if let Kind::Heading { level, .. } = unit.block.kind { Some(level) } else { None };
    let title = units.iter().position(|unit| level(unit).is_some()).filter(|at| level(&units[*at]) == Some(1));
    for at in (0..units.len()).rev() {
        let Some(own) = level(&units[at]).filter(|_| title != Some(at)) else { continue };
        let end = (at + 1..units.len()).find(|other| level(&units[*other]).is_some_and(|l| l <= own));
        let below = &units[at + 1..end.unwrap_or(units.len())];
        let holds = |unit: &&Unit| !matches!(unit.block.kind, Kind::Rule);
        if below.iter().any(|unit| holds(&unit)) && !below.iter().filter(holds).any(|unit| unit.left.is_some()) {
            units[at].left = None;
        }
    }
}

/// The units that are left, one after another; with `apart` none of them stands as it stood.
fn written(text: &str, units: &[Unit], apart: bool) -> String {
    let mut out = String::new();
    let mut above: Option<(usize, &Block)> = None;
    let mut head = None;
    for (at, Unit { block, left }) in units.iter().enumerate() {
        let Some(left) = left else { continue };
        let first_row_of = new_head(&block.kind, head);
        let start = first_row_of.map_or(block.range.start, |head| head.start);
        if let Some((before, above)) = above {
            if !out.ends_with('\n') {
                out.push('\n');
            }
            let gap = text.get(above.range.end..start).unwrap_or_default();
            out.push_str(if before + 1 == at && !apart { as_it_stood(gap) } else { between(above, block) });
        }
        if let Some(own) = first_row_of {
            // the first row may have its head within itself
            if own.start < block.range.start {
                out.push_str(text[own.clone()].trim_end());
                out.push('\n');
            }
            head = Some(own);
        }
        out.push_str(left);
        above = Some((at, block));
    }
    out
}

/// The head of the table that this row begins: it stands before the first row, or was a block of its own.
fn new_head<'a>(kind: &'a Kind, head: Option<&Range<usize>>) -> Option<&'a Range<usize>> {
    match kind {
        Kind::Row { head: own } if head != Some(own) => Some(own),
        _ => None,
    }
}

/// What stood between two neighbours; of a gap that holds text only that there was an end of a line.
fn as_it_stood(gap: &str) -> &str {
    match gap {
        gap if gap.trim().is_empty() => gap,
        gap if gap.contains('\n') => "\n",
        _ => "",
    }
}

/// What goes between two that come together: nothing within a list or a table, else an empty line.
fn between(above: &Block, below: &Block) -> &'static str {
    match (&above.kind, &below.kind) {
        (Kind::Item, Kind::Item) => "",
        (Kind::Row { head: above }, Kind::Row { head: own }) if above == own => "",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statement;

    fn identities(text: &str) -> BTreeSet<String> {
        statement::statements(text).into_iter().map(|statement| statement.identity).collect()
    }

    #[track_caller]
    fn check(text: &str, gone: &str, expected: &str) {
        let left = without(text, &identities(gone));
        assert_eq!(left, expected, "{text:?} without {gone:?}");
        assert_eq!(without(&left, &identities(gone)), left, "again");
    }

    #[test]
    fn a_statement_goes_and_its_neighbours_stay_as_they_are() {
        check("One here. Two there! Three?\n", "Two there!", "One here. Three?\n");
        check("One here. Two there!\n\nThree?\n", "One here. Two there!", "Three?\n");
        check("- a one\n- b two\n- c three\n", "- b two", "- a one\n- c three\n");
        check("A first.\n\n- b two\n\nC third.\n", "- b two", "A first.\n\nC third.\n");
        check("A first.\n\n```sh\nrm x\n```\nC third.\n", "```sh\nrm x\n```", "A first.\n\nC third.\n");
        check("[ref]: http://x.example\n\nText stays.\n", "[ref]: http://x.example", "Text stays.\n");
        check("Nothing of this.\n", "Something else.", "Nothing of this.\n");
    }

    #[test]
    fn headings_and_tables_go_with_the_last_that_they_held() {
        check("# T\n\nOne.\n\n## A\n\nTwo.\n\n## B\n\nThree.\n", "Two.", "# T\n\nOne.\n\n## B\n\nThree.\n");
        check("# T\n\n## A\n\n### A1\n\nTwo.\n\n## Empty\n", "Two.", "# T\n\n## Empty\n");
        check("# T\n\nOne.\n", "One.", "# T\n");
        let table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n";
        check(table, "| a | b |\n|---|---|\n| 1 | 2 |\n", "| a | b |\n|---|---|\n| 3 | 4 |\n");
        check(&format!("Before it.\n\n{table}"), table, "Before it.\n");
    }

    const PARTS: &[&str] = &[
        "Use the staging environment first. The limit is 50 a week.",
        "## Steps\n\n- stop the server\n- copy the store\n  - and look at it",
        "## Steps\n\n1. wait\n2. start it",
        "```sh\n# restore\ntar xf store.tar\n```",
        "| port | use |\n|---|---|\n| 80 | web |\n| 443 | tls |",
        "> quoted. All of it.",
        "先在测试环境更新证书。不要重启。",
        "# Another title\n\nIt has its own text.",
        "<div>\nraw\n</div>",
        "---",
        "[ref]: http://x.example",
        "Ends with a **mark",
    ];

    proptest! {
        /// The inverse of merging: what only the addition said is gone, and nothing else.
        #[test]
        fn what_was_merged_is_taken_out_again(
            text in prop::collection::vec(0..PARTS.len(), 1..6), more in prop::collection::vec(0..PARTS.len(), 1..6),
        ) {
            let of = |parts: &[usize]| parts.iter().map(|p| PARTS[*p]).collect::<Vec<_>>().join("\n\n") + "\n";
            let (text, more) = (of(&text), of(&more));
            let merged = statement::merge(&text, &more);
            let added: BTreeSet<String> = identities(&merged).difference(&identities(&text)).cloned().collect();
            let left = without(&merged, &added);
            prop_assert_eq!(identities(&left), identities(&text), "{:?} of {:?}", left, merged);
            prop_assert_eq!(without(&left, &added), left);
        }

        #[test]
        fn any_text_is_survived(text in "([a-z.] |[\n#>*`|~-]|\n\n|---|```|\\| a \\|\n\\|-\\|\n){0,30}", pick in 0..9_usize) {
            let gone: BTreeSet<String> = identities(&text).into_iter().skip(pick % 3).step_by(1 + pick / 3).collect();
            let left = without(&text, &gone);
            prop_assert!(identities(&left).is_disjoint(&gone), "{gone:?} in {left:?} of {text:?}");
        }
    }
}
