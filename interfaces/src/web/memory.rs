//! An agent's own memory: brief, notes and diary. **Of the agent whose name is set, and of no other**: selfcare shows it to that agent's
//! token and to an operator's.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::Uri,
};
use commune_proto::{
    AgentId, NoteId,
    selfcare::v1::{ExplainNoteRequest, GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest, NoteState},
};
use jiff::civil::Date;

use super::{
    answer::{Answer, Trouble, page},
    fields::{Fields, address},
    markdown, show,
    site::{Chrome, Site},
};
use crate::memory::state_word;

/// Notes on one page: so many large ones fit into one answer.
const NOTES: i32 = 12;

#[derive(Template)]
#[template(path = "memory.html")]
struct MemoryPage {
    chrome: Chrome,
    body: String,
    night: String,
    day: String,
    shown: String,
    left_out: u32,
}

#[derive(Template)]
#[template(path = "memory-none.html")]
struct NobodyPage {
    chrome: Chrome,
}

#[derive(Template)]
#[template(path = "diary.html")]
struct DiaryPage {
    chrome: Chrome,
    day: String,
    /// Empty where the day has no entry.
    body: String,
    before: String,
    after: String,
}

#[derive(Template)]
#[template(path = "notes.html")]
struct NotesPage {
    chrome: Chrome,
    /// The state that is listed.
    view: &'static str,
    total: String,
    notes: Vec<Note>,
    next: String,
}

#[derive(Template)]
#[template(path = "note.html")]
struct NotePage {
    chrome: Chrome,
    note: Note,
    body: String,
    rules: Vec<Rule>,
    neighbours: Vec<Neighbour>,
}

/// A note as it is listed.
struct Note {
    id: String,
    title: String,
    kind: String,
    day: String,
    state: &'static str,
    why: String,
    into: String,
}

struct Rule {
    name: String,
    moved: bool,
    says: String,
}

struct Neighbour {
    id: String,
    title: String,
    reason: String,
}

pub(super) async fn memory(State(site): State<Site>) -> Answer {
    let Some(agent) = site.agent() else { return page(&NobodyPage { chrome: site.chrome("memory") }) };
    let request = GetBriefRequest { name: format!("agents/{agent}/brief") };
    let brief = site.session().memory()?.get_brief(request).await?.into_inner();
    page(&MemoryPage {
        chrome: site.chrome("memory"),
        body: shown(&brief.text),
        day: brief.night.get(..10).unwrap_or_default().to_owned(),
        night: brief.night,
        shown: show::count(brief.notes_shown as usize, "note", "notes"),
        left_out: brief.notes_left_out,
    })
}

pub(super) async fn diary(State(site): State<Site>, uri: Uri) -> Answer {
    let agent = whose(&site)?;
    let asked = Fields::of(&uri).get("day").to_owned();
    let day: Date = asked.parse().map_err(|_| Trouble::bad(format!("`{asked}` is no day: write it as 2026-02-14.")))?;
    let request = GetDiaryEntryRequest { name: format!("agents/{agent}/diaryEntries/{day}") };
    let body = match site.session().memory()?.get_diary_entry(request).await {
        Ok(entry) => shown(&entry.into_inner().text),
        // a day without content has no entry, which is fine
        Err(status) if status.code() == tonic::Code::NotFound => String::new(),
        Err(status) => return Err(status.into()),
    };
    let at = |day: Result<Date, jiff::Error>| day.map(|day| day.to_string()).unwrap_or_default();
    let (before, after) = (at(day.yesterday()), at(day.tomorrow()));
    page(&DiaryPage { chrome: site.chrome("memory"), day: day.to_string(), body, before, after })
}

pub(super) async fn notes(State(site): State<Site>, uri: Uri) -> Answer {
    let agent = whose(&site)?;
    let fields = Fields::of(&uri);
    let (state, wanted) = match fields.get("state") {
        "archived" => ("archived", NoteState::Archived),
        "superseded" => ("superseded", NoteState::Superseded),
        "merged" => ("merged", NoteState::Merged),
        _ => ("active", NoteState::Active),
    };
    let request = ListNotesRequest {
        parent: format!("agents/{agent}"),
        state: wanted.into(),
        page_size: NOTES,
        page_token: fields.get("page").to_owned(),
    };
    let listed = site.session().memory()?.list_notes(request).await?.into_inner();
    page(&NotesPage {
        chrome: site.chrome("memory"),
        view: state,
        total: show::count(usize::try_from(listed.total_size).unwrap_or_default(), "note", "notes"),
        notes: listed.notes.iter().map(note).collect(),
        next: match listed.next_page_token.as_str() {
            "" => String::new(),
            next => address("/memory/notes", &[("state", state), ("page", next)]),
        },
    })
}

pub(super) async fn one_note(State(site): State<Site>, Path(id): Path<String>) -> Answer {
    let agent = whose(&site)?;
    let id: NoteId = id.parse().map_err(|_| Trouble::not_found("No note can have this name."))?;
    let request = ExplainNoteRequest { name: format!("agents/{agent}/notes/{id}") };
    let explained = site.session().memory()?.explain_note(request).await?.into_inner();
    let tidied = explained.note.unwrap_or_default();
    let rules =
        explained.verdicts.into_iter().map(|said| Rule { name: said.rule, moved: said.moved, says: said.verdict });
    let neighbours = explained.neighbours.into_iter().map(|near| Neighbour {
        id: near.note,
        title: near.title,
        reason: near.reason,
    });
    page(&NotePage {
        chrome: site.chrome("memory"),
        body: markdown::render(&tidied.title, &tidied.text, &|_| None).html,
        note: note(&tidied),
        rules: rules.collect(),
        neighbours: neighbours.collect(),
    })
}

/// Whose memory is shown.
fn whose(site: &Site) -> Result<&AgentId, Trouble> {
    site.agent().ok_or_else(|| {
        Trouble::not_found("Nobody's name is set here, so nobody's memory is shown: `commune web --agent AGENT`.")
    })
}

/// A text of the memory. Its links are the agent's own names, and lead to no page of the library.
fn shown(text: &str) -> String {
    let body = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(text, |(_, body)| body);
    markdown::render("", body, &|_| None).html
}

fn note(tidied: &commune_proto::selfcare::v1::TidiedNote) -> Note {
    Note {
        id: tidied.id.clone(),
        title: if tidied.title.is_empty() { tidied.id.clone() } else { tidied.title.clone() },
        kind: tidied.kind.clone(),
        day: tidied.logged_on.clone(),
        state: state_word(tidied.state()),
        why: tidied.rule.clone(),
        into: tidied.into.clone(),
    }
}
