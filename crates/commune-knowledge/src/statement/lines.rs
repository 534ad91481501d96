//! A body line by line, with the statements that stand on each.

use super::split::pieces;

/// A line of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it says, without its end.
    pub text: &'a str,
    /// The statements that stand on it or go on there, by their ids ([`super::Statement::id`]), in order. A table's header belongs to its
    /// first row. None for headings, rules, and lines that are blank.
    pub statements: Vec<u64>,
}

/// The lines of a Markdown body, in order.
pub fn lines(body: &str) -> Vec<Line<'_>> {
    let mut spans: Vec<(usize, usize, u64)> = Vec::new();
    for piece in pieces(body) {
        let above = spans.last().map_or(0, |(_, end, _)| *end);
        let starts_table = !piece.head.is_empty() && piece.head.start >= above;
        let start = if starts_table { piece.head.start } else { piece.range.start };
        spans.push((start, piece.range.end, piece.statement.id()));
    }
    let mut first = 0;
    let mut at = 0;
    let line = |text: &str| {
        let (begin, end) = (at, at + text.len());
        at = end;
        // spans follow each other and do not overlap
        while spans.get(first).is_some_and(|(_, until, _)| *until <= begin) {
            first += 1;
        }
        let on_it = spans[first..].iter().take_while(|(from, ..)| *from < end);
        on_it.map(|(.., id)| *id).collect::<Vec<u64>>()
    };
    let statements: Vec<Vec<u64>> = body.split_inclusive('\n').map(line).collect();
    let texts = body.split_inclusive('\n').map(|text| text.trim_end_matches(['\n', '\r']));
    texts.zip(statements).map(|(text, statements)| Line { text, statements }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::statements;
    use proptest::prelude::*;

    /// The statements of each line, by their places in the text.
    fn check(body: &str, expected: &[&[usize]]) {
        let all: Vec<u64> = statements(body).iter().map(super::super::Statement::id).collect();
        let place = |id: &u64| all.iter().position(|other| other == id).unwrap();
        let found: Vec<Vec<usize>> =
            lines(body).iter().map(|line| line.statements.iter().map(place).collect()).collect();
        assert_eq!(found, expected, "{body:?}");
    }

    #[test]
    fn a_line_has_the_statements_that_stand_on_it() {
        check("# T\n\nOne. Two\ngoes on. Three.\n", &[&[], &[], &[0, 1], &[1, 2]]);
        check("## A\n\n- one\n  and more\n- two\n", &[&[], &[], &[0], &[0], &[1]]);
        check("```sh\na\n\nb\n```\n", &[&[0], &[0], &[0], &[0], &[0]]);
        check("Before.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", &[&[0], &[], &[1], &[1], &[1], &[2]]);
        check("---\n\n> quoted\n", &[&[], &[], &[0]]);
        check("更新证书。不要重启。\n", &[&[0, 1]]);
    }

    proptest! {
        /// Nothing that is a statement is without a line, and the lines are the text.
        #[test]
        fn every_statement_stands_on_a_line(text in "([a-z.] |[\n#>*`|~-]|\n\n|---|```|\\| a \\|\n\\|-\\|\n|[a-z]{3}){0,30}") {
            let of_lines: std::collections::BTreeSet<u64> =
                lines(&text).iter().flat_map(|line| line.statements.clone()).collect();
            let of_text = statements(&text).iter().map(super::super::Statement::id).collect();
            prop_assert_eq!(of_lines, of_text);
            let ends = text.matches('\n').count() + usize::from(!text.is_empty() && !text.ends_with('\n'));
            prop_assert_eq!(lines(&text).len(), ends);
        }
    }
}
