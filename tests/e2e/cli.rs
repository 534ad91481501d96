//! The program `commune`, as a person uses it: one command to start, one for each thing to do, exit codes that
//! tell endings apart, and nothing left running.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use commune_tests::{A_WHILE, Program, eventually, nats_server_path};
use serde_json::Value;
use tempfile::TempDir;

/// Long enough for a night on a busy machine.
const A_NIGHT: Duration = Duration::from_secs(120);

/// A commune that `commune up` started.
pub(crate) struct Commune {
    home: TempDir,
    up: Program,
}

/// How a command ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Commune {
    pub(crate) async fn up() -> Self {
        Self::up_with(&[]).await
    }

    /// With more on the command line of `up`.
    pub(crate) async fn up_with(more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let up = start(home.path(), "first", more);
        let commune = Self { home, up };
        commune.ready().await;
        commune
    }

    /// Starts `up` once more over the same folder, without waiting for anything.
    pub(crate) fn start_again(&self, more: &[&str]) -> Program {
        start(self.home.path(), "once-more", more)
    }

    /// Starts `up` once more over the same folder, after [`Commune::down`].
    pub(crate) async fn up_again(&mut self, more: &[&str]) {
        self.up = start(self.home.path(), "again", more);
        self.ready().await;
    }

    /// Ends `up` in order.
    pub(crate) async fn down(&mut self) {
        self.up.terminate();
        let ended = self.up.ended(A_NIGHT).await;
        assert!(ended.success(), "{ended}: {}", self.up.stderr());
    }

    async fn ready(&self) {
        eventually(A_NIGHT, "every part is ready", || {
            let ready = self.run(&["status"]).code == 0;
            async move { ready }
        })
        .await;
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(self.home.path(), arguments)
    }

    /// Runs a command that has to succeed, and reads its JSON lines.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let ended = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        ended.stdout.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
    }

    /// Checks how a command ends, and that words go to stderr.
    pub(crate) fn check(&self, arguments: &[&str], code: i32, words: &str) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: `{words}` is missing in: {}", ended.stderr);
        ended
    }

    pub(crate) fn running(&self) -> Value {
        let text = std::fs::read_to_string(self.home.path().join("commune.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Kills a service, and waits until it was started again and every part is ready.
    pub(crate) async fn kill(&self, service: &str) {
        let before = self.running()["pids"][service].as_u64().unwrap();
        let pid = rustix::process::Pid::from_raw(i32::try_from(before).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        eventually(A_WHILE, "the service was started again", || {
            let now = self.running()["pids"][service].as_u64();
            async move { now.is_some_and(|now| now != before) }
        })
        .await;
        eventually(A_WHILE, "every part is ready again", || {
            let ready = self.run(&["status"]).code == 0;
            async move { ready }
        })
        .await;
    }

    /// The data folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    fn processes(&self) -> Vec<u64> {
        self.running()["pids"].as_object().unwrap().values().map(|pid| pid.as_u64().unwrap()).collect()
    }
}

fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("commune")
}

fn start(home: &Path, name: &str, more: &[&str]) -> Program {
    let dir = home.join(name);
    std::fs::create_dir_all(&dir).unwrap();
    let nats = nats_server_path();
    let arguments = ["--home", home.to_str().unwrap(), "up", "--free-ports", "--nats-server", nats.to_str().unwrap()];
    Program::start("commune", &[&arguments, more].concat(), &[], &dir)
}

/// Runs a command over a data folder to its end.
pub(crate) fn run(home: &Path, arguments: &[&str]) -> Ended {
    let output = Command::new(program()).arg("--home").arg(home).args(arguments).output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// True while the process runs; a zombie does not.
fn is_alive(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
}

const LESSON: &str = "Renew the wildcard certificate with `certbot renew --dns-plugin acme` on host lantern; \
                      the reload hook restarts the proxy afterwards.";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_kept_and_a_night_may_be_for_one_agent() {
    let commune = Commune::up().await;
    commune.check(&["need", "bo", "How is the wildcard certificate renewed?"], 0, "asked");
    eventually(A_WHILE, "the need is listed", || {
        let needs = commune.json(&["needs", "--open"]);
        async move { needs.iter().any(|need| need.to_string().contains("wildcard certificate")) }
    })
    .await;

    // front matter begins like an option
    commune.check(&["note", "ada", &format!("---\nkind: lesson\n---\n# Certificates\n{LESSON}")], 0, "logged");
    let board = commune.json(&["night", "run", "2026-02-14", "--agent", "ada"]).remove(0);
    assert_eq!((&board["state"], &board["agents"]), (&"done".into(), &serde_json::json!(["ada"])), "{board}");
    commune.check(&["night", "run", "2999-01-01"], 2, "lies ahead");
    let found = commune.json(&["needs", "--answered"]);
    assert_eq!(found.len(), 1, "the lesson answers it: {found:?}");
    assert!(commune.json(&["dead", "list"]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_one_note_to_a_page_and_its_history() {
    let commune = Commune::up().await;
    let note = ["note", "ada", LESSON, "--kind", "how-to", "--title", "Renew the wildcard certificate"];
    let first = commune.check(&note, 0, "logged");
    let again = commune.check(&note, 0, "already logged");
    assert_eq!(first.stdout, again.stdout, "the id derives from the content");

    // `nats pub` from an agent without credentials, without headers
    let url = commune.running()["nats_url"].as_str().unwrap().to_owned();
    let bo = async_nats::connect(&url).await.unwrap();
    bo.publish("commune.agent.bo.note", "Bo keeps the spare key of the shed.".into()).await.unwrap();
    bo.flush().await.unwrap();
    eventually(A_WHILE, "the plain note is in the stream", || {
        let drops = commune.json(&["tail", "--stream", "DROPS", "--once"]);
        async move { drops.iter().any(|drop| drop["body"] == "Bo keeps the spare key of the shed.") }
    })
    .await;

    let board = commune.json(&["night", "run", "2026-02-14", "--details"]).remove(0);
    assert_eq!((&board["state"], &board["agents"]), (&"done".into(), &serde_json::json!(["ada", "bo"])), "{board}");
    assert_eq!(board["records"].as_array().unwrap().len(), 6, "two agents, three stages: {board}");
    assert_eq!(board["shared"].as_array().unwrap().len(), 1, "only what may be shared: {board}");
    let path = board["shared"][0]["article"].as_str().unwrap().to_owned();
    let again = commune.check(&["night", "run", "2026-02-14"], 0, "had run already");
    assert!(again.stderr.contains("nothing was changed"), "{}", again.stderr);

    let found = commune.json(&["search", "renew", "wildcard", "certificate"]).remove(0);
    assert_eq!(found["status"], "found", "{found}");
    assert_eq!(found["results"][0]["name"], format!("articles/{path}"));
    assert_eq!(found["results"][0]["contributors"], serde_json::json!(["ada"]));
    let read = commune.check(&["read", &path], 0, "by ada");
    assert!(read.stdout.contains("certbot renew --dns-plugin acme"), "{}", read.stdout);
    let history = commune.json(&["history", &path]);
    assert_eq!(history.len(), 1);
    let trace = history[0]["provenance"][0]["trace_id"].as_str().unwrap();
    assert!(board["records"].as_array().unwrap().iter().any(|record| record["trace_id"] == trace), "one trace");
    assert!(commune.run(&["diff", &path]).stdout.contains("+"));
    assert_eq!(commune.json(&["articles"]).len(), 1);
    assert_eq!(commune.json(&["memory", "bo", "--state", "active"]).len(), 1, "the plain note is remembered");
    assert_eq!(commune.json(&["memory", "ada"]).remove(0)["notes_shown"], 1);
    assert_eq!(commune.json(&["dead", "list"]).len(), 0);

    // absence is an answer of its own, and becomes a need of whoever asks
    commune.check(&["search", "zeppelin", "mooring", "--as", "bo"], 3, "not known here");
    eventually(A_WHILE, "the need is known", || {
        let needs = commune.json(&["needs", "--open"]);
        async move { needs.iter().any(|need| need["askers"] == serde_json::json!(["bo"])) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_has_one_commune_and_a_stop_leaves_nothing_running() {
    let mut commune = Commune::up().await;
    let mut second = start(commune.home.path(), "second", &[]);
    assert_eq!(second.ended(A_WHILE).await.code(), Some(5));
    assert!(second.stderr().contains("another `commune up`"), "{}", second.stderr());
    commune.check(&["status"], 0, "");

    let processes = commune.processes();
    assert_eq!(processes.len(), 5, "up, nats and three services");
    assert!(processes.iter().all(|pid| is_alive(*pid)));

    // a service that dies comes back, at the same address
    commune.kill("librarian").await;
    assert!(commune.up.stderr().contains("librarian ended"), "it says so");

    let processes = commune.processes();
    commune.down().await;
    assert_eq!(processes.iter().filter(|pid| is_alive(**pid)).count(), 0, "nothing is left running");
    assert!(!commune.home.path().join("commune.json").exists());
    commune.check(&["articles"], 4, "commune up");
}

#[tokio::test(flavor = "multi_thread")]
async fn children_end_when_up_is_killed() {
    let mut commune = Commune::up().await;
    let processes = commune.processes();
    commune.up.kill();
    eventually(A_WHILE, "the children end with their parent", || {
        let alive = processes.iter().any(|pid| is_alive(*pid));
        async move { !alive }
    })
    .await;
    // the folder is free again, and nothing was lost
    commune.up_again(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_endings_apart() {
    let commune = Commune::up().await;
    commune.check(&["frobnicate"], 2, "unrecognized");
    commune.check(&["read", "Not A Path"], 2, "article path");
    commune.check(&["note", "Not-An-Agent", "x"], 2, "agent id");
    commune.check(&["note", "ada", "  "], 2, "empty");
    commune.check(&["note", "ada", "x", "--date", "yesterday"], 2, "2026-02-14");
    commune.check(&["read", "no/such-page"], 3, "");
    commune.check(&["memory", "nobody"], 3, "");
    commune.check(&["night", "status", "2001-01-01"], 3, "did not run");
    commune.check(&["dead", "show", "99"], 3, "dead list");
    commune.check(&["import", "/no/such/folder", "--agent", "ada"], 3, "existing folder");
    commune.check(&["search", "x", "--library", "http://127.0.0.1:9"], 4, "not available");
    let large = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(large.path(), "x".repeat(300_000)).unwrap();
    commune.check(&["note", "ada", "--file", large.path().to_str().unwrap()], 5, "at most");
    let nowhere = tempfile::tempdir().unwrap();
    let ended = run(nowhere.path(), &["articles"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (4, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("commune up"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_adds_once() {
    let commune = Commune::up().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("MEMORY.md", "# Memory\n\n## Servers\n\nlantern runs the proxy\n");
    write("memory/2026-02-12.md", "# Day\n\n## Work\n\nmoved the shed\n\n## Lessons\n\nmeasure twice\n");
    write("SOUL.md", "I am Ada.\n");
    let path = folder.path().to_str().unwrap();
    let planned = commune.json(&["import", path, "--agent", "ada", "--dry-run"]).remove(0);
    assert_eq!((&planned["found"], &planned["new"]), (&3.into(), &0.into()), "{planned}");
    let first = commune.json(&["import", path, "--agent", "ada"]).remove(0);
    assert_eq!((&first["new"], &first["left_alone"], &first["refused"]), (&3.into(), &1.into(), &0.into()), "{first}");
    let again = commune.json(&["import", path, "--agent", "ada"]).remove(0);
    assert_eq!((&again["new"], &again["already_there"]), (&0.into(), &3.into()), "{again}");

    let vault = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(vault.path().join(".obsidian")).unwrap();
    std::fs::create_dir_all(vault.path().join("How To")).unwrap();
    std::fs::write(vault.path().join("How To/Moor a boat.md"), "# Moor a boat\n\nUse two lines.\n").unwrap();
    let path = vault.path().to_str().unwrap();
    let first = commune.json(&["import", path, "--agent", "ada"]).remove(0);
    assert_eq!((&first["layout"], &first["new"]), (&"articles".into(), &1.into()), "{first}");
    let again = commune.json(&["import", path, "--agent", "ada"]).remove(0);
    assert_eq!((&again["new"], &again["already_there"]), (&0.into(), &1.into()), "{again}");
    commune.check(&["read", "how-to/moor-a-boat"], 0, "by ada");
}
