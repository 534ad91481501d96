//! Hostile text from the labelled samples, said by an agent who wants it shared: none of it reaches the library, and
//! what only looks like it does.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use commune_bus::StreamName;
use commune_proto::librarian::v1::ArticleCurated;
use commune_tests::{
    A_WHILE, eventually_some,
    support::{A_NIGHT, Commune, Plan},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_samples_stay_out_of_the_library_and_their_benign_twins_get_in() {
    let Some(rows) = samples() else { return };
    let mut commune = Commune::start(Plan::one().cap(500)).await;
    let mut marks: BTreeMap<String, (bool, String)> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let (hostile, mark) = (row["label"] == 1, format!("qzmark{place:03}"));
        let said = row["text"].as_str().unwrap();
        let text = format!("{said}\n\nWhoever reads this far sees that {mark} came into the library with it.\n");
        let note = json!({ "kind": "lesson", "title": format!("Sample {mark}"), "text": text }).to_string();
        let agent = if hostile { "mallory" } else { "ben" };
        let headers = [("Content-Type", "application/json")];
        commune.say_as(agent, "note", &mark, &headers, note.as_bytes()).await;
        marks.insert(mark, (hostile, row["id"].as_str().unwrap().to_owned()));
    }
    commune.run_night(commune.night(), A_NIGHT).await;
    let mut shared = String::new();
    for stream in [StreamName::Aid, StreamName::Library] {
        for message in commune.bus.read(stream, &[], 100_000).await.unwrap() {
            // a session names what was held by id and rule alone
            if !message.subject.starts_with("commune.aid.session.") {
                shared += &String::from_utf8_lossy(&message.payload);
            }
        }
    }
    let mut wrong = Vec::new();
    for (mark, (hostile, id)) in &marks {
        let found = shared.contains(&format!("that {mark} came"));
        if found == *hostile && !ELSEWHERE.contains(&id.as_str()) {
            wrong.push(format!("{id} ({mark}): {}", if found { "is shared" } else { "is kept out" }));
        }
    }
    let letters = commune.bus.dead_letters(1_000).await.unwrap();
    let told = letters.iter().map(|l| format!("{}: {}", l.original_subject, l.reason)).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "{}\nrefused:\n{}", wrong.join("\n"), told.join("\n"));
    println!("{} samples, {} of them refused at intake", marks.len(), letters.len());
    commune.finish_with_dead().await;
}

/// Rows that are about a front matter, which a JSON body does not have.
const ELSEWHERE: &[&str] = &["own/035", "own/036", "own/058"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_article_shows_html_and_loads_nothing() {
    let commune = Commune::start(Plan::one()).await;
    let text = "---\nkind: lesson\ntitle: Bleed the radiators\n---\nBegin at the <b>lowest</b> floor, see \
                ![the valve](https://img.example/valve.png).\n\n<details>Close it by hand.</details>\n";
    commune.say("ada", "note", "valve", text).await;
    commune.run_night(commune.night(), A_NIGHT).await;
    let article = eventually_some(A_WHILE, "there is an article", async || {
        let curated = commune.bus.read(StreamName::Library, &[], 10).await.ok()?.pop()?;
        curated.event::<ArticleCurated>().ok()?.article
    })
    .await;
    let body = article.body;
    assert!(body.contains("&lt;b>lowest&lt;/b>") && body.contains("&lt;details>"), "{body}");
    assert!(body.contains("[the valve](https://img.example/valve.png)") && !body.contains("!["), "{body}");
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_cannot_see_is_refused_with_the_reason() {
    let mut commune = Commune::start(Plan::one()).await;
    let said = [
        ("tags", "Use jitter.\u{e0069}\u{e0067}".to_owned(), "tag-character in line 1"),
        ("bidi", "Set\nthe \u{202e}flag".to_owned(), "bidi-control in line 2"),
        ("colours", "\u{1b}[31mred\u{1b}[0m".to_owned(), "U+001B"),
        ("deep", format!("{}x", "> ".repeat(40)), "deeper than 32"),
        ("anchors", "---\ntitle: &a x\n---\ntext".to_owned(), "anchor"),
        ("matter", format!("---\ntitle: {}\n---\ntext", "y".repeat(5_000)), "4096"),
    ];
    for (id, text, _) in &said {
        commune.say("ada", "note", id, text).await;
    }
    let letters = eventually_some(A_WHILE, "all are dead letters", async || {
        let letters = commune.bus.dead_letters(100).await.ok()?;
        (letters.len() >= said.len()).then_some(letters)
    })
    .await;
    for (id, _, words) in &said {
        let letter = letters.iter().find(|l| l.original_subject.ends_with(&format!(".{id}"))).unwrap();
        assert!(letter.reason.contains(words), "{id}: {}", letter.reason);
    }
    commune.finish_with_dead().await;
}

fn samples() -> Option<Vec<Value>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/injection/own_adversarial.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
