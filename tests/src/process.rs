//! A program of the workspace as a real process.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::eventually_some;

/// A running program. Killed when dropped; what it wrote to stderr is shown when the test fails.
pub struct Program {
    name: String,
    log: PathBuf,
    child: Child,
}

impl Program {
    /// Starts a program that was built beside this test, with these variables, its stderr in a file of `dir`.
    ///
    /// # Panics
    /// When it was not built, or does not start.
    pub fn start(name: &str, arguments: &[&str], environment: &[(String, String)], dir: &Path) -> Self {
        let log = dir.join(format!("{name}.log"));
        let err = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let path = beside_this_test(name);
        let child = Command::new(&path)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(err)
            .spawn()
            .unwrap_or_else(|error| panic!("`{}`: {error}; build the workspace first", path.display()));
        Self { name: name.to_owned(), log, child }
    }

    /// What it has written to stderr so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `SIGKILL`: no chance to tidy up.
    pub fn kill(&mut self) {
        // it may be gone already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// `SIGTERM`: asks it to finish.
    pub fn terminate(&self) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // it may be gone already
            let _ = kill_process(pid, Signal::TERM);
        }
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// When the deadline passes first.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} has ended", self.name);
        eventually_some(within, &what, || {
            let status = self.child.try_wait().ok().flatten();
            async move { status }
        })
        .await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("stderr of {}:\n{}", self.name, self.stderr());
        }
    }
}

/// `target/<profile>/<name>`, seen from `target/<profile>/deps/<this test>`.
fn beside_this_test(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a process knows its program");
    test.ancestors().nth(2).expect("a test lies two folders deep").join(name)
}
