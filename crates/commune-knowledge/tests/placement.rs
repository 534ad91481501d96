//! Placement over the history of real wikis: a measurement, run by hand with `--ignored --nocapture`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic)]

use commune_knowledge::placement::{self, Profile, UPDATE_FLOOR};
use std::collections::BTreeMap;
use std::path::Path;

fn rows(name: &str) -> Option<Vec<serde_json::Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/retrieval/wikirev").join(name);
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The notes against every page of their wiki: where the best page is the target, and how the scores lie.
fn measure(with_title: bool) {
    let (Some(pages), Some(notes)) = (rows("corpus.jsonl"), rows("dev/notes.jsonl")) else { return };
    let text = |row: &serde_json::Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let wiki = |id: &str| {
        id.trim_start_matches("u-").trim_start_matches("n-").split('/').next().unwrap_or_default().to_owned()
    };
    let mut library: BTreeMap<String, Vec<(String, Profile)>> = BTreeMap::new();
    for page in &pages {
        let profile = placement::profile(&text(page, "title"), &text(page, "text"));
        library.entry(wiki(&text(page, "_id"))).or_default().push((text(page, "_id"), profile));
    }
    let all: Vec<&(String, Profile)> = library.values().flatten().collect();
    let (mut first, mut updates, mut hits, mut news, mut alarms) = (0, 0, 0, 0, 0);
    let (mut update_scores, mut new_scores) = (Vec::new(), Vec::new());
    for note in notes.iter().step_by(2) {
        let title = if with_title { text(note, "title") } else { String::new() };
        let piece = placement::profile(&title, &text(note, "delta"));
        let best = all
            .iter()
            .map(|(id, page)| (placement::score(&piece, page), id))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap();
        if note["label"] == "update" {
            let right = *best.1 == text(note, "target");
            updates += 1;
            first += usize::from(right);
            hits += usize::from(right && best.0 >= UPDATE_FLOOR);
            update_scores.push(best.0);
        } else {
            news += 1;
            alarms += usize::from(best.0 >= UPDATE_FLOOR);
            new_scores.push(best.0);
        }
    }
    println!(
        "title {with_title}: {updates} updates, best page right {first}, placed right {hits}; {news} new, {alarms} placed on an old page"
    );
    for (name, scores) in [("update", &mut update_scores), ("new", &mut new_scores)] {
        scores.sort_by(f64::total_cmp);
        let at = |share: f64| scores[((scores.len() - 1) as f64 * share) as usize];
        println!(
            "  {name}: p10 {:.2} p25 {:.2} p50 {:.2} p75 {:.2} p90 {:.2}",
            at(0.1),
            at(0.25),
            at(0.5),
            at(0.75),
            at(0.9)
        );
    }
}

#[test]
#[ignore = "a measurement of half a minute"]
fn placement_over_wikis() {
    measure(false);
    measure(true);
}
