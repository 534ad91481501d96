//! Merging: what is missing, and where it goes.

use super::split::{Piece, Shape, pieces};
use crate::document;
use crate::normalize::identity;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn missing(text: &str, addition: &str) -> Vec<Piece> {
    let (present, said, mut seen) = (Present::of(text), pieces(addition), BTreeSet::new());
    said.iter().filter(|piece| !present.has(piece) && seen.insert(&piece.statement.identity)).cloned().collect()
}

/// What a merge writes: what is missing, and of a list of steps that is another than the text has also what stands elsewhere, so that none
/// of its steps is lost from between the others.
fn wanted(present: &Present, said: &[Piece]) -> Vec<Piece> {
    let mut seen = BTreeSet::new();
    let mut wanted = Vec::new();
    let mut at = 0;
    while at < said.len() {
        let steps = steps(&said[at..]).max(1);
        let run = &said[at..at + steps];
        at += steps;
        let lacking = |piece: &&Piece| !present.has(piece);
        let lacks = run.iter().filter(lacking).count();
        let whole = steps > 1 && lacks * 2 > steps;
        wanted.extend(
            run.iter().filter(|piece| (lacking(piece) && seen.insert(&piece.statement.identity)) || whole).cloned(),
        );
    }
    wanted
}

/// How many steps of one numbered list these begin with.
fn steps(said: &[Piece]) -> usize {
    let number = |piece: &Piece| -> Option<usize> {
        let digits = piece.statement.text.split(['.', ')']).next()?;
        if piece.shape == Shape::Item { digits.parse().ok() } else { None }
    };
    let Some(first) = said.first().and_then(number) else { return 0 };
    let goes_on = |(at, piece): &(usize, &Piece)| number(piece) == Some(first + at) && piece.path == said[0].path;
    said.iter().enumerate().take_while(goes_on).count()
}

/// The merged text, and whether all that the addition says stands in it.
pub(super) fn merge(text: &str, addition: &str) -> (String, bool) {
    let before = Present::of(text);
    let said = pieces(addition);
    let missing = wanted(&before, &said);
    if missing.is_empty() {
        return (text.to_owned(), true);
    }
    let mut merged = placed(text, &missing);
    // What was added must not change what was there (an open comment, a heading made by an underline).
    let mut after = Present::of(&merged);
    let kept = before.identities.is_subset(&after.identities)
        && missing.iter().all(|piece| after.identities.contains(&piece.statement.identity));
    if !kept {
        merged = at_end(text, &missing);
        after = Present::of(&merged);
    }
    let whole = said.iter().all(|piece| after.has(piece));
    (merged, whole)
}

/// The statements and lines of a text.
struct Present {
    identities: BTreeSet<String>,
    lines: Vec<String>,
    places: BTreeMap<String, Vec<usize>>,
}

impl Present {
    fn of(text: &str) -> Self {
        let lines: Vec<String> = lines_of(text);
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, line) in lines.iter().enumerate() {
            places.entry(line.clone()).or_default().push(index);
        }
        Self { identities: pieces(text).into_iter().map(|piece| piece.statement.identity).collect(), lines, places }
    }

    fn has(&self, piece: &Piece) -> bool {
        self.identities.contains(&piece.statement.identity) || self.has_lines(&lines_of(&piece.statement.text))
    }

    fn has_lines(&self, lines: &[String]) -> bool {
        let Some(first) = lines.first() else { return true };
        // Few places are enough: a line that is repeated more often says little.
        let places = self.places.get(first).map(Vec::as_slice).unwrap_or_default();
        places.iter().take(64).any(|place| self.lines[*place..].starts_with(lines))
    }
}

fn lines_of(text: &str) -> Vec<String> {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// An insertion into a text: what, and behind which byte.
struct Insertion {
    at: usize,
    markdown: String,
}

/// A new section: the headings above it, its own last, and what goes into it.
type Fresh<'a> = (Vec<(u8, String)>, Vec<&'a Piece>);

/// Each statement under its own deepest heading, where the text has it; else in new sections at the end.
fn placed(text: &str, missing: &[Piece]) -> String {
    let sections = document::sections(text);
    let known = paths(&sections);
    let mut places: BTreeMap<usize, Vec<&Piece>> = BTreeMap::new();
    let mut fresh: Vec<Fresh<'_>> = Vec::new();
    for piece in missing {
        let deepest = piece.path.last().map(|(_, heading)| identity(heading)).filter(|heading| !heading.is_empty());
        let section = deepest.as_ref().and_then(|heading| place_of(heading, piece, &known));
        match (section, deepest) {
            (Some(index), _) => places.entry(index).or_default().push(piece),
            (None, None) => match fresh.iter_mut().find(|(path, _)| path.is_empty()) {
                Some((_, pieces)) => pieces.push(piece),
                // What stands under no heading comes first, so that no new section takes it in.
                None => fresh.insert(0, (Vec::new(), vec![piece])),
            },
            (None, Some(_)) => match fresh.iter_mut().find(|(path, _)| path.last() == piece.path.last()) {
                Some((_, pieces)) => pieces.push(piece),
                None => fresh.push((piece.path.clone(), vec![piece])),
            },
        }
    }
    let mut insertions: Vec<Insertion> = places
        .into_iter()
        .map(|(index, pieces)| {
            let own = &text[sections[index].own.clone()];
            Insertion { at: sections[index].own.start + own.trim_end().len(), markdown: written(own, &pieces) }
        })
        .collect();
    insertions.sort_by_key(|insertion| insertion.at);
    let mut merged = String::with_capacity(text.len() + 256);
    let mut reached = 0;
    for insertion in insertions {
        merged.push_str(&text[reached..insertion.at]);
        reached = insertion.at;
        merged.push_str(&insertion.markdown);
    }
    merged.push_str(&text[reached..]);
    for (path, pieces) in fresh {
        append(&mut merged, text, path.last(), &pieces);
    }
    merged
}

/// The headings above what stands in each section, outermost first, its own last.
fn paths(sections: &[document::Section]) -> Vec<Vec<String>> {
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut paths = Vec::new();
    for section in sections {
        if section.level > 0 {
            path.retain(|(level, _)| *level < section.level);
            path.push((section.level, identity(&section.heading)));
        }
        paths.push(path.iter().map(|(_, heading)| heading.clone()).collect());
    }
    paths
}

/// The section of this heading; of several the one that stands under most of the headings that stand above the statement, and of those the
/// last.
fn place_of(heading: &String, piece: &Piece, known: &[Vec<String>]) -> Option<usize> {
    let above: Vec<String> = piece.path.iter().map(|(_, heading)| identity(heading)).collect();
    let shared =
        |path: &[String]| path.iter().rev().zip(above.iter().rev()).take_while(|(one, other)| one == other).count();
    let named = known.iter().enumerate().filter(|(_, path)| path.last() == Some(heading));
    named.max_by_key(|(_, path)| shared(path)).map(|(index, _)| index)
}

/// Every statement at the end, without sections.
fn at_end(text: &str, missing: &[Piece]) -> String {
    let mut merged = text.to_owned();
    append(&mut merged, text, None, &missing.iter().collect::<Vec<_>>());
    merged
}

fn append(merged: &mut String, text: &str, heading: Option<&(u8, String)>, pieces: &[&Piece]) {
    if let Some(fence) = open_fence(merged) {
        end_line(merged);
        merged.push_str(&fence);
    }
    let mut addition = String::new();
    if let Some((level, heading)) = heading {
        // One level below the title, so that a merged article keeps one title.
        let level =
            if document::sections(text).iter().any(|section| section.level == 1) { (*level).max(2) } else { *level };
        addition = format!("{} {heading}", "#".repeat(usize::from(level.clamp(1, 6))));
    }
    let before = if addition.is_empty() { merged.trim_end().to_owned() } else { addition.clone() };
    let markdown = written(&before, pieces);
    let markdown =
        if addition.is_empty() && merged.trim().is_empty() { markdown.trim_start().to_owned() } else { markdown };
    if merged.trim().is_empty() {
        merged.push_str(addition.as_str());
    } else if !addition.is_empty() {
        end_line(merged);
        merged.push('\n');
        merged.push_str(&addition);
    } else {
        // What follows brings its own line ends.
        let blanks = merged.len() - merged.trim_end_matches('\n').len();
        let skip = markdown.len() - markdown.trim_start_matches('\n').len();
        merged.push_str(&markdown[skip.min(blanks)..]);
        end_line(merged);
        return;
    }
    merged.push_str(&markdown);
    end_line(merged);
}

/// The statements as Markdown to follow `before`: items join a list, rows a table, sentences stay one paragraph.
fn written(before: &str, pieces: &[&Piece]) -> String {
    let mut markdown = String::new();
    let mut last = super::pieces(before).pop();
    for piece in pieces {
        let joins = match (last.as_ref().map(|last| &last.shape), &piece.shape) {
            (Some(Shape::Item), Shape::Item) => true,
            (Some(Shape::Row(above)), Shape::Row(head)) => identity(above) == identity(head),
            // Sentences that stood in one paragraph stay in one.
            (Some(Shape::Sentence), Shape::Sentence) => {
                !markdown.is_empty() && last.as_ref().is_some_and(|last| last.block == piece.block)
            }
            _ => false,
        };
        markdown.push_str(if joins { "\n" } else { "\n\n" });
        if let (Shape::Row(head), false) = (&piece.shape, joins) {
            markdown.push_str(head.trim_end());
            markdown.push('\n');
        }
        markdown.push_str(piece.statement.text.trim_end());
        if let Shape::Code(Some(fence)) = &piece.shape {
            markdown.push('\n');
            markdown.push_str(fence);
        }
        last = Some((*piece).clone());
    }
    markdown
}

/// The fence that a text leaves open at its end.
fn open_fence(text: &str) -> Option<String> {
    pieces(text).pop().and_then(|piece| match piece.shape {
        Shape::Code(fence) => fence,
        _ => None,
    })
}

fn end_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}
