//! The pages in a headless Chromium, as people see and use them: what they do, what the console says, what axe finds, in both themes
//! at two widths. `browser/drive.mjs` drives. Where there is no Chromium, or the clients are not installed, the story says that it is
//! skipped.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use commune_tests::{A_WHILE, eventually, support::wait};
use tokio::process::Command;

use super::cli::Commune;

/// Long enough for every kind of page in two themes at two widths on a busy machine.
const ALL_PAGES: Duration = Duration::from_secs(400);

/// What drives, where all that it needs is there; otherwise says that the story is skipped.
fn driver(what: &str, address: &str) -> Option<Command> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let clients = workspace.join(".tools/clients/node");
    if !clients.join("node_modules/playwright-core").is_dir() {
        println!("skipped: the clients for node are not installed (make clients)");
        return None;
    }
    let Some(chromium) = chromium() else {
        println!("skipped: there is no Chromium (apt-get install chromium, or CHROMIUM=PATH)");
        return None;
    };
    let mut command = Command::new("node");
    command.arg(workspace.join("tests/e2e/browser/drive.mjs")).args([what, address]);
    command.env("COMMUNE_CLIENTS", clients).env("CHROMIUM", chromium).stdin(Stdio::null()).kill_on_drop(true);
    Some(command)
}

/// The program, as named or where the system has it.
fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = folders.iter().flat_map(|folder| ["chromium", "chromium-browser"].map(|name| folder.join(name)));
    named.into_iter().chain(found).find(|program| program.is_file())
}

/// Drives to the end; gives what was printed.
async fn drives(mut command: Command) -> String {
    let output = wait(ALL_PAGES, command.output()).await.expect("it ends in time").expect("node starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "not as it should be:\n{err}{out}");
    out.into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_traces_of_a_night_can_be_looked_at() {
    let commune = Commune::up_with(&["--traces"]).await;
    let page = commune.running()["traces_url"].as_str().unwrap().to_owned();
    let Some(driver) = driver("crawl", &page) else { return };
    commune.check(&["note", "ada", "Drain the pool before a restart.", "--kind", "lesson"], 0, "logged");
    commune.json(&["night", "run", "2026-02-14"]);
    eventually(A_WHILE, "the trace is there", || {
        let there = commune.run(&["trace", "2026-02-14", "--agent", "ada"]).code == 0;
        async move { there }
    })
    .await;
    assert_eq!(drives(driver).await.split_whitespace().collect::<Vec<_>>(), ["home", "trace/2"]);
}
