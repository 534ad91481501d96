//! What a contribution adds to an article, each of its paragraphs below the headings of the section where it belongs.

use super::section::{SECTION_NAMED, SECTION_TAKEN, Sections};
use crate::{
    document, normalize,
    statement::{self, Asserted, Statement},
};
use std::{cell::LazyCell, collections::BTreeMap, ops::Range};

/// A piece of Markdown as it is to be merged into an article: **a paragraph under a heading of its own stays there; one without goes** where the
/// article has some of it already, or says something else of the same; else where it belongs by its words and its meaning; else below `fallback`, the
/// headings that were named for the piece as a whole; else it comes first, under none. What belongs to no
/// section but to the article as a whole goes below its title. Of a piece with the article's own title (`titled_alike`) nothing else tells where it
/// belongs, and below the title stands what the article is about: there the likeliest section is taken.
pub fn addition(article: &str, piece: &str, fallback: &[String], titled_alike: bool) -> String {
    let sections = document::sections(piece);
    let open = sections.first().map_or(0..piece.len(), |first| first.own.clone());
    let paragraphs = paragraphs(&piece[open.clone()]);
    if paragraphs.is_empty() || document::sections(article).len() < 2 {
        return piece.to_owned();
    }
    let read = LazyCell::new(|| Sections::of(article));
    let there = There::of(article);
    let named = (!fallback.is_empty()).then(|| fallback.to_vec());
    let mut placed: Vec<(Option<Vec<String>>, String)> = Vec::new();
    for range in paragraphs {
        let text = piece[open.clone()][range].trim_end();
        let least = if titled_alike && named.is_none() { SECTION_TAKEN } else { SECTION_NAMED };
        let headings = there.section(text).or_else(|| read.belonging(text, least)).or_else(|| named.clone());
        match placed.iter_mut().find(|(other, _)| *other == headings) {
            Some((_, below)) => *below += &format!("\n\n{text}"),
            None => placed.push((headings, text.to_owned())),
        }
    }
    // what stands under no heading comes first, then what goes below the title
    placed.sort_by_key(|(headings, _)| headings.as_ref().map(|headings| !headings.is_empty()));
    let mut addition = String::new();
    for (headings, text) in placed {
        let below_title = headings.as_ref().is_some_and(Vec::is_empty);
        if let Some(title) = there.title.as_ref().filter(|_| below_title) {
            addition += &format!("# {title}\n\n");
        }
        for (depth, heading) in headings.iter().flatten().enumerate() {
            addition += &format!("{} {heading}\n\n", "#".repeat((depth + 2).min(6)));
        }
        addition += &format!("{text}\n\n");
    }
    addition + &piece[open.end..]
}

/// What an article says, by where it stands.
struct There {
    title: Option<String>,
    statements: BTreeMap<String, Vec<String>>,
    asserted: BTreeMap<u64, (Asserted, Vec<String>)>,
}

impl There {
    fn of(article: &str) -> Self {
        let titles = document::sections(article).into_iter().filter(|section| section.level == 1);
        let titles: Vec<String> = titles.map(|section| section.heading).collect();
        let below_title = |statement: &Statement| -> Vec<String> {
            let titled = statement.headings.first().is_some_and(|first| titles.contains(first));
            statement.headings.iter().skip(usize::from(titled)).cloned().collect()
        };
        let (mut statements, mut asserted) = (BTreeMap::new(), BTreeMap::new());
        for statement in statement::statements(article) {
            let headings = below_title(&statement);
            statements.entry(statement.identity).or_insert(headings);
        }
        for one in statement::asserted(article) {
            let headings = below_title(&one.statement);
            asserted.entry(one.assertion.subject).or_insert((one, headings));
        }
        Self { title: titles.into_iter().next(), statements, asserted }
    }

    /// The section that has some of a paragraph, or says something else of the same; none where no section has a heading for it.
    fn section(&self, text: &str) -> Option<Vec<String>> {
        let said = statement::statements(text);
        let repeated = said.iter().find_map(|statement| self.statements.get(&statement.identity));
        let contradicted = || {
            let all = statement::asserted(text);
            let other = |one: &Asserted| {
                let (other, headings) = self.asserted.get(&one.assertion.subject)?;
                one.assertion.contradicts(&other.assertion).then_some(headings)
            };
            all.iter().find_map(other)
        };
        repeated.or_else(contradicted).cloned()
    }
}

/// The paragraphs of a Markdown text, as ranges of whole lines: runs of lines between blank ones. What is indented, a code block, and what follows a colon goes
/// with what stands before it; so do the items of one list.
pub fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let (mut at, mut fenced, mut open) = (0, false, false);
    for line in text.split_inclusive('\n') {
        let (begin, end) = (at, at + line.len());
        at = end;
        let trimmed = line.trim();
        let fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
        if trimmed.is_empty() && !fenced {
            open = false;
            continue;
        }
        let before = ranges.last().map_or("", |last: &Range<usize>| text[last.clone()].trim_end());
        let indented = line.starts_with([' ', '\t']);
        let listed = is_item(trimmed) && before.lines().last().is_some_and(|last| is_item(last.trim()));
        let goes_on = open || fenced || fence || indented || listed || before.ends_with(':');
        match ranges.last_mut().filter(|_| goes_on) {
            Some(last) => last.end = end,
            None => ranges.push(begin..end),
        }
        open = true;
        fenced ^= fence;
    }
    ranges
}

fn is_item(line: &str) -> bool {
    let numbered = || {
        line.split_once(['.', ')'])
            .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark)) || numbered()
}

/// True when the article still has all of these headings.
pub fn has_headings(article: &str, headings: &[String]) -> bool {
    let sections = document::sections(article);
    let identical = |one: &str, other: &str| normalize::identity(one) == normalize::identity(other);
    headings.iter().all(|heading| sections.iter().any(|section| identical(&section.heading, heading)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "# The pool\n\nIt serves bookings.\n\n## Restart\n\nDrain the connections of the pool, then restart it \
        with systemctl. The timeout of a drain is 30 seconds.\n\n## Backups\n\nThe dump of the database is copied each night to the second host.\n";

    #[track_caller]
    fn check(piece: &str, expected: &str) {
        assert_eq!(addition(ARTICLE, piece, &[], false).trim_end(), expected, "{piece}");
        let merged = statement::merge(ARTICLE, &addition(ARTICLE, piece, &[], false));
        assert!(statement::missing(&merged, piece).is_empty(), "nothing of it is lost: {merged}");
    }

    #[test]
    fn each_paragraph_goes_into_its_section() {
        check(
            "Before a restart with systemctl, drain the connections for a minute.\n\nThe dump on the second host is of the whole database.",
            "## Restart\n\nBefore a restart with systemctl, drain the connections for a minute.\n\n## Backups\n\n\
             The dump on the second host is of the whole database.",
        );
        check("Roses need light.", "Roses need light.");
        check("## Backups\n\nRoses need light.", "## Backups\n\nRoses need light.");
        check(
            "Roses need light.\n\nThe dump of the database is copied each night to the second host. Nobody reads it.",
            "Roses need light.\n\n## Backups\n\nThe dump of the database is copied each night to the second host. Nobody reads it.",
        );
    }

    #[test]
    fn a_piece_with_the_articles_own_title_goes_into_the_likeliest_section() {
        let article = "# Restore a Postgres backup\n\nEvery night at three a dump of each database is written to `/backup` on the other machine.\n\n\
            ## Steps\n\n1. Stop the program that writes to the database.\n2. Make an empty database: `createdb --template=template0 bookings_restored`.\n\
            3. Read the dump back: `pg_restore --dbname=bookings_restored --jobs=2 /backup/bookings.dump`.\n\n\
            ## Afterwards\n\nLook at the site as a visitor would, and tell Marguerite that it is done.\n";
        let piece = "Stop the workers before the program that writes to the database, or the restore waits for them.";
        assert!(
            addition(article, piece, &[], true).starts_with("## Steps\n"),
            "{}",
            addition(article, piece, &[], true)
        );
        assert_eq!(addition(article, "Roses need light.", &[], true).trim_end(), "Roses need light.");
    }

    #[test]
    fn what_shares_no_word_with_a_long_page_goes_where_it_means_nearest() {
        let page = include_str!("../../../../examples/library/mutual-aid.md");
        let article = &document::Document::parse(page).expect("a page").body;
        let piece = "In the repair café the people who wait for a repair hold the lamp for the person before them. Nobody is only a visitor: whoever \
            learned to solder on Tuesday shows it to the next one on Thursday.";
        let titled = addition(article, piece, &[], true);
        assert!(titled.starts_with("## The Concept\n"), "{titled}");
        assert_eq!(
            addition(article, piece, &[], false).trim_end(),
            piece,
            "with a title of its own it keeps to itself"
        );
    }

    #[test]
    fn what_contradicts_goes_beside_what_it_contradicts() {
        check("The timeout of a drain is 60 seconds.", "## Restart\n\nThe timeout of a drain is 60 seconds.");
    }

    #[test]
    fn what_is_named_for_the_whole_counts_where_nothing_else_tells() {
        let named = addition(ARTICLE, "Roses need light.", &["Backups".to_owned()], false);
        assert_eq!(named.trim_end(), "## Backups\n\nRoses need light.");
    }

    #[test]
    fn a_paragraph_keeps_what_belongs_to_it() {
        let count = |text: &str| paragraphs(text).len();
        assert_eq!(count("One.\n\nTwo.\n"), 2);
        assert_eq!(count("Run this:\n\n```sh\na\n\nb\n```\n\nThen wait.\n"), 2);
        assert_eq!(count("- a\n- b\n\n- c\n\nText.\n\n1. x\n\n2. y\n"), 3);
        assert_eq!(count("| a |\n|---|\n| 1 |\n"), 1);
        assert_eq!(count(""), 0);
    }
}
