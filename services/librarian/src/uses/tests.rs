//! Uses and receipts, told as small stories.

use proptest::prelude::*;

use super::{
    receipts::{LINES_LIMIT, Page},
    *,
};

fn path(text: &str) -> ArticlePath {
    text.parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn said(agent: &str, of: &str, verdict: Verdict, reason: &str) -> Feedback {
    Feedback {
        id: format!("{agent} {of} {verdict:?} {reason}"),
        agent: agent.into(),
        path: path(of),
        title: "A title".into(),
        revision: 1,
        verdict,
        reason: reason.into(),
        held: None,
        contributors: vec!["ada".into(), "cy".into()],
        at: at(0),
    }
}

/// Every page is of ada and cy; ada-2 is of ada's owner.
fn given(uses: &Uses) -> Vec<Receipt> {
    let page = |path: &ArticlePath| {
        (path.as_str() != "gone")
            .then(|| Page { title: "A title".into(), contributors: vec!["ada".into(), "cy".into()] })
    };
    receipts(uses, &page, &owner_of, &|agent| format!("receipt of {agent}"))
}

fn owner_of(agent: &str) -> String {
    if agent.starts_with("ada") { "Ada Lovelace".to_owned() } else { agent.to_owned() }
}

/// Receipts in few words.
fn shown(receipts: &[Receipt]) -> Vec<String> {
    let of_line = |agent: &str, line: &Line| {
        let marks: Vec<String> = line.marks.iter().map(|mark| format!("{}: {}", mark.agent, mark.reason)).collect();
        format!("{agent} {} {}/{} {marks:?} with {:?}", line.path, line.readers, line.found, line.with)
    };
    receipts.iter().flat_map(|receipt| receipt.lines.iter().map(|line| of_line(&receipt.agent, line))).collect()
}

#[test]
fn contributors_hear_whom_an_article_helped_once_and_nobody_thanks_itself() {
    let mut uses = Uses::default();
    uses.take_reads("bo", [(path("a"), false), (path("gone"), true)]);
    uses.take_reads("bo", [(path("a"), true)]);
    uses.take_reads("ada", [(path("a"), true)]);
    uses.take_reads("ada-2", [(path("a"), true)]);
    uses.take_feedback(4, at(4), said("bo", "a", Verdict::Helpful, "it saved me an hour"));
    uses.take_feedback(5, at(5), said("bo", "a", Verdict::Worked, "again"));
    uses.take_feedback(6, at(6), said("ada-2", "a", Verdict::Helpful, "mine"));
    uses.take_feedback(7, at(7), said("eve", "a", Verdict::Wrong, "step 3"));
    let held = Some(Held { rule: "secret:x".into(), advice: "y".into() });
    uses.take_feedback(8, at(8), Feedback { held, ..said("fay", "a", Verdict::Helpful, "") });
    let first = given(&uses);
    assert_eq!(
        shown(&first),
        [
            r#"ada a 1/1 ["bo: it saved me an hour"] with ["cy"]"#,
            r#"cy a 2/2 ["bo: it saved me an hour", "ada-2: mine"] with ["ada"]"#,
        ]
    );
    // given once: what was thanked for is not thanked for again, and one who marks the same revision again is known
    uses.take_receipts((9, at(9)), "2026-02-14", 8, first);
    assert!(uses.is_quiet() && uses.is_given("2026-02-14") && given(&uses).is_empty());
    assert_eq!(uses.receipts_of("2026-02-14").count(), 2);
    uses.take_feedback(10, at(10), said("bo", "a", Verdict::Helpful, "still"));
    assert!(given(&uses).is_empty() && !uses.is_quiet());
    uses.take_feedback(11, at(11), Feedback { revision: 2, ..said("bo", "a", Verdict::Helpful, "the new one, too") });
    uses.take_reads("bo", [(path("a"), false)]);
    assert_eq!(shown(&given(&uses))[0], r#"ada a 1/0 ["bo: the new one, too"] with ["cy"]"#);
}

#[test]
fn doubts_are_counted_by_owner_and_told_to_those_who_wrote() {
    let mut uses = Uses::default();
    uses.take_feedback(1, at(1), said("bo", "a", Verdict::Wrong, "step 3"));
    uses.take_feedback(2, at(2), said("ada", "a", Verdict::Wrong, "I was wrong"));
    uses.take_feedback(3, at(3), said("ada-2", "a", Verdict::Wrong, "it was"));
    uses.take_feedback(4, at(4), said("bo", "a", Verdict::Wrong, "step 3 and 4"));
    let of_a = uses.of_article(&path("a"));
    let reasons: Vec<&str> = of_a.iter().map(|feedback| feedback.reason.as_str()).collect();
    assert_eq!(reasons, ["I was wrong", "it was", "step 3 and 4"]);
    assert_eq!((doubts(&of_a, 1, &owner_of), doubts(&of_a, 2, &owner_of)), (2, 0));
    let told = |agent: &str| uses.told(agent, 4, &owner_of).map(|told| told.sequence).collect::<Vec<_>>();
    assert_eq!((told("ada"), told("cy"), told("bo")), (vec![1, 4], vec![1, 2, 3, 4], vec![]));
    assert_eq!(uses.told("cy", 2, &owner_of).count(), 2, "up to where the first page was");
}

#[test]
fn what_is_held_is_told_to_its_agent_alone() {
    let mut uses = Uses::default();
    let held = Some(Held { rule: "secret:x".into(), advice: "y".into() });
    uses.take_feedback(1, at(1), Feedback { held, ..said("bo", "a", Verdict::Wrong, "") });
    assert!(uses.of_article(&path("a")).is_empty() && uses.is_quiet());
    let told = |agent: &str| uses.told(agent, 9, &owner_of).count();
    assert_eq!((told("bo"), told("ada"), told("cy")), (1, 0, 0));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut uses = Uses::default();
    for n in 0..u64::try_from(READS_LIMIT).unwrap() {
        assert!(!uses.is_read("bo", &path(&format!("a/{n}")), false));
        uses.take_reads("bo", [(path(&format!("a/{n}")), false)]);
    }
    assert!(uses.is_read("bo", &path("one/more"), true), "so many articles count for one member between two nights");
    assert!(!uses.is_read("eve", &path("one/more"), true));
    assert!(uses.is_read("bo", &path("a/1"), false) && !uses.is_read("bo", &path("a/1"), true));
    for n in 0..250 {
        uses.take_feedback(n, at(0), said(&format!("m{n}"), "a", Verdict::Helpful, ""));
    }
    assert_eq!(uses.of_article(&path("a")).len(), FEEDBACK_KEPT);
    let zone = TimeZone::UTC;
    for n in 0..150 {
        uses.take_feedback(300 + n, at(0), said("bo", "b", Verdict::Helpful, &n.to_string()));
    }
    let day = at(0).to_zoned(zone.clone()).date();
    assert_eq!(
        (uses.said_on("bo", day, &zone), uses.said_on("bo", day.tomorrow().unwrap(), &zone)),
        (FEEDBACK_PER_DAY, 0)
    );
    // one receipt names so many articles and so many marks of each, and counts the rest
    let mut uses = Uses::default();
    let all = (0..LINES_LIMIT + 3).map(|n| (path(&format!("a/{n}")), false));
    uses.take_reads("bo", all);
    for n in 0..7 {
        uses.take_feedback(n + 1, at(0), said(&format!("m{n}"), "a/0", Verdict::Helpful, ""));
    }
    let receipt = given(&uses).remove(0);
    assert_eq!((receipt.lines.len(), receipt.more_articles), (LINES_LIMIT, 3));
    assert_eq!((receipt.lines[0].marks.len(), receipt.lines[0].more_marks), (MARKS_LIMIT, 2));
    for night in 0..100 {
        uses.take_receipts((9, at(9)), &night.to_string(), 8, given(&uses).into_iter().chain([receipt.clone()]));
    }
    assert_eq!(uses.told("ada", 9, &owner_of).count(), TOLD_KEPT);
}

proptest! {
    /// Whatever was read and said in whatever order: what one night thanked for the next does not, and nobody is told of its own
    /// owner's agents.
    #[test]
    fn everything_is_thanked_for_once(acts in proptest::collection::vec((0..5_usize, 0..3_usize, 0..4_u8), 1..40)) {
        let agents = ["ada", "ada-2", "bo", "cy", "eve"];
        let pages = ["a", "b", "gone"];
        let mut uses = Uses::default();
        for (index, (agent, page, act)) in acts.iter().enumerate() {
            let (agent, page) = (agents[*agent], pages[*page]);
            match act {
                0 => uses.take_reads(agent, [(path(page), false)]),
                1 => uses.take_reads(agent, [(path(page), true)]),
                2 => uses.take_feedback(index as u64 + 1, at(0), said(agent, page, Verdict::Helpful, "")),
                _ => uses.take_feedback(index as u64 + 1, at(0), said(agent, page, Verdict::Wrong, "x")),
            }
        }
        let first = given(&uses);
        for receipt in &first {
            let own = owner_of(&receipt.agent);
            for line in &receipt.lines {
                prop_assert!(line.found <= line.readers && line.readers <= 3);
                prop_assert!(line.marks.iter().all(|mark| owner_of(&mark.agent) != own));
                prop_assert!(line.readers > 0 || !line.marks.is_empty());
                prop_assert!(line.path.as_str() != "gone");
            }
        }
        prop_assert_eq!(&given(&uses), &first, "computed again it is the same");
        uses.take_receipts((100, at(9)), "n", 99, first);
        prop_assert!(given(&uses).is_empty() && uses.is_quiet());
    }
}
