//! The official client libraries drive `commune mcp` (`drive.py`, `drive.mjs`, and the inspector's command line), and the agents of
//! `examples/` their commune. `install-clients.sh` brings what they need; where it could not, the story says that it is skipped.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use commune_tests::{
    A_WHILE, NatsServer, eventually,
    support::{A_NIGHT, Commune, LONG_NIGHT, Plan, process::program, wait},
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{
    http::Served,
    kept::{self, notes},
    place,
};

/// A language whose client library drives the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Node,
}

impl Language {
    /// Its clients, where they are installed; otherwise says that the story is skipped.
    fn folder(self) -> Option<PathBuf> {
        let name = if self == Self::Python { "python" } else { "node" };
        let folder = workspace().join(".tools/clients").join(name);
        if folder.join("stamp").is_file() {
            return Some(folder);
        }
        println!("skipped: the clients for {name} are not installed (tests/e2e/mcp/install-clients.sh)");
        None
    }

    /// The script that drives.
    fn drive(self, folder: &Path) -> Command {
        let scripts = workspace().join("tests/e2e/mcp");
        let mut command = match self {
            Self::Python => {
                let mut python = Command::new("python3");
                python.arg("-B").arg(scripts.join("drive.py")).env("PYTHONPATH", folder);
                python
            }
            Self::Node => {
                let mut node = Command::new("node");
                node.arg(scripts.join("drive.mjs")).env("COMMUNE_CLIENTS", folder);
                node
            }
        };
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// `commune … mcp`, to which the driver adds the agent.
fn server(place: &[String]) -> Vec<String> {
    let program = program("commune").display().to_string();
    [program].into_iter().chain(place.iter().cloned()).chain(["mcp".to_owned()]).collect()
}

async fn ends_well(mut command: Command) -> Output {
    let output = wait(LONG_NIGHT, command.output()).await.expect("it ends in time").expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    output
}

/// Drives every tool by day and after the night.
async fn lives(language: Language, over_http: bool) {
    let Some(folder) = language.folder() else { return };
    let commune = Commune::start(Plan::one()).await;
    let place = place(&commune);
    let served = if over_http { Some(Served::start(&place, "ada", &["--listen", "127.0.0.1:0"]).await) } else { None };
    let target = match &served {
        Some(served) => vec![format!("http://{}/mcp", served.address)],
        None => server(&place),
    };
    for part in ["day", "night"] {
        let mut command = language.drive(&folder);
        command.arg(part).args(&target);
        let output = ends_well(command).await;
        if (language, part) == (Language::Python, "day") {
            assert_eq!(
                String::from_utf8_lossy(&output.stdout).trim(),
                super::CURRENT,
                "the current revision is spoken"
            );
        }
        if part == "day" {
            commune.run_night(commune.night(), A_NIGHT).await;
        }
    }
    commune.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pythons_client_drives_every_tool() {
    lives(Language::Python, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pythons_client_drives_every_tool_over_http() {
    lives(Language::Python, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_client_drives_every_tool() {
    lives(Language::Node, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_client_drives_every_tool_over_http() {
    lives(Language::Node, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inspector_sees_tools_that_it_can_call() {
    let Some(folder) = Language::Node.folder() else { return };
    let nats = NatsServer::start().await;
    let bus = nats.bus().await;
    let inspect = |more: &[&str]| {
        let mut command = Command::new("node");
        let inspector = folder.join("node_modules/.bin/mcp-inspector");
        command.arg(inspector).arg("--cli").args(server(&kept::place(&nats))).args(["--agent", "ada"]).args(more);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    };
    let listed = ends_well(inspect(&["--method", "tools/list"])).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    assert_eq!(listed["tools"].as_array().map(Vec::len), Some(11), "{listed}");
    let call = ["--method", "tools/call", "--tool-name", "remember", "--tool-arg", "text=The inspector was here."];
    let called = ends_well(inspect(&call)).await;
    let called: Value = serde_json::from_slice(&called.stdout).expect("JSON");
    assert_eq!(called["structuredContent"]["status"], "stored", "{called}");
    assert_eq!(notes(&bus).await.len(), 1);
}

const CLIENTS: usize = 8;
const NOTES: usize = 50;

/// Clients that store, and what they say was acknowledged.
struct Storing {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    acknowledged: Vec<String>,
}

impl Storing {
    fn start(language: Language, folder: &Path, place: &[String]) -> Self {
        let mut command = language.drive(folder);
        command.arg("store").args([CLIENTS.to_string(), NOTES.to_string()]).args(server(place)).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, acknowledged: Vec::new() }
    }

    /// Reads on until so many were acknowledged.
    async fn until(&mut self, count: usize) {
        while self.acknowledged.len() < count {
            let line = wait(A_NIGHT, self.lines.next_line()).await.expect("it goes on in time").unwrap();
            let note: Value = serde_json::from_str(&line.expect("it goes on")).expect("JSON");
            self.acknowledged.push(kept::id(note["agent"].as_str().unwrap(), &note["id"]));
        }
    }

    /// All are acknowledged, and each is there once.
    async fn all_are_there(mut self, bus: &commune_bus::Bus) {
        self.until(CLIENTS * NOTES).await;
        assert!(wait(A_WHILE, self.child.wait()).await.expect("it ends").unwrap().success());
        let kept = notes(bus).await;
        assert_eq!(kept.len(), CLIENTS * NOTES, "none is there twice");
        let kept: BTreeSet<String> = kept.into_iter().collect();
        assert_eq!(self.acknowledged.into_iter().collect::<BTreeSet<_>>(), kept, "none is lost");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_clients_of_node_at_once_lose_nothing() {
    let Some(folder) = Language::Node.folder() else { return };
    let nats = NatsServer::start().await;
    let bus = nats.bus().await;
    Storing::start(Language::Node, &folder, &kept::place(&nats)).all_are_there(&bus).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_clients_of_python_at_once_lose_nothing_when_server_and_programs_are_killed() {
    let Some(folder) = Language::Python.folder() else { return };
    let mut nats = NatsServer::start().await;
    let bus = nats.bus().await;
    let place = kept::place(&nats);
    let mut storing = Storing::start(Language::Python, &folder, &place);
    storing.until(60).await;
    nats.kill();
    nats.restart().await;
    storing.until(150).await;
    let killed = kill_programs(&nats.url());
    assert!(killed > 0, "some of them were under way");
    storing.until(250).await;
    eventually(A_WHILE, "all is back", async || bus.last_sequence(commune_bus::StreamName::Agents).await.is_ok()).await;
    storing.all_are_there(&bus).await;
}

/// `kill -9` of every `commune mcp` that speaks to this server, by its process id; how many there were.
fn kill_programs(url: &str) -> usize {
    let ours = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.contains(&url.as_bytes()) && words.contains(&b"mcp".as_slice()) && words[0].ends_with(b"commune")
    };
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let pids: Vec<i32> = all.filter(ours).collect();
    for pid in &pids {
        let pid = rustix::process::Pid::from_raw(*pid).expect("a process");
        // it may be gone already
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    pids.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agents_of_the_examples_take_part() {
    let commune = Commune::start(Plan::one()).await;
    let examples = workspace().join("examples/agents");
    let mut shell = Command::new(examples.join("agent.sh"));
    shell.arg(commune.server.url()).env("COMMUNE", program("commune")).env("COMMUNE_HOME", commune.folder());
    ends_well(shell).await;
    assert_eq!(super::said(&commune, "sh", "note").await, 1);

    // the one in TypeScript asks, the one in Python knows
    let mut waiting = None;
    if let Some(folder) = Language::Node.folder() {
        let built = commune.folder().join("ts");
        std::fs::create_dir(&built).unwrap();
        std::os::unix::fs::symlink(folder.join("node_modules"), built.join("node_modules")).unwrap();
        std::fs::copy(examples.join("agent.ts"), built.join("agent.ts")).unwrap();
        std::fs::write(built.join("package.json"), "{\"type\": \"module\"}").unwrap();
        let mut compiler = Command::new("node");
        compiler.arg(folder.join("node_modules/typescript/bin/tsc")).args(["agent.ts", "--strict", "--skipLibCheck"]);
        compiler.args(["--module", "nodenext", "--target", "es2022", "--types", "node"]).current_dir(&built);
        ends_well(compiler).await;
        let mut agent = Command::new("node");
        agent.arg(built.join("agent.js")).arg(commune.server.url()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut agent = agent.spawn().expect("it starts");
        let mut lines = BufReader::new(agent.stdout.take().unwrap()).lines();
        let said = wait(A_WHILE, lines.next_line()).await.expect("it says something").unwrap().expect("it goes on");
        assert_eq!(said, r#"{"need":"stored","note":"stored"}"#);
        waiting = Some((agent, lines));
    }
    let python = Language::Python.folder().map(|folder| {
        let agent = move || {
            let mut agent = Command::new("python3");
            agent.arg("-B").arg(workspace().join("examples/agents/agent.py")).env("PYTHONPATH", &folder);
            agent
        };
        Box::new(agent) as Box<dyn Fn() -> Command + Send + Sync>
    });
    let said = |output: &Output| -> Vec<Value> {
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    };
    if let Some(python) = &python {
        let mut agent = python();
        agent.args([&commune.server.url(), &commune.librarian[0].grpc]);
        let said = said(&ends_well(agent).await);
        assert_eq!((&said[0]["note"], &said[1]["library"]), (&"stored".into(), &"not_known".into()), "{said:?}");
    }
    commune.quiet().await;
    commune.run_night(commune.night(), A_NIGHT).await;
    if let Some(python) = &python {
        let mut agent = python();
        agent.args([&commune.server.url(), &commune.librarian[0].grpc]);
        let said = said(&ends_well(agent).await);
        assert_eq!((&said[0]["note"], &said[1]["library"]), (&"stored already".into(), &"found".into()), "{said:?}");
        assert_eq!(said[2]["by"][0], "py", "{said:?}");
        assert!(said[2]["article"].as_str().unwrap().contains("pool drain --wait 30"), "{said:?}");
    }
    if let (Some((mut agent, mut lines)), true) = (waiting, python.is_some()) {
        let said = wait(A_WHILE, lines.next_line()).await.expect("it is told").unwrap().expect("it goes on");
        assert!(said.contains("answered") && said.contains("pool"), "{said}");
        assert!(wait(A_WHILE, agent.wait()).await.expect("it ends").unwrap().success());
    }
    commune.finish().await;
}
