//! Statements of an article that say how something is, to be held against each other, and one in the place of another.
//!
//! **In doubt a statement asserts nothing**: one that says several things, or stands in code or a quote, is not held against another.

use super::split::{Piece, Shape, pieces};
use super::{Assertion, Statement, assertions};
use crate::normalize;

/// A statement that says one thing of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asserted {
    /// The statement.
    pub statement: Statement,
    /// What it says; the headings above it are no part of its subject.
    pub assertion: Assertion,
    /// The identities of the headings above it, outermost first, without those of level 1.
    pub above: Vec<String>,
}

impl Asserted {
    /// True when both stand under the same headings and contradict each other.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.above == other.above && self.assertion.contradicts(&other.assertion)
    }
}

/// The statements of a Markdown body that say one thing of something, in order.
pub fn asserted(body: &str) -> Vec<Asserted> {
    pieces(body).into_iter().filter_map(of).collect()
}

fn of(piece: Piece) -> Option<Asserted> {
    if !matches!(piece.shape, Shape::Sentence | Shape::Item | Shape::Row(_)) {
        return None;
    }
    let mut said = assertions(&piece.statement.text);
    let (assertion, _) = said.pop_if(|_| true).filter(|_| said.is_empty())?;
    let below_title = piece.path.iter().filter(|(level, _)| *level > 1);
    let above = below_title.map(|(_, heading)| normalize::identity(heading)).collect();
    Some(Asserted { statement: piece.statement, assertion, above })
}

/// A body with one statement in the place of another: a sentence for a sentence, or an item for an item with the same mark. None where the other
/// does not stand there, or they are not of one form.
pub fn replaced(body: &str, old: &str, new: &str) -> Option<String> {
    let all = pieces(body);
    let there = all.iter().find(|piece| piece.statement.identity == old)?;
    let [by] = pieces(new).try_into().ok()?;
    let mark = |text: &str| text.split_whitespace().next().map(str::to_owned);
    let of_one_form = match (&there.shape, &by.shape) {
        (Shape::Sentence, Shape::Sentence) => true,
        (Shape::Item, Shape::Item) => {
            let lines = |piece: &Piece| piece.statement.text.lines().count();
            lines(there) == 1 && lines(&by) == 1 && mark(&there.statement.text) == mark(&by.statement.text)
        }
        _ => false,
    };
    let body = of_one_form
        .then(|| format!("{}{}{}", &body[..there.range.start], by.statement.text.trim(), &body[there.range.end..]))?;
    // what stood beside it stands there still
    let after: Vec<String> = pieces(&body).into_iter().map(|piece| piece.statement.identity).collect();
    let expected = all.iter().map(|piece| match piece.statement.identity == old {
        true => &by.statement.identity,
        false => &piece.statement.identity,
    });
    expected.eq(after.iter()).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, contradictions: usize) {
        let all = asserted(body);
        let pairs = all.iter().enumerate().flat_map(|(at, one)| all[at + 1..].iter().map(move |other| (one, other)));
        assert_eq!(pairs.filter(|(one, other)| one.contradicts(other)).count(), contradictions, "{body:?}");
    }

    #[test]
    fn the_same_thing_under_the_same_headings_contradicts() {
        check("# T\n\nThe port is 8080. Ask ada.\n\nThe port is 8181.\n", 1);
        check("# T\n\n## A\n\n- The port is 8080.\n\n## B\n\nThe port is 8181.\n", 0);
        check("## A\n\n- The port is 8080.\n- Wait first.\n\nThe port is 8181.\n", 1);
        check("```\nThe port is 8080.\n```\n\n> The port is 8181.\n\nThe port is 8282.\n", 0);
        check("- The port is 8080; the limit is 5.\n- The port is 8181.\n", 0);
    }

    #[track_caller]
    fn replaces(body: &str, old: &str, new: &str, expected: Option<&str>) {
        assert_eq!(replaced(body, &normalize::identity(old), new).as_deref(), expected, "{body:?}");
    }

    #[test]
    fn a_statement_takes_the_place_of_one_of_its_form() {
        let body = "# T\n\nThe port is 8080. It is open.\n\n- Wait.\n";
        replaces(
            body,
            "The port is 8080.",
            "The port is now 8181.",
            Some("# T\n\nThe port is now 8181. It is open.\n\n- Wait.\n"),
        );
        replaces(body, "- Wait.", "- Wait no more.", Some("# T\n\nThe port is 8080. It is open.\n\n- Wait no more.\n"));
        replaces(body, "- Wait.", "Wait no more.", None);
        replaces(body, "- Wait.", "* Wait no more.", None);
        replaces(body, "Not there.", "The port is now 8181.", None);
        replaces(body, "The port is 8080.", "One. Two.", None);
    }
}
