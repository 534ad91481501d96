//! `commune diff`: what changed between two revisions.

use clap::Args;
use commune_proto::librarian::v1::{DiffKind, DiffRevisionsRequest, DiffSegment};

use crate::{
    connect::Session,
    failure::Failure,
    json,
    output::{Mark, Output},
    read::article_path,
};

/// Lines that are shown before and after what changed.
const AROUND: usize = 3;

/// Show what changed between two revisions of an article.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The path
    path: String,
    /// The older revision [default: the one before]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    from: u32,
    /// The newer revision [default: the newest]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    to: u32,
    /// Word by word: [-removed-] {+added+}, in colours on a terminal
    #[arg(long)]
    words: bool,
}

impl Diff {
    /// Runs the command.
    pub(crate) async fn run(self, session: &Session, output: &Output) -> Result<(), Failure> {
        let name = format!("articles/{}", article_path(&self.path)?);
        let request = DiffRevisionsRequest { name, from: self.from, to: self.to, words: self.words };
        let diff = session.library()?.diff_revisions(request).await?.into_inner();
        if output.is_json() {
            output.json(&json::of(&diff));
        } else if diff.unified_diff.is_empty() {
            output.say(&format!("revisions {} and {} have the same text", diff.from, diff.to));
        } else if self.words {
            output.marked(&marked(&diff.segments));
        } else {
            output.text(&diff.unified_diff);
        }
        Ok(())
    }
}

/// The segments with their marks; of what is equal only the lines around what changed.
fn marked(segments: &[DiffSegment]) -> Vec<(Mark, String)> {
    let shown = |(at, segment): (usize, &DiffSegment)| match segment.kind() {
        DiffKind::Removed => (Mark::Removed, format!("[-{}-]", segment.text)),
        DiffKind::Added => (Mark::Added, format!("{{+{}+}}", segment.text)),
        _ => (Mark::Plain, around(&segment.text, at > 0, at + 1 < segments.len())),
    };
    segments.iter().enumerate().map(shown).collect()
}

/// The first lines of a text where something changed before it, the last ones where something changes after it.
pub(crate) fn around(text: &str, after: bool, before: bool) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (head, tail) = (if after { AROUND + 1 } else { 0 }, if before { AROUND + 1 } else { 0 });
    if lines.len() <= head + tail + 1 {
        return text.to_owned();
    }
    let (head, tail) = (lines[..head].concat(), lines[lines.len() - tail..].concat());
    format!("{head}…\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_marked_and_what_is_far_from_it_left_out() {
        let segment = |kind: DiffKind, text: &str| DiffSegment { kind: kind as i32, text: text.into() };
        let lines = |from: usize, to: usize| (from..to).map(|at| format!("line {at}\n")).collect::<String>();
        let all = [
            segment(DiffKind::Equal, &lines(0, 9)),
            segment(DiffKind::Removed, "old"),
            segment(DiffKind::Added, "new"),
            segment(DiffKind::Equal, &format!("\n{}", lines(10, 20))),
        ];
        let shown: String = marked(&all).into_iter().map(|(_, text)| text).collect();
        assert_eq!(shown, format!("…\n{}[-old-]{{+new+}}\n{}…\n", lines(5, 9), lines(10, 13)));
    }
}
