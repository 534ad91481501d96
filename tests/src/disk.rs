//! Disks that fail: a small one that can be full, and a server whose fsync fails.
//!
//! Both need what not every machine grants; the error says what is missing, for `skipped: …`.

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// A small tmpfs. Unmounted when dropped.
#[derive(Debug)]
pub struct TmpDisk {
    dir: tempfile::TempDir,
}

impl TmpDisk {
    /// Mounts an empty disk of so many bytes.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub fn mount(bytes: u64) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|e| format!("no folder to mount a disk on: {e}"))?;
        let size = format!("size={bytes}");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "commune-tests"]).arg(dir.path()))?;
        Ok(Self { dir })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Takes what is left of the disk, to the last block.
    ///
    /// # Panics
    /// When something else than a full disk ends it.
    pub fn fill(&self) {
        let mut ballast =
            File::options().create(true).append(true).open(self.ballast()).expect("a disk can be written");
        let mut block = vec![0_u8; 1 << 20];
        while !block.is_empty() {
            match ballast.write_all(&block) {
                Ok(()) => {}
                // the last bytes are taken in smaller steps
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => block.truncate(block.len() / 2),
                Err(error) => panic!("the disk is not full, it fails: {error}"),
            }
        }
    }

    /// Gives back what [`Self::fill`] took.
    pub fn free(&self) {
        // nothing was taken when it is not there
        let _ = std::fs::remove_file(self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }
}

impl Drop for TmpDisk {
    fn drop(&mut self) {
        // lazily: who still has a file open there keeps it until it ends
        if let Err(why) = run(Command::new("umount").arg("--lazy").arg(self.dir.path())) {
            eprintln!("a disk of a test is left: {why}");
        }
    }
}

/// A process whose fsync and fdatasync fail with EIO, by strace. They work again when this is dropped.
#[derive(Debug)]
pub struct FailingSync {
    strace: Child,
    log: PathBuf,
}

/// How long strace may take to take hold of every thread.
const ATTACHING: Duration = Duration::from_secs(5);

impl FailingSync {
    /// Lets the calls of a process fail: `when` is strace's, such as `1+` (all) or `3+2` (the third, and every
    /// second one after it). What was injected is written to a file of `dir`.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub fn attach(pid: u32, when: &str, dir: &Path) -> Result<Self, String> {
        let log = dir.join(format!("strace-{pid}.log"));
        let mut strace = Command::new("strace")
            .args(["--follow-forks", "--attach", &pid.to_string()])
            .args(["--trace=fsync,fdatasync", "--inject", &format!("fsync,fdatasync:error=EIO:when={when}")])
            .arg("--output")
            .arg(&log)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("strace cannot be started: {e}"))?;
        let said = BufReader::new(strace.stderr.take().expect("it was asked for"));
        let (tell, told) = std::sync::mpsc::channel();
        // read to the end, so that it is never held up; ends with the process
        std::thread::spawn(move || {
            said.lines().map_while(Result::ok).try_for_each(|line| tell.send(line).map_err(drop))
        });
        let until = Instant::now() + ATTACHING;
        let mut words = Vec::new();
        let mut this = Self { strace, log };
        while let Ok(line) = told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            let attached = line.contains("attached");
            words.push(line);
            if attached {
                std::thread::spawn(move || told.iter().for_each(drop));
                return Ok(this);
            }
        }
        let _ = this.strace.kill();
        Err(format!("strace cannot be attached: {}", words.join("; ")))
    }

    /// How many calls have failed so far.
    pub fn injected(&self) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains("INJECTED")).count()
    }
}

impl Drop for FailingSync {
    fn drop(&mut self) {
        // asked to end it lets go of the process; killed it could take the process with it
        if let Some(pid) = i32::try_from(self.strace.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.strace.wait();
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{name}: {}", words.trim())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_refuses_and_a_freed_one_does_not() {
        let disk = match TmpDisk::mount(4 << 20) {
            Ok(disk) => disk,
            Err(why) => return println!("skipped: {why}"),
        };
        let path = disk.path().to_owned();
        let write = || std::fs::write(path.join("note"), [7; 20_000]);
        write().unwrap();
        disk.fill();
        std::fs::remove_file(path.join("note")).unwrap();
        disk.fill();
        assert_eq!(write().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        disk.free();
        write().unwrap();
        drop(disk);
        assert!(!path.join("note").exists());
    }
}
