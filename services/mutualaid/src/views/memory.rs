//! The view of MEMORY: what each agent's working set offers, and of what it keeps to itself hashes of runs of words alone.

use std::collections::{BTreeMap, BTreeSet};

use commune_bus::{Project, Stored};
use commune_proto::{
    agent::v1::Visibility as WireVisibility,
    selfcare::v1::{NoteState, NotesPage, TidiedNote},
};

use super::{Sources, is, read};
use crate::{
    lineage::Lineage,
    quotes::Texts,
    share::{Note, Piece, Visibility, extract::extract},
};

/// Pieces that may be shared, by agent and note.
#[derive(Debug, Default)]
pub struct Memory {
    agents: BTreeMap<String, OfAgent>,
    pub(super) private: Texts,
    key: u64,
}

/// What one agent's memory offers.
#[derive(Debug, Default)]
struct OfAgent {
    pieces: BTreeMap<String, Offer>,
    lineage: Lineage,
}

/// What one note offers.
#[derive(Debug, Default)]
struct Offer {
    pieces: Vec<Piece>,
    /// What it offered before others were merged into it; none where nothing was.
    alone: Option<Vec<Piece>>,
}

impl OfAgent {
    fn is_withdrawn(&self, note: &str, alone: bool, withdrawn: &BTreeSet<String>) -> bool {
        !self.lineage.sources(note, alone).is_disjoint(withdrawn)
    }

    /// What a note offers: **nothing that holds words of a withdrawn note**, so that one that others were merged into goes back to
    /// what its agent said in it.
    fn offered(&self, note: &str, offer: &Offer, withdrawn: &BTreeSet<String>) -> Vec<Piece> {
        if !self.is_withdrawn(note, false, withdrawn) {
            return offer.pieces.clone();
        }
        let alone = offer.alone.as_ref().filter(|_| !self.is_withdrawn(note, true, withdrawn));
        alone.cloned().unwrap_or_default()
    }

    /// A withdrawn note with all that is withdrawn with it.
    fn all(&self, withdrawn: &BTreeSet<String>) -> BTreeSet<String> {
        withdrawn.iter().flat_map(|note| self.lineage.withdrawn_with(note)).collect()
    }
}

impl Memory {
    /// Of nothing, with the key of hashes of runs of words.
    pub(super) fn with_key(key: u64) -> Self {
        Self { key, ..Self::default() }
    }

    /// The pieces of an agent's working set that may be shared, where these notes are withdrawn, and by note what they are drawn from.
    pub fn drawn(&self, agent: &str, withdrawn: &BTreeSet<String>) -> (Vec<Piece>, Sources) {
        let Some(of_agent) = self.agents.get(agent) else { return (Vec::new(), Sources::new()) };
        let withdrawn = of_agent.all(withdrawn);
        let (mut pieces, mut sources) = (Vec::new(), Sources::new());
        for (note, offer) in &of_agent.pieces {
            let offered = of_agent.offered(note, offer, &withdrawn);
            if !offered.is_empty() {
                let alone = of_agent.is_withdrawn(note, false, &withdrawn);
                sources.insert(note.clone(), of_agent.lineage.named(note, alone));
            }
            pieces.extend(offered);
        }
        (pieces, sources)
    }

    /// The note and what is withdrawn with it.
    pub fn withdrawn_with(&self, agent: &str, note: &str) -> BTreeSet<String> {
        let alone = || BTreeSet::from([note.to_owned()]);
        self.agents.get(agent).map_or_else(alone, |of_agent| of_agent.lineage.withdrawn_with(note))
    }

    fn take(&mut self, agent: &str, note: &TidiedNote) {
        let of_agent = self.agents.entry(agent.to_owned()).or_default();
        of_agent.lineage.take(&note.id, &note.absorbed, &note.part_of);
        let active = note.state() == NoteState::Active;
        let drawn = |text: &str| extract(agent, &Note { text: text.to_owned(), ..note_of(note) });
        let mut pieces = drawn(&note.text);
        let shareable: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
        self.private.put(agent, (&note.id, &note.night), &note.text, &shareable, self.key);
        if !active {
            pieces.clear();
        }
        if pieces.is_empty() {
            of_agent.pieces.remove(&note.id);
        } else {
            let said = if note.original_text.is_empty() { &note.text } else { &note.original_text };
            let alone = (!note.absorbed.is_empty()).then(|| drawn(said));
            of_agent.pieces.insert(note.id.clone(), Offer { pieces, alone });
        }
    }
}

impl Project for Memory {
    fn apply(&mut self, message: &Stored) {
        // the events are followed for their sequence alone
        if !is::<NotesPage>(message) {
            return;
        }
        let Some(page) = read::<NotesPage>(message) else { return };
        for note in &page.notes {
            self.take(&page.agent, note);
        }
        // what is not in the memory any more, because its night was undone, is not shared from it either
        for waiting in &page.waiting {
            if let Some(of_agent) = self.agents.get_mut(&page.agent) {
                of_agent.pieces.remove(waiting);
                of_agent.lineage.forget(waiting);
            }
            self.private.remove(&page.agent, waiting);
        }
    }
}

fn note_of(note: &TidiedNote) -> Note {
    Note {
        id: note.id.clone(),
        text: note.text.clone(),
        title: note.title.clone(),
        kind: note.kind.clone(),
        visibility: match note.visibility() {
            WireVisibility::Unspecified if note.visibility == 0 => Visibility::Unspecified,
            WireVisibility::Commune => Visibility::Commune,
            // a value of a later version is not ours to open
            WireVisibility::Private | WireVisibility::Unspecified => Visibility::Private,
        },
        tags: note.tags.clone(),
        logged_on: note.logged_on.clone(),
        changed: note.night.clone(),
    }
}
