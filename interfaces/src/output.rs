//! The one place that writes: data to stdout, words to stderr, nothing that could steer a terminal.

use std::io::{self, IsTerminal, Write};

use serde_json::Value;

use crate::failure::Failure;

/// Where a command's data and words go.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    json: bool,
    terminal: bool,
}

impl Output {
    /// Output for this process.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, terminal: io::stdout().is_terminal() }
    }

    /// True when JSON was asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// One JSON object on one line.
    pub(crate) fn json(&self, value: &Value) {
        write_data(format!("{value}\n").as_bytes());
    }

    /// Text as data: as it is into a file or a pipe, with control characters escaped on a terminal.
    pub(crate) fn text(&self, text: &str) {
        let mut text = if self.terminal { escape(text) } else { text.to_owned() };
        if !text.ends_with('\n') {
            text.push('\n');
        }
        write_data(text.as_bytes());
    }

    /// Text of several kinds as data: in colours on a terminal, with control characters escaped.
    pub(crate) fn marked(&self, parts: &[(Mark, String)]) {
        let mut text = String::new();
        for (mark, part) in parts {
            match (mark.colour().filter(|_| self.terminal), self.terminal) {
                (Some(colour), _) => text.push_str(&format!("\x1b[{colour}m{}\x1b[0m", escape(part))),
                (None, true) => text.push_str(&escape(part)),
                (None, false) => text.push_str(part),
            }
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        write_data(text.as_bytes());
    }

    /// A file as data, byte for byte; a terminal gets only text, escaped.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Failure> {
        if !self.terminal {
            write_data(bytes);
            return Ok(());
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Failure::Refused("the file is not text: write it to a file with --to".to_owned()))?;
        self.text(text);
        Ok(())
    }

    /// Words for a person, on stderr, always escaped.
    pub(crate) fn say(&self, words: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", escape(words));
    }
}

/// What a part of a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// As it was.
    Plain,
    /// Gone.
    Removed,
    /// New.
    Added,
}

impl Mark {
    /// Its ANSI colour code.
    fn colour(self) -> Option<u8> {
        match self {
            Self::Plain => None,
            Self::Removed => Some(31),
            Self::Added => Some(32),
        }
    }
}

/// True when stderr is a terminal: progress bars and colours make sense.
pub(crate) fn words_on_terminal() -> bool {
    io::stderr().is_terminal()
}

/// A labelled line of a child's log on stderr. `color` is an ANSI colour code; the text is escaped.
pub(crate) fn log_line(label: &str, color: Option<u8>, line: &str) {
    let mut stderr = io::stderr().lock();
    let _ = match color {
        Some(color) => writeln!(stderr, "\x1b[{color}m{label:>9}\x1b[0m │ {}", escape(line)),
        None => writeln!(stderr, "{label:>9} | {}", escape(line)),
    };
}

/// The text with every character that a terminal would obey written out: controls, escapes, and the marks that
/// reorder text. Line ends and tabs stay.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders =
            matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}');
        if c == '\n' || c == '\t' || !(c.is_control() || reorders) {
            out.push(c);
        } else if c == '\r' {
            out.push_str("\\r");
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// The text on one line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Writes data; a reader that went away (`| head`) ends the program quietly.
fn write_data(data: &[u8]) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(data).and_then(|()| stdout.flush()) {
        std::process::exit(if error.kind() == io::ErrorKind::BrokenPipe { 0 } else { 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, shown: &str) {
        assert_eq!(escape(text), shown);
    }

    #[test]
    fn a_terminal_is_never_steered() {
        check("plain text\n\twith lines\n", "plain text\n\twith lines\n");
        check("\x1b[2Jgone", "\\u{1b}[2Jgone");
        check("a\rb\u{7}", "a\\rb\\u{7}");
        check("\u{9b}31m", "\\u{9b}31m");
        check("file\u{202E}gpj.exe", "file\\u{202e}gpj.exe");
        check("naïve 日本語 العربية 👩‍🚀", "naïve 日本語 العربية 👩‍🚀");
    }
}
