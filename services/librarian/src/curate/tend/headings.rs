//! Headings: no level is skipped, none is empty, none stands twice under the same one; and no page is longer than its readers' patience.

use std::collections::BTreeSet;

use commune_knowledge::{document, normalize};

use super::{Desk, Stock};
use crate::curate::{form::below_heading, split::LINES};

const CHECK: &str = "headings";

pub(super) fn check(desk: &mut Desk<'_>, _: &Stock<'_>) {
    for at in 0..desk.sheets.len() {
        let facts = std::sync::Arc::clone(desk.sheets[at].facts());
        if !facts.is_page {
            continue;
        }
        let body = &desk.sheets[at].article().body;
        for what in told(body, &facts.sections) {
            desk.report(at, CHECK, what);
        }
        let body = &desk.sheets[at].article().body;
        if let Some((body, raised)) = levelled(body, &facts.sections) {
            let what = if raised == 1 {
                "raised 1 heading that skipped a level".to_owned()
            } else {
                format!("raised {raised} headings that skipped a level")
            };
            desk.mend(at, CHECK, what, |article| article.body = body);
        }
        if facts.lines > LINES {
            let path = desk.sheets[at].article().path.clone();
            desk.report(at, CHECK, format!("{} lines: more than {LINES}, to be split", facts.lines));
            desk.long.push(path);
        }
    }
}

/// What is wrong with headings and is not mended.
fn told(body: &str, sections: &[document::Section]) -> Vec<String> {
    let mut told = Vec::new();
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut seen = BTreeSet::new();
    for section in sections.iter().filter(|section| section.level > 0) {
        path.retain(|(above, _)| *above < section.level);
        let identity = normalize::identity(&section.heading);
        if identity.is_empty() {
            told.push("a heading without words".to_owned());
        } else {
            if section.own.end == section.whole.end && below_heading(&body[section.own.clone()]).trim().is_empty() {
                told.push(format!("nothing stands under “{}”", section.heading));
            }
            path.push((section.level, identity));
            if !seen.insert(path.clone()) {
                told.push(format!("“{}” is the heading of two sections", section.heading));
            }
        }
    }
    told
}

/// The body with no level skipped, and how many headings were raised; none when none is to be.
fn levelled(body: &str, sections: &[document::Section]) -> Option<(String, usize)> {
    let mut above: Vec<(u8, u8)> = Vec::new();
    let mut raised = 0;
    let mut levelled = String::with_capacity(body.len());
    for section in sections {
        let own = &body[section.own.clone()];
        if section.level == 0 {
            levelled.push_str(own);
            continue;
        }
        above.retain(|(level, _)| *level < section.level);
        let level = above.last().map_or(section.level, |(_, parent)| section.level.min(parent + 1));
        above.push((section.level, level));
        let marks = "#".repeat(usize::from(section.level));
        let indent = own.len() - own.trim_start_matches(' ').len();
        match own[indent..].strip_prefix(marks.as_str()) {
            Some(rest) if level < section.level => {
                raised += 1;
                levelled.push_str(&own[..indent]);
                levelled.push_str(&"#".repeat(usize::from(level)));
                levelled.push_str(rest);
            }
            _ => levelled.push_str(own),
        }
    }
    let same = |after: &[document::Section]| after.iter().map(|s| &s.heading).eq(sections.iter().map(|s| &s.heading));
    (raised > 0 && same(&document::sections(&levelled))).then_some((levelled, raised))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_level_is_closed_with_all_below_it() {
        let body = "# T\n\n### A\n\na\n\n##### B\n\nb\n\n```\n##### code\n```\n\n### C\n\nc\n\n## D\n\n### E\n\ne\n";
        let expected = "# T\n\n## A\n\na\n\n### B\n\nb\n\n```\n##### code\n```\n\n## C\n\nc\n\n## D\n\n### E\n\ne\n";
        let (mended, raised) = levelled(body, &document::sections(body)).unwrap();
        assert_eq!((mended.as_str(), raised), (expected, 3));
        assert_eq!(levelled(expected, &document::sections(expected)), None);
        assert_eq!(levelled("## A\n\nx\n\n### B\n\ny\n", &document::sections("## A\n\nx\n\n### B\n\ny\n")), None);
    }

    #[test]
    fn empty_and_repeated_headings_are_told() {
        let body = "# T\n\n## A\n\n## B\n\nb\n\n## B\n\nb again\n\n## C\n\n### B\n\nfine\n\n## \n";
        let expected = ["nothing stands under “A”", "“B” is the heading of two sections", "a heading without words"];
        assert_eq!(told(body, &document::sections(body)), expected);
    }
}
