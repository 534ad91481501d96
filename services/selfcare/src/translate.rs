//! Between the wire and [`crate::memory`]: the one place, beside the handlers and the API, that sees generated types.

use commune_bus::{Stored, attribute};
use commune_proto::{
    agent::v1 as agent,
    selfcare::v1::{self as wire, NoteState},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use prost::Message as _;

use crate::{
    intake::{self, ArtifactFields, Fields, FileFields, IntakeError, Kind, NeedFields, NoteFields, RestFields, Said},
    memory::{Brief, DiaryEntry, Note, State, Visibility},
    undo::Undo,
};

/// Most bytes of notes on one page.
const PAGE_BYTES: usize = 400 * 1024;
/// Most ids of notes that wait on one page.
const PAGE_IDS: usize = 5_000;

/// What a stored message of AGENTS or DROPS says, or why it is refused, and the agent's token of its subject; none when
/// its subject is not one that agents use.
pub fn said<'a>(stored: &'a Stored, zone: &TimeZone) -> Option<(&'a str, Result<Said, IntakeError>)> {
    let message = message(stored)?;
    let read = intake::headers_fit(&stored.headers).and_then(|()| intake::read(&message, zone, decode));
    Some((message.agent, read))
}

fn message(stored: &Stored) -> Option<intake::Message<'_>> {
    let said = commune_bus::subject::parse_said(&stored.subject)?;
    Some(intake::Message {
        agent: said.agent,
        kind: said.kind,
        id: said.id,
        content_type: stored.header(attribute::CONTENT_TYPE).or_else(|| stored.header("Content-Type")),
        event_type: stored.header(attribute::TYPE),
        stored_at: stored.stored_at,
        sequence: stored.sequence,
        payload: &stored.payload,
    })
}

/// Reads a protobuf body of a kind.
///
/// # Errors
/// The decoder's reason.
pub fn decode(kind: Kind, payload: &[u8]) -> Result<Fields, String> {
    let malformed = |error: prost::DecodeError| error.to_string();
    Ok(match kind {
        Kind::Note => {
            let note = agent::Note::decode(payload).map_err(malformed)?;
            let visibility = note.visibility().as_str_name().to_owned();
            if agent::Visibility::try_from(note.visibility).is_err() {
                return Err(format!("visibility {} is not known: upgrade selfcare, or use 0, 1 or 2", note.visibility));
            }
            Fields::Note(NoteFields {
                text: note.text,
                kind: note.kind,
                key: note.key,
                title: note.title,
                visibility,
                tags: note.tags,
                logged_at: note.logged_at,
                source: note.source,
                files: note.files.into_iter().map(|f| FileFields { path: f.path, text: f.text }).collect(),
            })
        }
        Kind::Artifact => {
            let file = agent::Artifact::decode(payload).map_err(malformed)?;
            Fields::Artifact(ArtifactFields {
                name: file.name,
                sha256: file.sha256,
                size: file.size,
                media_type: file.media_type,
                description: file.description,
                made_at: file.made_at,
            })
        }
        Kind::Need => Fields::Need(NeedFields { question: agent::Need::decode(payload).map_err(malformed)?.question }),
        Kind::Rest => Fields::Rest(RestFields { until: agent::Rest::decode(payload).map_err(malformed)?.until }),
        Kind::Other => Fields::Other,
    })
}

/// A note for the wire.
pub fn to_wire(note: &Note) -> wire::TidiedNote {
    wire::TidiedNote {
        id: note.id.clone(),
        text: note.text.clone(),
        original_text: note.original_text.clone(),
        title: note.title.clone(),
        kind: note.kind.clone(),
        key: note.key.clone(),
        visibility: match note.visibility {
            Visibility::Unspecified => agent::Visibility::Unspecified,
            Visibility::Private => agent::Visibility::Private,
            Visibility::Commune => agent::Visibility::Commune,
        }
        .into(),
        tags: note.tags.clone(),
        logged_at: note.logged_at.to_string(),
        logged_on: note.logged_on.to_string(),
        source: note.source.clone(),
        state: state_to_wire(note.state).into(),
        into: note.into.clone(),
        rule: note.rule.clone(),
        night: note.night.clone(),
        absorbed: note.absorbed.clone(),
        part_of: note.part_of.clone(),
    }
}

/// A note from the wire. What a future version may add is read as the most careful value.
pub fn from_wire(note: wire::TidiedNote) -> Note {
    let state = match note.state() {
        NoteState::Merged => State::Merged,
        NoteState::Superseded => State::Superseded,
        NoteState::Archived => State::Archived,
        NoteState::Active | NoteState::Unspecified => State::Active,
    };
    let visibility = match agent::Visibility::try_from(note.visibility) {
        Ok(agent::Visibility::Unspecified) => Visibility::Unspecified,
        Ok(agent::Visibility::Commune) => Visibility::Commune,
        Ok(agent::Visibility::Private) | Err(_) => Visibility::Private,
    };
    Note {
        visibility,
        state,
        logged_at: note.logged_at.parse().unwrap_or(Timestamp::UNIX_EPOCH),
        logged_on: note.logged_on.parse().unwrap_or(jiff::civil::date(1970, 1, 1)),
        id: note.id,
        text: note.text,
        original_text: note.original_text,
        title: note.title,
        kind: note.kind,
        key: note.key,
        tags: note.tags,
        source: note.source,
        into: note.into,
        rule: note.rule,
        night: note.night,
        absorbed: note.absorbed,
        part_of: note.part_of,
    }
}

/// A state for the wire.
pub fn state_to_wire(state: State) -> NoteState {
    match state {
        State::Active => NoteState::Active,
        State::Merged => NoteState::Merged,
        State::Superseded => NoteState::Superseded,
        State::Archived => NoteState::Archived,
    }
}

/// A brief for the wire.
pub fn brief_to_wire(agent: &str, brief: &Brief) -> wire::Brief {
    wire::Brief {
        agent: agent.to_owned(),
        night: brief.night.clone(),
        text: brief.text.clone(),
        notes_shown: brief.shown,
        notes_left_out: brief.left_out,
    }
}

/// A brief from the wire.
pub fn brief_from_wire(brief: wire::Brief) -> Brief {
    Brief { text: brief.text, shown: brief.notes_shown, left_out: brief.notes_left_out, night: brief.night }
}

/// A day of the diary for the wire.
pub fn diary_to_wire(agent: &str, entry: &DiaryEntry) -> wire::DiaryEntry {
    wire::DiaryEntry {
        agent: agent.to_owned(),
        date: entry.date.to_string(),
        text: entry.text.clone(),
        night: entry.night.clone(),
        notes: entry.notes.clone(),
    }
}

/// A day of the diary from the wire; none when its date cannot be read.
pub fn diary_from_wire(entry: wire::DiaryEntry) -> Option<DiaryEntry> {
    let date: Date = entry.date.parse().ok()?;
    Some(DiaryEntry { date, text: entry.text, night: entry.night, notes: entry.notes })
}

/// Changed notes in pages, in order. A note that fills a page alone gets one.
pub fn pages(agent: &str, night: &str, notes: &[Note]) -> Vec<wire::NotesPage> {
    let mut pages: Vec<wire::NotesPage> = Vec::new();
    let mut room = 0;
    for note in notes.iter().map(to_wire) {
        let size = note.encoded_len() + 8;
        match pages.last_mut() {
            Some(page) if size <= room => page.notes.push(note),
            _ => {
                room = PAGE_BYTES;
                pages.push(wire::NotesPage {
                    agent: agent.to_owned(),
                    night: night.to_owned(),
                    notes: vec![note],
                    waiting: Vec::new(),
                });
            }
        }
        room = room.saturating_sub(size);
    }
    pages
}

/// What brings a memory back: the brief, pages of the notes as they were and of the ids of those that wait again, and
/// the days of the diary; an empty brief or day says that there was none.
pub fn undone_to_wire(agent: &str, night: &str, undo: &Undo) -> (wire::Brief, Vec<wire::NotesPage>, Vec<Day>) {
    let none = wire::Brief { agent: agent.to_owned(), ..wire::Brief::default() };
    let brief = undo.brief.as_ref().map_or(none, |brief| brief_to_wire(agent, brief));
    let page = |ids: &[String]| wire::NotesPage {
        agent: agent.to_owned(),
        night: night.to_owned(),
        notes: Vec::new(),
        waiting: ids.to_vec(),
    };
    let pages = pages(agent, night, &undo.notes).into_iter().chain(undo.waiting.chunks(PAGE_IDS).map(page)).collect();
    let gone = |date: &Date| wire::DiaryEntry {
        agent: agent.to_owned(),
        date: date.to_string(),
        night: night.to_owned(),
        ..wire::DiaryEntry::default()
    };
    let days = undo.diary.iter().map(|entry| (entry.date, diary_to_wire(agent, entry)));
    (brief, pages, days.chain(undo.no_diary.iter().map(|date| (*date, gone(date)))).collect())
}

/// A day of the diary for the wire, and its date.
pub type Day = (Date, wire::DiaryEntry);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_so_many_ids_and_the_next_has_the_rest() {
        // the longest that an id may be
        let ids: Vec<String> = (0..=PAGE_IDS).map(|n| format!("{n:064}")).collect();
        let waiting = |count: usize| {
            let undo = Undo { waiting: ids[..count].to_vec(), ..Undo::default() };
            undone_to_wire("ada", "2026-02-14", &undo).1
        };
        let full = waiting(PAGE_IDS);
        assert_eq!(full.iter().map(|page| page.waiting.len()).collect::<Vec<_>>(), [PAGE_IDS]);
        assert!(full[0].encoded_len() < 960 * 1024, "it fits in one message: {}", full[0].encoded_len());
        let more = waiting(PAGE_IDS + 1);
        assert_eq!(more.iter().map(|page| page.waiting.len()).collect::<Vec<_>>(), [PAGE_IDS, 1]);
        assert_eq!(more.into_iter().flat_map(|page| page.waiting).collect::<Vec<_>>(), ids, "none is left out");
    }
}
