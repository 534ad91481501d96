//! `commune propose`, `proposals`, `object`, `answer`, `amend` and `take-back`, as members use them.

use super::super::cli::Commune;

const WHY: &str = "both are about hot water";

#[tokio::test(flavor = "multi_thread")]
async fn members_propose_object_answer_amend_and_take_back() {
    let commune = Commune::up().await;
    let pages = tempfile::tempdir().unwrap();
    for (name, body) in [
        ("kettle.md", "# Descale the kettle\n\nDescale the kettle with citric acid each month.\n"),
        ("boiler.md", "# Boiler pressure\n\nThe boiler keeps 1.4 bar, and the valve opens at 3 bar.\n"),
    ] {
        std::fs::write(pages.path().join(name), body).unwrap();
    }
    let folder = pages.path().to_str().unwrap();
    commune.check(&["import", folder, "--as", "library", "--agent", "ada"], 0, "");
    commune.check(&["note", "bo", "The tea is sour."], 0, "");
    commune.check(&["proposals"], 0, "nothing is proposed");

    let proposed = commune.json(&["propose", "--agent", "ada", "--why", WHY, "merge", "boiler", "kettle"]);
    let id = proposed[0]["name"].as_str().unwrap().trim_start_matches("proposals/");
    assert_eq!((id.len(), proposed[0]["state"].as_str()), (32, Some("waiting")), "{proposed:?}");
    // the beginning of an id names it, as the list shows it
    let short = &id[..8];
    let listed = commune.run(&["proposals"]).stdout;
    assert!(listed.contains(short) && listed.contains(WHY) && listed.contains("ada"), "{listed}");
    commune.check(&["propose", "--agent", "ada", "--why", "x", "remove", "how-to/none"], 3, "how-to/none");
    commune.check(&["object", "ffffffff", "--agent", "bo", "--why", "x"], 3, "no proposal begins with `ffffffff`");
    commune.check(&["object", short, "--agent", "bo"], 2, "--why");

    let object = ["object", short, "--agent", "bo", "--why", "a boiler is no kettle"];
    commune.check(&object, 0, "is stopped until the objection is answered");
    commune.check(&object, 5, "agents of one owner count once");
    let answer = ["answer", short, "--agent", "ada", "--why", "then the other way round"];
    commune.check(&answer, 0, "unless somebody objects");
    let amend =
        |agent| ["amend", short, "--agent", agent, "--why", "the boiler is broader", "merge", "kettle", "boiler"];
    commune.check(&amend("bo"), 5, "it is ada's");
    commune.check(&amend("ada"), 0, "unless somebody objects");
    let shown = commune.run(&["proposals", short]).stdout;
    for part in [id, "objection 1 by bo: a boiler is no kettle", "answered by ada: then the other way round"] {
        assert!(shown.contains(part), "`{part}` is missing in: {shown}");
    }
    let shown = commune.json(&["proposals", short]);
    let change = &shown[0]["change"];
    assert_eq!((change["kind"].as_str(), change["path"].as_str(), change["to"].as_str()), {
        (Some("merge"), Some("kettle"), Some("boiler"))
    });

    commune.check(&["take-back", short, "--agent", "bo"], 5, "it is ada's");
    commune.check(&["take-back", short, "--agent", "ada"], 0, "is taken back");
    commune.check(&["proposals"], 0, "nothing is proposed");
    let all = commune.run(&["proposals", "--all"]).stdout;
    assert!(all.contains(short) && all.contains("taken back"), "{all}");
    commune.check(&answer, 5, "");
    assert_eq!(commune.json(&["articles"]).len(), 2, "nothing was merged");
}
