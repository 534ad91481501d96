//! The pages in a headless Chromium, as people see and use them: what they do, what the console says, what axe finds, in both themes
//! at two widths. `browser/drive.mjs` drives. Where there is no Chromium, or the clients are not installed, the story says that it is
//! skipped.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use commune_tests::{
    A_WHILE, eventually,
    support::{process::program, wait},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_library_can_be_read_and_objected_to_in_a_browser() {
    let commune = Commune::up().await;
    let served = Served::start(&commune, &["--agent", "bo"]).await;
    let Some(driver) = driver("library", &served.address) else { return };

    let pages = tempfile::tempdir().unwrap();
    std::fs::write(pages.path().join("wide.md"), WIDE).unwrap();
    commune.check(&["import", pages.path().to_str().unwrap(), "--as", "library", "--agent", "ada"], 0, "");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/library");
    commune.check(&["import", examples.to_str().unwrap(), "--as", "library", "--agent", "ada"], 0, "");
    commune.run(&["need", "bo", "How is the wildcard certificate renewed?"]);
    commune.run(&["need", "bo", "Who feeds the cat of the workshop?"]);
    let notes = [
        (
            "ada",
            "how-to",
            "Renew the wildcard certificate",
            "`certbot renew --dns-plugin acme` on host lantern renews it.",
        ),
        ("ada", "fact", "The board", "The board in the hall listens on port 8080."),
        (
            "bo",
            "lesson",
            "Drain the pool",
            "Drain the pool before a restart, or requests fail: `pool drain --wait 30`.",
        ),
        ("bo", "fact", "The shed", "The spare key hangs behind the door of the shed."),
    ];
    for (agent, kind, title, text) in notes {
        commune.check(&["note", agent, text, "--kind", kind, "--title", title], 0, "logged");
    }
    commune.json(&["night", "run", "2026-02-14"]);
    let more =
        "The reload hook of the wildcard certificate restarts the proxy afterwards: `certbot renew --dns-plugin acme`.";
    commune.check(&["note", "bo", more, "--kind", "how-to", "--title", "Renew the wildcard certificate"], 0, "logged");
    commune.json(&["night", "run", "2026-02-15"]);
    let articles = commune.json(&["articles"]);
    let path = |words: &str| {
        let paths = articles.iter().filter_map(|article| article["path"].as_str());
        paths
            .into_iter()
            .find(|path| path.contains(words))
            .unwrap_or_else(|| panic!("{words}: {articles:?}"))
            .to_owned()
    };
    let (certificate, pool) = (path("wildcard-certificate"), path("drain-the-pool"));
    commune.check(&["propose", "--agent", "ada", "--why", "both are about hosts", "merge", &pool, &certificate], 0, "");
    drives(driver).await;
}

/// What is hard to lay out.
const WIDE: &str = "---\ntitle: Wide things\ntags: [layout, wide]\n---\n# Wide things\n\n## A table\n\n\
    | host | port | what it is for | who looks after it | since when | where it stands |\n\
    |---|---|---|---|---|---|\n\
    | lantern.wren-street.example | 8080 | the board in the hall | ada | 2026-02-14 | the cupboard below the stairs |\n\n\
    ## A long line\n\n```sh\n\
    openssl s_client -connect lantern.wren-street.example:443 -servername lantern.wren-street.example | openssl x509 -noout -enddate\n\
    ```\n\n## A long word\n\n\
    Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzender, and a footnote[^1], and \
    [[how-to/restore-a-postgres-backup]].\n\n- [x] done\n- [ ] not done\n\n> quoted\n\n[^1]: It stands below.\n";

/// A running `commune web`. Ends when dropped.
struct Served {
    address: String,
    _web: Child,
}

impl Served {
    async fn start(commune: &Commune, more: &[&str]) -> Self {
        let mut web = Command::new(program("commune"));
        web.arg("--home").arg(commune.home()).args(["--json", "web", "--listen", "127.0.0.1:0"]).args(more);
        let mut web = web.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("it starts");
        let mut lines = BufReader::new(web.stdout.take().unwrap()).lines();
        let line = wait(A_WHILE, lines.next_line()).await.expect("it listens in time").unwrap().expect("it says where");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        Self { address: said["address"].as_str().expect("an address").to_owned(), _web: web }
    }
}
