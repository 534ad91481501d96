//! A night is undone from the command line: the memory is what it was, what was new waits, the next night takes it in
//! again; and a note says why it is where it is.

use std::collections::BTreeSet;

use commune_bus::{StreamName, subject};
use commune_proto::{
    NightId,
    night::v1::{Outcome, Stage},
    selfcare::v1::{ListNotesRequest, NightUndone, UndoNightRequest, memory_service_client::MemoryServiceClient},
};
use commune_tests::support::{self, A_NIGHT, Plan, agent};
use serde_json::Value;
use tonic::{Code, transport::Channel};

use super::cli::Commune;

const FIRST: &str = "2026-02-14";
const SECOND: &str = "2026-02-15";

const HALL: &str = "The board in the hall listens on port 8080 and answers every lamp within a second.";

/// An agent's memory as the program tells it, byte for byte.
#[derive(Debug, PartialEq)]
struct Told {
    brief: String,
    notes: Vec<Value>,
    diary: Vec<String>,
}

impl Told {
    fn of(commune: &Commune) -> Self {
        let day = |day: &str| {
            let ended = commune.run(&["memory", "ada", "--diary", day]);
            assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
            ended.stdout
        };
        Self {
            brief: commune.run(&["memory", "ada", "--json"]).stdout,
            notes: commune.json(&["memory", "ada", "--state", "all"]),
            diary: ["2026-02-12", "2026-02-13", "2026-02-14"].map(day).to_vec(),
        }
    }

    /// The same, whatever the night is called that made it.
    fn of_any_night(mut self) -> Self {
        let mut brief: Value = serde_json::from_str(&self.brief).unwrap();
        brief["night"] = Value::Null;
        self.brief = brief.to_string();
        for note in &mut self.notes {
            note["night"] = Value::Null;
        }
        self
    }

    fn states(&self) -> Vec<(&str, &str)> {
        self.notes.iter().map(|note| (note["title"].as_str().unwrap(), note["state"].as_str().unwrap())).collect()
    }
}

/// Logs a note as ada; its id.
fn note(commune: &Commune, text: &str, more: &[&str]) -> String {
    let logged = commune.check(&[&["note", "ada", text, "--kind", "fact"], more].concat(), 0, "logged");
    logged.stdout.trim().to_owned()
}

fn night(commune: &Commune, arguments: &[&str]) -> Value {
    let board = commune.json(&[&["night", "run", "--agent", "ada"], arguments].concat()).remove(0);
    assert_eq!(board["state"], "done", "{board}");
    board
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_night_leaves_the_memory_as_it_was_and_the_next_one_takes_the_notes_again() {
    let commune = Commune::up().await;
    let hall = note(&commune, HALL, &["--title", "Hall", "--date", "2026-02-12"]);
    let green = note(&commune, "The lamp is green.", &["--key", "lamp", "--title", "Green", "--date", "2026-02-12"]);
    note(&commune, "Bread wants three hours to rise.", &["--title", "Bread", "--date", "2026-02-13"]);
    night(&commune, &[FIRST]);
    let before = Told::of(&commune);
    assert_eq!(before.notes.len(), 3);

    let cable = note(&commune, &format!("{HALL} Its cable is blue."), &["--title", "Cable", "--date", "2026-02-13"]);
    let other = note(&commune, &HALL.replace("8080", "9090"), &["--title", "Yard", "--date", "2026-02-14"]);
    let red = note(&commune, "The lamp is red.", &["--key", "lamp", "--title", "Red", "--date", "2026-02-14"]);
    note(&commune, "# Tuesday\n\n## Done\n\n-\n", &["--title", "Tuesday", "--date", "2026-02-14"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.txt");
    std::fs::write(&file, "all lamps are lit").unwrap();
    commune.check(&["artifact", "ada", file.to_str().unwrap()], 0, "");
    night(&commune, &[SECOND]);
    let after = Told::of(&commune);
    assert_eq!(after.notes.len(), 8);
    let states = after.states();
    for moved in [("Cable", "merged"), ("Green", "superseded"), ("Tuesday", "archived"), ("Yard", "active")] {
        assert!(states.contains(&moved), "{moved:?} is not among {states:?}");
    }

    // why
    let why = commune.check(&["memory", "ada", "--why", &cable], 0, "").stdout;
    assert!(why.contains(&format!("merged, by near-duplicate into {hall}")) && why.contains(SECOND), "{why}");
    let why = commune.json(&["memory", "ada", "--why", &other]).remove(0);
    let near = why["neighbours"].as_array().unwrap().iter().find(|near| near["note"] == hall.as_str()).unwrap();
    assert!(near["reason"].as_str().unwrap().contains("[8080]"), "{near}");
    let verdicts = why["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 7, "{why}");
    let outdated = verdicts.iter().find(|verdict| verdict["rule"] == "outdated").unwrap();
    assert!(
        outdated["verdict"].as_str().unwrap().contains("both stay")
            || outdated["verdict"].as_str().unwrap().contains("all stay"),
        "{outdated}"
    );
    let why = commune.json(&["memory", "ada", "--why", &green]).remove(0);
    let moved: Vec<&Value> = why["verdicts"].as_array().unwrap().iter().filter(|v| v["moved"] == true).collect();
    assert_eq!((moved.len(), &moved[0]["rule"]), (1, &"superseded-key".into()), "{why}");
    assert!(moved[0]["verdict"].as_str().unwrap().contains(&red), "{why}");
    commune.check(&["memory", "ada", "--why", "none"], 3, "no note");

    // only the newest can be undone
    commune.check(&["night", "undo", FIRST, "--agent", "ada"], 5, "undo 2026-02-15 first");
    let undone = commune.check(&["night", "undo", SECOND, "--agent", "ada"], 0, "is undone");
    for words in ["the night 2026-02-14 left", "wait for the next night: 5", "is not taken back", "--extra"] {
        assert!(undone.stderr.contains(words), "`{words}` is not in: {}", undone.stderr);
    }
    assert_eq!(Told::of(&commune), before, "byte for byte");
    commune.check(&["memory", "ada", "--why", &other], 3, "no note");
    let board = commune.json(&["night", "status", SECOND]).remove(0);
    let record = board["records"].as_array().unwrap().iter().find(|record| record["stage"] == "selfcare").unwrap();
    assert_eq!(record["outcome"], "undone", "{board}");
    assert!(record["detail"].as_str().unwrap().starts_with("undone by "), "{board}");

    // asked again it answers the same and changes nothing
    let end = || commune.json(&["tail", "--stream", "MEMORY", "--once"]).pop().unwrap()["sequence"].clone();
    let last = end();
    let again = commune.json(&["night", "undo", SECOND, "--agent", "ada"]);
    assert_eq!((again.len(), &again[0]["back_to"]), (1, &FIRST.into()), "{again:?}");
    assert_eq!(end(), last, "nothing was written");

    // the replica that dropped the notes reads them again, for a file and for the next night
    let hash = artifact_of(&after);
    assert_eq!(commune.check(&["artifact", "ada", "--get", &hash], 0, "").stdout, "all lamps are lit");
    night(&commune, &[SECOND, "--extra"]);
    let after = after.of_any_night();
    assert_eq!(Told::of(&commune).of_any_night(), after, "the same end");

    // and a replica that was started since knows the same
    commune.check(&["night", "undo", "2026-02-15-x1", "--agent", "ada"], 0, "is undone");
    assert_eq!(Told::of(&commune), before);
    commune.kill("selfcare").await;
    assert_eq!(Told::of(&commune), before, "after a restart");
    night(&commune, &[SECOND, "--extra"]);
    assert_eq!(Told::of(&commune).of_any_night(), after, "the same end, after a restart");

    // all the way back, and everything is there again
    commune.check(&["night", "undo", "2026-02-15-x2", "--agent", "ada"], 0, "is undone");
    commune.check(&["night", "undo", FIRST, "--agent", "ada"], 0, "before its first night");
    commune.check(&["memory", "ada"], 3, "no brief");
    assert!(commune.json(&["memory", "ada", "--state", "all"]).is_empty());
    night(&commune, &[SECOND, "--extra"]);
    assert_eq!(Told::of(&commune).states(), after.states(), "nothing is lost");
    assert!(commune.json(&["dead", "list"]).is_empty());
}

/// The hash of the one file of a memory.
fn artifact_of(told: &Told) -> String {
    let file = told.notes.iter().find(|note| note["kind"] == "artifact").expect("a file");
    file["source"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_says_why() {
    let commune = Commune::up().await;
    commune.check(&["night", "undo", FIRST, "--agent", "ada"], 3, "no memory yet");
    let hall = note(&commune, HALL, &["--date", "2026-02-12"]);
    commune.check(&["note", "bo", "Bread wants three hours to rise."], 0, "logged");
    night(&commune, &[FIRST]);
    // a night in which nothing was new
    night(&commune, &[SECOND]);
    commune.check(&["night", "undo", SECOND, "--agent", "ada"], 5, "changed nothing");
    commune.check(&["night", "undo", "2026-03-01", "--agent", "ada"], 3, "is 2026-02-14");
    commune.check(&["night", "undo", FIRST, "--agent", "bo"], 3, "no memory yet");
    commune.check(&["night", "undo", "yesterday", "--agent", "ada"], 2, "is not a night");
    commune.check(&["night", "undo", FIRST], 2, "--agent");
    commune.check(&["memory", "ada", "--why", "x", "--restore", "x"], 2, "cannot be used with");

    // what was put back by hand since is told, and a quiet night does not stand in the way
    note(&commune, &format!("# \n\n{HALL}"), &["--date", "2026-02-12"]);
    night(&commune, &["2026-02-16"]);
    let merged = commune.json(&["memory", "ada", "--state", "merged"]).remove(0)["id"].as_str().unwrap().to_owned();
    commune.check(&["memory", "ada", "--restore", &merged], 0, "back in the working set");
    let undone = commune.check(&["night", "undo", "2026-02-16", "--agent", "ada"], 0, "put back by hand since");
    assert!(undone.stderr.contains(&merged), "{}", undone.stderr);
    let left = commune.json(&["memory", "ada", "--state", "all"]);
    assert_eq!((left.len(), &left[0]["id"]), (1, &hall.into()), "{left:?}");
    commune.check(&["night", "undo", FIRST, "--agent", "ada"], 0, "before its first night");
    commune.check(&["night", "undo", SECOND, "--agent", "ada"], 5, "no night that changed the memory is left");
}

/// Two replicas of each service, and what they are asked over gRPC.
struct Pair {
    commune: support::Commune,
}

impl Pair {
    async fn start() -> Self {
        Self { commune: support::Commune::start(Plan::two()).await }
    }

    async fn replica(&self, index: usize) -> MemoryServiceClient<Channel> {
        let address = format!("http://{}", self.commune.selfcare[index].grpc);
        MemoryServiceClient::connect(address).await.expect("selfcare answers")
    }

    async fn undo(&self, index: usize, night: NightId) -> Result<NightUndone, tonic::Status> {
        let name = format!("agents/ada/nights/{night}");
        let answer = self.replica(index).await.undo_night(UndoNightRequest { name }).await;
        answer.map(tonic::Response::into_inner)
    }

    /// The notes of ada's memory, as this replica knows them.
    async fn notes(&self, index: usize) -> BTreeSet<String> {
        let request = ListNotesRequest { parent: "agents/ada".into(), page_size: 1000, ..ListNotesRequest::default() };
        let notes = self.replica(index).await.list_notes(request).await.expect("notes").into_inner().notes;
        notes.into_iter().map(|note| note.id).collect()
    }

    /// How many messages MEMORY has on a subject.
    async fn count(&self, subject: &str) -> usize {
        support::read_all(&self.commune.bus, StreamName::Memory, &[subject]).await.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_of_two_replicas_at_once_a_night_is_undone_once() {
    let pair = Pair::start().await;
    let (commune, first) = (&pair.commune, pair.commune.night());
    let second = first.next_extra();
    commune.say("ada", "note", "n1", HALL).await;
    commune.run_night(first, A_NIGHT).await;
    for (id, text) in [("n2", "The shed is green."), ("n3", "Bread wants three hours to rise.")] {
        commune.say("ada", "note", id, text).await;
    }
    commune.run_night(second, A_NIGHT).await;

    let (left, right) = tokio::join!(pair.undo(0, second), pair.undo(1, second));
    let (left, right) = (left.expect("undone"), right.expect("undone"));
    assert_eq!(left, right, "both answer what was written once");
    assert_eq!((left.counts["waiting"], left.back_to.as_str()), (2, first.to_string().as_str()), "{left:?}");
    assert_eq!(pair.count(&subject::nights_undone_of(&agent("ada"))).await, 1);
    let records = commune.trail(second).await;
    let of = |stage: Stage| records.iter().filter(move |record| record.stage() == stage).map(|r| r.outcome());
    assert_eq!(of(Stage::Selfcare).collect::<Vec<_>>(), [Outcome::Done, Outcome::Undone]);
    assert_eq!(of(Stage::Mutualaid).count(), 1, "what came after it stays as it is");

    // a night and an undoing at the same moment: whoever is first, every note is in one place
    let third = second.next_extra();
    commune.request(third).await;
    let undone = pair.undo(1, first).await;
    commune.trail_complete(third, A_NIGHT).await;
    commune.quiet().await;
    let all = BTreeSet::from(["n1", "n2", "n3"].map(str::to_owned));
    match undone {
        // the night came after, and took in what waited
        Ok(event) => assert_eq!((event.back_to.as_str(), pair.notes(0).await), ("", all.clone())),
        Err(status) => {
            assert!(matches!(status.code(), Code::Aborted | Code::FailedPrecondition), "{status:?}");
            assert_eq!(pair.notes(0).await, all);
        }
    }
    commune.run_night(third.next_extra(), A_NIGHT).await;
    assert_eq!((pair.notes(0).await, pair.notes(1).await), (all.clone(), all), "nothing is lost");
    pair.commune.finish().await;
}
