//! How useful a note still is: by its kind, by what speaks for it, and by how long ago that was. Pure; the day is an
//! argument.
//!
//! A value fades as memories do, by half-lives: `value = 2^(merit − age / retention)`, the forgetting curve in the form
//! of half-life regression (Settles and Meeder, "A Trainable Spaced Repetition Model for Language Learning", ACL 2016).
//! `age` is the days since the note was logged, or last confirmed by another that was merged into it; `retention` is
//! that of its kind; `merit` is what speaks for it, counted in halvings, so that a merit of one makes up for one
//! retention. Here are only exponents, in whole thousandths: nothing depends on how a machine rounds.
//!
//! **Two notes of one retention keep their order as days go by**, since both fade alike: what a brief shows does not
//! wander from night to night. **A value ranks and proposes; it never moves, hides or deletes a note**, and no search
//! looks at it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use commune_knowledge::document;
use commune_proto::NightId;
use jiff::civil::{Date, date};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    memory::{Note, RESTORED, State},
    tidy::{Sketches, Text},
};

/// Kinds that fade alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Decisions, preferences, skills: they hold until they are replaced.
    Decision,
    /// Lessons, how-tos, facts.
    Lesson,
    /// Patterns, fixes, files: they hold as long as what they are about.
    Pattern,
    /// Errors, logs, and every kind that is not named here.
    Error,
    /// What was only true for a moment.
    Passing,
}

/// The kinds of each class; every other kind is of the class [`Class::Error`].
const KINDS: &[(Class, &[&str])] = &[
    (Class::Decision, &["decision", "preference", "skill"]),
    (Class::Lesson, &["lesson", "how-to", "fact"]),
    (Class::Pattern, &["pattern", "fix", "artifact"]),
    (Class::Passing, &["passing", "status", "task", "todo"]),
];

impl Class {
    /// The class of a kind.
    pub fn of(kind: &str) -> Self {
        KINDS.iter().find(|(_, kinds)| kinds.contains(&kind)).map_or(Self::Error, |(class, _)| *class)
    }

    /// How many lines of a brief it may take while every other class takes its own.
    pub fn turns(self) -> usize {
        match self {
            Self::Decision | Self::Lesson => 3,
            Self::Pattern => 2,
            Self::Error | Self::Passing => 1,
        }
    }
}

/// For how many days a note of each class is good without anything that speaks for it: its half-life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "as in Class")]
pub struct Retention {
    pub decision: u32,
    pub lesson: u32,
    pub pattern: u32,
    pub error: u32,
    pub passing: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { decision: 365, lesson: 180, pattern: 90, error: 30, passing: 7 }
    }
}

impl Retention {
    /// Days, at least one.
    pub fn days(&self, class: Class) -> i64 {
        let days = match class {
            Class::Decision => self.decision,
            Class::Lesson => self.lesson,
            Class::Pattern => self.pattern,
            Class::Error => self.error,
            Class::Passing => self.passing,
        };
        i64::from(days.max(1))
    }
}

/// One halving, in thousandths.
const HALVING: i64 = 1000;
/// The tags by which an agent says how important a note is, and the merit of each.
const IMPORTANCE: &[(&str, i64)] = &[(PINNED, 1000 * HALVING), (IMPORTANT, 2 * HALVING), (MINOR, -HALVING)];
/// The tag of a note that is always among the first and never proposed for the archive.
pub const PINNED: &str = "pinned";
/// The tag of a note that matters more than others of its kind.
pub const IMPORTANT: &str = "important";
/// The tag of a note that matters less.
pub const MINOR: &str = "minor";
/// `1000 · log2(1 + n)`: the first that speaks for a note counts most, and beyond seven nothing is added.
const LOG: [i64; 8] = [0, 1000, 1585, 2000, 2322, 2585, 2807, 3000];
/// A note that links to more than these is a list, and recommends none of them.
const LINKS_LIMIT: usize = 8;
/// A bare word this long with a digit in it is taken for a note's id; a shorter one only in backquotes.
const BARE_ID_LENGTH: usize = 8;

/// What a memory holds for and against each of its notes.
#[derive(Debug)]
pub struct Values<'a> {
    retention: Retention,
    on: Date,
    evidence: FxHashMap<&'a str, Evidence>,
}

/// What speaks for one note.
#[derive(Debug, Default)]
struct Evidence {
    linked_from: usize,
    /// Questions that it answered, or a note that was merged into it.
    recalled: usize,
    /// Notes merged into it, and into those, and so on.
    confirmed_by: usize,
    /// The days of these.
    days: BTreeSet<Date>,
}

impl<'a> Values<'a> {
    /// Weighs the notes of a memory, those of every state, as of a night. The day that counts is the newest day with a
    /// note, the night's at most: **an agent that rests does not find its memory faded**.
    pub fn of(
        notes: impl Iterator<Item = &'a Note> + Clone,
        retention: Retention,
        night: Option<NightId>,
        known: &Sketches,
        recalls: &BTreeMap<String, usize>,
    ) -> Self {
        let night = night.map(NightId::date);
        let until = night.unwrap_or(Date::MAX);
        let newest = notes.clone().map(|note| note.logged_on).filter(|day| *day <= until).max();
        let mut evidence: FxHashMap<&str, Evidence> = FxHashMap::default();
        let by_id: FxHashMap<&str, &Note> = notes.clone().map(|note| (note.id.as_str(), note)).collect();
        for note in notes.clone().filter(|note| note.state == State::Merged) {
            if let Some(survivor) = survivor(&by_id, note) {
                let evidence = evidence.entry(survivor.id.as_str()).or_default();
                evidence.confirmed_by += 1;
                evidence.days.insert(note.logged_on);
            }
        }
        for (id, count) in recalls {
            let note = by_id.get(id.as_str()).copied();
            let stands_in = note.and_then(|note| if note.is_active() { Some(note) } else { survivor(&by_id, note) });
            if let Some(note) = stands_in {
                evidence.entry(note.id.as_str()).or_default().recalled += count;
            }
        }
        let active = notes.clone().filter(|note| note.is_active());
        let mentioned: Vec<(&Note, Arc<Text>)> = active.map(|note| (note, known.of(&note.text))).collect();
        let names = Names::of(notes, &mentioned);
        for (note, text) in &mentioned {
            let linked = names.linked(note, text.mentions(&note.text));
            if linked.len() <= LINKS_LIMIT {
                linked.into_iter().for_each(|id| evidence.entry(id).or_default().linked_from += 1);
            }
        }
        Self { retention, on: newest.or(night).unwrap_or(date(1970, 1, 1)), evidence }
    }

    /// What speaks for a note, in thousandths of a halving: its importance, the notes that link to it, the questions that it
    /// answered, how many notes confirmed it and on how many other days.
    pub fn merit(&self, note: &Note) -> i64 {
        let said = |tag: &str| note.tags.iter().any(|own| own == tag);
        let importance: i64 = IMPORTANCE.iter().filter(|(tag, _)| said(tag)).map(|(_, merit)| merit).sum();
        // whoever put a note back by hand said that it matters
        let by_hand = if note.rule == RESTORED { 2 * HALVING } else { 0 };
        let log = |n: usize| LOG[n.min(LOG.len() - 1)];
        let evidence = self.evidence.get(note.id.as_str()).map_or(0, |evidence| {
            let other_days = evidence.days.iter().filter(|day| **day != note.logged_on).count();
            log(evidence.linked_from) + log(evidence.recalled) + log(evidence.confirmed_by) / 2 + log(other_days)
        });
        importance + by_hand + evidence
    }

    /// How many halvings a note stands above (or below) a plain one of its kind that was logged on that day, in
    /// thousandths: the exponent of its value.
    pub fn standing(&self, note: &Note, on: Date) -> i64 {
        let age = (days(on) - days(self.fresh_on(note))).max(0);
        self.merit(note) - age * HALVING / self.retention.days(Class::of(&note.kind))
    }

    /// Orders notes of one class by value, the same on every day.
    pub fn rank(&self, note: &Note) -> i64 {
        let retention = self.retention.days(Class::of(&note.kind));
        self.merit(note) * retention + days(self.fresh_on(note)) * HALVING
    }

    /// Notes of the working set that were good for their retention and for every one that their merit added: what
    /// one may want to archive. The most faded first; nothing happens to them.
    pub fn faded<'n>(&self, notes: impl Iterator<Item = &'n Note>) -> Vec<&'n Note> {
        let pinned = |note: &Note| note.tags.iter().any(|tag| tag == PINNED);
        let mut faded: Vec<(i64, &Note)> = notes
            .filter(|note| note.is_active() && !pinned(note))
            .map(|note| (self.standing(note, self.on), note))
            .filter(|(standing, _)| *standing < -HALVING)
            .collect();
        faded.sort_by(|left, right| (left.0, &left.1.id).cmp(&(right.0, &right.1.id)));
        faded.into_iter().map(|(_, note)| note).collect()
    }

    /// The last day on which a note was said, up to the day that counts.
    fn fresh_on(&self, note: &Note) -> Date {
        let confirmed = self.evidence.get(note.id.as_str()).and_then(|evidence| evidence.days.last().copied());
        confirmed.map_or(note.logged_on, |day| day.max(note.logged_on)).min(self.on)
    }
}

/// Days since 1970.
fn days(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_hours() / 24
}

/// The note in which a merged one lives on at last; none where the chain leads nowhere.
fn survivor<'a>(by_id: &FxHashMap<&str, &'a Note>, merged: &Note) -> Option<&'a Note> {
    let mut at = *by_id.get(merged.into.as_str())?;
    // as many steps as there are notes: a ring ends too
    for _ in 0..by_id.len() {
        match at.state {
            State::Merged => at = by_id.get(at.into.as_str())?,
            _ => return Some(at),
        }
    }
    None
}

/// What a text may link to, each name folded; whether a name is that of a note only the memory knows.
#[derive(Debug, Default)]
pub struct Mentions {
    /// Targets of wikilinks: an id, a key or a title.
    targets: Box<[String]>,
    /// Words that may be an id, as they are written.
    words: Box<[String]>,
}

/// What a text may link to: the targets of its wikilinks, and words that may be an id.
pub fn mentions(text: &str) -> Mentions {
    let mut targets = Vec::new();
    if text.contains("[[") {
        targets.extend(document::wikilinks(text).iter().map(|target| folded(target)));
    }
    let mut words = Vec::new();
    // each word of each note is looked at: as bytes, since those of an id are ASCII
    let (mut start, mut digits, mut quote) = (0, false, false);
    for (end, byte) in text.bytes().chain(std::iter::once(b' ')).enumerate() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            digits |= byte.is_ascii_digit();
            continue;
        }
        let quoted = quote && byte == b'`';
        let long = digits && end - start >= BARE_ID_LENGTH;
        if (quoted || long) && start < end {
            words.push(text[start..end].to_owned());
        }
        (start, digits, quote) = (end + 1, false, byte == b'`');
    }
    for names in [&mut targets, &mut words] {
        names.sort_unstable();
        names.dedup();
    }
    Mentions { targets: targets.into(), words: words.into() }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What of a memory is mentioned, by the folded name. A name that two notes have names none.
struct Names<'a>(FxHashMap<String, Option<&'a str>>);

impl<'a> Names<'a> {
    /// The names among those that are mentioned: few of all that notes are called by.
    fn of(notes: impl Iterator<Item = &'a Note>, mentioned: &[(&Note, Arc<Text>)]) -> Self {
        let mut names: FxHashMap<String, Option<&str>> = FxHashMap::default();
        for mentions in mentioned.iter().map(|(note, text)| text.mentions(&note.text)) {
            names.extend(
                mentions
                    .targets
                    .iter()
                    .cloned()
                    .chain(mentions.words.iter().map(|word| folded(word)))
                    .map(|name| (name, None)),
            );
        }
        names.remove("");
        let mut taken: FxHashSet<String> = FxHashSet::default();
        let mut name = String::new();
        for note in notes.filter(|note| note.is_active()) {
            for called in [&note.id, &note.key, &note.title] {
                name.clear();
                match called.is_ascii() {
                    true => {
                        name.push_str(called.trim());
                        name.make_ascii_lowercase();
                    }
                    false => name.push_str(&folded(called)),
                }
                let Some(named) = names.get_mut(name.as_str()) else { continue };
                // a note may call itself the same twice
                if taken.insert(name.clone()) {
                    *named = Some(&note.id);
                } else {
                    *named = named.filter(|id| *id == note.id);
                }
            }
        }
        Self(names)
    }

    /// The other notes that a note links to, by wikilink or by id.
    fn linked(&self, note: &Note, mentions: &Mentions) -> BTreeSet<&'a str> {
        let target = |name: &String| self.0.get(name).copied().flatten();
        let mut linked: BTreeSet<&str> = mentions.targets.iter().filter_map(target).collect();
        // a name that is not an id would be a word of the text
        linked.extend(mentions.words.iter().filter_map(|word| target(&folded(word)).filter(|id| id == word)));
        linked.remove(note.id.as_str());
        linked
    }
}

#[cfg(test)]
mod tests;
