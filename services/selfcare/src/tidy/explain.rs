//! Why a note is where it is: what each rule says of it, from the memory as it is. Pure; changes nothing.
//!
//! A rule's reasons are not recorded by night, only that it moved a note, where to and when. What is told beyond that is
//! what the rule would find now.

use std::cmp::Ordering;

use commune_knowledge::{
    document,
    duplicate::{self, Verdict},
    embedding::StaticModel,
    normalize, similarity,
};

use super::{OUTDATED, RULES, Sketches, heartbeat::beat, near_duplicate, same_standing};
use crate::{
    memory::{Memory, Note, RESTORED, State, Visibility},
    relations::Relations,
};

/// Most neighbours of an explanation.
pub const NEIGHBOURS: usize = 5;
/// From this cosine on a note is named for its meaning alone; chosen, not fitted, since nothing is decided by it.
const MEANING_FLOOR: f64 = 0.6;
/// Most notes that one sentence names.
const NAMED: usize = 5;

/// Why a note is where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What each rule says, in the order of the rules.
    pub said: Vec<Said>,
    /// The notes of the working set that are most like it in words, most alike first, and the one nearest in meaning.
    pub neighbours: Vec<Neighbour>,
}

/// What one rule says of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The rule's name.
    pub rule: &'static str,
    /// True when it took the note out of the working set.
    pub moved: bool,
    /// What it says, for a reader.
    pub verdict: String,
}

/// A note that is like the one that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// Its id.
    pub note: String,
    /// Its title.
    pub title: String,
    /// The Jaccard index of the fingerprints.
    pub likeness: f64,
    /// The cosine of their vectors; none where the model knows no word of one of them. **It decides nothing.**
    pub meaning: Option<f64>,
    /// Why the two are not one note.
    pub reason: String,
}

/// What a rule says of a note.
type Why = fn(&Asked<'_>) -> String;

/// How each rule is explained.
const WHY: &[(&str, Why)] = &[
    ("daily-log", daily_log),
    ("empty-stub", empty_stub),
    ("heartbeat", heartbeat),
    ("duplicate", same),
    ("superseded-key", superseded_key),
    (OUTDATED, outdated),
    ("near-duplicate", alike),
];

/// What the rules say of a note; none when the memory does not have it.
pub fn explain(memory: &Memory, id: &str) -> Option<Explanation> {
    explain_knowing(&Sketches::default(), memory, id)
}

/// [`explain`], by one who has seen most of the memory before: it comes to the same, sooner.
pub fn explain_knowing(known: &Sketches, memory: &Memory, id: &str) -> Option<Explanation> {
    let note = memory.notes.get(id)?;
    let mut asked = Asked { known, memory, note, moved: false, neighbours: Vec::new() };
    let by_near = note.rule == "near-duplicate";
    if is_mergeable(note).is_ok() && (note.is_active() || by_near) {
        asked.neighbours = neighbours(memory, note);
    }
    let mut gone = false;
    let said = RULES.iter().map(|rule| {
        asked.moved = !note.is_active() && note.rule == rule.name;
        let why = WHY.iter().find(|(name, _)| *name == rule.name);
        let verdict = match why {
            _ if gone => "not asked any more: the note had left the working set".to_owned(),
            _ if note.is_active() && note.rule == RESTORED => {
                "leaves it alone: it was put back by hand, and no rule takes such a note away again".to_owned()
            }
            Some((_, why)) => why(&asked),
            None if asked.moved => format!("took it out of the working set in the night {}", note.night),
            None => "left it where it is".to_owned(),
        };
        gone |= asked.moved;
        Said { rule: rule.name, moved: asked.moved, verdict }
    });
    let said = said.collect();
    Some(Explanation { said, neighbours: asked.neighbours })
}

struct Asked<'a> {
    known: &'a Sketches,
    memory: &'a Memory,
    note: &'a Note,
    /// The rule that is asked moved the note.
    moved: bool,
    neighbours: Vec<Neighbour>,
}

impl Asked<'_> {
    /// Notes of the working set beside this one.
    fn others(&self) -> impl Iterator<Item = &Note> {
        self.memory.active().filter(|other| other.id != self.note.id)
    }

    /// Notes that a rule moved into this one, or out of its way.
    fn gave_way(&self, rule: &str) -> Vec<&str> {
        let gave_way = |other: &&Note| !other.is_active() && other.rule == rule && other.into == self.note.id;
        self.memory.notes.values().filter(gave_way).map(|other| other.id.as_str()).collect()
    }
}

fn daily_log(asked: &Asked<'_>) -> String {
    let note = asked.note;
    if asked.moved {
        let entries = asked.memory.notes.values().filter(|entry| entry.part_of == note.id).count();
        format!("a log of {entries} entries: each is a note of its own since the night {}", note.night)
    } else if note.part_of.is_empty() {
        "it is not a log of several entries".to_owned()
    } else {
        format!("an entry of the log {}", note.part_of)
    }
}

fn heartbeat(asked: &Asked<'_>) -> String {
    let took_in = asked.gave_way("heartbeat");
    if asked.moved {
        format!("the same sign of life as {}: folded into it in the night {}", asked.note.into, asked.note.night)
    } else if !took_in.is_empty() {
        format!("the oldest of its kind: {} folded into it", were(&took_in))
    } else if beat(asked.note).is_some() {
        "a sign of life, and no other of the working set says the same".to_owned()
    } else {
        "it is not a sign of life".to_owned()
    }
}

fn outdated(asked: &Asked<'_>) -> String {
    let note = asked.note;
    if asked.moved {
        return format!("{} says that this has changed: superseded in the night {}", note.into, note.night);
    }
    let relations = Relations::of(asked.memory.notes.values(), asked.known);
    let replaced = relations.replaced_by(note);
    let older = asked.others().filter(|other| relations.contradicted_by(other) == Some(note.id.as_str()));
    let older: Vec<&str> = older.map(|other| other.id.as_str()).collect();
    match relations.contradicted_by(note) {
        Some(newer) => format!("{newer} contradicts it; which of them holds is not certain, so both stay"),
        None if !replaced.is_empty() => format!("it says that something changed: {} replaced by it", were(replaced)),
        None if !older.is_empty() => {
            format!("it contradicts {}; which of them holds is not certain, so all stay", listed(&older))
        }
        None => "no note of the working set contradicts it".to_owned(),
    }
}

fn empty_stub(asked: &Asked<'_>) -> String {
    let note = asked.note;
    if asked.moved {
        format!("nothing is written in it: archived in the night {}", note.night)
    } else if note.is_whole() {
        format!("not looked at: a note of kind {} is one whole", note.kind)
    } else if document::is_empty(&note.text) {
        "nothing is written in it; a night that has it as a new note archives it".to_owned()
    } else {
        "something is written in it".to_owned()
    }
}

fn same(asked: &Asked<'_>) -> String {
    let note = asked.note;
    if asked.moved {
        return format!("says the same as {}: merged into it in the night {}", note.into, note.night);
    }
    let took_in = asked.gave_way("duplicate");
    if !took_in.is_empty() {
        return format!("the oldest that says this: {} merged into it", were(&took_in));
    }
    let identity = normalize::identity(&note.text);
    match asked.others().find(|other| normalize::identity(&other.text) == identity) {
        None => "no other note of the working set says the same".to_owned(),
        Some(other) => format!("{} says the same, but {}", other.id, kept_apart(note, other)),
    }
}

fn superseded_key(asked: &Asked<'_>) -> String {
    let (note, key) = (asked.note, &asked.note.key);
    if asked.moved {
        return format!("{} is newer and has the same key `{key}`: superseded in the night {}", note.into, note.night);
    }
    if key.is_empty() {
        return "it has no key".to_owned();
    }
    let older = asked.gave_way("superseded-key");
    let others: Vec<&str> = asked.others().filter(|other| other.key == *key).map(|other| other.id.as_str()).collect();
    match (older.is_empty(), others.is_empty()) {
        (false, _) => format!("the newest with the key `{key}`: {} superseded by it", were(&older)),
        (true, true) => format!("the only note with the key `{key}`"),
        (true, false) => {
            format!("{} also the key `{key}`; of these none was superseded", has(&others))
        }
    }
}

fn alike(asked: &Asked<'_>) -> String {
    let note = asked.note;
    if asked.moved {
        let into = asked.memory.notes.get(&note.into);
        let into = into.map(|into| if into.original_text.is_empty() { &into.text } else { &into.original_text });
        let likeness = into.map(|text| format!(" (likeness {:.2})", likeness(&note.text, text))).unwrap_or_default();
        return format!(
            "claims the same as {} in nearly the same words{likeness}: merged into it in the night {}",
            note.into, note.night
        );
    }
    if let Err(why) = is_mergeable(note) {
        return format!("not looked at: {why}");
    }
    let took_in = asked.gave_way("near-duplicate");
    let took_in = if took_in.is_empty() { String::new() } else { format!("{} merged into it; ", were(&took_in)) };
    let nearest = match asked.neighbours.first() {
        None => "no note of the working set has words in common with it".to_owned(),
        Some(nearest) => {
            format!("{} is the nearest (likeness {:.2}): {}", nearest.note, nearest.likeness, nearest.reason)
        }
    };
    took_in + &nearest
}

/// The notes of the working set that are most like this one, those that it was merged with left out.
fn neighbours(memory: &Memory, note: &Note) -> Vec<Neighbour> {
    let print = duplicate::fingerprint(&note.text);
    let mut nearest: Vec<(f64, &Note)> = Vec::new();
    for other in memory.active().filter(|other| other.id != note.id && other.id != note.into) {
        let likeness = similarity::jaccard(&print, &duplicate::fingerprint(&other.text));
        let further = |(known, kept): &(f64, &Note)| {
            known.total_cmp(&likeness).then_with(|| other.order().cmp(&kept.order())) == Ordering::Less
        };
        let place = nearest.iter().position(further).unwrap_or(nearest.len());
        if likeness > 0.0 && place < NEIGHBOURS {
            nearest.insert(place, (likeness, other));
            nearest.truncate(NEIGHBOURS);
        }
    }
    let vector = StaticModel::shipped().embed(&note.text);
    let meaning = |other: &Note| Some(vector.as_ref()?.cosine(&StaticModel::shipped().embed(&other.text)?));
    let is_named = |other: &Note| nearest.iter().any(|(_, named)| named.id == other.id);
    let others = memory.active().filter(|other| ![&note.id, &note.into].contains(&&other.id) && !is_named(other));
    let by_meaning = others.filter_map(|other| Some((meaning(other)?, other)));
    if let Some((_, other)) =
        by_meaning.filter(|(near, _)| *near >= MEANING_FLOOR).max_by(|one, two| one.0.total_cmp(&two.0))
    {
        nearest.truncate(NEIGHBOURS - 1);
        nearest.push((likeness(&note.text, &other.text), other));
    }
    let told = |(likeness, other): (f64, &Note)| Neighbour {
        note: other.id.clone(),
        title: other.title.clone(),
        likeness,
        meaning: meaning(other),
        reason: apart(note, other),
    };
    nearest.into_iter().map(told).collect()
}

/// Why two notes are not merged for their likeness.
fn apart(note: &Note, other: &Note) -> String {
    if let Err(why) = is_mergeable(other) {
        return why;
    }
    if let Some(why) = another_standing(note, other) {
        return why;
    }
    match duplicate::compare(&note.text, &other.text) {
        Verdict::Different(reason) => reason.to_string(),
        Verdict::Same | Verdict::Near { .. } => kept_apart(note, other),
    }
}

/// Why two notes that may say the same are two all the same.
fn kept_apart(note: &Note, other: &Note) -> String {
    if let Some(why) = another_standing(note, other) {
        return why;
    }
    if let Some(by_hand) = [note, other].into_iter().find(|note| note.rule == RESTORED) {
        return format!("{} was put back by hand, and no rule moves such a note", by_hand.id);
    }
    if note.is_whole() {
        return format!("a note of kind {} is one whole, and theirs differ in form", note.kind);
    }
    let (older, newer) = if note.order() <= other.order() { (note, other) } else { (other, note) };
    if let Err(why) = near_duplicate::together(older, newer) {
        return why.to_owned();
    }
    if note.state == State::Active {
        "alike; rules compare what is new, and neither has been since: they would be merged if one were logged again"
            .to_owned()
    } else {
        format!("alike too; it was merged into {} first", note.into)
    }
}

/// In what two notes differ so that one cannot stand for the other.
fn another_standing(note: &Note, other: &Note) -> Option<String> {
    if same_standing(note, other) {
        return None;
    }
    Some(if note.kind != other.kind {
        format!("kinds differ: {} and {}", or_none(&note.kind), or_none(&other.kind))
    } else if note.visibility != other.visibility {
        format!("visibilities differ: {} and {}", word(note.visibility), word(other.visibility))
    } else {
        format!("keys differ: {} and {}", or_none(&note.key), or_none(&other.key))
    })
}

/// Whether the rule for likeness looks at a note at all; why not.
fn is_mergeable(note: &Note) -> Result<(), String> {
    if near_duplicate::eligible(note) {
        Ok(())
    } else if note.is_whole() {
        Err(format!("a note of kind {} is one whole and is never merged with what is alike", note.kind))
    } else {
        Err(format!("what has a key (`{}`) is replaced by its next version and never merged", note.key))
    }
}

fn likeness(left: &str, right: &str) -> f64 {
    similarity::jaccard(&duplicate::fingerprint(left), &duplicate::fingerprint(right))
}

fn word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Unspecified => "not said",
        Visibility::Private => "private",
        Visibility::Commune => "commune",
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn were(ids: &[&str]) -> String {
    format!("{} {}", listed(ids), if ids.len() == 1 { "was" } else { "were" })
}

fn has(ids: &[&str]) -> String {
    format!("{} {}", listed(ids), if ids.len() == 1 { "has" } else { "have" })
}

fn listed(ids: &[&str]) -> String {
    let named = ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
