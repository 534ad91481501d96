//! What is held back is shown to its agent, which words it anew for the others or drops it; the original stays its own.

use commune_tests::{A_WHILE, eventually};
use serde_json::Value;

use super::cli::Commune;

/// Put together here, so that no scanner takes this file for a leak.
fn secret(tail: &str) -> String {
    format!("{}{tail}", "AKIA")
}

/// The notes that are held, by the rule for such a secret, whatever else holds them.
fn held(commune: &Commune) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let told = commune.json(&["held", "ada"]);
    let mut held: Vec<(String, String)> = told.iter().map(|held| (text(&held["note"]), text(&held["rule"]))).collect();
    held.retain(|(_, rule)| rule == "secret:aws-access-key");
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_note_is_worded_anew_dropped_or_mended() {
    let commune = Commune::up().await;
    let note = |text: &str, more: &[&str]| -> String {
        let arguments = [&["note", "ada", text, "--kind", "fix", "--date", "2026-02-13"], more].concat();
        commune.check(&arguments, 0, "logged").stdout.trim().to_owned()
    };
    let keys = ["Z7QX3MNB5TRW2LKD", "Q5WX3MNB7TRZ2LKE", "M4KX3QNB7TRW2LZF"].map(secret);
    commune.check(&["held", "ada"], 3, "no night of mutual aid");
    let first = note(&format!("The build server signs in with {} before it fetches anything.", keys[0]), &[]);
    let second = note(&format!("The mail gateway wants {} in its second header line.", keys[1]), &[]);
    let third = note(&format!("The pump controller opens with {} and a long press.", keys[2]), &["--key", "pump"]);
    commune.check(&["night", "run"], 0, "");
    let rule = "secret:aws-access-key".to_owned();
    let mut all = [&first, &second, &third].map(|note| (note.clone(), rule.clone())).to_vec();
    all.sort();
    assert_eq!(held(&commune), all);
    let shown = commune.check(&["held", "ada"], 0, "commune held reword NOTE").stdout;
    assert!(
        shown.contains("SINCE") && shown.contains("renew it") && keys.iter().all(|key| !shown.contains(key)),
        "{shown}"
    );

    // another's note, and none at all
    commune.check(&["held", "drop", &first, "--agent", "bo"], 3, "");
    commune.check(&["held", "reword", &first, "", "--agent", "ada"], 2, "empty");
    // in other words, but not yet good enough; then as it may be read
    let words = format!("The build server signs in with its key {} before it fetches anything.", keys[0]);
    commune.check(&["held", "reword", &first, &words, "--agent", "ada"], 0, "the next night looks at the new wording");
    let words = "The build server signs in with its own key before it fetches anything.";
    let reworded = commune.check(&["held", "reword", &first, words, "--agent", "ada"], 0, "").stdout;
    commune.check(&["held", "drop", &second, "--agent", "ada"], 0, "never shared");
    note("The pump controller opens with the code of the day and a long press.", &["--key", "pump"]);
    eventually(A_WHILE, "what was reworded and dropped is not listed any more", || async {
        held(&commune) == [(third.clone(), rule.clone())]
    })
    .await;
    commune.check(&["night", "run", "--extra"], 0, "");
    assert!(held(&commune).is_empty(), "the third was superseded by what its agent logged under its key");
    commune.check(&["held", "ada"], 0, "nothing is held back");

    let shared: Vec<Value> = commune.json(&["articles"]);
    let bodies: Vec<String> =
        shared.iter().map(|a| commune.run(&["read", a["path"].as_str().unwrap()]).stdout).collect();
    assert!(bodies.len() == 2 && bodies.iter().any(|body| body.contains(words)), "{bodies:?}");
    assert!(keys.iter().all(|key| !bodies.concat().contains(key)), "a secret left the memory");
    // the original is the agent's own, as it was
    let state = |id: &str| {
        let notes = commune.json(&["memory", "ada", "--state", "all"]);
        let note =
            notes.iter().find(|note| note["id"] == id.trim()).unwrap_or_else(|| panic!("{id}: {notes:?}")).clone();
        (note["state"].as_str().unwrap().to_owned(), note["text"].as_str().unwrap().to_owned())
    };
    assert!(matches!(state(&first), (state, text) if state == "active" && text.contains(&keys[0])));
    assert_eq!((state(&reworded).0.as_str(), state(&second).0.as_str()), ("active", "active"));
}
