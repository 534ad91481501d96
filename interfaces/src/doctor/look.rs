//! What was looked at, what was found, and what to do.

use serde_json::json;

use crate::{failure::Failure, output::Output};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As it should be.
    Well,
    /// Could not be looked at.
    Unknown,
    /// Not as it should be.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// What was looked at, in one word.
    pub(super) at: &'static str,
    /// How it is.
    pub(super) verdict: Verdict,
    /// What was found.
    pub(super) found: String,
    /// What to do; empty where it is well.
    pub(super) advice: String,
}

/// All that was looked at, in order.
#[derive(Debug, Default)]
pub(super) struct Looks(pub(super) Vec<Look>);

impl Looks {
    /// It is as it should be.
    pub(super) fn well(&mut self, at: &'static str, found: impl Into<String>) {
        self.add(at, Verdict::Well, found, "");
    }

    /// It could not be looked at.
    pub(super) fn unknown(&mut self, at: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(at, Verdict::Unknown, found, advice);
    }

    /// It is wrong, and this is to be done.
    pub(super) fn wrong(&mut self, at: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.add(at, Verdict::Wrong, found, advice);
    }

    /// It could not be asked for.
    pub(super) fn failed(&mut self, at: &'static str, failure: impl Into<Failure>) {
        let advice = "does the server run, and may this key ask (--operator-key)?";
        self.wrong(at, failure.into().to_string(), advice);
    }

    fn add(&mut self, at: &'static str, verdict: Verdict, found: impl Into<String>, advice: impl Into<String>) {
        self.0.push(Look { at, verdict, found: found.into(), advice: advice.into() });
    }

    /// Prints all; an error when something is wrong.
    pub(super) fn show(&self, output: &Output) -> Result<(), Failure> {
        for look in &self.0 {
            let word = match look.verdict {
                Verdict::Well => "well",
                Verdict::Unknown => "unknown",
                Verdict::Wrong => "wrong",
            };
            if output.is_json() {
                output.json(&json!({"at": look.at, "verdict": word, "found": look.found, "advice": look.advice}));
            } else {
                output.text(&format!("{word:<8} {:<11} {}", look.at, look.found));
                if !look.advice.is_empty() {
                    output.text(&format!("         → {}", look.advice));
                }
            }
        }
        match self.0.iter().filter(|look| look.verdict == Verdict::Wrong).count() {
            0 => Ok(()),
            1 => Err(Failure::error("1 thing is wrong")),
            more => Err(Failure::error(format!("{more} things are wrong"))),
        }
    }
}
