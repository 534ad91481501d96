//! A running `commune web`, asked as a browser asks, without a client library.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use commune_tests::{
    A_WHILE,
    support::{Commune, Plan, process::program, wait},
};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

/// A running `commune web`. Killed when dropped.
pub(super) struct Web {
    child: Child,
    pub(super) address: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: u16,
    headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Page {
    /// What a page says that is there.
    #[track_caller]
    pub(super) fn ok(&self) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        &self.body
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

impl Web {
    /// Starts it on a free port, for this commune, with a token where there is one.
    pub(super) async fn start(commune: &Commune, more: &[&str], token: Option<&str>) -> Self {
        let home = commune.folder().join("nobody-home");
        let mut command = Command::new(program("commune"));
        command
            .args(["--nats", &commune.server.url(), "--operator-key", &commune.server.seed_file()])
            .args(["--library", &format!("http://{}", commune.librarian[0].grpc)])
            .args(["--memory", &format!("http://{}", commune.selfcare[0].grpc)])
            .args(["--home", &home.display().to_string()])
            .args(["web", "--listen", "127.0.0.1:0"])
            .args(more)
            .env_remove("COMMUNE_TOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true);
        if let Some(token) = token {
            command.env("COMMUNE_TOKEN", token);
        }
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = wait(A_WHILE, lines.next_line()).await.expect("it says where it is").unwrap().expect("it runs");
        let address = said.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("{said}")).to_owned();
        Self { child, address }
    }

    pub(super) async fn get(&self, path: &str) -> Page {
        self.ask("GET", path, &[], "").await
    }

    pub(super) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Page {
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        self.ask("POST", path, &[kind.as_slice(), headers].concat(), form).await
    }

    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut stream = TcpStream::connect(&self.address).await.expect("it listens");
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        // whoever is refused may not be read to the end
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = wait(Duration::from_secs(30), stream.read_to_end(&mut answer)).await.expect("it answers in time");
        let answer = String::from_utf8(answer).expect("pages are text");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Page { status, headers, body: body.to_owned() }
    }

    /// Ends it as Ctrl-C does, and waits until it has ended well.
    pub(super) async fn stop(mut self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(pid, Signal::TERM).expect("it runs");
        let ended = wait(A_WHILE, self.child.wait()).await.expect("it ends").unwrap();
        assert!(ended.success(), "{ended}");
    }
}

/// What `commune web` says where it does not start because it is refused.
pub(super) async fn refused(more: &[&str]) -> String {
    let ended = Command::new(program("commune")).args(["--home", "/nonexistent", "web"]).args(more).output();
    let ended = wait(A_WHILE, ended).await.expect("it ends").unwrap();
    assert_eq!(ended.status.code(), Some(5), "{ended:?}");
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

/// A tokens file with members, and an operator called root.
pub(super) struct Tokens {
    dir: tempfile::TempDir,
    tokens: BTreeMap<String, String>,
}

impl Tokens {
    pub(super) fn new(members: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("tokens").display().to_string();
        let add = |role: &str, name: &str| {
            let made = std::process::Command::new(program("commune"))
                .args(["token", "--file", &file, "add", role, name])
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
            (name.to_owned(), String::from_utf8(made.stdout).unwrap().trim().to_owned())
        };
        let mut tokens: BTreeMap<String, String> = members.iter().map(|name| add("member", name)).collect();
        tokens.extend([add("operator", "root"), add("service", "mutualaid")]);
        std::fs::write(dir.path().join("service.token"), &tokens["mutualaid"]).unwrap();
        Self { dir, tokens }
    }

    /// A commune that asks for these tokens.
    pub(super) fn plan(&self) -> Plan {
        let file = |name: &str| self.dir.path().join(name).display().to_string();
        Plan::one()
            .with("ACCESS__TOKENS_FILE", &file("tokens"))
            .with("SHARE__LIBRARIAN_TOKEN_FILE", &file("service.token"))
    }

    pub(super) fn of(&self, name: &str) -> &str {
        &self.tokens[name]
    }

    /// A call with somebody's token.
    pub(super) fn by<T>(&self, name: &str, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.of(name)).parse().unwrap());
        request
    }
}
