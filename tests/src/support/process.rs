//! One replica of a service as a real process.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

use super::wait;

/// A running replica. Killed when dropped.
pub struct Replica {
    pub service: &'static str,
    pub grpc: String,
    pub http: String,
    env: Vec<(String, String)>,
    log: PathBuf,
    child: Child,
}

impl Replica {
    /// Starts a replica; its settings are the defaults and these variables.
    pub async fn start(service: &'static str, index: usize, dir: &Path, env: Vec<(String, String)>) -> Self {
        let (grpc, http) = (format!("127.0.0.1:{}", super::port()), format!("127.0.0.1:{}", super::port()));
        Self::start_at(service, index, dir, env, grpc, http).await
    }

    /// Starts a replica at given addresses.
    pub async fn start_at(
        service: &'static str,
        index: usize,
        dir: &Path,
        mut env: Vec<(String, String)>,
        grpc: String,
        http: String,
    ) -> Self {
        let log = dir.join(format!("{service}-{index}.log"));
        env.push(("COMMUNE_LISTEN__GRPC".into(), grpc.clone()));
        env.push(("COMMUNE_LISTEN__HTTP".into(), http.clone()));
        env.push((
            "COMMUNE_LISTEN__ADDRESSES_FILE".into(),
            dir.join(format!("{service}-{index}.json")).display().to_string(),
        ));
        env.push((
            "COMMUNE_NATS__STORE_FILE".into(),
            dir.join(format!("{service}-{index}.store")).display().to_string(),
        ));
        let index_file = "COMMUNE_LIBRARY__INDEX_FILE";
        if service == "librarian" && !env.iter().any(|(name, _)| name == index_file) {
            env.push((index_file.into(), dir.join(format!("{service}-{index}.index")).display().to_string()));
        }
        let child = spawn(service, &env, &log);
        Self { service, grpc, http, env, log, child }
    }

    /// Waits until the replica says that it is ready.
    pub async fn ready(&mut self) {
        let (service, log) = (self.service, self.log.clone());
        wait(Duration::from_secs(60), async {
            loop {
                if let Some(status) = self.child.try_wait().expect("the process can be asked") {
                    panic!("{service} ended with {status} before it was ready:\n{}", tail(&log));
                }
                if http_status(&self.http, "/readyz").await == Some(200) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        })
        .await
        .unwrap_or_else(|()| panic!("{service} was not ready in time:\n{}", tail(&log)));
    }

    /// `kill -9`, and waits until the process is gone.
    pub async fn kill(&mut self) {
        self.child.start_kill().expect("the process runs");
        self.child.wait().await.expect("the process ends");
    }

    /// Sends a signal, such as STOP and CONT; a process that is gone gets none.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill_process(pid, signal);
        }
    }

    /// The process, while it has not been waited for.
    pub fn pid(&self) -> Option<Pid> {
        self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()))
    }

    /// How the process ended; none while it runs.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the process can be asked")
    }

    /// Whether the replica says that it is ready.
    pub async fn is_ready(&self) -> bool {
        http_status(&self.http, "/readyz").await == Some(200)
    }

    /// What the replica answers over HTTP; empty when it does not.
    pub async fn http_get(&self, path: &str) -> String {
        let answer = http(&self.http, path).await.unwrap_or_default();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    /// A variable of the next life; none takes it away.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        self.env.retain(|(known, _)| known != name);
        self.env.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// The file of the log.
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// Starts the process again at the same addresses, without waiting until it is ready.
    pub fn restart(&mut self) {
        self.child = spawn(self.service, &self.env, &self.log);
    }

    /// Starts the process again with further variables, for this life of it only.
    pub fn restart_with(&mut self, more: &[(&str, &str)]) {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let env: Vec<(String, String)> = self.env.iter().cloned().chain(more).collect();
        self.child = spawn(self.service, &env, &self.log);
    }

    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let status = wait(within, self.child.wait()).await;
        let status = status.unwrap_or_else(|()| panic!("{} did not end:\n{}", self.service, tail(&self.log)));
        status.expect("the process ends")
    }

    /// Asks the process to drain and waits for its end; it must say that all went well.
    pub async fn drain(&mut self) {
        let Some(pid) = self.pid() else { panic!("{} ended on its own:\n{}", self.service, tail(&self.log)) };
        kill_process(pid, Signal::TERM).expect("the process runs");
        let status = wait(Duration::from_secs(20), self.child.wait()).await;
        let status = status.unwrap_or_else(|()| panic!("{} did not drain:\n{}", self.service, tail(&self.log)));
        assert!(status.expect("the process ends").success(), "{} drained badly:\n{}", self.service, tail(&self.log));
    }

    /// Everything that the replica logged, over all its lives.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until the replica has logged something.
    pub async fn logged(&self, words: &str) {
        crate::eventually_some(super::A_NIGHT, &format!("`{words}` in the log of {}", self.service), || async {
            self.log().contains(words).then_some(())
        })
        .await;
    }

    /// The end of the log, for a reader of a failed story.
    pub fn log_tail(&self) -> String {
        tail(&self.log)
    }
}

/// A program of the workspace, built before this one and lying beside it.
pub fn program(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("this program has a path");
    let folder = here.parent().expect("a program lies in a folder");
    // a test lies in target/<profile>/deps, every other program in target/<profile>
    let path = folder.with_file_name(name);
    let path = if folder.ends_with("deps") { path } else { folder.join(name) };
    assert!(path.exists(), "{} is not there: run `cargo build` first", path.display());
    path
}

fn spawn(service: &str, env: &[(String, String)], log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).expect("the log can be written");
    Command::new(program(service))
        .envs(env.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log can be shared"))
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|e| panic!("{service} cannot be started: {e}"))
}

async fn http_status(address: &str, path: &str) -> Option<u16> {
    http(address, path).await?.split(' ').nth(1)?.parse().ok()
}

/// The whole answer, its head too.
async fn http(address: &str, path: &str) -> Option<String> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        Some(String::from_utf8_lossy(&answer).into_owned())
    };
    wait(Duration::from_secs(2), ask).await.ok().flatten()
}

fn tail(log: &Path) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
