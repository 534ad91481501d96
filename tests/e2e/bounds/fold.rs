//! Folding at its bound: what is more than one group goes into the next, and all of it into the library.

use commune_bus::StreamName;
use commune_proto::{librarian::v1::ArticleCurated, night::v1::Outcome};
use commune_tests::support::{Commune, LONG_NIGHT, Plan, read_all};

/// As many as librarian folds at a time.
const GROUP: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_folded_at_a_time_and_the_next_follows() {
    let commune = Commune::start(Plan::one().cap(GROUP + 1)).await;
    for n in 0..=GROUP {
        let note = format!(
            "---\nkind: lesson\ntitle: Opening a gate\n---\nBefore gate {n} is opened, somebody looks at valve {n} of hall {n}.\n"
        );
        commune.say("ada", "note", &format!("n{n}"), &note).await;
    }
    let trail = commune.run_night(commune.night(), LONG_NIGHT).await;
    assert!(trail.iter().all(|record| record.outcome() == Outcome::Done), "{trail:?}");
    // all of it is about one matter, and a group makes one revision of an article
    let revisions = read_all(&commune.bus, StreamName::Library, &[]).await;
    let revisions = revisions.iter().map(|message| message.event::<ArticleCurated>().unwrap());
    let folded: Vec<usize> = revisions.map(|curated| curated.provenance.len()).collect();
    assert_eq!(folded, [GROUP, 1], "contributions in each group");
    commune.finish().await;
}
