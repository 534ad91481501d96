//! `commune memory`: an agent's brief, notes and diary, and why a note is where it is.

use clap::{Args, ValueEnum};
use commune_proto::{
    AgentId, NoteId,
    selfcare::v1::{
        ExplainNoteRequest, GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest, NoteExplanation, NoteState,
        RestoreNoteRequest, TidiedNote,
    },
};
use jiff::civil::Date;

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Output, one_line},
    table::Table,
};

/// Look at an agent's memory: the brief, or with a flag its notes, its diary, or why a note is where it is.
#[derive(Debug, Args)]
pub(crate) struct Memory {
    /// The agent
    agent: AgentId,
    /// List the notes in this state
    #[arg(long, value_enum, conflicts_with_all = ["diary", "restore", "why"])]
    state: Option<State>,
    /// Show one day of the diary
    #[arg(long, value_name = "DATE", conflicts_with_all = ["restore", "why"])]
    diary: Option<Date>,
    /// Put a merged, superseded or archived note back into the working set
    #[arg(long, value_name = "NOTE", conflicts_with = "why")]
    restore: Option<NoteId>,
    /// Tell what each rule of tidying says of a note, and which notes are most like it
    #[arg(long, value_name = "NOTE")]
    why: Option<NoteId>,
}

/// The state of a note.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum State {
    /// In the working set
    Active,
    /// Out of the working set
    Archived,
    /// A newer note took its place
    Superseded,
    /// Lives on in another note
    Merged,
    /// All of them
    All,
}

impl Memory {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let agent = &self.agent;
        let mut memory = session.memory()?;
        if let Some(note) = &self.restore {
            let name = format!("agents/{agent}/notes/{note}");
            let note = memory.restore_note(RestoreNoteRequest { name }).await?.into_inner();
            output.say(&format!("note {} is back in the working set", note.id));
            if output.is_json() {
                output.json(&json::of(&note));
            }
            return Ok(());
        }
        if let Some(note) = &self.why {
            let name = format!("agents/{agent}/notes/{note}");
            let explained = memory.explain_note(ExplainNoteRequest { name }).await?.into_inner();
            match output.is_json() {
                true => output.json(&json::of(&explained)),
                false => output.text(&explanation(&explained)),
            }
            return Ok(());
        }
        if let Some(date) = self.diary {
            let name = format!("agents/{agent}/diaryEntries/{date}");
            let entry = memory.get_diary_entry(GetDiaryEntryRequest { name }).await?.into_inner();
            match output.is_json() {
                true => output.json(&json::of(&entry)),
                false => output.text(&entry.text),
            }
            return Ok(());
        }
        if let Some(state) = self.state {
            return self.list(session, output, state).await;
        }
        let brief = memory.get_brief(GetBriefRequest { name: format!("agents/{agent}/brief") }).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&brief));
        } else {
            output.text(&brief.text);
            output.say(&format!(
                "— brief of {agent}, night {}: {} notes shown, {} left out (`--state active` lists all)",
                brief.night, brief.notes_shown, brief.notes_left_out
            ));
        }
        Ok(())
    }

    async fn list(&self, session: &Session, output: &Output, state: State) -> Result<(), Failure> {
        let wanted = match state {
            State::Active => NoteState::Active,
            State::Archived => NoteState::Archived,
            State::Superseded => NoteState::Superseded,
            State::Merged => NoteState::Merged,
            State::All => NoteState::Unspecified,
        };
        let mut memory = session.memory()?;
        let mut table = Table::new(&["NOTE", "STATE", "DAY", "KIND", "WHY", "TITLE"]);
        let mut page_token = String::new();
        loop {
            let request = ListNotesRequest {
                parent: format!("agents/{}", self.agent),
                state: wanted.into(),
                // a page of large notes has to fit into one answer
                page_size: 12,
                page_token,
            };
            let page = memory.list_notes(request).await?.into_inner();
            for note in page.notes {
                match output.is_json() {
                    true => output.json(&json::of(&note)),
                    false => row(&mut table, note),
                }
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        if !output.is_json() {
            match table.is_empty() {
                true => output.say("no such notes"),
                false => output.text(&table.to_string()),
            }
        }
        Ok(())
    }
}

/// An explanation for a person: where the note is, the rules in their order, the notes that are most like it.
fn explanation(explained: &NoteExplanation) -> String {
    let note = explained.note.clone().unwrap_or_default();
    let mut text = format!("{} “{}” is {}", note.id, one_line(&note.title), state_word(note.state()));
    if !note.rule.is_empty() {
        let into = if note.into.is_empty() { String::new() } else { format!(" into {}", note.into) };
        text.push_str(&format!(", by {}{into}", note.rule));
    }
    text.push_str(&format!(", changed last in the night {}\n\n", note.night));
    let mut rules = Table::new(&["RULE", "", "SAYS"]);
    for said in &explained.verdicts {
        let moved = if said.moved { "moved it" } else { "" };
        rules.row([said.rule.clone(), moved.to_owned(), one_line(&said.verdict)]);
    }
    text.push_str(&rules.to_string());
    if !explained.neighbours.is_empty() {
        let mut nearest = Table::new(&["NEAREST", "LIKENESS", "MEANING", "NOT MERGED, BECAUSE", "TITLE"]);
        for near in &explained.neighbours {
            let likeness = format!("{:.2}", near.likeness);
            let meaning = near.meaning.map_or_else(|| "-".to_owned(), |meaning| format!("{meaning:.2}"));
            nearest.row([near.note.clone(), likeness, meaning, one_line(&near.reason), one_line(&near.title)]);
        }
        text.push_str(&format!("\n{nearest}"));
    }
    text
}

/// Where a note is, in one word.
pub(crate) fn state_word(state: NoteState) -> &'static str {
    match state {
        NoteState::Active => "active",
        NoteState::Merged => "merged",
        NoteState::Superseded => "superseded",
        NoteState::Archived => "archived",
        NoteState::Unspecified => "?",
    }
}

fn row(table: &mut Table, note: TidiedNote) {
    let state = state_word(note.state());
    let why = match note.into.is_empty() {
        true => note.rule,
        false => format!("{} → {}", note.rule, note.into),
    };
    table.row([note.id, state.to_owned(), note.logged_on, note.kind, why, note.title]);
}
