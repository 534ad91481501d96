//! The clock. Everything that needs the time takes a [`Clock`] or a `Timestamp` as an argument.

use std::{path::PathBuf, sync::Arc};

use jiff::{SignedDuration, Timestamp};

/// Tells the time. Cheap to clone; a test gives its own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// The machine's clock and as many seconds more, or fewer, as the file says at each reading; 0 where it says none.
    /// For tests that step a service's clock while it runs.
    pub fn moved_by(file: PathBuf) -> Self {
        let system = Self::system();
        Self::from_fn(move || {
            let seconds = std::fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            let now = system.now();
            now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
        })
    }

    /// A clock that answers what the function says.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_moves_the_clock_at_every_reading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("offset");
        let clock = Clock::moved_by(file.clone());
        let moved = |text: Option<&str>| {
            text.inspect(|text| std::fs::write(&file, text).unwrap());
            clock.now().duration_since(Clock::system().now()).as_secs_f64()
        };
        for (text, seconds) in
            [(None, 0.0), (Some("3600\n"), 3600.0), (Some("-7200"), -7200.0), (Some(""), 0.0), (Some("noon"), 0.0)]
        {
            assert!((moved(text) - seconds).abs() < 5.0, "{text:?}");
        }
        assert!(moved(Some("9223372036854775807")).abs() < 5.0, "what cannot be told moves nothing");
    }
}
