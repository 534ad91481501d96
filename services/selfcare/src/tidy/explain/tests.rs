use super::*;
use crate::tidy::{
    Limits,
    tests::{applied, keyed, night, note, tidied},
    tidy,
};

const PORT: &str = "The board in the hall listens on port 8080 and answers every lamp within a second.";

/// What a rule says of a note.
#[track_caller]
fn check(memory: &Memory, id: &str, rule: &str, moved: bool, words: &[&str]) {
    let said = explain(memory, id).expect("the note is there").said;
    let said = said.iter().find(|said| said.rule == rule).expect("a verdict of each rule");
    assert_eq!(said.moved, moved, "{said:?}");
    for word in words {
        assert!(said.verdict.contains(word), "`{word}` is not in: {}", said.verdict);
    }
}

#[test]
fn every_rule_is_explained_in_its_order() {
    assert_eq!(WHY.iter().map(|(name, _)| *name).collect::<Vec<_>>(), RULES.iter().map(|r| r.name).collect::<Vec<_>>());
    let memory = tidied(&[note("a", PORT)]);
    let explained = explain(&memory, "a").expect("it is there");
    assert_eq!(explained.said.len(), RULES.len());
    assert!(explained.neighbours.is_empty() && explained.said.iter().all(|said| !said.moved));
    check(&memory, "a", "near-duplicate", false, &["no note of the working set has words in common"]);
    assert_eq!(explain(&memory, "none"), None);
}

#[test]
fn what_moved_a_note_says_where_and_when() {
    let longer = format!("{PORT} Its cable is blue.");
    let notes = [
        note("a", PORT),
        note("b", &format!("# \n\n{PORT}")),
        note("c", &longer),
        note("d", "# Tuesday\n\n## Done\n\n-\n"),
        keyed("e", "lamp", "The lamp is green."),
        keyed("f", "lamp", "The lamp is red."),
    ];
    let memory = tidied(&notes);
    check(&memory, "d", "empty-stub", true, &["nothing is written", "2026-02-14"]);
    check(&memory, "d", "duplicate", false, &["not asked any more"]);
    check(&memory, "b", "duplicate", true, &["says the same as a", "2026-02-14"]);
    check(&memory, "a", "duplicate", false, &["b was merged into it"]);
    check(&memory, "e", "superseded-key", true, &["f is newer", "`lamp`", "2026-02-14"]);
    check(&memory, "f", "superseded-key", false, &["the newest with the key `lamp`", "e was superseded"]);
    check(&memory, "f", "near-duplicate", false, &["not looked at", "never merged"]);
    check(&memory, "c", "near-duplicate", true, &["claims the same as a", "likeness 0.", "2026-02-14"]);
    check(&memory, "a", "near-duplicate", false, &["c was merged into it"]);
}

#[test]
fn a_neighbour_says_why_it_is_another_note() {
    let other_kind = Note { kind: "lesson".to_owned(), ..note("c", PORT) };
    let private = Note { visibility: Visibility::Private, ..note("d", PORT) };
    let notes = [note("a", PORT), note("b", &PORT.replace("8080", "9090")), other_kind, private];
    let memory = tidied(&notes);
    let neighbours = explain(&memory, "a").expect("it is there").neighbours;
    let reason = |id: &str| neighbours.iter().find(|near| near.note == id).map_or("", |near| near.reason.as_str());
    assert_eq!(reason("b"), "claims differ: [8080] and [9090]");
    assert_eq!(reason("c"), "kinds differ: fact and lesson");
    assert_eq!(reason("d"), "visibilities differ: not said and private");
    assert!(neighbours.is_sorted_by(|one, next| one.likeness >= next.likeness), "{neighbours:?}");
    check(&memory, "a", "duplicate", false, &["says the same, but", "differ"]);
    check(&memory, "b", "near-duplicate", false, &["is the nearest"]);
}

#[test]
fn what_was_put_back_by_hand_is_left_alone() {
    let mut memory = tidied(&[note("a", PORT), note("b", PORT)]);
    let back = memory.restored("b").expect("it was merged");
    memory.put([back]);
    for rule in RULES {
        check(&memory, "b", rule.name, false, &["put back by hand"]);
    }
    check(&memory, "a", "duplicate", false, &["b says the same", "b was put back by hand"]);
    let neighbours = explain(&memory, "a").expect("it is there").neighbours;
    assert!(neighbours[0].reason.contains("b was put back by hand"), "{neighbours:?}");
}

#[test]
fn an_explanation_is_bounded_and_names_the_nearest() {
    let notes: Vec<Note> = (0..40)
        .map(|n| note(&format!("n{n:02}"), &format!("{PORT} {}", "It is cold outside today. ".repeat(n % 9 + 1))))
        .map(|note| Note { text: note.text.replace("8080", &format!("{}", 1000 + note.id.len() * 7)), ..note })
        .enumerate()
        .map(|(n, note)| Note { text: format!("{} Lamp {n}.", note.text), ..note })
        .collect();
    let memory = Memory::default();
    let memory = applied(&memory, &tidy(&memory, &notes, night(14), &Limits::default()));
    let id = memory.active().next().expect("some are left").id.clone();
    let neighbours = explain(&memory, &id).expect("it is there").neighbours;
    assert!(!neighbours.is_empty() && neighbours.len() <= NEIGHBOURS, "{neighbours:?}");
    let most =
        memory.active().filter(|other| other.id != id).map(|other| likeness(&memory.notes[&id].text, &other.text));
    assert_eq!(Some(neighbours[0].likeness), most.max_by(f64::total_cmp));
}

#[test]
fn the_nearest_of_the_same_title_is_told_by_its_reason() {
    let a = note("a", "# Lamp\n\nThe lamp in the hall is green. It needs a bulb of 40 W.");
    let b = note("b", "# Lamp\n\nThe lamp in the hall is green. Ask heron on port 9090 about it.");
    let memory = tidied(&[a, b]);
    let nearest = explain(&memory, "a").expect("it is there").neighbours.remove(0);
    assert!((duplicate::TITLED_FLOOR..duplicate::NEAR_FLOOR).contains(&nearest.likeness), "{nearest:?}");
    assert!(nearest.reason.contains("claims differ"), "{nearest:?}");
    check(&memory, "a", "near-duplicate", false, &["b is the nearest", "claims differ", "9090"]);
}

#[test]
fn what_was_cut_folded_or_outdated_is_explained() {
    let log = |id: &str, text: &str| Note { kind: "log".to_owned(), ..note(id, text) };
    let notes = [
        log("day", "## 08:00 — Deployed\n\nTo staging.\n\n## 09:00 — Rested\n\nAll day.\n"),
        log("one", "07:00 heartbeat ok"),
        log("two", "08:00 heartbeat ok"),
        log("three", "08:00 heartbeat, 2 errors"),
        note("a", "The board listens on port 80."),
        note("b", "The board now listens on port 81."),
        note("old", "The limit of the hall is 5."),
        note("young", "The limit of the hall is 6."),
    ];
    let memory = tidied(&notes);
    let entry = memory.notes.values().find(|note| note.part_of == "day").expect("an entry").id.clone();
    check(&memory, "day", "daily-log", true, &["2 entries", "2026-02-14"]);
    check(&memory, &entry, "daily-log", false, &["an entry of the log day"]);
    check(&memory, "a", "daily-log", false, &["not a log"]);
    let (kept, folded) = if memory.notes["one"].is_active() { ("one", "two") } else { ("two", "one") };
    check(&memory, folded, "heartbeat", true, &["same sign of life", kept, "2026-02-14"]);
    check(&memory, kept, "heartbeat", false, &["was folded into it"]);
    check(&memory, "three", "heartbeat", false, &["no other"]);
    check(&memory, "a", "heartbeat", false, &["not a sign of life"]);
    assert!(
        memory.notes[kept].text.ends_with("_From 2026-02-10 07:00 to 2026-02-10 08:00._"),
        "{:?}",
        memory.notes[kept]
    );
    let (older, newer) =
        if memory.notes["old"].order() < memory.notes["young"].order() { ("old", "young") } else { ("young", "old") };
    check(&memory, older, "outdated", false, &[newer, "contradicts it", "both stay"]);
    check(&memory, newer, "outdated", false, &["it contradicts", older]);
    check(&memory, "a", "outdated", true, &["b says that this has changed", "2026-02-14"]);
    check(&memory, "b", "outdated", false, &["a was replaced by it"]);
}

#[test]
fn an_explanation_names_five_neighbours_and_leaves_the_sixth_out() {
    let lamps: Vec<Note> = (0..7).map(|n| note(&format!("n{n}"), &format!("{PORT} It has {n} lamps."))).collect();
    let neighbours = |count: usize| {
        let mut memory = Memory::default();
        memory.put(lamps.iter().take(count).cloned());
        explain(&memory, "n0").expect("it is there").neighbours
    };
    let (all, most) = (neighbours(1 + NEIGHBOURS), neighbours(2 + NEIGHBOURS));
    assert_eq!((all.len(), most.len()), (NEIGHBOURS, NEIGHBOURS), "{most:?}");
}

#[test]
fn the_nearest_in_meaning_is_named_beside_the_nearest_in_words() {
    let lamps = (0..NEIGHBOURS + 1).map(|n| note(&format!("n{n}"), &format!("{PORT} Lamp {n}.")));
    let mut notes: Vec<Note> = lamps.collect();
    notes.push(note("say", "Cats sleep all day long on the warm sofa."));
    notes.push(note("same", "A kitten naps for hours upon that couch."));
    let memory = tidied(&notes);
    let named = |id: &str| explain(&memory, id).expect("it is there").neighbours;
    let near = named("say");
    let same = near.iter().find(|near| near.note == "same").unwrap_or_else(|| panic!("{near:?}"));
    assert!(same.meaning >= Some(MEANING_FLOOR), "{same:?}");
    let lamps = named("n0");
    assert_eq!(lamps.len(), NEIGHBOURS);
    assert!(lamps.iter().all(|near| near.meaning > Some(0.9) && near.reason.contains("differ")), "{lamps:?}");
    assert!(lamps.is_sorted_by(|one, next| one.likeness >= next.likeness), "{lamps:?}");
}
