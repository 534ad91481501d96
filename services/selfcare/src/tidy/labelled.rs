//! A whole night over the labelled set of a thousand notes, where it lies beside the checkout: what must be found, and what
//! must never be merged or taken for outdated.

use std::path::Path;

use super::{tests::note, *};

const SET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/tidy/notes-1k.jsonl");

#[test]
fn a_night_finds_the_planted_duplicates_and_nothing_else() {
    if !Path::new(SET).exists() {
        println!("skipped: {SET} is not there");
        return;
    }
    let set = std::fs::read_to_string(SET).expect("a text");
    let labelled: Vec<serde_json::Value> = set.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let text = |of: &serde_json::Value, key: &str| of[key].as_str().expect("a text").to_owned();
    let new: Vec<Note> = labelled.iter().map(|of| note(&text(of, "id"), &text(of, "text"))).collect();
    let tidied = tidy(&Memory::default(), &new, tests::night(28), &Limits::default());
    let mut memory = Memory::default();
    memory.put(tidied.notes);
    let cluster: BTreeMap<String, u64> =
        labelled.iter().map(|of| (text(of, "id"), of["cluster"].as_u64().expect("a number"))).collect();

    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    let stands_in = |id: &str| {
        let mut at = &memory.notes[id];
        while at.state == State::Merged {
            at = &memory.notes[&at.into];
        }
        at.id.clone()
    };
    let ids: Vec<(String, String)> = cluster.keys().map(|id| (id.clone(), stands_in(id))).collect();
    for of in &labelled {
        let (id, kind) = (text(of, "id"), text(of, "kind"));
        let survivor = stands_in(&id);
        assert_eq!(cluster[&id], cluster[&survivor], "{id} was merged into {survivor}, which is another matter");
        let found = ids.iter().any(|(other, into)| *other != id && *into == survivor);
        if kind.starts_with("dup-") && !found {
            *missed.entry(kind).or_default() += 1;
        }
    }
    let missed = |kind: &str| missed.get(kind).copied().unwrap_or_default();
    println!("missed, of 50 of each kind: {:?}", ["dup-format", "dup-meta", "dup-edit", "dup-reword"].map(missed));
    assert_eq!((missed("dup-format"), missed("dup-meta")), (0, 0));
    assert!(missed("dup-edit") <= 2 && missed("dup-reword") <= 7, "95 and 85 of a hundred are found");
    assert_eq!((memory.count(State::Superseded), tidied.counts["contradicted"]), (0, 0), "nothing in it changed");
}
