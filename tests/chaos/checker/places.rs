//! Every acknowledged note is, at rest, in exactly one place: in its agent's memory (active, merged, superseded or
//! archived), or a dead letter with a reason. Nothing is in a memory that its agent did not say.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{DeadLetter, Stored, subject};
use commune_knowledge::normalize;
use commune_proto::{
    content_id,
    mutualaid::v1::NeedAsked,
    selfcare::v1::{MemoryTidied, NightUndone, NoteState, NotesPage, TidiedNote},
};

use super::{Streams, Verdict, event};
use crate::{
    ledger::{Entry, Fate},
    script::tokens,
};

/// A note of an agent.
type Name = (String, String);

/// Where things are.
#[derive(Default)]
struct Places<'a> {
    /// What AGENTS holds, by agent, kind and id.
    said: BTreeMap<(&'a str, &'a str, &'a str), &'a Stored>,
    /// What DROPS holds, by sequence.
    drops: BTreeMap<u64, &'a Stored>,
    /// The newest state of every note.
    notes: BTreeMap<Name, TidiedNote>,
    /// How far each memory reaches into AGENTS and DROPS.
    reached: BTreeMap<String, (u64, u64)>,
    /// Dead letters by stream and sequence.
    dead: BTreeMap<(&'a str, u64), Vec<&'a DeadLetter>>,
    /// Who asked what.
    needs: BTreeSet<(String, String)>,
}

pub fn check(streams: &Streams, entries: &[Entry]) -> Verdict {
    let mut verdict = Verdict::default();
    let places = Places::read(streams, &mut verdict);
    let known = Known::of(entries);
    said_by_somebody(&places, &known, &mut verdict);
    for entry in entries {
        places.entry(entry, &mut verdict);
    }
    memories(&places, streams, &known, &mut verdict);
    verdict.count("places.acknowledged", entries.iter().filter(|e| e.acknowledged()).count());
    verdict.count("places.claimed-only", entries.iter().filter(|e| e.claimed && !e.acknowledged()).count());
    verdict.count("places.unknown", entries.iter().filter(|e| e.unknown()).count());
    verdict.count("places.refused", entries.iter().filter(|e| e.refused.is_some()).count());
    verdict
}

/// What the ledger knows, for looking things up.
struct Known<'a> {
    agents: BTreeSet<&'a str>,
    ids: BTreeSet<(&'a str, &'a str, &'a str)>,
    /// How often each drop was sent.
    drops: BTreeMap<(&'a str, &'a [u8]), u32>,
    /// Who said a token.
    tokens: BTreeMap<&'a str, &'a str>,
}

impl<'a> Known<'a> {
    fn of(entries: &'a [Entry]) -> Self {
        let mut known =
            Self { agents: BTreeSet::new(), ids: BTreeSet::new(), drops: BTreeMap::new(), tokens: BTreeMap::new() };
        for entry in entries {
            known.agents.insert(&entry.agent);
            match &entry.id {
                Some(id) => {
                    known.ids.insert((&entry.agent, &entry.kind, id));
                }
                None => *known.drops.entry((&entry.subject, &entry.body)).or_default() += entry.sends,
            }
            known.tokens.insert(&entry.token, &entry.agent);
        }
        known
    }
}

impl<'a> Places<'a> {
    fn read(streams: &'a Streams, verdict: &mut Verdict) -> Self {
        let mut places = Self::default();
        for stored in &streams.agents {
            if let Some(subject::Said { agent, kind, id: Some(id) }) = subject::parse_said(&stored.subject)
                && places.said.insert((agent, kind, id), stored).is_some()
            {
                verdict.add("places.twice", format!("AGENTS holds {} twice", stored.subject));
            }
        }
        places.drops = streams.drops.iter().map(|stored| (stored.sequence, stored)).collect();
        for letter in &streams.dead {
            places.dead.entry((&letter.original_stream, letter.original_sequence)).or_default().push(letter);
            if letter.reason.trim().is_empty() {
                verdict.add("places.reason", format!("the dead letter {} has no reason", letter.sequence));
            }
        }
        let mut in_night = BTreeSet::new();
        for message in &streams.memory {
            match message.subject.split('.').collect::<Vec<_>>().as_slice() {
                ["commune", "memory", agent, "notes", rest @ ..] => {
                    let Some(page) = event::<NotesPage>(message, verdict) else { continue };
                    if page.agent != **agent {
                        verdict.add("places.wrong-owner", format!("{} says it is {}'s", message.subject, page.agent));
                    }
                    for note in page.notes {
                        let name = (page.agent.clone(), note.id.clone());
                        let by_hand = matches!(rest.first(), Some(&"restored" | &"undone"));
                        if !by_hand && !in_night.insert((name.clone(), page.night.clone())) {
                            verdict.add("places.twice", format!("{name:?} is twice in the night {}", page.night));
                        }
                        places.notes.insert(name, note);
                    }
                    for waiting in page.waiting {
                        places.notes.remove(&(page.agent.clone(), waiting));
                    }
                }
                ["commune", "memory", _, "undone", _] => {
                    let Some(undone) = event::<NightUndone>(message, verdict) else { continue };
                    places.reached.insert(undone.agent, (undone.agents_through, undone.drops_through));
                }
                ["commune", "event", "memory-tidied", ..] => {
                    let Some(tidied) = event::<MemoryTidied>(message, verdict) else { continue };
                    let reached = places.reached.entry(tidied.agent).or_default();
                    if reached.0 < tidied.agents_from || reached.1 < tidied.drops_from {
                        continue; // of a memory that was undone meanwhile
                    }
                    *reached = (reached.0.max(tidied.agents_through), reached.1.max(tidied.drops_through));
                }
                _ => {}
            }
        }
        for message in streams.aid.iter().filter(|m| m.subject.starts_with("commune.aid.need.")) {
            if let Some(need) = event::<NeedAsked>(message, verdict) {
                places.needs.insert((need.asker, normalize::question(&need.question)));
            }
        }
        places
    }

    /// Holds one entry against what is there.
    fn entry(&self, entry: &Entry, verdict: &mut Verdict) {
        let told = |what: &str| format!("{} (token {}, sent {} times) {what}", entry.subject, entry.token, entry.sends);
        if let Fate::Refused(words) = entry.fate {
            if entry.acknowledged() {
                verdict.add("places.not-refused", told("was taken"));
            } else if entry.refused.as_ref().is_some_and(|reason| !reason.contains(words)) {
                verdict
                    .add("places.reason", told(&format!("was refused with {:?}, not with {words:?}", entry.refused)));
            }
            return;
        }
        if let Some(reason) = &entry.refused {
            verdict.add("places.refused", told(&format!("is good and was refused: {reason}")));
        }
        for stored in self.stored(entry, verdict) {
            self.place(entry, stored, verdict);
        }
    }

    /// The messages that the streams hold of an entry.
    fn stored(&self, entry: &Entry, verdict: &mut Verdict) -> Vec<&'a Stored> {
        let told =
            |what: String| format!("{} (token {}, sent {} times) {what}", entry.subject, entry.token, entry.sends);
        let Some(id) = &entry.id else {
            // each place that was named must hold it; what was stored and not confirmed is counted elsewhere
            let mut found = Vec::new();
            for sequence in &entry.stored {
                match self.drops.get(sequence) {
                    Some(stored) if stored.payload == entry.body && stored.subject == entry.subject => {
                        found.push(*stored)
                    }
                    Some(_) => {
                        verdict.add("places.another-text", told(format!("was confirmed at {sequence} of DROPS")))
                    }
                    None => {
                        verdict.add("places.lost", told(format!("was confirmed at {sequence} of DROPS and is gone")))
                    }
                }
            }
            return found;
        };
        let Some(stored) = self.said.get(&(entry.agent.as_str(), entry.kind.as_str(), id.as_str())) else {
            if entry.acknowledged() {
                verdict.add("places.lost", told("was acknowledged and is not in AGENTS".to_owned()));
            }
            return Vec::new();
        };
        if !entry.acknowledged() {
            verdict.count("places.stored-unconfirmed", 1);
        }
        if stored.payload != entry.body {
            verdict.add("places.another-text", told(format!("is another text in AGENTS at {}", stored.sequence)));
        }
        if entry.stored.iter().any(|sequence| *sequence != stored.sequence) {
            let rule = if entry.stored.len() > 1 { "places.twice" } else { "places.lost" };
            verdict.add(rule, told(format!("was confirmed at {:?} and is at {}", entry.stored, stored.sequence)));
        }
        vec![stored]
    }

    /// Where one stored message ended up.
    fn place(&self, entry: &Entry, stored: &Stored, verdict: &mut Verdict) {
        let told = |what: String| {
            format!(
                "{} at {} of {} (token {}) {what}",
                entry.subject,
                stored.sequence,
                stored.stream.as_str(),
                entry.token
            )
        };
        let letters = self.dead.get(&(stored.stream.as_str(), stored.sequence)).map_or(&[][..], Vec::as_slice);
        let reasons: Vec<&str> = letters.iter().map(|letter| letter.reason.as_str()).collect();
        let note = self.notes.get(&(entry.agent.clone(), name(stored)));
        let kept = if entry.kind == "need" {
            let question = normalize::question(&String::from_utf8_lossy(&entry.body));
            self.needs.contains(&(entry.agent.clone(), question))
        } else {
            note.is_some()
        };
        if letters.len() > 1 {
            verdict.add("places.twice", told(format!("has {} dead letters: {reasons:?}", letters.len())));
        }
        verdict.count("places.dead", usize::from(!letters.is_empty()));
        match (entry.fate, kept, reasons.first()) {
            (Fate::Poison, also_kept, Some(_)) => verdict.count("places.poison-kept-too", usize::from(also_kept)),
            (_, true, Some(reason)) => verdict.add("places.twice", told(format!("is kept, and is dead too: {reason}"))),
            (Fate::Kept, true, None) => {
                let note = note.expect("it is kept");
                if ![&note.text, &note.original_text, &note.title].iter().any(|text| text.contains(&entry.token)) {
                    verdict.add("places.another-text", told("is in the memory with another text".to_owned()));
                }
            }
            (Fate::Asked, true, None) => verdict.count("places.needs", 1),
            (Fate::Kept | Fate::Asked, false, Some(reason)) => {
                verdict.add("places.unexpected-dead", told(format!("is good and is dead: {reason}")));
            }
            (Fate::Dead(words), false, Some(reason)) if reason.contains(words) => {}
            (Fate::Dead(words), false, Some(reason)) => {
                verdict.add("places.reason", told(format!("is dead with `{reason}`, which does not say `{words}`")));
            }
            (Fate::Dead(words), true, None) => {
                verdict.add("places.not-dead", told(format!("is kept, and should be dead with `{words}`")));
            }
            (_, _, None) => {
                let waits = self.waits(entry, stored);
                let what = if kept { "is no dead letter" } else { "is nowhere" };
                verdict.add(if waits { "places.waits" } else { "places.lost" }, told(what.to_owned()));
            }
            (Fate::Refused(_), ..) => {}
        }
    }

    /// No night has reached it yet.
    fn waits(&self, entry: &Entry, stored: &Stored) -> bool {
        let (agents, drops) = self.reached.get(&entry.agent).copied().unwrap_or_default();
        stored.sequence > if entry.id.is_some() { agents } else { drops }
    }
}

/// What the agents of the ledger have in the streams is in the ledger, and no more often than it was sent.
fn said_by_somebody(places: &Places<'_>, known: &Known<'_>, verdict: &mut Verdict) {
    for (said, stored) in &places.said {
        if known.agents.contains(said.0) && !known.ids.contains(said) {
            verdict.add("places.nobody-said", format!("{} at {} of AGENTS", stored.subject, stored.sequence));
        }
    }
    let mut counts: BTreeMap<(&str, &[u8]), u32> = BTreeMap::new();
    for stored in places.drops.values() {
        *counts.entry((&stored.subject, &stored.payload)).or_default() += 1;
    }
    for ((subject, body), count) in counts {
        let agent = subject.split('.').nth(2).unwrap_or_default();
        let sent = known.drops.get(&(subject, body)).copied().unwrap_or_default();
        if known.agents.contains(agent) && count > sent {
            let rule = if sent == 0 { "places.nobody-said" } else { "places.twice" };
            verdict.add(rule, format!("DROPS holds {count} times what was sent {sent} times on {subject}"));
        }
    }
}

/// Every note of every memory was said by its agent; what left the working set leads to what is there, and a merge
/// keeps every statement.
fn memories(places: &Places<'_>, streams: &Streams, known: &Known<'_>, verdict: &mut Verdict) {
    let said: BTreeSet<Name> = streams
        .agents
        .iter()
        .chain(&streams.drops)
        .filter_map(|stored| Some((subject::parse_said(&stored.subject)?.agent.to_owned(), name(stored))))
        .collect();
    for (at, note) in &places.notes {
        if !said.contains(at) {
            verdict.add("places.nobody-said", format!("the memory has {at:?}, which nobody said"));
        }
        for token in tokens(&note.text).chain(tokens(&note.original_text)) {
            if known.tokens.get(token).is_some_and(|agent| *agent != at.0) {
                verdict.add("places.wrong-owner", format!("{at:?} has {token}, which {} said", known.tokens[token]));
            }
        }
        let figure = match note.state() {
            NoteState::Active => "places.active",
            NoteState::Merged => "places.merged",
            NoteState::Superseded => "places.superseded",
            NoteState::Archived => "places.archived",
            NoteState::Unspecified => {
                verdict.add("places.state", format!("{at:?} is in no state"));
                continue;
            }
        };
        verdict.count(figure, 1);
        follow(places, at, note, verdict);
    }
}

fn follow(places: &Places<'_>, at: &Name, first: &TidiedNote, verdict: &mut Verdict) {
    let (mut note, mut merging, mut seen) = (first, true, BTreeSet::from([first.id.as_str()]));
    while matches!(note.state(), NoteState::Merged | NoteState::Superseded) {
        merging &= note.state() == NoteState::Merged;
        let Some(next) = places.notes.get(&(at.0.clone(), note.into.clone())) else {
            return verdict.add("places.chain", format!("{at:?} leads to `{}`, which is not there", note.into));
        };
        if !seen.insert(&next.id) {
            return verdict.add("places.chain", format!("{at:?} leads round in a circle at `{}`", next.id));
        }
        // what was merged lives on in the text of whatever took it in, until a newer note took that one's place
        if merging {
            for token in tokens(&first.text).filter(|token| !next.text.contains(token)) {
                verdict.add("places.lost", format!("{at:?} was merged into `{}`, which lacks {token}", next.id));
            }
        }
        note = next;
    }
}

/// How a memory names a message.
fn name(stored: &Stored) -> String {
    match subject::parse_said(&stored.subject) {
        Some(subject::Said { agent, kind: "artifact", id: Some(id) }) => content_id(&["artifact", agent, id]),
        Some(subject::Said { id: Some(id), .. }) => id.to_owned(),
        Some(subject::Said { agent, .. }) => {
            content_id(&["drop".as_bytes(), agent.as_bytes(), stored.sequence.to_string().as_bytes(), &stored.payload])
        }
        None => String::new(),
    }
}
