//! A memory while rules work on it: the notes oldest first, each borrowed until a rule changes it, so that a night over a
//! large memory costs what is new.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use commune_knowledge::duplicate::Reading;
use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::{Limits, OUTDATED, Sketches, sketches::Text};
use crate::memory::{Memory, Note, State};

/// Readings that one run keeps.
const READINGS_KEPT: usize = 20_000;

/// The memory while rules work on it. A note is named by its **place** among all, oldest first; places stand as long as a
/// rule only moves notes.
#[derive(Debug)]
pub struct Work<'a> {
    held: Vec<Held<'a>>,
    pub(super) rule: &'static str,
    limits: &'a Limits,
    known: &'a Sketches,
    /// What was read in this run, by place; bounded, because it is several times as large as the texts.
    readings: FxHashMap<usize, Reading>,
}

/// One note of the memory.
#[derive(Debug)]
struct Held<'a> {
    note: Cow<'a, Note>,
    /// New to the memory in this run.
    fresh: bool,
    changed: bool,
    /// What is known of its text, once it was asked for.
    text: Option<Arc<Text>>,
}

impl Held<'_> {
    fn order(&self) -> (Timestamp, &str) {
        self.note.order()
    }

    fn new(note: Note) -> Self {
        Self { note: Cow::Owned(note), fresh: true, changed: true, text: None }
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(known: &'a Sketches, memory: &'a Memory, new: &[Note], limits: &'a Limits) -> Self {
        let of_memory = |note: &'a Note| Held { note: Cow::Borrowed(note), fresh: false, changed: false, text: None };
        let mut held: Vec<Held<'a>> = memory.notes.values().map(of_memory).collect();
        held.extend(taken_in(memory, new).into_values().map(Held::new));
        // the notes of the memory come by id, so that few of them have to be compared by it
        held.sort_by(|left, right| left.order().cmp(&right.order()));
        Self { held, rule: "", limits, known, readings: FxHashMap::default() }
    }

    /// The note at a place.
    pub(super) fn note(&self, place: usize) -> &Note {
        &self.held[place].note
    }

    /// All notes, in every state.
    pub(super) fn notes(&self) -> impl Iterator<Item = &Note> + Clone {
        self.held.iter().map(|held| held.note.as_ref())
    }

    /// Places of notes that rules may move, oldest first.
    pub(super) fn movable(&self) -> Vec<usize> {
        (0..self.held.len()).filter(|place| self.note(*place).is_movable()).collect()
    }

    /// Places of new notes that rules may move, oldest first.
    pub(super) fn fresh_movable(&self) -> Vec<usize> {
        (0..self.held.len()).filter(|place| self.is_fresh(*place) && self.note(*place).is_movable()).collect()
    }

    /// True for a note that is new to the memory.
    pub(super) fn is_fresh(&self, place: usize) -> bool {
        self.held[place].fresh
    }

    /// What is known of a note's text; its sketch has been made.
    pub(super) fn sketched(&mut self, place: usize) -> Arc<Text> {
        let text = self.text(place);
        if let Some(reading) = text.read_for_sketch(&self.held[place].note.text)
            && self.readings.len() < READINGS_KEPT
        {
            self.readings.insert(place, reading);
        }
        text
    }

    /// What is known of a note's text.
    pub(super) fn text(&mut self, place: usize) -> Arc<Text> {
        let held = &mut self.held[place];
        Arc::clone(held.text.get_or_insert_with(|| self.known.of(&held.note.text)))
    }

    /// Reads what this run merged, so that the next one finds it known.
    pub(super) fn read_changed(&mut self) {
        for held in self.held.iter_mut().filter(|held| held.changed && held.note.is_movable()) {
            let text = held.text.get_or_insert_with(|| self.known.of(&held.note.text));
            text.read_for_sketch(&held.note.text);
        }
    }

    /// Whether two notes say the same, or nearly.
    pub(super) fn alike(&mut self, left: usize, right: usize) -> bool {
        if self.readings.len() + 2 > READINGS_KEPT {
            self.readings.clear();
        }
        for place in [left, right] {
            let text = &self.held[place].note.text;
            self.readings.entry(place).or_insert_with(|| Reading::of(text));
        }
        let read = |place| self.readings.get(place);
        read(&left).zip(read(&right)).is_some_and(|(left, right)| left.is_duplicate_of(right))
    }

    /// Takes logs out of the working set and puts their entries in their place. Places are others afterwards.
    pub(super) fn cut(&mut self, logs: Vec<(usize, Vec<Note>)>) {
        if logs.is_empty() {
            return;
        }
        let mut entries = Vec::new();
        for (place, cut) in logs {
            self.remove(place, State::Archived, None);
            entries.extend(cut);
        }
        let by_id: FxHashMap<String, usize> =
            self.held.iter().enumerate().map(|(place, held)| (held.note.id.clone(), place)).collect();
        for entry in entries.into_iter().map(Held::new) {
            match by_id.get(&entry.note.id) {
                Some(place) => self.held[*place] = entry,
                None => self.held.push(entry),
            }
        }
        self.held.sort_by(|left, right| left.order().cmp(&right.order()));
        self.readings.clear();
    }

    /// Takes a note out of the working set. Its text stays.
    pub(super) fn remove(&mut self, place: usize, state: State, into: Option<usize>) {
        let into = into.map(|into| self.note(into).id.clone()).unwrap_or_default();
        let rule = self.rule.to_owned();
        let note = self.change(place);
        (note.state, note.into, note.rule) = (state, into, rule);
    }

    /// Merges one note into another: `text` is the survivor's text with every statement of both.
    pub(super) fn merge(&mut self, place: usize, into: usize, text: String) {
        let (id, tags) = (self.note(place).id.clone(), self.note(place).tags.clone());
        let grows = self.note(into).text != text;
        let survivor = self.change(into);
        if grows {
            let before = std::mem::replace(&mut survivor.text, text);
            if survivor.original_text.is_empty() {
                survivor.original_text = before;
            }
        }
        survivor.tags.extend(tags);
        survivor.tags.sort();
        survivor.tags.dedup();
        survivor.absorbed.push(id);
        if grows {
            self.readings.remove(&into);
            self.held[into].text = None;
        }
        self.remove(place, State::Merged, Some(into));
    }

    fn change(&mut self, place: usize) -> &mut Note {
        let held = &mut self.held[place];
        held.changed = true;
        held.note.to_mut()
    }

    /// How many notes are new or changed.
    pub(super) fn changed(&self) -> usize {
        self.held.iter().filter(|held| held.changed).count()
    }

    /// Says of each note that is new or changed in which night it was.
    pub(super) fn date(&mut self, night: &str) {
        for held in self.held.iter_mut().filter(|held| held.changed) {
            held.note.to_mut().night = night.to_owned();
        }
    }

    /// The notes that are new or changed, by id.
    pub(super) fn into_changed(self) -> Vec<Note> {
        let changed = self.held.into_iter().filter(|held| held.changed);
        let mut notes: Vec<Note> = changed.map(|held| held.note.into_owned()).collect();
        notes.sort_by(|left, right| left.id.cmp(&right.id));
        notes
    }

    /// Why this run archives too much; none when it does not. Only what was in the working set and leaves it without
    /// its statements living on counts: merging keeps them, and a key says that the agent itself replaced them. A word for
    /// a change is read by a rule, which may err, so what it replaced counts.
    pub(super) fn over_bound(&self, before: &Memory) -> Option<String> {
        let size = before.active().count();
        let left = |note: &Note| note.state == State::Archived || (!note.is_active() && note.rule == OUTDATED);
        let was_active = |note: &Note| before.notes.get(&note.id).is_some_and(Note::is_active);
        let changed = self.held.iter().filter(|held| held.changed).map(|held| &held.note);
        let archived = changed.filter(|note| left(note) && was_active(note)).count();
        let Limits { archive_percent, archive_from, .. } = *self.limits;
        (size > archive_from && archived * 100 > size * archive_percent).then(|| {
            format!(
                "the run would archive {archived} of {size} notes, more than {archive_percent} % (night.archive_percent); \
                 nothing was changed. Look at what was logged, or raise the bound for one night"
            )
        })
    }
}

/// The new notes by the id that each gets: what is already here is not new; another text under a taken id gets an id of
/// its own.
fn taken_in(memory: &Memory, new: &[Note]) -> BTreeMap<String, Note> {
    let mut new: Vec<&Note> = new.iter().collect();
    new.sort_by(|left, right| left.order().cmp(&right.order()).then_with(|| left.text.cmp(&right.text)));
    let mut taken: BTreeMap<String, Note> = BTreeMap::new();
    for note in new {
        let mut note = note.clone();
        if let Some(known) = taken.get(&note.id).or_else(|| memory.notes.get(&note.id)) {
            if known.text == note.text || known.original_text == note.text {
                continue;
            }
            note.id = commune_proto::content_id(&["same-id", note.id.as_str(), note.text.as_str()]);
            if taken.contains_key(&note.id) || memory.notes.contains_key(&note.id) {
                continue;
            }
        }
        taken.insert(note.id.clone(), note);
    }
    taken
}
