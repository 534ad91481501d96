//! What an export did, for a person and as JSON, and how it ends.

use std::path::Path;

use serde_json::{Value, json};

use super::folder::Done;
use crate::{failure::Failure, output::Output};

/// Names that are told for a person.
const SHOWN: usize = 20;

/// A thing that was not written because a secret was found in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// What: a path, or a path with its revision.
    pub(super) what: String,
    /// Where, and by which rule.
    pub(super) why: String,
}

/// Tells what became of the files of a folder; refused when something is held.
pub(super) fn tell(
    output: &Output,
    dir: &Path,
    counted: &[(&str, usize)],
    done: &Done,
    held: &[Held],
) -> Result<(), Failure> {
    if output.is_json() {
        let mut told = json!({"folder": dir.display().to_string(), "files": done.json(), "held": json_of(held)});
        counted.iter().for_each(|(what, number)| told[*what] = json!(number));
        output.json(&told);
    } else {
        let counted: Vec<String> = counted.iter().map(|(what, number)| format!("{number} {what}")).collect();
        output.text(&format!(
            "{}: {} files new, {} changed, {} removed, {} as they were",
            counted.join(", "),
            done.new,
            done.changed,
            done.removed,
            done.same
        ));
        for (file, why) in done.kept.iter().take(SHOWN) {
            output.say(&format!("kept {file}: {why}"));
        }
        more(output, done.kept.len(), "kept");
    }
    end(output, held)
}

/// Tells what is held; refused when there is any.
pub(super) fn end(output: &Output, held: &[Held]) -> Result<(), Failure> {
    if held.is_empty() {
        return Ok(());
    }
    for Held { what, why } in held.iter().take(SHOWN) {
        output.say(&format!("not written {what}: {why}"));
    }
    more(output, held.len(), "not written");
    Err(Failure::Refused(format!(
        "{} not written, because a secret may stand there; everything else is. Take the secret out where it was said \
         (`commune withdraw`), change it, and export again",
        held.len()
    )))
}

/// What is held, as JSON.
pub(super) fn json_of(held: &[Held]) -> Vec<Value> {
    held.iter().map(|Held { what, why }| json!({"what": what, "reason": why})).collect()
}

fn more(output: &Output, all: usize, what: &str) {
    if all > SHOWN {
        output.say(&format!("and {} more {what} (--json)", all - SHOWN));
    }
}
