//! The words of a child: labelled on stderr, and in a file of bounded size.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use crate::output;

/// A file that has grown beyond this is set aside as `<name>.log.1`; the one before it is forgotten.
const FILE_LIMIT: u64 = 16 << 20;

/// Longest line; the rest is a line of its own.
const LINE_LIMIT: u64 = 64 * 1024;

/// Where a child's words go. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Log {
    label: &'static str,
    color: Option<u8>,
    show: bool,
    file: Arc<Mutex<Keep>>,
}

#[derive(Debug)]
struct Keep {
    path: PathBuf,
    file: Option<File>,
    size: u64,
    /// The last line that tells of an error.
    error: String,
}

impl Log {
    /// A log in the folder.
    pub(super) fn new(folder: &Path, label: &'static str, color: u8, show: bool) -> Self {
        let color = output::words_on_terminal().then_some(color);
        let keep = Keep { path: folder.join(format!("{label}.log")), file: None, size: 0, error: String::new() };
        Self { label, color, show, file: Arc::new(Mutex::new(keep)) }
    }

    /// The last error that the child told of; empty when it told of none.
    pub(super) fn last_error(&self) -> String {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).error.clone()
    }

    /// Follows what a child writes until it ends.
    pub(super) fn follow(
        &self,
        stdout: Option<impl AsyncRead + Unpin + Send + 'static>,
        stderr: Option<impl AsyncRead + Unpin + Send + 'static>,
    ) {
        if let Some(stdout) = stdout {
            tokio::spawn(self.clone().lines(stdout));
        }
        if let Some(stderr) = stderr {
            tokio::spawn(self.clone().lines(stderr));
        }
    }

    async fn lines(self, stream: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader).take(LINE_LIMIT).read_until(b'\n', &mut line).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if self.show {
                output::log_line(self.label, self.color, text);
            }
            self.file.lock().unwrap_or_else(PoisonError::into_inner).line(text);
        }
    }
}

impl Keep {
    /// Adds a line; a disk that is full must not stop the commune.
    fn line(&mut self, text: &str) {
        if text.contains("ERROR") || text.starts_with("error: ") {
            text.clone_into(&mut self.error);
        }
        if self.size > FILE_LIMIT {
            self.file = None;
            let _ = fs::rename(&self.path, self.path.with_extension("log.1"));
        }
        if self.file.is_none() {
            self.file = File::options().create(true).append(true).open(&self.path).ok();
            self.size = self.file.as_ref().and_then(|file| file.metadata().ok()).map_or(0, |meta| meta.len());
        }
        if let Some(file) = &mut self.file {
            self.size += text.len() as u64 + 1;
            let _ = writeln!(file, "{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_set_aside_when_it_has_grown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.log");
        let mut keep = Keep { path: path.clone(), file: None, size: 0, error: String::new() };
        keep.line("one");
        keep.size = FILE_LIMIT + 1;
        keep.line("two");
        keep.line("12:00:00 ERROR failed error=the disk is full");
        keep.line("three");
        assert!(keep.error.ends_with("the disk is full"));
        assert!(fs::read_to_string(&path).unwrap().starts_with("two\n"));
        assert_eq!(fs::read_to_string(folder.path().join("x.log.1")).unwrap(), "one\n");
    }
}
