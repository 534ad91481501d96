//! A page is split and a page is renamed, end to end: every line stands on one of the pages, who said it is known, and every old path leads there.

use super::*;

const LINES_OF_A_SECTION: usize = 270;

fn section(name: &str) -> String {
    let lines = (0..LINES_OF_A_SECTION).map(|n| format!("- of the {name}, number {n} hangs on hook {n}\n"));
    format!("## {name}\n\n{}\n", lines.collect::<String>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_page_is_split_one_part_is_renamed_and_the_old_paths_lead_there() {
    let mut story = Story::start().await;
    let body = format!("# The tools\n\nAll hang in the hall.\n\n{}{}", section("Hammers"), section("Saws"));
    story.import("how-to/the-tools", "The tools", &body).await;
    let [whole, hammers, saws] = ["how-to/the-tools", "how-to/the-tools/hammers", "how-to/the-tools/saws"];

    let split = ProposedChange { kind: ChangeKind::Split.into(), path: whole.into(), ..Default::default() };
    let split = story.propose("bo", split, "nobody finds a saw in it").await;
    assert_eq!(story.whole().await.len(), 1, "its window runs");
    story.clock(time(&split.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&split, 1).await;
    let applied = story.is(&split, ProposalState::Applied).await;
    assert_eq!(applied.revisions.len(), 3, "{applied:?}");
    let pages = story.whole().await;
    assert_eq!(pages.keys().collect::<Vec<_>>(), [whole, hammers, saws]);
    assert!(
        pages[whole].body.contains("All hang in the hall.") && pages[whole].body.contains("[[how-to/the-tools/saws|")
    );
    for (name, path, other) in [("Hammers", hammers, saws), ("Saws", saws, hammers)] {
        for n in 0..LINES_OF_A_SECTION {
            let line = format!("- of the {name}, number {n} hangs on hook {n}\n");
            let there = [path, other, whole].map(|path| pages[path].body.contains(&line));
            assert_eq!(there, [true, false, false], "{line}");
        }
    }
    let line = "of the Saws, number 7 hangs";
    assert_eq!(story.said_by(saws, line).await, ["cy"], "who proposed it has not said it");

    // one part goes to a path of its own
    let rename = ProposedChange {
        kind: ChangeKind::Rename.into(),
        path: saws.into(),
        to: "how-to/saws".into(),
        ..Default::default()
    };
    let rename = story.propose("bo", rename, "saws are looked for by themselves").await;
    story.clock(time(&rename.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&rename, 1).await;
    story.is(&rename, ProposalState::Applied).await;
    assert_eq!(story.whole().await.keys().collect::<Vec<_>>(), ["how-to/saws", whole, hammers]);
    let led = story.read(saws).await;
    assert_eq!((led.path.as_str(), &led.body), ("how-to/saws", &pages[saws].body));
    assert_eq!(story.said_by("how-to/saws", line).await, ["cy"]);
    let taken = ProposedChange {
        kind: ChangeKind::Rename.into(),
        path: hammers.into(),
        to: "how-to/saws".into(),
        ..Default::default()
    };
    let request = ProposeChangeRequest { agent: "bo".into(), reason: "x".into(), change: Some(taken) };
    let refused = story.library.propose_change(request).await.unwrap_err();
    assert!(refused.message().contains("is taken"), "{refused}");

    // and back, when the renaming is taken back
    let back = ProposedChange { kind: ChangeKind::Revert.into(), made: id(&rename).into(), ..Default::default() };
    let back = story.propose("cy", back, "the list leads to them").await;
    story.clock(time(&back.applies_at) + jiff::SignedDuration::from_secs(2));
    story.fires(&back, 1).await;
    story.is(&back, ProposalState::Applied).await;
    assert_eq!(story.whole().await, pages, "the library is what it was");
    story.commune.finish().await;
}
