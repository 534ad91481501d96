//! How much is logged, which a file may change while the process runs: no shell and no signal is needed, so that it works in a
//! container that has neither.
//!
//! The file holds what the setting `telemetry.log_level` may hold, and goes before it as long as it is there. What cannot be
//! used is said once and changes nothing.

use std::{
    fs::File,
    io::{ErrorKind, Read as _},
    path::PathBuf,
    time::Duration,
};

use tracing_subscriber::{EnvFilter, Registry, reload};

use super::telemetry::log_filter;

/// How often the file is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Most bytes of it that are read.
const SIZE: u64 = 4 << 10;

/// The level of the logs, and the file that may change it.
#[derive(Debug)]
pub(crate) struct LogLevel {
    handle: reload::Handle<EnvFilter, Registry>,
    /// As the settings say.
    usual: String,
    file: PathBuf,
    /// What was last taken up, or refused.
    last: String,
}

impl LogLevel {
    /// The level of the settings, until the file says something else.
    pub(crate) fn new(handle: reload::Handle<EnvFilter, Registry>, usual: &str, file: &str) -> Self {
        Self { handle, usual: usual.to_owned(), file: PathBuf::from(file), last: usual.to_owned() }
    }

    /// Looks at the file now and then, for as long as the process runs.
    pub(crate) async fn follow(mut self) {
        loop {
            self.look();
            tokio::time::sleep(EVERY).await;
        }
    }

    fn look(&mut self) {
        let wanted = match self.read() {
            Ok(Some(said)) => said,
            Ok(None) => self.usual.clone(),
            Err(error) => {
                let said = format!("unreadable: {error}");
                if self.last != said {
                    tracing::warn!(log.file = %self.file.display(), %error, "the file of the log level cannot be read");
                    self.last = said;
                }
                return;
            }
        };
        if wanted == self.last {
            return;
        }
        let filter = log_filter(&wanted);
        self.last = wanted;
        match filter.and_then(|filter| Ok(self.handle.reload(filter)?)) {
            Ok(()) => tracing::info!(log.level = %self.last, "the log level has changed"),
            Err(error) => {
                tracing::warn!(log.file = %self.file.display(), error = format!("{error:#}"), "the log level is left as it is")
            }
        }
    }

    /// What the file says; nothing when it is not there, or empty.
    fn read(&self) -> std::io::Result<Option<String>> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        file.take(SIZE).read_to_string(&mut text)?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

    use super::*;

    #[test]
    fn a_file_goes_before_the_settings_as_long_as_it_is_there_and_can_be_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log_level");
        let (filter, handle) = reload::Layer::new(log_filter("info").unwrap());
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(filter);
        let _guard = tracing::subscriber::set_default(Registry::default().with(lines));
        let mut level = LogLevel::new(handle, "info", file.to_str().unwrap());
        let mut check = |said: Option<&str>, of_selfcare: bool, of_others: bool| {
            match said {
                Some(said) => std::fs::write(&file, said).unwrap(),
                None => drop(std::fs::remove_file(&file)),
            }
            level.look();
            assert_eq!(tracing::enabled!(target: "selfcare", tracing::Level::DEBUG), of_selfcare, "{said:?}");
            assert_eq!(tracing::enabled!(target: "librarian", tracing::Level::DEBUG), of_others, "{said:?}");
        };
        check(None, false, false);
        check(Some("info,selfcare=debug\n"), true, false);
        check(Some("nonsense=="), true, false);
        check(Some("debug"), true, true);
        check(Some(" \n"), false, false);
        check(Some("trace"), true, true);
        check(None, false, false);
    }
}
