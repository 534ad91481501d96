//! `commune export workspace`: an agent's own memory as files.
//!
//! `MEMORY.md` is the brief and `memory/<date>.md` a day of the diary, where OpenClaw and Claude Code look for them; `notes/` is the working set,
//! `archive/` all that left it, `artifacts/` the files. None of it is read back by an import: what the commune wrote is nothing that was learned.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    path::PathBuf,
    time::Duration,
};

use clap::Args;
use commune_proto::{
    AgentId,
    agent::v1::Visibility,
    selfcare::v1::{
        GetArtifactRequest, GetBriefRequest, GetDiaryEntryRequest, ListNotesRequest, NoteState, TidiedNote,
    },
};
use tonic::{Code, Response, Status};

use super::{
    folder::{Folder, hash},
    page::Matter,
    report::{self, Held},
    secret,
};
use crate::{connect::Session, failure::Failure, output::Output, progress};

/// Notes of one answer.
const PAGE: i32 = 200;
/// How often, and how long each time, a caller that is too quick waits.
const TRIES: usize = 120;
const PAUSE: Duration = Duration::from_millis(500);
/// Most bytes of the name of an artifact's file.
const NAME: usize = 200;

/// Write an agent's own memory into a folder: the brief, the diary, the notes and the archive, and its artifacts.
#[derive(Debug, Args)]
pub(crate) struct Workspace {
    /// Whose
    agent: AgentId,
    /// The folder; made where there is none
    dir: PathBuf,
}

impl Workspace {
    /// Runs the command.
    pub(super) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let mut folder = Folder::open(&self.dir, "workspace")?;
        let notes = self.notes(session).await?;
        let mut files = self.texts(session, &notes).await?;
        let diary = files.keys().filter(|file| file.starts_with("memory/")).count();
        files.extend(notes.iter().flat_map(note_files));
        let mut held = Vec::new();
        files.retain(|file, text| match secret(text) {
            Some(why) => {
                held.push(Held { what: file.clone(), why });
                false
            }
            None => true,
        });
        let artifacts: BTreeMap<String, String> = notes.iter().filter_map(artifact).collect();
        let mut coming: BTreeMap<String, String> =
            files.iter().map(|(file, text)| (file.clone(), hash(text.as_bytes()))).collect();
        coming.extend(artifacts.clone());
        folder.begin(coming)?;
        let bar = progress::bar((files.len() + artifacts.len()) as u64, "files");
        for (file, text) in &files {
            if let Some(want) = folder.wants(file)? {
                folder.write(file, text.as_bytes(), want)?;
            }
            bar.inc(1);
        }
        for (file, sha256) in &artifacts {
            bar.inc(1);
            let Some(want) = folder.wants(file)? else { continue };
            let body = match self.body(session, sha256).await {
                Err(Failure::NotFound(why)) => {
                    output.say(&format!("not written {file}: {why}"));
                    folder.forget(file);
                    continue;
                }
                body => body?,
            };
            match std::str::from_utf8(&body).ok().and_then(secret) {
                Some(why) => {
                    folder.forget(file);
                    held.push(Held { what: file.clone(), why });
                }
                None => folder.write(file, &body, want)?,
            }
        }
        bar.finish_and_clear();
        let counted = [("notes", notes.len()), ("days", diary), ("artifacts", artifacts.len())];
        report::tell(output, &self.dir, &counted, &folder.end()?, &held)
    }

    /// All notes of the memory.
    async fn notes(&self, session: &Session) -> Result<Vec<TidiedNote>, Failure> {
        let memory = session.memory()?;
        let mut notes = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = ListNotesRequest {
                parent: format!("agents/{}", self.agent),
                state: NoteState::Unspecified.into(),
                page_size: PAGE,
                page_token,
            };
            let page = patiently(|| {
                let (mut memory, request) = (memory.clone(), request.clone());
                async move { memory.list_notes(request).await }
            });
            let page = page.await?;
            notes.extend(page.notes);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(notes);
            }
        }
    }

    /// The brief and the diary.
    async fn texts(&self, session: &Session, notes: &[TidiedNote]) -> Result<BTreeMap<String, String>, Failure> {
        let memory = session.memory()?;
        let mut files = BTreeMap::new();
        let name = format!("agents/{}/brief", self.agent);
        let brief = patiently(|| {
            let (mut memory, name) = (memory.clone(), name.clone());
            async move { memory.get_brief(GetBriefRequest { name }).await }
        });
        match brief.await {
            Ok(brief) => drop(files.insert("MEMORY.md".to_owned(), brief.text)),
            Err(Failure::NotFound(_)) if !notes.is_empty() => {}
            Err(failure) => return Err(failure),
        }
        let days: BTreeSet<&String> = notes.iter().map(|note| &note.logged_on).filter(|day| !day.is_empty()).collect();
        for day in days {
            let name = format!("agents/{}/diaryEntries/{day}", self.agent);
            let entry = patiently(|| {
                let (mut memory, name) = (memory.clone(), name.clone());
                async move { memory.get_diary_entry(GetDiaryEntryRequest { name }).await }
            });
            match entry.await {
                Ok(entry) => drop(files.insert(format!("memory/{day}.md"), entry.text)),
                Err(Failure::NotFound(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        files.retain(|_, text| !text.is_empty());
        Ok(files)
    }

    /// The body of an artifact, verified.
    async fn body(&self, session: &Session, sha256: &str) -> Result<Vec<u8>, Failure> {
        let memory = session.memory()?;
        let name = format!("agents/{}/artifacts/{sha256}", self.agent);
        let pieces = patiently(|| {
            let (mut memory, name) = (memory.clone(), name.clone());
            async move { memory.get_artifact(GetArtifactRequest { name }).await }
        });
        let mut pieces = pieces.await?;
        let mut body = Vec::new();
        while let Some(piece) = pieces.message().await? {
            body.extend_from_slice(&piece.chunk);
        }
        match hash(&body) {
            found if found == sha256 => Ok(body),
            found => Err(Failure::error(format!("what came has the hash {found}, not {sha256}"))),
        }
    }
}

/// Asks again, a little later, while a service says that it is asked too often.
async fn patiently<T, F: Future<Output = Result<Response<T>, Status>>>(ask: impl Fn() -> F) -> Result<T, Failure> {
    for _ in 1..TRIES {
        match ask().await {
            Err(status) if status.code() == Code::ResourceExhausted => tokio::time::sleep(PAUSE).await,
            answer => return Ok(answer?.into_inner()),
        }
    }
    Ok(ask().await?.into_inner())
}

/// The files of a note: what it says, and what it said before the night changed it.
fn note_files(note: &TidiedNote) -> Vec<(String, String)> {
    let folder = if note.state() == NoteState::Active { "notes" } else { "archive" };
    let mut files = vec![(format!("{folder}/{}.md", note.id), note_text(note))];
    if !note.original_text.is_empty() {
        files.push((format!("{folder}/{}.original.md", note.id), note.original_text.clone()));
    }
    files
}

fn note_text(note: &TidiedNote) -> String {
    let state = match note.state() {
        NoteState::Active | NoteState::Unspecified => "active",
        NoteState::Merged => "merged",
        NoteState::Superseded => "superseded",
        NoteState::Archived => "archived",
    };
    let visibility = match note.visibility() {
        Visibility::Unspecified => "",
        Visibility::Private => "private",
        Visibility::Commune => "commune",
    };
    let mut matter = Matter::default();
    for (key, value) in [
        ("id", note.id.as_str()),
        ("title", &note.title),
        ("kind", &note.kind),
        ("state", state),
        ("into", &note.into),
        ("rule", &note.rule),
        ("night", &note.night),
        ("key", &note.key),
        ("visibility", visibility),
        ("date", &note.logged_at),
        ("source", &note.source),
        ("part_of", &note.part_of),
    ] {
        if !value.is_empty() {
            matter.text(key, value);
        }
    }
    matter.list("tags", &note.tags);
    matter.list("absorbed", &note.absorbed);
    matter.before(&note.text)
}

/// The file of an artifact, with the hash of its body.
fn artifact(note: &TidiedNote) -> Option<(String, String)> {
    let sha256 = note.source.strip_prefix("sha256:").filter(|_| note.kind == "artifact")?;
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let plain = |c: char| if c.is_control() || matches!(c, '/' | '\\' | ':') { '-' } else { c };
    let name: String = note.title.chars().map(plain).collect();
    let name = match name[..name.floor_char_boundary(NAME)].trim() {
        "" | "." | ".." => "file",
        name => name,
    };
    is_hash.then(|| (format!("artifacts/{}/{name}", &sha256[..12]), sha256.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_has_its_name_in_a_folder_of_its_hash() {
        let sha256 = "ab".repeat(32);
        let check = |title: &str, file: Option<&str>| {
            let source = format!("sha256:{sha256}");
            let note = TidiedNote { kind: "artifact".into(), title: title.into(), source, ..TidiedNote::default() };
            let found = artifact(&note).map(|(file, _)| file);
            assert_eq!(found.as_deref(), file);
        };
        check("chart.png", Some("artifacts/abababababab/chart.png"));
        check("../../x", Some("artifacts/abababababab/..-..-x"));
        check("..", Some("artifacts/abababababab/file"));
        let note = TidiedNote { kind: "artifact".into(), source: "sha256:../x".into(), ..TidiedNote::default() };
        assert_eq!(artifact(&note), None);
    }

    #[test]
    fn a_note_says_what_it_was() {
        let note = TidiedNote {
            id: "n1".into(),
            text: "merged\n".into(),
            original_text: "as logged\n".into(),
            title: "A note".into(),
            state: NoteState::Merged.into(),
            into: "n2".into(),
            ..TidiedNote::default()
        };
        let files = note_files(&note);
        assert_eq!(files[0].0, "archive/n1.md");
        assert_eq!(files[0].1, "---\nid: \"n1\"\ntitle: \"A note\"\nstate: \"merged\"\ninto: \"n2\"\n---\nmerged\n");
        assert_eq!(files[1], ("archive/n1.original.md".to_owned(), "as logged\n".to_owned()));
    }
}
