//! A real agent's workspace (English and French), through the command line: import, night, search.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use commune_bus::{StreamName, subject};
use commune_knowledge::{document, secrets};
use commune_proto::selfcare::v1::{NoteState, TidiedNote};
use tokio::process::Command;

use commune_tests::support::{Commune, LONG_NIGHT, Plan, process::program, state::EndState};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_workspace_is_imported_tidied_shared_and_found() {
    let Some(workspace) = real_workspace() else {
        println!("skipped: no real workspace here (set COMMUNE_REAL_WORKSPACE to a folder that has memory/*.md)");
        return;
    };
    let commune = Commune::start(Plan::one().cap(500)).await;
    let folder = workspace.display().to_string();
    commune_cli(&commune, &["import", &folder, "--agent", "ralph"]).await;
    let published = commune.bus.last_sequence(StreamName::Agents).await.unwrap();
    assert!(published > 50, "{published} notes were published");
    commune_cli(&commune, &["import", &folder, "--agent", "ralph"]).await;
    assert_eq!(commune.bus.last_sequence(StreamName::Agents).await.unwrap(), published, "importing again adds nothing");

    commune.run_night(commune.night(), LONG_NIGHT).await;
    let state = EndState::read(&commune.bus).await;
    let dead = commune.bus.dead_letters(1_000).await.unwrap();
    let count = |wanted: NoteState| state.notes.values().filter(|n| n.state() == wanted).count();
    let (active, merged) = (count(NoteState::Active), count(NoteState::Merged));
    let (superseded, archived) = (count(NoteState::Superseded), count(NoteState::Archived));
    println!(
        "{published} notes and what they were cut into: {active} active, {merged} merged, {superseded} superseded, {archived} archived, {} dead; {} articles",
        dead.len(),
        state.articles.len()
    );
    let entries = state.notes.values().filter(|note| !note.part_of.is_empty()).count();
    let logged = active + merged + superseded + archived + dead.len() - entries;
    assert_eq!(logged as u64, published, "every note is accounted for");

    // what left the memory holds no secret, and nothing but what may be shared
    assert!(!state.shared.is_empty(), "a real workspace has lessons");
    let (open, closed): (Vec<&TidiedNote>, Vec<&TidiedNote>) = state.notes.values().partition(|note| announces(note));
    let public: BTreeSet<&str> = open.iter().flat_map(|note| lines(&note.text)).collect();
    let private: BTreeSet<&str> =
        closed.iter().flat_map(|note| lines(&note.text)).filter(|line| !public.contains(line)).collect();
    assert!(private.len() > 100, "there is much that must stay private: {} lines", private.len());
    for shared in state.shared.values() {
        let contribution = shared.contribution.as_ref().unwrap();
        for line in lines(&contribution.text) {
            assert!(!private.contains(line), "`{line}` of {} was not to be shared", contribution.title);
        }
    }
    // every text of every event after the memory, not only the newest
    let mut texts: Vec<String> = Vec::new();
    for shared in state.shared.values() {
        let (contribution, placement) = (shared.contribution.as_ref().unwrap(), shared.placement.as_ref().unwrap());
        texts.extend([contribution.title.clone(), contribution.text.clone(), placement.reason.clone()]);
    }
    for revision in state.articles.values().flatten() {
        let article = revision.article.as_ref().unwrap();
        texts.extend([article.title.clone(), article.body.clone(), revision.reason.clone()]);
        texts.extend(article.aliases.iter().cloned());
    }
    texts.extend(state.trail.values().map(|record| record.detail.clone()));
    texts.extend(state.sessions.values().flat_map(|s| &s.held).flat_map(|h| [h.rule.clone(), h.advice.clone()]));
    for text in &texts {
        assert!(secrets::scan(text).is_empty(), "{:?} in:\n{text}", secrets::scan(text));
    }
    for message in commune.bus.read(StreamName::Memory, &[subject::MEMORY_TIDIED_ALL], 100).await.unwrap() {
        assert!(message.payload.len() < 4_096, "the event holds counts, not notes");
    }

    // what was shared is found by its title, through the command line
    let titles: BTreeSet<&str> =
        state.articles.values().map(|r| r.last().unwrap().article.as_ref().unwrap().title.as_str()).collect();
    for title in titles {
        let found = commune_cli(&commune, &["search", title, "--json"]).await;
        assert!(found.contains("ralph"), "`{title}` is not found: {found}");
    }
    assert!(dead.is_empty(), "{:?}", dead.iter().map(|d| &d.reason).collect::<Vec<_>>());
    commune.finish().await;
}

/// True for a note that may be shared by its kind, or that has a section which says that something was learned,
/// fixed, decided or explained. Wide on purpose: what it does not name must never be shared.
fn announces(note: &TidiedNote) -> bool {
    const WORDS: [&str; 19] = [
        "lesson",
        "learn",
        "takeaway",
        "til",
        "how",
        "fix",
        "workaround",
        "resolution",
        "deci",
        "skill",
        "leçon",
        "appren",
        "appris",
        "enseignement",
        "retenir",
        "retour",
        "corr",
        "décision",
        "comment",
    ];
    let says = |heading: &str| WORDS.iter().any(|word| heading.to_lowercase().contains(word));
    ["lesson", "how-to", "fix", "decision", "skill"].contains(&note.kind.as_str())
        || says(&note.title)
        || document::sections(&note.text).iter().any(|section| says(&section.heading))
}

/// The lines that are long enough to be told apart.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| line.chars().count() >= 40)
}

/// The real workspace, where it is there: it is not part of the repository.
fn real_workspace() -> Option<PathBuf> {
    let given = std::env::var_os("COMMUNE_REAL_WORKSPACE").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/workspaces/lobsterops");
    given.or(Some(beside)).filter(|folder| folder.join("memory").is_dir())
}

/// Runs the program `commune` against this commune; gives what it printed.
async fn commune_cli(commune: &Commune, arguments: &[&str]) -> String {
    let mut command = Command::new(program("commune"));
    command.arg("--home").arg(commune.folder().join("cli")).arg("--nats").arg(commune.server.url());
    command.arg("--library").arg(format!("http://{}", commune.librarian[0].grpc));
    command.arg("--memory").arg(format!("http://{}", commune.selfcare[0].grpc));
    command.arg("--operator-key").arg(commune.server.seed_file());
    let output = command.args(arguments).output().await.expect("commune can be started");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "commune {arguments:?} ended with {}:\n{errors}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
