//! Cuts a Markdown body into notes. **Every byte of the body is in exactly one note.**

use std::ops::Range;

use commune_knowledge::document::{is_empty, sections};

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// Where it is in the body.
    pub(super) range: Range<usize>,
    /// The heading that it stands under; empty for what stands before the first.
    pub(super) heading: String,
    /// The heading above that one, where a section was cut into its parts; else empty.
    pub(super) above: String,
}

/// Cuts a log at its headings of level 2 (and of level 1 between them), when it has any of level 2; a piece with
/// nothing but headings joins the next one. An empty body gives no piece.
pub(super) fn log(body: &str) -> Vec<Cut> {
    let levels = if sections(body).iter().any(|section| section.level == 2) { 1..=2 } else { 7..=7 };
    cut(body, &levels)
}

/// One piece, or, when the body has more than `limit` bytes, as few as headings allow. A piece that no heading
/// divides may still be larger.
pub(super) fn whole(body: &str, limit: usize) -> Vec<Cut> {
    fit(body, cut(body, &(7..=7)), limit)
}

/// Cuts the sections with such a heading (`Lessons learned`) and text at their own headings, so that each lesson is a note.
pub(super) fn parts(body: &str, cuts: Vec<Cut>, is_list: impl Fn(&str, &str) -> bool) -> Vec<Cut> {
    let divide = |section: Cut| -> Vec<Cut> {
        if !is_list(&section.heading, &body[section.range.clone()]) {
            return vec![section];
        }
        let start = section.range.start;
        let mut parts = cut(&body[section.range], &(1..=3));
        for part in &mut parts {
            part.range = part.range.start + start..part.range.end + start;
            if part.heading != section.heading {
                part.above.clone_from(&section.heading);
            }
        }
        parts
    };
    cuts.into_iter().flat_map(divide).collect()
}

/// Divides the pieces that have more than `limit` bytes at deeper and deeper headings.
pub(super) fn fit(body: &str, cuts: Vec<Cut>, limit: usize) -> Vec<Cut> {
    let mut cuts = cuts;
    for level in 1..=6 {
        if cuts.iter().all(|cut| cut.range.len() <= limit) {
            break;
        }
        let divide = |large: Cut| -> Vec<Cut> {
            if large.range.len() <= limit {
                return vec![large];
            }
            let start = large.range.start;
            let mut parts = cut(&body[large.range], &(1..=level));
            for part in &mut parts {
                part.range = part.range.start + start..part.range.end + start;
            }
            if let Some(first) = parts.first_mut().filter(|first| first.heading.is_empty()) {
                first.heading = large.heading;
                first.above = large.above;
            }
            parts
        };
        cuts = cuts.into_iter().flat_map(divide).collect();
    }
    cuts
}

fn cut(body: &str, levels: &std::ops::RangeInclusive<u8>) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut start = 0;
    let mut heading = String::new();
    let mut push = |range: Range<usize>, heading: String| {
        if range.is_empty() {
            return;
        }
        match cuts.last_mut() {
            // the piece before had nothing to say: it stands above this one
            Some(last) if is_empty(&body[last.range.clone()]) => {
                last.range.end = range.end;
                last.heading = heading;
            }
            _ => cuts.push(Cut { range, heading, above: String::new() }),
        }
    };
    for section in sections(body).into_iter().filter(|section| levels.contains(&section.level)) {
        push(start..section.own.start, std::mem::replace(&mut heading, section.heading));
        start = section.own.start;
    }
    push(start..body.len(), heading);
    // nothing but headings at the end belongs to what stands before it
    if cuts.last().is_some_and(|last| is_empty(&body[last.range.clone()]))
        && let Some(last) = cuts.pop()
        && let Some(before) = cuts.last_mut()
    {
        before.range.end = last.range.end;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, pieces: &[(&str, &str)]) {
        let cuts = log(body);
        let shown: Vec<(&str, &str)> =
            cuts.iter().map(|cut| (cut.heading.as_str(), &body[cut.range.clone()])).collect();
        assert_eq!(shown, pieces, "{body:?}");
    }

    #[test]
    fn a_log_is_cut_at_its_level_2_headings() {
        check("", &[]);
        check("only text\n", &[("", "only text\n")]);
        check("# day\n\n## a\none\n## b\ntwo\n", &[("a", "# day\n\n## a\none\n"), ("b", "## b\ntwo\n")]);
        check("# day\nbefore\n## a\none\n", &[("day", "# day\nbefore\n"), ("a", "## a\none\n")]);
        check("# day\n### deep\nx\n", &[("", "# day\n### deep\nx\n")]);
        check("## a\none\n### sub\nmore\n## end\n", &[("a", "## a\none\n### sub\nmore\n## end\n")]);
        check(
            "## a\n```\n## not a heading\n```\n## b\nx\n",
            &[("a", "## a\n```\n## not a heading\n```\n"), ("b", "## b\nx\n")],
        );
    }

    #[test]
    fn a_large_text_is_divided_where_headings_allow() {
        let body = format!("# t\n{}\n## a\n{}\n## b\n### c\n{}\n", "x".repeat(10), "y".repeat(30), "z".repeat(30));
        let cuts = whole(&body, 45);
        assert!(cuts.iter().all(|cut| cut.range.len() <= 45), "{cuts:?}");
        assert_eq!(cuts.len(), 3);
        assert_eq!(whole(&body, 1000).len(), 1);
        assert_eq!(whole(&"x".repeat(50), 40).len(), 1);
    }

    #[test]
    fn a_list_of_lessons_is_cut_into_lessons() {
        let body = "## Lessons\n### one\na\n### two\nb\n## Work\n### three\nc\n";
        let cuts = parts(body, log(body), |heading, _| heading == "Lessons");
        let shown: Vec<(&str, &str)> = cuts.iter().map(|cut| (cut.above.as_str(), cut.heading.as_str())).collect();
        assert_eq!(shown, [("Lessons", "one"), ("Lessons", "two"), ("", "Work")]);
        let joined: String = cuts.iter().map(|cut| &body[cut.range.clone()]).collect();
        assert_eq!(joined, body);
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            Just("# one".to_owned()),
            Just("## zwei".to_owned()),
            Just("### trois".to_owned()),
            Just("```".to_owned()),
            Just("---".to_owned()),
            Just(String::new()),
            Just("\r".to_owned()),
            "[a-zé日 #*-]{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn every_byte_is_in_exactly_one_note(lines in prop::collection::vec(line(), 0..30), limit in 1usize..200) {
            let body = lines.join("\n");
            let lists = parts(&body, log(&body), |heading, _| heading == "zwei");
            for cuts in [log(&body), lists, whole(&body, limit), fit(&body, log(&body), limit)] {
                let joined: String = cuts.iter().map(|cut| &body[cut.range.clone()]).collect();
                // a body with nothing in it gives no note at all
                prop_assert!(joined == body || (joined.is_empty() && is_empty(&body)), "{body:?} gave {cuts:?}");
                for cut in &cuts {
                    prop_assert!(!is_empty(&body[cut.range.clone()]), "an empty note from {body:?}");
                }
            }
        }
    }
}
